// x: bytes of memory, as gdb's x (language.md §3, group inspect).
import { hex, hexBytes } from '../src/base/hex.ts';
import { type MemorySpace, readGuestMemory } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { formatUnits, type MemoryFormat, memoryFormat, unitsInLine } from '../src/session/memory-format.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { type Line, text } from '../src/view/doc.ts';

const DEFAULT_LENGTH = 64;
const LONGEST = 1 << 20;

interface UnitLine {
  readonly at: string;
  readonly symbol?: string;
  readonly values: readonly string[];
}

const place = (context: Context, address: bigint): Pick<UnitLine, 'at' | 'symbol'> => {
  const symbol = symbolAt(context, address);
  return { at: hex(address), ...(symbol === null ? {} : { symbol }) };
};

function unitLines(context: Context, address: bigint, bytes: Uint8Array, format: MemoryFormat): UnitLine[] {
  const units = formatUnits(bytes, format);
  const perLine = unitsInLine(format);
  return Array.from({ length: Math.ceil(units.length / perLine) }, (_, i) => ({
    ...place(context, address + BigInt(i * perLine * format.size)),
    values: units.slice(i * perLine, (i + 1) * perLine),
  }));
}

const LONGEST_STRING = 200;

/** Strings that a zero byte ends, one behind the other. */
function strings(context: Context, space: MemorySpace, address: bigint, count: number): Outcome {
  const lines: UnitLine[] = [];
  let all = '';
  let at = address;
  for (let i = 0; i < count; i++) {
    let string = '';
    for (let n = 0n; n < LONGEST_STRING; n++) {
      const byte = readGuestMemory(context.world, context.vm, context.focus, space, at + n, 1);
      if (byte.isErr()) return unmet('unreadable', byte.error);
      all += hexBytes(byte.value, '');
      if (byte.value[0] === 0) break;
      string += String.fromCharCode(byte.value[0]);
    }
    lines.push({ ...place(context, at), values: [JSON.stringify(string)] });
    at += BigInt(string.length + 1);
  }
  return done({ address: hex(address), space, length: Number(at - address), hex: all, lines }, { value: all });
}

const lineOf = ({ at, symbol, values }: UnitLine): Line => [
  { text: at, role: 'address' },
  ...(symbol === undefined ? [] : [{ text: ` <${symbol}>`, role: 'dim' as const }]),
  { text: `:  ${values.join('  ')}` },
];

export const x = family({
  name: 'x',
  group: 'inspect',
  summary: 'examine memory',
  details: [
    'LEN bytes (64) from ADDR: by default a virtual address of the focused vCPU (`va`); `ipa` is guest physical, `pa` host physical, `vmm` an address of the VMM process.',
    "FORMAT is gdb's: a count, a letter (x hexadecimal, d signed, u unsigned, t binary, a address, c character, s string) and a size (b 1, h 2, w 4, g 8 bytes): x/4xg ADDR.",
    'Reading has no effect on the guest: no translation is cached, no access flag set. Enter on an empty line goes on.',
  ],
  see: ['dis', 'buffer', 'w'],
  forms: [
    {
      id: 'x',
      syntax: 'x[/<format:WORD>] <address:EXPR> [<length:EXPR>] [--as <space:va|ipa|pa|vmm>]',
      about: 'Show LEN bytes at ADDR, or units by FORMAT.',
      effect: 'pure',
      repeats: true,
      check: (args) => {
        const { format, length } = args;
        if (format?.kind !== 'word') return null;
        if (memoryFormat(format.text) === null)
          return {
            slot: 'format',
            message: `'${format.text}' is no format of memory`,
            hint: 'a count, one of x d u t a c s, one of b h w g: x/4xg',
          };
        return length === undefined
          ? null
          : { slot: 'length', message: 'a format counts units: there is no length behind the address', hint: 'x/16xb ADDR' };
      },
      run: (context, args) => {
        const format = memoryFormat(context.word(args['format']));
        const address = context.number(args['address']);
        if (address.isErr()) return refuse(address.error);
        const length = context.number(args['length']);
        if (length.isErr()) return refuse(length.error);
        const count = format === null ? Number(length.value ?? BigInt(DEFAULT_LENGTH)) : format.count * format.size;
        if (count > LONGEST) return unmet('too-long', `${count} bytes are more than one command shows (1 MiB)`);
        const space = (context.word(args['space']) || 'va') as MemorySpace;
        const bytes = readGuestMemory(context.world, context.vm, context.focus, space, address.value ?? 0n, count);
        if (format?.letter === 's') return strings(context, space, address.value ?? 0n, format.count);
        if (bytes.isErr()) return unmet('unreadable', bytes.error);
        const formatted = format === null ? {} : { lines: unitLines(context, address.value ?? 0n, bytes.value, format) };
        return done(
          { address: hex(address.value ?? 0n), space, length: count, hex: hexBytes(bytes.value, ''), ...formatted },
          { value: hexBytes(bytes.value, '') },
        );
      },
      show: ({ data }) => {
        if (data === null) return [];
        if (Array.isArray(data['lines'])) return [text(...(data['lines'] as readonly UnitLine[]).map(lineOf))];
        const digits = String(data['hex']);
        const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
        return [{ kind: 'hexdump', base: BigInt(String(data['address'])), bytes }];
      },
    },
  ],
});
