// perf.data: what is written is what is read, file and pipe, both versions, per CPU and per thread; streams joined by offset; clocks.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseElf } from '../../src/abi/elf.ts';
import { PERF_AUX_FLAG_COLLISION, PERF_AUX_FLAG_PARTIAL, PERF_AUX_FLAG_TRUNCATED, PERF_FILE_HEADER } from '../../src/abi/perf-data.ts';
import { counterOfTime, timeConversion, timeOfCounter, timeText } from '../../src/trace/perf-data/clock.ts';
import { MIDR_NEOVERSE_N1, plainMachine } from '../../src/trace/perf-data/defaults.ts';
import { cpuList } from '../../src/trace/perf-data/features-out.ts';
import { buildIdOf, guestKernel, imageMappings } from '../../src/trace/perf-data/image-mappings.ts';
import { midrOf, openPerfData } from '../../src/trace/perf-data/open.ts';
import { type ReadAt, readAtBytes, readAtPart } from '../../src/trace/perf-data/read-at.ts';
import { NO_MOMENT, type PerfRecording, type SideBand, wholeAux } from '../../src/trace/perf-data/recording.ts';
import { auxBuffers } from '../../src/trace/perf-data/streams.ts';
import { fileOf, opened, pipeOf, recordingOf, streamsOf } from './perf-data-scene.ts';
import { dice, randomRecords } from './random-packets.ts';
import { readSideBand } from './side-band.ts';

const records = (seed: number, count = 50): Uint8Array => randomRecords(dice(seed), count, { contexts: [7], code: null, clock: null });

describe('what is written is what is read', () => {
  const r = recordingOf([[records(1)], [records(2)]], { clock: timeConversion(25_000_000n, 5n), command: ['perf', 'record', 'x y'] });

  for (const [format, bytes] of [
    ['file', fileOf(r)],
    ['pipe', pipeOf(r)],
  ] as const) {
    test(`${format}: events, features, clock, counts`, () => {
      const p = opened(bytes);
      expect(p.header.format).toBe(format);
      expect(p.events.map((e) => [e.name, e.type, e.ids])).toEqual([
        ['arm_spe_0/ts_enable=1,pa_enable=1/', 4242, [100n, 101n]],
        ['dummy:u', 1, [102n, 103n]],
      ]);
      expect(p.events[0]).toMatchObject({ config: 3n, period: 1024n, sampleType: 0x98087n, sampleIdAll: true });
      expect(p.features).toMatchObject({
        hostname: 'spesh',
        architecture: 'aarch64',
        cpus: 2,
        cpuid: '0x00000000413fd0c1',
        totalMemoryKiB: 16777216n,
        command: ['perf', 'record', 'x y'],
        pmus: [
          { type: 1, name: 'software' },
          { type: 4242, name: 'arm_spe_0' },
        ],
      });
      expect(p.clock).toEqual(r.clock);
      expect(p.info).toEqual({ version: 1, pmuType: 4242, cpus: new Map() });
      expect(midrOf(p, 1)).toBe(Number(MIDR_NEOVERSE_N1));
      expect(p.counts).toMatchObject({ buffers: 2, auxBytes: 8 * Math.ceil(records(1).length / 8) + 8 * Math.ceil(records(2).length / 8) });
      expect(p.warnings).toEqual([]);
    });

    test(`${format}: the AUX bytes, without the filling`, () => {
      expect(streamsOf(opened(bytes)).bytes).toEqual(
        new Map([
          [0, records(1)],
          [1, records(2)],
        ]),
      );
    });
  }

  test('version 2 metadata gives each CPU its MIDR; a CPU without an SPU has none of it', () => {
    const machine = plainMachine(3);
    const cpus = machine.cpus.map((c) => ({
      ...c,
      midr: 0x410fd400n + BigInt(c.cpu),
      pmuType: c.cpu === 2 ? null : 4242,
      minInterval: 256,
      eventFilter: 0x1fn,
    }));
    const p = opened(fileOf(recordingOf([[records(1)], [], []], { metadata: 2, machine: { ...machine, cpus } })));
    expect(p.info?.version).toBe(2);
    expect(p.info?.cpus.get(1)).toEqual({ midr: 0x410fd401n, pmuType: 4242, minInterval: 256, eventFilter: 0x1fn });
    expect(p.info?.cpus.get(2)?.pmuType).toBeNull();
    expect([0, 1, 2, 9, -1].map((cpu) => midrOf(p, cpu))).toEqual([0x410fd400, 0x410fd401, 0x410fd402, 0x410fd400, 0x410fd400]);
    expect([...auxBuffers(p)].map((b) => b.midr)).toEqual([0x410fd400]);
  });

  test('a recording per thread has no times, no CPUs and one stream a thread', () => {
    const r = recordingOf([[records(1)], [records(2)]], {
      clock: null,
      streams: { by: 'thread', tids: [41, 42] },
      traced: [
        { tid: 41, comm: 'a' },
        { tid: 42, comm: 'b' },
      ],
    });
    const p = opened(fileOf(r));
    expect(p.clock).toBeNull();
    expect(p.sampleId?.size).toBe(16);
    expect([...auxBuffers(p)].map((b) => [b.queue, b.cpu, b.tid])).toEqual([
      [0, -1, 41],
      [1, -1, 42],
    ]);
    expect(streamsOf(p).bytes.get(1)).toEqual(records(2));
  });

  test('an inverted event filter widens the attrs to 136 bytes', () => {
    const plain = recordingOf([[records(1)]]);
    const bytes = fileOf({ ...plain, event: { ...plain.event, config3: 0x5n } });
    expect(new DataView(bytes.buffer).getBigUint64(16, true)).toBe(152n);
    expect(opened(bytes).events.map((e) => e.ids)).toEqual([[100n], [101n]]);
  });
});

