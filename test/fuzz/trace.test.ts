// Mutated AUX bytes and perf.data files: no exception, no hang, no growth; and laws that hold for any bytes.
// SPESH_FUZZ_BYTES: mutated bytes to read in all (2 million unless given); SPESH_FUZZ_SEED: where the dice begin.
// A failure names the seed of its input; SPESH_FUZZ_SEED=that and SPESH_FUZZ_BYTES=1 run it alone.
import { describe, expect, test } from 'vitest';
import { decodeTrace } from '../../src/trace/decode.ts';
import { exportAux, exportLines, exportPerfData } from '../../src/trace/export.ts';
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
  type PartCounts,
  type PartWork,
  START,
} from '../../src/trace/parts.ts';
import { timeConversion } from '../../src/trace/perf-data/clock.ts';
import { plainMachine } from '../../src/trace/perf-data/defaults.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import type { PerfRecording, SideBand } from '../../src/trace/perf-data/recording.ts';
import { sampleAt } from '../../src/trace/perf-data/samples.ts';
import { recordAt } from '../../src/trace/records.ts';
import { addRows, newStatistics, summarise } from '../../src/trace/statistics.ts';
import { newText } from '../../src/trace/text.ts';
import { decodeSource, dumpSource, openTrace, type TraceSource } from '../../src/trace/trace.ts';
import { fileOf, pipeOf, recordingOf } from '../trace/perf-data-scene.ts';
import { type Dice, damagedRecords, dice, randomRecords } from '../trace/random-packets.ts';
import { readSideBand } from '../trace/side-band.ts';

const BYTES = Number(process.env['SPESH_FUZZ_BYTES'] ?? 100_000_000);
const SEED = Number(process.env['SPESH_FUZZ_SEED'] ?? 1);
/** An input of some KiB that takes longer hangs; the machine may be busy. */
const LONGEST_MS = 5_000;
const GROWTH = 192 * 1024 * 1024;

const records = (d: Dice, count: number): Uint8Array => randomRecords(d, count, { contexts: [7], code: null, clock: null });

function sideBand(d: Dice): SideBand[] {
  const at = { pid: 5, tid: 6, time: 90n, cpu: d.below(2) };
  return [
    { kind: 'comm', at, pid: 5, tid: 6, comm: '\x1b]0;comm\x07', exec: true },
    { kind: 'switch', at: { ...at, time: 91n }, nextPid: 7, nextTid: 8 },
    { kind: 'fork', at, pid: 9, parentPid: 5, tid: 9, parentTid: 6 },
    {
      kind: 'mmap',
      at,
      pid: 5,
      tid: 6,
      address: 4096n,
      length: 4096n,
      pageOffset: 0n,
      path: '/x',
      kernel: d.below(2) === 0,
      buildId: d.below(2) === 0 ? null : new Uint8Array(20),
      protection: 5,
      mapFlags: 2,
    },
    { kind: 'lost', at, lost: 3n },
  ];
}

function recording(d: Dice): PerfRecording {
  const plain = recordingOf([[records(d, 4), records(d, 3)], [damagedRecords(d, 4)]]);
  const r: PerfRecording = { ...plain, sideBand: sideBand(d), metadata: d.below(2) === 0 ? 1 : 2, machine: plainMachine(1 + d.below(4)) };
  if (d.below(4) !== 0) return { ...r, clock: timeConversion(BigInt(1 + d.below(1_000_000_000)), d.bits64()) };
  return { ...r, clock: null, streams: { by: 'thread', tids: [5, 6] } };
}

const INTERESTING = [
  0n,
  1n,
  7n,
  8n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0xffff_ffffn,
  1n << 32n,
  (1n << 53n) - 1n,
  1n << 53n,
  1n << 63n,
  (1n << 64n) - 1n,
];

