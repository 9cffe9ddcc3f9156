// Where a timing model's first level lies while its CPU runs regions: in the memory of the loop's arrays, so that compiled code looks at it
// itself. The model's arrays are then views of a bank there; a copy of the world has arrays of its own, and moves in when it runs.

import type { Geometry } from '../../timing/geometry.ts';
import type { TimingModel } from '../../timing/model.ts';
import { LANES_MEMORY, TIMING_BANK_BYTES, TIMING_BANKS, TIMING_BYTES } from '../lanes.ts';

/** Byte offsets in a bank. */
export interface BankLayout {
  /** `TimingModel.clock`. */
  readonly clock: number;
  /** Stalls that regions saw and the model was not told yet, cycles. */
  readonly stalls: number;
  /** `Predictor.registers`. */
  readonly predictor: number;
  readonly l1: number;
  readonly tlb1: number;
  readonly returns: number;
  readonly directions: number;
}

const CLOCK = 0;
const STALLS = 16;
const PREDICTOR = 24;
const ARRAYS = 32;

/** The bank of a model of this geometry; null when it does not fit. */
export function layoutOf(g: Geometry): BankLayout | null {
  const l1 = ARRAYS;
  const tlb1 = l1 + (g.l1Bytes / g.lineBytes) * 4;
  const returns = tlb1 + g.tlb1Entries * 4;
  const directions = returns + g.returnStackEntries * 4;
  if (directions + 2 ** g.predictorBits > TIMING_BANK_BYTES) return null;
  return { clock: CLOCK, stalls: STALLS, predictor: PREDICTOR, l1, tlb1, returns, directions };
}

/** Whose arrays each bank holds. */
const owners: (TimingModel | undefined)[] = [];

function place<T extends Int32Array | Uint8Array>(view: T, array: T): T {
  view.set(array);
  return view;
}

function moveOut(t: TimingModel): void {
  t.clock = t.clock.slice();
  t.l1.tags = t.l1.tags.slice();
  t.tlb1.tags = t.tlb1.tags.slice();
  t.branches.registers = t.branches.registers.slice();
  t.branches.returns = t.branches.returns.slice();
  t.branches.directions = t.branches.directions.slice();
}

function moveIn(t: TimingModel, at: number, layout: BankLayout): void {
  const words = (offset: number, array: Int32Array): Int32Array =>
    place(new Int32Array(LANES_MEMORY.buffer, at + offset, array.length), array);
  t.clock = words(layout.clock, t.clock);
  t.l1.tags = words(layout.l1, t.l1.tags);
  t.tlb1.tags = words(layout.tlb1, t.tlb1.tags);
  t.branches.registers = words(layout.predictor, t.branches.registers);
  t.branches.returns = words(layout.returns, t.branches.returns);
  const { directions } = t.branches;
  t.branches.directions = place(new Uint8Array(LANES_MEMORY.buffer, at + layout.directions, directions.length), directions);
}

/** The byte offset of the bank that holds the model of CPU `number` from here on. */
export function bankOf(t: TimingModel, number: number, layout: BankLayout): number {
  const bank = number % TIMING_BANKS;
  const at = TIMING_BYTES + bank * TIMING_BANK_BYTES;
  const owner = owners[bank];
  if (owner !== t) {
    if (owner !== undefined) moveOut(owner);
    moveIn(t, at, layout);
    owners[bank] = t;
  }
  return at;
}
