// The operations that the loop leaves to the slow path: system register moves, system instructions, exceptions, hints that wait.
// Source: Arm ARM DDI 0487, C6.2 (SVC, HVC, SMC, BRK, ERET, MSR, MRS, WFE, WFI, SEV, SEVL), D1.15 (traps of WFx).

import { decodeWord } from '../../arch/a64/decode.ts';
import { type A64Row, bits } from '../../arch/a64/rows-form.ts';
import { EC_BRK, EC_HVC, EC_PSB_CSYNC, EC_SMC, EC_SVC, EC_SYSREG, EC_WFX, ISS_ALWAYS, systemSyndrome } from '../../arch/esr.ts';
import { SPE_V1P5 } from '../../arch/spe/features.ts';
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import { vfiqPending, virqPending } from '../gic/interface.ts';
import { finishSamples } from '../spu/state.ts';
import { DAIF, EL, EVENT, getPc, getPstate, getX, MONITOR, SINK, setPstate, setX, ZERO } from './context.ts';
import { type Core, settleRegisters } from './core.ts';
import { deliverFault, exceptionReturn, nextInstruction, takeSynchronous, takeUndefined, trapToEl2 } from './exception.ts';
import { executeSys } from './maintenance.ts';
import { isImplemented } from './predecode.ts';
import { accessSystemRegister, exceptionOf } from './system-move.ts';
import { executeVector } from './vector/execute.ts';

/** What became of a slow operation. 'exception': the guest goes on at a vector. 'undefined': the same, because it was UNDEFINED. 'wait': WFE with nothing to wait for. */
export type Outcome = 'done' | 'exception' | 'trap' | 'undefined' | 'wait';

const HCR_EL2 = indexOfRegister('HCR_EL2');
const MDCR_EL2 = indexOfRegister('MDCR_EL2');
const HFGITR_EL2 = indexOfRegister('HFGITR_EL2');
const SCTLR_EL1 = indexOfRegister('SCTLR_EL1');

const bit = (n: number): bigint => 1n << BigInt(n);
const HCR_TWI = bit(13);
const HCR_TWE = bit(14);
const HCR_TSC = bit(19);
const HCR_HCD = bit(29);
const MDCR_TDE = bit(8);
const SCTLR_UMA = bit(9);
const SCTLR_NTWI = bit(16);
const SCTLR_NTWE = bit(18);
const PSBCSYNC = bit(63);

function undefinedInstruction(core: Core): Outcome {
  takeUndefined(core);
  return 'undefined';
}

function trap(core: Core, ec: number, iss: number): Outcome {
  trapToEl2(core, ec, iss);
  return 'trap';
}

/** ISS of WFx: CV, COND = always, TI (0 WFI, 1 WFE). */
const waitSyndrome = (ti: number): number => ISS_ALWAYS | ti;

function wait(core: Core, ti: 0 | 1): Outcome {
  const { sys, k } = core;
  if (ti === 1 && k[EVENT] !== 0) {
    k[EVENT] = 0;
    nextInstruction(core);
    return 'done';
  }
  // WFI is complete at once when an interrupt is pending, masked or not.
  if (ti === 0 && (virqPending(core.cpu.ich) || vfiqPending(core.cpu.ich))) {
    nextInstruction(core);
    return 'done';
  }
  if (k[EL] === 0 && (sys[SCTLR_EL1] & (ti === 0 ? SCTLR_NTWI : SCTLR_NTWE)) === 0n) {
    takeSynchronous(core, EC_WFX, waitSyndrome(ti));
    return 'exception';
  }
  if ((sys[HCR_EL2] & (ti === 0 ? HCR_TWI : HCR_TWE)) !== 0n) return trap(core, EC_WFX, waitSyndrome(ti));
  nextInstruction(core);
  return 'wait';
}

/** SEV sets every CPU's event register, SEVL this one's. */
function sendEvent(core: Core, everywhere: boolean): Outcome {
  if (everywhere) for (const cpu of core.m.machine.cpus) cpu.context.core[EVENT] = 1;
  else core.k[EVENT] = 1;
  nextInstruction(core);
  return 'done';
}

function moveSystemRegister(core: Core, word: number, read: boolean): Outcome {
  const c = core.cpu.context;
  const rt = bits(word, 4, 0);
  const answer = accessSystemRegister(core, word, read ? null : getX(c, rt === 31 ? ZERO : rt));
  if (typeof answer === 'bigint') {
    if (read) setX(c, rt === 31 ? SINK : rt, answer);
    nextInstruction(core);
    return 'done';
  }
  if (answer === 'undefined') return undefinedInstruction(core);
  const { el, ec, iss } = exceptionOf(core, word, answer);
  if (el === 2) return trap(core, ec, iss);
  takeSynchronous(core, ec, iss);
  return 'exception';
}

