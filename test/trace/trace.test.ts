// Files of traces: raw AUX, perf.data, pipes, and files that are broken.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHexBytes } from '../../src/base/hex.ts';
import { dumpText } from '../../src/trace/dump.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { recordAt, type TraceRecord } from '../../src/trace/records.ts';
import { buffersOf, decodeSource, dumpSource, openTrace, type TraceSource } from '../../src/trace/trace.ts';
import { RECORD_VECTORS } from '../arch/spe-vectors.ts';
import { aPerfData, aPerfPipe } from './a-perf-data.ts';

const vector = (id: string): Uint8Array => parseHexBytes(RECORD_VECTORS.find((v) => v.id === id)?.hex ?? '') ?? new Uint8Array(0);
const N1 = 0x413fd0c1;

const opened = (bytes: Uint8Array): TraceSource =>
  openTrace(readAtBytes(bytes)).match(
    (file) => file,
    (e) => {
      throw new Error(e.message);
    },
  );

function recordsIn(file: TraceSource): TraceRecord[] {
  const out: TraceRecord[] = [];
  for (const { decoder } of decodeSource(file))
    for (let row = 0; row < decoder.columns.rows; row++) out.push(recordAt(decoder.columns, row));
  return out;
}

/** As a perf.data holds them: filled up to a multiple of 8 bytes. */
const padded = (bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
  out.set(bytes);
  return out;
};

const dumped = (file: TraceSource): string => [...dumpSource(file, '7.3')].map((p) => new TextDecoder().decode(p)).join('');

describe('perf.data', () => {
  const buffers = [
    { bytes: vector('R1'), queue: 0, cpu: 3 },
    { bytes: vector('R4'), queue: 1, cpu: 4 },
    { bytes: vector('R2'), queue: 0, cpu: 3 },
  ];

  test('every AUX buffer, its queue, CPU and MIDR', () => {
    const bytes = aPerfData(buffers, N1);
    const file = opened(bytes);
    expect(file.perfData?.warnings).toEqual([]);
    expect([...buffersOf(file)].map(({ queue, cpu, midr }) => [queue, cpu, midr])).toEqual([
      [0, 3, N1],
      [1, 4, N1],
      [0, 3, N1],
    ]);
    expect([...buffersOf(file)].map((b) => bytes.slice(b.offset, b.offset + b.size))).toEqual(buffers.map((b) => padded(b.bytes)));
    // The last records of a stream are whole when the stream ends.
    expect(recordsIn(file).map((r) => r.ts)).toEqual(['0xa6a2f652e', '0xa6a2f658d', '0x1420b31fa5']);
  });

  test('metadata of version 2 gives each CPU its MIDR', () => {
    const file = opened(
      aPerfData(
        [
          { ...buffers[0], cpu: 0 },
          { ...buffers[1], cpu: 1 },
        ],
        0,
        [N1, 0x410fd490],
      ),
    );
    expect([...buffersOf(file)].map((b) => b.midr)).toEqual([N1, 0x410fd490]);
  });

  test('offsets begin anew in each buffer', () => {
    expect(dumped(opened(aPerfData(buffers, N1)))).toBe(buffers.map((b) => dumpText(b.bytes, { perf: '7.3' })).join(''));
  });

  test('the old alignment header counts from the start of the file, as perf’s mapping does', () => {
    // The first buffer begins at 392 = 8 mod 16, so header 23 00 reaches 8 bytes on.
    const bytes = new Uint8Array([0x23, 0, ...new Array(22).fill(1)]);
    const file = opened(aPerfData([{ bytes, queue: 0, cpu: 0 }], N1));
    expect([...buffersOf(file)][0].offset % 16).toBe(8);
    expect(dumped(file).split('\n')[0]).toBe('.  00000000:  23 00 01 01 01 01 01 01                         PAD');
  });

  test('a record may go on in the next buffer of its queue', () => {
    const r1 = vector('R1');
    const file = opened(
      aPerfData(
        [
          { bytes: r1.subarray(0, 24), queue: 0, cpu: 0 },
          { bytes: vector('R4'), queue: 1, cpu: 1 },
          { bytes: r1.subarray(24), queue: 0, cpu: 0 },
        ],
        N1,
      ),
    );
    expect(recordsIn(file).map((r) => r.pc)).toEqual(['0xffffba66eda1c2d0', '0xffff80001029d3f4']);
  });

  test('a pipe, with what perf lost', () => {
    const file = opened(aPerfPipe([{ bytes: vector('R1'), queue: 0, cpu: 0 }]));
    expect(file.perfData?.counts).toMatchObject({ lostEvents: 5n, truncated: 1, collided: 1 });
    expect(recordsIn(file)).toHaveLength(1);
  });

  test('a file that breaks off in a buffer keeps what there is of it', () => {
    const whole = aPerfData([{ bytes: vector('R1'), queue: 0, cpu: 0 }], N1);
    const file = opened(whole.subarray(0, [...buffersOf(opened(whole))][0].offset + 24));
    expect([...buffersOf(file)][0].size).toBe(24);
    expect(file.perfData?.warnings.map((w) => w.message)).toContainEqual('an AUX buffer of 64 bytes, of which 24 are in the file');
  });

  test('a header that does not hold is an error with its offset', () => {
    const bytes = aPerfData([], N1);
    expect(openTrace(readAtBytes(bytes.subarray(0, 50)))._unsafeUnwrapErr()).toEqual({
      message: 'the file ends in its header',
      offset: 50,
    });
    bytes[8] = 72;
    expect(openTrace(readAtBytes(bytes))._unsafeUnwrapErr()).toEqual({ message: 'a header of 72 bytes instead of 104', offset: 8 });
    bytes.set(new TextEncoder().encode('2ELIFREP'));
    expect(openTrace(readAtBytes(bytes))._unsafeUnwrapErr().message).toBe('a perf.data of a big-endian machine');
  });

  test('damage anywhere in the file: no exception, and it ends', () => {
    const good = aPerfData(buffers, N1, [N1, N1, N1, N1, N1]);
    const change = fc.record({ at: fc.integer({ min: 8, max: good.length - 1 }), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.integer({ min: 8, max: good.length }), (changes, length) => {
        const bytes = good.slice(0, length);
        for (const { at, to } of changes) if (at < length) bytes[at] = to;
        const read = openTrace(readAtBytes(bytes));
        if (read.isOk()) {
          recordsIn(read.value);
          dumped(read.value);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('anything else is a raw AUX file of one buffer', () => {
  const file = opened(vector('R4'));
  expect(file.perfData).toBeNull();
  expect(dumped(file)).toBe(dumpText(vector('R4'), { perf: '7.3' }));
  expect(recordsIn(opened(new Uint8Array(0)))).toEqual([]);
});
