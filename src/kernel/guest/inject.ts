// Exceptions that KVM injects into a guest's EL1: what AArch64.TakeException does, done by the hypervisor (kvm_inject_undefined, kvm_inject_dabt).
import {
  EC_DATA_ABORT,
  EC_DATA_ABORT_LOWER,
  EC_INSTRUCTION_ABORT,
  EC_INSTRUCTION_ABORT_LOWER,
  EC_UNKNOWN,
  FSC_EXTERNAL,
} from '../../arch/esr.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { type CpuContext, EL, getPc, getPstate, getSys, SPSEL, setPc, setPstate, setSys } from '../../machine/cpu/context.ts';

const SPAN = fieldAccess('SCTLR_EL1', 'SPAN');
/** ESR_EL1.IL: a 32-bit instruction. */
const IL = 1n << 25n;
const EC_SHIFT = 26n;

const NZCV = 0xf000_0000n;
const PAN = 1n << 22n;
const DAIF = 0x3c0n;
const EL1H = 5n;

/** Vector offsets of a synchronous exception: from EL1 with SP_EL0, EL1 with SP_EL1, and EL0. */
function vectorOffset(c: CpuContext): bigint {
  if (c.core[EL] === 0) return 0x400n;
  return c.core[SPSEL] === 0 ? 0n : 0x200n;
}

/** Takes a synchronous exception to EL1 at the instruction PC points to. */
export function injectSynchronous(c: CpuContext, ec: number, iss: number): void {
  const pstate = getPstate(c);
  const target = getSys(c, 'VBAR_EL1') + vectorOffset(c);
  const pan = SPAN.get(getSys(c, 'SCTLR_EL1')) === 0n ? PAN : pstate & PAN;
  setSys(c, 'SPSR_EL1', pstate);
  setSys(c, 'ELR_EL1', getPc(c));
  setSys(c, 'ESR_EL1', (BigInt(ec) << EC_SHIFT) | IL | BigInt(iss));
  setPstate(c, (pstate & NZCV) | pan | DAIF | EL1H);
  setPc(c, target);
}

/** The instruction is UNDEFINED for this guest. */
export function injectUndefined(c: CpuContext): void {
  injectSynchronous(c, EC_UNKNOWN, 0);
}

/** A synchronous external abort of a data access or an instruction fetch at a virtual address. */
export function injectExternalAbort(c: CpuContext, kind: 'data' | 'instruction', far: bigint, write: boolean): void {
  const lower = c.core[EL] === 0;
  const ec = kind === 'data' ? (lower ? EC_DATA_ABORT_LOWER : EC_DATA_ABORT) : lower ? EC_INSTRUCTION_ABORT_LOWER : EC_INSTRUCTION_ABORT;
  setSys(c, 'FAR_EL1', far);
  injectSynchronous(c, ec, FSC_EXTERNAL | (write ? 1 << 6 : 0));
}
