// What accesses and branches do to the timing model, in compiled code: `touchData` and `touchBranch` of timing/model.ts where the most recent
// ways of the first level answer, or the predictor's own state does; otherwise those functions are called.

import * as w from '../../../base/wasm.ts';
import { OWNED } from '../../timing/lru.ts';
import { NOW, READY_AT, TAKEN_TO } from '../../timing/model.ts';
import { BRANCH_CALL, BRANCH_CONDITIONAL, BRANCH_DIRECT, BRANCH_RETURN, HISTORY, TOP } from '../../timing/predictor.ts';
import type { Emitter, Timed } from './emit.ts';
import * as e from './emit.ts';

function loadWord(b: Emitter, offset: number): void {
  e.local(b, w.LOCAL_GET, e.BANK);
  w.access(b.code, w.I32_LOAD, e.LANES, offset, 2);
}

/** Stores what `push` pushes at a constant offset of the bank. */
function storeWord(b: Emitter, offset: number, push: () => void): void {
  e.local(b, w.LOCAL_GET, e.BANK);
  push();
  w.access(b.code, w.I32_STORE, e.LANES, offset, 2);
}

/** Pushes the first tag of the set that the number in local `index` belongs to. */
function pushTag(b: Emitter, index: number, mask: number, ways: number, offset: number): void {
  e.local(b, w.LOCAL_GET, index);
  e.i32(b, mask);
  b.code.push(w.I32_AND);
  e.i32(b, ways * 4);
  b.code.push(w.I32_MUL);
  e.local(b, w.LOCAL_GET, e.BANK);
  b.code.push(w.I32_ADD);
  w.access(b.code, w.I32_LOAD, e.LANES, offset, 2);
}

/** PA >>> shift into a local. */
function pieceOfPa(b: Emitter, shift: number, into: number): void {
  e.local(b, w.LOCAL_GET, e.PA);
  e.i32(b, shift);
  b.code.push(w.I32_SHR_U);
  e.local(b, w.LOCAL_SET, into);
}

function callTouchData(b: Emitter, bytes: number, store: boolean): void {
  e.local(b, w.LOCAL_GET, e.PA);
  e.i32(b, bytes);
  e.i32(b, store ? 1 : 0);
  b.code.push(w.CALL, e.TOUCH_DATA);
}

/** An access of `bytes` at PA; `split`: it may lie in two lines. */
export function touchData(b: Emitter, bytes: number, store: boolean, split: boolean): void {
  if (b.timed === null) return;
  const { geometry: g, layout } = b.timed;
  if (layout === null) {
    callTouchData(b, bytes, store);
    return;
  }
  const lineShift = Math.log2(g.lineBytes);
  pieceOfPa(b, lineShift, e.LINE);
  pushTag(b, e.LINE, g.l1Bytes / g.lineBytes / g.l1Ways - 1, g.l1Ways, layout.l1);
  if (store) {
    e.local(b, w.LOCAL_GET, e.LINE);
    e.i32(b, OWNED);
    b.code.push(w.I32_OR, w.I32_NE);
  } else {
    e.i32(b, ~OWNED);
    b.code.push(w.I32_AND);
    e.local(b, w.LOCAL_GET, e.LINE);
    b.code.push(w.I32_NE);
  }
  if (split) {
    e.local(b, w.LOCAL_GET, e.PA);
    e.i32(b, bytes - 1);
    b.code.push(w.I32_ADD);
    e.i32(b, lineShift);
    b.code.push(w.I32_SHR_U);
    e.local(b, w.LOCAL_GET, e.LINE);
    b.code.push(w.I32_NE, w.I32_OR);
  }
  pieceOfPa(b, 12, e.LINE);
  pushTag(b, e.LINE, g.tlb1Entries / g.tlb1Ways - 1, g.tlb1Ways, layout.tlb1);
  e.local(b, w.LOCAL_GET, e.LINE);
  b.code.push(w.I32_NE, w.I32_OR, w.IF, w.VOID);
  callTouchData(b, bytes, store);
  b.code.push(w.ELSE);
  storeWord(b, layout.clock + READY_AT * 4, () => {
    loadWord(b, layout.clock + NOW * 4);
    e.i32(b, g.l1Cycles);
    b.code.push(w.I32_ADD);
  });
  b.code.push(w.END);
}

/** Adds `cycles` to the stalls when the number on the stack is 1, nothing when it is 0. */
function stallWhen(b: Emitter, stalls: number, cycles: number): void {
  e.local(b, w.LOCAL_SET, e.LINE);
  storeWord(b, stalls, () => {
    loadWord(b, stalls);
    e.local(b, w.LOCAL_GET, e.LINE);
    e.i32(b, cycles);
    b.code.push(w.I32_MUL, w.I32_ADD);
  });
}

/** Moves the top of the return stack by `by`; it is in LINE too. */
function moveTop(b: Emitter, t: Timed, predictor: number, by: number): void {
  storeWord(b, predictor + TOP * 4, () => {
    loadWord(b, predictor + TOP * 4);
    e.i32(b, by);
    b.code.push(w.I32_ADD);
    e.i32(b, t.geometry.returnStackEntries - 1);
    b.code.push(w.I32_AND);
    e.local(b, w.LOCAL_TEE, e.LINE);
  });
}

