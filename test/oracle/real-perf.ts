// The perf of this machine, run on a file of ours.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PERF_VERSIONS, type PerfVersion } from '../../src/arch/spe/perf.ts';

/** perf's version, where it is one whose words spesh has; else null: then these tests are skipped. */
export function installedPerf(): PerfVersion | null {
  const run = spawnSync('perf', ['--version'], { encoding: 'utf8' });
  if (run.status !== 0) return null;
  return PERF_VERSIONS.find((v) => run.stdout.startsWith(`perf version ${v}.`)) ?? null;
}

export interface PerfRun {
  readonly status: number | null;
  readonly stdout: string;
  /** Lines of stderr; the unwinder's word about the other architecture left out (perf-data §8, 12). */
  readonly complaints: readonly string[];
}

/** A folder with the file in it, in which perf can be run; `end` removes it. */
export function perfOn(pieces: Iterable<Uint8Array>): {
  readonly file: string;
  run(args: readonly string[], stdin?: boolean): PerfRun;
  end(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'spesh-oracle-'));
  const file = join(folder, 'perf.data');
  const bytes = Buffer.concat([...pieces].map((p) => Buffer.from(p)));
  writeFileSync(file, bytes);
  return {
    file,
    run(args, stdin = false) {
      const run = spawnSync('perf', [...args, '-i', stdin ? '-' : 'perf.data'], {
        cwd: folder,
        encoding: 'latin1',
        maxBuffer: 1 << 28,
        input: stdin ? bytes : '',
        env: { ...process.env, HOME: folder, PAGER: 'cat', LC_ALL: 'C' },
      });
      const complaints = run.stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('unwind: target platform=arm64'));
      return { status: run.status, stdout: run.stdout, complaints };
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The packet lines of `perf report -D`, per AUXTRACE record. */
export function dumpedBuffers(stdout: string): string[] {
  const buffers: string[] = [];
  let open = false;
  for (const line of stdout.split('\n')) {
    if (line.startsWith('. ... ARM SPE data:')) {
      buffers.push('');
      open = true;
    } else if (open && /^\. {2}[0-9a-f]{8,}: /.test(line)) buffers[buffers.length - 1] += `${line}\n`;
    else open = false;
  }
  return buffers;
}
