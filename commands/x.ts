// x: bytes of memory, as gdb's x (language.md §3, group inspect).
import { hex, hexBytes } from '../src/base/hex.ts';
import { type MemorySpace, readGuestMemory } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { MEMORY_HINT } from '../src/session/hints.ts';
import { formatUnits, type MemoryFormat, memoryFormat, unitsInLine } from '../src/session/memory-format.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { markedValue, seeBytes, spaceName } from '../src/shell/seen.ts';
import type { ShellState } from '../src/shell/state.ts';
import { type Line, text } from '../src/view/doc.ts';

const DEFAULT_LENGTH = 64;
const LONGEST = 1 << 20;

interface UnitLine {
  readonly at: string;
  readonly symbol?: string;
  readonly values: readonly string[];
  /** Which of them changed since they were shown last. */
  readonly changed: readonly number[];
}

const place = (context: Context, address: bigint): Pick<UnitLine, 'at' | 'symbol'> => {
  const symbol = symbolAt(context, address);
  return { at: hex(address), ...(symbol === null ? {} : { symbol }) };
};

function unitLines(
  context: Context,
  address: bigint,
  bytes: Uint8Array,
  format: MemoryFormat,
  changedBytes: readonly number[],
): UnitLine[] {
  const units = formatUnits(bytes, format);
  const perLine = unitsInLine(format);
  const changedUnits = new Set(changedBytes.map((offset) => Math.floor(offset / format.size)));
  return Array.from({ length: Math.ceil(units.length / perLine) }, (_, i) => {
    const values = units.slice(i * perLine, (i + 1) * perLine);
    return {
      ...place(context, address + BigInt(i * perLine * format.size)),
      values,
      changed: [...values.keys()].filter((n) => changedUnits.has(i * perLine + n)),
    };
  });
}

const LONGEST_STRING = 200;

/** Remembers bytes as shown; offsets of those that changed since they were shown last. */
type See = (address: bigint, bytes: Uint8Array) => readonly number[];

/** Strings that a zero byte ends, one behind the other. */
function strings(context: Context, space: MemorySpace, address: bigint, count: number, see: See): Outcome {
  const lines: UnitLine[] = [];
  let all = '';
  let at = address;
  for (let i = 0; i < count; i++) {
    const bytes: number[] = [];
    for (let n = 0n; n < LONGEST_STRING; n++) {
      const byte = readGuestMemory(context.world, context.vm, context.focus, space, at + n, 1);
      if (byte.isErr()) return unmet('unreadable', byte.error, MEMORY_HINT);
      bytes.push(byte.value[0]);
      if (byte.value[0] === 0) break;
    }
    all += hexBytes(Uint8Array.from(bytes), '');
    const text = String.fromCharCode(...bytes).replace(/\0$/, '');
    const changed = see(at, Uint8Array.from(bytes)).length > 0 ? [0] : [];
    lines.push({ ...place(context, at), values: [JSON.stringify(text)], changed });
    at += BigInt(bytes.length);
  }
  return done({ address: hex(address), space, length: Number(at - address), hex: all, lines }, { value: all });
}

const lineOf = ({ at, symbol, values, changed }: UnitLine): Line => [
  { text: at, role: 'address' },
  ...(symbol === undefined ? [] : [{ text: ` <${symbol}>`, role: 'dim' as const }]),
  { text: ':' },
  ...values.flatMap((value, n) => [{ text: '  ' }, changed.includes(n) ? markedValue(value, true) : { text: value }]),
];

export const x = (state: ShellState) =>
  family({
    name: 'x',
    group: 'inspect',
    summary: 'examine memory',
    details: [
      'LEN bytes (64) from ADDR: by default a virtual address of the focused vCPU (`va`); `ipa` is guest physical, `pa` host physical, `vmm` an address of the VMM process.',
      "FORMAT is gdb's: a count, a letter (x hexadecimal, d signed, u unsigned, t binary, a address, c character, s string) and a size (b 1, h 2, w 4, g 8 bytes): x/4xg ADDR.",
      'Reading has no effect on the guest: no translation is cached, no access flag set. Enter on an empty line goes on. What is another than when it was shown last has a `*`.',
    ],
    see: ['dis', 'buffer', 'w'],
    forms: [
      {
        id: 'x',
        syntax: 'x[/<format:WORD>] <address:EXPR> [<length:EXPR>] [--as <space:va|ipa|pa|vmm>]',
        about: 'Show LEN bytes at ADDR, or units by FORMAT.',
        words: {
          '--as': 'which addresses (va)',
          va: 'virtual, of the focused vCPU',
          ipa: 'guest physical',
          pa: 'host physical',
          vmm: 'of the VMM process',
        },
        effect: 'pure',
        repeats: true,
        check: (args) => {
          const { format, length } = args;
          if (format?.kind !== 'word') return null;
          if (memoryFormat(format.text) === null)
            return {
              slot: 'format',
              message: `'${format.text}' is no format of memory`,
              hint: /i/.test(format.text) ? 'dis ADDR COUNT shows instructions' : 'a count, one of x d u t a c s, one of b h w g: x/4xg',
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
          const wanted = format === null ? (length.value ?? BigInt(DEFAULT_LENGTH)) : BigInt(format.count * format.size);
          if (wanted > LONGEST)
            return unmet('too-long', `${wanted} bytes are more than one command shows (1 MiB)`, 'x ADDR LEN, piece by piece');
          const count = Number(wanted);
          const space = (context.word(args['space']) || 'va') as MemorySpace;
          const bytes = readGuestMemory(context.world, context.vm, context.focus, space, address.value ?? 0n, count);
          const see: See = (from, shown) => seeBytes(state.seen, spaceName(context.vm, space, context.focus), from, shown);
          if (format?.letter === 's') return strings(context, space, address.value ?? 0n, format.count, see);
          if (bytes.isErr()) return unmet('unreadable', bytes.error, MEMORY_HINT);
          const changed = see(address.value ?? 0n, bytes.value);
          const shown = format === null ? { changed } : { lines: unitLines(context, address.value ?? 0n, bytes.value, format, changed) };
          return done(
            { address: hex(address.value ?? 0n), space, length: count, hex: hexBytes(bytes.value, ''), ...shown },
            { value: hexBytes(bytes.value, '') },
          );
        },
        show: ({ data }) => {
          if (data === null) return [];
          if (Array.isArray(data['lines'])) return [text(...(data['lines'] as readonly UnitLine[]).map(lineOf))];
          const digits = String(data['hex']);
          const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
          return [{ kind: 'hexdump', base: BigInt(String(data['address'])), bytes, marks: data['changed'] as readonly number[] }];
        },
      },
    ],
  });