describe('side band', () => {
  const at = (time: bigint, cpu = 0) => ({ pid: 10, tid: 11, time, cpu });
  const sideBand: SideBand[] = [
    { kind: 'comm', at: NO_MOMENT, pid: 10, tid: 11, comm: 'a name that is too long', exec: false },
    {
      kind: 'mmap',
      at: NO_MOMENT,
      pid: 10,
      tid: 11,
      address: 0x400000n,
      length: 0x2000n,
      pageOffset: 0x1000n,
      path: '/bin/ä',
      kernel: false,
      buildId: null,
      protection: 5,
      mapFlags: 2,
    },
    {
      kind: 'mmap',
      at: NO_MOMENT,
      pid: -1,
      tid: 0,
      address: 0xff00000040080000n,
      length: 0x2000n,
      pageOffset: 0n,
      path: '/g.elf',
      kernel: true,
      buildId: new Uint8Array([1, 2, 3]),
      protection: 5,
      mapFlags: 2,
    },
    { kind: 'fork', at: at(50n), pid: 12, parentPid: 10, tid: 12, parentTid: 11 },
    { kind: 'comm', at: at(60n), pid: 12, tid: 12, comm: 'child', exec: true },
    { kind: 'switch', at: at(70n, 1), nextPid: 12, nextTid: 12 },
    { kind: 'lost', at: at(80n), lost: 9n },
    { kind: 'exit', at: at(200n), pid: 12, parentPid: 10, tid: 12, parentTid: 11 },
  ];
  const flags = PERF_AUX_FLAG_TRUNCATED | PERF_AUX_FLAG_PARTIAL | PERF_AUX_FLAG_COLLISION;
  const plain = recordingOf([[records(1)], [records(2)]]);
  const r: PerfRecording = {
    ...plain,
    sideBand,
    buffers: plain.buffers.map((b) => ({
      ...b,
      aux: wholeAux(b.bytes, { time: b.stream === 0 ? 75n : 100n, flags: b.stream === 1 ? flags : 0, pid: 10, tid: 11 }),
    })),
  };

  test('records come back in order of time, those without one first', () => {
    const read = [...readSideBand(opened(fileOf(r)))];
    expect(read.map((s) => [s.kind, s.at?.time, s.at?.cpu])).toEqual([
      ['mmap', 0n, 0],
      ['comm', 0n, 0],
      ['mmap', 0n, 0],
      ['mmap', 0n, 0],
      ['fork', 50n, 0],
      ['comm', 60n, 0],
      ['switch', 70n, 1],
      ['switch', 70n, 1],
      ['aux', 75n, 0],
      ['lost', 80n, 0],
      ['aux', 100n, 1],
      ['exit', 200n, 0],
    ]);
    expect(read[0]).toMatchObject({ kernel: true, path: '[kernel.kallsyms]_text' });
    expect(read[1]).toMatchObject({ comm: 'a name that is ', exec: false });
    expect(read[2]).toMatchObject({
      path: '/bin/ä',
      address: 0x400000n,
      length: 0x2000n,
      pageOffset: 0x1000n,
      kernel: false,
      buildId: null,
    });
    expect(read[3]).toMatchObject({ path: '/g.elf', kernel: true, buildId: new Uint8Array([1, 2, 3]) });
    expect(read[5]).toMatchObject({ comm: 'child', exec: true });
    expect(read[6]).toMatchObject({ out: true, otherPid: 12, otherTid: 12, at: { pid: 10, tid: 11, id: 103n } });
    expect(read[7]).toMatchObject({ out: false, otherPid: 10, otherTid: 11, at: { pid: 12, tid: 12 } });
    expect(read[10]).toMatchObject({ flags: 13, size: BigInt(records(2).length), at: { id: 101n } });
  });

  test('flags and losses are counted', () => {
    expect(opened(fileOf(r)).counts).toMatchObject({ truncated: 1, partial: 1, collided: 1, overwritten: 0, lostEvents: 9n });
  });
});

