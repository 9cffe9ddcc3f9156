// Small assembled guests for tests: RAM at 0x40000000, the MMU off, entered at EL1h; B0 configured for SPU 10 on CPU 1.
import { assemble } from '../../src/arch/a64/assemble.ts';
import type { KernelEvent } from '../../src/kernel/call.ts';
import type { Host } from '../../src/kernel/host.ts';
import { type Advance, type AdvanceStops, advanceVcpu } from '../../src/kernel/run.ts';
import { copyToUser } from '../../src/kernel/user-memory.ts';
import { readGuestRegister } from '../../src/kernel/view.ts';
import * as vmm from '../../src/session/vmm.ts';
import { addVm, type Bench, boot, configure, move, must, type Plan, run, set } from './bench.ts';

export const RAM = 0x4000_0000;
const RAM_SIZE = 0x40_0000;
/** Where the profiling buffer of these guests lies. */
export const BUFFER = 0x4010_0000;
export const NO_STOPS: AdvanceStops = { breakpoints: new Set(), skipFirst: false, afterRecord: false };

/** Writes a program into the VM's RAM, and makes it the next instruction of a vCPU. */
export function program(b: Bench, text: string, vcpu = 0, at = RAM): ReadonlyMap<string, bigint> {
  const made = assemble(text, BigInt(at));
  if (made.isErr()) throw new Error(`line ${made.error.line}: ${made.error.message}`);
  const address = BigInt(vmm.slotAddress(0, 0) + at - RAM);
  const bytes = new Uint8Array(made.value.words.buffer.slice(0));
  if (!copyToUser(b.mw, b.mw.world.kernel.processes[0], address, bytes)) throw new Error('RAM is not mapped');
  must(b, vmm.oneReg(b.hands, 0, vcpu, 0x6030_0000_0010_0040n, BigInt(at)));
  return made.value.labels;
}

/** Loads a 64-bit constant. */
export function mov(register: string, value: bigint | number): string {
  const v = BigInt(value);
  const parts = [0, 16, 32, 48].map((shift) => [shift, (v >> BigInt(shift)) & 0xffffn] as const);
  const [first, ...rest] = parts.filter(([shift, part]) => shift === 0 || part !== 0n);
  const w = register.replace('w', 'x');
  return [
    `movz ${w}, #0x${first[1].toString(16)}`,
    ...rest.map(([shift, part]) => `movk ${w}, #0x${part.toString(16)}, lsl #${shift}`),
  ].join('\n');
}
export const msr = (register: string, value: bigint | number): string => `${mov('x9', value)}\nmsr ${register.toLowerCase()}, x9`;

/** A configured VM with RAM and the program, its vCPU inside KVM_RUN. */
export function guest(
  text: string,
  options: { plan?: Plan; host?: Host; booted?: (b: Bench) => void; before?: (b: Bench) => void; spe?: boolean } = {},
): Bench {
  const b = boot(options.host);
  options.booted?.(b);
  addVm(b, options.plan);
  must(b, vmm.setMemory(b.hands, 0, 0, BigInt(RAM), BigInt(RAM_SIZE)));
  options.before?.(b);
  if (options.spe !== false) configure(b, 0, { spu: 10 });
  else {
    set(b, 0, 'pmu.irq', 23);
    set(b, 0, 'pmu.init');
  }
  move(b, 0, 1);
  program(b, text);
  if (run(b, 0) !== 'ok') throw new Error(JSON.stringify(b.last));
  return b;
}

/** Lets a vCPU run; its events are collected. */
export function go(
  b: Bench,
  operations: number,
  stops: Partial<AdvanceStops> = {},
  vcpu = 0,
): Advance & { readonly events: readonly KernelEvent[] } {
  return advanceVcpu(b.mw, 0, vcpu, operations, { ...NO_STOPS, ...stops });
}

export const reg = (b: Bench, name: string, vcpu = 0): bigint => {
  const value = readGuestRegister(b.mw, 0, vcpu, name);
  if (value === null) throw new Error(`no register ${name}`);
  return value;
};
export const kinds = (a: Advance): readonly string[] => a.events.map((e) => e.kind);

/** Profiles a loop of 7 operations into `size` bytes at BUFFER, a sample every 1025 operations. */
export const profile = (size: number, pointer = BUFFER): string =>
  [
    msr('PMBPTR_EL1', pointer),
    msr('PMBLIMITR_EL1', BigInt(pointer + size) | 1n),
    msr('PMSIRR_EL1', 4 << 8),
    msr('PMSICR_EL1', 0),
    msr('PMSCR_EL1', 0x23), // TS, E1SPE, E0SPE
    mov('x1', BUFFER - 0x1000),
    'loop: ldr x2, [x1]',
    'add x3, x3, x2',
    'str x3, [x1, #8]',
    'add x4, x4, #1',
    'cmp x4, #0',
    'b.eq loop',
    'b loop',
  ].join('\n');
