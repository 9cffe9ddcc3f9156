// The world switch: a vCPU's registers onto a physical CPU and back (kvm-spe-abi.md §3.3, §3.5, §3.6; vgic.md §2.5).
// `load` and `put` are vcpu_load and vcpu_put; `enter` and `leave` frame each stay in the guest.
import { fieldAccess, indexOfRegister, REGISTERS } from '../arch/sysreg/table.ts';
import { type CpuContext, copyContext, EVENT, MONITOR, newContext } from '../machine/cpu/context.ts';
import { dropAll } from '../machine/cpu/tlb.ts';
import { newTimingModel } from '../machine/timing/model.ts';
import { type GuestExit, guestExit } from './guest/exit-state.ts';
import { enterSpe, exitSpe, loadSpe } from './spe/context-switch.ts';
import { runHost } from './spe/host-profile.ts';
import { guestDfr0, ID_AA64DFR0_EL1 } from './spe/identification.ts';
import { isTrappedBufferRegister } from './spe/trap.ts';
import { stage2Of } from './stage2.ts';
import { updateTimers } from './timer.ts';
import { flushVcpu } from './vgic/flush.ts';
import { guestPfr0, ID_AA64PFR0_EL1 } from './vgic/identification.ts';
import { syncVcpu } from './vgic/sync.ts';
import { mpidrOf } from './vm.ts';
import type { MountedWorld, Vcpu } from './world.ts';

const HCR_EL2 = indexOfRegister('HCR_EL2');
const VTTBR_EL2 = indexOfRegister('VTTBR_EL2');
const CPTR_EL2 = indexOfRegister('CPTR_EL2');
const VPIDR_EL2 = indexOfRegister('VPIDR_EL2');
const VMPIDR_EL2 = indexOfRegister('VMPIDR_EL2');
const CNTVOFF_EL2 = indexOfRegister('CNTVOFF_EL2');
const CNTHCTL_EL2 = indexOfRegister('CNTHCTL_EL2');

const hcrBit = (name: string): bigint => fieldAccess('HCR_EL2', name).mask;
/** Stage 2, interrupts to EL2, virtual IRQs, WFI, WFE and SMC trapped, EL1 in AArch64. */
const GUEST_HCR = ['VM', 'IMO', 'FMO', 'AMO', 'TSC', 'TWI', 'TWE', 'RW'].reduce((mask, name) => mask | hcrBit(name), 0n);
const E2H = hcrBit('E2H');
/** CNTHCTL_EL2.EL1PCTEN and EL1PCEN: the physical counter and timer do not trap. */
const EL1_TIMER = 3n;

/**
 * CPTR_EL2: SIMD&FP registers do not trap. KVM moves them at the first use (kvm_hyp_handle_fpsimd), of which a guest sees nothing; here they
 * move with the others. Without E2H nothing is to be set: TFP is 0.
 */
const CPTR_FPEN = fieldAccess('CPTR_EL2', 'FPEN').mask;

/** The registers that belong to the guest: not EL2's, not the interrupt interface's, not those that KVM keeps copies of. */
const isHostRegister = (name: string): boolean => /_EL[23]$|_EL12$|^IC[CH]_/.test(name) || isTrappedBufferRegister(name);
const GUEST_REGISTERS: readonly number[] = REGISTERS.flatMap((row, i) => (isHostRegister(row.name) ? [] : [i]));

/** The same registers as runs of the 32-bit halves of `sys`, [first, end): every exit copies them, and BigInts would cost more than all else. */
const GUEST_RUNS: readonly (readonly [first: number, end: number])[] = GUEST_REGISTERS.reduce<[number, number][]>((runs, i) => {
  const last = runs.at(-1);
  if (last !== undefined && last[1] === 2 * i) last[1] = 2 * i + 2;
  else runs.push([2 * i, 2 * i + 2]);
  return runs;
}, []);

const halvesOf = ({ sys }: CpuContext): Int32Array => new Int32Array(sys.buffer, sys.byteOffset, sys.length * 2);

function copyGuestRegisters(to: CpuContext, from: CpuContext): void {
  to.lo.set(from.lo);
  to.hi.set(from.hi);
  to.core.set(from.core);
  to.v.set(from.v);
  const target = halvesOf(to);
  const source = halvesOf(from);
  for (const [first, end] of GUEST_RUNS) for (let i = first; i < end; i++) target[i] = source[i];
}

/** Registers of a CPU that has no vCPU loaded; never written. */
const IDLE = newContext();

/** The vCPU whose registers are on a CPU; undefined when there is none. */
export function loadedOn(mw: MountedWorld, cpu: number): { vm: number; vcpu: Vcpu } | undefined {
  for (const vm of mw.world.kernel.vms) {
    const vcpu = vm.vcpus.find((v) => v.run.loaded && v.thread.cpu === cpu);
    if (vcpu !== undefined) return { vm: vm.index, vcpu };
  }
  return undefined;
}

