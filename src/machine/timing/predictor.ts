// The branch predictor: gshare direction counters, a branch target buffer for indirect branches, a return stack.
// Direct targets are known at decode, so a direct branch that is always taken never corrects the predicted flow.

/** Kinds of branches as `touchBranch` takes them. */
export const BRANCH_CONDITIONAL = 0; // B.cond, CBZ, CBNZ, TBZ, TBNZ
export const BRANCH_DIRECT = 1; // B
export const BRANCH_CALL = 2; // BL
export const BRANCH_RETURN = 3; // RET
export const BRANCH_INDIRECT = 4; // BR
export const BRANCH_INDIRECT_CALL = 5; // BLR
export const BRANCH_EXCEPTION_RETURN = 6; // ERET: not predicted, it synchronises anyway

export interface Predictor {
  /** Two-bit counters, 0-1 not taken, 2-3 taken. */
  directions: Uint8Array;
  /** HISTORY, TOP. */
  registers: Int32Array;
  readonly historyMask: number;
  /** Pairs: address of the branch, its last target (low 32 bits each). */
  targets: Int32Array;
  returns: Int32Array;
}

/** The last directions, newest in bit 0. */
export const HISTORY = 0;
/** Index of the newest entry of the return stack, which wraps. */
export const TOP = 1;

export function newPredictor(predictorBits: number, historyBits: number, btbEntries: number, returnStackEntries: number): Predictor {
  return {
    directions: new Uint8Array(1 << predictorBits).fill(1),
    registers: new Int32Array(2),
    historyMask: (1 << historyBits) - 1,
    targets: new Int32Array(btbEntries * 2),
    returns: new Int32Array(returnStackEntries),
  };
}

/** A conditional branch: true when its direction was mispredicted. */
export function predictDirection(p: Predictor, pcLo: number, taken: boolean): boolean {
  const counters = p.directions;
  const index = ((pcLo >>> 2) ^ p.registers[HISTORY]) & (counters.length - 1);
  const counter = counters[index];
  if (taken) {
    if (counter < 3) counters[index] = counter + 1;
  } else if (counter > 0) counters[index] = counter - 1;
  p.registers[HISTORY] = ((p.registers[HISTORY] << 1) | (taken ? 1 : 0)) & p.historyMask;
  return counter >= 2 !== taken;
}

function target(p: Predictor, pcLo: number, targetLo: number): boolean {
  const targets = p.targets;
  const index = (pcLo >>> 1) & (targets.length - 1) & ~1;
  const known = targets[index] === pcLo && targets[index + 1] === targetLo;
  targets[index] = pcLo;
  targets[index + 1] = targetLo;
  return !known;
}

function push(p: Predictor, returnLo: number): void {
  p.registers[TOP] = (p.registers[TOP] + 1) & (p.returns.length - 1);
  p.returns[p.registers[TOP]] = returnLo;
}

/** Shows the predictor one executed branch; addresses are the low 32 bits (as Int32). True when the branch was mispredicted. */
export function predict(p: Predictor, pcLo: number, kind: number, taken: boolean, targetLo: number): boolean {
  switch (kind) {
    case BRANCH_CONDITIONAL:
      return predictDirection(p, pcLo, taken);
    case BRANCH_CALL:
      push(p, (pcLo + 4) | 0);
      return false;
    case BRANCH_RETURN: {
      const expected = p.returns[p.registers[TOP]];
      p.registers[TOP] = (p.registers[TOP] - 1) & (p.returns.length - 1);
      return expected !== targetLo;
    }
    case BRANCH_INDIRECT:
      return target(p, pcLo, targetLo);
    case BRANCH_INDIRECT_CALL:
      push(p, (pcLo + 4) | 0);
      return target(p, pcLo, targetLo);
    default:
      return false;
  }
}
