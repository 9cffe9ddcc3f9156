// Traces through the streaming source: dumped and decoded as in one piece, exported and read again; larger than what is held of them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PERF_AUX_FLAG_TRUNCATED } from '../../src/abi/perf-data.ts';
import { HEADER_AUXTRACE } from '../../src/abi/perf-data-features.ts';
import { decodeTrace } from '../../src/trace/decode.ts';
import { dumpText } from '../../src/trace/dump.ts';
import { exportAux, exportPerfData } from '../../src/trace/export.ts';
import { timeConversion } from '../../src/trace/perf-data/clock.ts';
import { plainEvent, plainMachine } from '../../src/trace/perf-data/defaults.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import type { PerfRecording } from '../../src/trace/perf-data/recording.ts';
import { auxBuffers } from '../../src/trace/perf-data/streams.ts';
import { recordsOf } from '../../src/trace/records.ts';
import { auxSize, decodeSource, dumpSource, openTrace, type TraceSource } from '../../src/trace/trace.ts';
import { fileOf, opened, pipeOf, recordingOf } from './perf-data-scene.ts';
import { damagedRecords, dice, randomRecords } from './random-packets.ts';
import { readSideBand } from './side-band.ts';

const sourceOf = (bytes: Uint8Array): TraceSource => openTrace(readAtBytes(bytes))._unsafeUnwrap();
const whole = (pieces: Iterable<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat([...pieces]));
const records = (seed: number, count: number): Uint8Array => randomRecords(dice(seed), count, { contexts: [7], code: null, clock: null });

/** The records of each stream, and what was counted. */
function decoded(source: TraceSource, piece: number) {
  const streams = new Map<number, { records: unknown[]; counts: unknown }>();
  for (const { decoder, queue } of decodeSource(source, piece)) {
    const stream = streams.get(queue) ?? { records: [], counts: null };
    streams.set(queue, stream);
    stream.records.push(...recordsOf(decoder.columns));
    const { position, packets, badBytes, paddingBytes, records: complete, partialRecords } = decoder;
    stream.counts = { position, packets, badBytes, paddingBytes, complete, partialRecords };
  }
  return streams;
}

function decodedWhole(bytes: Uint8Array) {
  const d = decodeTrace(bytes);
  const { position, packets, badBytes, paddingBytes, records: complete, partialRecords } = d;
  return { records: recordsOf(d.columns), counts: { position, packets, badBytes, paddingBytes, complete, partialRecords } };
}

