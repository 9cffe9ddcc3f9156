// The built-in VMM's hands: places structs and values in the VMM's memory and makes the ioctl that points to them, with the text strace
// would print for it (language.md §3). User pointers are real: the kernel reads and writes through them.
import { vcpuGroupName } from '../abi/attributes.ts';
import { CAPABILITIES, TARGET_GENERIC_V8, VCPU_FEATURES } from '../abi/features.ts';
import { ioctlNumber } from '../abi/ioctls.ts';
import { getField, packStruct } from '../abi/struct.ts';
import * as S from '../abi/structs.ts';
import { CREATE_DEVICE_TEST, DEVICE_TYPE_VGIC_V3, DEVICE_TYPES } from '../abi/vgic-attributes.ts';
import { hex } from '../base/hex.ts';
import type { Call } from '../kernel/call.ts';
import { oneRegOf, valueStruct } from '../kernel/one-reg.ts';
import { copyFromUser, copyToUser, mapScratch } from '../kernel/user-memory.ts';
import type { MountedWorld, OpenFile, Process } from '../kernel/world.ts';
import type { CallDescription } from './calls.ts';

/** Whose hands: the world, and the calling process (1, the VMM, unless given). */
export interface Hands {
  readonly world: MountedWorld;
  readonly process?: number;
}

export interface PreparedCall {
  readonly call: Call;
  readonly describe: CallDescription;
}

/** The file an ioctl goes to. */
export type Target =
  | { readonly kind: 'kvm' }
  | { readonly kind: 'vm'; readonly vm: number }
  | { readonly kind: 'vcpu'; readonly vm: number; readonly vcpu: number }
  | { readonly kind: 'vgic'; readonly vm: number };

/** Where the VMM puts an ioctl's struct, and what the struct points to; bytes from SCRATCH. */
export const SCRATCH = 0x7f00_0000_0000;
const STRUCT_AT = SCRATCH;
const VALUE_AT = SCRATCH + 0x800;
const SCRATCH_SIZE = 0x2000;
/** An address that is never mapped: `--addr bad`, `--attr-ptr bad`. */
export const BAD_POINTER = 0xdead_0000n;
/** Where the VMM maps guest RAM: slot n of VM m lies GUEST_MEMORY + m TiB + n * 64 GiB. */
const GUEST_MEMORY = 0x6000_0000_0000;

const processOf = (hands: Hands): Process => hands.world.world.kernel.processes[(hands.process ?? 1) - 1];

/** Writes bytes into the VMM's scratch memory and gives their address. */
export function place(hands: Hands, address: number, bytes: Uint8Array): bigint {
  const process = processOf(hands);
  mapScratch(process, SCRATCH, SCRATCH_SIZE);
  if (!copyToUser(hands.world, process, BigInt(address), bytes)) throw new Error(`scratch at ${address} is not mapped`);
  return BigInt(address);
}

const sameFile = (file: OpenFile | null, target: Target): boolean =>
  file !== null &&
  file.kind === target.kind &&
  (target.kind === 'kvm' || ('vm' in file && file.vm === target.vm)) &&
  (target.kind !== 'vcpu' || (file.kind === 'vcpu' && file.vcpu === target.vcpu));

/** The descriptor of a file in the calling process; -1 when it is not open. */
export function descriptorOf(hands: Hands, target: Target): number {
  return processOf(hands).files.findIndex((file) => sameFile(file, target));
}

/** `vcpu0` by the vCPU's id, for further VMs `vm1/vcpu0`. */
export const vcpuName = (vm: number, id: number): string => (vm === 0 ? `vcpu${id}` : `vm${vm}/vcpu${id}`);

/** `kvm`, `vm`, `vcpu0`, `vgic`; for further VMs `vm1`, `vm1/vcpu0`, `vm1/vgic`. */
export function targetName(hands: Hands, target: Target): string {
  if (target.kind === 'kvm') return 'kvm';
  if (target.kind === 'vcpu') return vcpuName(target.vm, hands.world.world.kernel.vms[target.vm]?.vcpus[target.vcpu]?.id ?? target.vcpu);
  if (target.kind === 'vm') return target.vm === 0 ? 'vm' : `vm${target.vm}`;
  return target.vm === 0 ? 'vgic' : `vm${target.vm}/vgic`;
}

