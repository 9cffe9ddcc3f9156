// Which operations make a region: the basic blocks of one page that are reached from its entry without leaving the page, in the order of their
// addresses, and the loops they form. Offsets are words of the page (0-1023).

import { BRANCH_CALL, BRANCH_INDIRECT_CALL } from '../../timing/predictor.ts';
import { records } from '../lanes.ts';
import { OP_B, OP_B_EQ, OP_B_NOT_ZERO, OP_B_REGISTER, OP_UNDECODED } from '../operations.ts';
import { predecode } from '../predecode.ts';
import { isCompiled } from './data.ts';

export const WORDS = 1024;
/** Words that a record has; its distance to the next. */
const RECORD = 8;
/** More operations than anyone's hot loop; what is not reached by then is left to the interpreter. */
const MOST_OPERATIONS = 400;

export interface Block {
  /** First word, and the one behind the last operation that is compiled. */
  readonly start: number;
  readonly end: number;
  /** How it ends: a branch (its last operation), an operation that is not compiled (at `end`), or where the next block begins. */
  readonly ends: 'branch' | 'operation' | 'next';
}

export interface Region {
  readonly blocks: readonly Block[];
  /** Number of the block that begins at a word; -1 = none. */
  readonly blockAt: Int16Array;
  /** Blocks that a return may come to: what stands behind calls. */
  readonly returns: readonly number[];
  readonly entry: number;
}

export const isBranch = (operation: number): boolean => operation >= OP_B && operation <= OP_B_NOT_ZERO;

/** The word a direct branch goes to; null: another page. */
export function targetWord(at: number, word: number): number | null {
  const distance = records()[at + 1];
  return distance === 0 ? null : word + distance / RECORD;
}

/** The operation of a word's record, decoded when it was not yet; `page`: the page's words in memory. */
function operationAt(base: number, word: number, page: Int32Array): number {
  const all = records();
  const at = base + word * RECORD;
  if ((all[at] & 127) === OP_UNDECODED && word < WORDS) predecode(at, page[word], word * 4);
  return all[at] & 127;
}

const isCall = (at: number): boolean => {
  const head = records()[at];
  const kind = (head >>> 20) & 63;
  const operation = head & 127;
  return (operation === OP_B && kind === BRANCH_CALL) || (operation === OP_B_REGISTER && kind === BRANCH_INDIRECT_CALL);
};

/** Every operation that is reached from `entry`, as flags by word, and where blocks begin. */
function reach(base: number, entry: number, page: Int32Array): { reached: Uint8Array; leaders: Uint8Array; returns: number[] } {
  const reached = new Uint8Array(WORDS + 1);
  const leaders = new Uint8Array(WORDS + 1);
  const returns: number[] = [];
  const waiting = [entry];
  let count = 0;
  leaders[entry] = 1;
  while (waiting.length > 0) {
    for (let word = waiting.shift()!; word < WORDS && reached[word] === 0 && count < MOST_OPERATIONS; word++) {
      const operation = operationAt(base, word, page);
      const at = base + word * RECORD;
      if (!isBranch(operation) && !isCompiled(at)) break;
      reached[word] = 1;
      count += 1;
      if (!isBranch(operation)) continue;
      const to = operation === OP_B_REGISTER ? null : targetWord(at, word);
      if (to !== null) {
        leaders[to] = 1;
        waiting.push(to);
      }
      leaders[word + 1] = 1;
      if (isCall(at) && word + 1 < WORDS) {
        returns.push(word + 1);
        waiting.push(word + 1);
      }
      if (operation < OP_B_EQ) break;
    }
  }
  return { reached, leaders, returns };
}

/** The region entered at word `entry` of the page whose records begin at `base`; null when its first operation is not compiled. */
export function findRegion(base: number, entry: number, page: Int32Array): Region | null {
  const { reached, leaders, returns } = reach(base, entry, page);
  if (reached[entry] === 0) return null;
  const all = records();
  const blocks: Block[] = [];
  const blockAt = new Int16Array(WORDS + 1).fill(-1);
  for (let word = 0; word < WORDS; word++) {
    if (reached[word] === 0) continue;
    const start = word;
    blockAt[start] = blocks.length;
    let ends: Block['ends'] = 'operation';
    for (; reached[word] === 1; word++) {
      if (isBranch(all[base + word * RECORD] & 127)) {
        ends = 'branch';
        word += 1;
        break;
      }
      if (leaders[word + 1] === 1 && reached[word + 1] === 1) {
        ends = 'next';
        word += 1;
        break;
      }
    }
    blocks.push({ start, end: word, ends });
    word -= 1;
  }
  const known = returns.map((word) => blockAt[word]).filter((block) => block >= 0);
  return { blocks, blockAt, returns: [...new Set(known)], entry: blockAt[entry] };
}

/** Blocks `head` to `end` are a loop: some block of them branches back to `head`. */
export interface Interval {
  readonly head: number;
  readonly end: number;
}

/** Numbers of the blocks that a block may go to directly. */
export function successors(region: Region, base: number, number: number): number[] {
  const block = region.blocks[number];
  if (block.ends === 'operation') return [];
  if (block.ends === 'next') return [number + 1];
  const word = block.end - 1;
  const at = base + word * RECORD;
  const operation = records()[at] & 127;
  const to = operation === OP_B_REGISTER ? null : targetWord(at, word);
  const out: number[] = [];
  if (to !== null && region.blockAt[to] >= 0) out.push(region.blockAt[to]);
  if (operation >= OP_B_EQ && region.blockAt[block.end] >= 0) out.push(region.blockAt[block.end]);
  return out;
}

/** Its loops by their first block, properly nested: of two that overlap one is made. */
export function findLoops(region: Region, base: number): readonly Interval[] {
  const ends = new Map<number, number>();
  for (let from = 0; from < region.blocks.length; from++) {
    for (const to of successors(region, base, from)) if (to <= from) ends.set(to, Math.max(ends.get(to) ?? -1, from));
  }
  const loops: Interval[] = [];
  for (const head of [...ends.keys()].sort((a, b) => a - b)) {
    let end = ends.get(head)!;
    for (const [other, otherEnd] of [...ends].sort((a, b) => a[0] - b[0])) if (other > head && other <= end) end = Math.max(end, otherEnd);
    loops.push({ head, end });
  }
  return loops;
}
