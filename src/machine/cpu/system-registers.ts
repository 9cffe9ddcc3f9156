// What a system register reads as and what a write does, beyond keeping a value: PSTATE's views, identification, timers, counters, profiling,
// the GIC's CPU interface. Source: Arm ARM DDI 0487, D24.2, C5.2, D11; access was decided before (system-access.ts).
import { fieldAccess, indexOfRegister, REGISTERS } from '../../arch/sysreg/table.ts';
import { readIcc, writeIcc } from '../gic/interface.ts';
import type { PhysicalCpu } from '../machine.ts';
import { readCounterRegister, writeCounterRegister } from '../pmu/event-counters.ts';
import { owningExceptionLevel } from '../spu/enabled.ts';
import { implementedBits, writeProfilingRegister } from '../spu/registers.ts';
import { DAIF, EL, FLAG_C, FLAG_N, FLAG_V, FLAG_Z, getPstate, PSTATE_PAN, SPSEL, setPstate } from './context.ts';
import { type Core, retireTranslations } from './core.ts';
import { physicalCount, TIMER, timerConditionMet, updateTimerLines, virtualCount } from './counter.ts';

const r = indexOfRegister;
const SCTLR_EL1 = r('SCTLR_EL1');
const TTBR0_EL1 = r('TTBR0_EL1');
const TTBR1_EL1 = r('TTBR1_EL1');
const TCR_EL1 = r('TCR_EL1');
const NZCV = r('NZCV');
const DAIF_REGISTER = r('DAIF');
const SPSEL_REGISTER = r('SPSel');
const CURRENT_EL = r('CurrentEL');
const PAN = r('PAN');
const ISR_EL1 = r('ISR_EL1');
const MIDR_EL1 = r('MIDR_EL1');
const MPIDR_EL1 = r('MPIDR_EL1');
const VPIDR_EL2 = r('VPIDR_EL2');
const VMPIDR_EL2 = r('VMPIDR_EL2');
const CCSIDR_EL1 = r('CCSIDR_EL1');
const DCZID_EL0 = r('DCZID_EL0');
const CSSELR_EL1 = r('CSSELR_EL1');
const CNTPCT_EL0 = r('CNTPCT_EL0');
const CNTVCT_EL0 = r('CNTVCT_EL0');
const CNTP_TVAL = r('CNTP_TVAL_EL0');
const CNTV_TVAL = r('CNTV_TVAL_EL0');
const OSLAR_EL1 = r('OSLAR_EL1');
const OSLSR_EL1 = r('OSLSR_EL1');
const PMCNTENSET = r('PMCNTENSET_EL0');
const PMCNTENCLR = r('PMCNTENCLR_EL0');
const PMOVSSET = r('PMOVSSET_EL0');
const PMOVSCLR = r('PMOVSCLR_EL0');
const PMINTENSET = r('PMINTENSET_EL1');
const PMINTENCLR = r('PMINTENCLR_EL1');
const PMSIDR_EL1 = r('PMSIDR_EL1');
const PMBIDR_EL1 = r('PMBIDR_EL1');
const DBGCLAIMSET = r('DBGCLAIMSET_EL1');
const DBGCLAIMCLR = r('DBGCLAIMCLR_EL1');

const SCTLR_DZE = fieldAccess('SCTLR_EL1', 'DZE').mask;
/** DCZID_EL0: DC ZVA is prohibited where it is read. */
const DZP = fieldAccess('DCZID_EL0', 'DZP').mask;
const MASK = (1n << 64n) - 1n;
const PMBIDR_P = fieldAccess('PMBIDR_EL1', 'P').mask;