/** MSR (immediate): op1:op2 chooses the PSTATE field. */
function moveImmediate(core: Core, word: number): Outcome {
  const c = core.cpu.context;
  const field = (bits(word, 18, 16) << 3) | bits(word, 7, 5);
  const value = bits(word, 11, 8);
  const user = core.k[EL] === 0;
  switch (field) {
    case 0o05: // SPSel
      if (user) return undefinedInstruction(core);
      setPstate(c, (getPstate(c) & ~1n) | BigInt(value & 1));
      break;
    case 0o04: // PAN
      if (user) return undefinedInstruction(core);
      setPstate(c, (getPstate(c) & ~bit(22)) | (BigInt(value & 1) << 22n));
      break;
    case 0o36: // DAIFSet
    case 0o37: // DAIFClr
      if (user && (core.sys[SCTLR_EL1] & SCTLR_UMA) === 0n) {
        takeSynchronous(core, EC_SYSREG, systemSyndrome(0, bits(word, 18, 16), 4, value, bits(word, 7, 5), 31, false));
        return 'exception';
      }
      core.k[DAIF] = field === 0o36 ? core.k[DAIF] | value : core.k[DAIF] & ~value;
      break;
    default:
      return undefinedInstruction(core);
  }
  nextInstruction(core);
  return 'done';
}

/** The SIMD&FP instructions that need PC or the flags: the loop has them in its own variables. */
function executeOffLoop(core: Core, row: A64Row, word: number): Outcome {
  if (!executeVector(core, row, word)) return deliverFault(core, word) ? 'exception' : 'trap';
  nextInstruction(core);
  return 'done';
}

/** Executes the operation at PC, whose word this is and which the loop did not take. */
export function executeSystem(core: Core, word: number): Outcome {
  settleRegisters(core);
  const row = decodeWord(word);
  if (row === null || !isImplemented(row, word)) return undefinedInstruction(core);
  if (row.vector !== undefined) return executeOffLoop(core, row, word);
  const { sys, k } = core;
  const imm16 = bits(word, 20, 5);
  switch (row.id) {
    case 'MRS':
      return moveSystemRegister(core, word, true);
    case 'MSR_register':
      return moveSystemRegister(core, word, false);
    case 'MSR_immediate':
      return moveImmediate(core, word);
    case 'SYS': {
      const outcome = executeSys(core, word);
      return outcome === 'undefined' ? undefinedInstruction(core) : outcome;
    }
    case 'SVC':
      takeSynchronous(core, EC_SVC, imm16, null, getPc(core.cpu.context) + 4n);
      return 'exception';
    case 'HVC':
      if (k[EL] === 0 || (sys[HCR_EL2] & HCR_HCD) !== 0n) return undefinedInstruction(core);
      nextInstruction(core);
      return trap(core, EC_HVC, imm16);
    case 'SMC':
      // Without EL3 it is UNDEFINED unless the hypervisor wants it.
      if (k[EL] === 0 || (sys[HCR_EL2] & HCR_TSC) === 0n) return undefinedInstruction(core);
      nextInstruction(core);
      return trap(core, EC_SMC, imm16);
    case 'BRK':
      if ((sys[MDCR_EL2] & MDCR_TDE) !== 0n) return trap(core, EC_BRK, imm16);
      takeSynchronous(core, EC_BRK, imm16);
      return 'exception';
    case 'ERET':
      if (k[EL] === 0) return undefinedInstruction(core);
      exceptionReturn(core);
      return 'done';
    case 'CLREX':
      k[MONITOR] = 0;
      break;
    case 'WFI':
      return wait(core, 0);
    case 'WFE':
      return wait(core, 1);
    case 'SEV':
      return sendEvent(core, true);
    case 'SEVL':
      return sendEvent(core, false);
    case 'PSB_CSYNC':
      if (core.cpu.spu === null) break;
      if (core.cpu.spu.device.pmsver >= SPE_V1P5 && (sys[HFGITR_EL2] & PSBCSYNC) !== 0n) return trap(core, EC_PSB_CSYNC, 3);
      // Records are written with their operations; what is waited for is that the sample in flight is complete.
      finishSamples(core.cpu.spu);
      break;
    default:
      return undefinedInstruction(core);
  }
  nextInstruction(core);
  return 'done';
}