describe('streams', () => {
  test('buffers of any length are joined to the bytes that were written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.constantFrom(1, 7, 64, 1 << 20),
        (streams, pipe, piece) => {
          const r = recordingOf(streams);
          const bytes = pipe ? pipeOf(r) : fileOf(r);
          const found = streamsOf(opened(bytes), piece);
          expect(found.gaps).toEqual([]);
          for (const [queue, parts] of streams.entries()) {
            expect(found.bytes.get(queue) ?? new Uint8Array(0)).toEqual(new Uint8Array(Buffer.concat(parts)));
          }
        },
      ),
    );
  });

  test('a packet cut by the end of a buffer goes on in the next one, over the filling', () => {
    const whole = records(3);
    const p = opened(fileOf(recordingOf([[whole.subarray(0, 101), whole.subarray(101)]])));
    expect([...auxBuffers(p)].map((b) => [b.size, b.auxOffset])).toEqual([
      [104, 0n],
      [8 * Math.ceil((whole.length - 101) / 8), 101n],
    ]);
    expect(streamsOf(p).bytes.get(0)).toEqual(whole);
  });

  test('bytes that were lost between two buffers are a gap; a step back too', () => {
    const bytes = fileOf(recordingOf([[records(1).subarray(0, 64), records(2).subarray(0, 64), records(3).subarray(0, 64)]]));
    const p = opened(bytes);
    const places = [...auxBuffers(p)];
    const view = new DataView(bytes.buffer);
    view.setBigUint64(places[1].offset - 48 + 16, 1000n, true);
    view.setBigUint64(places[2].offset - 48 + 16, 32n, true);
    expect(streamsOf(opened(bytes)).gaps).toEqual([936n, -1032n]);
  });

  test('the walk reads windows, not the AUX bytes', () => {
    const big = new Uint8Array(4 << 20).fill(1);
    const bytes = fileOf(recordingOf([[big, big]]));
    let read = 0;
    const port: ReadAt = {
      size: bytes.length,
      read: (offset, length) => {
        read += length;
        return bytes.subarray(offset, offset + length);
      },
    };
    const p = openPerfData(port)._unsafeUnwrap();
    expect(p.counts.auxBytes).toBe(8 << 20);
    expect(read).toBeLessThan(1 << 20);
  });
});

const REAL = new URL('../../../shared/traces/real/', import.meta.url);
const traces = existsSync(REAL) ? readdirSync(REAL).filter((f) => f.endsWith('.aux')) : [];

