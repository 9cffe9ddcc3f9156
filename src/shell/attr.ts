// Device attributes as words of a command: `spe.spu`, `KVM_ARM_VCPU_SPE_SPU` or `3/1`, a value or a pointer (language.md §3, group attr).
// What they mean to the kernel is decided there: a name of another revision, a number without a row, a bad pointer all get as far as the call.
import { err, ok, type Result } from 'neverthrow';
import { type DeviceAttribute, VCPU_ATTRIBUTES, vcpuAttribute, vcpuAttributeByName } from '../abi/attributes.ts';
import { hex } from '../base/hex.ts';
import type { Arguments } from '../session/command.ts';
import { issue } from '../session/issue.ts';
import { numbersOf } from '../session/numbers.ts';
import { type Outcome, type Unmet, unmet } from '../session/outcome.ts';
import type { Context } from '../session/session.ts';
import { type AttrPointer, BAD_POINTER, deviceAttr, placedValue, type Target } from '../session/vmm.ts';
import { parseExpression } from './expression.ts';
import type { Candidate, GrammarFault } from './family.ts';
import { didYouMean } from './misread.ts';

export type AttrVerb = 'set' | 'get' | 'has';

const OPTIONS = '[--addr <addr:WORD>] [--flags <flags:EXPR>] [--attr-ptr <attr-ptr:bad>]';
/** What they mean. */
export const ATTR_WORDS = {
  '--addr': 'the pointer itself: bad, NULL or a number',
  '--flags': 'kvm_device_attr.flags',
  '--attr-ptr': 'bad: the struct is at a bad address',
  bad: 'never mapped',
};
/** What follows `attr set`, `attr get` and `attr has`. */
export const ATTR_OPERANDS: Readonly<Record<AttrVerb, string>> = {
  set: `<attr:ATTR> [<value:EXPR>] ${OPTIONS}`,
  get: `<attr:ATTR> ${OPTIONS}`,
  has: `<attr:ATTR> ${OPTIONS}`,
};

/** `3/1`, `0x3/0x100000001`: group and attribute; null when the word is a name. */
function numbered(word: string): { group: number; attr: bigint } | null {
  const m = /^(0[xX][0-9a-fA-F]+|\d+)\/(0[xX][0-9a-fA-F]+|\d+)$/.exec(word);
  return m === null ? null : { group: Number(BigInt.asUintN(32, BigInt(m[1]))), attr: BigInt.asUintN(64, BigInt(m[2])) };
}

const shorts = (): string[] => [...new Set(VCPU_ATTRIBUTES.map((a) => a.short))];
const rowsNamed = (name: string): readonly DeviceAttribute[] => VCPU_ATTRIBUTES.filter((a) => a.short === name || a.name === name);
const wordOf = (args: Arguments, slot: string): string | undefined => {
  const argument = args[slot];
  return argument?.kind === 'word' ? argument.text : undefined;
};

/** Grammar of the arguments together: a known name, a pointer that is one, and for `set` exactly one of value and pointer. */
export function checkAttr(verb: AttrVerb, args: Arguments): GrammarFault | null {
  const word = wordOf(args, 'attr') ?? '';
  const rows = rowsNamed(word);
  if (numbered(word) === null && rows.length === 0) {
    const near = didYouMean(word, [...shorts(), ...VCPU_ATTRIBUTES.map((a) => a.name)]);
    return { slot: 'attr', message: `there is no attribute '${word}'`, expected: shorts(), hint: near ?? 'GROUP/ATTR in numbers, 3/1' };
  }
  const addr = wordOf(args, 'addr');
  if (addr !== undefined && addr !== 'bad' && addr !== 'NULL' && parseExpression(addr).isErr()) {
    return { slot: 'addr', message: `'${addr}' is no pointer`, expected: ['bad', 'NULL', 'an address'] };
  }
  if (verb !== 'set') return null;
  if (args['value'] !== undefined && addr !== undefined) {
    return { slot: 'addr', message: 'a value and --addr exclude each other: addr points to the value', hint: 'leave one of them out' };
  }
  const needsValue = rows.length > 0 && rows.every((a) => a.value !== 'none');
  if (needsValue && args['value'] === undefined && addr === undefined && args['attr-ptr'] === undefined) {
    return { message: `${word} needs a value`, expected: ['VALUE', '--addr'], hint: 'a value, or --addr bad|NULL|PTR' };
  }
  return null;
}

