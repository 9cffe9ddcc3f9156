// Work on parts of a buffer, put one behind the other, is what one pass gives: for any bytes and any length of the parts.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PerfVersion } from '../../src/arch/spe/perf.ts';
import { decodeTrace } from '../../src/trace/decode.ts';
import { dumpText, dumpWindow, newDump } from '../../src/trace/dump.ts';
import type { LoopMemory } from '../../src/trace/loop-memory.ts';
import {
  addPartCounts,
  type Cut,
  countPart,
  countsOf,
  dumpPart,
  guessCut,
  linesPart,
  newPartScratch,
  noPartCounts,
  type PartWork,
  START,
} from '../../src/trace/parts.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { linesOf, newRecordLines } from '../../src/trace/record-lines.ts';
import { newText } from '../../src/trace/text.ts';
import { damagedRecords, dice, randomRecords } from './random-packets.ts';

/** As a thread has it: one for all parts. */
const scratch = newPartScratch();

const N1 = 0x413fd0c1;

const shape = { contexts: [7], code: null, clock: null };

/** Good records, damaged ones, any bytes, packets without words (perf 7.3 repeats those before), zeros. */
function trace(seed: number): Uint8Array {
  const d = dice(seed);
  const pieces = Array.from({ length: 4 }, () => {
    switch (d.below(5)) {
      case 0:
        return randomRecords(d, 30, shape);
      case 1:
        return damagedRecords(d, 30);
      case 2:
        return Uint8Array.from({ length: 300 }, () => d.below(256));
      case 3:
        return Uint8Array.from({ length: 200 }, () => d.oneOf([0x48, 0x07, 0x01, 0x71, 0x00]));
      default:
        return new Uint8Array(d.below(200));
    }
  });
  return new Uint8Array(Buffer.concat(pieces));
}

function textOf(work: PartWork): { readonly text: string; readonly end: Cut | null } {
  let text = '';
  for (;;) {
    const step = work.next();
    if (step.done === true) return { text, end: step.value };
    text += Buffer.from(step.value.bytes.subarray(0, step.value.length)).toString('latin1');
    step.value.length = 0;
  }
}

/** The parts one after the other, each from where the one before ended. */
function inParts(length: number, size: number, work: (from: Cut, until: number) => PartWork): string {
  let text = '';
  let cut: Cut | null = START;
  for (let to = length; cut !== null; to += length) {
    if (cut.offset >= to) continue;
    const done = textOf(work(cut, to + length > size ? Number.POSITIVE_INFINITY : to));
    text += done.text;
    cut = done.end;
  }
  return text;
}

const cases = fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 2000 }));

test('the dump', () => {
  fc.assert(
    fc.property(cases, fc.constantFrom<PerfVersion>('6.1', '6.12', '7.3'), fc.constantFrom(undefined, N1), ([seed, length], perf, midr) => {
      const bytes = trace(seed);
      const options = { perf, ...(midr === undefined ? {} : { midr }) };
      const got = inParts(length, bytes.length, (from, until) => dumpPart(readAtBytes(bytes), from, until, options, scratch));
      expect(got).toBe(dumpText(bytes, options));
    }),
    { numRuns: 200 },
  );
});

test('packets beyond 4 GiB, and the last ones before', () => {
  const bytes = trace(7);
  const dumpFrom = (offset: number, memory: LoopMemory | null): string => {
    const d = { ...newDump({ perf: '6.1' }, memory), position: offset };
    let bytesOf = bytes;
    if (memory !== null) {
      memory.window.set(bytes);
      bytesOf = memory.window.subarray(0, bytes.length);
    }
    return [...dumpWindow(d, bytesOf)].map((t) => Buffer.from(t.bytes.subarray(0, t.length)).toString('latin1')).join('');
  };
  for (const offset of [2 ** 31 - 100, 2 ** 32 - 100, 2 ** 32, 2 ** 33 + 5]) {
    const text = dumpFrom(offset, scratch.loop);
    expect(text).toBe(dumpFrom(offset, null));
    expect(text.slice(0, 14)).toContain(`.  ${offset.toString(16).padStart(8, '0')}: `);
  }
});

test('records as lines', () => {
  fc.assert(
    fc.property(cases, ([seed, length]) => {
      const bytes = trace(seed);
      const got = inParts(length, bytes.length, (from, until) =>
        linesPart(readAtBytes(bytes), from, until, { form: 'csv', midr: undefined }, newText(), scratch),
      );
      const whole = Buffer.concat([...linesOf(newRecordLines('csv'), decodeTrace(bytes).columns, undefined)]);
      expect(got).toBe(whole.toString('latin1'));
    }),
    { numRuns: 200 },
  );
});

test('counts', () => {
  fc.assert(
    fc.property(cases, ([seed, length]) => {
      const bytes = trace(seed);
      const sum = noPartCounts();
      inParts(length, bytes.length, function* count(from, until) {
        const counts = noPartCounts();
        const end = yield* countPart(readAtBytes(bytes), from, until, counts, scratch);
        addPartCounts(sum, counts);
        return end;
      });
      expect(sum).toEqual(countsOf(decodeTrace(bytes)));
    }),
    { numRuns: 200 },
  );
});

test('a guess in good records is right, however far in', () => {
  const bytes = randomRecords(dice(5), 4000, { contexts: [7], code: { start: 0x1000n, size: 4096, el: 1 }, clock: { now: 1n, step: 9 } });
  const file = readAtBytes(bytes);
  const ends = new Set<number>();
  for (let at = 20_000; at < bytes.length - 2000; at += 7777) {
    let cut: Cut | null = START;
    while (cut !== null && cut.offset < at) cut = textOf(countPart(file, cut, at, noPartCounts(), scratch)).end;
    const guess = guessCut(file, at, at + 2000);
    expect(guess).toEqual(cut);
    ends.add(guess?.offset ?? -1);
  }
  expect(ends.size).toBeGreaterThan(5);
});

test('where no record ends there is no guess', () => {
  expect(guessCut(readAtBytes(new Uint8Array(10_000)), 5000, 6000)).toBeNull();
  expect(guessCut(readAtBytes(new Uint8Array(10_000).fill(0xff)), 5000, 6000)).toBeNull();
});
