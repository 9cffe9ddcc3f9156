// The registers of the Statistical Profiling Extension: Arm ARM DDI 0487 M.a.a, D24.7.1-D24.7.17.
// A row has every field of the manual; what one unit implements of it (version, PMSIDR) is the mask of machine/spu/registers.ts.
import { EVENTS_BY_BIT } from '../spe/events.ts';
import { bit, field, oneOf, type RegisterField, res0, type SystemRegister, sysreg } from './define.ts';

const arm = (section: number): string => `Arm ARM DDI 0487 M.a.a, D24.7.${section}`;

/** Reset values beside PMBLIMITR_EL1.E and the exception enables are UNKNOWN; here they are 0. */
const UNKNOWN_RESET = 'Reset: UNKNOWN; here 0.';

/** The traps of an access at EL1, in the order in which they are decided (spe-architecture §3.3): fine-grained, then MDCR_EL2. */
const traps = (fineGrained: string, control: 'TPMS' | 'E2PB' | null): string => {
  const last = { TPMS: 'MDCR_EL2.TPMS = 1', E2PB: 'MDCR_EL2.E2PB<0> = 0' };
  const why = [fineGrained, ...(control === null ? [] : [last[control]])].join('; else ');
  return `At EL1 traps to EL2 (EC 0x18): ${why}. UNDEFINED at EL0.`;
};
const readWrite = (bit: number): string => `HDFGRTR_EL2 or HDFGWTR_EL2 bit ${bit} = 1`;
const SAMPLING = (bit: number): string => traps(readWrite(bit), 'TPMS');
const BUFFER = (bit: number): string => traps(readWrite(bit), 'E2PB');

const PCT = { 0: 'virtual counter', 1: 'physical counter', 3: 'physical counter with the physical offset' };
const EE_EL1 = { 0: 'off', 3: 'Profiling exceptions to EL1' };
const EE_EL2 = { 0: 'off', 1: 'delegated to EL1', 2: 'EL2 takes what belongs to it', 3: 'EL2 takes everything' };

const pmscr = (el: 1 | 2): RegisterField[] => [
  res0(63, 12),
  bit(11, 'EnVM', 'FEAT_SPE_nVM: physical or intermediate physical pointers are allowed'),
  bit(10, 'KE', 'FEAT_SPE_EXC: PSTATE.PM decides masking at the same Exception level'),
  oneOf(9, 8, 'EE', el === 1 ? EE_EL1 : EE_EL2, 'FEAT_SPE_EXC: Profiling exception enable'),
  oneOf(7, 6, 'PCT', PCT, 'timestamp source'),
  bit(5, 'TS', 'timestamps'),
  bit(4, 'PA', 'physical data addresses'),
  bit(3, 'CX', `CONTEXTIDR_EL${el} in each record`),
  res0(2),
  bit(1, `E${el}SPE`, `sampling at EL${el}`),
  bit(0, el === 1 ? 'E0SPE' : 'E0HSPE', el === 1 ? 'sampling at EL0' : 'sampling at EL0 while HCR_EL2.TGE=1'),
];

const PMBSR: readonly RegisterField[] = [
  res0(63, 56),
  field(55, 32, 'MSS2', { about: 'more of the syndrome: a Permission fault sets 40 TopLevel, 39 AssuredOnly, 38 Overlay, 37 DirtyBit' }),
  oneOf(31, 26, 'EC', {
    0: 'buffer management event',
    30: 'granule protection check fault on a buffer write',
    31: 'IMPLEMENTATION DEFINED event',
    36: 'stage 1 Data Abort on a buffer write',
    37: 'stage 2 Data Abort on a buffer write',
  }),
  res0(25, 20),
  bit(19, 'DL', 'part of a record may be lost'),
  bit(18, 'EA', 'External abort'),
  bit(17, 'S', 'an event was recorded: profiling has stopped, and PMBIRQ is asserted'),
  bit(16, 'COLL', 'at least one sample collided'),
  field(15, 0, 'MSS', {
    about: 'EC 0: bits 5:0 are BSC (1 = buffer filled, 4 = buffer too large); EC 0x24, 0x25: bits 5:0 are the fault status code',
  }),
];

/** An event's bit, with the words perf has for it. */
function eventBit(n: number): RegisterField {
  const event = EVENTS_BY_BIT.find((e) => e.bit === n);
  return bit(n, `E${n}`, event === undefined ? 'IMPLEMENTATION DEFINED, or none' : `${event.name}: ${event.about}`);
}