interface Resolved {
  readonly group: number;
  readonly attr: bigint;
  /** Its row under the host's kernel, or what the name means elsewhere. */
  readonly row: DeviceAttribute | undefined;
}

/** Numbers stand for themselves; on the VM's file they have no vCPU names. */
function resolve(context: Context, target: Target, word: string): Resolved {
  const { revision } = context.world.world.host.kernel;
  const numbers = numbered(word);
  if (numbers !== null)
    return { ...numbers, row: target.kind === 'vcpu' ? vcpuAttribute(revision, numbers.group, numbers.attr) : undefined };
  const row = vcpuAttributeByName(revision, word);
  if (row === undefined) throw new Error(`the grammar let attribute ${word} pass`);
  return { group: row.group, attr: BigInt(row.attr), row };
}

const INT_LOWEST = -(1n << 31n);
const INT_END = 1n << 32n;

/** A value behind `addr`, as wide as the attribute's type: 8 bytes where no row says it. */
function placed(row: DeviceAttribute | undefined, value: bigint): Result<AttrPointer, Unmet> {
  if (row === undefined || row.value === 'u64' || row.value === 'filter')
    return ok({ kind: 'value', value, size: 8, hex: row?.value === 'filter' });
  const signed = BigInt.asIntN(64, value);
  if (signed < INT_LOWEST || signed >= INT_END)
    return err({
      code: 'range',
      message: `${hex(value)} does not fit in the int that ${row.short} takes`,
      hint: 'an int is -0x80000000 to 0xffffffff',
    });
  return ok({ kind: 'value', value: BigInt.asIntN(32, signed), size: 4 });
}

function pointerOf(
  context: Context,
  verb: AttrVerb,
  row: DeviceAttribute | undefined,
  value: bigint | undefined,
  addr: string | undefined,
): Result<AttrPointer, Unmet> {
  if (addr === 'bad') return ok({ kind: 'raw', address: BAD_POINTER });
  if (addr === 'NULL') return ok({ kind: 'raw', address: 0n });
  if (addr !== undefined) {
    const expression = parseExpression(addr);
    if (expression.isErr()) throw new Error(`the grammar let pointer ${addr} pass`);
    return context.evaluate(expression.value).map((address) => ({ kind: 'raw', address }));
  }
  if (verb === 'set' && value !== undefined) return placed(row, value);
  if (verb === 'get') return ok(row?.value === 'int' ? { kind: 'room', size: 4, signed: true } : { kind: 'room', size: 8 });
  return ok({ kind: 'raw', address: 0n });
}

/** KVM_SET/GET/HAS_DEVICE_ATTR as the arguments say; a get's value is the outcome's. */
export function attrOutcome(context: Context, verb: AttrVerb, target: Target, args: Arguments): Outcome {
  const { group, attr, row } = resolve(context, target, context.word(args['attr']));
  const parts = numbersOf(context, args, 'value', 'flags').andThen((numbers) =>
    pointerOf(context, verb, row, numbers.value, wordOf(args, 'addr')).map((pointer) => ({ pointer, flags: numbers.flags })),
  );
  if (parts.isErr()) return unmet(parts.error.code, parts.error.message, parts.error.hint);
  const { pointer, flags } = parts.value;
  const names = row === undefined ? {} : { groupName: row.groupName, attrName: row.name };
  const prepared = deviceAttr(context, {
    verb,
    target,
    group,
    attr,
    ...names,
    pointer,
    flags: Number(BigInt.asUintN(32, flags ?? 0n)),
    badStruct: args['attr-ptr'] !== undefined,
  });
  return issue(context, prepared, (report) => ({
    data: { attribute: row?.name ?? null, group, attr: attr < 1n << 53n ? Number(attr) : hex(attr) },
    ...(report.errno === null && pointer.kind === 'room' ? { value: readValue(context, pointer) } : {}),
  }));
}

function readValue(context: Context, room: Extract<AttrPointer, { kind: 'room' }>): number | string {
  const value = placedValue(context, room.size, room.signed ?? false);
  return value < 1n << 53n ? Number(value) : hex(value);
}

/** Candidates for ATTR at the prompt. */
export function attrCandidates(context: Context): readonly Candidate[] {
  const { revision } = context.world.world.host.kernel;
  return VCPU_ATTRIBUTES.filter((a) => a.revisions.includes(revision)).map((a) => ({ text: a.short, about: a.about }));
}
