// A million random ioctls over all files, with garbage fields and pointers: no exception, and the laws of test/kernel/kernel-laws.ts hold.
// SPESH_FUZZ_CALLS and SPESH_FUZZ_SEED choose others; the seed is printed, and a failure names it with the call.
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { fuzzReport, randomIoctls } from '../kernel/random-ioctls.ts';

const SEED = Number(process.env['SPESH_FUZZ_SEED'] ?? 20251114);
const CALLS = Number(process.env['SPESH_FUZZ_CALLS'] ?? 1_000_000);

test(`${CALLS.toLocaleString('en-US')} random ioctls`, () => {
  const result = randomIoctls(SEED, CALLS, () => performance.now());
  console.log(fuzzReport(SEED, result));
  expect(result.calls).toBe(CALLS);
});
