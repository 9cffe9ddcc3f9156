// SIMD&FP instructions: are the registers enabled, and which function executes a row. They are no part of the fast loop: it hands the word over.
// Source: Arm ARM DDI 0487, shared pseudocode AArch64.CheckFPAdvSIMDEnabled, C7.2.
import type { A64Row } from '../../../arch/a64/rows-form.ts';
import { indexOfRegister } from '../../../arch/sysreg/table.ts';
import { EL } from '../context.ts';
import { type Core, FAULT_FP_EL1, FAULT_FP_EL2, loadRegisters } from '../core.ts';
import type { Executor } from './elements.ts';
import { floatingExecutor } from './floating.ts';
import { integerExecutor } from './integer.ts';
import { accessVector } from './memory.ts';
import { moveExecutor } from './move.ts';
import { saturatingExecutor } from './saturating.ts';
import { shiftExecutor } from './shift.ts';

const CPACR_EL1 = indexOfRegister('CPACR_EL1');
const CPTR_EL2 = indexOfRegister('CPTR_EL2');
const HCR_EL2 = indexOfRegister('HCR_EL2');

/** FPEN: 11 traps nothing, 01 EL0 only; of CPACR_EL1, and of CPTR_EL2 with HCR_EL2.E2H (where 01 is for EL0 under TGE, which is no guest). */
const FPEN_SHIFT = 20;
const E2H_HIGH = 1 << 2; // HCR_EL2.E2H in the high half
const TFP = 1 << 10; // CPTR_EL2 without E2H

/** May the current Exception level use SIMD&FP registers? False: `core.fault` says who hears of it. */
export function isVectorEnabled(core: Core): boolean {
  const { words, k } = core;
  const el1 = (words[CPACR_EL1 * 2] >>> FPEN_SHIFT) & 3;
  if (el1 !== 3 && !(el1 === 1 && k[EL] === 1)) {
    core.fault = FAULT_FP_EL1;
    return false;
  }
  const control = words[CPTR_EL2 * 2];
  const e2h = (words[HCR_EL2 * 2 + 1] & E2H_HIGH) !== 0;
  if (e2h ? ((control >>> FPEN_SHIFT) & 1) === 0 : (control & TFP) !== 0) {
    core.fault = FAULT_FP_EL2;
    return false;
  }
  return true;
}

/** The instruction reads PC or the condition flags, or writes them: the loop cannot execute it from within. */
export function needsLoopState(row: A64Row): boolean {
  return row.spe === 'select' || /^FCMPE?(_zero)?$/.test(row.id) || row.operands.includes('label19');
}

const executors = new Map<A64Row, Executor>();

/** The function of a data processing row. Throws (our bug) when there is none: every row has one. */
export function executorOf(row: A64Row): Executor {
  let found = executors.get(row);
  if (found === undefined) {
    const made = saturatingExecutor(row) ?? shiftExecutor(row) ?? integerExecutor(row) ?? moveExecutor(row) ?? floatingExecutor(row);
    if (made === null) throw new Error(`nothing executes ${row.id}`);
    found = made;
    executors.set(row, found);
  }
  return found;
}

/** Executes a SIMD&FP instruction. False: `core.fault`, and nothing changed. */
export function executeVector(core: Core, row: A64Row, word: number): boolean {
  if (!isVectorEnabled(core)) return false;
  loadRegisters(core);
  if (row.access !== undefined) return accessVector(core, row, word);
  executorOf(row)(core, word, row);
  return true;
}