/** Cuts bytes into up to `count` buffers. */
function cut(bytes: Uint8Array, seed: number, count: number): Uint8Array[] {
  const d = dice(seed);
  const places = Array.from({ length: count - 1 }, () => d.below(bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}

describe('decoding piece by piece', () => {
  test('streams whose buffers alternate and cut packets are decoded as if each were one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(64, 333, 1 << 18),
        (seed, count, piece) => {
          const streams = Array.from({ length: count }, (_, i) =>
            (seed + i) % 3 === 0 ? damagedRecords(dice(seed + i), 12) : records(seed + i, 12),
          );
          const source = sourceOf(fileOf(recordingOf(streams.map((s, i) => cut(s, seed + i, 5)))));
          const found = decoded(source, piece);
          for (const [queue, bytes] of streams.entries()) expect(found.get(queue)).toEqual(decodedWhole(bytes));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a raw file is one stream', () => {
    const bytes = records(5, 100);
    expect(decoded(sourceOf(bytes), 100).get(0)).toEqual(decodedWhole(bytes));
    expect(auxSize(sourceOf(bytes))).toBe(bytes.length);
  });

  test('where bytes of a stream are missing, the record in hand ends', () => {
    const [a, b] = [records(6, 3), records(7, 3)];
    const r = recordingOf([[a.subarray(0, a.length - 3), b]]);
    const buffers = r.buffers.map((x, i) => ({ ...x, auxOffset: i === 0 ? 0n : 4096n }));
    const found = decoded(sourceOf(fileOf({ ...r, buffers })), 1 << 18).get(0);
    expect(found?.records).toEqual([...recordsOf(decodeTrace(a.subarray(0, a.length - 3)).columns), ...recordsOf(decodeTrace(b).columns)]);
  });
});

test('dump of a perf.data is that of its buffers, each from offset 0', () => {
  const buffers = [records(8, 40), damagedRecords(dice(9), 40), new Uint8Array(0), records(10, 3)];
  const bytes = fileOf(
    recordingOf([
      [buffers[0], buffers[2]],
      [buffers[1], buffers[3]],
    ]),
  );
  const places = [...auxBuffers(opened(bytes))];
  const text = new TextDecoder().decode(whole(dumpSource(sourceOf(bytes), '7.3')));
  const want = [buffers[0], buffers[1], buffers[2], buffers[3]].map((b, i) =>
    dumpText(b, { perf: '7.3', midr: 0x413fd0c1, base: places[i].offset }),
  );
  expect(text).toBe(want.join(''));
});

const REAL = new URL('../../../shared/traces/real/', import.meta.url);
const traces = existsSync(REAL) ? readdirSync(REAL).filter((f) => f.endsWith('.aux')) : [];

const withoutPlace = (list: Iterable<{ offset: number }>) => [...list].map(({ offset: _, ...rest }) => rest);

describe('export and back', () => {
  test.skipIf(traces.length === 0)('real traces: perf.data and back are the same bytes; the dump is the same', () => {
    for (const file of traces) {
      const bytes = new Uint8Array(readFileSync(new URL(file, REAL)));
      const data = whole(exportPerfData(sourceOf(bytes)));
      expect(whole(exportAux(sourceOf(data)))).toEqual(bytes);
      expect(whole(dumpSource(sourceOf(data), '6.1'))).toEqual(whole(dumpSource(sourceOf(bytes), '6.1')));
      expect(whole(exportAux(sourceOf(whole(exportPerfData(sourceOf(data), { metadata: 2 })))))).toEqual(bytes);
    }
  });

  test('any bytes come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        fc.pre(bytes.length < 8 || bytes[0] !== 0x50);
        expect(whole(exportAux(sourceOf(whole(exportPerfData(sourceOf(bytes))))))).toEqual(bytes);
      }),
    );
  });

  test('several streams come back one after the other', () => {
    const [a, b] = [records(11, 9), records(12, 9)];
    expect(whole(exportAux(sourceOf(fileOf(recordingOf([cut(a, 1, 3), cut(b, 2, 3)])))))).toEqual(whole([a, b]));
  });

  /** A recording with something of everything that perf.data has. */
  function rich(): PerfRecording {
    const plain = recordingOf([[records(13, 5), records(14, 5)], [records(15, 5)]]);
    const at = { pid: 5, tid: 6, time: 90n, cpu: 3 };
    const machine = plainMachine(4);
    const id = new Uint8Array(20).fill(7);
    const aux = { size: 8, flags: 0, time: 0n, pid: 5, tid: 6 };
    return {
      ...plain,
      clock: timeConversion(25_000_000n, 77n),
      metadata: 2,
      machine: {
        ...machine,
        cpus: machine.cpus.map((c) => ({ ...c, socket: c.cpu >> 1, node: c.cpu >> 1, minInterval: 1024, eventFilter: 0xaan })),
        nodes: [0, 1].map((node) => ({ node, totalKiB: 4096, freeKiB: 10 + node })),
        memory: { blockSize: 1n << 30n, nodes: [0, 1].map((node) => ({ node, first: node * 4, count: 4 })) },
      },
      event: { ...plain.event, config1: 2n, config3: 0x80n, period: 2048, excludeKernel: true },
      streams: { by: 'cpu', cpus: [1, 3] },
      traced: [{ tid: 6, comm: 'six' }],
      buffers: plain.buffers.map((b, i) => ({
        ...b,
        aux: [
          { ...aux, start: 0, time: BigInt(100 * i + 1) },
          { ...aux, start: 8, size: b.bytes.size - 8, time: BigInt(100 * (i + 1)), flags: i === 1 ? PERF_AUX_FLAG_TRUNCATED : 0 },
        ],
        auxOffset: i === 2 ? 9000n : null,
      })),
      sideBand: [
        { kind: 'comm', at, pid: 5, tid: 6, comm: 'x', exec: true },
        { kind: 'switch', at: { ...at, time: 91n }, nextPid: 7, nextTid: 8 },
        {
          kind: 'mmap',
          at: { ...at, time: 92n },
          pid: 5,
          tid: 6,
          address: 4096n,
          length: 4096n,
          pageOffset: 0n,
          path: '/x',
          kernel: false,
          buildId: id,
          protection: 5,
          mapFlags: 2,
        },
      ],
      buildIds: [{ path: '/x', id, kernel: false }],
    };
  }
  const again = (bytes: Uint8Array, metadata?: 1 | 2): Uint8Array =>
    whole(exportPerfData(sourceOf(bytes), metadata === undefined ? {} : { metadata }));

  test('a perf.data written again is the same file, byte for byte', () => {
    expect(again(fileOf(rich()))).toEqual(fileOf(rich()));
    const threads: PerfRecording = { ...rich(), clock: null, streams: { by: 'thread', tids: [41, 42] }, event: plainEvent(9) };
    expect(again(fileOf(threads))).toEqual(fileOf(threads));
  });

  test('what is unknown in it stays: records and features of other kinds', () => {
    const file = fileOf(rich());
    const at = opened(file).header.data.offset;
    const ksymbol = new Uint8Array(32).fill(0x11);
    ksymbol.set([17, 0, 0, 0, 0, 0, 32, 0]);
    const view = new DataView(file.buffer);
    const dataSize = view.getBigUint64(48, true);
    view.setBigUint64(48, dataSize + 32n, true);
    // The sections of the features move by as much.
    const table = at + Number(dataSize);
    const features = opened(fileOf(rich())).header.features.size;
    for (let i = 0; i < features; i++) view.setBigUint64(table + i * 16, view.getBigUint64(table + i * 16, true) + 32n, true);
    const longer = whole([file.subarray(0, at), ksymbol, file.subarray(at)]);
    const read = opened(again(longer));
    expect(read.file.read(read.header.data.offset, 32)).toEqual(ksymbol);
    expect(read.counts).toEqual({ ...opened(fileOf(rich())).counts, records: opened(fileOf(rich())).counts.records + 1 });
  });

  test('a pipe becomes the file', () => {
    const [p, q] = [opened(fileOf(rich())), opened(again(pipeOf(rich())))];
    expect([q.events, q.features, q.info, q.clock]).toEqual([p.events, p.features, p.info, p.clock]);
    // A record's payload is filled up to 8 bytes.
    for (const [bit, { offset, size }] of p.header.features) {
      if (bit === HEADER_AUXTRACE) continue;
      const copied = q.header.features.get(bit)?.offset ?? 0;
      expect(q.file.read(copied, size), `feature ${bit}`).toEqual(p.file.read(offset, size));
    }
    expect(withoutPlace(readSideBand(q))).toEqual(withoutPlace(readSideBand(p)));
    expect(withoutPlace(auxBuffers(q))).toEqual(withoutPlace(auxBuffers(p)));
  });

  test('metadata of the other version; version 1 read again is version 1', () => {
    const one = again(fileOf(rich()), 1);
    expect(one).toEqual(fileOf({ ...rich(), metadata: 1 }));
    const two = opened(again(one, 2)).info;
    expect([two?.version, [...(two?.cpus.keys() ?? [])], two?.cpus.get(3)?.midr]).toEqual([2, [1, 3], 0x413fd0c1n]);
  });

  test('attrs that a newer perf made wider are cut to what perf 6.1 opens; an AUX buffer that the file ends in to what is there', () => {
    const wide = fileOf({ ...rich(), event: { ...rich().event, config3: 1n } });
    const attrs = opened(wide).header.attrs.offset;
    for (const event of [0, 1]) wide.fill(0, attrs + event * 152 + 128, attrs + event * 152 + 136);
    const file = again(wide);
    expect(opened(file).events.map((e) => [e.attr.length, new DataView(e.attr.buffer).getUint32(4, true)])).toEqual([
      [128, 128],
      [128, 128],
    ]);
    const [buffer] = [...auxBuffers(opened(wide))];
    const [cutBuffer] = [...auxBuffers(opened(again(wide.subarray(0, buffer.offset + 21))))];
    expect(cutBuffer.size).toBe(24);
  });
});
