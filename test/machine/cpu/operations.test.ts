// The loop switches on literal numbers: they are those of operations.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as operations from '../../../src/machine/cpu/operations.ts';

const source = readFileSync(join(import.meta.dirname, '../../../src/machine/cpu/run.ts'), 'utf8');
const named = operations as unknown as Readonly<Record<string, number>>;

describe('the numbers of the loop', () => {
  const cases = [...source.matchAll(/case (\d+): (?:\{\s*)?\/\/ ((?:OP|ACCESS)_\w+)/g)].map((m) => [m[2], Number(m[1])] as const);
  test('are found', () => expect(cases.length).toBeGreaterThan(35));
  test.each(cases)('%s is %i', (name, number) => expect(named[name]).toBe(number));

  test('comparisons with ranges are of the ranges', () => {
    expect(named['OP_RARE_FLAGS']).toBeLessThan(40);
    expect([named['OP_B'], named['OP_B_REGISTER'], named['OP_B_EQ'], named['OP_B_ZERO']]).toEqual([40, 41, 42, 57]);
    expect([named['OP_MEMORY'], named['OP_MEMORY_SPECIAL'], named['SHIFTED']]).toEqual([70, 74, 128]);
    const stores = Object.keys(named).filter((n) => /^ACCESS_ST/.test(n));
    expect(stores.every((n) => named[n] < 8)).toBe(true);
    expect(Object.keys(named).filter((n) => /^ACCESS_LD/.test(n) && named[n] < 8)).toEqual([]);
  });
});
