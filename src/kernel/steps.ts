// A kernel call is an ordered list of steps: checks that can fail, then what it does. The order is behaviour.
// The list prints itself as documentation, answers `why`, is compared between revisions, and is what tests walk.

/** Where a fact stands: `seed` the v6 patch, `v6-review`, `v5`, `v4`, `mainline`, or `inferred` with a confidence. */
export interface Evidence {
  readonly tag: 'seed' | 'v6-review' | 'v6-title' | 'v5' | 'v4' | 'mainline' | 'arch' | 'inferred';
  readonly confidence: 'H' | 'M' | 'L';
  /** Function, document section or reason. */
  readonly place: string;
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
  readonly evidence: Evidence;
}

/** Something done on the way (reading a pointer's value into scratch) or at the end. */
export interface Deed<S> {
  readonly kind: 'deed';
  readonly what: string;
  run(state: S): void;
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
}
