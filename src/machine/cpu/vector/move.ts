// Copies of elements, modified immediates, permutations and table lookups. Source: Arm ARM DDI 0487, C7.2.
import { expandFloat, expandMask } from '../../../arch/a64/modified-immediate.ts';
import type { A64Row } from '../../../arch/a64/rows-form.ts';
import { bits } from '../../../arch/a64/rows-form.ts';
import { SINK, ZERO } from '../context.ts';
import type { Core } from '../core.ts';
import { type Executor, rd, rm, rn } from './elements.ts';
import { getElement, getElements, setElement, setElements } from './registers.ts';

const bytesOf = (w: number): number => (bits(w, 30, 30) === 1 ? 16 : 8);

/** A general register, 31 = zero. */
export function readGeneral(core: Core, r: number): bigint {
  const at = r === 31 ? ZERO : r;
  return (BigInt(core.hi[at] >>> 0) << 32n) | BigInt(core.lo[at] >>> 0);
}

/** Sets a general register to 64 bits, 31 = nothing. */
export function writeGeneral(core: Core, r: number, value: bigint): void {
  const at = r === 31 ? SINK : r;
  core.lo[at] = Number(BigInt.asIntN(32, value));
  core.hi[at] = Number(BigInt.asIntN(32, value >> 32n));
}

/** imm5: the lowest bit that is set says the size, the bits above it the index. */
function element5(word: number): { size: number; index: number } {
  const imm5 = bits(word, 20, 16);
  const size = 31 - Math.clz32(imm5 & -imm5);
  return { size, index: imm5 >> (size + 1) };
}

const duplicate = (core: Core, word: number, size: number, value: bigint): void =>
  setElements(core.vector, rd(word), size, new Array<bigint>(bytesOf(word) >> size).fill(value));

const COPIES: Readonly<Record<string, Executor>> = {
  DUP_element: (core, word) => {
    const { size, index } = element5(word);
    duplicate(core, word, size, getElement(core.vector, rn(word), size, index));
  },
  DUP_scalar: (core, word) => {
    const { size, index } = element5(word);
    setElements(core.vector, rd(word), size, [getElement(core.vector, rn(word), size, index)]);
  },
  DUP_general: (core, word) => duplicate(core, word, element5(word).size, readGeneral(core, rn(word))),
  INS_general: (core, word) => {
    const { size, index } = element5(word);
    setElement(core.vector, rd(word), size, index, readGeneral(core, rn(word)));
  },
  INS_element: (core, word) => {
    const { size, index } = element5(word);
    setElement(core.vector, rd(word), size, index, getElement(core.vector, rn(word), size, bits(word, 14, 11) >> size));
  },
  UMOV: (core, word) => {
    const { size, index } = element5(word);
    writeGeneral(core, rd(word), getElement(core.vector, rn(word), size, index));
  },
  SMOV_W: (core, word) => {
    const { size, index } = element5(word);
    writeGeneral(core, rd(word), BigInt.asUintN(32, BigInt.asIntN(8 << size, getElement(core.vector, rn(word), size, index))));
  },
  SMOV_X: (core, word) => {
    const { size, index } = element5(word);
    writeGeneral(core, rd(word), BigInt.asIntN(8 << size, getElement(core.vector, rn(word), size, index)));
  },
};

const imm8Of = (word: number): number => (bits(word, 18, 16) << 5) | bits(word, 9, 5);

/** AdvSIMDExpandImm: size of the elements and their value. */
function expandImmediate(word: number): { size: number; value: bigint } {
  const imm8 = BigInt(imm8Of(word));
  const cmode = bits(word, 15, 12);
  if (cmode < 8) return { size: 2, value: imm8 << BigInt(8 * (cmode >> 1)) };
  if (cmode < 12) return { size: 1, value: imm8 << BigInt(8 * ((cmode >> 1) & 1)) };
  if (cmode === 12) return { size: 2, value: (imm8 << 8n) | 0xffn };
  if (cmode === 13) return { size: 2, value: (imm8 << 16n) | 0xffffn };
  if (cmode === 14) return bits(word, 29, 29) === 0 ? { size: 0, value: imm8 } : { size: 3, value: expandMask(Number(imm8)) };
  return bits(word, 29, 29) === 0 ? { size: 2, value: floatBits(Number(imm8), 2) } : { size: 3, value: floatBits(Number(imm8), 3) };
}

