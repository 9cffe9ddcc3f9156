// Floating-point arithmetic against this machine's own: IEEE 754 double precision, and single precision by rounding what is exact or innocuous
// in double. Rounding to nearest, as ECMAScript does; the other modes, flags and NaNs are held against qemu-aarch64 (qemu-user.test.ts).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DIVIDE_BY_ZERO,
  DOUBLE,
  type Environment,
  type Format,
  INEXACT,
  INVALID,
  OVERFLOW,
  SINGLE,
  UNDERFLOW,
} from '../../../src/machine/cpu/vector/float.ts';
import { add, compare, divide, multiply, multiplyAdd, squareRoot, subtract } from '../../../src/machine/cpu/vector/float-arithmetic.ts';
import { convert, fromFixed, roundToIntegral, toFixed } from '../../../src/machine/cpu/vector/float-convert.ts';

/** `raised`: with INEXACT already there the ordinary case goes by ECMAScript itself. */
const environment = (raised = 0): Environment => ({ rounding: 0, flush: false, defaultNan: true, alternativeHalf: false, raised });
const view = new DataView(new ArrayBuffer(8));
const bitsOf = (f: Format, value: number): bigint => {
  if (f === DOUBLE) view.setFloat64(0, value);
  else view.setFloat32(0, value);
  return f === DOUBLE ? view.getBigUint64(0) : BigInt(view.getUint32(0));
};
const numberOf = (f: Format, word: bigint): number => {
  if (f === DOUBLE) view.setBigUint64(0, word);
  else view.setUint32(0, Number(word));
  return f === DOUBLE ? view.getFloat64(0) : view.getFloat32(0);
};

/** Numbers with few bits give ties and exact results, others everything else. */
const doubles = fc.oneof(
  fc.double(),
  fc.tuple(fc.integer({ min: -65535, max: 65535 }), fc.integer({ min: -60, max: 60 })).map(([m, e]) => m * 2 ** e),
  fc.tuple(fc.bigInt({ min: 1n << 52n, max: (1n << 53n) - 1n }), fc.integer({ min: -60, max: 60 })).map(([m, e]) => Number(m) * 2 ** e),
  fc.constantFrom(0, -0, 1, 2 ** -1074, 2 ** -1022, Number.MAX_VALUE, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN),
);
const singles = fc.oneof(
  fc.float(),
  fc.tuple(fc.integer({ min: -4095, max: 4095 }), fc.integer({ min: -30, max: 30 })).map(([m, e]) => Math.fround(m * 2 ** e)),
  fc.tuple(fc.integer({ min: 1 << 23, max: (1 << 24) - 1 }), fc.integer({ min: -30, max: 30 })).map(([m, e]) => Math.fround(m * 2 ** e)),
);

const OPERATIONS = [
  ['add', add, (a: number, b: number) => a + b],
  ['subtract', subtract, (a: number, b: number) => a - b],
  ['multiply', multiply, (a: number, b: number) => a * b],
  ['divide', divide, (a: number, b: number) => a / b],
] as const;

