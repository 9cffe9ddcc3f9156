// The committed guests: they are what their sources make, and QEMU, which has no SPE, does the same work to the same checksums as spesh
// (test/session/guests.test.ts). Here a few run under QEMU; test/oracle/guests.test.ts runs all.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXPECTED, FOLDER, firstLine, GUESTS, imageOf, noQemu, noteOf, underQemu, workOf } from '../session/guest-table.ts';

const gcc = firstLine('aarch64-linux-gnu-gcc', '--version');
const ld = firstLine('aarch64-linux-gnu-ld', '--version');
const make = firstLine('make', '--version');

test('the images are small', () => {
  for (const guest of GUESTS) expect(statSync(imageOf(guest)).size, guest).toBeLessThan(100_000);
});

describe.skipIf(noQemu !== null)(`under QEMU${noQemu === null ? '' : ` (skipped: ${noQemu})`}`, () => {
  test.each(['pointer-chase', 'el0', 'event-stage1'])('%s notices that there is no SPE and only works', (guest) => {
    const { status, text } = underQemu(guest);
    expect(status).toBe(0);
    expect(workOf(text)).toEqual(EXPECTED[guest].work);
    expect(noteOf(text)).toEqual(['spe: not here, work only']);
  });
});

const toolsMissing = !(/ 12\.2\.0$/.test(gcc) && / 2\.40$/.test(ld) && make !== '');
const reason = ` (skipped: needs aarch64-linux-gnu-gcc 12.2.0, binutils 2.40 and make; found: ${gcc || 'no gcc'}, ${ld || 'no ld'}, ${make || 'no make'})`;

describe.skipIf(toolsMissing)(`rebuilt${toolsMissing ? reason : ''}`, () => {
  test('the images are the committed ones, byte for byte', () => {
    const out = mkdtempSync(join(tmpdir(), 'spesh-guests-'));
    try {
      expect(firstLine('make', '-s', '-C', FOLDER, `OUT=${out}`)).toBe('');
      for (const guest of GUESTS) expect(readFileSync(join(out, `${guest}.elf`)).equals(readFileSync(imageOf(guest))), guest).toBe(true);
    } finally {
      rmSync(out, { recursive: true });
    }
  });
});
