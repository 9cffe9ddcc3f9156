// perf.data files of ours before the real perf: every command opens them, the packets are dumped as spesh dumps them, the samples are those
// that spesh decodes. Skipped where perf is missing or of another version.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseElf } from '../../src/abi/elf.ts';
import type { ElfSection } from '../../src/abi/elf-headers.ts';
import { ADDRESSES, HAS_PC } from '../../src/trace/columns.ts';
import { decodeTrace } from '../../src/trace/decode.ts';
import { dumpText } from '../../src/trace/dump.ts';
import { timeConversion } from '../../src/trace/perf-data/clock.ts';
import { MIDR_NEOVERSE_N1, plainRecording } from '../../src/trace/perf-data/defaults.ts';
import { guestKernel, imageMappings } from '../../src/trace/perf-data/image-mappings.ts';
import { openPerfData } from '../../src/trace/perf-data/open.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { NO_MOMENT, type PerfRecording } from '../../src/trace/perf-data/recording.ts';
import { auxBuffers } from '../../src/trace/perf-data/streams.ts';
import { writePerfData, writePerfPipe } from '../../src/trace/perf-data/write.ts';
import { damagedRecords, dice, type RecordShape, randomRecords } from '../trace/random-packets.ts';
import { cpuOf, ourSamples, padded, SCRIPT, theirSamples, unexpected } from './perf-samples.ts';
import { dumpedBuffers, installedPerf, perfOn } from './real-perf.ts';

const perf = installedPerf();
const REAL = new URL('../../../shared/traces/real/', import.meta.url);
const traces = existsSync(REAL) ? readdirSync(REAL).filter((f) => f.endsWith('.aux')) : [];

const recordingOf = (...buffers: Uint8Array[]): PerfRecording => plainRecording(buffers.map(readAtBytes));

const ANY: RecordShape = { contexts: [1, 77, 4096], code: null, clock: null };
const RISING = (): RecordShape => ({ contexts: [1, 77], code: null, clock: { now: 1_000n, step: 500 } });

const COMMANDS: readonly (readonly string[])[] = [
  ['report', '--header-only', '-I', '--stdio'],
  ['report', '-D'],
  ['evlist', '-v'],
  ['script', '--itrace=i1i'],
  ['script', '--itrace=i1i', '-F', 'comm,pid,tid,cpu,time,event,ip,sym,dso,addr,phys_addr,weight,data_src', '--ns'],
  ['script', '--itrace=fmtbaM'],
  ['report', '--itrace=i1i', '--stdio', '--sort', 'comm,dso,sym'],
  ['mem', 'report', '--stdio'],
  ['report', '--mem-mode', '--itrace=M', '--stdio', '--sort', 'mem,local_weight,symbol,symbol_daddr,tlb,snoop'],
  ['c2c', 'report', '--stdio'],
  ['c2c', 'report', '--stdio', '-d', 'peer'],
];

