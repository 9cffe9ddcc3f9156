// Images that are wrong: each gives one clear answer, and the memory a VM has is all that is ever written.
import { describe, expect, test } from 'vitest';
import { finish } from '../../src/session/session.ts';
import { command, guestAsset, openSession, run } from '../session-by-text.ts';

const elf = guestAsset('branchy').bytes;

function load(bytes: Uint8Array, memory = '64MiB') {
  const session = openSession();
  run(session, `vm create --mem ${memory}`);
  session.addAsset({ path: 'image', sha256: '', bytes });
  return finish(session.execute(command('guest load image')));
}

function patched(offset: number, ...bytes: number[]): Uint8Array {
  const copy = elf.slice();
  copy.set(bytes, offset);
  return copy;
}

describe('invalid images', () => {
  const first = Number(new DataView(elf.buffer, elf.byteOffset).getBigUint64(32, true)); // e_phoff
  const rows: readonly [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /is empty/],
    ['a text file', new TextEncoder().encode('#!/bin/sh\necho hello\n'), /text file/],
    ['an ELF cut in its header', elf.slice(0, 40), /byte/],
    ['an ELF cut behind its header', elf.slice(0, 200), /byte/],
    ['another machine', patched(18, 0x3e, 0), /AArch64|machine/i],
    ['an entry outside', patched(24, 0, 0, 0, 0, 1, 0, 0, 0), /entry/],
    ['2^63 bytes of memory', patched(first + 40, 0, 0, 0, 0, 0, 0, 0, 0x80), /image needs guest memory|byte|size/],
    ['2^63 bytes of file', patched(first + 32, 0, 0, 0, 0, 0, 0, 0, 0x80), /byte|size/],
  ];
  test.each(rows)('%s', (_, bytes, message) => {
    const outcome = load(bytes);
    expect(outcome.unmet?.code).toBe('invalid-image');
    expect(outcome.unmet?.message).toMatch(message);
  });

  test('memory that is too small', () => {
    expect(load(elf, '64KiB').unmet?.message).toMatch(/no memory slot has it/);
  });

  test('the same file whole is loaded', () => {
    expect(load(elf).ok).toBe(true);
  });
});
