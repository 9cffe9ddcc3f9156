// How a system register is written down: one row, its 64 bits covered exactly once, with its source.

export type Access = 'rw' | 'ro' | 'wo';

export interface RegisterField {
  readonly name: string; // 'RES0' and 'RES1' for reserved bits
  readonly high: number;
  readonly low: number;
  /** Meanings of values, where the manual enumerates them. */
  readonly values?: Readonly<Record<number, string>>;
  /** One line, where the name does not say it. */
  readonly about?: string;
}

export interface SystemRegister {
  readonly name: string;
  /** op0, op1, CRn, CRm, op2. */
  readonly encoding: readonly [number, number, number, number, number];
  /** op0<<14 | op1<<11 | CRn<<7 | CRm<<3 | op2: the key of MSR/MRS decode, of vGIC CPU_SYSREGS and of the ONE_REG id. */
  readonly key: number;
  readonly title: string;
  readonly access: Access;
  readonly reset: bigint;
  /** Bits that a write can change; RES0 and RES1 bits are not among them. */
  readonly writable: bigint;
  /** Bits that always read as one. */
  readonly ones: bigint;
  readonly fields: readonly RegisterField[];
  /** When it is there, what traps it, what a write does besides: one sentence each. */
  readonly notes?: readonly string[];
  readonly source: string;
}

export function sysregKey(op0: number, op1: number, crn: number, crm: number, op2: number): number {
  return (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
}

/** The key of an MRS or MSR (register): bits 19:5 of the word, whose o0 is op0 less 2. DDI 0487 C6.2. */
export const keyOfWord = (word: number): number => 0x8000 | ((word >>> 5) & 0x7fff);

/** op0, op1, CRn, CRm, op2 of a key. */
export function encodingOfKey(key: number): SystemRegister['encoding'] {
  return [key >> 14, (key >> 11) & 7, (key >> 7) & 15, (key >> 3) & 15, key & 7];
}

type FieldOptions = Omit<RegisterField, 'name' | 'high' | 'low'>;

export const field = (high: number, low: number, name: string, options: FieldOptions = {}): RegisterField => ({
  name,
  high,
  low,
  ...options,
});
export const bit = (at: number, name: string, about?: string): RegisterField =>
  about ? { name, high: at, low: at, about } : { name, high: at, low: at };
export const oneOf = (
  high: number,
  low: number,
  name: string,
  values: Readonly<Record<number, string>>,
  about?: string,
): RegisterField => ({
  name,
  high,
  low,
  values,
  ...(about ? { about } : {}),
});
export const res0 = (high: number, low = high): RegisterField => ({ name: 'RES0', high, low });
export const res1 = (high: number, low = high): RegisterField => ({ name: 'RES1', high, low });

const ones = (high: number, low: number): bigint => ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);

/** 2^bits - 1. */
const onesBelow = (bits: number): number => 2 ** bits - 1;
const joinHalves = ([low, high]: readonly number[]): bigint => (BigInt(high) << 32n) | BigInt(low);

/** A register row. Throws (our bug) on a gap or an overlap of its fields. Source: document and section. */
export function sysreg(
  name: string,
  encoding: SystemRegister['encoding'],
  title: string,
  source: string,
  fields: readonly RegisterField[],
  options: { access?: Access; reset?: bigint; notes?: readonly string[] } = {},
): SystemRegister {
  let at = 63;
  // Halves, for there are some two thousand fields to add up at every start.
  const writableHalves = [0, 0];
  const onesHalves = [0, 0];
  for (const f of fields) {
    if (f.high !== at || f.low > f.high) throw new Error(`${name}: bits ${f.high}:${f.low} (${f.name}) after bit ${at + 1}`);
    at = f.low - 1;
    if (f.name === 'RES0') continue;
    const halves = f.name === 'RES1' ? onesHalves : writableHalves;
    if (f.high >= 32) halves[1] += onesBelow(f.high - 31) - onesBelow(Math.max(f.low - 32, 0));
    if (f.low < 32) halves[0] += onesBelow(Math.min(f.high, 31) + 1) - onesBelow(f.low);
  }
  if (at !== -1) throw new Error(`${name}: bits ${at}:0 are not described`);
  const writable = joinHalves(writableHalves);
  const fixedOnes = joinHalves(onesHalves);
  const access = options.access ?? 'rw';
  return {
    name,
    encoding,
    key: sysregKey(...encoding),
    title,
    access,
    reset: options.reset ?? fixedOnes,
    writable: access === 'ro' ? 0n : writable,
    ones: fixedOnes,
    fields,
    ...(options.notes === undefined ? {} : { notes: options.notes }),
    source,
  };
}

/** The field's value in `word`. */
export function readField(word: bigint, f: RegisterField): bigint {
  return (word >> BigInt(f.low)) & ((1n << BigInt(f.high - f.low + 1)) - 1n);
}

/** `word` with the field set to `value`, which is cut to the field's width. */
export function withField(word: bigint, f: RegisterField, value: bigint): bigint {
  const mask = ones(f.high, f.low);
  return (word & ~mask) | ((value << BigInt(f.low)) & mask);
}
