// Random instructions with random states for the differential test: every row that runs at EL0 without leaving the program.
import { decodeWord } from '../../../src/arch/a64/decode.ts';
import { a64Rows } from '../../../src/arch/a64/rows.ts';
import type { A64Row } from '../../../src/arch/a64/rows-form.ts';
import { nextRandom } from '../../../src/base/prng.ts';
import { isWide } from '../../../src/machine/cpu/predecode-data.ts';
import { accessSizeLog2 } from '../../../src/machine/cpu/predecode-memory.ts';

/** X0-X28, NZCV, V0-V31, FPCR, FPSR, and 256 bytes of memory around the base register. */
export interface State {
  readonly x: BigUint64Array;
  readonly nzcv: number;
  readonly memory: Uint8Array;
  /** The instruction was not a taken branch. */
  readonly fellThrough: boolean;
  readonly fpcr: number;
  readonly fpsr: number;
  /** V0-V31 in halves, the lower one first. */
  readonly v: BigUint64Array;
}

export interface Case {
  readonly row: A64Row;
  readonly word: number;
  readonly before: State;
}

const EDGES = [0n, 1n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffffffffffffn];
/** The base register of loads and stores, and where in the memory window it points. */
const BASE = 28;
const MIDDLE = 128;

export class Randomness {
  private state: number;
  constructor(seed: number) {
    this.state = seed;
  }
  word(): number {
    const next = nextRandom(this.state);
    this.state = next.state;
    return next.draw;
  }
  below(n: number): number {
    return this.word() % n;
  }
  value(): bigint {
    if (this.below(4) === 0) return EDGES[this.below(EDGES.length)];
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }
}

/** Numbers of half, single and double precision where rounding, flushing, NaNs and conversions change. */
const EDGE_FLOATS: Readonly<Record<2 | 4 | 8, readonly bigint[]>> = {
  2: [0x0000n, 0x0001n, 0x03ffn, 0x0400n, 0x3c00n, 0x3c01n, 0x3555n, 0x7bffn, 0x7c00n, 0x7c01n, 0x7e00n, 0x7fffn],
  4: [
    0x00000000n,
    0x00000001n,
    0x007fffffn,
    0x00800000n,
    0x00800001n,
    0x3effffffn,
    0x3f000000n,
    0x3f800000n,
    0x3f800001n,
    0x3fc00000n,
    0x40200000n,
    0x387fc000n,
    0x33000001n,
    0x477fe000n,
    0x477ff000n,
    0x4effffffn,
    0x4f000000n,
    0x4f800000n,
    0x5effffffn,
    0x5f000000n,
    0x7f7fffffn,
    0x7f800000n,
    0x7f800001n,
    0x7fc00000n,
    0x7fc12345n,
  ],
  8: [
    0x0000000000000000n,
    0x0000000000000001n,
    0x000fffffffffffffn,
    0x0010000000000000n,
    0x0010000000000001n,
    0x3fdfffffffffffffn,
    0x3fe0000000000000n,
    0x3ff0000000000000n,
    0x3ff0000000000001n,
    0x3ff8000000000000n,
    0x4004000000000000n,
    0x380fffffffffffffn,
    0x3810000000000000n,
    0x47efffffe0000000n,
    0x47effffff0000000n,
    0x36a0000000000000n,
    0x41dfffffffc00000n,
    0x41dfffffffe00000n,
    0x43dfffffffffffffn,
    0x43e0000000000000n,
    0x43f0000000000000n,
    0x7fefffffffffffffn,
    0x7ff0000000000000n,
    0x7ff0000000000001n,
    0x7ff8000000000000n,
    0x7ff8123456789abcn,
  ],
};

const isBranchOver = (row: A64Row): boolean => ['B', 'B_cond', 'CBZ', 'CBNZ', 'TBZ', 'TBNZ'].includes(row.id);
/** A vector register's lower or upper half: numbers of one precision, edges among them and numbers near to each other; or anything. */
function vectorHalf(random: Randomness): bigint {
  const bytes = ([2, 4, 8, 4, 8] as const)[random.below(5)];
  if (random.below(5) === 0) return random.value();
  let value = 0n;
  for (let at = 0; at < 8; at += bytes) value |= float(random, bytes) << BigInt(8 * at);
  return value;
}

