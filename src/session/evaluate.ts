// Gives an expression its value: unsigned 64-bit; registers and fields of the focused vCPU, then symbols, guest memory, variables
// (language.md §2).
import { err, ok, type Result } from 'neverthrow';
import { findSymbol } from '../abi/elf.ts';
import { ERRNOS } from '../abi/errno.ts';
import { fieldOfRegister, readGuestMemory, readGuestRegister } from '../kernel/view.ts';
import type { BinaryOperator, Expression, UnaryOperator } from './expression.ts';
import { fieldHint, MEMORY_HINT } from './hints.ts';
import type { Unmet } from './outcome.ts';
import type { Context } from './session.ts';

const U64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const truth = (value: boolean): bigint => (value ? 1n : 0n);

/** The value, or Unmet: unknown register, symbol or variable, division by zero, unreadable memory. */
export function evaluate(context: Context, e: Expression): Result<bigint, Unmet> {
  switch (e.kind) {
    case 'number':
      return ok(U64(e.value));
    case 'name':
      return nameValue(context, e.name);
    case 'symbol':
      return symbolValue(context, e.name);
    case 'field':
      return register(context, e.register).andThen((word) => {
        if (word === null) return err(unknown(`no register ${e.register}`, 'info registers'));
        const value = fieldOfRegister(e.register, e.field, word);
        return value === null ? err(unknown(`${e.register} has no field ${e.field}`, fieldHint(e.register))) : ok(value);
      });
    case 'variable':
      return variable(context, e.name);
    case 'memory':
      return evaluate(context, e.address).andThen((address) => {
        if (context.vm < 0) return err(noVm());
        const bytes = readGuestMemory(context.world, context.vm, context.focus, 'va', address, e.size);
        if (bytes.isErr()) return err({ code: 'unreadable', message: bytes.error, hint: MEMORY_HINT });
        return ok(bytes.value.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
      });
    case 'unary':
      return evaluate(context, e.operand).map((v) => unary(e.operator, v));
    case 'binary':
      return binary(context, e);
  }
}

const unknown = (message: string, hint: string): Unmet => ({ code: 'unknown-name', message, hint });
const noVm = (): Unmet => ({ code: 'no-vm', message: 'there is no VM', hint: 'vm create, or up' });

/** The register's value; null when there is no register of that name. */
function register(context: Context, name: string): Result<bigint | null, Unmet> {
  if (context.vm < 0) return ok(null);
  return ok(readGuestRegister(context.world, context.vm, context.focus, name));
}

function nameValue(context: Context, name: string): Result<bigint, Unmet> {
  return register(context, name).andThen((value) => {
    if (value !== null) return ok(value);
    return symbolValue(context, name);
  });
}

function symbolValue(context: Context, name: string): Result<bigint, Unmet> {
  const elf = context.image?.elf;
  const symbol = elf ? findSymbol(elf, name) : undefined;
  if (symbol !== undefined) return ok(symbol.address);
  if (context.vm < 0) return err(unknown(`no register or symbol '${name}': there is no VM`, 'vm create, or up'));
  return err(unknown(`no register or symbol '${name}'`, context.image === null ? 'no image is loaded: guest load FILE' : 'info symbols'));
}

function variable(context: Context, name: string): Result<bigint, Unmet> {
  const set = context.variables.get(name);
  if (set !== undefined) return ok(set);
  if (name === '?') return ok(errnoNumber(context.lastErrno));
  if (name === '_' || /^\d+$/.test(name)) {
    const value = name === '_' ? context.values.at(-1) : context.values[Number(name) - 1];
    if (value === undefined) return err(unknown(`no value $${name} yet`, 'print EXPR makes one; $1 is the first'));
    if (typeof value === 'number') return ok(U64(BigInt(value)));
    if (/^0x[0-9a-f]+$/.test(value)) return ok(U64(BigInt(value)));
    return err(unknown(`$${name} is not a number`, 'an expression computes with numbers'));
  }
  return register(context, name).andThen((value) => (value === null ? err(unknown(`no variable $${name}`, `let ${name} = …`)) : ok(value)));
}

/** `ok` is 0; an errno's name is its number. */
function errnoNumber(name: string): bigint {
  return BigInt(ERRNOS.find((row) => row.name === name)?.number ?? 0);
}

/** `$? == EINVAL` compares names: beside `$?` a bare word is an errno's name (or `ok`). */
function errnoOperand(other: Expression, e: Expression): bigint | null {
  if (other.kind !== 'variable' || other.name !== '?' || e.kind !== 'name') return null;
  if (e.name === 'ok') return 0n;
  const row = ERRNOS.find((r) => r.name === e.name.toUpperCase());
  return row === undefined ? null : BigInt(row.number);
}

/** What an operator makes of one operand. */
export function unary(operator: UnaryOperator, v: bigint): bigint {
  switch (operator) {
    case '~':
      return U64(~v);
    case '!':
      return truth(v === 0n);
    case '-':
      return U64(-v);
    case '+':
      return v;
  }
}

function binary(context: Context, e: Extract<Expression, { kind: 'binary' }>): Result<bigint, Unmet> {
  const leftName = errnoOperand(e.right, e.left);
  const rightName = errnoOperand(e.left, e.right);
  const left = leftName === null ? evaluate(context, e.left) : ok(leftName);
  if (left.isErr()) return left;
  if (e.operator === '&&' && left.value === 0n) return ok(0n);
  if (e.operator === '||' && left.value !== 0n) return ok(1n);
  const right = rightName === null ? evaluate(context, e.right) : ok(rightName);
  if (right.isErr()) return right;
  return operate(e.operator, left.value, right.value);
}

/** What an operator makes of two operands, or Unmet: division by zero. */
export function operate(operator: BinaryOperator, a: bigint, b: bigint): Result<bigint, Unmet> {
  switch (operator) {
    case '*':
      return ok(U64(a * b));
    case '/':
    case '%':
      if (b === 0n) return err({ code: 'division-by-zero', message: 'division by zero', hint: 'D && V / D is 0 where D is' });
      return ok(operator === '/' ? a / b : a % b);
    case '+':
      return ok(U64(a + b));
    case '-':
      return ok(U64(a - b));
    case '<<':
      return ok(b > 63n ? 0n : U64(a << b));
    case '>>':
      return ok(b > 63n ? 0n : a >> b);
    case '<':
      return ok(truth(a < b));
    case '<=':
      return ok(truth(a <= b));
    case '>':
      return ok(truth(a > b));
    case '>=':
      return ok(truth(a >= b));
    case '==':
      return ok(truth(a === b));
    case '!=':
      return ok(truth(a !== b));
    case '&':
      return ok(a & b);
    case '^':
      return ok(a ^ b);
    case '|':
      return ok(a | b);
    case '&&':
      return ok(truth(a !== 0n && b !== 0n));
    case '||':
      return ok(truth(a !== 0n || b !== 0n));
  }
}
