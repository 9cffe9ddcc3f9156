// Kinds of recordings before the real perf: metadata version 2, per thread, threads known from switches alone, flags, tasks, build-ids, many
// CPUs, several buffers a stream, files written again. Skipped where perf is missing or of another version.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PERF_AUX_FLAG_COLLISION, PERF_AUX_FLAG_PARTIAL, PERF_AUX_FLAG_TRUNCATED } from '../../src/abi/perf-data.ts';
import { decodeTrace } from '../../src/trace/decode.ts';
import { dumpText } from '../../src/trace/dump.ts';
import { exportPerfData } from '../../src/trace/export.ts';
import { plainMachine } from '../../src/trace/perf-data/defaults.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { NO_MOMENT, type PerfRecording, type SideBand, wholeAux } from '../../src/trace/perf-data/recording.ts';
import { sampleAt } from '../../src/trace/perf-data/samples.ts';
import { writePerfData } from '../../src/trace/perf-data/write.ts';
import { openTrace } from '../../src/trace/trace.ts';
import { fileOf, recordingOf } from '../trace/perf-data-scene.ts';
import { type Dice, dice, randomRecords } from '../trace/random-packets.ts';
import { cpuOf, ourSamples, padded, SCRIPT, SCRIPT_TIMELESS, sampleLine, theirSamples, unexpected } from './perf-samples.ts';
import { dumpedBuffers, installedPerf, type PerfRun, perfOn } from './real-perf.ts';

const perf = installedPerf();

/** Runs perf on a recording, with nothing said that a real one would not make it say; `lost`: what it says of losses. */
function runs<T>(
  r: PerfRecording | Iterable<Uint8Array>,
  body: (run: (...args: readonly string[]) => PerfRun) => T,
  lost: readonly string[] = [],
): T {
  const p = perfOn('machine' in r ? writePerfData(r) : r);
  try {
    return body((...args) => {
      const run = p.run(args);
      const said = unexpected(run.complaints).filter((line) => !lost.includes(line.trim()));
      expect([args.join(' '), run.status, said]).toEqual([args.join(' '), 0, []]);
      for (const line of lost) if (args[0] === 'report') expect(run.complaints.map((c) => c.trim())).toContain(line);
      return run;
    });
  } finally {
    p.end();
  }
}

/** Records whose timestamps rise by less than 500. */
const rising = (d: Dice, count: number, now = 1000n, contexts: readonly number[] = [1, 77]): Uint8Array =>
  randomRecords(d, count, { contexts, code: null, clock: { now, step: 500 } });