/** An ioctl by its parts. */
export function prepare(hands: Hands, target: Target, request: string, argument: bigint, text: CallDescription['argument']): PreparedCall {
  return {
    call: {
      process: hands.process ?? 1,
      fd: descriptorOf(hands, target),
      request: ioctlNumber(request),
      argument,
      thread: target.kind === 'vcpu' ? target.vcpu : -1,
    },
    describe: { on: targetName(hands, target), request, argument: text },
  };
}

/** A pointer as strace prints one it does not follow. */
export const pointerText = (address: bigint): string => (address === 0n ? 'NULL' : hex(address));

// --- /dev/kvm and the VM's file ---

export const createVm = (hands: Hands, ipaBits = 0): PreparedCall =>
  prepare(hands, { kind: 'kvm' }, 'KVM_CREATE_VM', BigInt(ipaBits), ipaBits === 0 ? '0' : `KVM_VM_TYPE_ARM_IPA_SIZE(${ipaBits})`);

export const checkExtension = (hands: Hands, number: number): PreparedCall =>
  prepare(
    hands,
    { kind: 'kvm' },
    'KVM_CHECK_EXTENSION',
    BigInt(number),
    CAPABILITIES.find((c) => c.number === number)?.name ?? `${number}`,
  );

export const createVcpu = (hands: Hands, vm: number, id: number): PreparedCall =>
  prepare(hands, { kind: 'vm', vm }, 'KVM_CREATE_VCPU', BigInt(id), `${id}`);

/** Where the VMM has the memory of a slot. */
export const slotAddress = (vm: number, slot: number): number => GUEST_MEMORY + vm * 2 ** 40 + slot * 2 ** 36;

/** KVM_SET_USER_MEMORY_REGION; size 0 deletes the slot. */
export function setMemory(hands: Hands, vm: number, slot: number, gpa: bigint, size: bigint, flags = 0): PreparedCall {
  const members = { slot, flags, guest_phys_addr: gpa, memory_size: size, userspace_addr: slotAddress(vm, slot) };
  const argument = place(hands, STRUCT_AT, packStruct(S.KVM_USERSPACE_MEMORY_REGION, members));
  const text = `{slot=${slot}, flags=${flags}, guest_phys_addr=${hex(gpa)}, memory_size=${size}, userspace_addr=${hex(members.userspace_addr)}}`;
  return prepare(hands, { kind: 'vm', vm }, 'KVM_SET_USER_MEMORY_REGION', argument, text);
}

/** KVM_CREATE_DEVICE; flag 1 = KVM_CREATE_DEVICE_TEST. */
export function createDevice(hands: Hands, vm: number, type: number = DEVICE_TYPE_VGIC_V3, flags = 0): PreparedCall {
  const argument = place(hands, STRUCT_AT, packStruct(S.KVM_CREATE_DEVICE, { type, flags }));
  const head = `{type=${DEVICE_TYPES[type] ?? type}`;
  const tail = `flags=${flags === CREATE_DEVICE_TEST ? 'KVM_CREATE_DEVICE_TEST' : flags}}`;
  const fd = (): bigint => getField(S.KVM_CREATE_DEVICE, readBack(hands, argument, S.KVM_CREATE_DEVICE.size), 'fd');
  return prepare(hands, { kind: 'vm', vm }, 'KVM_CREATE_DEVICE', argument, (done) =>
    done && flags === 0 ? `${head}, fd=${fd()}, ${tail}` : `${head}, ${tail}`,
  );
}

export function irqLine(hands: Hands, vm: number, irq: number, level: number): PreparedCall {
  const argument = place(hands, STRUCT_AT, packStruct(S.KVM_IRQ_LEVEL, { irq, level }));
  return prepare(hands, { kind: 'vm', vm }, 'KVM_IRQ_LINE', argument, `{irq=${hex(irq)}, level=${level}}`);
}

