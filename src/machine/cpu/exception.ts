// Taking exceptions to EL1, leaving for EL2, and coming back. Source: Arm ARM DDI 0487, D1.4 (entry), D1.4.4 (return, illegal return),
// shared pseudocode AArch64.TakeException, AArch64.ExceptionReturn.

import { decodeWord } from '../../arch/a64/decode.ts';
import { bits } from '../../arch/a64/rows-form.ts';
import {
  EC_DATA_ABORT,
  EC_DATA_ABORT_LOWER,
  EC_FP_ACCESS,
  EC_ILLEGAL_STATE,
  EC_INSTRUCTION_ABORT,
  EC_INSTRUCTION_ABORT_LOWER,
  EC_PC_ALIGNMENT,
  EC_SP_ALIGNMENT,
  EC_UNKNOWN,
  ISS_ALWAYS,
  ISS_S1PTW,
  ISS_WNR,
  instructionSyndrome,
  syndrome,
} from '../../arch/esr.ts';
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import { type CpuContext, EL, EVENT, getPc, getPstate, MONITOR, PC_HI, PC_LO, PSTATE_IL, SPSEL, setPc, setPstate } from './context.ts';
import { type Core, FAULT_FP_EL1, FAULT_FP_EL2, FAULT_PC_ALIGNMENT, FAULT_SP_ALIGNMENT, FAULT_STAGE2, settleRegisters } from './core.ts';
import { isWide } from './predecode-data.ts';
import { accessSizeLog2 } from './predecode-memory.ts';

const SCTLR_EL1 = indexOfRegister('SCTLR_EL1');
const ESR_EL1 = indexOfRegister('ESR_EL1');
const FAR_EL1 = indexOfRegister('FAR_EL1');
const ELR_EL1 = indexOfRegister('ELR_EL1');
const SPSR_EL1 = indexOfRegister('SPSR_EL1');
const VBAR_EL1 = indexOfRegister('VBAR_EL1');
const ESR_EL2 = indexOfRegister('ESR_EL2');
const FAR_EL2 = indexOfRegister('FAR_EL2');
const ELR_EL2 = indexOfRegister('ELR_EL2');
const SPSR_EL2 = indexOfRegister('SPSR_EL2');
const HPFAR_EL2 = indexOfRegister('HPFAR_EL2');

const PSTATE_NZCV = 0xf0000000n;
const PSTATE_PAN_BIT = 1n << 22n;
const PSTATE_SS_BIT = 1n << 21n;
const PSTATE_IL_BIT = 1n << 20n;
const PSTATE_DAIF = 0x3c0n;
const EL1H = 5n;

/** Offsets of the vectors within their group. */
const VECTOR_SYNCHRONOUS = 0x000;
const VECTOR_IRQ = 0x080;
const VECTOR_FIQ = 0x100;

/** The vector of an exception to EL1, by the Exception level and stack pointer that it comes from; a synchronous one unless given. */
export function vectorOf({ sys, core: k }: CpuContext, vector = VECTOR_SYNCHRONOUS): bigint {
  const group = k[EL] === 0 ? 0x400 : k[SPSEL] === 1 ? 0x200 : 0x000;
  return BigInt.asUintN(64, sys[VBAR_EL1] + BigInt(group + vector));
}

/** Exception entry to EL1: SPSR, ELR, PSTATE and the vector; the syndrome is the caller's. */
function enterEl1(core: Core, vector: number, preferredReturn: bigint): void {
  settleRegisters(core); // the stack pointers are banked
  const c = core.cpu.context;
  const address = vectorOf(c, vector);
  const pstate = getPstate(c);
  c.sys[SPSR_EL1] = pstate;
  c.sys[ELR_EL1] = preferredReturn;
  // SCTLR_EL1.SPAN = 0: PAN is set on entry.
  const pan = (c.sys[SCTLR_EL1] & (1n << 23n)) === 0n ? PSTATE_PAN_BIT : pstate & PSTATE_PAN_BIT;
  setPstate(c, (pstate & PSTATE_NZCV) | pan | PSTATE_DAIF | EL1H);
  setPc(c, address);
}

/** A synchronous exception to EL1. `far` where the class has an address. `preferredReturn`: PC unless the operation is complete (SVC). */
export function takeSynchronous(
  core: Core,
  ec: number,
  iss: number,
  far: bigint | null = null,
  preferredReturn = getPc(core.cpu.context),
): void {
  core.sys[ESR_EL1] = syndrome(ec, iss);
  if (far !== null) core.sys[FAR_EL1] = far;
  enterEl1(core, VECTOR_SYNCHRONOUS, preferredReturn);
}

/** The virtual IRQ is taken to EL1. */
export function takeIrq(core: Core): void {
  enterEl1(core, VECTOR_IRQ, getPc(core.cpu.context));
}

/** The virtual FIQ is taken to EL1. */
export function takeFiq(core: Core): void {
  enterEl1(core, VECTOR_FIQ, getPc(core.cpu.context));
}

