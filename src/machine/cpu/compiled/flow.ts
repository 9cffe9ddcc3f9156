// Blocks and branches as WebAssembly. Loops of the guest become loops; a branch ahead within the loop in hand leaves a block; any other goes
// to the beginning of the innermost loop that holds its target, which dispatches by the block's number (NEXT).

import * as w from '../../../base/wasm.ts';
import { BRANCH_CALL, BRANCH_CONDITIONAL, BRANCH_INDIRECT_CALL } from '../../timing/predictor.ts';
import { records } from '../lanes.ts';
import { OP_B, OP_B_EQ, OP_B_NOT_ZERO, OP_B_REGISTER, OP_B_ZERO, OP_MEMORY } from '../operations.ts';
import { type Interval, isBranch, type Region, successors, targetWord } from './blocks.ts';
import { dataProcessing, type Fields, fieldsAt } from './data.ts';
import type { Emitter } from './emit.ts';
import * as e from './emit.ts';
import { pushCondition } from './flags.ts';
import { loadOrStore } from './memory.ts';
import { touchBranch } from './timed.ts';

/** What one pass of code generation knows; `dispatched` grows from pass to pass until it holds every block that a dispatch goes to. */
export interface Flow {
  readonly region: Region;
  readonly loops: readonly Interval[];
  readonly dispatched: Set<number>;
  /** What made the flags when a block begins: FLAGS_… */
  readonly flagsAt: readonly number[];
}

/** Goes to a block of the region. */
function goTo(b: Emitter, flow: Flow, target: number): void {
  for (let depth = 0; depth < b.labels.length; depth++) {
    const label = b.labels[b.labels.length - 1 - depth];
    if (label === null || target < label.from || target > label.to) continue;
    if (target !== label.from) {
      flow.dispatched.add(target);
      e.i32(b, target);
      e.local(b, w.LOCAL_SET, e.NEXT);
    }
    b.code.push(w.BR);
    w.unsigned(b.code, depth);
    return;
  }
  throw new Error(`no label leads to block ${target}`);
}

/** Goes to an address of the page: a block, or out of the region. */
function goToWord(b: Emitter, flow: Flow, word: number): void {
  const target = flow.region.blockAt[word];
  if (target >= 0) goTo(b, flow, target);
  else e.exitAt(b, word * 4, 0);
}

/** Where a direct branch goes when it is taken. */
function take(b: Emitter, flow: Flow, f: Fields): void {
  const word = targetWord(f.at, b.word);
  if (word !== null) goToWord(b, flow, word);
  else e.exitAt(b, b.word * 4 + f.y, 0);
}

/** Pushes the low half of a direct branch's target. */
function pushTarget(b: Emitter, f: Fields): void {
  e.pushPc(b);
  e.i32(b, f.y);
  b.code.push(w.I32_ADD);
}

function link(b: Emitter): void {
  e.local(b, w.LOCAL_GET, e.PAGE);
  e.i64(b, b.word * 4 + 4, 0);
  b.code.push(w.I64_ADD);
  e.set(b, 30);
}

function unconditional(b: Emitter, flow: Flow, f: Fields): void {
  if (f.m === BRANCH_CALL) link(b);
  touchBranch(b, f.m, () => pushTarget(b, f));
  take(b, flow, f);
}

/** BR, BLR, RET: a return to behind a call of the region stays in it. */
function toRegister(b: Emitter, flow: Flow, f: Fields): void {
  e.get(b, f.n);
  e.local(b, w.LOCAL_SET, e.VA);
  if (f.m === BRANCH_INDIRECT_CALL) link(b);
  touchBranch(b, f.m, () => {
    e.local(b, w.LOCAL_GET, e.VA);
    b.code.push(w.I32_WRAP_I64);
  });
  for (const target of flow.region.returns) {
    e.local(b, w.LOCAL_GET, e.VA);
    e.local(b, w.LOCAL_GET, e.PAGE);
    b.code.push(w.I64_SUB);
    e.i64(b, flow.region.blocks[target].start * 4, 0);
    b.code.push(w.I64_EQ);
    e.open(b, w.IF);
    goTo(b, flow, target);
    e.close(b);
  }
  e.local(b, w.LOCAL_GET, e.VA);
  e.local(b, w.LOCAL_SET, e.PAGE);
  e.exitAt(b, 0, 0);
}

/** Pushes whether a conditional branch is taken. */
function pushTaken(b: Emitter, f: Fields): void {
  if (f.operation < OP_B_ZERO) {
    pushCondition(b, f.operation - OP_B_EQ);
    return;
  }
  e.get(b, f.d);
  if ((f.z & f.w) !== -1) {
    e.i64(b, f.z, f.w);
    b.code.push(w.I64_AND);
  }
  b.code.push(w.I64_EQZ);
  if (f.operation === OP_B_NOT_ZERO) b.code.push(w.I32_EQZ);
}

function conditional(b: Emitter, flow: Flow, f: Fields): void {
  pushTaken(b, f);
  if (b.timed !== null) {
    // Any number that is not zero means taken; the model wants 0 or 1.
    e.i32(b, 0);
    b.code.push(w.I32_NE);
    e.local(b, w.LOCAL_SET, e.PA);
    touchBranch(b, BRANCH_CONDITIONAL, () => pushTarget(b, f));
    e.local(b, w.LOCAL_GET, e.PA);
  }
  e.open(b, w.IF);
  take(b, flow, f);
  e.close(b);
  goToWord(b, flow, b.word + 1);
}

