// MRS and MSR (register), decided and done before PC or a general register is touched: the one meaning, for the guest's own instructions
// (system.ts) and for an access that a debugger has made where the CPU stands. Source: Arm ARM DDI 0487, C6.2 (MRS, MSR), D24.2.
import { bits } from '../../arch/a64/rows-form.ts';
import { EC_FP_ACCESS, EC_ILLEGAL_STATE, EC_SYSREG, EC_UNKNOWN, ISS_ALWAYS, systemSyndrome } from '../../arch/esr.ts';
import { encodingOfKey, keyOfWord } from '../../arch/sysreg/define.ts';
import { indexOfRegister, REGISTERS, registerByKey } from '../../arch/sysreg/table.ts';
import { trapsToHypervisor } from '../gic/interface.ts';
import type { Mounted, PhysicalCpu } from '../machine.ts';
import { EL } from './context.ts';
import { type Core, coreOf, FAULT_FP_EL2, settleRegisters } from './core.ts';
import { isIllegalState, trapToEl2 } from './exception.ts';
import { hostInterruptCame, hostInterrupts } from './host-lines.ts';
import { decideAccess, isIdentificationTrapped, isReservedIdentification } from './system-access.ts';
import { isAbsentProfiling, readRegister, writeRegister } from './system-registers.ts';
import { isVectorEnabled } from './vector/execute.ts';

const FPCR = indexOfRegister('FPCR');
const FPSR = indexOfRegister('FPSR');

/** Who hears of an access that is not done; 'fp': SIMD&FP registers are disabled, `core.fault` says by whom. */
export type Refused = 'undefined' | 'trap-el1' | 'trap-el2' | 'fp';

/** Does what MRS (`value` null) or MSR asks for at the current Exception level: the value read (0 of a write), or who hears of it. */
export function accessSystemRegister(core: Core, word: number, value: bigint | null): bigint | Refused {
  const read = value === null;
  const key = keyOfWord(word);
  const index = registerByKey(key);
  if (index < 0) {
    const [op0, op1, crn, crm] = encodingOfKey(key);
    if (!read || core.k[EL] === 0 || !isReservedIdentification(op0, op1, crn, crm)) return 'undefined';
    return isIdentificationTrapped(core) ? 'trap-el2' : 0n;
  }
  if ((index === FPCR || index === FPSR) && !isVectorEnabled(core)) return 'fp';
  if (isAbsentProfiling(core, index)) return 'undefined';
  const decision = decideAccess(core, index, read);
  if (decision !== 'allow') return decision;
  if (REGISTERS[index].name.startsWith('ICC_') && trapsToHypervisor(core.cpu.ich, key)) return 'trap-el2';
  if (read) return readRegister(core, index) ?? 'undefined';
  return writeRegister(core, index, value) ? 0n : 'undefined';
}

/** The exception that a refused access is: to which Exception level, its class and its syndrome. */
export function exceptionOf(core: Core, word: number, refused: Refused): { readonly el: 1 | 2; readonly ec: number; readonly iss: number } {
  if (refused === 'undefined') return { el: 1, ec: EC_UNKNOWN, iss: 0 };
  if (refused === 'fp') return { el: core.fault === FAULT_FP_EL2 ? 2 : 1, ec: EC_FP_ACCESS, iss: ISS_ALWAYS };
  const iss = systemSyndrome(...encodingOfKey(keyOfWord(word)), bits(word, 4, 0), bits(word, 21, 21) === 1);
  return { el: refused === 'trap-el1' ? 1 : 2, ec: EC_SYSREG, iss };
}

/** What became of an access where the CPU stands. 'trap': `cpu.trap` says why, and KVM is to answer. */
export type Moved =
  /** `interrupt`: the write brought an interrupt of the host, which must look. */
  | { readonly kind: 'done'; readonly value: bigint; readonly interrupt: boolean }
  | { readonly kind: 'trap' }
  | { readonly kind: 'exception'; readonly ec: number; readonly iss: number };

/**
 * Executes an MRS (`value` null) or MSR as the CPU would if it stood at PC, between two operations of the guest loaded on `cpu`. PC and the
 * general registers stay, an exception is told and not taken, and no tick passes: it is no operation of the guest, and none to sample.
 */
export function moveWhereItStands(m: Mounted, cpu: PhysicalCpu, word: number, value: bigint | null): Moved {
  const core = coreOf(m, cpu);
  settleRegisters(core); // a write may select another stack pointer
  if (isIllegalState(core)) return { kind: 'exception', ec: EC_ILLEGAL_STATE, iss: 0 };
  const before = hostInterrupts(cpu);
  const answer = accessSystemRegister(core, word, value);
  if (typeof answer === 'bigint') return { kind: 'done', value: answer, interrupt: hostInterruptCame(cpu, before) };
  const { el, ec, iss } = exceptionOf(core, word, answer);
  if (el === 1) return { kind: 'exception', ec, iss };
  trapToEl2(core, ec, iss);
  return { kind: 'trap' };
}
