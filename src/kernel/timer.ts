// The guest's EL1 timers: their outputs are PPIs 27 and 30 of the vGIC, driven by level at entry and exit (kvm_timer_update_irq); a vCPU that
// sleeps wakes at its next deadline, and when nobody runs, time jumps there.
import { indexOfRegister } from '../arch/sysreg/table.ts';
import type { CpuContext } from '../machine/cpu/context.ts';
import { physicalCount } from '../machine/cpu/counter.ts';
import type { Machine } from '../machine/machine.ts';
import type { Note } from './vgic/events.ts';
import { injectInterrupt } from './vgic/inject.ts';
import { PHYSICAL_TIMER_PPI, VIRTUAL_TIMER_PPI } from './vgic/owner.ts';
import type { Kernel, Vcpu, Vm } from './world.ts';

const CNTV_CTL = indexOfRegister('CNTV_CTL_EL0');
const CNTV_CVAL = indexOfRegister('CNTV_CVAL_EL0');
const CNTP_CTL = indexOfRegister('CNTP_CTL_EL0');
const CNTP_CVAL = indexOfRegister('CNTP_CVAL_EL0');
const ENABLE = 1n;
const IMASK = 2n;

const armed = (c: CpuContext, control: number): boolean => (c.sys[control] & (ENABLE | IMASK)) === ENABLE;

/** Brings the vGIC's lines to the outputs of the timers, whose registers are in `context`. CNTVOFF_EL2 is 0: both counters are one. */
export function updateTimers(m: Machine, vm: Vm, vcpu: Vcpu, context: CpuContext, note: Note): void {
  if (vm.vgic === null) return;
  const now = physicalCount(m);
  const { timers } = vcpu;
  const virtual = armed(context, CNTV_CTL) && now >= context.sys[CNTV_CVAL];
  const physical = armed(context, CNTP_CTL) && now >= context.sys[CNTP_CVAL];
  if (virtual !== timers.virtual) {
    timers.virtual = virtual;
    injectInterrupt(vm, vcpu.index, VIRTUAL_TIMER_PPI, virtual, 'virtual timer', note);
  }
  if (physical !== timers.physical) {
    timers.physical = physical;
    injectInterrupt(vm, vcpu.index, PHYSICAL_TIMER_PPI, physical, 'physical timer', note);
  }
}

/** The counts after `now` at which the timers assert their outputs. */
function deadlinesOf(c: CpuContext, now: bigint): bigint[] {
  const due: bigint[] = [];
  if (armed(c, CNTV_CTL)) due.push(c.sys[CNTV_CVAL]);
  if (armed(c, CNTP_CTL)) due.push(c.sys[CNTP_CVAL]);
  return due.filter((deadline) => deadline > now && deadline - now <= BigInt(Number.MAX_SAFE_INTEGER)); // others never come
}

/** When every vCPU inside KVM_RUN sleeps, time jumps to the next deadline of any of them. */
export function jumpToDeadline(m: Machine, kernel: Kernel): void {
  const inside = kernel.vms.flatMap((vm) => vm.vcpus.filter((v) => v.run.place !== 'out'));
  if (inside.some((v) => v.run.place === 'guest')) return;
  const now = physicalCount(m);
  let wait = -1n;
  for (const v of inside) {
    if (v.poweredOff) continue;
    for (const deadline of deadlinesOf(v.context, now)) if (wait < 0n || deadline - now < wait) wait = deadline - now;
  }
  if (wait > 0n) m.tick += Number(wait);
}
