// The long form of test/machine/cpu/qemu-user.test.ts.
import { afterAll, describe, expect, test } from 'vitest';
import { differences, missingTool, SCRATCH } from '../machine/cpu/qemu-user.ts';
import { CASE_ROWS, randomCases } from '../machine/cpu/random-cases.ts';

const missing = missingTool();
const PART = 20_000;

describe.skipIf(missing !== null)(
  `200,000 random instructions do as under qemu-aarch64${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    let cases = 0;
    let mismatches = 0;
    test.each(Array.from({ length: 10 }, (_, i) => i))('part %i', (part) => {
      const found = differences(randomCases(1000 + part, PART, SCRATCH));
      cases += PART;
      mismatches += found.length;
      expect(found).toEqual([]);
    });
    afterAll(() => console.log(`qemu-aarch64: ${cases} cases of ${CASE_ROWS.length} rows, ${mismatches} mismatches`));
  },
);
