// print: the value of an expression (language.md §3, group inspect). Values go into the history: $_, $1, $2, …
import { hex } from '../src/base/hex.ts';
import type { Expression } from '../src/session/expression.ts';
import { done, unmet } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

/** Whether an address, register or memory value is in it: those are shown in hexadecimal. */
function isMachineValue(context: Context, e: Expression): boolean {
  switch (e.kind) {
    case 'number':
      return false;
    case 'name':
    case 'symbol':
    case 'field':
    case 'memory':
      return true;
    case 'variable': {
      if (/^\d+$/.test(e.name)) return typeof context.values[Number(e.name) - 1] === 'string';
      if (e.name === '_') return typeof context.values[context.values.length - 1] === 'string';
      return e.name !== '?' && !context.variables.has(e.name);
    }
    case 'unary':
      return e.operator !== '!' && isMachineValue(context, e.operand);
    case 'binary':
      if (['<', '<=', '>', '>=', '==', '!=', '&&', '||'].includes(e.operator)) return false;
      return isMachineValue(context, e.left) || isMachineValue(context, e.right);
  }
}

/** A stored value that is no number (`$?`, bytes that `x` read) is printed as it is. */
function storedText(context: Context, e: Expression): string | null {
  if (e.kind !== 'variable') return null;
  if (e.name === '?') return context.lastErrno;
  const at = e.name === '_' ? context.values.length : /^\d+$/.test(e.name) ? Number(e.name) : 0;
  const value = context.values[at - 1];
  return typeof value === 'string' && !/^0x[0-9a-f]+$/i.test(value) ? value : null;
}

type Format = '' | 'x' | 'd' | 'u' | 't';

function formatted(value: bigint, format: Format, machine: boolean): { readonly value: number | string; readonly text: string } {
  const number = (v: bigint): number | string =>
    v >= BigInt(Number.MIN_SAFE_INTEGER) && v <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(v) : hex(v);
  const signed = BigInt.asIntN(64, value);
  switch (format) {
    case 'x':
      return { value: hex(value), text: hex(value) };
    case 't':
      return { value: hex(value), text: `0b${value.toString(2)}` };
    case 'd':
      return { value: number(signed), text: String(signed) };
    case 'u':
      return { value: number(value), text: String(value) };
    default:
      return machine ? { value: hex(value), text: hex(value) } : { value: number(value), text: String(number(value)) };
  }
}

export const print = family({
  name: 'print',
  group: 'inspect',
  summary: 'the value of an expression',
  details: [
    'Addresses, registers and memory are shown in hexadecimal, other numbers in decimal; /x hexadecimal, /d signed decimal, /u unsigned decimal, /t binary.',
    'Each value is kept as $1, $2, …; $_ is the last one, of any command that reads a value.',
  ],
  see: ['let', 'assert', 'reg', 'x', 'expressions'],
  forms: [
    {
      id: 'print',
      syntax: 'print[/<format:x|d|u|t>] <value:REST>',
      about: 'Show EXPR and keep its value.',
      effect: 'session',
      run: (context, args) => {
        const argument = args['value'];
        if (argument?.kind !== 'expression') throw new Error('print without its expression');
        const stored = storedText(context, argument.expression);
        if (stored !== null) return done({ text: stored, number: context.values.length + 1 }, { value: stored });
        const value = context.evaluate(argument.expression);
        if (value.isErr()) return unmet(value.error.code, value.error.message, value.error.hint);
        const shown = formatted(value.value, context.word(args['format']) as Format, isMachineValue(context, argument.expression));
        return done({ text: shown.text, number: context.values.length + 1 }, { value: shown.value });
      },
      show: ({ data }) =>
        data === null
          ? []
          : [text([{ text: `$${String(data['number'])}`, role: 'dim' }, { text: ' = ' }, { text: String(data['text']), role: 'number' }])],
    },
  ],
});