test.skipIf(traces.length === 0)('real traces come back the same (shared/traces/real; skipped where that folder is missing)', () => {
  for (const file of traces) {
    const bytes = new Uint8Array(readFileSync(new URL(file, REAL)));
    for (const form of [fileOf, pipeOf]) expect(streamsOf(opened(form(recordingOf([[bytes]])))).bytes.get(0)).toEqual(bytes);
  }
});

describe('clocks', () => {
  test('a Kunpeng 920 capture (perf-data §6): 100 MHz, and a time_zero that wraps: 315152.842038390 s - 213.982967020 s', () => {
    const c = timeConversion(100_000_000n, 0xffffffce2d9f0b14n);
    expect(timeText(timeOfCounter(c, 31_515_284_203_839n), false)).toBe('314938.859071');
  });

  test('a counter of 1 GHz is nanoseconds; counter and time are inverse', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 56n) - 1n }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (counter, zero) => {
        const c = timeConversion(1_000_000_000n, zero);
        expect(timeOfCounter(c, counter)).toBe(BigInt.asUintN(64, zero + counter));
        expect(counterOfTime(c, timeOfCounter(c, counter))).toBe(counter);
      }),
    );
    expect(counterOfTime({ ...timeConversion(1n), mult: 0n }, 5n)).toBeNull();
  });

  test('the multiplier fits the 32 bits that perf has for it', () => {
    for (const frequency of [1n, 1_000n, 1_000_000n, 24_000_000n, 10_000_000_000n, 1n << 60n]) {
      const c = timeConversion(frequency);
      expect([c.mult > 0n, c.mult < 1n << 32n]).toEqual([true, true]);
    }
    expect(timeOfCounter(timeConversion(1_000_000n), 17_619n)).toBe(17_619_000n);
  });
});

describe('guest images', () => {
  const elf = parseElf(new Uint8Array(readFileSync(new URL('../../fixtures/guests/pointer-chase.elf', import.meta.url))))._unsafeUnwrap();

  test('privileged code is a module that begins at .text, at the address perf shows; the kernel lies below it', () => {
    const mappings = imageMappings(elf, { path: '/g/chase.elf', buildId: null, processes: [{ pid: 7, tid: 8 }] });
    expect(mappings.map((m) => (m.kind === 'mmap' ? [m.kernel, m.path, m.address] : []))).toEqual([
      [true, '/g/chase.elf', 0xff00000040080000n],
      [false, '/./g/chase.elf', 0x40080000n],
      [false, '/./g/chase.elf', 0x40082000n],
    ]);
    expect(guestKernel(mappings)).toEqual({ start: 0xff00000000000000n, length: 0x40080000n, reference: 0xff00000000000000n });
    expect(buildIdOf(elf)).toBeNull();
  });
});

test('a part of a port ends where the whole ends', () => {
  const part = readAtPart(readAtBytes(new Uint8Array([1, 2, 3, 4, 5])), 3, 9);
  expect([part.size, [...part.read(0, 9)], [...part.read(1, 1)], [...part.read(7, 1)]]).toEqual([2, [4, 5], [5], []]);
});

test('CPU lists are the kernel’s', () => {
  expect([cpuList([3, 1, 0, 2, 8, 10, 11]), cpuList([]), cpuList([5])]).toEqual(['0-3,8,10-11', '', '5']);
});

test('the header is where the data format puts it (perf-data §1.1)', () => {
  const bytes = fileOf(recordingOf([[records(1)]]));
  const view = new DataView(bytes.buffer);
  const u64 = (name: string): number => Number(view.getBigUint64(PERF_FILE_HEADER.fields.find((f) => f.name === name)?.offset ?? 0, true));
  expect([u64('size'), u64('attr_size'), u64('attrs_size')]).toEqual([104, 144, 288]);
  expect(u64('data_offset')).toBe(u64('attrs_offset') + 288);
  expect(bytes.length).toBeGreaterThan(u64('data_offset') + u64('data_size'));
});