/** Pushes the bank's address plus four times LINE. */
function pushEntry(b: Emitter): void {
  e.local(b, w.LOCAL_GET, e.LINE);
  e.i32(b, 2);
  b.code.push(w.I32_SHL);
  e.local(b, w.LOCAL_GET, e.BANK);
  b.code.push(w.I32_ADD);
}

/** The two-bit counters and the history; whether the branch is taken is in PA, 0 or 1. */
function predictDirection(b: Emitter, t: Timed, layout: NonNullable<Timed['layout']>): void {
  const history = layout.predictor + HISTORY * 4;
  const { geometry: g } = t;
  // The counter's address.
  e.pushPc(b);
  e.i32(b, 2);
  b.code.push(w.I32_SHR_U);
  loadWord(b, history);
  b.code.push(w.I32_XOR);
  e.i32(b, 2 ** g.predictorBits - 1);
  b.code.push(w.I32_AND);
  e.local(b, w.LOCAL_GET, e.BANK);
  b.code.push(w.I32_ADD);
  e.local(b, w.LOCAL_TEE, e.LINE);
  w.access(b.code, w.I32_LOAD8_U, e.LANES, layout.directions, 0);
  e.local(b, w.LOCAL_SET, e.OFFSET);
  // Up to 3 when taken, down to 0 when not.
  e.local(b, w.LOCAL_GET, e.LINE);
  e.local(b, w.LOCAL_GET, e.OFFSET);
  e.local(b, w.LOCAL_GET, e.OFFSET);
  e.i32(b, 3);
  b.code.push(w.I32_LT_U);
  e.i32(b, 0);
  e.local(b, w.LOCAL_GET, e.OFFSET);
  e.i32(b, 0);
  b.code.push(w.I32_NE, w.I32_SUB);
  e.local(b, w.LOCAL_GET, e.PA);
  b.code.push(w.SELECT, w.I32_ADD);
  w.access(b.code, w.I32_STORE8, e.LANES, layout.directions, 0);
  storeWord(b, history, () => {
    loadWord(b, history);
    e.i32(b, 1);
    b.code.push(w.I32_SHL);
    e.local(b, w.LOCAL_GET, e.PA);
    b.code.push(w.I32_OR);
    e.i32(b, 2 ** g.historyBits - 1);
    b.code.push(w.I32_AND);
  });
  e.local(b, w.LOCAL_GET, e.OFFSET);
  e.i32(b, 1);
  b.code.push(w.I32_SHR_U);
  e.local(b, w.LOCAL_GET, e.PA);
  b.code.push(w.I32_XOR);
  stallWhen(b, layout.stalls, g.mispredictCycles);
}

/** An executed branch; `pushTarget` pushes where it goes when it is taken, `PA` holds whether a conditional one is. */
export function touchBranch(b: Emitter, kind: number, pushTarget: () => void): void {
  if (b.timed === null) return;
  const { geometry: g, layout } = b.timed;
  const known = kind === BRANCH_CONDITIONAL || kind === BRANCH_DIRECT || kind === BRANCH_CALL || kind === BRANCH_RETURN;
  if (layout === null || !known) {
    e.pushPc(b);
    e.i32(b, kind);
    if (kind === BRANCH_CONDITIONAL) e.local(b, w.LOCAL_GET, e.PA);
    else e.i32(b, 1);
    pushTarget();
    b.code.push(w.CALL, e.TOUCH_BRANCH);
    return;
  }
  storeWord(b, layout.clock + NOW * 4, () => {
    loadWord(b, layout.clock + NOW * 4);
    e.i32(b, g.blockCycles);
    b.code.push(w.I32_ADD);
  });
  if (kind === BRANCH_CONDITIONAL) {
    e.local(b, w.LOCAL_GET, e.PA);
    b.code.push(w.IF, w.VOID);
    storeWord(b, layout.clock + TAKEN_TO * 4, pushTarget);
    b.code.push(w.END);
    predictDirection(b, b.timed, layout);
    return;
  }
  storeWord(b, layout.clock + TAKEN_TO * 4, pushTarget);
  if (kind === BRANCH_CALL) {
    moveTop(b, b.timed, layout.predictor, 1);
    pushEntry(b);
    e.pushPc(b);
    e.i32(b, 4);
    b.code.push(w.I32_ADD);
    w.access(b.code, w.I32_STORE, e.LANES, layout.returns, 2);
  } else if (kind === BRANCH_RETURN) {
    loadWord(b, layout.predictor + TOP * 4);
    e.local(b, w.LOCAL_SET, e.LINE);
    pushEntry(b);
    w.access(b.code, w.I32_LOAD, e.LANES, layout.returns, 2);
    pushTarget();
    b.code.push(w.I32_NE);
    stallWhen(b, layout.stalls, g.mispredictCycles);
    moveTop(b, b.timed, layout.predictor, -1);
  }
}
