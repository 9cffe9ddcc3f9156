// A raw ioctl from its words: the struct in the VMM's memory, what it points to, and how strace prints it (language.md §3, group ioctl).

import { ok, Result } from 'neverthrow';
import { type DeviceAttribute, vcpuAttribute, vcpuGroupName } from '../abi/attributes.ts';
import type { Ioctl } from '../abi/ioctls.ts';
import { getField, packStruct, readStructField, type Struct, type StructField } from '../abi/struct.ts';
import * as S from '../abi/structs.ts';
import { DEVICE_TYPES, type VgicAttribute, vgicAttribute, vgicGroupName } from '../abi/vgic-attributes.ts';
import { hex } from '../base/hex.ts';
import { oneRegOf } from '../kernel/one-reg.ts';
import { copyFromUser } from '../kernel/user-memory.ts';
import type { OpenFile } from '../kernel/world.ts';
import type { Expression } from './expression.ts';
import type { Unmet } from './outcome.ts';
import type { Context } from './session.ts';
import { BAD_POINTER, type PreparedCall, place, pointerText, SCRATCH } from './vmm.ts';

/** A value as written. `&V` points to an int, `&u64:V` to 64 bits. */
export type RawValue =
  | { readonly kind: 'numbers'; readonly items: readonly Expression[] }
  | { readonly kind: 'pointer'; readonly size: 4 | 8; readonly value: Expression }
  | { readonly kind: 'bad' }
  | { readonly kind: 'NULL' };

export interface RawRequest {
  readonly number: number;
  /** Its row; undefined for a number that KVM does not have. */
  readonly row: Ioctl | undefined;
}

export interface RawArgument {
  /** Members of the struct by name. */
  readonly fields: ReadonlyMap<string, RawValue>;
  /** The third argument itself. */
  readonly whole: RawValue | null;
}

/** The struct that a request's argument points to; null for a number, or for a request that KVM does not have. */
export const structOf = (request: RawRequest): Struct | null => {
  const argument = request.row?.argument;
  return typeof argument === 'object' ? argument : null;
};

const VALUE_AT = SCRATCH + 0x1000;
/** From here on a member is an address or a mask, and prints in hexadecimal. */
const HEX_FROM = 0x1_0000n;

/** What `&V` put into the VMM's memory. */
interface Placed {
  readonly address: bigint;
  readonly size: 4 | 8;
  readonly value: bigint;
}

/** Where a raw call goes. */
export interface RawTarget {
  readonly fd: number;
  /** `vcpu0`, or the descriptor's number. */
  readonly name: string;
  readonly file: OpenFile | null;
}

export interface RawCall {
  readonly prepared: PreparedCall;
  /** What a successful get left where a pointer leads. */
  read(): number | string | null;
}

const structFor = (size: 4 | 8): Struct => (size === 8 ? S.U64 : S.INT);

/** A value whose expressions have their values; nothing is placed yet, so that an Unmet leaves the VMM's memory as it was. */
type Known =
  | { readonly kind: 'numbers'; readonly items: readonly bigint[] }
  | { readonly kind: 'pointer'; readonly size: 4 | 8; readonly value: bigint };

function known(context: Context, value: RawValue): Result<Known, Unmet> {
  switch (value.kind) {
    case 'bad':
      return ok({ kind: 'numbers', items: [BAD_POINTER] });
    case 'NULL':
      return ok({ kind: 'numbers', items: [0n] });
    case 'pointer':
      return context.evaluate(value.value).map((v) => ({ kind: 'pointer', size: value.size, value: v }));
    case 'numbers':
      return Result.combine(value.items.map((item) => context.evaluate(item))).map((items) => ({ kind: 'numbers', items }));
  }
}

/** Puts what `&V` points to into the VMM's memory. */
function placeValue(context: Context, { size, value }: Extract<Known, { kind: 'pointer' }>): Placed {
  const address = place(context, VALUE_AT, packStruct(structFor(size), { value }));
  return { address, size, value: size === 8 ? value : BigInt.asIntN(32, value) };
}

const numberText = (value: bigint): string => (value >= HEX_FROM ? hex(value) : String(value));

/** The value behind a pointer as it is now. */
function pointee(context: Context, placed: Placed): bigint {
  const process = context.world.world.kernel.processes[(context.process ?? 1) - 1];
  const struct = structFor(placed.size);
  return getField(struct, copyFromUser(context.world, process, placed.address, struct.size) ?? new Uint8Array(struct.size), 'value');
}

interface Attribute {
  readonly vgic: boolean;
  readonly group: string | undefined;
  readonly row: DeviceAttribute | VgicAttribute | undefined;
}

const NO_NAMES: Attribute = { vgic: false, group: undefined, row: undefined };

/** Names of struct kvm_device_attr's numbers on this file. */
function attributeOf(context: Context, file: OpenFile | null, bytes: Uint8Array): Attribute {
  const group = Number(getField(S.KVM_DEVICE_ATTR, bytes, 'group'));
  const attr = getField(S.KVM_DEVICE_ATTR, bytes, 'attr');
  if (file?.kind === 'vcpu') {
    return { vgic: false, group: vcpuGroupName(group), row: vcpuAttribute(context.world.world.host.kernel.revision, group, attr) };
  }
  if (file?.kind === 'vgic') return { vgic: true, group: vgicGroupName(group), row: vgicAttribute(group, attr) };
  return NO_NAMES;
}