/** vcpu_load: the vCPU's registers and its VM's stage 2 onto the CPU of its thread, from which another vCPU is put first. */
export function loadVcpu(g: GuestExit): void {
  const { mw, host, vm, vcpu, cpu } = g;
  const other = loadedOn(mw, cpu.number);
  if (other?.vcpu === vcpu) return;
  if (other !== undefined) {
    leaveGuest(guestExit(mw, other.vm, other.vcpu.index, g.events));
    putVcpu(mw, other.vcpu);
  }
  const { sys } = cpu.context;
  copyGuestRegisters(cpu.context, vcpu.context);
  sys[HCR_EL2] = GUEST_HCR | (host.kernel.mode === 'nvhe' ? 0n : E2H);
  sys[CPTR_EL2] = host.kernel.mode === 'nvhe' ? 0n : CPTR_FPEN;
  sys[VPIDR_EL2] = host.midr;
  sys[VMPIDR_EL2] = mpidrOf(vcpu.id);
  sys[CNTHCTL_EL2] = host.kernel.mode === 'nvhe' ? EL1_TIMER : EL1_TIMER << 10n; // the bits move with HCR_EL2.E2H
  sys[CNTVOFF_EL2] = vm.counterOffset;
  sys[VTTBR_EL2] = BigInt(vm.index + 1) << 48n;
  sys[ID_AA64DFR0_EL1] = guestDfr0(host, vm, sys[ID_AA64DFR0_EL1]);
  sys[ID_AA64PFR0_EL1] = guestPfr0(vm, sys[ID_AA64PFR0_EL1]);
  cpu.stage2 = stage2Of(host, vm);
  cpu.timing ??= newTimingModel(host.timing);
  // Translations are tagged by VMID and not by vCPU: another vCPU of the VM must not meet them.
  if (vm.lastVcpuOn[cpu.number] !== vcpu.index && cpu.tlb !== null) dropAll(cpu.tlb);
  vm.lastVcpuOn[cpu.number] = vcpu.index;
  vcpu.run.loaded = true;
  loadSpe(g);
}

/** vcpu_put: the registers back into the vCPU; the CPU's own are at reset again. The vCPU must not be in the guest. */
export function putVcpu(mw: MountedWorld, vcpu: Vcpu): void {
  if (!vcpu.run.loaded) return;
  const cpu = mw.world.machine.cpus[vcpu.thread.cpu];
  const dfr0 = vcpu.context.sys[ID_AA64DFR0_EL1];
  const pfr0 = vcpu.context.sys[ID_AA64PFR0_EL1];
  copyGuestRegisters(vcpu.context, cpu.context);
  vcpu.context.sys[ID_AA64DFR0_EL1] = dfr0;
  vcpu.context.sys[ID_AA64PFR0_EL1] = pfr0;
  copyContext(cpu.context, IDLE);
  cpu.stage2 = [];
  cpu.trap = { ec: 0, iss: 0, far: 0n, ipa: 0 };
  vcpu.run.loaded = false;
}

/** Into the guest: devices first, then the vGIC's list registers (vgic.md §2.5). */
export function enterGuest(g: GuestExit): void {
  updateTimers(g.mw.world.machine, g.vm, g.vcpu, g.cpu.context, g.note);
  enterSpe(g);
  flushVcpu(g.vm, g.vcpu.index, g.cpu.ich, g.note);
  // ERET to the guest clears the local monitor and sets the event register (Arm ARM, AArch64.ExceptionReturn).
  g.cpu.context.core[MONITOR] = 0;
  g.cpu.context.core[EVENT] = 1;
  g.cpu.inGuest = true;
}

/**
 * Takes the other vCPUs of the VM out of the guest, so that the vGIC knows what their list registers became; each enters again at its turn
 * (kvm_arm_halt_guest, kvm_arm_resume_guest).
 */
export function haltOthers(g: GuestExit): void {
  for (const { index } of g.vm.vcpus) if (index !== g.vcpu.index) leaveGuest(guestExit(g.mw, g.vm.index, index, g.events));
}

/** Out of the guest, if it is there: devices first, so that the vGIC folds a line that already changed. */
export function leaveGuest(g: GuestExit): void {
  if (!g.vcpu.run.loaded || !g.cpu.inGuest) return;
  g.cpu.inGuest = false;
  updateTimers(g.mw.world.machine, g.vm, g.vcpu, g.cpu.context, g.note, g.cpu.ich.forwarded);
  exitSpe(g);
  syncVcpu(g.vm, g.vcpu.index, g.cpu.ich, g.note);
  runHost(g.mw, g.cpu);
}
