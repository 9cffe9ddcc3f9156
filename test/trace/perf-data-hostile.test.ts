// Files that claim what they do not hold, and files of other tools: each is answered in a sentence with a place, within bounds.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PERF_AUXTRACE_INFO, PERF_EVENT_HEADER, PERF_FILE_HEADER } from '../../src/abi/perf-data.ts';
import { packStruct, type Struct, structField } from '../../src/abi/struct.ts';
import { exportPerfData } from '../../src/trace/export.ts';
import { openPerfData } from '../../src/trace/perf-data/open.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { auxBuffers } from '../../src/trace/perf-data/streams.ts';
import { openTrace } from '../../src/trace/trace.ts';
import { fileOf, opened, pipeOf, recordingOf, streamsOf } from './perf-data-scene.ts';

const AUX = new Uint8Array(64).fill(1);
const file = (): Uint8Array => fileOf(recordingOf([[AUX]]));

function put(bytes: Uint8Array, s: Struct, at: number, name: string, value: bigint): Uint8Array {
  const f = structField(s, name);
  for (let i = 0; i < f.size; i++) bytes[at + f.offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}
const header = (name: string, value: bigint): Uint8Array => put(file(), PERF_FILE_HEADER, 0, name, value);

const refusal = (bytes: Uint8Array): { message: string; offset: number } => openPerfData(readAtBytes(bytes))._unsafeUnwrapErr();

const record = (type: number, ...body: number[]): Uint8Array =>
  new Uint8Array([...packStruct(PERF_EVENT_HEADER, { type, misc: 0, size: 8 + body.length }), ...body]);
const pipe = (...records: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat([pipeOf(recordingOf([])).subarray(0, 16), ...records]));
const info = (type: number, ...words: bigint[]): Uint8Array => {
  const body = Buffer.alloc(8 + words.length * 8);
  body.writeUInt32LE(type);
  for (const [i, w] of words.entries()) body.writeBigUInt64LE(w, 8 + i * 8);
  return record(70, ...body);
};

describe('refused', () => {
  test.each([
    ['nothing', new Uint8Array(0), "not a perf.data: it does not begin with 'PERFILE2'", 0],
    ['a text', new TextEncoder().encode('#!/bin/sh -e\n'), "not a perf.data: it does not begin with 'PERFILE2'", 0],
    ['big endian', new TextEncoder().encode('2ELIFREP'), 'a perf.data of a big-endian machine', 0],
    [
      'the first format',
      new TextEncoder().encode('PERFFILE'),
      "a perf.data of the first format (PERFFILE), which Linux 3.4's perf replaced",
      0,
    ],
    ['half a header', file().subarray(0, 50), 'the file ends in its header', 50],
    ['a pipe header cut short', file().subarray(0, 12), 'the file ends in its header', 12],
    ['another header size', header('size', 72n), 'a header of 72 bytes instead of 104', 8],
    ['data behind the end', header('data_offset', 1n << 60n), `the data begins at ${2 ** 60}, behind the end of the file`, 40],
    ['data in the header', header('data_offset', 8n), 'the data begins at 8, inside the header', 40],
    ['attrs of 8 bytes', header('attr_size', 8n), 'attrs of 8 bytes', 16],
    ['attrs of 2^63 bytes', header('attr_size', 1n << 63n), `attrs of ${2 ** 63} bytes`, 16],
    ['attrs behind the end', header('attrs_offset', 1n << 40n), 'the table of events reaches behind the end of the file', 24],
    ['too large a table of attrs', header('attrs_size', 1n << 40n), 'the table of events reaches behind the end of the file', 24],
    ['Intel PT', pipe(info(1, 1n, 2n)), 'an AUX trace of Intel PT, not of Arm SPE', 16],
    ['CoreSight', pipe(info(3, 1n, 2n)), 'an AUX trace of Arm CoreSight ETM, not of Arm SPE', 16],
    ['an unknown tracer', pipe(info(99)), 'an AUX trace of type 99, not of Arm SPE', 16],
    ['a pipe with nothing', pipe(), 'no AUX trace', 16],
    [
      'compressed',
      pipe(record(81, 1, 2, 3, 4, 5, 6, 7, 8)),
      'the records are compressed (perf record -z), which spesh does not read: record without -z',
      16,
    ],
    [
      'compressed, the second form',
      pipe(record(83, 1, 2, 3, 4, 5, 6, 7, 8)),
      'the records are compressed (perf record -z), which spesh does not read: record without -z',
      16,
    ],
  ])('%s', (_, bytes, message, offset) => {
    expect(refusal(bytes)).toEqual({ message, offset });
  });

  test('a recording without an AUX trace is named', () => {
    const bytes = Buffer.from(fileOf(recordingOf([])));
    const at = bytes.indexOf(Buffer.from([70, 0, 0, 0, 0, 0, 0x20, 0]));
    bytes[at] = 73; // no AUXTRACE_INFO but some other record
    expect(refusal(new Uint8Array(bytes)).message).toBe('no AUX trace: a recording of arm_spe_0/ts_enable=1,pa_enable=1/, dummy:u');
  });
});

const warned = (bytes: Uint8Array): string[] => opened(bytes).warnings.map((w) => w.message);

describe('stepped over with a warning', () => {
  test('a pipe with tracepoints: their description is stepped over', () => {
    const whole = pipeOf(recordingOf([[AUX]]));
    // perf writes the record with 12 bytes, and what it describes behind it.
    const tracing = new Uint8Array([66, 0, 0, 0, 0, 0, 12, 0, 24, 0, 0, 0, ...new Array<number>(24).fill(0x17)]);
    const read = opened(new Uint8Array(Buffer.concat([whole.subarray(0, 16), tracing, whole.subarray(16)])));
    expect(streamsOf(read).bytes.get(0)).toEqual(AUX);
    expect(read.warnings).toEqual([]);
  });

  test('more buffers than a call has arguments are written again', () => {
    const bytes = file();
    const [place] = [...auxBuffers(opened(bytes))];
    const buffer = bytes.slice(place.offset - 48, place.offset);
    buffer.set([0, 0, 0, 0], 8);
    const many = Buffer.concat([bytes.subarray(0, place.offset - 48), ...new Array<Uint8Array>(200_000).fill(buffer)]);
    const source = openTrace(readAtBytes(put(new Uint8Array(many), PERF_FILE_HEADER, 0, 'data_size', 0n)))._unsafeUnwrap();
    let written = 0;
    for (const piece of exportPerfData(source)) written += piece.length;
    expect(written).toBeGreaterThan(200_000 * 64);
  });

  test('the data breaks off in an AUX buffer: what is there is read', () => {
    const bytes = file();
    const [buffer] = auxBuffers(opened(bytes));
    const cut = bytes.subarray(0, buffer.offset + 24);
    const p = opened(cut);
    expect(p.warnings.map((w) => w.message)).toEqual([
      `the data ends ${bytes.indexOf(68, buffer.offset + 64) + 8 - cut.length} bytes behind the end of the file`,
      'the file ends in the table of its features',
      'an AUX buffer of 64 bytes, of which 24 are in the file',
    ]);
    expect(streamsOf(p).bytes.get(0)).toEqual(AUX.subarray(0, 24));
  });

  test('an AUX buffer that claims 2^64 - 1 bytes', () => {
    const bytes = file();
    const [buffer] = auxBuffers(opened(bytes));
    bytes.fill(0xff, buffer.offset - 40, buffer.offset - 32);
    const p = opened(bytes);
    expect(p.counts.auxBytes).toBe(64 + 8);
    expect(p.warnings[0].message).toBe(`an AUX buffer of ${2 ** 64} bytes, of which 72 are in the file`);
  });

  test('a record of 0 bytes ends the walk', () => {
    const bytes = file();
    const [buffer] = auxBuffers(opened(bytes));
    bytes.set(new Uint8Array(8), buffer.offset + 64);
    const p = opened(bytes);
    expect(p.warnings).toEqual([{ message: 'a record of 0 bytes', offset: buffer.offset + 64 }]);
    expect(p.counts.buffers).toBe(1);
  });

  test('a size of 0 for the data: the recording was killed', () => {
    const p = opened(header('data_size', 0n));
    expect(p.warnings[0]).toEqual({
      message: 'the size of the data is 0: the recording did not end properly; reading to the end of the file',
      offset: 48,
    });
    expect(p.counts.buffers).toBe(1);
    expect(p.features).toEqual({});
  });

  test('ids and features behind the end are left out', () => {
    const bytes = file();
    const view = new DataView(bytes.buffer);
    const attrs = Number(view.getBigUint64(24, true));
    view.setBigUint64(attrs + 128 + 8, 1n << 62n, true);
    const features = Number(view.getBigUint64(40, true)) + Number(view.getBigUint64(48, true));
    view.setBigUint64(features, 1n << 62n, true);
    const p = opened(bytes);
    expect(p.events.map((e) => e.ids)).toEqual([[], [101n]]);
    expect(p.features.hostname).toBeUndefined();
    expect(p.features.release).toBe('6.1.0');
    expect(p.warnings.length).toBe(2);
  });

  test('a feature whose strings and counts claim more than it holds is left out or cut', () => {
    const bytes = file();
    const view = new DataView(bytes.buffer);
    const table = Number(view.getBigUint64(40, true)) + Number(view.getBigUint64(48, true));
    const section = (bit: number): number => {
      const flags = view.getBigUint64(72, true);
      let index = 0;
      for (let b = 0; b < bit; b++) if ((flags >> BigInt(b)) & 1n) index++;
      return Number(view.getBigUint64(table + index * 16, true));
    };
    for (const bit of [3, 11, 12, 16]) view.setUint32(section(bit), 0xffff_ffff, true);
    const p = opened(bytes);
    expect(p.features.hostname).toBe('');
    expect(p.features.command?.length).toBe(5);
    expect(p.features.eventNames?.length).toBe(2);
    expect(p.features.pmus?.length).toBe(2);
  });

  test('metadata that does not hold', () => {
    const withAux = (i: Uint8Array): Uint8Array => pipe(i, record(71, ...new Array<number>(40).fill(0)));
    expect(warned(withAux(info(4, 1n, 2n, 3n)))[0]).toBe('AUXTRACE_INFO has 3 words, which is neither version');
    expect(warned(withAux(info(4, 2n, 4n, 9n, 1n << 60n)))[0]).toMatch(/^AUXTRACE_INFO: 4 words do not hold 1152921504606846976 CPUs/);
    expect(warned(withAux(info(4, 2n, 1n << 63n, 9n, 1n)))[0]).toMatch(/^AUXTRACE_INFO: 4 words do not hold 1 CPUs behind a header of/);
    expect(warned(withAux(info(4, 2n, 4n, 9n, 1n, 7n, 7n, 7n, 7n, 7n, 7n, 7n)))).toEqual([
      'AUXTRACE_INFO: the block of CPU 0 does not begin with its magic number',
    ]);
    expect(warned(pipe(record(71, ...new Array<number>(40).fill(0))))[0]).toBe(
      'no AUXTRACE_INFO says what the AUX bytes are; reading them as Arm SPE',
    );
    expect(warned(withAux(record(70, 1, 2, 3, 4)))[0]).toBe('a record AUXTRACE_INFO of 12 bytes');
    expect(PERF_AUXTRACE_INFO.size).toBe(16);
  });

  test('no event of the PMU that the metadata names: perf would make no samples', () => {
    const r = recordingOf([[AUX]]);
    const bytes = Buffer.from(fileOf(r));
    const at = bytes.indexOf(Buffer.from([70, 0, 0, 0, 0, 0, 0x20, 0]));
    bytes[at + 16] = 1;
    expect(warned(new Uint8Array(bytes))[0]).toMatch(/^no event is of the SPE PMU, whose type is 4097/);
  });

  test('a clock that would divide by zero is no clock', () => {
    const bytes = Buffer.from(file());
    const at = bytes.indexOf(Buffer.from([79, 0, 0, 0, 0, 0, 0x38, 0]));
    bytes.fill(0, at + 16, at + 24);
    expect(opened(new Uint8Array(bytes)).clock).toBeNull();
    expect(warned(new Uint8Array(bytes))[0]).toMatch(/^TIME_CONV with a shift of 24 and a multiplier of 0/);
  });

  test('a million claims make twenty warnings', () => {
    const p = opened(
      pipe(...new Array<Uint8Array>(500).fill(record(70, 1, 2, 3, 4)), info(4, 1n, 0n), record(71, ...new Array<number>(40).fill(0))),
    );
    expect([p.warnings.length, p.warningCount]).toEqual([20, 500]);
  });
});

const perf = spawnSync('perf', ['--version']).status === 0;

test.skipIf(!perf)('a file that the real perf wrote: header, events, features (needs perf)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spesh-'));
  try {
    const run = spawnSync('perf', ['record', '-o', 'p.data', '-e', 'dummy:u', '--', 'true'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    });
    if (run.status !== 0 || !existsSync(join(folder, 'p.data'))) return; // a machine that lets nobody record
    const bytes = new Uint8Array(readFileSync(join(folder, 'p.data')));
    const error = refusal(bytes);
    expect(error.message).toBe('no AUX trace: a recording of dummy:u');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