/** Pairs of registers of which one sets and one clears the bits of one value, which is kept under the first. */
const SET_CLEAR: ReadonlyMap<number, readonly [keep: number, clears: boolean]> = new Map([
  [PMCNTENSET, [PMCNTENSET, false]],
  [PMCNTENCLR, [PMCNTENSET, true]],
  [PMOVSSET, [PMOVSSET, false]],
  [PMOVSCLR, [PMOVSSET, true]],
  [PMINTENSET, [PMINTENSET, false]],
  [PMINTENCLR, [PMINTENSET, true]],
  [DBGCLAIMSET, [DBGCLAIMCLR, false]],
  [DBGCLAIMCLR, [DBGCLAIMCLR, true]],
]);

/** CCSIDR_EL1 of the levels of CLIDR_EL1's reset: 64 KiB 4-way L1 instruction and data, 1 MiB 8-way L2. */
const CACHES: Readonly<Record<number, bigint>> = { 0: 0x1fe01an, 1: 0x1fe01an, 2: 0xffe03an };

const isIcc = (index: number): boolean => REGISTERS[index].name.startsWith('ICC_');
const isProfiling = (index: number): boolean =>
  /^PM[SB][A-Z]+_EL1$/.test(REGISTERS[index].name) && !REGISTERS[index].name.startsWith('PMSW');

const ICC = REGISTERS.map((_, index) => isIcc(index));
const PROFILING = REGISTERS.map((_, index) => isProfiling(index));

/** A profiling register that the CPU's unit does not have, or that of a CPU without a unit: UNDEFINED, whatever would trap it. */
export function isAbsentProfiling(core: Core, index: number): boolean {
  if (!PROFILING[index]) return false;
  const spu = core.cpu.spu;
  return spu === null || (index !== PMSIDR_EL1 && index !== PMBIDR_EL1 && implementedBits(spu.device, index) === null);
}

/** PMBIDR_EL1.P as EL1 and EL0 read it: EL2 owns the buffer. */
const ownership = (cpu: PhysicalCpu): bigint => (owningExceptionLevel(cpu) === 2 ? PMBIDR_P : 0n);

/** PMSIDR_EL1 and PMBIDR_EL1 are the unit's description. */
function readProfiling(core: Core, index: number): bigint | null {
  const { spu, context } = core.cpu;
  if (spu === null || isAbsentProfiling(core, index)) return null;
  if (index === PMSIDR_EL1) return spu.device.pmsidr;
  return index === PMBIDR_EL1 ? spu.device.pmbidr | ownership(core.cpu) : context.sys[index];
}

/** ISR_EL1: which virtual interrupts are pending; the I and F bits only. */
function pendingInterrupts(core: Core): bigint {
  return (core.cpu.ich.virq ? 0x80n : 0n) | (core.cpu.ich.vfiq ? 0x40n : 0n);
}

/** The value MRS reads; null: UNDEFINED after all (no such unit, no system register interface). */
export function readRegister(core: Core, index: number): bigint | null {
  const { sys, cpu, k } = core;
  const machine = core.m.machine;
  if (ICC[index]) return readIcc(cpu.ich, REGISTERS[index].key, machine.tick);
  if (PROFILING[index]) return readProfiling(core, index);
  const pair = SET_CLEAR.get(index);
  if (pair !== undefined) return index === DBGCLAIMSET ? 0xffn : sys[pair[0]];
  switch (index) {
    case NZCV:
      return BigInt(((k[FLAG_N] << 31) | (k[FLAG_Z] << 30) | (k[FLAG_C] << 29) | (k[FLAG_V] << 28)) >>> 0);
    case DAIF_REGISTER:
      return BigInt(k[DAIF]) << 6n;
    case SPSEL_REGISTER:
      return BigInt(k[SPSEL]);
    case CURRENT_EL:
      return BigInt(k[EL]) << 2n;
    case PAN:
      return BigInt(k[PSTATE_PAN]) << 22n;
    case ISR_EL1:
      return pendingInterrupts(core);
    case MIDR_EL1:
      return sys[VPIDR_EL2] !== 0n ? sys[VPIDR_EL2] : sys[index];
    case MPIDR_EL1:
      return sys[VMPIDR_EL2] !== 0n ? sys[VMPIDR_EL2] : sys[index];
    case CCSIDR_EL1:
      return CACHES[Number(sys[CSSELR_EL1] & 0xfn)] ?? 0n;
    case DCZID_EL0:
      return k[EL] === 0 && (sys[SCTLR_EL1] & SCTLR_DZE) === 0n ? sys[index] | DZP : sys[index];
    case CNTPCT_EL0:
      return physicalCount(machine);
    case CNTVCT_EL0:
      return virtualCount(machine, cpu);
    case CNTP_TVAL:
      return (sys[TIMER.CNTP_CVAL] - physicalCount(machine)) & 0xffffffffn;
    case CNTV_TVAL:
      return (sys[TIMER.CNTV_CVAL] - virtualCount(machine, cpu)) & 0xffffffffn;
    case TIMER.CNTP_CTL:
    case TIMER.CNTV_CTL:
      return (sys[index] & 3n) | (timerConditionMet(machine, cpu, index === TIMER.CNTV_CTL) ? 4n : 0n);
    default:
      return readCounterRegister(cpu, index) ?? sys[index];
  }
}

