// Two vCPU threads in the kernel at once: their calls step by step, in every order that their locks allow and that switches threads a few
// times (kvm-spe-abi.md §2.3: the choices of SPU and PMU narrow one mask under two locks; has-ran-once is tested under none).
import { err, ok, type Result } from 'neverthrow';
import type { Refusal } from './call.ts';
import { refuse, type Steps } from './steps.ts';

/** A call in progress: its list, and the state that its front end gathered. */
export interface InProgress<S> {
  readonly list: Steps<S>;
  readonly state: S;
}

type Walking = Generator<void, Result<null, Refusal>>;

/** Walks a list as `walk` does, but pauses behind every step and between the halves of a deed. */
function* walkSlowly<S>({ list, state }: InProgress<S>): Walking {
  for (const step of list.steps) {
    if (step.kind === 'deed') {
      for (const part of step.halves ?? [step.run]) {
        part(state);
        yield;
      }
      continue;
    }
    if (step.kind === 'end') {
      if (step.when(state)) return ok(null);
    } else if (step.fails(state)) {
      const refusal = refuse(list, state, step);
      step.leaves?.run(state);
      return err(refusal);
    }
    yield;
  }
  return ok(null);
}

/** Steps that a walk goes on for; its end where it comes. */
function goOn(walking: Walking, steps: number): Result<null, Refusal> | null {
  for (let n = 0; n < steps; n++) {
    const next = walking.next();
    if (next.done) return next.value;
  }
  return null;
}

const TO_THE_END = Number.POSITIVE_INFINITY;
const answerOf = (result: Result<null, Refusal>): string => (result.isErr() ? result.error.errno : 'ok');

/** How long a list can take, in pauses. */
const lengthOf = <S>(list: Steps<S>): number =>
  list.steps.reduce((sum, step) => sum + (step.kind === 'deed' ? (step.halves?.length ?? 1) : 1), 0);

/** One order: the first call goes `before` steps, the second `between`, then the first to its end, then the second. */
export interface Order {
  readonly before: number;
  readonly between: number;
}

/**
 * Every order of two calls with at most three switches. `fresh` makes both anew, on a world of their own; they are calls of two vCPUs, for a
 * vCPU's mutex admits one. `look` says what the world is then. Calls that hold the same lock come one behind the other.
 */
export function interleavings<A, B, R>(
  fresh: () => { readonly first: InProgress<A>; readonly second: InProgress<B> },
  look: () => R,
): readonly { readonly order: Order; readonly first: string; readonly second: string; readonly left: R }[] {
  const { first, second } = fresh();
  const locked = first.list.lock !== undefined && first.list.lock === second.list.lock;
  const [m, n] = [lengthOf(first.list), lengthOf(second.list)];
  const orders: Order[] = [];
  for (let before = 0; before <= m; before++) for (let between = 0; between <= n; between++) orders.push({ before, between });
  const allowed = locked ? orders.filter((o) => o.before === m || (o.before === 0 && (o.between === 0 || o.between === n))) : orders;
  return allowed.map((order) => {
    const calls = fresh();
    const [a, b] = [walkSlowly(calls.first), walkSlowly(calls.second)];
    const early = [goOn(a, order.before), goOn(b, order.between)] as const;
    const one = early[0] ?? goOn(a, TO_THE_END);
    const two = early[1] ?? goOn(b, TO_THE_END);
    if (one === null || two === null) throw new Error('a call does not end');
    return { order, first: answerOf(one), second: answerOf(two), left: look() };
  });
}