/** One bit an event, `E1` to `E63`; bits 47:32, 16 and 0 select nothing. */
const EVENT_BITS: readonly RegisterField[] = [
  ...Array.from({ length: 16 }, (_, i) => eventBit(63 - i)),
  res0(47, 32),
  ...Array.from({ length: 15 }, (_, i) => eventBit(31 - i)),
  res0(16),
  ...Array.from({ length: 15 }, (_, i) => eventBit(15 - i)),
  res0(0),
];

export const SPE_REGISTERS: readonly SystemRegister[] = [
  sysreg('PMSCR_EL1', [3, 0, 9, 9, 0], 'Statistical Profiling Control Register (EL1)', arm(8), pmscr(1), {
    notes: [
      SAMPLING(26),
      'Write mask 0x7b; with FEAT_ECV 0xfb, with FEAT_SPE_EXC also 0x700, with FEAT_SPE_nVM and FEAT_NV 0x800.',
      'E1SPE is ignored while HCR_EL2.TGE is 1. At EL2 with HCR_EL2.E2H = 1 this name reaches PMSCR_EL2.',
      UNKNOWN_RESET,
    ],
  }),
  sysreg('PMSNEVFR_EL1', [3, 0, 9, 9, 1], 'Sampling Inverted Event Filter Register', arm(17), EVENT_BITS, {
    notes: [
      'Present with FEAT_SPE_FnE.',
      traps('HDFGRTR_EL2 or HDFGWTR_EL2 bit 62 = 0', 'TPMS'),
      'Bits that no event has, or that cannot be filtered, are RAZ/WI.',
      UNKNOWN_RESET,
    ],
  }),
  sysreg(
    'PMSICR_EL1',
    [3, 0, 9, 9, 2],
    'Sampling Interval Counter Register',
    arm(13),
    [
      field(63, 56, 'ECOUNT', { about: 'secondary counter, FEAT_SPE_ERnd only' }),
      res0(55, 32),
      field(31, 0, 'COUNT', { about: 'operations until the next sample; 0 = reload first' }),
    ],
    { notes: [SAMPLING(29), 'Stands still while profiling is disabled. A write replaces the running count.', UNKNOWN_RESET] },
  ),
  sysreg(
    'PMSIRR_EL1',
    [3, 0, 9, 9, 3],
    'Sampling Interval Reload Register',
    arm(15),
    [res0(63, 32), field(31, 8, 'INTERVAL', { about: 'bits 31:8 of the reload value' }), res0(7, 1), bit(0, 'RND', 'add jitter')],
    {
      notes: [
        SAMPLING(31),
        'Read at the next reload only. INTERVAL 0 is an interval nobody knows; here nothing is sampled without RND.',
        UNKNOWN_RESET,
      ],
    },
  ),
  sysreg(
    'PMSFCR_EL1',
    [3, 0, 9, 9, 4],
    'Sampling Filter Control Register',
    arm(12),
    [
      res0(63, 53),
      bit(52, 'SIMDm', 'FEAT_SPE_EFT: SIMD must be as the SIMD bit says'),
      bit(51, 'FPm', 'FEAT_SPE_EFT: the same of FP'),
      bit(50, 'STm', 'FEAT_SPE_EFT: the same of ST'),
      bit(49, 'LDm', 'FEAT_SPE_EFT: the same of LD'),
      bit(48, 'Bm', 'FEAT_SPE_EFT: the same of B'),
      res0(47, 21),
      bit(20, 'SIMD', 'FEAT_SPE_EFT: SIMD operations'),
      bit(19, 'FP', 'FEAT_SPE_EFT: floating point'),
      bit(18, 'ST', 'stores and all atomics'),
      bit(17, 'LD', 'loads and atomics that return a value'),
      bit(16, 'B', 'branches and exception returns'),
      res0(15, 5),
      bit(4, 'FDS', 'FEAT_SPE_FDS: filter by data source'),
      bit(3, 'FnE', 'FEAT_SPE_FnE: inverted filter by event'),
      bit(2, 'FL', 'filter by latency'),
      bit(1, 'FT', 'filter by type'),
      bit(0, 'FE', 'filter by event'),
    ],
    {
      notes: [
        SAMPLING(28),
        'Write mask 0x70007; with FEAT_SPE_FnE also 0x8, with FEAT_SPE_FDS 0x10, with FEAT_SPE_EFT 0x1f000000180000.',
        'Judged when a sample is finished. A filter whose setting selects nothing behaves as off here, and an event says so.',
        UNKNOWN_RESET,
      ],
    },
  ),
  sysreg('PMSEVFR_EL1', [3, 0, 9, 9, 5], 'Sampling Event Filter Register', arm(11), EVENT_BITS, {
    notes: [SAMPLING(27), 'Bits that no event has, or that cannot be filtered, are RAZ/WI: every unit has 1, 3, 5 and 7.', UNKNOWN_RESET],
  }),
  sysreg(
    'PMSLATFR_EL1',
    [3, 0, 9, 9, 6],
    'Sampling Latency Filter Register',
    arm(16),
    [res0(63, 16), field(15, 0, 'MINLAT', { about: 'least total latency that is recorded, cycles' })],
    { notes: [SAMPLING(32), 'MINLAT<15:12> are RES0 where PMSIDR_EL1.CountSize says 12 bits.', UNKNOWN_RESET] },
  ),
  sysreg(
    'PMSIDR_EL1',
    [3, 0, 9, 9, 7],
    'Sampling Profiling ID Register',
    arm(14),
    [
      res0(63, 33),
      bit(32, 'SME', 'FEAT_SPE_SME: operation types and events of SME'),
      oneOf(31, 28, 'ALTCLK', { 0: 'none, or the CPU clock', 1: 'external SMCU clock', 15: 'IMPLEMENTATION DEFINED' }, 'FEAT_SPE_ALTCLK'),
      bit(27, 'FPF', 'FEAT_SPE_FPF: floating point and Advanced SIMD in the operation type'),
      bit(26, 'EFT', 'FEAT_SPE_EFT: SIMD and FP type filters, masks of all type filters'),
      bit(25, 'CRR', 'FEAT_SPE_CRR: call and return in the operation type'),
      bit(24, 'PBT', 'FEAT_SPE_PBT: previous branch target'),
      field(23, 20, 'Format', { about: 'of the records: 0, there is no other' }),
      oneOf(19, 16, 'CountSize', { 2: '12-bit saturating', 3: '16-bit saturating' }),
      oneOf(15, 12, 'MaxSize', {
        4: '16 bytes',
        5: '32 bytes',
        6: '64 bytes',
        7: '128 bytes',
        8: '256 bytes',
        9: '512 bytes',
        10: '1 KiB',
        11: '2 KiB',
      }),
      oneOf(11, 8, 'Interval', { 0: '256', 2: '512', 3: '768', 4: '1024', 5: '1536', 6: '2048', 7: '3072', 8: '4096' }),
      bit(7, 'FDS', 'FEAT_SPE_FDS: PMSDSFR_EL1'),
      bit(6, 'FnE', 'FEAT_SPE_FnE: PMSNEVFR_EL1'),
      bit(5, 'ERnd', 'FEAT_SPE_ERnd: jitter comes after the interval'),
      bit(4, 'LDS', 'loads record a data source'),
      bit(3, 'ArchInst', '1: samples instructions, 0: micro-operations'),
      bit(2, 'FL', 'filter by latency: always 1'),
      bit(1, 'FT', 'filter by type: always 1'),
      bit(0, 'FE', 'filter by event: always 1'),
    ],
    { access: 'ro', notes: [traps('HDFGRTR_EL2 bit 30 = 1', 'TPMS')] },
  ),
  sysreg(
    'PMBLIMITR_EL1',
    [3, 0, 9, 10, 0],
    'Profiling Buffer Limit Address Register',
    arm(2),
    [
      field(63, 12, 'LIMIT', { about: 'bits 63:12 of the first address after the buffer' }),
      res0(11, 8),
      bit(7, 'nVM', 'FEAT_SPE_nVM: pointers are not virtual addresses'),
      res0(6),
      bit(5, 'PMFZ', 'freeze PMU event counters while profiling is stopped'),
      res0(4, 3),
      oneOf(2, 1, 'FM', { 0: 'fill mode', 2: 'discard mode' }),
      bit(0, 'E', 'the Profiling Buffer is enabled'),
    ],
    {
      notes: [
        BUFFER(23),
        'Reset: E is 0, the rest UNKNOWN; here 0.',
        'A write of E = 0 discards the sample in flight and leaves PMBPTR_EL1 and PMSICR_EL1 as they are. FM and PMFZ need SPEv1p2.',
      ],
    },
  ),
  sysreg(
    'PMBPTR_EL1',
    [3, 0, 9, 10, 1],
    'Profiling Buffer Write Pointer Register',
    arm(4),
    [field(63, 0, 'PTR', { about: 'where the next record goes' })],
    {
      notes: [
        BUFFER(24),
        "When collection begins: a multiple of 1 << PMBIDR_EL1.Align, at most LIMIT - (1 << PMSIDR_EL1.MaxSize), and with LIMIT's bits 63:56. Stands still after a management event.",
        UNKNOWN_RESET,
      ],
    },
  ),
  sysreg('PMBSR_EL1', [3, 0, 9, 10, 3], 'Profiling Buffer Status/syndrome Register (EL1)', arm(5), PMBSR, {
    notes: [
      BUFFER(25),
      'Plain read and write. S 1 to 0 lets profiling resume and PMBIRQ falls; S 0 to 1 stops it and PMBIRQ rises. EA is RES0 from SPEv1p3 on.',
      UNKNOWN_RESET,
    ],
  }),
  sysreg(
    'PMSDSFR_EL1',
    [3, 0, 9, 10, 4],
    'Sampling Data Source Filter Register',
    arm(10),
    [field(63, 0, 'S', { about: 'bit m: loads whose data source bits 5:0 are m' })],
    { notes: ['Present with FEAT_SPE_FDS.', traps('HDFGRTR2_EL2 or HDFGWTR2_EL2 bit 19 = 0', 'TPMS'), UNKNOWN_RESET] },
  ),
  sysreg(
    'PMBMAR_EL1',
    [3, 0, 9, 10, 5],
    'Profiling Buffer Memory Attribute Register',
    arm(3),
    [
      res0(63, 10),
      oneOf(9, 8, 'SH', { 0: 'non-shareable', 2: 'outer shareable', 3: 'inner shareable' }),
      field(7, 0, 'Attr', { about: 'as one byte of MAIR_EL1' }),
    ],
    {
      notes: [
        'Present with FEAT_SPE_nVM, which no unit here has.',
        traps('HDFGRTR2_EL2 or HDFGWTR2_EL2 bit 24 = 0', 'E2PB'),
        UNKNOWN_RESET,
      ],
    },
  ),
  sysreg(
    'PMBIDR_EL1',
    [3, 0, 9, 10, 7],
    'Profiling Buffer ID Register',
    arm(1),
    [
      res0(63, 48),
      field(47, 32, 'MaxBuffSize', { about: 'largest buffer, 0 = no limit: mantissa 8:0, exponent 13:9' }),
      res0(31, 12),
      oneOf(11, 8, 'EA', { 0: 'not described', 1: 'External aborts are ignored', 2: 'External aborts are SErrors' }),
      oneOf(7, 6, 'AddrMode', { 0: 'virtual addresses only', 1: 'both', 3: 'physical addresses only' }),
      bit(5, 'F', 'buffer writes manage the Access flag and dirty state'),
      bit(4, 'P', 'a higher Exception level or another Security state owns the buffer'),
      field(3, 0, 'Align', { about: 'log2 of the alignment of pointer and records, bytes' }),
    ],
    {
      access: 'ro',
      notes: [traps('HDFGRTR_EL2 bit 63 = 1', null), 'P reads 1 outside the owning Security state, and at EL1 while EL2 owns the buffer.'],
    },
  ),
  sysreg('PMSCR_EL2', [3, 4, 9, 9, 0], 'Statistical Profiling Control Register (EL2)', arm(9), pmscr(2), {
    notes: ['UNDEFINED at EL0 and EL1.', 'E2SPE and E0HSPE are RES0 while MDCR_EL2.E2PB is not 00.', UNKNOWN_RESET],
  }),
  sysreg('PMSCR_EL12', [3, 5, 9, 9, 0], 'Statistical Profiling Control Register (EL1), from EL2', arm(8), pmscr(1), {
    notes: ['PMSCR_EL1 for EL2 with HCR_EL2.E2H = 1; UNDEFINED elsewhere.'],
  }),
  sysreg('PMBSR_EL2', [3, 4, 9, 10, 3], 'Profiling Buffer Status/syndrome Register (EL2)', arm(6), PMBSR, {
    notes: ['Present with FEAT_SPE_EXC, which no unit here has.'],
  }),
  sysreg('PMBSR_EL12', [3, 5, 9, 10, 3], 'Profiling Buffer Status/syndrome Register (EL1), from EL2', arm(5), PMBSR, {
    notes: ['Present with FEAT_SPE_EXC: PMBSR_EL1 for EL2 with HCR_EL2.E2H = 1.'],
  }),
  sysreg('PMBSR_EL3', [3, 6, 9, 10, 3], 'Profiling Buffer Status/syndrome Register (EL3)', arm(7), PMBSR, {
    notes: ['Present with FEAT_SPE_EXC and EL3, at EL3 only.'],
  }),
];
