// A short run of random ioctls; the long one is test/fuzz/kernel.test.ts.
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { b0, vcpuOf, vmOf } from './bench.ts';
import { brokenLaw, newMemory } from './kernel-laws.ts';
import { randomIoctls } from './random-ioctls.ts';

test('20,000 random ioctls: no exception, the laws hold, every errno is reached that a VMM should meet', () => {
  const { calls, answers } = randomIoctls(1, 20_000, () => performance.now());
  expect([...answers.values()].reduce((a, b) => a + b, 0)).toBe(calls);
  for (const errno of ['ok', 'EFAULT', 'EINVAL', 'ENXIO', 'ENODEV', 'EBUSY', 'EIO', 'EBADF', 'ENOTTY', 'ENOENT', 'EEXIST', 'ENOEXEC']) {
    expect([errno, answers.get(errno) ?? 0]).not.toEqual([errno, 0]);
  }
});

test('a seed says it all', () => {
  const once = randomIoctls(7, 2_000, () => 0);
  expect(randomIoctls(7, 2_000, () => 0)).toEqual(once);
  expect(randomIoctls(8, 2_000, () => 0)).not.toEqual(once);
});

test('the laws notice what breaks them', () => {
  const break1 = (change: (b: ReturnType<typeof b0>) => void): string | null => {
    const b = b0();
    const memory = newMemory();
    vmOf(b).supportedCpus = 1n;
    if (brokenLaw(b.mw, memory) !== null) throw new Error('broken before');
    change(b);
    return brokenLaw(b.mw, memory);
  };
  expect(break1(() => {})).toBeNull();
  expect(break1((b) => void (vmOf(b).supportedCpus = 3n))).toBe('VM 0: supported_cpus grew');
  expect(break1((b) => void (b.mw.world.kernel.processes[0].lockedBytes = 4096n))).toBe('process 1 has 4096 bytes locked, 0 are pinned');
  expect(break1((b) => void (vcpuOf(b, 0).spe.initialised = true))).toContain('SPE is initialised without its interrupt');
  expect(break1((b) => void (vmOf(b).features = 0))).toBe("VM 0: the VM's features changed");
});
