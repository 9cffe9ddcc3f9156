// Arithmetic that saturates and estimates, on values that the manual's pseudocode gives by hand (SatQ, RecipEstimate, FPConvert to odd); all
// of it is held against qemu-aarch64 at random in qemu-user.test.ts. A stock compiler uses SQXTN and UQXTN to make a half of a long, and the
// estimates under -mlow-precision-div and -mlow-precision-sqrt.
import { describe, expect, test } from 'vitest';
import { getSys, setSys } from '../../../src/machine/cpu/context.ts';
import { type Bare, bareMachine } from './bare.ts';
import { start, step } from './program.ts';

const QC = 1n << 27n;

/** Executes one instruction on V1 and V2, each given as its halves; V0 afterwards, and FPSR. */
function run(text: string, v1: bigint, v2 = 0n, v0 = -1n): { v0: bigint; fpsr: bigint } {
  const b: Bare = bareMachine();
  const { v } = b.cpu.context;
  for (const [r, value] of [v0, v1, v2].entries()) {
    v[2 * r] = BigInt.asUintN(64, value);
    v[2 * r + 1] = BigInt.asUintN(64, value >> 64n);
  }
  setSys(b.cpu.context, 'CPACR_EL1', 3n << 20n);
  start(b, text);
  step(b);
  return { v0: v[0] | (v[1] << 64n), fpsr: getSys(b.cpu.context, 'FPSR') };
}

describe('a scalar saturates, says so in QC, and clears the rest of its register', () => {
  test.each([
    // a long becomes a word on its way to half precision
    ['sqxtn s0, d1', 0x1_0000_0000n, 0x7fffffffn, QC],
    ['sqxtn s0, d1', -0x8000_0001n, 0x80000000n, QC],
    ['sqxtn s0, d1', -5n, 0xfffffffbn, 0n],
    ['uqxtn s0, d1', 0x1_0000_0000n, 0xffffffffn, QC],
    ['sqxtun s0, d1', -1n, 0n, QC],
    ['sqabs b0, b1', 0x80n, 0x7fn, QC],
    ['sqneg h0, h1', 0x8000n, 0x7fffn, QC],
    ['sqshl s0, s1, #31', 1n, 0x7fffffffn, QC],
    ['sqshlu h0, h1, #1', 0xffffn, 0n, QC],
    ['sqrshrn b0, h1, #4', 0x7f8n, 0x7fn, QC],
  ])('%s of %i', (text, v1, expected, fpsr) => {
    expect(run(text, v1)).toEqual({ v0: expected, fpsr });
  });

  test.each([
    ['sqadd b0, b1, b2', 0x7fn, 1n, 0x7fn, QC],
    ['uqsub d0, d1, d2', 1n, 2n, 0n, QC],
    ['sqdmulh h0, h1, h2', 0x8000n, 0x8000n, 0x7fffn, QC],
    ['sqrdmulh h0, h1, h2', 0x4000n, 0x4000n, 0x2000n, 0n],
    ['sqdmull d0, s1, s2', 0x80000000n, 0x80000000n, 0x7fffffffffffffffn, QC],
    ['sqdmull d0, s1, s2', 3n, 5n, 30n, 0n],
    ['sqrshl s0, s1, s2', 3n, 0xffn, 2n, 0n], // by -1, rounded
  ])('%s of %i and %i', (text, v1, v2, expected, fpsr) => {
    expect(run(text, v1, v2)).toEqual({ v0: expected, fpsr });
  });

  test('what is added to', () => {
    expect(run('suqadd b0, b1', 0xffn, 0n, 0x80n)).toEqual({ v0: 0x7fn, fpsr: 0n }); // -128 + 255
    expect(run('usqadd b0, b1', 0xffn, 0n, 0n)).toEqual({ v0: 0n, fpsr: QC }); // 0 - 1
    expect(run('sqdmlal s0, h1, h2', 1n, 1n, 0x7fffffffn)).toEqual({ v0: 0x7fffffffn, fpsr: QC });
  });
});

test('products of polynomials: 0b101 times 0b11', () => {
  expect(run('pmul v0.8b, v1.8b, v2.8b', 0x05n, 0x03n).v0).toBe(0x0fn);
  expect(run('pmull v0.8h, v1.8b, v2.8b', 0xffn, 0xffn).v0).toBe(0x5555n);
});

describe('estimates', () => {
  test.each([
    ['frecpe s0, s1', 0x3f800000n, 0x3f7f8000n], // 1: 511 of 512
    ['frecpe s0, s1', 0x40000000n, 0x3eff8000n],
    ['frecpe d0, d1', 0x3ff0000000000000n, 0x3feff00000000000n],
    ['frecpe s0, s1', 0xff800000n, 0x80000000n],
    ['frsqrte s0, s1', 0x3f800000n, 0x3f7f8000n],
    ['frsqrte s0, s1', 0xbf800000n, 0x7fc00000n],
    ['frecpx s0, s1', 0x3f800000n, 0x40000000n],
    ['urecpe v0.2s, v1.2s', 0x80000000n, 0xffffffffff800000n], // 1/2 gives 1.998; below 1/2 there is no estimate
    ['fcvtxn s0, d1', 0x3ff0000000000001n, 0x3f800001n], // inexact: the last bit is one
  ])('%s of %i', (text, v1, expected) => {
    expect(run(text, v1).v0).toBe(expected);
  });

  test('steps: an infinity times zero is 2 in FRECPS and FMULX, 3 halves of it in FRSQRTS', () => {
    expect(run('frecps s0, s1, s2', 0x7f800000n, 0n).v0).toBe(0x40000000n);
    expect(run('frsqrts s0, s1, s2', 0x7f800000n, 0n).v0).toBe(0x3fc00000n);
    expect(run('fmulx s0, s1, s2', 0x7f800000n, 0x80000000n).v0).toBe(0xc0000000n);
    expect(run('frecps s0, s1, s2', 0x3f800000n, 0x3f800000n).v0).toBe(0x3f800000n); // 2 - 1
    expect(run('frsqrts s0, s1, s2', 0x3f800000n, 0x3f800000n).v0).toBe(0x3f800000n); // (3 - 1) / 2
  });
});