/** Changes bytes, numbers, lengths: what a broken disk, a cut transfer or an attacker does. */
function mutated(d: Dice, original: Uint8Array): Uint8Array {
  let bytes = original.slice();
  const times = 1 + d.below(d.below(4) === 0 ? 40 : 4);
  for (let i = 0; i < times && bytes.length > 0; i++) {
    const at = d.below(bytes.length);
    switch (d.below(8)) {
      case 0:
        bytes[at] ^= 1 << d.below(8);
        break;
      case 1:
        bytes[at] = d.below(256);
        break;
      case 2:
      case 3: {
        const width = d.oneOf([2, 4, 8]);
        const value = d.below(3) === 0 ? d.bits64() : d.oneOf(INTERESTING);
        const place = d.below(2) === 0 ? at & ~7 : at;
        for (let b = 0; b < width && place + b < bytes.length; b++) bytes[place + b] = Number((value >> BigInt(8 * b)) & 0xffn);
        break;
      }
      case 4:
        bytes = bytes.slice(0, at);
        break;
      case 5: {
        const from = d.below(bytes.length);
        bytes.copyWithin(at, from, from + d.below(200));
        break;
      }
      case 6: {
        const piece = original.subarray(at, at + d.below(300));
        const longer = new Uint8Array(bytes.length + piece.length);
        longer.set(bytes.subarray(0, at));
        longer.set(piece, at);
        longer.set(bytes.subarray(at), at + piece.length);
        bytes = longer;
        break;
      }
      default:
        bytes.fill(d.oneOf([0, 0xff, 0x20, 0x71]), at, at + d.below(64));
    }
  }
  return bytes;
}

let inputs = 0;
/** As a thread has it, with the quick loop: one for all. */
const scratch = newPartScratch();

/** Counted part by part, each from where the one before ended. */
function countsInParts({ file }: TraceSource, length: number): PartCounts {
  const sum = noPartCounts();
  for (let cut: Cut | null = START; cut !== null; ) {
    const counts = noPartCounts();
    const until: number = cut.offset + length;
    guessCut(file, until, until + length);
    cut = countPart(file, cut, until, counts, scratch).next().value as Cut | null;
    addPartCounts(sum, counts);
  }
  return sum;
}

/** Text made part by part, by the quick loops. */
function textInParts(length: number, size: number, work: (from: Cut, until: number) => PartWork): string {
  let text = '';
  for (let cut: Cut | null = START, until = length; cut !== null; until += length) {
    if (cut.offset >= until) continue;
    const steps = work(cut, until > size ? Number.POSITIVE_INFINITY : until);
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) {
        cut = step.value;
        break;
      }
      text += Buffer.from(step.value.bytes.subarray(0, step.value.length)).toString('latin1');
      step.value.length = 0;
    }
  }
  return text;
}

const wholeText = (pieces: Iterable<Uint8Array>): string => Buffer.concat([...pieces]).toString('latin1');

/** Parts say what one pass in JavaScript says. */
function comparePartsOf(source: TraceSource, bytes: Uint8Array): void {
  const length = 100 + (inputs % 5000);
  const { file } = source;
  expect(countsInParts(source, length)).toEqual(countsOf(decodeTrace(bytes)));
  const perf = inputs % 32 === 0 ? '6.1' : '7.3';
  expect(textInParts(length, file.size, (from, until) => dumpPart(file, from, until, { perf }, scratch))).toBe(
    wholeText(dumpSource(source, perf)),
  );
  const csv = { form: 'csv', midr: undefined } as const;
  const [header, ...rest] = wholeText(exportLines(source, 'csv')).split(/(?<=\n)/);
  expect(header).toMatch(/^pc,/);
  expect(textInParts(length, file.size, (from, until) => linesPart(file, from, until, csv, newText(), scratch))).toBe(rest.join(''));
}