const view = new DataView(new ArrayBuffer(8));

/** VFPExpandImm as single (size 2) or double precision: every one is exact. */
export function floatBits(imm8: number, size: number): bigint {
  if (size === 2) {
    view.setFloat32(0, expandFloat(imm8));
    return BigInt(view.getUint32(0));
  }
  view.setFloat64(0, expandFloat(imm8));
  return view.getBigUint64(0);
}

const setImmediate =
  (invert: boolean): Executor =>
  (core, word) => {
    const { size, value } = expandImmediate(word);
    duplicate(core, word, size, invert ? ~value : value);
  };

const withImmediate =
  (operation: (d: bigint, imm: bigint) => bigint): Executor =>
  (core, word) => {
    const { size, value } = expandImmediate(word);
    const d = getElements(core.vector, rd(word), size, bytesOf(word) >> size);
    setElements(core.vector, rd(word), size, d.map((x) => operation(x, value))); // biome-ignore format: one line
  };

const IMMEDIATES: Readonly<Record<string, Executor>> = {
  MOVI: setImmediate(false),
  MVNI: setImmediate(true),
  FMOV_immediate_s: setImmediate(false),
  FMOV_immediate_d: setImmediate(false),
  ORR_immediate: withImmediate((d, imm) => d | imm),
  BIC_immediate: withImmediate((d, imm) => d & ~imm),
};

/** Which element of Vm:Vn the i-th of `count` is. */
type Pick = (i: number, count: number) => number;

const PERMUTATIONS: Readonly<Record<string, Pick>> = {
  UZP1: (i) => 2 * i,
  UZP2: (i) => 2 * i + 1,
  TRN1: (i, count) => (i & ~1) + (i & 1) * count,
  TRN2: (i, count) => (i | 1) + (i & 1) * count,
  ZIP1: (i, count) => (i >> 1) + (i & 1) * count,
  ZIP2: (i, count) => ((count + i) >> 1) + (i & 1) * count,
};

const permute =
  (pick: Pick): Executor =>
  (core, word) => {
    const size = bits(word, 23, 22);
    const count = bytesOf(word) >> size;
    const all = [...getElements(core.vector, rn(word), size, count), ...getElements(core.vector, rm(word), size, count)];
    setElements(core.vector, rd(word), size, all.slice(0, count).map((_, i) => all[pick(i, count)])); // biome-ignore format: one line
  };

const extract: Executor = (core, word) => {
  const count = bytesOf(word);
  const from = bits(word, 14, 11);
  const all = [...getElements(core.vector, rn(word), 0, count), ...getElements(core.vector, rm(word), 0, count)];
  setElements(core.vector, rd(word), 0, all.slice(from, from + count));
};

/** Bytes by index from one to four registers; an index beyond them gives zero, or leaves the byte (TBX). */
const lookUp =
  (keep: boolean): Executor =>
  (core, word) => {
    const table: bigint[] = [];
    for (let i = 0; i <= bits(word, 14, 13); i++) table.push(...getElements(core.vector, (rn(word) + i) & 31, 0, 16));
    const d = getElements(core.vector, rd(word), 0, bytesOf(word));
    const index = getElements(core.vector, rm(word), 0, bytesOf(word));
    setElements(core.vector, rd(word), 0, d.map((x, i) => table[Number(index[i])] ?? (keep ? x : 0n))); // biome-ignore format: one line
  };

/** The executor of a row that moves elements; null: it is not of this file. */
export function moveExecutor(row: A64Row): Executor | null {
  const family = row.id.replace(/_[bhsd]$/, '');
  const name = row.id.replace(/_.*$/, '');
  if (COPIES[family] !== undefined) return COPIES[family];
  const immediate = IMMEDIATES[row.id] ?? IMMEDIATES[family] ?? (name.startsWith('M') ? IMMEDIATES[name] : undefined);
  if (immediate !== undefined) return immediate;
  if (PERMUTATIONS[row.id] !== undefined) return permute(PERMUTATIONS[row.id]);
  if (row.id === 'EXT') return extract;
  return row.id === 'TBL' || row.id === 'TBX' ? lookUp(row.id === 'TBX') : null;
}
