// Words of records as strings, made once: operations by class and payload byte, sets of events by their bits.
import { eventNames } from '../arch/spe/events.ts';
import { operationWords } from '../arch/spe/operations.ts';

export interface TextWords {
  readonly operations: (string | undefined)[];
  readonly events: Map<bigint, string>;
  midr: number | undefined;
}

/** Traces hold a few hundred different sets of events; damaged ones may hold any number. */
const KEPT = 4096;

export const newTextWords = (): TextWords => ({ operations: [], events: new Map(), midr: undefined });

/** perf 7.3's words: it knows every packet. */
export function wordsOfOperation(w: TextWords, operation: number): string {
  w.operations[operation] ??= operationWords(operation >> 8, operation & 0xff, '7.3');
  return w.operations[operation];
}

export function wordsOfEvents(w: TextWords, events: bigint, midr: number | undefined): string {
  if (w.midr !== midr) {
    w.events.clear();
    w.midr = midr;
  }
  let words = w.events.get(events);
  if (words === undefined) {
    words = eventNames(events, '7.3', midr);
    if (w.events.size < KEPT) w.events.set(events, words);
  }
  return words;
}
