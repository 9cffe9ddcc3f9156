// Loops of random instructions under both tiers, for compiled.test.ts and its long form.
import { assemble } from '../../../src/arch/a64/assemble.ts';
import { clonePlain, diffPlain } from '../../../src/base/plain.ts';
import { NEVER_HOT } from '../../../src/machine/cpu/code.ts';
import { setPc, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import type { Machine } from '../../../src/machine/machine.ts';
import { settleMemory } from '../../../src/machine/memory.ts';
import { type Bare, bareMachine, mapIdentity, NO_STOPS, putWords, RAM_BASE } from './bare.ts';
import { CODE, put, VECTORS } from './program.ts';
import { CASE_ROWS, Randomness, randomCase } from './random-cases.ts';

/** The world after a run. */
export function world(b: Bare): Machine {
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

/** Operations that each loop executes. */
const OPERATIONS = 6000;

/** Runs the loop of a seed under both tiers: what differs in their worlds, and whether anything was compiled. */
export function compareTiers(seed: number): { readonly different: readonly unknown[]; readonly compiled: boolean } {
  const compiled = prepare(seed, 1);
  const plain = prepare(seed, NEVER_HOT);
  runSlices(compiled, seed, OPERATIONS);
  const regions = compiled.m.code.regions.length;
  runSlices(plain, seed, OPERATIONS);
  return { different: diffPlain(world(plain), world(compiled)), compiled: regions > 0 };
}
