// Bytes of real hardware, both ways: dumped as perf dumps them, exported to a perf.data that perf dumps alike, and imported back. And what the
// commands of a session write, opened by perf. Skipped where perf is missing; the first also where ../shared/traces/real is.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dumpText } from '../../src/trace/dump.ts';
import { exportAux, exportPerfData } from '../../src/trace/export.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { dumpSource, openTrace } from '../../src/trace/trace.ts';
import { newShell } from '../commands/shell.ts';
import { padded, unexpected } from './perf-samples.ts';
import { dumpedBuffers, installedPerf, perfOn } from './real-perf.ts';

const perf = installedPerf();
const FOLDER = new URL('../../../shared/traces/real/', import.meta.url);
const traces = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.aux')) : [];
const MIDR = 0x413fd0c1;
const joined = (pieces: Iterable<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat([...pieces].map((p) => Buffer.from(p))));

describe.skipIf(perf === null || traces.length === 0)('real traces before perf (needs perf and ../shared/traces/real)', () => {
  const version = perf ?? '6.1';
  test.each(traces)('%s', (name) => {
    const aux = new Uint8Array(readFileSync(new URL(name, FOLDER)));
    const source = openTrace(readAtBytes(aux))._unsafeUnwrap();
    const data = joined(exportPerfData(source, { midr: BigInt(MIDR) }));
    const p = perfOn([data]);
    try {
      const ran = p.run(['report', '-D']);
      expect([ran.status, unexpected(ran.complaints)]).toEqual([0, []]);
      expect(dumpedBuffers(ran.stdout)).toEqual([dumpText(padded(aux), { perf: version, midr: MIDR })]);
      const back = openTrace(readAtBytes(data))._unsafeUnwrap();
      expect(Buffer.from(joined(dumpSource(back, version))).toString()).toBe(dumpedBuffers(ran.stdout).join(''));
      expect(joined(exportAux(back))).toEqual(aux);
    } finally {
      p.end();
    }
    const known = new URL(name.replace(/aux$/, `perf${version}.txt`), FOLDER);
    if (existsSync(known)) expect(Buffer.from(joined(dumpSource(source, version))).toString()).toBe(readFileSync(known, 'utf8'));
  });
});

describe.skipIf(perf === null)('perf data of a session before perf', () => {
  test('its samples have the symbols, and every report opens', () => {
    const shell = newShell();
    shell.all('up pointer-chase', 'run --ops 400000');
    const { outcome } = shell.run('perf data chase.data');
    const [file] = outcome.writes ?? [];
    const p = perfOn([file.bytes]);
    try {
      const run = (...args: readonly string[]): string => {
        const ran = p.run(args);
        expect([args.join(' '), ran.status, unexpected(ran.complaints)]).toEqual([args.join(' '), 0, []]);
        return ran.stdout;
      };
      const lines = run('script', '--itrace=i1i', '-F', 'comm,ip,sym', '--kallsyms=/dev/null')
        .split('\n')
        .filter((l) => /\S/.test(l));
      expect(lines.length).toBe(outcome.data?.['records']);
      expect(lines.filter((l) => /CPU 0\/KVM .*\b(chase|build_ring)$/.test(l)).length).toBeGreaterThan(lines.length / 2);
      run('report', '-D');
      run('mem', 'report', '--stdio');
      run('report', '--mem-mode', '--itrace=M', '--stdio');
      run('c2c', 'report', '--stdio');
      expect(spawnSync('perf', ['report', '--header-only', '-i', p.file], { encoding: 'utf8' }).stdout).toContain('arm_spe_0/ts_enable=1');
    } finally {
      p.end();
    }
  });
});