describe.skipIf(perf === null)('recordings of every kind (needs perf 6.1, 6.12 or 7.3)', () => {
  const words = { perf: perf ?? '6.1' } as const;

  test('version 2 metadata: the packets are dumped by every perf, the samples made by 7.3', () => {
    const bytes = rising(dice(1), 100);
    const r = recordingOf([[bytes]], { metadata: 2 });
    runs(r, (run) => {
      expect(dumpedBuffers(run('report', '-D').stdout)).toEqual([dumpText(padded(bytes), { ...words, midr: 0x413fd0c1 })]);
      const theirs = theirSamples(run(...SCRIPT).stdout, words.perf);
      if (perf === '7.3') expect(theirs.length).toBe(100);
      else expect(theirs).toEqual([]);
    });
  });

  test('per thread: no times, no CPUs, the thread of the stream', () => {
    const streams = [rising(dice(2), 60), rising(dice(3), 60)];
    const r = recordingOf(
      streams.map((s) => [s]),
      {
        clock: null,
        streams: { by: 'thread', tids: [41, 42] },
        traced: [
          { tid: 41, comm: 'one' },
          { tid: 42, comm: 'two' },
        ],
        sideBand: [41, 42].map((tid) => ({ kind: 'comm', at: NO_MOMENT, pid: 41, tid, comm: `t${tid}`, exec: false })),
      },
    );
    runs(r, (run) => {
      const theirs = theirSamples(run(...SCRIPT_TIMELESS).stdout, words.perf);
      // perf makes a sample of nothing before the first record of each queue (perf-data §5.1).
      const want = streams.flatMap((bytes, i) => {
        const tid = 41 + i;
        return [
          sampleLine(words.perf, [`${tid}`, '-1', '', '0', '0', '0', '0', '0']),
          ...ourSamples(r, bytes, { ...words, cpu: -1, tid: () => tid }),
        ];
      });
      expect(theirs).toEqual(want);
    });
  });

  test('threads from switches where no context packet says them', () => {
    const bytes = rising(dice(4), 200, 1000n, []);
    const at = (time: bigint, tid: number) => ({ pid: tid, tid, time, cpu: 0 });
    const comm = (tid: number): SideBand => ({ kind: 'comm', at: NO_MOMENT, pid: tid, tid, comm: `t${tid}`, exec: false });
    const sideBand: SideBand[] = [
      comm(10),
      comm(20),
      { kind: 'switch', at: at(500n, 0), nextPid: 10, nextTid: 10 },
      { kind: 'switch', at: at(20_000n, 10), nextPid: 20, nextTid: 20 },
    ];
    const r = recordingOf([[bytes]], { sideBand });
    runs(r, (run) => {
      // Records closed by End are at counter 0 and keep the thread of those around them.
      let last = 10;
      const tid = (counter: bigint): number => (counter === 0n ? last : (last = counter >= 20_000n ? 20 : 10));
      const theirs = theirSamples(run(...SCRIPT).stdout, words.perf);
      const ours = ourSamples(r, bytes, { ...words, cpu: 0, tid });
      expect(theirs.map((l) => l.split(' ').slice(1))).toEqual(ours.map((l) => l.split(' ').slice(1)));
      const apart = theirs.filter((line, i) => line !== ours[i]);
      expect(apart.length).toBeLessThan(3); // at the switch itself perf is one record late or early
    });
  });

  test('flags of AUX records, tasks and mappings are those that were written', () => {
    const at = { pid: 5, tid: 6, time: 50n, cpu: 0 };
    const plain = recordingOf([[rising(dice(5), 10), rising(dice(6), 10)]]);
    const flags = PERF_AUX_FLAG_TRUNCATED | PERF_AUX_FLAG_PARTIAL | PERF_AUX_FLAG_COLLISION;
    const r: PerfRecording = {
      ...plain,
      buffers: plain.buffers.map((b, i) => ({
        ...b,
        aux: wholeAux(b.bytes, { time: BigInt(10_000 * (i + 1)), flags: i === 0 ? 0 : flags }),
      })),
      sideBand: [
        { kind: 'comm', at: NO_MOMENT, pid: 5, tid: 6, comm: 'parent', exec: false },
        { kind: 'fork', at, pid: 9, parentPid: 5, tid: 9, parentTid: 6 },
        { kind: 'comm', at: { ...at, time: 51n }, pid: 9, tid: 9, comm: 'child', exec: true },
        {
          kind: 'mmap',
          at: { ...at, time: 52n },
          pid: 9,
          tid: 9,
          address: 0x10000n,
          length: 0x3000n,
          pageOffset: 0x1000n,
          path: '/no/such/file',
          kernel: false,
          buildId: new Uint8Array([0xab, 0xcd, ...new Array<number>(18).fill(1)]),
          protection: 5,
          mapFlags: 2,
        },
        { kind: 'switch', at: { ...at, time: 53n }, nextPid: 9, nextTid: 9 },
        { kind: 'exit', at: { ...at, pid: 9, tid: 9, time: 60_000n }, pid: 9, parentPid: 5, tid: 9, parentTid: 6 },
      ],
      buildIds: [{ path: '/no/such/file', id: new Uint8Array([0xab, 0xcd, ...new Array<number>(18).fill(1)]), kernel: false }],
    };
    // The driver's flags, as perf tells its user of them.
    const lost = [
      'AUX data lost 1 times out of 2!',
      'AUX data had gaps in it 1 times out of 2!',
      'Are you running a KVM guest in the background?',
      'AUX data detected collision  1 times out of 2!',
    ];
    const body = (run: (...args: readonly string[]) => PerfRun): void => {
      const dump = run('report', '-D').stdout;
      expect(dump).toMatch(/PERF_RECORD_AUX offset: 0 size: 0x[0-9a-f]+ flags: 0 \[\]/);
      expect(dump).toMatch(/PERF_RECORD_AUX offset: 0x[0-9a-f]+ size: 0x[0-9a-f]+ flags: 0xd \[T.*P.*C?\]/);
      const shown = run('script', '--itrace=i1i', '--show-task-events', '--show-mmap-events', '--show-switch-events', '--ns').stdout;
      expect(shown).toMatch(/0\.000000050: PERF_RECORD_FORK\(9:9\):\(5:6\)/);
      expect(shown).toMatch(/0\.000000051: PERF_RECORD_COMM exec: child:9\/9/);
      expect(shown).toMatch(/0\.000000052: PERF_RECORD_MMAP2 9\/9: \[0x10000\(0x3000\) @ 0x1000 <abcd0101[01]+>\]: r-xp \/no\/such\/file/);
      expect(shown).toMatch(/0\.000000053: PERF_RECORD_SWITCH_CPU_WIDE OUT.*next pid\/tid: +9\/9/);
      expect(shown).toMatch(/0\.000060000: PERF_RECORD_EXIT\(9:9\):\(5:6\)/);
      expect(run('buildid-list').stdout).toMatch(/abcd0101[01]+ \/no\/such\/file/);
    };
    runs(r, body, lost);
  });

  test('64 CPUs, several buffers each: samples of every CPU, memory samples and c2c records counted', () => {
    const d = dice(7);
    const streams = Array.from({ length: 64 }, () => [rising(d, 20), rising(d, 20, 20_000n)]);
    const r = recordingOf(streams);
    runs(r, (run) => {
      const theirs = theirSamples(run(...SCRIPT).stdout, words.perf);
      let accesses = 0;
      for (const [cpu, parts] of streams.entries()) {
        const bytes = new Uint8Array(Buffer.concat(parts));
        expect(theirs.filter((l) => cpuOf(l) === cpu)).toEqual(ourSamples(r, bytes, { ...words, cpu }));
        const { columns } = decodeTrace(bytes);
        for (let row = 0; row < columns.rows; row++) {
          const s = sampleAt(columns, row, { clock: r.clock, midr: 0x413fd0c1, perf: perf === '6.1' ? '6.1' : '6.12' });
          if (s.dataSource !== 0n) accesses++;
        }
      }
      expect(theirs.length).toBe(64 * 40);
      if (perf === '7.3') return; // which counts SVE and SME operations without an access, too
      const memory = run('script', '--itrace=M', '-F', 'event').stdout.split('\n');
      expect(memory.filter((l) => l.includes('memory')).length).toBe(accesses);
      expect(run('report', '--mem-mode', '--itrace=M', '--stdio', '-n').stdout).toMatch(/Samples: \d+(K|M)? +of event 'memory'/);
      expect(run('c2c', 'report', '--stdio').stdout).toContain(`Total records                     : ${String(accesses).padStart(10)}`);
    });
  });

  test('a machine of two nodes and two PMUs shows its header', () => {
    const machine = plainMachine(4);
    const r = recordingOf([[rising(dice(8), 10)], [], [], []], {
      machine: {
        ...machine,
        cpus: machine.cpus.map((c) => ({ ...c, node: c.cpu >> 1, socket: c.cpu >> 1, core: c.cpu & 1 })),
        nodes: [
          { node: 0, totalKiB: 1000, freeKiB: 500 },
          { node: 1, totalKiB: 2000, freeKiB: 1500 },
        ],
        memory: {
          blockSize: 1n << 30n,
          nodes: [
            { node: 0, first: 0, count: 70 },
            { node: 1, first: 70, count: 4 },
          ],
        },
      },
    });
    runs(r, (run) => {
      const header = run('report', '--header-only', '-I', '--stdio').stdout;
      for (const line of [
        '# nrcpus online : 4',
        '# sibling sockets : 0-1',
        '# sibling sockets : 2-3',
        '# CPU 3: Core ID 1, Die ID 0, Socket ID 1',
        '# node0 meminfo  : total = 1000 kB, free = 500 kB',
        '# node1 cpu list : 2-3',
        '# pmu mappings: software = 1, arm_spe_0 = 4242',
        '# total memory : 3000 kB',
      ]) {
        expect(header).toContain(line);
      }
      expect(header).toMatch(/memory nodes \(nr 2, block size 0x40000000\)/);
    });
  });

  test('written again, the threads, the header and the build-ids are those of the first file', () => {
    const streams = [[rising(dice(21), 50, 1000n, [])], [rising(dice(22), 50, 1000n, [])]];
    const id = new Uint8Array(20).fill(3);
    const first: PerfRecording = {
      ...recordingOf(streams),
      traced: [{ tid: 10, comm: 'ten' }],
      sideBand: [{ kind: 'comm', at: NO_MOMENT, pid: 10, tid: 10, comm: 'ten', exec: false }],
      buildIds: [{ path: '/no/such/file', id, kernel: false }],
    };
    const again = exportPerfData(openTrace(readAtBytes(fileOf(first)))._unsafeUnwrap());
    const shown = (r: PerfRecording | Iterable<Uint8Array>): string[] =>
      runs(r, (run) => [
        run(...SCRIPT).stdout,
        run('buildid-list').stdout,
        run('report', '--header-only', '-I').stdout.replace(/# captured on.*/, ''),
      ]);
    const want = shown(first);
    expect(theirSamples(want[0], words.perf)[0]).toMatch(/^10 /);
    expect(shown(again)).toEqual(want);
  });

  test('a perf.data that spesh read and wrote again gives the same samples', () => {
    const streams = [[rising(dice(9), 50)], [rising(dice(10), 50), rising(dice(11), 20, 30_000n)]];
    const first = recordingOf(streams);
    const again = exportPerfData(openTrace(readAtBytes(fileOf(first)))._unsafeUnwrap());
    const want = runs(first, (run) => run(...SCRIPT).stdout);
    expect(runs(again, (run) => run(...SCRIPT).stdout)).toBe(want);
  });

  test('a megabyte: every sample is there', () => {
    const bytes = rising(dice(12), 25_000);
    expect(bytes.length).toBeGreaterThan(1 << 20);
    const r = recordingOf([[bytes]]);
    runs(r, (run) => expect(theirSamples(run(...SCRIPT).stdout, words.perf)).toEqual(ourSamples(r, bytes, { ...words, cpu: 0 })));
  });

  test('the tests hold against a file with one bit wrong', () => {
    const bytes = rising(dice(13), 50);
    const r = recordingOf([[bytes]]);
    const file = fileOf(r);
    const other = rising(dice(13), 50);
    other[5] ^= 1;
    const p = perfOn([file]);
    try {
      expect(readFileSync(p.file).length).toBe(file.length);
      expect(theirSamples(p.run([...SCRIPT]).stdout, words.perf)).not.toEqual(ourSamples(r, other, { ...words, cpu: 0 }));
    } finally {
      p.end();
    }
  });
});
