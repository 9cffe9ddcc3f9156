// Self-hosted debug and Performance Monitors registers. Source: Arm ARM DDI 0487, D24.3 (debug), D24.5 (PMU).
import { bit, field, res0, type SystemRegister, sysreg } from './define.ts';

const DEBUG = 'DDI 0487 D24.3';
const PMU = 'DDI 0487 D24.5';
type Encoding = SystemRegister['encoding'];

const value = (
  name: string,
  encoding: Encoding,
  title: string,
  source: string,
  access: 'rw' | 'ro' | 'wo' = 'rw',
  width = 64,
): SystemRegister =>
  sysreg(name, encoding, title, source, width === 64 ? [field(63, 0, 'Value')] : [res0(63, width), field(width - 1, 0, 'Value')], {
    access,
  });

const upTo = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** As many as ID_AA64DFR0_EL1 says in its reset: six breakpoints, four watchpoints, six event counters. */
const BREAKPOINTS = 6;
const WATCHPOINTS = 4;
const COUNTERS = 6;

export const DEBUG_REGISTERS: readonly SystemRegister[] = [
  sysreg('MDSCR_EL1', [2, 0, 0, 2, 2], 'Monitor Debug System Control Register', DEBUG, [
    res0(63, 31),
    field(30, 16, 'ExternalDebug'),
    bit(15, 'MDE', 'breakpoint and watchpoint exceptions'),
    bit(14, 'HDE'),
    bit(13, 'KDE', 'debug exceptions at the same Exception level'),
    bit(12, 'TDCC'),
    res0(11, 7),
    bit(6, 'ERR'),
    res0(5, 1),
    bit(0, 'SS', 'software step'),
  ]),
  value('MDCCINT_EL1', [2, 0, 0, 2, 0], 'Monitor DCC Interrupt Enable', DEBUG, 'rw', 32),
  value('MDCCSR_EL0', [2, 3, 0, 1, 0], 'Monitor DCC Status', DEBUG, 'ro', 32),
  value('MDRAR_EL1', [2, 0, 1, 0, 0], 'Monitor Debug ROM Address', DEBUG, 'ro'),
  value('OSLAR_EL1', [2, 0, 1, 0, 4], 'OS Lock Access Register', DEBUG, 'wo', 1),
  sysreg(
    'OSLSR_EL1',
    [2, 0, 1, 1, 4],
    'OS Lock Status Register',
    DEBUG,
    [res0(63, 4), bit(3, 'OSLM'), res0(2), bit(1, 'OSLK'), bit(0, 'OSLM0')],
    {
      access: 'ro',
      reset: 8n,
    },
  ),
  value('OSDLR_EL1', [2, 0, 1, 3, 4], 'OS Double Lock Register', DEBUG, 'rw', 1),
  value('DBGPRCR_EL1', [2, 0, 1, 4, 4], 'Debug Power Control Register', DEBUG, 'rw', 1),
  value('DBGCLAIMSET_EL1', [2, 0, 7, 8, 6], 'Debug CLAIM Tag Set', DEBUG, 'rw', 8),
  value('DBGCLAIMCLR_EL1', [2, 0, 7, 9, 6], 'Debug CLAIM Tag Clear', DEBUG, 'rw', 8),
  value('DBGAUTHSTATUS_EL1', [2, 0, 7, 14, 6], 'Debug Authentication Status', DEBUG, 'ro', 32),
  ...upTo(BREAKPOINTS, (n) => value(`DBGBVR${n}_EL1`, [2, 0, 0, n, 4], `Debug Breakpoint Value ${n}`, DEBUG)),
  ...upTo(BREAKPOINTS, (n) => value(`DBGBCR${n}_EL1`, [2, 0, 0, n, 5], `Debug Breakpoint Control ${n}`, DEBUG, 'rw', 32)),
  ...upTo(WATCHPOINTS, (n) => value(`DBGWVR${n}_EL1`, [2, 0, 0, n, 6], `Debug Watchpoint Value ${n}`, DEBUG)),
  ...upTo(WATCHPOINTS, (n) => value(`DBGWCR${n}_EL1`, [2, 0, 0, n, 7], `Debug Watchpoint Control ${n}`, DEBUG, 'rw', 32)),

  sysreg(
    'PMCR_EL0',
    [3, 3, 9, 12, 0],
    'Performance Monitors Control Register',
    PMU,
    [
      res0(63, 33),
      bit(32, 'FZS', 'freeze on SPE events'),
      field(31, 24, 'IMP'),
      field(23, 16, 'IDCODE'),
      field(15, 11, 'N', { about: 'event counters' }),
      res0(10),
      bit(9, 'FZO'),
      res0(8),
      bit(7, 'LP'),
      bit(6, 'LC'),
      bit(5, 'DP'),
      bit(4, 'X'),
      bit(3, 'D'),
      bit(2, 'C'),
      bit(1, 'P'),
      bit(0, 'E'),
    ],
    { reset: 0x41003040n },
  ),
  value('PMCNTENSET_EL0', [3, 3, 9, 12, 1], 'Performance Monitors Count Enable Set', PMU, 'rw', 32),
  value('PMCNTENCLR_EL0', [3, 3, 9, 12, 2], 'Performance Monitors Count Enable Clear', PMU, 'rw', 32),
  value('PMOVSCLR_EL0', [3, 3, 9, 12, 3], 'Performance Monitors Overflow Flag Clear', PMU, 'rw', 32),
  value('PMSWINC_EL0', [3, 3, 9, 12, 4], 'Performance Monitors Software Increment', PMU, 'wo', 32),
  value('PMSELR_EL0', [3, 3, 9, 12, 5], 'Performance Monitors Event Counter Selection', PMU, 'rw', 5),
  value('PMCEID0_EL0', [3, 3, 9, 12, 6], 'Performance Monitors Common Event Identification 0', PMU, 'ro'),
  value('PMCEID1_EL0', [3, 3, 9, 12, 7], 'Performance Monitors Common Event Identification 1', PMU, 'ro'),
  value('PMCCNTR_EL0', [3, 3, 9, 13, 0], 'Performance Monitors Cycle Count', PMU),
  value('PMXEVTYPER_EL0', [3, 3, 9, 13, 1], 'Performance Monitors Selected Event Type', PMU, 'rw', 32),
  value('PMXEVCNTR_EL0', [3, 3, 9, 13, 2], 'Performance Monitors Selected Event Count', PMU, 'rw', 32),
  value('PMUSERENR_EL0', [3, 3, 9, 14, 0], 'Performance Monitors User Enable', PMU, 'rw', 4),
  value('PMOVSSET_EL0', [3, 3, 9, 14, 3], 'Performance Monitors Overflow Flag Set', PMU, 'rw', 32),
  value('PMINTENSET_EL1', [3, 0, 9, 14, 1], 'Performance Monitors Interrupt Enable Set', PMU, 'rw', 32),
  value('PMINTENCLR_EL1', [3, 0, 9, 14, 2], 'Performance Monitors Interrupt Enable Clear', PMU, 'rw', 32),
  value('PMMIR_EL1', [3, 0, 9, 14, 6], 'Performance Monitors Machine Identification', PMU, 'ro', 32),
  ...upTo(COUNTERS, (n) =>
    value(`PMEVCNTR${n}_EL0`, [3, 3, 14, 8 + (n >> 3), n & 7], `Performance Monitors Event Count ${n}`, PMU, 'rw', 32),
  ),
  ...upTo(COUNTERS, (n) =>
    value(`PMEVTYPER${n}_EL0`, [3, 3, 14, 12 + (n >> 3), n & 7], `Performance Monitors Event Type ${n}`, PMU, 'rw', 32),
  ),
  value('PMCCFILTR_EL0', [3, 3, 14, 15, 7], 'Performance Monitors Cycle Count Filter', PMU, 'rw', 32),
];
