// What a debugger may look at without changing anything: a vCPU's registers and its guest's memory, wherever they are now
// (on a physical CPU while it is loaded, in the vCPU's context otherwise).
import { err, ok, type Result } from 'neverthrow';
import { readField, withField } from '../arch/sysreg/define.ts';
import { REGISTERS, registerIndex } from '../arch/sysreg/table.ts';
import { hex } from '../base/hex.ts';
import { type CpuContext, getPc, getPstate, getX, SP, setPc, setPstate, setX } from '../machine/cpu/context.ts';
import { walkForDebug } from '../machine/cpu/walk.ts';
import { PAGE_SIZE, writePhysical } from '../machine/memory.ts';
import { implementedBits } from '../machine/spu/registers.ts';
import { shownIdentification } from './identification.ts';
import { guestPmsidr, PMBIDR_EL1, spuOfVm } from './spe/identification.ts';
import { isTrappedBufferRegister } from './spe/trap.ts';
import { isSpeRegister } from './spe/trapped-access.ts';
import { memslotRanges } from './stage2.ts';
import { copyFromUser } from './user-memory.ts';
import { readGicRegister, writeGicRegister } from './vgic/view.ts';
import type { InWorld, MountedWorld, Vcpu, Vm } from './world.ts';

export interface GuestRegisters {
  readonly x: readonly bigint[];
  readonly sp: bigint;
  readonly pc: bigint;
  readonly pstate: bigint;
}

const vmOf = (mw: InWorld, vm: number): Vm => mw.world.kernel.vms[vm];

/** The registers in use: the physical CPU's while the vCPU is loaded. */
function contextOf(mw: InWorld, vcpu: Vcpu): CpuContext {
  return vcpu.run.loaded ? mw.world.machine.cpus[vcpu.thread.cpu].context : vcpu.context;
}

/** General registers of a vCPU. */
export function guestRegisters(mw: InWorld, vm: number, vcpu: number): GuestRegisters {
  const c = contextOf(mw, vmOf(mw, vm).vcpus[vcpu]);
  return { x: Array.from({ length: 31 }, (_, n) => getX(c, n)), sp: getX(c, SP), pc: getPc(c), pstate: getPstate(c) };
}

export function guestProgramCounter(mw: InWorld, vm: number, vcpu: number): bigint {
  return getPc(contextOf(mw, vmOf(mw, vm).vcpus[vcpu]));
}

/** V0-V31 of a vCPU, 128 bits each, and FPCR and FPSR. */
export function vectorRegisters(mw: MountedWorld, vm: number, vcpu: number): readonly { readonly name: string; readonly value: bigint }[] {
  const c = contextOf(mw, vmOf(mw, vm).vcpus[vcpu]);
  const v = Array.from({ length: 32 }, (_, n) => ({ name: `v${n}`, value: (c.v[2 * n + 1] << 64n) | c.v[2 * n] }));
  return [...v, ...['FPCR', 'FPSR'].map((name) => ({ name, value: c.sys[registerIndex(name)] }))];
}

/** `d3` and the like: the low bits of a SIMD&FP register, as many as the letter says; null for other names. */
function scalarOf(name: string): { readonly at: number; readonly width: number } | null {
  const m = /^([bhsd])(\d|[12]\d|3[01])$/.exec(name);
  return m === null ? null : { at: 2 * Number(m[2]), width: 8 << 'bhsd'.indexOf(m[1]) };
}

/** `x0`…`x30`, `w0`…, `lr`, `fp` as an index; -1 otherwise. */
function generalIndex(name: string): { index: number; half: boolean } {
  const m = /^([xw])(\d{1,2})$/.exec(name);
  if (m !== null && Number(m[2]) <= 30) return { index: Number(m[2]), half: m[1] === 'w' };
  return { index: name === 'lr' ? 30 : name === 'fp' ? 29 : -1, half: false };
}

/**
 * A register of a vCPU by name (any case): general registers, sp, pc, pstate, nzcv, the low bits of a SIMD&FP register as an integer
 * (b0, h0, s0, d0 and on), or a system register.
 * Registers that KVM traps and emulates read as KVM's copy, as the guest would see them. Null: no register of that name.
 */
