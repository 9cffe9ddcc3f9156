// The short form of test/oracle/lockstep.test.ts.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockstep, noQemuSystem } from './lockstep.ts';

const path = join(import.meta.dirname, '../../../fixtures/guests/mix.elf');

test.skipIf(noQemuSystem !== null)(
  `a guest in lock-step with qemu-system-aarch64${noQemuSystem === null ? '' : ` (skipped: ${noQemuSystem})`}`,
  () => {
    expect(lockstep(path, 40_000)).toEqual({ operations: 40_000, difference: null });
  },
);
