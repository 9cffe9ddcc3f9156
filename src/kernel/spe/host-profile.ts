// A host that profiles itself while its guests do (kvm-spe-abi.md §3.6, VHE): the unit of a CPU serves the host's session between stays in the
// guest, and the world switch keeps the two apart. The host's work is a loop at EL2, run at every exit in place of KVM's own code, which is not
// modelled; its session is a perf record that samples EL2 and the host's EL0 into memory of the host.
import { assemble } from '../../arch/a64/assemble.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { type CpuContext, copyContext, getSys, newContext, setPc, setPstate, setSys, setX } from '../../machine/cpu/context.ts';
import { stepCpu } from '../../machine/cpu/step.ts';
import type { PhysicalCpu } from '../../machine/machine.ts';
import { allocateFrames, PAGE_SIZE, writePhysical } from '../../machine/memory.ts';
import { updateBufferInterrupt } from '../../machine/spu/registers.ts';
import { finishSamples } from '../../machine/spu/state.ts';
import type { HostProfile, MountedWorld } from '../world.ts';

/** Operations that the host executes at each exit. */
const HOST_WORK = 1000;
/** Pages of a session's buffer: 1,024 records of 64 bytes. */
const BUFFER_PAGES = 16;
/** PMSIRR_EL1: a sample every 1024 operations. */
const INTERVAL = 0x400n;
/** PMSCR_EL2: E0HSPE, E2SPE, TS. */
const CONTROL = 0x23n;
const EL2H = 0x3c9n;
const E2PB = fieldAccess('MDCR_EL2', 'E2PB');
const HOST_HCR = ['E2H', 'TGE', 'RW'].reduce((mask, name) => mask | fieldAccess('HCR_EL2', name).mask, 0n);

/** What stands for the host's work: loads, stores, arithmetic, two kinds of branches. */
const WORK = `
outer: mov x3, #32
inner: ldr x2, [x1]
  add x2, x2, x3
  str x2, [x1, #8]
  subs x3, x3, #1
  b.ne inner
  b outer`;

const NO_STOPS = { breakpoints: new Set<bigint>(), skipFirst: false, afterRecord: false };

/** The host's session on a CPU: its memory, and its registers as they are while the guest has the unit. */
function newHostProfile(mw: MountedWorld): HostProfile {
  const { memory } = mw.mounted;
  const code = allocateFrames(memory, 1) * PAGE_SIZE;
  const data = allocateFrames(memory, 1) * PAGE_SIZE;
  const buffer = allocateFrames(memory, BUFFER_PAGES) * PAGE_SIZE;
  const program = assemble(WORK, BigInt(code));
  if (program.isErr()) throw new Error(`the host's work, line ${program.error.line}: ${program.error.message}`);
  writePhysical(memory, code, new Uint8Array(program.value.words.buffer.slice(0)));
  const context = newContext();
  setPstate(context, EL2H);
  setPc(context, BigInt(code));
  setX(context, 1, BigInt(data));
  setSys(context, 'HCR_EL2', HOST_HCR);
  setSys(context, 'MDCR_EL2', E2PB.put(getSys(context, 'MDCR_EL2'), 0n)); // EL2 owns the buffer
  setSys(context, 'PMSIRR_EL1', INTERVAL);
  setSys(context, 'PMSICR_EL1', INTERVAL);
  setSys(context, 'PMBPTR_EL1', BigInt(buffer));
  setSys(context, 'PMBLIMITR_EL1', BigInt(buffer + BUFFER_PAGES * PAGE_SIZE) | 1n);
  setSys(context, 'PMSCR_EL2', CONTROL);
  return { context, buffer, size: BUFFER_PAGES * PAGE_SIZE, records: 0, wraps: 0 };
}

/** Begins or ends the host's sessions, on every CPU that has a unit. Ended, their buffers stay until the next begin. */
export function setHostProfiling(mw: MountedWorld, on: boolean): void {
  const { kernel } = mw.world;
  kernel.hostProfiling = on;
  if (on) kernel.hostProfiles = {};
}

/** The buffer is full: the driver takes its interrupt, hands the bytes to perf and begins anew. */
function drainWhenFull(cpu: PhysicalCpu, profile: HostProfile): void {
  if (getSys(cpu.context, 'PMBSR_EL1') === 0n) return;
  setSys(cpu.context, 'PMBSR_EL1', 0n);
  setSys(cpu.context, 'PMBPTR_EL1', BigInt(profile.buffer));
  updateBufferInterrupt(cpu);
  profile.wraps += 1;
}

/**
 * The host's turn on a CPU that just left the guest: its registers in, its work, its registers out; the guest's stand as they were. Ticks pass.
 */
export function runHost(mw: MountedWorld, cpu: PhysicalCpu): void {
  const { kernel } = mw.world;
  if (!kernel.hostProfiling || cpu.spu === null) return;
  const profile = (kernel.hostProfiles[cpu.number] ??= newHostProfile(mw));
  const guest: CpuContext = newContext();
  copyContext(guest, cpu.context);
  const { stage2, trap, hostLines } = cpu;
  copyContext(cpu.context, profile.context);
  cpu.stage2 = [{ ipa: 0, size: mw.mounted.memory.u8.length, pa: 0, writable: true }];
  cpu.trap = { ...trap };
  updateBufferInterrupt(cpu);
  const before = cpu.spu.completed.length;
  const noticed = cpu.spu.notices.length;
  for (let executed = 0; executed < HOST_WORK; ) {
    const done = stepCpu(mw.mounted, cpu, HOST_WORK - executed, NO_STOPS);
    executed += done.executed;
    if (done.stop === 'trap') throw new Error(`the host's work trapped: EC 0x${cpu.trap.ec.toString(16)}`);
    drainWhenFull(cpu, profile);
  }
  finishSamples(cpu.spu);
  cpu.spu.previousTarget = null;
  // The session's logs are the guests'.
  profile.records += cpu.spu.completed.splice(before).length;
  cpu.spu.notices.length = noticed;
  copyContext(profile.context, cpu.context);
  copyContext(cpu.context, guest);
  Object.assign(cpu, { stage2, trap, hostLines });
}

/** The bytes of the host's buffer on a CPU, from its beginning to where the unit writes next; empty without a session. */
export function hostTrace(mw: MountedWorld, cpu: number): Uint8Array {
  const profile = mw.world.kernel.hostProfiles[cpu];
  if (profile === undefined) return new Uint8Array(0);
  return mw.mounted.memory.u8.slice(profile.buffer, Number(getSys(profile.context, 'PMBPTR_EL1')));
}
