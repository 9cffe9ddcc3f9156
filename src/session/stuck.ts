// A vCPU that can never do anything else: it branches to itself with interrupts masked, or takes the same exception at the first
// instruction of its own vector. Nothing outside can end either, so a run that waits for the guest's end may stop here.
import { indexOfRegister } from '../arch/sysreg/table.ts';
import { readGuestMemory } from '../kernel/view.ts';
import type { MountedWorld, Vcpu, Vm } from '../kernel/world.ts';
import { type CpuContext, DAIF, getPc } from '../machine/cpu/context.ts';

const ELR_EL1 = indexOfRegister('ELR_EL1');
const VBAR_EL1 = indexOfRegister('VBAR_EL1');
const PMSCR_EL1 = indexOfRegister('PMSCR_EL1');

const MASKED = 3; // PSTATE.I and F
const ALL_MASKED = 15;
/** Vectors of synchronous exceptions: current EL with SP_EL0, with SP_ELx, lower EL. */
const SYNCHRONOUS = [0x000n, 0x200n, 0x400n];
/** `b .` */
const BRANCH_TO_SELF = [0x00, 0x00, 0x00, 0x14];

/** Why the vCPU, which is in the guest, is stuck; null where it is not. One look may deceive for the vector: two in a row do not. */
export function stuckReason(mw: MountedWorld, vm: Vm, vcpu: Vcpu): 'loop' | 'vector' | null {
  const c: CpuContext = vcpu.run.loaded ? mw.world.machine.cpus[vcpu.thread.cpu].context : vcpu.context;
  const masks = c.core[DAIF];
  if ((masks & MASKED) !== MASKED) return null;
  const pc = getPc(c);
  if (masks === ALL_MASKED && c.sys[ELR_EL1] === pc && SYNCHRONOUS.includes(pc - c.sys[VBAR_EL1])) return 'vector';
  if ((c.sys[PMSCR_EL1] & 3n) !== 0n) return null; // each turn of the loop is profiled
  const code = readGuestMemory(mw, vm.index, vcpu.index, 'va', pc, 4);
  return code.isOk() && BRANCH_TO_SELF.every((byte, i) => code.value[i] === byte) ? 'loop' : null;
}
