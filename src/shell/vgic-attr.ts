// The vGIC's attributes as commands: `vgic attr set|get|has ATTR [OPERANDS] [VALUE] [--addr …]` (language.md §3, group vgic).
// What they mean to the kernel is decided there: a vCPU that does not exist or a bad pointer gets as far as the call.
import { err, ok, type Result } from 'neverthrow';
import { VGIC_ATTRIBUTES, type VgicAttribute, vgicAttributeByName } from '../abi/vgic-attributes.ts';
import { hex } from '../base/hex.ts';
import type { Arguments } from '../session/command.ts';
import { refuse } from '../session/enter.ts';
import { issue } from '../session/issue.ts';
import { numbersOf } from '../session/numbers.ts';
import type { Outcome, Unmet } from '../session/outcome.ts';
import { currentVm } from '../session/scope.ts';
import type { Context } from '../session/session.ts';
import { type VgicAttrWord, vgicAttrNumbers, vgicAttrWord } from '../session/vgic-attr.ts';
import { type AttrPointer, BAD_POINTER, deviceAttr, placedValue } from '../session/vmm.ts';
import { ATTR_WORDS } from './attr.ts';
import { parseExpression } from './expression.ts';
import type { Candidate, Form, GrammarFault } from './family.ts';
import { didYouMean } from './misread.ts';

type Verb = 'set' | 'get' | 'has';

/** GROUP/ATTR in numbers. */
const NUMBERS = /^(0[xX][0-9a-fA-F]+|\d+)\/(0[xX][0-9a-fA-F]+|\d+)$/;
/** Its get finds the region's index in the value. */
const WITH_INDEX = 'addr.redist-region';

const takesValue = (verb: Verb, row: VgicAttribute | undefined): boolean =>
  verb === 'set' ? row?.value !== 'none' : verb === 'get' && row?.short === WITH_INDEX;

/** Grammar of the arguments together: a known name with its operands, a pointer that is one, a value where there is one. */
function check(verb: Verb, name: string, args: Arguments): GrammarFault | null {
  const row = vgicAttributeByName(name);
  if (row === undefined && !NUMBERS.test(name)) {
    const shorts = VGIC_ATTRIBUTES.map((a) => a.short);
    const hint = didYouMean(name, shorts) ?? 'GROUP/ATTR in numbers, 0/2';
    return { slot: 'attr', message: `there is no vGIC attribute '${name}'`, expected: shorts, hint };
  }
  const missing = (row?.operands ?? []).filter((operand) => args[operand] === undefined);
  if (missing.length > 0) return { message: `${name} needs ${missing.join(' and ')}`, expected: missing.map((m) => m.toUpperCase()) };
  const addr = args['addr']?.kind === 'word' ? args['addr'].text : undefined;
  if (addr !== undefined && addr !== 'bad' && addr !== 'NULL' && parseExpression(addr).isErr()) {
    return { slot: 'addr', message: `'${addr}' is no pointer`, expected: ['bad', 'NULL', 'an address'] };
  }
  const hasValue = args['value'] !== undefined;
  if (hasValue && addr !== undefined) return { slot: 'addr', message: 'a value and --addr exclude each other: addr points to the value' };
  if (hasValue && !takesValue(verb, row)) return { slot: 'value', message: `${verb} of ${name} takes no value` };
  if (verb === 'set' && row !== undefined && row.value !== 'none' && !hasValue && addr === undefined) {
    return { message: `${name} needs a value`, expected: ['VALUE', '--addr'], hint: 'a value, or --addr bad|NULL|PTR' };
  }
  return null;
}

/** The VM in use, which must have a vGIC: its file is what the calls go to. */
export function vmWithVgic(context: Context): ReturnType<typeof currentVm> {
  return currentVm(context).andThen((vm) =>
    vm.vgic === null ? err({ code: 'no-vgic', message: 'the VM has no vGIC', hint: 'vgic create' }) : ok(vm),
  );
}

function wordOf(context: Context, name: string, args: Arguments): Result<VgicAttrWord, Unmet> {
  const row = vgicAttributeByName(name);
  if (row !== undefined) {
    return numbersOf(context, args, 'offset', 'vcpu', 'intid').andThen((operands) =>
      vgicAttrWord(row, { ...operands, register: context.word(args['register']) }),
    );
  }
  const numbers = NUMBERS.exec(name);
  if (numbers === null) throw new Error(`the grammar let attribute ${name} pass`);
  return ok(vgicAttrNumbers(Number(BigInt.asUintN(32, BigInt(numbers[1]))), BigInt.asUintN(64, BigInt(numbers[2]))));
}

