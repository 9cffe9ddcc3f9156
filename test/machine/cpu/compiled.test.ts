// Two tiers, one meaning: whatever is compiled, the world after any number of operations is the interpreter's. Random loops of every
// data-processing, load/store and branch row, and the project's guests; slices of any length; with and without SPU and timing model.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseElf } from '../../../src/abi/elf.ts';
import { diffPlain } from '../../../src/base/plain.ts';
import { NEVER_HOT } from '../../../src/machine/cpu/code.ts';
import { setPc } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { type Bare, bareMachine, loadImage, NO_STOPS, runGuest } from './bare.ts';
import { CODE, put } from './program.ts';
import { compareTiers, world } from './random-loops.ts';

describe('a compiled region does what the interpreter does', () => {
  test.each(Array.from({ length: 2 }, (_, i) => i * 25))('random loops %i to 24 further', (first) => {
    let compiled = 0; // a loop that ends before it is come back to is never hot
    for (let seed = first; seed < first + 25; seed++) {
      const loop = compareTiers(seed);
      compiled += loop.compiled ? 1 : 0;
      expect(loop.different, `seed ${seed}`).toEqual([]);
    }
    expect(compiled).toBeGreaterThan(20);
  });

  const guest = (name: string, timing: boolean, spu: boolean, hot: number): { readonly b: Bare; readonly console: string } => {
    const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, '../../../fixtures/guests', `${name}.elf`)));
    const elf = parseElf(bytes)._unsafeUnwrap();
    const b = bareMachine({ megabytes: 64, timing, spu });
    b.m.code.hot = hot;
    const segments = elf.segments.map((s) => ({
      address: s.address,
      bytes: bytes.subarray(Number(s.offset), Number(s.offset) + Number(s.fileSize)),
    }));
    loadImage(b, segments, elf.entry);
    const { console } = runGuest(b, 300_000, 70_000);
    return { b, console };
  };
  const names = ['sieve', 'mix', 'branchy', 'memcpy', 'pointer-chase', 'divide', 'el0'];
  test.each(names.flatMap((name) => [false, true].map((timing) => [name, timing] as const)))(
    'guest %s, timing model %s',
    (name, timing) => {
      const compiled = guest(name, timing, true, 4);
      const regions = compiled.b.m.code.regions.length;
      const plain = guest(name, timing, true, NEVER_HOT);
      expect(regions).toBeGreaterThan(0);
      expect(compiled.console).toBe(plain.console);
      expect(diffPlain(world(plain.b), world(compiled.b))).toEqual([]);
    },
  );
});

describe('flags that are kept as what made them', () => {
  const CONDITIONS = ['eq', 'ne', 'cs', 'cc', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le'];
  const EDGES = [0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 32n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n];
  /** Whether each condition holds after the operation, as bits of one word a pair of operands; by selects, by branches, and after a call. */
  const program = (operation: string): string => `
      adr x20, pairs
      movz x21, #${EDGES.length ** 2}
      movz x22, #0x4001, lsl #16
    loop:
      ldp x0, x1, [x20], #16
      movz x2, #0
      ${operation}
      ${CONDITIONS.map((c) => `cset x3, ${c}\n add x2, x3, x2, lsl #1`).join('\n')}
      ${CONDITIONS.map((c, i) => `b.${c} taken${i}\n orr x2, x2, #${1n << BigInt(32 + i)}\n taken${i}:`).join('\n')}
      ccmp x0, x1, #5, ge
      cset x3, lt
      add x2, x3, x2, lsl #1
      ccmn w0, w1, #10, ne
      cset x3, hi
      add x2, x3, x2, lsl #1
      str x2, [x22], #8
      sub x21, x21, #1
      cbnz x21, loop
    end:
      b end
    pairs:
      ${EDGES.flatMap((a) => EDGES.flatMap((b) => [a, b]))
        .map((v) => `.word ${v & 0xffff_ffffn}\n .word ${v >> 32n}`)
        .join('\n')}`;
  const run = (operation: string, hot: number): Bare => {
    const b = bareMachine({ megabytes: 4 });
    b.m.code.hot = hot;
    put(b, program(operation));
    setPc(b.cpu.context, BigInt(CODE));
    stepCpu(b.m, b.cpu, 20_000, NO_STOPS);
    return b;
  };
  test.each(['subs x4, x0, x1', 'subs w4, w0, w1', 'adds x4, x0, x1', 'adds w4, w0, w1', 'ands x4, x0, x1', 'ands w4, w0, w1'])(
    'every condition after %s of edges',
    (operation) => {
      const compiled = run(operation, 1);
      expect(compiled.m.code.regions.length).toBeGreaterThan(0);
      expect(diffPlain(world(run(operation, NEVER_HOT)), world(compiled))).toEqual([]);
    },
  );
});

describe('a region goes when its code changes', () => {
  test('a store into a hot loop takes effect with the next operation', () => {
    const run = (hot: number): Bare => {
      const b = bareMachine({ megabytes: 4 });
      b.m.code.hot = hot;
      // After 200 turns the loop stores `add x1, x1, #1` over its own `add x1, x1, #16`.
      const text = `
        movz x2, #500
        adr x3, patch
        ldr w4, new
      loop:
        sub x2, x2, #1
        cmp x2, #300
        b.ne patch
        str w4, [x3]
      patch:
        add x1, x1, #16
        cbnz x2, loop
      end:
        b end
      new:
        .word 0x91000421`;
      put(b, text);
      setPc(b.cpu.context, BigInt(CODE));
      stepCpu(b.m, b.cpu, 3000, NO_STOPS);
      return b;
    };
    expect(run(1).cpu.context.lo[1]).toBe(199 * 16 + 301);
    expect(diffPlain(world(run(NEVER_HOT)), world(run(1)))).toEqual([]);
  });
});