/** Does what MSR does. False: UNDEFINED after all. */
export function writeRegister(core: Core, index: number, value: bigint): boolean {
  const { sys, cpu } = core;
  const c = cpu.context;
  const machine = core.m.machine;
  if (ICC[index]) return writeIcc(cpu.ich, REGISTERS[index].key, value, machine.tick);
  if (PROFILING[index]) return writeProfilingRegister(cpu, index, value);
  const pair = SET_CLEAR.get(index);
  if (pair !== undefined) {
    sys[pair[0]] = (pair[1] ? sys[pair[0]] & ~value : sys[pair[0]] | value) & REGISTERS[index].writable;
    return true;
  }
  if (writeCounterRegister(cpu, index, value)) return true;
  const row = REGISTERS[index];
  const kept = (value & row.writable) | row.ones;
  switch (index) {
    case SCTLR_EL1:
    case TTBR0_EL1:
    case TTBR1_EL1:
    case TCR_EL1:
      sys[index] = kept;
      retireTranslations(core); // the regime or the ASID may be another
      break;
    case NZCV:
      setPstate(c, (getPstate(c) & 0x0fffffffn) | (value & 0xf0000000n));
      break;
    case DAIF_REGISTER:
      setPstate(c, (getPstate(c) & ~0x3c0n) | (value & 0x3c0n));
      break;
    case SPSEL_REGISTER:
      setPstate(c, (getPstate(c) & ~1n) | (value & 1n));
      break;
    case PAN:
      setPstate(c, (getPstate(c) & ~(1n << 22n)) | (value & (1n << 22n)));
      break;
    case CNTP_TVAL:
      sys[TIMER.CNTP_CVAL] = (physicalCount(machine) + BigInt.asIntN(32, value)) & MASK;
      break;
    case CNTV_TVAL:
      sys[TIMER.CNTV_CVAL] = (virtualCount(machine, cpu) + BigInt.asIntN(32, value)) & MASK;
      break;
    case TIMER.CNTP_CTL:
    case TIMER.CNTV_CTL:
      sys[index] = value & 3n;
      break;
    case OSLAR_EL1:
      sys[OSLSR_EL1] = (sys[OSLSR_EL1] & ~2n) | ((value & 1n) << 1n);
      break;
    default:
      sys[index] = kept;
  }
  if (
    index === CNTP_TVAL ||
    index === CNTV_TVAL ||
    index === TIMER.CNTP_CTL ||
    index === TIMER.CNTV_CTL ||
    index === TIMER.CNTP_CVAL ||
    index === TIMER.CNTV_CVAL
  ) {
    updateTimerLines(machine, cpu, core.words);
  }
  return true;
}
