// The committed guests: they are what their sources make, and QEMU, which has no SPE, runs the same work to the same checksums.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const FOLDER = new URL('../../fixtures/guests/', import.meta.url).pathname;
const GUESTS = ['pointer-chase', 'branchy', 'forever'];
const firstLine = (command: string, ...args: string[]): string =>
  spawnSync(command, args, { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '';

const qemu = firstLine('qemu-system-aarch64', '--version');
const gcc = firstLine('aarch64-linux-gnu-gcc', '--version');
const ld = firstLine('aarch64-linux-gnu-ld', '--version');
const make = firstLine('make', '--version');

/** The console of the guest under QEMU's `virt` board. */
function runUnderQemu(guest: string): { readonly status: number | null; readonly text: string } {
  const board = ['-nodefaults', '-machine', 'virt,gic-version=3', '-cpu', 'cortex-a57', '-m', '64', '-display', 'none', '-serial', 'stdio'];
  const run = spawnSync('qemu-system-aarch64', [...board, '-kernel', join(FOLDER, `${guest}.elf`)], {
    encoding: 'utf8',
    input: '',
    timeout: 50_000,
  });
  return { status: run.status, text: run.stdout.replaceAll('\r', '') };
}

test('the images are small', () => {
  for (const guest of GUESTS) expect(statSync(join(FOLDER, `${guest}.elf`)).size).toBeLessThan(200_000);
});

describe.skipIf(qemu === '')(`under QEMU${qemu === '' ? ' (skipped: needs qemu-system-aarch64)' : ''}`, () => {
  const CHECKSUMS = { 'pointer-chase': '8ff1fd50', branchy: 'b3b7c256' };
  for (const [guest, checksum] of Object.entries(CHECKSUMS)) {
    test(`${guest} notices that there is no SPE and only works`, () => {
      expect(runUnderQemu(guest)).toEqual({ status: 0, text: `${guest}: checksum=${checksum}\nspe: not here, work only\n` });
    });
  }
});

const toolsMissing = !(/ 12\.2\.0$/.test(gcc) && / 2\.40$/.test(ld) && make !== '');
const reason = ` (skipped: needs aarch64-linux-gnu-gcc 12.2.0, binutils 2.40 and make; found: ${gcc || 'no gcc'}, ${ld || 'no ld'}, ${make || 'no make'})`;

describe.skipIf(toolsMissing)(`rebuilt${toolsMissing ? reason : ''}`, () => {
  test('the images are the committed ones, byte for byte', () => {
    const out = mkdtempSync(join(tmpdir(), 'spesh-guests-'));
    try {
      const run = spawnSync('make', ['-s', '-C', FOLDER, `OUT=${out}`], { encoding: 'utf8' });
      expect(run.stderr).toBe('');
      for (const guest of GUESTS) {
        expect(readFileSync(join(out, `${guest}.elf`)).equals(readFileSync(join(FOLDER, `${guest}.elf`))), guest).toBe(true);
      }
    } finally {
      rmSync(out, { recursive: true });
    }
  });
});
