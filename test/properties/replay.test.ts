// Determinism: the same commands make the same world, however they are sliced, and a journal replayed makes it again.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clonePlain, diffPlain, hashPlain } from '../../src/base/plain.ts';
import { settleWorld } from '../../src/kernel/kernel.ts';
import { finish, replay } from '../../src/session/session.ts';
import { command, openSession, optionsFor, run } from '../session-by-text.ts';
import { ending, GUESTS, texts } from './commands.ts';

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