/** A member's value as strace names it. */
function memberText(struct: Struct, field: StructField, bytes: Uint8Array, names: Attribute): string {
  const values = Array.from({ length: field.count }, (_, i) => readStructField(bytes, field, i));
  if (struct === S.KVM_DEVICE_ATTR && field.name === 'group' && names.group !== undefined) return names.group;
  if (struct === S.KVM_DEVICE_ATTR && field.name === 'attr' && names.row !== undefined) return names.row.name;
  if (struct === S.KVM_ONE_REG && field.name === 'id') {
    const register = oneRegOf(values[0]);
    return `${hex(values[0])}${register === null ? '' : ` /* ${register.name} */`}`;
  }
  if (struct === S.KVM_CREATE_DEVICE && field.name === 'type') return DEVICE_TYPES[Number(values[0])] ?? String(values[0]);
  if (field.count === 1) return field.pointer ? pointerText(values[0]) : numberText(values[0]);
  const used = values.length - [...values].reverse().findIndex((v) => v !== 0n);
  return `[${values
    .slice(0, used > values.length ? 1 : used)
    .map(numberText)
    .join(', ')}]`;
}

/** What the printing of a struct depends on. */
interface Printed {
  readonly struct: Struct;
  /** Its bytes: as they were passed, and as the call left them. */
  bytes(done: boolean): Uint8Array;
  readonly placed: Placed | null;
  /** The kernel writes behind the pointer, which then prints as `[V]`. */
  readonly get: boolean;
  readonly names: Attribute;
}

/** The struct as strace prints it. */
function structText(context: Context, { struct, bytes, placed, get, names }: Printed): (done: boolean) => string {
  const isHex = struct === S.KVM_ONE_REG || (names.vgic && names.row?.value === 'u64');
  const shown = (value: bigint): string => (isHex ? hex(value) : String(value));
  return (done) => {
    const now = bytes(done);
    if (struct === S.INT) return `&${readStructField(now, struct.fields[0])}`;
    const fields = struct.fields.filter(
      (f) => !(struct === S.KVM_DEVICE_ATTR && f.name === 'flags' && readStructField(now, f) === 0n) && f.name !== 'pad',
    );
    const text = fields.map((f) => {
      if (!f.pointer || placed === null) return `${f.name}=${memberText(struct, f, now, names)}`;
      return `${f.name}=${done && get ? `[${shown(pointee(context, placed))}]` : `&${shown(placed.value)}`}`;
    });
    return `{${text.join(', ')}}`;
  };
}

interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly placed: Placed | null;
}

/** The bytes of a struct from its members, and what its pointer leads to. */
function pack(context: Context, struct: Struct, fields: RawArgument['fields']): Result<Packed, Unmet> {
  const members = [...fields].map(([name, value]) => known(context, value).map((v) => ({ name, value: v })));
  return Result.combine(members).map((list) => {
    const values: Record<string, bigint | readonly bigint[]> = {};
    let placed: Placed | null = null;
    for (const { name, value } of list) {
      if (value.kind === 'pointer') placed = placeValue(context, value);
      values[name] = value.kind === 'numbers' ? value.items : (placed?.address ?? 0n);
    }
    return { bytes: packStruct(struct, values), placed };
  });
}

/** The call of these words on a file. */
export function rawCall(context: Context, target: RawTarget, request: RawRequest, argument: RawArgument): Result<RawCall, Unmet> {
  const struct = structOf(request);
  const name = request.row?.name ?? hex(request.number);
  const call = (value: bigint) => ({
    process: context.process ?? 1,
    fd: target.fd,
    request: request.number,
    argument: value,
    thread: target.file?.kind === 'vcpu' ? target.file.vcpu : -1,
  });
  const describe = { on: target.name, request: name };
  if (argument.whole !== null) {
    return known(context, argument.whole).map((value) => {
      const placed = value.kind === 'pointer' ? placeValue(context, value) : null;
      const number = value.kind === 'numbers' ? value.items[0] : (placed?.address ?? 0n);
      const text = placed !== null ? `&${placed.value}` : struct === null && number < HEX_FROM ? String(number) : pointerText(number);
      return { prepared: { call: call(number), describe: { ...describe, argument: text } }, read: () => null };
    });
  }
  if (struct === null) {
    return ok({ prepared: { call: call(0n), describe: { ...describe, argument: '0' } }, read: () => null });
  }
  return pack(context, struct, argument.fields).map(({ bytes, placed }) => {
    const get = name === 'KVM_GET_DEVICE_ATTR' || name === 'KVM_GET_ONE_REG';
    const writes = request.row?.direction === 'r' || request.row?.direction === 'rw';
    const process = context.world.world.kernel.processes[(context.process ?? 1) - 1];
    const printed: Printed = {
      struct,
      bytes: (done) => (done && writes ? (copyFromUser(context.world, process, BigInt(SCRATCH), struct.size) ?? bytes) : bytes),
      placed,
      get,
      names: struct === S.KVM_DEVICE_ATTR ? attributeOf(context, target.file, bytes) : NO_NAMES,
    };
    const prepared = { call: call(place(context, SCRATCH, bytes)), describe: { ...describe, argument: structText(context, printed) } };
    const read: RawCall['read'] = () => {
      if (!get || placed === null) return null;
      const value = pointee(context, placed);
      return struct === S.KVM_ONE_REG || value >= 1n << 53n ? hex(value) : Number(value);
    };
    return { prepared, read };
  });
}
