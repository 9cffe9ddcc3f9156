// Words of records as bytes, made once: operations by class and payload byte, sets of events by their low half.
import { eventNames } from '../arch/spe/events.ts';
import { operationWords } from '../arch/spe/operations.ts';
import { asciiBytes } from './text.ts';

/** How a word stands in its line: `"LD GP-REG",` or the like. */
export type Dress = (words: string) => string;

export interface RecordWords {
  readonly dress: Dress;
  readonly operations: (Uint8Array | undefined)[];
  /** By MIDR_EL1, which names events of some implementations. */
  readonly events: Map<number | undefined, EventWords>;
}

/** A direct-mapped cache: traces hold a few hundred different sets of events; damaged ones may hold any number. */
export interface EventWords {
  readonly dress: Dress;
  readonly midr: number | undefined;
  readonly keys: Uint32Array;
  readonly words: (Uint8Array | undefined)[];
}

const SLOTS = 4096;
/** Machines have few kinds of CPU; a file may claim any number. */
const MOST_KINDS = 16;

export const newRecordWords = (dress: Dress): RecordWords => ({ dress, operations: [], events: new Map() });

/** perf 7.3's words: it knows every packet. */
export function operationBytes(w: RecordWords, operation: number): Uint8Array {
  let bytes = w.operations[operation];
  if (bytes === undefined) {
    bytes = asciiBytes(w.dress(operationWords(operation >> 8, operation & 0xff, '7.3')));
    w.operations[operation] = bytes;
  }
  return bytes;
}

export function eventWordsOf(w: RecordWords, midr: number | undefined): EventWords {
  let found = w.events.get(midr);
  if (found === undefined) {
    if (w.events.size === MOST_KINDS) w.events.clear();
    found = { dress: w.dress, midr, keys: new Uint32Array(SLOTS), words: new Array(SLOTS).fill(undefined) };
    w.events.set(midr, found);
  }
  return found;
}

export function eventBytes(e: EventWords, high: number, low: number): Uint8Array {
  if (high !== 0) return asciiBytes(e.dress(eventNames((BigInt(high) << 32n) | BigInt(low), '7.3', e.midr)));
  const slot = (low ^ (low >>> 12)) & (SLOTS - 1);
  const known = e.words[slot];
  if (known !== undefined && e.keys[slot] === low) return known;
  const bytes = asciiBytes(e.dress(eventNames(BigInt(low), '7.3', e.midr)));
  e.keys[slot] = low;
  e.words[slot] = bytes;
  return bytes;
}
