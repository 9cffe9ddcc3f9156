// The words of a raw ioctl (language.md §3, group ioctl): `FIELD=VALUE…` behind a request, or one VALUE that is the argument itself.
import { IOCTLS, ioctlByName, ioctlByNumber } from '../abi/ioctls.ts';
import type { Struct } from '../abi/struct.ts';
import type { Argument, Arguments } from '../session/command.ts';
import type { Expression } from '../session/expression.ts';
import { type RawArgument, type RawRequest, type RawValue, structOf } from '../session/raw-call.ts';
import { numberValue, parseExpression } from './expression.ts';
import type { GrammarFault } from './family.ts';
import { didYouMean } from './misread.ts';

/** A request by name or number; null when it is neither. */
export function readRequest(word: string): RawRequest | null {
  const row = ioctlByName(word);
  if (row !== undefined) return { number: row.number, row };
  const value = numberValue(word);
  if (value === null || value > 0xffff_ffffn) return null;
  return { number: Number(value), row: ioctlByNumber(Number(value)) };
}

function readValue(text: string): RawValue | string {
  if (text === 'bad' || text === 'NULL') return { kind: text };
  const pointer = /^&(u64:)?(.*)$/.exec(text);
  if (pointer !== null) {
    const inner = parseExpression(pointer[2]);
    return inner.isErr() ? inner.error.message : { kind: 'pointer', size: pointer[1] === undefined ? 4 : 8, value: inner.value };
  }
  const items: Expression[] = [];
  for (const part of text.split(',')) {
    const item = parseExpression(part);
    if (item.isErr()) return item.error.message;
    items.push(item.value);
  }
  return { kind: 'numbers', items };
}

const wordsOf = (argument: Argument | undefined): readonly string[] =>
  argument?.kind === 'many' ? argument.items.flatMap((item) => (item.kind === 'word' ? [item.text] : [])) : [];

/** One member's value against its row; a string says what is wrong. */
function memberFault(struct: Struct, name: string, value: RawValue): string | null {
  const field = struct.fields.find((f) => f.name === name);
  if (field === undefined) return `struct ${struct.name} has no field '${name}'`;
  if (value.kind !== 'numbers') return field.pointer ? null : `${name} is no pointer`;
  return value.items.length <= field.count ? null : `${name} has ${field.count === 1 ? 'one element' : `${field.count} elements`}`;
}

/** Request and argument of the words, or what is wrong with them. */
export function readRawIoctl(args: Arguments): { readonly request: RawRequest; readonly argument: RawArgument } | GrammarFault {
  const word = args['request']?.kind === 'word' ? args['request'].text : '';
  const request = readRequest(word);
  if (request === null) {
    const names = IOCTLS.map((i) => i.name);
    return {
      slot: 'request',
      message: `there is no ioctl '${word}'`,
      expected: ['a request'],
      hint: didYouMean(word, names) ?? 'a name or a number',
    };
  }
  const struct = structOf(request);
  const fields = new Map<string, RawValue>();
  let whole: RawValue | null = null;
  let item = 0;
  const wrong = (message: string): GrammarFault => ({
    slot: 'fields',
    item,
    message,
    expected: struct?.fields.map((f) => `${f.name}=`) ?? ['VALUE'],
    hint:
      struct === null
        ? `${word} takes ${request.row?.argument === 'none' ? 'no argument' : 'a number'}`
        : struct.fields.map((f) => `${f.name}=`).join(' '),
  });
  for (const [i, text] of wordsOf(args['fields']).entries()) {
    item = i;
    const member = /^([A-Za-z_]\w*)=(?!=)(.*)$/.exec(text);
    const value = readValue(member === null ? text : member[2]);
    if (typeof value === 'string') return wrong(`${text}: ${value}`);
    if (member === null || member[1] === 'arg') {
      if (whole !== null) return wrong('the argument stands twice');
      if (value.kind === 'numbers' && value.items.length !== 1) return wrong(`${text}: the argument is one value`);
      whole = value;
      continue;
    }
    const fault = struct === null ? `'${word}' takes no struct: there is no field '${member[1]}'` : memberFault(struct, member[1], value);
    if (fault !== null) return wrong(fault);
    if (fields.has(member[1])) return wrong(`${member[1]} stands twice`);
    fields.set(member[1], value);
  }
  if (whole !== null && fields.size > 0) return wrong('the argument is either fields or one value');
  return { request, argument: { fields, whole } };
}

/** The grammar of a raw ioctl's words. */
export function checkRawIoctl(args: Arguments): GrammarFault | null {
  const read = readRawIoctl(args);
  return 'message' in read ? read : null;
}
