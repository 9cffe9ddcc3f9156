// Determinism: the same commands make the same world, however they are sliced, and a journal replayed makes it again.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clonePlain, diffPlain, hashPlain } from '../../src/base/plain.ts';
import { settleWorld } from '../../src/kernel/kernel.ts';
import { finish, replay } from '../../src/session/session.ts';
import { command, guestAsset, openSession, optionsFor, run } from '../session-by-text.ts';

/** Commands of every kind: configuration in any order, runs, stops, writes. Many are refused or unmet, as at a real prompt. */
const COMMANDS = [
  'vcpu 0 attr set spe.irq 21',
  'vcpu 0 attr set spe.irq 32',
  'vcpu 0 attr set spe.spu 10',
  'vcpu 1 attr set spe.spu 11',
  'vcpu 0 attr set spe.init',
  'vcpu 0 attr get spe.spu',
  'vcpu 0 attr set pmu.set-pmu 8',
  'vcpu 0 attr set spe.spu --addr bad',
  'vcpu 0 run --ops 700',
  'up --bare',
  'up pointer-chase',
  'up branchy --vcpus 2',
  'up forever',
  'up float',
  'run --ops 1500',
  'run --ops 40000',
  'step',
  'step 7',
  'sample 2',
  'break chase',
  'continue --ops 30000',
  'delete 1',
  'reg x5=0x77',
  'reg d5=0x3ff8000000000000',
  'w 0x40200000 0x1234',
  'x 0x40080000 16 --as ipa',
  'thread vcpu 0 cpu 2',
  'thread vcpu 0 cpu 6',
  'vcpu 0 kick',
  'irq-line ppi 0 22 1',
  'rlimit memlock 64KiB',
  'perfmon on',
  'vm create --mem 1MiB',
  'let n = 3',
  'records 2',
];

const GUESTS = ['pointer-chase', 'branchy', 'forever'].map(guestAsset);
const texts = fc.array(fc.constantFrom(...COMMANDS), { minLength: 1, maxLength: 9 });

/** `sample` on a guest that never samples would not end: everything else ends by itself. */
const ending = (list: readonly string[]): string[] => {
  let guest = '';
  return list.filter((text) => {
    if (text.startsWith('up ') || text.startsWith('vm create')) guest = text;
    return text !== 'sample 2' || /pointer-chase|branchy/.test(guest);
  });
};

describe('determinism', () => {
  test('slices of any length end in the same world', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 3000 }), (list, slice) => {
        const whole = openSession();
        const sliced = openSession();
        for (const text of ending(list)) {
          const a = run(whole, text);
          const b = run(sliced, text, slice);
          expect(b).toEqual(a);
        }
        expect(sliced.worldHash()).toBe(whole.worldHash());
      }),
      { numRuns: 12, seed: 20261122 },
    );
  });

  test('a journal replayed on a fresh session makes the same world, interrupted commands included', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 9, maxLength: 9 }), (list, cuts) => {
        const straight = openSession();
        for (const asset of GUESTS) straight.addAsset(asset);
        for (const [i, text] of ending(list).entries()) {
          const running = straight.execute(command(text));
          if (i % 2 === 0) finish(running);
          else if (running.advance(cuts[i]) === null) running.interrupt();
        }
        const again = replay(optionsFor(), straight.journal, GUESTS);
        expect(again.worldHash()).toBe(straight.worldHash());
      }),
      { numRuns: 12, seed: 20261123 },
    );
  });

  test('a clone of the settled world is equal, hashes alike, and differs after one more operation', () => {
    const session = openSession();
    run(session, 'up pointer-chase');
    run(session, 'run --ops 30000');
    settleWorld(session.context.world);
    const before = clonePlain(session.context.world.world);
    expect(diffPlain(session.context.world.world, before)).toEqual([]);
    expect(hashPlain(before)).toBe(hashPlain(session.context.world.world));
    run(session, 'step');
    const paths = diffPlain(before, session.context.world.world).map((d) => d.path);
    expect(paths).toContain('machine.tick');
  });

  test('the seed is part of the world', () => {
    expect(openSession('two-spu', 1).worldHash()).not.toBe(openSession('two-spu', 2).worldHash());
  });
});
