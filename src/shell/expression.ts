// Expressions of the command language (language.md §2) from text: a Pratt parser, precedence as in C. Their values are the session's.
import { err, ok, type Result } from 'neverthrow';
import type { BinaryOperator, Expression, UnaryOperator } from '../session/expression.ts';
import { type Misread, misread, shifted } from './misread.ts';
import { isBlank } from './words.ts';

/** Binding strength, as C's precedence table has it. */
const STRENGTH: Readonly<Record<BinaryOperator, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '<=': 7,
  '>': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};
const OPERATORS = (Object.keys(STRENGTH) as BinaryOperator[]).sort((a, b) => b.length - a.length);
const UNARY: readonly string[] = ['~', '!', '-', '+'];
const SUFFIX: Readonly<Record<string, bigint>> = { KiB: 1n << 10n, MiB: 1n << 20n, GiB: 1n << 30n };
const MEMORY_SIZE: Readonly<Record<string, 1 | 2 | 4>> = { b: 1, h: 2, w: 4 };
const DEEPEST = 100;
const MOST_NODES = 1000;

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= '0' && c <= '9';
const isLetter = (c: string | undefined): boolean => c !== undefined && /^[A-Za-z_]$/.test(c);
const isWord = (c: string | undefined): boolean => isLetter(c) || isDigit(c);

/** A number word's value: `21 0x15 0b101 1_000 4KiB`; null when it is none or does not fit in 64 bits. */
export function numberValue(text: string): bigint | null {
  const m = /^(0[xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB][01]+(?:_[01]+)*|[0-9]+(?:_[0-9]+)*)(KiB|MiB|GiB)?$/.exec(text);
  if (m === null) return null;
  const value = BigInt(m[1].replaceAll('_', '')) * (m[2] === undefined ? 1n : SUFFIX[m[2]]);
  return value < 1n << 64n ? value : null;
}

/** Parses the whole of `text`. Positions count code points from its start, plus `offset`. */
export function parseExpression(text: string, offset = 0): Result<Expression, Misread> {
  const chars = Array.from(text);
  const result = parseExpressionIn(chars, 0, chars.length);
  return offset === 0 ? result : result.mapErr((m) => shifted(m, offset));
}

/** Parses the whole of `chars[from, to)`; positions are indices of `chars`. */
export function parseExpressionIn(chars: readonly string[], from: number, to: number): Result<Expression, Misread> {
  const parser = { chars, to, at: from, depth: 0, nodes: 0 };
  const result = expression(parser, 0);
  if (result.isErr()) return result;
  skipBlanks(parser);
  if (parser.at < to) {
    const c = chars[parser.at];
    const single = c === '=' ? 'compare with ==' : c === ')' || c === ']' ? `there is no ${c === ')' ? '(' : '['} before it` : undefined;
    const more = { expected: ['an operator', 'the end of the expression'], ...(single ? { hint: single } : {}) };
    return err(misread('expression', parser.at, to, `the expression ends before '${chars.slice(parser.at, to).join('')}'`, more));
  }
  return result;
}

interface Parser {
  readonly chars: readonly string[];
  readonly to: number;
  at: number;
  depth: number;
  nodes: number;
}

const peek = (p: Parser): string | undefined => (p.at < p.to ? p.chars[p.at] : undefined);

function skipBlanks(p: Parser): void {
  while (p.at < p.to && isBlank(p.chars[p.at])) p.at += 1;
}

function operatorHere(p: Parser): BinaryOperator | undefined {
  const two = (p.chars[p.at] ?? '') + (p.at + 1 < p.to ? p.chars[p.at + 1] : '');
  return p.at < p.to ? OPERATORS.find((o) => two.startsWith(o)) : undefined;
}

function expression(p: Parser, strength: number): Result<Expression, Misread> {
  let result = operand(p);
  while (result.isOk()) {
    skipBlanks(p);
    const operator = operatorHere(p);
    if (operator === undefined || STRENGTH[operator] <= strength) return result;
    const at = p.at;
    if ((p.nodes += 1) > MOST_NODES) return err(misread('expression', at, at + 1, `the expression has more than ${MOST_NODES} operators`));
    p.at += operator.length;
    const left = result.value;
    result = expression(p, STRENGTH[operator]).map((right): Expression => ({ kind: 'binary', operator, left, right, at }));
  }
  return result;
}

function operand(p: Parser): Result<Expression, Misread> {
  p.depth += 1;
  if (p.depth > DEEPEST) return err(misread('expression', p.at, p.at + 1, `the expression is nested deeper than ${DEEPEST}`));
  const result = operandHere(p);
  p.depth -= 1;
  return result;
}

