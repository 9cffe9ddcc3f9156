// Exceptions that KVM injects into a guest's EL1, at the instruction PC points to (kvm_inject_undefined, kvm_inject_dabt).
import {
  EC_DATA_ABORT,
  EC_DATA_ABORT_LOWER,
  EC_INSTRUCTION_ABORT,
  EC_INSTRUCTION_ABORT_LOWER,
  FSC_EXTERNAL,
  ISS_WNR,
} from '../../arch/esr.ts';
import { EL } from '../../machine/cpu/context.ts';
import { coreOf } from '../../machine/cpu/core.ts';
import { takeSynchronous, takeUndefined } from '../../machine/cpu/exception.ts';
import type { GuestExit } from './exit-state.ts';

/** The instruction is UNDEFINED for this guest. */
export function injectUndefined(g: GuestExit): void {
  takeUndefined(coreOf(g.mw.mounted, g.cpu));
}

/** A synchronous external abort of a data access or an instruction fetch at a virtual address. */
export function injectExternalAbort(g: GuestExit, kind: 'data' | 'instruction', far: bigint, write: boolean): void {
  const lower = g.cpu.context.core[EL] === 0;
  const data = lower ? EC_DATA_ABORT_LOWER : EC_DATA_ABORT;
  const fetch = lower ? EC_INSTRUCTION_ABORT_LOWER : EC_INSTRUCTION_ABORT;
  takeSynchronous(coreOf(g.mw.mounted, g.cpu), kind === 'data' ? data : fetch, FSC_EXTERNAL | (write ? ISS_WNR : 0), far);
}
