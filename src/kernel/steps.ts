// A kernel call is an ordered list of steps: checks that can fail, then what it does. The order is behaviour.
// The list prints itself as documentation, answers `why`, is compared between revisions, and is what tests walk.
import { err, ok, type Result } from 'neverthrow';
import type { CheckTrace, Refusal } from './call.ts';

/** Where a fact stands: `seed` the v6 patch, `v6-review`, `v5`, `v4`, `mainline`, or `inferred` with a confidence. */
export interface Evidence {
  readonly tag: 'seed' | 'v6-review' | 'v6-title' | 'v5' | 'v4' | 'mainline' | 'arch' | 'inferred';
  readonly confidence: 'H' | 'M' | 'L';
  /** Function, document section or reason. */
  readonly place: string;
  /** Where the evidence is thin: the knob that chooses, its value, and the other readings. */
  readonly knob?: string;
}

const evidence =
  (tag: Evidence['tag'], confidence: Evidence['confidence']) =>
  (place: string): Evidence => ({ tag, confidence, place });
export const seed = evidence('seed', 'H');
export const v6Review = evidence('v6-review', 'M');
export const v6Title = evidence('v6-title', 'M');
export const v5 = evidence('v5', 'M');
export const v4 = evidence('v4', 'M');
export const mainline = evidence('mainline', 'H');
export const inferred = (confidence: Evidence['confidence'], place: string): Evidence => ({ tag: 'inferred', confidence, place });

/** `seed: kvm_spe_set_spu`, `inferred (M): hunk arithmetic`. */
export function evidenceText(e: Evidence): string {
  return e.tag === 'inferred' ? `inferred (${e.confidence}): ${e.place}` : `${e.tag}: ${e.place}`;
}

/** The same, with the knob that chooses between readings: what `why` and `explain` print. */
export const evidenceInFull = (e: Evidence): string => `${evidenceText(e)}${e.knob === undefined ? '' : `; knob ${e.knob}`}`;

/** A check; `S` is the state the call's front end gathered (vCPU, VM, pointer, and scratch that earlier steps fill in). */
export interface Check<S> {
  readonly kind: 'check';
  readonly errno: string;
  /** The sentence of the failure: 'a different SPU is already set'. */
  readonly why: string;
  fails(state: S): boolean;
  /** What it looks at, in words, for `why`: `irq 32`, `arm_spe_0 (type 10)`. */
  saw(state: S): string;
  /** What would have passed, where it can be said: `16 to 31`. */
  wouldPass?(state: S): string;
  /** What the failure itself leaves behind, where it is not nothing: 'the VM is dead'. */
  leaves?: { readonly what: string; run(state: S): void };
  readonly evidence: Evidence;
}

/** Something done on the way (reading a pointer's value into scratch) or at the end. */
export interface Deed<S> {
  readonly kind: 'deed';
  readonly what: string;
  run(state: S): void;
  /** A read and a write of something that other calls change under another lock: what happens between them is lost. */
  readonly halves?: readonly [(state: S) => void, (state: S) => void];
  readonly evidence: Evidence;
}

/** A step that ends the call with success there: 'the same SPU is set: nothing changes'. */
export interface EarlyEnd<S> {
  readonly kind: 'end';
  readonly what: string;
  when(state: S): boolean;
  readonly evidence: Evidence;
}

export type Step<S> = Check<S> | Deed<S> | EarlyEnd<S>;

export interface Steps<S> {
  /** `KVM_ARM_VCPU_SPE_SPU set`. */
  readonly name: string;
  readonly steps: readonly Step<S>[];
  /** The lock that the call holds beside its vCPU's mutex: two calls with the same one never overlap. */
  readonly lock?: 'config_lock' | 'arm_spus_lock';
}

export const steps = <S>(name: string, list: readonly Step<S>[], lock?: Steps<S>['lock']): Steps<S> => ({
  name,
  steps: list,
  ...(lock === undefined ? {} : { lock }),
});

type CheckParts<S> = Pick<Check<S>, 'saw' | 'wouldPass' | 'leaves'> & { when(state: S): boolean };

/** A check: `fails('EBUSY', 'a vCPU of this VM has already run', { when, saw }, seed('kvm_spe_set_spu'))`. */
export function fails<S>(errno: string, why: string, parts: CheckParts<S>, evidence: Evidence): Check<S> {
  const { when, saw, wouldPass, leaves } = parts;
  return { kind: 'check', errno, why, fails: when, saw, ...(wouldPass ? { wouldPass } : {}), ...(leaves ? { leaves } : {}), evidence };
}

export const does = <S>(what: string, run: (state: S) => void, evidence: Evidence): Deed<S> => ({ kind: 'deed', what, run, evidence });

/** A deed in two halves; a call that nobody disturbs does one behind the other. */
export const doesInHalves = <S>(what: string, first: (state: S) => void, second: (state: S) => void, evidence: Evidence): Deed<S> => ({
  kind: 'deed',
  what,
  run: (state) => {
    first(state);
    second(state);
  },
  halves: [first, second],
  evidence,
});

export const endsWhen = <S>(what: string, when: (state: S) => boolean, evidence: Evidence): EarlyEnd<S> => ({
  kind: 'end',
  what,
  when,
  evidence,
});

/** The checks of a list in order: those that can fail. */
export function checksOf<S>(list: Steps<S>): readonly Check<S>[] {
  return list.steps.filter((s): s is Check<S> => s.kind === 'check');
}

/**
 * Walks the list against a state: the first failing check is the refusal, with every check of the list traced; otherwise the deeds were done.
 * `saw` is asked only after a refusal, so a deed before a check must not change what an earlier check looks at.
 */
export function walk<S>(list: Steps<S>, state: S): Result<null, Refusal> {
  for (const step of list.steps) {
    if (step.kind === 'deed') step.run(state);
    else if (step.kind === 'end') {
      if (step.when(state)) return ok(null);
    } else if (step.fails(state)) {
      const refusal = refuse(list, state, step);
      step.leaves?.run(state);
      return err(refusal);
    }
  }
  return ok(null);
}

/** The refusal of a check that failed in this state. */
export function refuse<S>(list: Steps<S>, state: S, failed: Check<S>): Refusal {
  const all = checksOf(list);
  const at = all.indexOf(failed);
  const checks = all.map((check, i): CheckTrace => {
    const saw = i <= at ? check.saw(state) : '';
    const trace = { errno: check.errno, why: check.why, saw, evidence: check.evidence };
    if (i < at) return { ...trace, result: 'passed' };
    if (i > at) return { ...trace, result: 'not reached' };
    const wouldPass = check.wouldPass?.(state);
    return { ...trace, result: 'failed', ...(wouldPass === undefined ? {} : { wouldPass }) };
  });
  return {
    list: list.name,
    errno: failed.errno,
    why: failed.why,
    saw: checks[at].saw,
    check: at + 1,
    of: all.length,
    evidence: failed.evidence,
    checks,
  };
}
