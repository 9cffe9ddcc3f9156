// Random instructions with random states for the differential test: every row that runs at EL0 without leaving the program.
import { decodeWord } from '../../../src/arch/a64/decode.ts';
import { ROWS } from '../../../src/arch/a64/rows.ts';
import type { A64Row } from '../../../src/arch/a64/rows-form.ts';
import { nextRandom } from '../../../src/base/prng.ts';
import { isWide } from '../../../src/machine/cpu/predecode-data.ts';
import { accessSizeLog2 } from '../../../src/machine/cpu/predecode-memory.ts';

/** X0-X28, NZCV, and 256 bytes of memory around the base register. */
export interface State {
  readonly x: BigUint64Array;
  readonly nzcv: number;
  readonly memory: Uint8Array;
  /** The instruction was not a taken branch. */
  readonly fellThrough: boolean;
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

const isBranchOver = (row: A64Row): boolean => ['B', 'B_cond', 'CBZ', 'CBNZ', 'TBZ', 'TBNZ'].includes(row.id);
const isData = (row: A64Row): boolean => row.spe === 'other' || row.spe === 'select';
const UNUSABLE =
  /^(UDF|SVC|HVC|SMC|BRK|HLT|DCPS.|MSR|MRS|SYS|SYSL|DRPS|ERET|WF.|SEVL?|PSB|ADRP?|RMIF|SETF|CFINV|..FLAG|SB$|PRF|HINT|YIELD)/;

/** Rows that the differential test covers. */
export const CASE_ROWS: readonly A64Row[] = ROWS.filter(
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

/** Registers other than X29, X30 and SP, which the harness needs. */
function chooseRegisters(random: Randomness, row: A64Row, given: number): number {
  let word = given;
  const has = (operand: string): boolean => (row.operands as readonly string[]).includes(operand);
  for (const f of row.pattern.fields) {
    if (!/^r[dnmast]2?$/.test(f.name)) continue;
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
  word = setField(row, word, 'rt2', first + 1);
  word = setField(row, word, 'rs', row.id.startsWith('CASP') ? (first + 2) % 24 : 25);
  word = setField(row, word, 'rm', 26);
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
  return { row, word, before: { x, nzcv: (random.below(16) << 28) >>> 0, memory, fellThrough: true } };
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