describe('as ECMAScript computes', () => {
  test.each(OPERATIONS)('%s', (_, ours, theirs) => {
    fc.assert(
      fc.property(doubles, doubles, (a, b) => {
        expect(numberOf(DOUBLE, ours(DOUBLE, bitsOf(DOUBLE, a), bitsOf(DOUBLE, b), environment()))).toBe(theirs(a, b));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(singles, singles, (a, b) => {
        expect(numberOf(SINGLE, ours(SINGLE, bitsOf(SINGLE, a), bitsOf(SINGLE, b), environment()))).toBe(Math.fround(theirs(a, b)));
      }),
      { numRuns: 2000 },
    );
  });

  test('square root, conversions, integers, order', () => {
    fc.assert(
      fc.property(doubles, doubles, (a, b) => {
        const [x, y] = [bitsOf(DOUBLE, a), bitsOf(DOUBLE, b)];
        const e = environment();
        expect(numberOf(DOUBLE, squareRoot(DOUBLE, x, e))).toBe(Math.sqrt(a));
        expect(numberOf(SINGLE, convert(DOUBLE, SINGLE, x, e))).toBe(Math.fround(a));
        expect(numberOf(DOUBLE, roundToIntegral(DOUBLE, x, 3, false, e))).toBe(Math.trunc(a));
        expect(numberOf(DOUBLE, roundToIntegral(DOUBLE, x, 1, false, e))).toBe(Math.ceil(a));
        const clamped = Number.isNaN(a) ? 0 : Math.trunc(Math.min(Math.max(a, -(2 ** 31)), 2 ** 31 - 1));
        expect(Number(BigInt.asIntN(32, toFixed(DOUBLE, x, 32, true, 0, 3, e)))).toBe(clamped === 0 ? 0 : clamped);
        const order = a < b ? 'less' : a > b ? 'greater' : a === b ? 'equal' : 'unordered';
        expect(compare(DOUBLE, x, y, e, false)).toBe(order);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (n) => {
        expect(numberOf(DOUBLE, fromFixed(DOUBLE, BigInt.asUintN(64, n), 64, true, 0, environment()))).toBe(Number(n));
      }),
    );
  });
});

describe('the ordinary case does as the exact way', () => {
  const both = (run: (e: Environment) => bigint): void => {
    const [exact, ordinary] = [environment(), environment(INEXACT)];
    expect(run(ordinary)).toBe(run(exact));
    expect(ordinary.raised).toBe(exact.raised | INEXACT);
  };
  // Around the ends of the range too, where flags are raised.
  const far = fc.tuple(fc.double({ min: 1, max: 2, maxExcluded: true }), fc.integer({ min: -1074, max: 1023 })).map(([m, e]) => m * 2 ** e);
  const farSingle = fc.tuple(fc.float({ min: 1, max: 2 }), fc.integer({ min: -149, max: 127 })).map(([m, e]) => Math.fround(m * 2 ** e));

  test.each(OPERATIONS)('%s', (_, ours) => {
    fc.assert(
      fc.property(fc.oneof(doubles, far), fc.oneof(doubles, far), (a, b) =>
        both((e) => ours(DOUBLE, bitsOf(DOUBLE, a), bitsOf(DOUBLE, b), e)),
      ),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.oneof(singles, farSingle), fc.oneof(singles, farSingle), (a, b) =>
        both((e) => ours(SINGLE, bitsOf(SINGLE, a), bitsOf(SINGLE, b), e)),
      ),
      { numRuns: 3000 },
    );
  });

  test('square root', () => {
    fc.assert(
      fc.property(fc.oneof(doubles, far), (a) => both((e) => squareRoot(DOUBLE, bitsOf(DOUBLE, a), e))),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.oneof(singles, farSingle), (a) => both((e) => squareRoot(SINGLE, bitsOf(SINGLE, a), e))),
      { numRuns: 3000 },
    );
  });
});

describe('by hand', () => {
  const raised = (run: (e: Environment) => bigint): readonly [bigint, number] => {
    const e = environment();
    return [run(e), e.raised];
  };
  const one = bitsOf(DOUBLE, 1);

  test('a fused product is rounded once', () => {
    // (1 + 2^-52)^2 - (1 + 2^-51) = 2^-104
    const x = one + 1n;
    expect(raised((e) => multiplyAdd(DOUBLE, bitsOf(DOUBLE, -(1 + 2 ** -51)), x, x, e))).toEqual([bitsOf(DOUBLE, 2 ** -104), 0]);
  });

  test('ties go to even, and the other modes where they say', () => {
    const half = bitsOf(DOUBLE, 2 ** -53);
    const sum = (a: bigint, rounding: number): bigint => add(DOUBLE, a, half, { ...environment(), rounding });
    expect([0, 1, 2, 3].map((rounding) => sum(one, rounding) - one)).toEqual([0n, 1n, 0n, 0n]);
    expect([0, 1, 2, 3].map((rounding) => sum(one + 1n, rounding) - one)).toEqual([2n, 2n, 1n, 1n]);
  });

  test('flags', () => {
    const zero = 0n;
    expect(raised((e) => divide(DOUBLE, one, zero, e))).toEqual([DOUBLE.infinity, DIVIDE_BY_ZERO]);
    expect(raised((e) => divide(DOUBLE, zero, zero, e))).toEqual([DOUBLE.defaultNan, INVALID]);
    expect(raised((e) => divide(DOUBLE, one, bitsOf(DOUBLE, 3), e))[1]).toBe(INEXACT);
    expect(raised((e) => multiply(DOUBLE, bitsOf(DOUBLE, 1e200), bitsOf(DOUBLE, 1e200), e))).toEqual([DOUBLE.infinity, OVERFLOW | INEXACT]);
    expect(raised((e) => multiply(DOUBLE, bitsOf(DOUBLE, 1.1e-200), bitsOf(DOUBLE, 1.1e-200), e))).toEqual([0n, UNDERFLOW | INEXACT]);
    expect(raised((e) => multiply(DOUBLE, 2n, bitsOf(DOUBLE, 0.5), e))).toEqual([1n, 0]); // tiny and exact
    expect(raised((e) => subtract(DOUBLE, DOUBLE.infinity, DOUBLE.infinity, e))).toEqual([DOUBLE.defaultNan, INVALID]);
    expect(raised((e) => squareRoot(DOUBLE, bitsOf(DOUBLE, -1), e))).toEqual([DOUBLE.defaultNan, INVALID]);
  });
});
