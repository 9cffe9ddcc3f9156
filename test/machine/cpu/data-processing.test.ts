// Every data processing row against the BigInt reference: random operands and random words of the row.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWord } from '../../../src/arch/a64/decode.ts';
import type { A64Row } from '../../../src/arch/a64/rows-form.ts';
import { immediateRows } from '../../../src/arch/a64/rows-immediate.ts';
import { registerRows } from '../../../src/arch/a64/rows-register.ts';
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z, getPc, getX, setPc, setX } from '../../../src/machine/cpu/context.ts';
import { isImplemented } from '../../../src/machine/cpu/predecode.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { bareMachine, NO_STOPS, putWords } from './bare.ts';
import { type Registers, reference } from './reference.ts';

const rows = [...immediateRows(), ...registerRows()].filter((r) => isImplemented(r, r.pattern.value));
const machine = bareMachine({ megabytes: 1 });
const START = 0x40001000;

/** Values where carries, signs and halves change. */
const edges = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffff00000000n,
  0xffffffffffffffffn,
];
const value = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...edges) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) },
);
const flag = fc.constantFrom(0n, 1n);
const registers = fc.record({ x: fc.array(value, { minLength: 4, maxLength: 4 }), n: flag, z: flag, c: flag, v: flag });

/** Random words of a row; few registers, so that sources and destination often coincide, and 31 often. */
function wordOf(row: A64Row, random: number): number {
  let word = ((random & ~row.pattern.mask) | row.pattern.value) >>> 0;
  for (const f of row.pattern.fields) {
    if (!/^r[dnma]$/.test(f.name)) continue;
    const register = [0, 1, 2, 31][(random >>> f.shift) & 3];
    word = ((word & ~(31 << f.shift)) | (register << f.shift)) >>> 0;
  }
  return word;
}

function execute(word: number, before: Registers): Registers {
  const c = machine.cpu.context;
  putWords(machine, START, [word]);
  for (let i = 0; i < 32; i++) setX(c, i, before.x[i]);
  c.core[FLAG_N] = Number(before.n);
  c.core[FLAG_Z] = Number(before.z);
  c.core[FLAG_C] = Number(before.c);
  c.core[FLAG_V] = Number(before.v);
  setPc(c, BigInt(START));
  expect(stepCpu(machine.m, machine.cpu, 1, NO_STOPS).executed).toBe(1);
  return {
    x: Array.from({ length: 32 }, (_, i) => getX(c, i)),
    n: BigInt(c.core[FLAG_N]),
    z: BigInt(c.core[FLAG_Z]),
    c: BigInt(c.core[FLAG_C]),
    v: BigInt(c.core[FLAG_V]),
    pc: getPc(c),
  };
}

describe('data processing equals the pseudocode over BigInt', () => {
  test.each(rows.map((r) => [r.id, r] as const))('%s', (_id, row) => {
    fc.assert(
      fc.property(registers, fc.integer(), (given, random) => {
        const word = wordOf(row, random);
        if (decodeWord(word)?.id !== row.id) return;
        const x = Array.from({ length: 32 }, (_, i) => (i === 31 ? given.x[3] : i < 3 ? given.x[i] : BigInt(i)));
        const before: Registers = { ...given, x, pc: BigInt(START) };
        expect({ word: word.toString(16), ...execute(word, before) }).toEqual({ word: word.toString(16), ...reference(row, word, before) });
      }),
      { numRuns: 150 },
    );
  });
});