function readBack(hands: Hands, address: bigint, size: number): Uint8Array {
  return copyFromUser(hands.world, processOf(hands), address, size) ?? new Uint8Array(size);
}

// --- the vCPU's file ---

/** Feature bits as a VMM writes them: `1<<KVM_ARM_VCPU_SPE`; `speBit` is the host's number of SPE. */
function featureText(mask: number, speBit: number): string {
  if (mask === 0) return '0';
  const names: string[] = [];
  for (let bit = 0; bit < 32; bit++) {
    if (((mask >>> bit) & 1) === 0) continue;
    const name = bit === speBit ? 'KVM_ARM_VCPU_SPE' : VCPU_FEATURES.find((f) => f.bit === bit && f.short !== 'spe')?.name;
    names.push(`1<<${name ?? bit}`);
  }
  return names.join('|');
}

/** KVM_ARM_VCPU_INIT; `features` is features[0], `more` the words behind it. */
export function vcpuInit(
  hands: Hands,
  vm: number,
  vcpu: number,
  features: number,
  options: { target?: number; more?: readonly number[] } = {},
): PreparedCall {
  const target = options.target ?? TARGET_GENERIC_V8;
  const words = [features >>> 0, ...(options.more ?? [])];
  const argument = place(hands, STRUCT_AT, packStruct(S.KVM_VCPU_INIT, { target, features: words }));
  const speBit = Number(hands.world.world.host.knobs['numbers.feature'] ?? -1);
  const targetText = target === TARGET_GENERIC_V8 ? 'KVM_ARM_TARGET_GENERIC_V8' : `${target}`;
  const rest = words
    .slice(1)
    .map((w) => `, ${hex(w)}`)
    .join('');
  return prepare(
    hands,
    { kind: 'vcpu', vm, vcpu },
    'KVM_ARM_VCPU_INIT',
    argument,
    `{target=${targetText}, features=[${featureText(features, speBit)}${rest}]}`,
  );
}

/** KVM_ARM_VCPU_FINALIZE of a feature by its bit (4 = SVE). */
export function vcpuFinalize(hands: Hands, vm: number, vcpu: number, feature: number): PreparedCall {
  const argument = place(hands, VALUE_AT, packStruct(S.INT, { value: feature }));
  const name = VCPU_FEATURES.find((f) => f.bit === feature)?.name ?? `${feature}`;
  return prepare(hands, { kind: 'vcpu', vm, vcpu }, 'KVM_ARM_VCPU_FINALIZE', argument, `&${name}`);
}

/** KVM_ARM_VCPU_SUPPORTED_CPUS (rfc-v4): a CPU list as text. */
export function supportedCpus(hands: Hands, vm: number, vcpu: number, list: string): PreparedCall {
  const argument = place(hands, VALUE_AT, new TextEncoder().encode(`${list}\0`));
  return prepare(hands, { kind: 'vcpu', vm, vcpu }, 'KVM_ARM_VCPU_SUPPORTED_CPUS', argument, `"${list}"`);
}

/** KVM_RUN. */
export const runCall = (hands: Hands, vm: number, vcpu: number): PreparedCall =>
  prepare(hands, { kind: 'vcpu', vm, vcpu }, 'KVM_RUN', 0n, '0');

/** KVM_GET_ONE_REG and, with a value, KVM_SET_ONE_REG. */
export function oneReg(hands: Hands, vm: number, vcpu: number, id: bigint, value?: bigint): PreparedCall {
  const addr = place(hands, VALUE_AT, packStruct(S.U128, { value: value ?? 0n }));
  const argument = place(hands, STRUCT_AT, packStruct(S.KVM_ONE_REG, { id, addr }));
  const known = oneRegOf(id);
  const idText = `id=${hex(id)}${known === null ? '' : ` /* ${known.name} */`}`;
  const target: Target = { kind: 'vcpu', vm, vcpu };
  if (value !== undefined) return prepare(hands, target, 'KVM_SET_ONE_REG', argument, `{${idText}, addr=&${hex(value)}}`);
  return prepare(
    hands,
    target,
    'KVM_GET_ONE_REG',
    argument,
    (done) => `{${idText}, addr=${done ? `[${hex(placedRegister(hands, id))}]` : pointerText(addr)}}`,
  );
}

