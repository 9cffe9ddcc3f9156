// The quick loop says of any bytes what JavaScript's does.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeChunk, decodeTrace, dropRows, endBuffer, newTraceDecoder } from '../../src/trace/decode.ts';
import { LOOP_WINDOW } from '../../src/trace/loop-memory.ts';
import { newPacketLoop } from '../../src/trace/packet-loop.ts';
import { countsOf, type PartCounts } from '../../src/trace/parts.ts';
import { recordsOf, type TraceRecord } from '../../src/trace/records.ts';
import { damagedRecords, dice, randomRecords } from './random-packets.ts';

const loop = newPacketLoop();
if (loop === null) throw new Error('this machine gives no memory to WebAssembly');
const { columns } = loop;

/** Everything there is to know about the bytes: records where they begin, and the counts. */
interface Said {
  readonly records: TraceRecord[];
  readonly offsets: number[];
  readonly counts: PartCounts;
}

function quickly(bytes: Uint8Array, chunk: number): Said {
  columns.rows = 0;
  columns.present[0] = 0;
  const d = newTraceDecoder(columns, loop);
  const records: TraceRecord[] = [];
  const offsets: number[] = [];
  const take = (): void => {
    records.push(...recordsOf(d.columns));
    offsets.push(...d.columns.offset.subarray(0, d.columns.rows));
    dropRows(d);
  };
  for (let at = 0; at < bytes.length; at += chunk) {
    decodeChunk(d, bytes.subarray(at, at + chunk));
    take();
  }
  endBuffer(d);
  take();
  return { records, offsets, counts: countsOf(d) };
}

function slowly(bytes: Uint8Array): Said {
  const d = decodeTrace(bytes);
  return { records: recordsOf(d.columns), offsets: [...d.columns.offset.subarray(0, d.columns.rows)], counts: countsOf(d) };
}

test('records of every kind, damaged ones and any bytes, in chunks of any size', () => {
  const shape = { contexts: [7], code: null, clock: null };
  const piece = fc.oneof(
    fc.integer({ min: 0, max: 1e6 }).map((seed) => randomRecords(dice(seed), 20, shape)),
    fc.integer({ min: 0, max: 1e6 }).map((seed) => damagedRecords(dice(seed), 20)),
    fc.uint8Array({ maxLength: 300, size: 'max' }),
    fc.nat(100).map((n) => new Uint8Array(n)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.integer({ min: 1, max: 3000 }), (pieces, chunk) => {
      const bytes = new Uint8Array(Buffer.concat(pieces));
      expect(quickly(bytes, chunk)).toEqual(slowly(bytes));
    }),
    { numRuns: 500 },
  );
});

test('every first byte, with any second one', () => {
  for (let first = 0; first < 256; first++) {
    const bytes = Uint8Array.from({ length: 256 * 24 }, (_, i) =>
      i % 24 === 0 ? first : i % 24 === 1 ? Math.floor(i / 24) : (i * 7) & 0xff,
    );
    expect(quickly(bytes, 1000)).toEqual(slowly(bytes));
  }
});

test('rows that nobody drops are a bug of the caller, not bytes written elsewhere', () => {
  const ends = new Uint8Array(LOOP_WINDOW - 16).fill(0x01);
  columns.rows = 0;
  columns.present[0] = 0;
  const d = newTraceDecoder(columns, loop);
  decodeChunk(d, ends);
  expect(() => decodeChunk(d, ends)).toThrow('rows that nobody dropped');
  expect(() => decodeChunk(newTraceDecoder(columns, loop), new Uint8Array(2 * LOOP_WINDOW))).toThrow('more than a window');
});

test('a window in which every byte ends a record: a row each', () => {
  const bytes = new Uint8Array(2 * LOOP_WINDOW).fill(0x01);
  const said = quickly(bytes, LOOP_WINDOW - 16);
  expect(said.records).toHaveLength(bytes.length);
  expect(said.offsets.at(-1)).toBe(bytes.length - 1);
  expect(said.counts).toEqual(slowly(bytes).counts);
});
