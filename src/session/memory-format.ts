// Formats of `x/FMT`: a count, a letter, a size, as gdb's (gdb manual, "Examining Memory"). Little-endian, as arm64 guests are.

export interface MemoryFormat {
  readonly count: number;
  /** x hexadecimal, d signed, u unsigned, t binary, a address, c character, s string. */
  readonly letter: string;
  /** Bytes of a unit. */
  readonly size: 1 | 2 | 4 | 8;
}

const SIZES: Readonly<Record<string, 1 | 2 | 4 | 8>> = { b: 1, h: 2, w: 4, g: 8 };
const MOST = 65_536;

/** `8xg`, `4d`, `s`: letters in any order behind the count; null where it is none. */
export function memoryFormat(text: string): MemoryFormat | null {
  const [, digits, letters] = /^(\d{0,6})([a-z]{0,2})$/.exec(text) ?? [];
  if (letters === undefined || text === '') return null;
  const kinds = [...letters].filter((c) => 'xdutacs'.includes(c));
  const sizes = [...letters].filter((c) => c in SIZES);
  const count = digits === '' ? 1 : Number(digits);
  if (kinds.length > 1 || sizes.length > 1 || kinds.length + sizes.length < letters.length || count < 1 || count > MOST) return null;
  const letter = kinds[0] ?? 'x';
  const own = letter === 'a' ? 8 : letter === 'c' || letter === 's' ? 1 : 4;
  return { count, letter, size: sizes.length === 0 ? own : SIZES[sizes[0]] };
}

function unit(bytes: Uint8Array, at: number, size: number): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return value;
}

/** The units as gdb prints them. */
export function formatUnits(bytes: Uint8Array, { letter, size }: MemoryFormat): string[] {
  const out: string[] = [];
  for (let at = 0; at + size <= bytes.length; at += size) {
    const value = unit(bytes, at, size);
    switch (letter) {
      case 'd':
        out.push(String(BigInt.asIntN(size * 8, value)));
        break;
      case 'u':
        out.push(String(value));
        break;
      case 't':
        out.push(value.toString(2).padStart(size * 8, '0'));
        break;
      case 'c':
        out.push(
          `${BigInt.asIntN(8, value)} '${value >= 0x20n && value < 0x7fn ? String.fromCharCode(Number(value)) : `\\${value.toString(8).padStart(3, '0')}`}'`,
        );
        break;
      case 'a':
        out.push(`0x${value.toString(16)}`);
        break;
      default:
        out.push(`0x${value.toString(16).padStart(size * 2, '0')}`);
    }
  }
  return out;
}

/** Units that stand in one line. */
export const unitsInLine = ({ letter, size }: MemoryFormat): number =>
  letter === 't' ? Math.max(1, 4 / size) : letter === 'a' ? 2 : size === 1 ? 8 : 16 / size;