function operandHere(p: Parser): Result<Expression, Misread> {
  skipBlanks(p);
  const at = p.at;
  const c = peek(p);
  if (c === undefined) return err(misread('expression', at, at, 'a value is missing here', { expected: ['an expression'] }));
  if (UNARY.includes(c)) {
    p.at += 1;
    return operand(p).map((inner): Expression => ({ kind: 'unary', operator: c as UnaryOperator, operand: inner, at }));
  }
  if (c === '(') {
    p.at += 1;
    return expression(p, 0).andThen((inner) => closing(p, ')', at).map(() => inner));
  }
  if (c === '[') {
    p.at += 1;
    return expression(p, 0).andThen((address) =>
      closing(p, ']', at)
        .andThen(() => memorySize(p))
        .map((size): Expression => ({ kind: 'memory', address, size, at })),
    );
  }
  if (isDigit(c)) return number(p);
  if (c === '$') return variable(p);
  if (c === "'") return symbol(p);
  if (isLetter(c)) return name(p);
  const hint = c === '"' ? "a symbol is quoted with '…'" : c === '=' ? 'compare with ==' : undefined;
  return err(misread('expression', at, at + 1, `'${c}' begins no value`, { expected: ['an expression'], ...(hint ? { hint } : {}) }));
}

function closing(p: Parser, mark: string, opened: number): Result<null, Misread> {
  skipBlanks(p);
  if (peek(p) !== mark) {
    const found = peek(p);
    const what = found === undefined ? `this ${p.chars[opened]} is not closed` : `'${found}' stands where ${mark} is expected`;
    const at = found === undefined ? opened : p.at;
    return err(misread('expression', at, at + 1, what, { expected: ['an operator', mark] }));
  }
  p.at += 1;
  return ok(null);
}

/** `.b`, `.h`, `.w` behind `[addr]`; 8 bytes without. */
function memorySize(p: Parser): Result<1 | 2 | 4 | 8, Misread> {
  if (peek(p) !== '.') return ok(8);
  const at = p.at;
  p.at += 1;
  const size = MEMORY_SIZE[peek(p) ?? ''];
  if (size === undefined || isWord(p.chars[p.at + 1])) {
    return err(
      misread('expression', at, Math.min(at + 2, p.to), 'the size of a memory operand is .b, .h or .w', { expected: ['.b', '.h', '.w'] }),
    );
  }
  p.at += 1;
  return ok(size);
}

function takeWord(p: Parser): string {
  let text = '';
  while (p.at < p.to && isWord(p.chars[p.at])) text += p.chars[p.at++];
  return text;
}

function number(p: Parser): Result<Expression, Misread> {
  const at = p.at;
  const text = takeWord(p);
  const value = numberValue(text);
  if (value !== null) return ok({ kind: 'number', value, at });
  const tooBig = /^(0[xX][0-9a-fA-F_]+|0[bB][01_]+|[0-9_]+(KiB|MiB|GiB)?)$/.test(text) && !/_$|__/.test(text);
  const message = tooBig ? `${text} does not fit in 64 bits` : `'${text}' is no number`;
  return err(
    misread(
      'number',
      at,
      p.at,
      message,
      tooBig ? {} : { expected: ['a number'], hint: 'numbers are 21, 0x15, 0b101, 1_000, 4KiB, 16MiB, 1GiB' },
    ),
  );
}

function variable(p: Parser): Result<Expression, Misread> {
  const at = p.at;
  p.at += 1;
  if (peek(p) === '?') {
    p.at += 1;
    return ok({ kind: 'variable', name: '?', at });
  }
  const text = takeWord(p);
  if (text === '' || /^[0-9]+[A-Za-z_]/.test(text)) {
    return err(misread('expression', at, p.at, '$ needs a name', { expected: ['$NAME', '$_', '$1', '$?'] }));
  }
  return ok({ kind: 'variable', name: text, at });
}

function symbol(p: Parser): Result<Expression, Misread> {
  const at = p.at;
  let text = '';
  p.at += 1;
  while (p.at < p.to && p.chars[p.at] !== "'") text += p.chars[p.at++];
  if (peek(p) !== "'") return err(misread('quote', at, p.to, 'this quote is not closed', { hint: "close it with '" }));
  p.at += 1;
  if (text === '') return err(misread('expression', at, p.at, 'a quoted symbol is not empty', { expected: ['a symbol'] }));
  return ok({ kind: 'symbol', name: text, at });
}

function name(p: Parser): Result<Expression, Misread> {
  const at = p.at;
  const text = takeWord(p);
  if (peek(p) !== '.') return ok({ kind: 'name', name: text, at });
  p.at += 1;
  const fieldName = isLetter(peek(p)) ? takeWord(p) : '';
  if (fieldName === '') {
    return err(
      misread('expression', p.at, p.at, 'a field name is missing behind the dot', {
        expected: ['a field'],
        hint: "a symbol with a dot is quoted: 'f.part.0'",
      }),
    );
  }
  if (peek(p) === '.') {
    return err(
      misread('expression', p.at, p.at + 1, 'a field has no field', {
        expected: ['an operator'],
        hint: "a symbol with dots is quoted: 'f.part.0'",
      }),
    );
  }
  return ok({ kind: 'field', register: text, field: fieldName, at });
}