export function readGuestRegister(mw: InWorld, vm: number, vcpu: number, name: string): bigint | null {
  const v = vmOf(mw, vm)?.vcpus[vcpu];
  if (v === undefined) return null;
  const c = contextOf(mw, v);
  const lower = name.toLowerCase();
  const { index, half } = generalIndex(lower);
  if (index >= 0) return half ? BigInt.asUintN(32, getX(c, index)) : getX(c, index);
  if (lower === 'sp') return getX(c, SP);
  if (lower === 'pc') return getPc(c);
  if (lower === 'pstate') return getPstate(c);
  if (lower === 'nzcv') return getPstate(c) & 0xf0000000n;
  const scalar = scalarOf(lower);
  if (scalar !== null) return BigInt.asUintN(scalar.width, c.v[scalar.at]);
  const row = registerIndex(name);
  if (row < 0) return null;
  if (isGicRegister(REGISTERS[row].name)) return readGicRegister(mw, v, REGISTERS[row].key);
  const shown = shownIdentification(mw.world.host, vmOf(mw, vm), row, row === PMBIDR_EL1 ? 0n : c.sys[row]);
  return shown ?? bufferRegisterContext(mw, v, REGISTERS[row].name, c).sys[row];
}

/** The SPE registers at EL1 that a guest of the VM has, in the table's order; none without the feature. */
export function profilingRegisters(mw: MountedWorld, vm: number): readonly string[] {
  const unit = spuOfVm(mw.world.host, vmOf(mw, vm));
  if (unit === undefined) return [];
  const shown = { ...unit, pmsidr: guestPmsidr(mw.world.host, vmOf(mw, vm)) };
  return REGISTERS.flatMap((row, i) => (isSpeRegister(i) && (row.access === 'ro' || implementedBits(shown, i) !== null) ? [row.name] : []));
}

/** The CPU interface keeps its own registers. */
const isGicRegister = (name: string): boolean => /^IC[CH]_/.test(name);

/** KVM's copy holds a trapped buffer register; but the pointer moves in the hardware while the vCPU is in the guest. */
function bufferRegisterContext(mw: InWorld, v: Vcpu, name: string, c: CpuContext): CpuContext {
  if (!isTrappedBufferRegister(name)) return c;
  const inGuest = v.run.loaded && mw.world.machine.cpus[v.thread.cpu].inGuest;
  return name === 'PMBPTR_EL1' && inGuest ? c : v.context;
}

/**
 * Sets a register as a debugger does: no trap. A buffer register that KVM keeps for a vCPU in the guest makes it leave before its next operation,
 * so that the hardware follows. Err: why not.
 */
export function writeGuestRegister(mw: MountedWorld, vm: number, vcpu: number, name: string, value: bigint): Result<void, string> {
  const v = vmOf(mw, vm).vcpus[vcpu];
  const c = contextOf(mw, v);
  const lower = name.toLowerCase();
  const scalar = scalarOf(lower);
  const { index, half } = generalIndex(lower);
  if (index >= 0) setX(c, index, half ? BigInt.asUintN(32, value) : value);
  else if (lower === 'sp') setX(c, SP, value);
  else if (lower === 'pc') setPc(c, value);
  else if (lower === 'pstate') setPstate(c, value);
  else if (scalar !== null) {
    // As an instruction that writes it does: the bits above become zero.
    c.v[scalar.at] = BigInt.asUintN(scalar.width, value);
    c.v[scalar.at + 1] = 0n;
  } else {
    const row = registerIndex(name);
    if (row < 0) return err(`no register ${name}`);
    if (REGISTERS[row].access === 'ro') return err(`${REGISTERS[row].name} is read-only`);
    if (isGicRegister(REGISTERS[row].name)) {
      return writeGicRegister(mw, v, REGISTERS[row].key, value)
        ? ok(undefined)
        : err(`${REGISTERS[row].name} holds nothing that can be set`);
    }
    const target = bufferRegisterContext(mw, v, REGISTERS[row].name, c);
    target.sys[row] = (value & REGISTERS[row].writable) | REGISTERS[row].ones;
    if (target !== c && v.vgic !== null) v.vgic.kick = true;
  }
  return ok(undefined);
}

/** A field of a register's value by name (any case); null when the register has no such field. */
export function fieldOfRegister(register: string, field: string, word: bigint): bigint | null {
  const row = REGISTERS[registerIndex(register)];
  const f = row?.fields.find((x) => x.name.toLowerCase() === field.toLowerCase());
  return f === undefined ? null : readField(word, f);
}

