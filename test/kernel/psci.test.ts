// PSCI as a guest calls it: which CPUs an affinity names, arguments of 32 and 64 bits. Source: Arm DEN 0022, 5.1.4 (CPU_ON), 5.1.5 (AFFINITY_INFO).
import { describe, expect, test } from 'vitest';
import { init } from './bench.ts';
import { go, guest, mov, reg } from './guests.ts';

const CPU_ON_64 = 0xc400_0003;
const CPU_ON_32 = 0x8400_0003;
const INFO_64 = 0xc400_0004;
const INFO_32 = 0x8400_0004;

/** What the function answers, as a signed number, on a VM whose vCPU 1 is off. */
function call(id: number, ...args: readonly bigint[]): bigint {
  const set = [BigInt(id), ...args].map((value, n) => mov(`x${n}`, value));
  const b = guest([...set, 'hvc #0', 'here: b here'].join('\n'), {
    before: (fresh) => void init(fresh, 1, ['spe', 'pmu-v3', 'psci-0.2', 'power-off']),
  });
  go(b, 40);
  return BigInt.asIntN(64, reg(b, 'x0'));
}

describe('AFFINITY_INFO', () => {
  test.each<readonly [string, number, bigint, bigint, bigint]>([
    ['the CPU itself is on', INFO_64, 0n, 0n, 0n],
    ['the other one is off', INFO_64, 1n, 0n, 1n],
    ['one of the cluster is on', INFO_64, 1n, 1n, 0n],
    ['there is no such CPU', INFO_64, 7n, 0n, -2n],
    ['there is no such cluster', INFO_64, 0x700n, 1n, -2n],
    ['there is no level 4', INFO_64, 0n, 4n, -2n],
    ['bits beside the affinity', INFO_64, 1n << 31n, 0n, -2n],
    ['with 32 bits the upper half is nothing', INFO_32, (5n << 32n) | 1n, 9n << 32n, 1n],
  ])('%s', (_what, id, mpidr, level, answer) => {
    expect(call(id, mpidr, level)).toBe(answer);
  });
});

describe('CPU_ON', () => {
  test.each<readonly [string, number, bigint, bigint]>([
    ['starts one that is off', CPU_ON_64, 1n, 0n],
    ['by 32 bits too', CPU_ON_32, (1n << 40n) | 1n, 0n],
    ['one that is on', CPU_ON_64, 0n, -4n],
    ['nobody', CPU_ON_64, 2n, -2n],
    ['bits beside the affinity', CPU_ON_64, (1n << 24n) | 1n, -2n],
  ])('%s', (_what, id, mpidr, answer) => {
    expect(call(id, mpidr, 0x4000_0000n, 0n)).toBe(answer);
  });
});