/** `--addr`, or the value placed, or room for what a get writes, or nothing. */
function pointerOf(context: Context, verb: Verb, word: VgicAttrWord, args: Arguments): Result<AttrPointer, Unmet> {
  const addr = context.word(args['addr']);
  if (addr === 'bad') return ok({ kind: 'raw', address: BAD_POINTER });
  if (addr === 'NULL') return ok({ kind: 'raw', address: 0n });
  if (addr !== '') {
    const expression = parseExpression(addr);
    if (expression.isErr()) throw new Error(`the grammar let pointer ${addr} pass`);
    return context.evaluate(expression.value).map((address) => ({ kind: 'raw', address }));
  }
  const size = word.size === 4 ? 4 : 8;
  return numbersOf(context, args, 'value').map(({ value }): AttrPointer => {
    if (verb === 'get' && word.size !== 0) return { kind: 'room', size, hex: word.hex, ...(value === undefined ? {} : { preset: value }) };
    return value === undefined ? { kind: 'raw', address: 0n } : { kind: 'value', value, size, hex: word.hex };
  });
}

function attrOutcome(context: Context, verb: Verb, name: string, args: Arguments): Outcome {
  const vm = vmWithVgic(context);
  if (vm.isErr()) return refuse(vm.error);
  const word = wordOf(context, name, args);
  if (word.isErr()) return refuse(word.error);
  const pointer = pointerOf(context, verb, word.value, args);
  if (pointer.isErr()) return refuse(pointer.error);
  const { group, attr, groupName, attrName } = word.value;
  const target = { kind: 'vgic', vm: vm.value.index } as const;
  const prepared = deviceAttr(context, { verb, target, group, attr, groupName, attrName, pointer: pointer.value });
  return issue(context, prepared, (report) => ({
    data: { attribute: vgicAttributeByName(name)?.short ?? null, group, attr: attr < 1n << 53n ? Number(attr) : hex(attr) },
    ...(report.errno === null && pointer.value.kind === 'room' ? { value: readValue(context, word.value) } : {}),
  }));
}

function readValue(context: Context, word: VgicAttrWord): number | string {
  const value = placedValue(context, word.size === 4 ? 4 : 8);
  return word.hex ? hex(value) : Number(value);
}

const ABOUT: Readonly<Record<Verb, string>> = {
  set: 'Set an attribute of the vGIC.',
  get: 'Read an attribute of the vGIC.',
  has: 'Ask whether the vGIC has an attribute.',
};
const OPERANDS = { offset: '<offset:EXPR>', vcpu: '<vcpu:VCPU>', register: '<register:REGISTER>', intid: '<intid:EXPR>' } as const;

function formsOf(verb: Verb): readonly Form[] {
  const value = verb === 'has' ? '' : ' [<value:EXPR>]';
  const form = (id: string, head: string, about: string, nameOf: (args: Arguments) => string): Form => ({
    id,
    syntax: `vgic attr ${verb} ${head}${value} [--addr <addr:WORD>]`,
    about,
    words: { '--addr': ATTR_WORDS['--addr'] },
    effect: 'world', // each is an ioctl, which the journal keeps
    check: (args) => check(verb, nameOf(args), args),
    run: (context, args) => attrOutcome(context, verb, nameOf(args), args),
  });
  const named = form(`vgic.attr.${verb}`, '<attr:ATTR>', ABOUT[verb], (args) => (args['attr']?.kind === 'word' ? args['attr'].text : ''));
  const withOperands = VGIC_ATTRIBUTES.filter((a) => a.operands.length > 0).map((a) =>
    form(`vgic.attr.${verb}.${a.short}`, `${a.short} ${a.operands.map((o) => OPERANDS[o]).join(' ')}`, a.about, () => a.short),
  );
  return [named, ...withOperands];
}

/** `vgic attr VERB ATTR …`, and a form of its own for each attribute that has operands. */
export const vgicAttrForms: readonly Form[] = (['set', 'get', 'has'] as const).flatMap(formsOf);

/** Candidates for ATTR at the prompt; attributes with operands are words of their own forms. */
export const vgicAttrCandidates: readonly Candidate[] = VGIC_ATTRIBUTES.filter((a) => a.operands.length === 0).map((a) => ({
  text: a.short,
  about: a.about,
}));
