// This project's guests in lock-step with qemu-system-aarch64: every register and flag before every operation, more than a million of them.
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lockstep, noQemuSystem } from '../machine/cpu/lockstep.ts';

const guests = join(import.meta.dirname, '../../fixtures/guests');
const LIMIT = 400_000;

describe.skipIf(noQemuSystem !== null)(`lock-step${noQemuSystem === null ? '' : ` (skipped: ${noQemuSystem})`}`, () => {
  let total = 0;
  let differences = 0;
  afterAll(() => console.log(`qemu-system-aarch64: ${total} operations in lock-step, ${differences} differences`));
  test.each(['pointer-chase', 'branchy', 'memcpy', 'divide', 'sieve', 'mix', 'float', 'el0'])('%s', (guest) => {
    const { operations, difference } = lockstep(join(guests, `${guest}.elf`), LIMIT);
    total += operations;
    if (difference !== null) differences += 1;
    expect(difference).toBeNull();
    expect(operations).toBeGreaterThan(150_000);
  });
});
