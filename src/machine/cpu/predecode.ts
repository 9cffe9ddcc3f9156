// From an instruction word to a record of the interpreter: operations.ts says what a record holds.
import { decodeWord } from '../../arch/a64/decode.ts';
import type { A64Row } from '../../arch/a64/rows-form.ts';
import { records } from './lanes.ts';
import { OP_MEMORY_SPECIAL, OP_NOP, OP_SYSTEM } from './operations.ts';
import { DATA_BUILDERS, fieldsOf, type Words } from './predecode-data.ts';
import { branchWords, memoryWords } from './predecode-memory.ts';
import { needsLoopState } from './vector/execute.ts';

/** FEAT_… that the CPU has; rows of others are UNDEFINED (hints without them are NOPs). */
export const IMPLEMENTED_FEATURES: ReadonlySet<string> = new Set(['FEAT_LSE', 'FEAT_CRC32', 'FEAT_LRCPC', 'FEAT_LOR', 'FEAT_SPE']);

/** Hints that do something; every other is a NOP. */
const ACTIVE_HINTS: ReadonlySet<string> = new Set(['WFE', 'WFI', 'SEV', 'SEVL', 'PSB_CSYNC']);
/** Operations finish in order and changes of system registers act at once: nothing is left for a barrier to do. */
const BARRIERS: ReadonlySet<string> = new Set(['DMB', 'DSB', 'ISB', 'SSBB', 'PSSBB']);

const isHint = (word: number): boolean => (word & 0xfffff01f) >>> 0 === 0xd503201f;

/** True when the CPU executes the row: else its words are UNDEFINED. */
export function isImplemented(row: A64Row, word: number): boolean {
  return row.feature === undefined || IMPLEMENTED_FEATURES.has(row.feature) || isHint(word);
}

function wordsOf(word: number, pageOffset: number): Words {
  const row = decodeWord(word);
  if (row === null || !isImplemented(row, word)) return [OP_SYSTEM];
  if (BARRIERS.has(row.id) || (isHint(word) && !ACTIVE_HINTS.has(row.id)) || row.id === 'PRFM_literal') return [OP_NOP];
  if (row.vector !== undefined) return needsLoopState(row) ? [OP_SYSTEM] : [OP_MEMORY_SPECIAL, 0, 0, 0, 0, 0, 0, word];
  const fields = fieldsOf(row, word);
  const build = DATA_BUILDERS[row.id];
  if (build !== undefined) return build(fields);
  if (row.branch !== undefined) return branchWords(fields, pageOffset) ?? [OP_SYSTEM];
  if (row.access !== undefined) return memoryWords(fields);
  return [OP_SYSTEM];
}

/** Fills the record at `at` from an instruction word that stands `pageOffset` bytes into its page. */
export function predecode(at: number, word: number, pageOffset: number): void {
  const all = records();
  const words = wordsOf(word, pageOffset);
  const [operation, d = 0, n = 0, m = 0, x = 0, y = 0, z = 0, w = 0] = words;
  all[at] = operation | (d << 8) | (n << 14) | (m << 20);
  all[at + 1] = x;
  all[at + 2] = y;
  all[at + 3] = z;
  all[at + 4] = w;
}
