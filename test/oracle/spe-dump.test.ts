// The dump against the real perf of this machine, on random streams of packets, damage and padding. Skipped where perf is missing or is
// not a version whose words spesh has.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HEADERS, lengthOf } from '../../src/arch/spe/packets.ts';
import { PERF_VERSIONS, type PerfVersion } from '../../src/arch/spe/perf.ts';
import { nextRandom } from '../../src/base/prng.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { dumpSource, openTrace } from '../../src/trace/trace.ts';
import { aPerfData } from '../trace/a-perf-data.ts';

function installedPerf(): PerfVersion | null {
  try {
    const text = execFileSync('perf', ['--version'], { encoding: 'utf8' });
    return PERF_VERSIONS.find((v) => text.startsWith(`perf version ${v}.`)) ?? null;
  } catch {
    return null;
  }
}

const HEADER_BYTES = [...HEADERS.keys()].filter((h) => HEADERS[h] !== 0);

/** Some 20 KB of packets with any payload, stray bytes, extended and alignment headers, runs of zeros. */
function stream(seed: number): Uint8Array {
  let state = seed;
  const draw = (below: number): number => {
    const next = nextRandom(state);
    state = next.state;
    return next.draw % below;
  };
  const out: number[] = [];
  while (out.length < 20_000) {
    const kind = draw(12);
    if (kind === 0) out.push(...new Array<number>(draw(40)).fill(0));
    else if (kind === 1) out.push(draw(256));
    else if (kind === 2) out.push(0x20 + draw(4), [0, 0x98 + draw(8), 0xb0 + draw(8), 0x42][draw(4)], draw(256), draw(256));
    else {
      const header = HEADER_BYTES[draw(HEADER_BYTES.length)];
      out.push(header);
      for (let i = 1; i < lengthOf(HEADERS[header]); i++) out.push(draw(4) === 0 ? 0 : draw(256));
    }
  }
  return new Uint8Array(out);
}

const perf = installedPerf();

describe.skipIf(perf === null)('perf report -D (needs perf 6.1, 6.12 or 7.3)', () => {
  for (const seed of [1, 2, 3, 4]) {
    test(`stream ${seed} is dumped alike, line by line`, () => {
      const bytes = aPerfData([{ bytes: stream(seed), queue: 0, cpu: 0 }], 0x413fd0c1);
      const folder = mkdtempSync(join(tmpdir(), 'spesh-oracle-'));
      try {
        writeFileSync(join(folder, 'perf.data'), bytes);
        const out = execFileSync('perf', ['report', '-D', '-i', 'perf.data'], {
          cwd: folder,
          encoding: 'latin1',
          maxBuffer: 1 << 26,
          stdio: ['ignore', 'pipe', 'ignore'],
          env: { ...process.env, HOME: folder },
        });
        const want = out.split('\n').filter((l) => /^\. {2}[0-9a-f]{8}:/.test(l));
        const got = [...dumpSource(openTrace(readAtBytes(bytes))._unsafeUnwrap(), perf as PerfVersion)]
          .map((p) => new TextDecoder().decode(p))
          .join('')
          .split('\n')
          .slice(0, -1);
        expect(want.length).toBeGreaterThan(1000);
        expect(got).toEqual(want);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
