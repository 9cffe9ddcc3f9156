// An expression over the columns of a table (`records --where`): names are columns first, then what they mean elsewhere (symbols, registers,
// variables). A column that a row does not have makes what is computed of it unknown, and a row matches only where the whole is known and true.
import { err, ok, type Result } from 'neverthrow';
import { evaluate, operate, unary } from './evaluate.ts';
import type { Expression } from './expression.ts';
import type { Unmet } from './outcome.ts';
import type { Context } from './session.ts';

export interface RowColumns<Row> {
  /** A column's value in a row; null where the row has none. undefined: no such column. */
  column(name: string): ((row: Row) => bigint | null) | undefined;
  /** A word that stands for a number beside this column: `LD` beside `op`. */
  word(column: string, word: string): { readonly mask: bigint; readonly value: bigint } | undefined;
}

type RowValue<Row> = (row: Row) => bigint | null;

/** The value of what is no column and the same for every row. */
export type Constant = (e: Expression) => Result<bigint, Unmet>;

/** In a session: registers, symbols, variables. */
export const constantIn =
  (context: Context): Constant =>
  (e) =>
    evaluate(context, e);

/** Does a row match? Unmet for an unknown name, and for what is no value of a row. */
export function rowFilter<Row>(constant: Constant, e: Expression, columns: RowColumns<Row>): Result<(row: Row) => boolean, Unmet> {
  return compile(constant, e, columns).map((value) => (row: Row) => {
    const v = value(row);
    return v !== null && v !== 0n;
  });
}

function compile<Row>(constant: Constant, e: Expression, columns: RowColumns<Row>): Result<RowValue<Row>, Unmet> {
  switch (e.kind) {
    case 'name': {
      const column = columns.column(e.name);
      return column === undefined ? same(constant, e) : ok(column);
    }
    case 'unary':
      return compile(constant, e.operand, columns).map((value) => (row: Row) => {
        const v = value(row);
        return v === null ? null : unary(e.operator, v);
      });
    case 'binary':
      return compileBinary(constant, e, columns);
    default:
      return same(constant, e);
  }
}

/** What is the same for every row. */
function same<Row>(constant: Constant, e: Expression): Result<RowValue<Row>, Unmet> {
  return constant(e).map((value) => () => value);
}

function compileBinary<Row>(
  constant: Constant,
  e: Extract<Expression, { kind: 'binary' }>,
  columns: RowColumns<Row>,
): Result<RowValue<Row>, Unmet> {
  const { operator } = e;
  const special = operator === '==' || operator === '!=' ? (named(e.left, e.right, columns) ?? named(e.right, e.left, columns)) : null;
  if (special !== null) {
    return ok((row) => {
      const v = special.column(row);
      return v === null ? null : ((v & special.mask) === special.value) === (operator === '==') ? 1n : 0n;
    });
  }
  const left = compile(constant, e.left, columns);
  if (left.isErr()) return err(left.error);
  const right = compile(constant, e.right, columns);
  if (right.isErr()) return err(right.error);
  const [a, b] = [left.value, right.value];
  if (operator === '&&' || operator === '||') {
    const decided = operator === '&&' ? 0n : 1n;
    return ok((row) => {
      const [x, y] = [truth(a(row)), truth(b(row))];
      if (x === decided || y === decided) return decided;
      return x === null || y === null ? null : 1n - decided;
    });
  }
  return ok((row) => {
    const x = a(row);
    const y = x === null ? null : b(row);
    return x === null || y === null ? null : operate(operator, x, y).unwrapOr(null);
  });
}

const truth = (v: bigint | null): bigint | null => (v === null ? null : v === 0n ? 0n : 1n);

/** `op == LD`, `events & MISPRED` and the like: a column beside a word of its own. */
function named<Row>(
  column: Expression,
  word: Expression,
  columns: RowColumns<Row>,
): { readonly column: RowValue<Row>; readonly mask: bigint; readonly value: bigint } | null {
  if (column.kind !== 'name' || word.kind !== 'name') return null;
  const value = columns.column(column.name);
  const meant = columns.word(column.name, word.name);
  return value === undefined || meant === undefined ? null : { column: value, ...meant };
}