/** `word` with a field replaced; null when the register has no such field. */
export function withRegisterField(register: string, field: string, word: bigint, value: bigint): bigint | null {
  const row = REGISTERS[registerIndex(register)];
  const f = row?.fields.find((x) => x.name.toLowerCase() === field.toLowerCase());
  return f === undefined ? null : withField(word, f, value);
}

/** Address spaces of `x`: guest virtual, guest physical, host physical, the VMM's own. */
export type MemorySpace = 'va' | 'ipa' | 'pa' | 'vmm';

/** Host physical address of one byte; Err: why there is none. */
function physical(mw: MountedWorld, vm: Vm, vcpu: Vcpu, space: 'va' | 'ipa' | 'pa', address: bigint): Result<number, string> {
  if (space === 'pa') {
    return address < BigInt(mw.mounted.memory.u8.length) ? ok(Number(address)) : err(`no memory at host physical ${hex(address)}`);
  }
  const stage2 = memslotRanges(vm);
  if (space === 'va') {
    const found = walkForDebug(mw.mounted, contextOf(mw, vcpu), stage2, address);
    return found === null ? err(`${hex(address)} is not mapped`) : ok(found);
  }
  const range = stage2.find((r) => address >= BigInt(r.ipa) && address < BigInt(r.ipa + r.size));
  return range === undefined ? err(`no memory slot backs ${hex(address)}`) : ok(range.pa + Number(address) - range.ipa);
}

/** Calls `each` for every piece of [address, address+length) that lies in one page. */
function pieces(
  address: bigint,
  length: number,
  each: (at: bigint, offset: number, size: number) => Result<void, string>,
): Result<void, string> {
  let offset = 0;
  while (offset < length) {
    const at = BigInt.asUintN(64, address + BigInt(offset));
    const size = Math.min(length - offset, PAGE_SIZE - Number(at % BigInt(PAGE_SIZE)));
    const done = each(at, offset, size);
    if (done.isErr()) return done;
    offset += size;
  }
  return ok(undefined);
}

/** Bytes of a guest's (or the VMM's) memory; Err names the first address that cannot be read. */
export function readGuestMemory(
  mw: MountedWorld,
  vm: number,
  vcpu: number,
  space: MemorySpace,
  address: bigint,
  length: number,
): Result<Uint8Array, string> {
  if (space === 'vmm') {
    const bytes = copyFromUser(mw, mw.world.kernel.processes[0], address, length);
    return bytes === null ? err(`${hex(address)} is not mapped in the VMM`) : ok(bytes);
  }
  const theVm = vmOf(mw, vm);
  const theVcpu = theVm?.vcpus[vcpu];
  if (theVm === undefined || (theVcpu === undefined && space === 'va')) return err('there is no vCPU');
  const out = new Uint8Array(length);
  return pieces(address, length, (at, offset, size) =>
    physical(mw, theVm, theVcpu, space, at).map((pa) => out.set(mw.mounted.memory.u8.subarray(pa, pa + size), offset)),
  ).map(() => out);
}

/** Writes bytes at a guest virtual address, permissions aside. Err names the first address that has no memory. */
export function writeGuestMemory(mw: MountedWorld, vm: number, vcpu: number, address: bigint, bytes: Uint8Array): Result<void, string> {
  const theVm = vmOf(mw, vm);
  const theVcpu = theVm?.vcpus[vcpu];
  if (theVm === undefined || theVcpu === undefined) return err('there is no vCPU');
  return pieces(address, bytes.length, (at, offset, size) =>
    physical(mw, theVm, theVcpu, 'va', at).map((pa) => writePhysical(mw.mounted.memory, pa, bytes.subarray(offset, offset + size))),
  );
}

/** The SAMPLE_* PMU events of the SPUs of some CPUs (bits), added up. */
export function spuCounts(mw: MountedWorld, cpus: bigint): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const cpu of mw.world.machine.cpus) {
    if (cpu.spu === null || ((cpus >> BigInt(cpu.number)) & 1n) === 0n) continue;
    for (const [name, n] of Object.entries(cpu.spu.counts)) sum[name] = (sum[name] ?? 0) + (n as number);
  }
  return sum;
}