function float(random: Randomness, bytes: 2 | 4 | 8): bigint {
  const width = 8 * bytes;
  const sign = random.below(2) === 0 ? 0n : 1n << BigInt(width - 1);
  const edges = EDGE_FLOATS[bytes];
  if (random.below(3) === 0) return sign | edges[random.below(edges.length)];
  const any = BigInt.asUintN(width, (BigInt(random.word()) << 32n) | BigInt(random.word()));
  if (random.below(3) === 0) return any;
  // An exponent around that of 1, so that operands meet; the fraction sometimes ends in zeros, so that results are exact or ties.
  const fraction = bytes === 2 ? 10 : bytes === 4 ? 23 : 52;
  const bias = bytes === 2 ? 15 : bytes === 4 ? 127 : 1023;
  const kept = random.below(2) === 0 ? any : (any >> BigInt(fraction - 4)) << BigInt(fraction - 4);
  const spread = random.below(2) === 0 ? 8 : Math.min(70, bias * 2 - 2);
  const exponent = bias + (random.below(spread) - (spread >> 1));
  return sign | (BigInt(exponent) << BigInt(fraction)) | (kept & ((1n << BigInt(fraction)) - 1n));
}

/** FPCR: everything at zero half of the time, else any of AHP, DN, FZ and a rounding mode. */
const controlWord = (random: Randomness): number => (random.below(2) === 0 ? 0 : random.below(32) << 22);
const STATUS_BITS = 0x0800009f;

const isData = (row: A64Row): boolean => row.spe === 'other' || row.spe === 'select';
const UNUSABLE =
  /^(UDF|SVC|HVC|SMC|BRK|HLT|DCPS.|MSR|MRS|SYS|SYSL|DRPS|ERET|WF.|SEVL?|PSB|ADRP?|RMIF|SETF|CFINV|..FLAG|SB$|PRF|HINT|YIELD)/;

/** Rows that the differential test covers. */
export const CASE_ROWS: readonly A64Row[] = a64Rows().filter(
  (row) =>
    !UNUSABLE.test(row.id) &&
    !/FlagM|LRCPC2|FEAT_SB|PAuth|BTI|DGH|RAS|TRF/.test(row.feature ?? '') &&
    (isData(row) || isBranchOver(row) || (row.access !== undefined && !row.operands.includes('label19'))),
);

function setField(row: A64Row, word: number, name: string, value: number): number {
  const f = row.pattern.fields.find((x) => x.name === name);
  if (f === undefined) return word;
  const mask = f.width === 32 ? -1 : (1 << f.width) - 1;
  return ((word & ~(mask << f.shift)) | ((value & mask) << f.shift)) >>> 0;
}

/** The field names a SIMD&FP register. */
const isVectorField = (row: A64Row, field: string): boolean =>
  row.vector !== undefined && row.operands.some((o) => new RegExp(`^(\\{?V|[BHSDQFEG])${field.slice(1)}(\\.|$)`).test(o));

/** Registers other than X29, X30 and SP, which the harness needs. */
function chooseRegisters(random: Randomness, row: A64Row, given: number): number {
  let word = given;
  const has = (operand: string): boolean => (row.operands as readonly string[]).includes(operand);
  for (const f of row.pattern.fields) {
    if (!/^r[dnmast]2?$/.test(f.name)) continue;
    if (isVectorField(row, f.name)) {
      word = setField(row, word, f.name, random.below(32));
      continue;
    }
    const zeroAllowed = !has(`R${f.name.slice(1)}|SP`) && !(f.name === 'rn' && row.access !== undefined);
    word = setField(row, word, f.name, zeroAllowed && random.below(8) === 0 ? 31 : random.below(27));
  }
  return word;
}

function memoryWord(random: Randomness, row: A64Row, given: number): number {
  let word = setField(row, given, 'rn', BASE);
  const size = accessSizeLog2(row.access!, isWide(row, word));
  // Distinct transfer registers: equal ones are CONSTRAINED UNPREDICTABLE.
  const first = random.below(12) * 2;
  word = setField(row, word, 'rt', row.id.startsWith('CASP') ? first : random.below(8) === 0 && !row.access!.pair ? 31 : first);
  if (row.vector !== undefined) word = setField(row, word, 'rt', random.below(31));
  word = setField(row, word, 'rt2', row.vector !== undefined ? 31 : first + 1);
  word = setField(row, word, 'rs', row.id.startsWith('CASP') ? (first + 2) % 24 : 25);
  if (row.operands[row.operands.length - 1] !== '[],total') word = setField(row, word, 'rm', 26);
  const form = row.operands[row.operands.length - 1];
  if (form === '[imm12]') word = setField(row, word, 'imm', random.below(8));
  else if (form.includes('imm9')) word = setField(row, word, 'imm', random.below(64) - 32);
  else if (form.includes('imm7')) word = setField(row, word, 'imm', random.below(5) - 2);
  else if (form === '[]') word = setField(row, word, 'imm', 0);
  return size >= 0 ? word : word;
}