/** The value that KVM_GET_ONE_REG left, as wide as the id says. */
export function placedRegister(hands: Hands, id: bigint): bigint {
  const struct = valueStruct(id);
  return getField(struct, readBack(hands, BigInt(VALUE_AT), struct.size), 'value');
}

/** The 64-bit value that the last get left at the value's place. */
export function placedValue(hands: Hands, size: 4 | 8 = 8, signed = false): bigint {
  const struct = size === 8 ? S.U64 : signed ? S.INT : S.U32;
  return getField(struct, readBack(hands, BigInt(VALUE_AT), size), 'value');
}

// --- device attributes ---

/** What `addr` is: a value that the VMM places, nothing placed (the address as it stands), or room for a value that a get writes. */
export type AttrPointer =
  | { readonly kind: 'value'; readonly value: bigint; readonly size: 4 | 8; readonly hex?: boolean }
  | { readonly kind: 'room'; readonly size: 4 | 8; readonly signed?: boolean; readonly hex?: boolean; readonly preset?: bigint }
  | { readonly kind: 'raw'; readonly address: bigint };

export interface AttrRequest {
  readonly verb: 'set' | 'get' | 'has';
  readonly target: Target;
  readonly group: number;
  readonly attr: bigint;
  /** Kernel names for the strace text; numbers print as they are. */
  readonly groupName?: string;
  readonly attrName?: string;
  readonly pointer: AttrPointer;
  readonly flags?: number;
  /** The struct itself is at an unmapped address. */
  readonly badStruct?: boolean;
}

const VERBS = { set: 'KVM_SET_DEVICE_ATTR', get: 'KVM_GET_DEVICE_ATTR', has: 'KVM_HAS_DEVICE_ATTR' } as const;

/** KVM_SET/GET/HAS_DEVICE_ATTR on any file. */
export function deviceAttr(hands: Hands, r: AttrRequest): PreparedCall {
  const { pointer } = r;
  const flags = r.flags ?? 0;
  const addr = pointerOf(hands, pointer);
  const argument = r.badStruct
    ? BAD_POINTER
    : place(hands, STRUCT_AT, packStruct(S.KVM_DEVICE_ATTR, { flags, group: r.group, attr: r.attr, addr }));
  const group = r.groupName ?? (r.target.kind === 'vcpu' ? vcpuGroupName(r.group) : undefined) ?? `${r.group}`;
  const number = (value: bigint): string => ('hex' in pointer && pointer.hex ? hex(value) : `${value}`);
  const addrText = (done: boolean): string => {
    if (pointer.kind === 'raw') return pointerText(pointer.address);
    if (pointer.kind === 'value') return `&${number(pointer.value)}`;
    return done ? `[${number(placedValue(hands, pointer.size, pointer.signed ?? false))}]` : pointerText(addr);
  };
  const text = (done: boolean): string =>
    r.badStruct
      ? pointerText(argument)
      : `{${flags === 0 ? '' : `flags=${hex(flags)}, `}group=${group}, attr=${r.attrName ?? attrNumber(r.attr)}, addr=${addrText(done)}}`;
  return prepare(hands, r.target, VERBS[r.verb], argument, text);
}

const attrNumber = (attr: bigint): string => (attr < 0x10000n ? `${attr}` : hex(attr));

function pointerOf(hands: Hands, pointer: AttrPointer): bigint {
  if (pointer.kind === 'raw') return pointer.address;
  const struct = pointer.size === 8 ? S.U64 : S.U32;
  const value = pointer.kind === 'value' ? pointer.value : (pointer.preset ?? 0n);
  return place(hands, VALUE_AT, packStruct(struct, { value: BigInt.asUintN(pointer.size * 8, value) }));
}
