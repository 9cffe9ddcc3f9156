// `--where` of the modes for traces: the expression of the shell's `records --where` over the columns alone, without a session. Part of main.
import { err, ok, type Result } from 'neverthrow';
import { operate, unary } from './session/evaluate.ts';
import type { Expression } from './session/expression.ts';
import type { Unmet } from './session/outcome.ts';
import { rowFilter } from './session/row-filter.ts';
import { parseExpression } from './shell/expression.ts';
import { OPERATION_WORDS, type Row, type RowTest, rowValues } from './trace/row-values.ts';

const COLUMNS = rowValues('perf');

/** What is no column: numbers, and what is made of them. */
function constant(e: Expression): Result<bigint, Unmet> {
  switch (e.kind) {
    case 'number':
      return ok(e.value);
    case 'unary':
      return constant(e.operand).map((v) => unary(e.operator, v));
    case 'binary':
      return constant(e.left).andThen((a) => constant(e.right).andThen((b) => operate(e.operator, a, b)));
    default: {
      const what = e.kind === 'name' ? `no column '${e.name}'` : 'a trace file has columns, and no session';
      return err({ code: 'unknown-name', message: what, hint: `columns are ${[...COLUMNS.keys()].join(' ')}` });
    }
  }
}

/** The test of a row, or what is wrong with the text, as lines. */
export function readWhere(where: string): Result<RowTest, string> {
  const parsed = parseExpression(where);
  if (parsed.isErr()) return err(`--where: ${parsed.error.message}, at character ${parsed.error.at + 1}`);
  const columns = {
    column: (name: string) => COLUMNS.get(name),
    word: (column: string, word: string) => (column === 'op' ? OPERATION_WORDS.get(word) : undefined),
  };
  return rowFilter<Row>(constant, parsed.value, columns).mapErr(
    ({ message, hint }) => `--where: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`,
  );
}