/** Bits that are neither fixed nor a field: should-be-one; other values are CONSTRAINED UNPREDICTABLE. */
function shouldBeOnes(row: A64Row): number {
  return row.pattern.fields.reduce((bits, f) => bits & ~(((1 << f.width) - 1) << f.shift), ~row.pattern.mask);
}

/** A case of the row; null when the random word is not allocated. `base`: address of the memory window. */
export function randomCase(random: Randomness, row: A64Row, base: number): Case | null {
  let word = ((random.word() & ~row.pattern.mask) | row.pattern.value | shouldBeOnes(row)) >>> 0;
  if (row.access === undefined || row.spe === 'other') word = chooseRegisters(random, row, word);
  else word = memoryWord(random, row, word);
  if (isBranchOver(row)) word = setField(row, word, 'imm', 2); // over the next instruction
  if (decodeWord(word) !== row) return null;
  const x = new BigUint64Array(29);
  for (let i = 0; i < 29; i++) x[i] = random.value();
  if (row.access !== undefined) {
    const size = accessSizeLog2(row.access, isWide(row, word)) + (row.access.pair ? 1 : 0);
    // A structure is up to 64 bytes from the base on; the window has 96 behind the middle's last.
    const ordered = row.access.acquire || row.access.release || row.access.exclusive || row.spe === 'atomic';
    // Ordered accesses must be aligned; others need not be.
    x[BASE] = BigInt(base + MIDDLE + (ordered ? random.below(4) << size : random.below(33)));
    x[26] = BigInt.asUintN(64, BigInt(random.below(13) - 6));
    if (random.below(3) === 0) x[26] = (x[26] & 0xffffffffn) | (BigInt(random.word()) << 32n); // the high half matters to X forms only
    const option = (word >>> 13) & 7;
    if (row.operands.includes('[Rm]') && (option === 3 || option === 7)) x[26] = BigInt.asUintN(64, BigInt.asIntN(32, x[26]));
    if (row.operands.includes('[Rm]') && option === 2) x[26] &= ~0x80000000n & ~0x7ffffff0n; // UXTW of a negative would leave the window
  }
  const memory = new Uint8Array(256);
  for (let i = 0; i < 256; i++) memory[i] = random.word();
  // A CAS that compares equal now and then.
  if (row.id.startsWith('CAS') && random.below(2) === 0) {
    const view = new DataView(memory.buffer);
    const at = Number(x[BASE]) - base;
    const s = (word >>> 16) & 31;
    x[s] = view.getBigUint64(at, true);
    if (s < 28) x[s + 1] = view.getBigUint64(at + 8, true);
    if (row.id.startsWith('CASP') && !isWide(row, word)) {
      x[s] = BigInt(view.getUint32(at, true));
      x[s + 1] = BigInt(view.getUint32(at + 4, true));
    }
  }
  const v = BigUint64Array.from({ length: 64 }, () => vectorHalf(random));
  // Equal and opposite operands.
  if (row.vector !== undefined && random.below(6) === 0) {
    const [n, m] = [(word >>> 5) & 31, (word >>> 16) & 31];
    for (const half of [0, 1]) v[2 * m + half] = v[2 * n + half] ^ (random.below(2) === 0 ? 0n : 0x8000000080000000n);
  }
  const floating =
    row.vector === undefined ? { fpcr: 0, fpsr: 0 } : { fpcr: controlWord(random), fpsr: (random.below(2) * random.word()) & STATUS_BITS };
  return { row, word, before: { x, nzcv: (random.below(16) << 28) >>> 0, memory, fellThrough: true, v, ...floating } };
}

/** `count` cases, every row in turn. */
export function randomCases(seed: number, count: number, base: number): Case[] {
  const random = new Randomness(seed);
  const cases: Case[] = [];
  for (let i = 0; cases.length < count; i++) {
    const one = randomCase(random, CASE_ROWS[i % CASE_ROWS.length], base);
    if (one !== null) cases.push(one);
  }
  return cases;
}