/** Everything that spesh does with a trace; how many bytes of text and AUX came out. */
function readAll(bytes: Uint8Array): { opened: boolean } {
  inputs += 1;
  const opened = openTrace(readAtBytes(bytes));
  if (opened.isErr()) {
    expect(opened.error.message.length).toBeGreaterThan(0);
    expect(opened.error.message.length).toBeLessThan(2000);
    return { opened: false };
  }
  const source = opened.value;
  let text = 0;
  for (const piece of dumpSource(source, '7.3')) text += piece.length;
  expect(text).toBeLessThan(700 * (bytes.length + 64));
  const decodedBytes = decodeAll(source);
  let aux = 0;
  for (const piece of exportAux(source)) aux += piece.length;
  expect(aux).toBeLessThanOrEqual(bytes.length);
  expect(decodedBytes).toBe(aux);
  let lines = 0;
  for (const piece of exportLines(source, inputs % 2 === 0 ? 'csv' : 'ndjson')) lines += piece.length;
  expect(lines).toBeLessThan(600 * (bytes.length + 64));
  if (source.perfData === null && inputs % 16 === 0) comparePartsOf(source, bytes);
  if (source.perfData === null) return { opened: true };
  for (const s of readSideBand(source.perfData)) if (s.kind === 'comm') expect(s.comm.length).toBeLessThan(0x10000);
  let written = 0;
  for (const piece of exportPerfData(source)) written += piece.length;
  expect(written).toBeLessThan(20 * bytes.length + (1 << 21));
  return { opened: true };
}

/** Two megabytes of counters: kept for some inputs, whose addresses they would otherwise gather for ever. */
let statistics = newStatistics();
let countedInputs = 0;

function decodeAll(source: TraceSource): number {
  if (++countedInputs % 64 === 0) {
    summarise(statistics, 3);
    statistics = newStatistics();
  }
  const ends = new Map<number, number>();
  const clock = source.perfData?.clock ?? null;
  for (const { decoder, queue, midr } of decodeSource(source, 4096)) {
    addRows(statistics, decoder.columns);
    const { rows } = decoder.columns;
    for (let row = 0; row < rows; row += Math.max(1, rows >> 3)) {
      recordAt(decoder.columns, row, { perf: '7.3', ...(midr === undefined ? {} : { midr }) });
      sampleAt(decoder.columns, row, { clock, midr, perf: '6.1' });
    }
    expect(decoder.position).toBe(decoder.packetBytes + decoder.paddingBytes + decoder.badBytes);
    ends.set(queue, decoder.position);
  }
  return [...ends.values()].reduce((sum, end) => sum + end, 0);
}

const KINDS: readonly (readonly [string, (d: Dice) => Uint8Array])[] = [
  ['AUX bytes', (d) => (d.below(2) === 0 ? records(d, 20 + d.below(60)) : damagedRecords(d, 60))],
  ['perf.data files', (d) => fileOf(recording(d))],
  ['perf.data pipes', (d) => pipeOf(recording(d))],
];

/** Inputs made of one original, so that making it does not take the time. */
const FROM_ONE = 16;

describe(`mutated traces: ${BYTES} bytes from seed ${SEED}`, () => {
  for (const [name, make] of KINDS) {
    test(name, () => {
      let seed = SEED;
      let done = 0;
      let made = 0;
      let openedInputs = 0;
      let original = make(dice(seed));
      let before = 0;
      while (done < BYTES / KINDS.length) {
        if ((seed - SEED) % FROM_ONE === 0) original = make(dice(seed - ((seed - 1) % FROM_ONE)));
        const bytes = mutated(dice(seed ^ 0x5bd1e995), original);
        const start = performance.now();
        try {
          if (readAll(bytes).opened) openedInputs++;
        } catch (problem) {
          throw new Error(`${name}, seed ${seed}: ${problem instanceof Error ? (problem.stack ?? problem.message) : String(problem)}`);
        }
        const took = performance.now() - start;
        if (took > LONGEST_MS) throw new Error(`${name}, seed ${seed}: ${bytes.length} bytes took ${Math.round(took)} ms`);
        done += Math.max(1, bytes.length);
        made++;
        seed++;
        if (made === 200) before = process.memoryUsage().rss;
      }
      const growth = before === 0 ? 0 : process.memoryUsage().rss - before;
      expect(growth).toBeLessThan(GROWTH);
      expect(openedInputs).toBeGreaterThan(made === 1 ? -1 : made / 20);
    }, 3_600_000);
  }
});
