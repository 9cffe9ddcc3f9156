// Modules put together from instructions run as their text says.
import { expect, test } from 'vitest';
import {
  add,
  block,
  type Code,
  constant,
  eqz,
  get,
  leave,
  leaveIf,
  loop,
  mul,
  select,
  set,
  sub,
  wasmModule,
  when,
} from '../../src/base/wasm-expression.ts';

/** The function of two numbers whose result the last instruction leaves; local 2 is free. */
function run(...body: Code[]): (a: number, b?: number) => number {
  const bytes = wasmModule([{ parameters: ['i32', 'i32'], result: 'i32', locals: ['i32'], body }], 1);
  const memory = new WebAssembly.Memory({ initial: 1 });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { memory } }).exports['run'] as (a: number, b?: number) => number;
}

test.each([0, 1, 63, 64, -1, -64, -65, 127, 128, 8191, 8192, -8193, 0x7fff_ffff, -0x8000_0000])('the constant %i', (value) => {
  expect(run(constant(value))(0)).toBe(value);
});

test('operands stand in the order in which they are written', () => {
  expect(run(sub(get(0), get(1)))(7, 5)).toBe(2);
});

test('a loop is left from within a condition', () => {
  const factorial = run(
    set(2, constant(1)),
    block(loop(leaveIf(1, eqz(get(0))), set(2, mul(get(2), get(0))), set(0, sub(get(0), constant(1))), leave(0))),
    get(2),
  );
  expect([0, 1, 5, 10].map((n) => factorial(n))).toEqual([1, 1, 120, 3_628_800]);
});

test('one case of several is done, beyond the list the last; then what follows', () => {
  const chosen = run(
    select(get(0), [set(2, constant(10)), [], set(2, constant(30))]),
    when(get(1), set(2, add(get(2), constant(1))), set(2, add(get(2), constant(2)))),
    get(2),
  );
  expect([0, 1, 2, 3, 99].map((n) => chosen(n, 1))).toEqual([11, 1, 31, 31, 31]);
  expect(chosen(0, 0)).toBe(12);
});