describe.skipIf(perf === null)('perf opens what spesh writes (needs perf 6.1, 6.12 or 7.3)', () => {
  const words = { perf: perf ?? '6.1' } as const;

  for (const [name, r] of [
    ['two CPUs, version 1', recordingOf(randomRecords(dice(1), 300, ANY), randomRecords(dice(2), 300, ANY))],
    ['no context packets', recordingOf(randomRecords(dice(3), 200, { ...ANY, contexts: [] }))],
    ['an empty buffer and none', recordingOf(new Uint8Array(0), randomRecords(dice(4), 10, ANY))],
  ] as const) {
    test(`${name}: every command exits 0 without a word that a real recording would not give`, () => {
      const p = perfOn(writePerfData(r));
      try {
        for (const command of COMMANDS) {
          const run = p.run(command);
          expect([command.join(' '), run.status, unexpected(run.complaints)]).toEqual([command.join(' '), 0, []]);
        }
      } finally {
        p.end();
      }
    });
  }

  test.each([11, 12, 13, 14])('report -D of every packet kind and of damage is spesh dump (seed %i)', (seed) => {
    const d = dice(seed);
    const buffers = [randomRecords(d, 200, ANY), damagedRecords(d, 200)];
    const p = perfOn(writePerfData(recordingOf(...buffers)));
    try {
      const theirs = dumpedBuffers(p.run(['report', '-D']).stdout);
      const places = [...auxBuffers(openPerfData(readAtBytes(readFileSync(p.file)))._unsafeUnwrap())];
      const ours = buffers.map((b, i) => dumpText(padded(b), { ...words, base: places[i].offset, midr: Number(MIDR_NEOVERSE_N1) }));
      expect(theirs).toEqual(ours);
    } finally {
      p.end();
    }
  });

  test.each([21, 22, 23, 24])('script: count, ip, addresses, weight, time, thread and data source of every record (seed %i)', (seed) => {
    const d = dice(seed);
    const buffers = [0, 1, 2].map(() => randomRecords(d, 400, seed === 21 ? ANY : RISING()));
    const r: PerfRecording = {
      ...recordingOf(...buffers),
      clock: seed === 22 ? timeConversion(100_000_000n, 0xffff_ffce_2d9f_0b14n) : timeConversion(1_000_000_000n, BigInt(seed)),
      machine: {
        ...recordingOf(...buffers).machine,
        cpus: recordingOf(...buffers).machine.cpus.map((c) => ({ ...c, midr: seed === 23 ? 0x481fd010n : c.midr })),
      },
    };
    const p = perfOn(writePerfData(r));
    try {
      const theirs = theirSamples(p.run(SCRIPT).stdout, words.perf);
      for (const [cpu, bytes] of buffers.entries())
        expect(theirs.filter((l) => cpuOf(l) === cpu)).toEqual(ourSamples(r, bytes, { ...words, cpu }));
      expect(theirs.length).toBe(1200);
    } finally {
      p.end();
    }
  });

  test('a pipe gives the samples of the file', () => {
    const bytes = randomRecords(dice(31), 200, ANY);
    const r = recordingOf(bytes);
    const p = perfOn(writePerfPipe(r));
    try {
      const run = p.run(SCRIPT, true);
      expect([run.status, unexpected(run.complaints)]).toEqual([0, []]);
      expect(theirSamples(run.stdout, words.perf)).toEqual(ourSamples(r, bytes, { ...words, cpu: 0 }));
    } finally {
      p.end();
    }
  });

  test.each(traces)('%s: report -D of the export is the dump', (file) => {
    const bytes = new Uint8Array(readFileSync(new URL(file, REAL)));
    const p = perfOn(writePerfData(recordingOf(bytes)));
    try {
      expect(dumpedBuffers(p.run(['report', '-D']).stdout)).toEqual([dumpText(padded(bytes), words)]);
    } finally {
      p.end();
    }
  });

  test('code of a guest has its symbols, privileged and not', () => {
    const path = new URL('../../fixtures/guests/pointer-chase.elf', import.meta.url).pathname;
    const elf = parseElf(new Uint8Array(readFileSync(path)))._unsafeUnwrap();
    const text = elf.sections.find((s) => s.name === '.text');
    const code = { start: text?.address ?? 0n, size: Number(text?.memorySize ?? 0n) };
    const sideBand = [
      ...imageMappings(elf, { path, buildId: null, processes: [{ pid: 77, tid: 77 }] }),
      { kind: 'comm', at: NO_MOMENT, pid: 77, tid: 77, comm: 'chase', exec: false } as const,
    ];
    for (const el of [0, 1]) {
      const bytes = randomRecords(dice(41 + el), 200, { contexts: [77], code: { ...code, el }, clock: { now: 1000n, step: 50 } });
      const p = perfOn(writePerfData({ ...recordingOf(bytes), kernel: guestKernel(sideBand), sideBand }));
      try {
        const run = p.run(['script', '--itrace=i1i', '-F', 'comm,ip,sym,symoff']);
        expect([run.status, unexpected(run.complaints)]).toEqual([0, []]);
        const { columns } = decodeTrace(bytes);
        const theirs = run.stdout.split('\n').filter((l) => /\S/.test(l));
        expect(theirs.length).toBe(columns.rows);
        for (let row = 0; row < columns.rows; row++) {
          if ((columns.present[row] & HAS_PC) === 0) continue;
          const ip = BigInt(columns.addressLo[row * ADDRESSES]);
          const names = elf.symbols
            .filter(
              (s) =>
                s.section === elf.sections.indexOf(text as ElfSection) && s.address <= ip && (s.size === 0n || ip < s.address + s.size),
            )
            .map((s) => `${el === 0 ? '' : 'ff000000'}${ip.toString(16)} ${s.name}+0x${(ip - s.address).toString(16)}`);
          const line = theirs[row].trim().replace(/^chase\s+/, '');
          // Between two functions lies padding, of which perf says [unknown].
          if (!line.endsWith('[unknown]') || names.some((n) => !n.includes(' text_'))) expect(names).toContain(line);
        }
      } finally {
        p.end();
      }
    }
  });
});
