// A small assembler for tests: one instruction a line, in the words that print.ts writes, from the same rows.
import { err, ok, type Result } from 'neverthrow';
import { type A64Alias, ALIASES } from './aliases.ts';
import { rowById } from './decode.ts';
import { type Fields, put, type Reading } from './operand-form.ts';
import { operandForm } from './operands.ts';
import { readCondition } from './operands-immediate.ts';
import { a64Rows } from './rows.ts';
import type { A64Row } from './rows-form.ts';

export interface AssemblyError {
  readonly message: string;
  /** 1 for the first line. */
  readonly line: number;
}

export interface Assembled {
  readonly origin: bigint;
  /** One unsigned 32-bit number an instruction, from `origin` up. */
  readonly words: Uint32Array;
  readonly labels: ReadonlyMap<string, bigint>;
}

/** A way to read the operands of a mnemonic: an alias, or the row itself. */
interface Candidate {
  readonly row: A64Row;
  readonly operands: readonly string[];
  readonly alias: A64Alias | null;
}

let candidates: ReadonlyMap<string, readonly Candidate[]> | null = null;

function candidatesOf(mnemonic: string): readonly Candidate[] {
  if (candidates === null) {
    const all = new Map<string, Candidate[]>();
    const add = (word: string, candidate: Candidate) => all.set(word, [...(all.get(word) ?? []), candidate]);
    for (const alias of ALIASES) add(alias.mnemonic, { row: rowById(alias.of), operands: alias.operands, alias });
    for (const row of a64Rows()) add(row.mnemonic, { row, operands: row.operands, alias: null });
    candidates = all;
  }
  return candidates.get(mnemonic) ?? [];
}

/** Cuts at commas that stand outside brackets and braces. */
function operandParts(text: string): string[] {
  return text.trim() === '' ? [] : text.split(/,(?![^[]*\])(?![^{]*\})/).map((part) => part.trim());
}

/** One instruction at `pc`. `labels` are looked up before a text is taken as an address; the error says what was not understood. */
export function assembleLine(text: string, pc: bigint, labels: ReadonlyMap<string, bigint> = new Map()): Result<number, string> {
  const line = text.replace(/\/\/.*$/, '').trim();
  const [, word, rest] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
  if (word === undefined) return err('no instruction');
  const data = /^\.(?:word|inst)$/.test(word) ? /^(0x[0-9a-f]+|\d+)/i.exec(rest) : null;
  if (data !== null) return ok(Number(data[1]) >>> 0);
  const condition = word.startsWith('b.') ? readCondition(word.slice(2)) : -1;
  const parts = operandParts(rest);
  // `psb csync` and `bti c` are one mnemonic of two words.
  const tried = [...candidatesOf(condition === -1 ? word : 'b.'), ...candidatesOf(`${word} ${rest}`).map((c) => ({ ...c, whole: true }))];
  if (tried.length === 0) return err(`unknown instruction '${word}'`);
  for (const candidate of tried) {
    const fields: Fields = condition === -1 ? {} : { cond: condition };
    const encoded = encode(candidate, fields, 'whole' in candidate ? [] : parts, pc, labels);
    if (encoded !== null) return ok(encoded);
  }
  return err(`cannot read the operands of '${line}'`);
}

function encode(
  candidate: Candidate,
  fields: Fields,
  parts: readonly string[],
  pc: bigint,
  labels: ReadonlyMap<string, bigint>,
): number | null {
  const { row, alias } = candidate;
  let at = 0;
  for (const operand of candidate.operands) {
    const reading: Reading = { row, fields, pc, parts, at, label: (name) => labels.get(name) };
    const taken = operandForm(operand).read(reading);
    if (taken === -1) return null;
    at += taken;
  }
  if (at !== parts.length) return null;
  if (alias !== null) {
    if (!Object.entries(alias.fixed(fields)).every(([name, value]) => put(fields, name, value))) return null;
    if (fields['n'] === undefined && row.pattern.fields.some((f) => f.name === 'n')) fields['n'] = fields['sf'];
    if (!alias.when(fields)) return null;
  }
  let word = row.pattern.value;
  for (const field of row.pattern.fields) {
    const value = fields[field.name];
    if (value === undefined || value < 0 || value >= 2 ** field.width) return null;
    word = (word | (value << field.shift)) >>> 0;
  }
  // Should-be-one bits, which the rows write as x, are ones.
  if (!row.id.endsWith('FLAG') && row.id !== 'CFINV') word = (word | unnamedBits(row)) >>> 0;
  return row.unallocated?.(word) ? null : word;
}

function unnamedBits(row: A64Row): number {
  let bits = ~row.pattern.mask;
  for (const { shift, width } of row.pattern.fields) bits &= ~((2 ** width - 1) << shift);
  return bits >>> 0;
}

/**
 * A program: instructions, `label:` (alone or before one), `.word N`, comments after `//`. The first word lies at `origin`.
 * The error is the first line that is not understood.
 */
export function assemble(text: string, origin = 0n): Result<Assembled, AssemblyError> {
  const labels = new Map<string, bigint>();
  const lines: { readonly text: string; readonly line: number }[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    let rest = whole.replace(/\/\/.*$/, '').trim();
    for (let found = LABEL.exec(rest); found !== null; found = LABEL.exec(rest)) {
      if (labels.has(found[1])) return err({ line: index + 1, message: `label '${found[1]}' stands twice` });
      labels.set(found[1], origin + BigInt(4 * lines.length));
      rest = rest.slice(found[0].length).trim();
    }
    if (rest !== '') lines.push({ text: rest, line: index + 1 });
  }
  const words = new Uint32Array(lines.length);
  for (const [index, { text: instruction, line }] of lines.entries()) {
    const word = assembleLine(instruction, origin + BigInt(4 * index), labels);
    if (word.isErr()) return err({ line, message: word.error });
    words[index] = word.value;
  }
  return ok({ origin, words, labels });
}

const LABEL = /^([A-Za-z_.$][\w.$]*):/;
