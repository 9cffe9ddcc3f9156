// Random instructions, every row in turn, under qemu-aarch64 and here: same registers, flags, memory and branch decision.
import { expect, test } from 'vitest';
import { differences, missingTool, SCRATCH } from './qemu-user.ts';
import { randomCases } from './random-cases.ts';

const missing = missingTool();

test.skipIf(missing !== null)(
  `4,000 random instructions do as under qemu-aarch64${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    expect(differences(randomCases(1, 4000, SCRATCH))).toEqual([]);
  },
);