/** Leaves for EL2: fills `cpu.trap` and the EL2 registers that say the same. PC stays where the contract of `StepStop` says. */
export function trapToEl2(core: Core, ec: number, iss: number, far = 0n, ipa = 0): void {
  const { trap, context } = core.cpu;
  trap.ec = ec;
  trap.iss = iss;
  trap.far = far;
  trap.ipa = ipa;
  context.sys[ESR_EL2] = syndrome(ec, iss);
  context.sys[FAR_EL2] = far;
  context.sys[HPFAR_EL2] = (BigInt(ipa) >> 12n) << 4n;
  context.sys[ELR_EL2] = getPc(context);
  context.sys[SPSR_EL2] = getPstate(context);
}

/** The ISV half of a data abort's syndrome: only single accesses of general registers without write-back have one. Table of ISS for data aborts. */
function accessSyndrome(word: number): number {
  const row = decodeWord(word);
  const access = row?.access;
  if (row === null || access === undefined || access.pair || access.exclusive || row.spe === 'atomic' || row.vector) return 0;
  const form = row.operands[row.operands.length - 1];
  if (form === '[imm9]!' || form === '[],imm9') return 0;
  const wide = isWide(row, word);
  const ordered = access.acquire === true || access.release === true;
  return instructionSyndrome(accessSizeLog2(access, wide), access.signed === true, bits(word, 4, 0), wide, ordered);
}

const address = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);

/**
 * Delivers `core.fault` of the operation at PC. `word`: the instruction that accessed data; null when the fetch itself failed.
 * True: the guest goes on at its vector. False: it is a trap to EL2.
 */
export function deliverFault(core: Core, word: number | null): boolean {
  const far = address(core.faultLo, core.faultHi);
  const lower = core.k[EL] === 0;
  if (core.fault === FAULT_PC_ALIGNMENT) {
    takeSynchronous(core, EC_PC_ALIGNMENT, 0, far);
    return true;
  }
  if (core.fault === FAULT_SP_ALIGNMENT) {
    takeSynchronous(core, EC_SP_ALIGNMENT, 0);
    return true;
  }
  if (core.fault === FAULT_FP_EL1) {
    takeSynchronous(core, EC_FP_ACCESS, ISS_ALWAYS);
    return true;
  }
  if (core.fault === FAULT_FP_EL2) {
    trapToEl2(core, EC_FP_ACCESS, ISS_ALWAYS);
    return false;
  }
  const walk = core.faultOnWalk ? ISS_S1PTW : 0;
  if (word === null) {
    if (core.fault === FAULT_STAGE2) {
      trapToEl2(core, EC_INSTRUCTION_ABORT_LOWER, core.faultStatus | walk, far, core.faultIpa);
      return false;
    }
    takeSynchronous(core, lower ? EC_INSTRUCTION_ABORT_LOWER : EC_INSTRUCTION_ABORT, core.faultStatus, far);
    return true;
  }
  const iss = core.faultStatus | (core.faultWrite ? ISS_WNR : 0);
  if (core.fault === FAULT_STAGE2) {
    trapToEl2(core, EC_DATA_ABORT_LOWER, iss | walk | (walk === 0 ? accessSyndrome(word) : 0), far, core.faultIpa);
    return false;
  }
  takeSynchronous(core, lower ? EC_DATA_ABORT_LOWER : EC_DATA_ABORT, iss, far);
  return true;
}

/** PSTATE.IL: the next operation is not executed. */
export function takeIllegalState(core: Core): void {
  takeSynchronous(core, EC_ILLEGAL_STATE, 0);
}

/** The operation at PC is UNDEFINED. */
export function takeUndefined(core: Core): void {
  takeSynchronous(core, EC_UNKNOWN, 0);
}

/**
 * ERET at EL1. A return to AArch32, to a higher level, or to a mode that is none, is illegal: it sets PSTATE.IL and stays. PSTATE.SS is
 * set by software step alone, which is not modelled.
 */
export function exceptionReturn(core: Core): void {
  const c = core.cpu.context;
  const spsr = c.sys[SPSR_EL1] & 0xffffffffn & ~PSTATE_SS_BIT;
  const target = c.sys[ELR_EL1];
  const mode = spsr & 0x1fn;
  if (mode === 0n || mode === 4n || mode === EL1H) setPstate(c, spsr);
  else setPstate(c, (getPstate(c) & 0xfn) | (spsr & (PSTATE_NZCV | PSTATE_PAN_BIT | PSTATE_DAIF)) | PSTATE_IL_BIT);
  setPc(c, target);
  c.core[MONITOR] = 0;
  c.core[EVENT] = 1;
}

/** PC moves behind the operation. */
export function nextInstruction(core: Core): void {
  const k = core.k;
  k[PC_LO] = k[PC_LO] + 4;
  if (k[PC_LO] === 0) k[PC_HI] = k[PC_HI] + 1;
}

/** Is the next operation barred by PSTATE.IL? */
export function isIllegalState(core: Core): boolean {
  return core.k[PSTATE_IL] !== 0;
}
