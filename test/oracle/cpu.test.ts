// The long form of test/machine/cpu/qemu-user.test.ts.
import { describe, expect, test } from 'vitest';
import { differences, missingTool, SCRATCH } from '../machine/cpu/qemu-user.ts';
import { randomCases } from '../machine/cpu/random-cases.ts';

const missing = missingTool();
const PART = 20_000;

describe.skipIf(missing !== null)(
  `200,000 random instructions do as under qemu-aarch64${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    test.each(Array.from({ length: 10 }, (_, i) => i))('part %i', (part) => {
      expect(differences(randomCases(1000 + part, PART, SCRATCH))).toEqual([]);
    });
  },
);
