// The emulator's own trace before the real perf: a guest runs, its records are exported as a recording, perf's samples are those of the
// records and of the truth that the machine kept. Skipped where perf is missing or of another version.
import { describe, expect, test } from 'vitest';
import { traceOf } from '../../src/session/records.ts';
import { decodeTrace } from '../../src/trace/decode.ts';
import { dumpText } from '../../src/trace/dump.ts';
import { plainEvent, plainMachine } from '../../src/trace/perf-data/defaults.ts';
import { guestRecording } from '../../src/trace/perf-data/guest-recording.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { writePerfData } from '../../src/trace/perf-data/write.ts';
import { newShell } from '../commands/shell.ts';
import { ourSamples, padded, SCRIPT, theirSamples, unexpected } from './perf-samples.ts';
import { dumpedBuffers, installedPerf, perfOn } from './real-perf.ts';

const perf = installedPerf();
const TID = 4100;

describe.skipIf(perf === null)("the emulator's records before perf (needs perf 6.1, 6.12 or 7.3)", () => {
  const words = { perf: perf ?? '6.1' } as const;

  test.each(['pointer-chase', 'branchy'])('%s: dump, samples, symbols, memory samples, c2c', (guest) => {
    const shell = newShell();
    shell.all(`up ${guest}`, 'run --ops 400000');
    const { log, image } = shell.session.context;
    const records = log.records;
    expect(records.length).toBeGreaterThan(100);
    const elf = image?.elf ?? null;
    const aux = traceOf(records);
    const path = new URL(`../../fixtures/guests/${guest}.elf`, import.meta.url).pathname;
    const r = guestRecording({
      machine: plainMachine(8, 0x413fd0c1n, 10),
      event: plainEvent(10),
      frequency: 1_000_000n,
      streams: [{ cpu: records[0].cpu, pid: 4000, tid: TID, comm: 'CPU 0/KVM', bytes: readAtBytes(aux), buffers: null }],
      by: 'cpu',
      image: elf === null ? null : { elf, path },
      command: ['perf', 'record', '-a', '-e', 'arm_spe_0//'],
    });
    const p = perfOn(writePerfData(r));
    try {
      const run = (...args: readonly string[]): string => {
        const ran = p.run(args);
        expect([args.join(' '), ran.status, unexpected(ran.complaints)]).toEqual([args.join(' '), 0, []]);
        return ran.stdout;
      };
      expect(dumpedBuffers(run('report', '-D'))).toEqual([dumpText(padded(aux), { ...words, midr: 0x413fd0c1 })]);
      const ours = ourSamples(r, aux, { ...words, cpu: records[0].cpu, tid: () => TID });
      expect(theirSamples(run(...SCRIPT), words.perf)).toEqual(ours);
      expect(ours.length).toBe(records.length);

      const named = run('script', '--itrace=i1i', '-F', 'comm,ip,sym,symoff', '--kallsyms=/dev/null')
        .split('\n')
        .filter((l) => /\S/.test(l));
      const { columns } = decodeTrace(aux);
      expect(named.length).toBe(columns.rows);
      for (const [row, line] of named.entries()) {
        const pc = BigInt(columns.addressLo[row * 5]);
        const functions =
          elf?.symbols.filter((s) => s.kind === 'function' && s.size > 0n && pc >= s.address && pc < s.address + s.size) ?? [];
        expect(line.trim()).toMatch(/^CPU 0\/KVM\s/);
        if (functions.length > 0)
          expect(functions.map((s) => `${s.name}+0x${(pc - s.address).toString(16)}`)).toContain(line.trim().split(/\s+/).at(-1));
      }
      if (guest === 'branchy') return; // no load or store of it is sampled: perf has no memory samples to show
      run('mem', 'report', '--stdio');
      run('report', '--mem-mode', '--itrace=M', '--stdio');
      run('c2c', 'report', '--stdio');
    } finally {
      p.end();
    }
  });
});