function branch(b: Emitter, flow: Flow, f: Fields): void {
  if (f.operation === OP_B) unconditional(b, flow, f);
  else if (f.operation === OP_B_REGISTER) toRegister(b, flow, f);
  else conditional(b, flow, f);
}

/** The code of one block. It falls through only to the next block. */
function emitBlock(b: Emitter, flow: Flow, number: number): void {
  const { start, end, ends } = flow.region.blocks[number];
  const length = end - start;
  if (flow.dispatched.has(number)) {
    e.i32(b, -1);
    e.local(b, w.LOCAL_SET, e.NEXT);
  }
  e.local(b, w.LOCAL_GET, e.LEFT);
  e.i32(b, length);
  b.code.push(w.I32_LT_S);
  e.open(b, w.IF);
  e.exitAt(b, start * 4, 0);
  e.close(b);
  e.local(b, w.LOCAL_GET, e.LEFT);
  e.i32(b, length);
  b.code.push(w.I32_SUB);
  e.local(b, w.LOCAL_SET, e.LEFT);
  b.flags = flow.flagsAt[number];
  const all = records();
  for (let word = start; word < end; word++) {
    const at = b.base + word * 8;
    const operation = all[at] & 127;
    b.word = word;
    b.rest = end - word;
    if (isBranch(operation)) branch(b, flow, fieldsAt(at));
    else if (operation >= OP_MEMORY) loadOrStore(b, at);
    else dataProcessing(b, at);
  }
  if (ends === 'operation') e.exitAt(b, end * 4, 0);
}

interface Unit {
  readonly from: number;
  readonly to: number;
  readonly loop: boolean;
}

/** The blocks `from` to `to` as single blocks and the loops among them; a loop of all of them is not looked at again. */
function unitsOf(flow: Flow, from: number, to: number): Unit[] {
  const units: Unit[] = [];
  for (let block = from; block <= to; ) {
    const loop = flow.loops.find((l) => l.head === block && !(l.head === from && l.end >= to));
    const end = loop === undefined ? block : loop.end;
    units.push({ from: block, to: end, loop: loop !== undefined });
    block = end + 1;
  }
  return units;
}

/** The blocks `from` to `to` as a loop whose beginning dispatches by NEXT. */
export function emitLoop(b: Emitter, flow: Flow, from: number, to: number): void {
  b.code.push(w.LOOP, w.VOID);
  b.labels.push({ from, to });
  const units = unitsOf(flow, from, to);
  for (const unit of [...units].reverse()) {
    b.code.push(w.BLOCK, w.VOID);
    b.labels.push(unit);
  }
  let dispatches = false;
  for (const block of flow.dispatched) if (block > from && block <= to) dispatches = true;
  if (dispatches) {
    e.local(b, w.LOCAL_GET, e.NEXT);
    e.i32(b, 0);
    b.code.push(w.I32_LT_S, w.BR_IF, 0);
    e.local(b, w.LOCAL_GET, e.NEXT);
    e.i32(b, from);
    b.code.push(w.I32_SUB, w.BR_TABLE);
    w.unsigned(b.code, to - from + 1);
    for (let block = from; block <= to; block++) {
      w.unsigned(
        b.code,
        units.findIndex((u) => block <= u.to),
      );
    }
    w.unsigned(b.code, 0);
  }
  for (const unit of units) {
    b.labels.pop();
    b.code.push(w.END);
    if (unit.loop) emitLoop(b, flow, unit.from, unit.to);
    else emitBlock(b, flow, unit.from);
  }
  b.labels.pop();
  b.code.push(w.END);
}

/** What made the flags at the beginning of each block, where every way there agrees. */
export function flagsAtBlocks(region: Region, base: number): number[] {
  const all = records();
  const count = region.blocks.length;
  const at = new Array<number | undefined>(count).fill(undefined);
  for (const open of [region.entry, ...region.returns]) at[open] = e.FLAGS_UNKNOWN;
  const waiting = [region.entry, ...region.returns];
  while (waiting.length > 0) {
    const number = waiting.pop()!;
    let flags = at[number]!;
    for (let word = region.blocks[number].start; word < region.blocks[number].end; word++) {
      flags = flagsAfter(all[base + word * 8] & 127, flags);
    }
    for (const to of successors(region, base, number)) {
      const merged = at[to] === undefined || at[to] === flags ? flags : e.FLAGS_UNKNOWN;
      if (merged === at[to]) continue;
      at[to] = merged;
      waiting.push(to);
    }
  }
  return at.map((flags) => flags ?? e.FLAGS_UNKNOWN);
}

/** OP_ADDS_64 … OP_SUBS_32, OP_ANDS and OP_RARE_FLAGS by their numbers. */
function flagsAfter(operation: number, before: number): number {
  switch (operation) {
    case 9:
      return e.FLAGS_ADD_64;
    case 10:
      return e.FLAGS_ADD_32;
    case 11:
      return e.FLAGS_SUB_64;
    case 12:
      return e.FLAGS_SUB_32;
    case 16:
      return e.FLAGS_LOGICAL;
    case 31:
      return e.FLAGS_UNKNOWN;
    default:
      return before;
  }
}
