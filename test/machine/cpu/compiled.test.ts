// Two tiers, one meaning: whatever is compiled, the world after any number of operations is the interpreter's. Random loops of every
// data-processing, load/store and branch row, and the project's guests; slices of any length; with and without SPU and timing model.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseElf } from '../../../src/abi/elf.ts';
import { assemble } from '../../../src/arch/a64/assemble.ts';
import { clonePlain, diffPlain } from '../../../src/base/plain.ts';
import { NEVER_HOT } from '../../../src/machine/cpu/code.ts';
import { setPc, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import type { Machine } from '../../../src/machine/machine.ts';
import { settleMemory } from '../../../src/machine/memory.ts';
import { type Bare, bareMachine, loadImage, mapIdentity, NO_STOPS, putWords, RAM_BASE, runGuest } from './bare.ts';
import { CODE, put, VECTORS } from './program.ts';
import { CASE_ROWS, Randomness, randomCase } from './random-cases.ts';

/** The world after a run, with the stale translations that a TLB may keep or not. */
function world(b: Bare): Machine {
  settleMemory(b.m.memory);
  return clonePlain(b.m.machine);
}

const words = (text: string, at = CODE): number[] => [...assemble(text, BigInt(at))._unsafeUnwrap().words];

/** Where memory operands of random instructions point; aligned, so that ordered accesses are too. */
const WINDOW = RAM_BASE + 0x10000;

/** A loop of random instructions. X29 counts; X28 and X26 point into the window before each access. */
function randomLoop(random: Randomness, length: number): number[] {
  const body: number[] = [];
  while (body.length < length) {
    const row = CASE_ROWS[random.below(CASE_ROWS.length)];
    const one = randomCase(random, row, WINDOW);
    if (one === null) continue;
    if (row.access !== undefined) body.push(...words('mov x28, x27\nand x26, x26, #15'));
    body.push(one.word);
  }
  body.push(...words('nop\nsub x29, x29, #1')); // a branch over may be the last one
  const end = CODE + 4 * (body.length + 2);
  const at = (address: number): string => `0x${address.toString(16)}`;
  return [...words(`cbz x29, ${at(end)}`), ...body, ...words(`b ${at(CODE)}`, end - 4), ...words(`b ${at(end)}`, end)];
}

function prepare(seed: number, hot: number): Bare {
  const random = new Randomness(seed);
  const b = bareMachine({ timing: seed % 2 === 1, megabytes: 4 });
  b.m.code.hot = hot;
  mapIdentity(b, RAM_BASE + 0x4000);
  const c = b.cpu.context;
  for (let i = 0; i < 27; i++) setX(c, i, random.value());
  setX(c, 27, BigInt(WINDOW + 128));
  setX(c, 29, BigInt(20 + random.below(60)));
  c.core[2 + random.below(4)] = 1;
  // What faults is skipped.
  put(b, 'mrs x25, elr_el1\nadd x25, x25, #4\nmsr elr_el1, x25\neret', VECTORS + 0x200);
  setSys(c, 'VBAR_EL1', BigInt(VECTORS));
  putWords(b, CODE, randomLoop(random, 4 + random.below(40)));
  setPc(c, BigInt(CODE));
  return b;
}

/** Runs in slices whose lengths the seed gives. */
function runSlices(b: Bare, seed: number, operations: number): void {
  const random = new Randomness(seed ^ 0x5eed);
  for (let done = 0; done < operations; ) {
    const slice = Math.min(operations - done, 1 + random.below(random.below(4) === 0 ? 100 : 2000));
    done += stepCpu(b.m, b.cpu, slice, NO_STOPS).executed;
  }
}

describe('a compiled region does what the interpreter does', () => {
  test.each(Array.from({ length: 4 }, (_, i) => i * 25))('random loops %i to 24 further', (first) => {
    let entered = 0; // a loop that ends before it is come back to is never hot
    for (let seed = first; seed < first + 25; seed++) {
      const compiled = prepare(seed, 1);
      const plain = prepare(seed, NEVER_HOT);
      runSlices(compiled, seed, 6000);
      entered += compiled.m.code.regions.length > 0 ? 1 : 0;
      runSlices(plain, seed, 6000);
      expect(diffPlain(world(plain), world(compiled)), `seed ${seed}`).toEqual([]);
    }
    expect(entered).toBeGreaterThan(20);
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
