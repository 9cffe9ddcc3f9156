// Laws of time travel (design.md §7): undo takes a command back whole, redo brings it again, and from a snapshot the same commands do and show
// the same as in a straight run.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replay, type Session } from '../../src/session/session.ts';
import { openSession, optionsFor, run } from '../session-by-text.ts';
import { ending, GUESTS, texts } from './commands.ts';

/** Everything about a session that a person could see. */
function whole(session: Session) {
  const { log, vm, focus, stops, values, variables, lastErrno, image, journal } = session.context;
  return structuredClone({
    world: session.worldHash(),
    tick: session.context.world.world.machine.tick,
    log,
    session: { vm, focus, stops, values, variables, lastErrno, image: image?.path },
    journal: journal.map((entry) => entry.command.text),
  });
}

const { table } = optionsFor();
const isStep = (session: Session, outcome: { readonly unmet?: unknown }): boolean =>
  outcome.unmet === undefined && table.get(session.journal[session.journal.length - 1]?.command.form ?? '')?.effect === 'world';

describe('time travel', () => {
  test('undo behind a command is as if it had not been given, redo as if it had', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }), (list, again) => {
        const session = openSession();
        for (const [i, text] of ending(list).entries()) {
          const before = whole(session);
          if (!isStep(session, run(session, text))) continue;
          const after = whole(session);
          expect(run(session, 'undo').unmet).toBeUndefined();
          expect(whole(session)).toEqual(before);
          if (!again[i]) continue;
          run(session, 'redo');
          expect(whole(session)).toEqual(after);
        }
      }),
      { numRuns: 12, seed: 20261128 },
    );
  });

  test('restore, then the same commands: world, outcomes and histories of the straight run', () => {
    fc.assert(
      fc.property(texts, texts, texts, (first, aside, second) => {
        const straight = openSession();
        const session = openSession();
        for (const one of [straight, session]) for (const text of ending(first)) run(one, text);
        for (const one of [straight, session]) run(one, 'snap here');
        const guest = first.findLast((text) => text.startsWith('up ') || text.startsWith('vm create'));
        const safe = (list: readonly string[]): string[] => ending([guest ?? 'tick', ...list]).slice(1);
        for (const text of safe(aside)) run(session, text);
        run(session, 'restore here');
        expect(whole(session)).toEqual(whole(straight));
        for (const text of safe(second)) expect(run(session, text)).toEqual(run(straight, text));
        expect(whole(session)).toEqual(whole(straight));
      }),
      { numRuns: 12, seed: 20261129 },
    );
  });

  test('after any hops the journal makes the world again', () => {
    const hops = fc.array(fc.constantFrom('undo', 'redo', 'snap a', 'snap b', 'restore a', 'restore b', 'restore branch-1'), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(texts, hops, (list, between) => {
        const session = openSession();
        for (const asset of GUESTS) session.addAsset(asset);
        for (const [i, text] of ending(list)
          .filter((one) => !one.startsWith('sample'))
          .entries()) {
          run(session, text);
          if (between[i] !== undefined) run(session, between[i]);
        }
        expect(replay(optionsFor(), session.journal, GUESTS).worldHash()).toBe(session.worldHash());
      }),
      { numRuns: 15, seed: 20261130 },
    );
  });
});
