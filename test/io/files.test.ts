// Files in and out, and where spesh keeps what it must not lose.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBytes, readText, writeBytes } from '../../src/io/files.ts';
import { historyFile, keepText, projectFixtures, projectRoot } from '../../src/io/project.ts';

let directory = '';
const at = (name: string): string => join(directory, name);
const before = process.env['XDG_STATE_HOME'];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'spesh-io-'));
  process.env['XDG_STATE_HOME'] = at('state');
});
afterAll(() => {
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  rmSync(directory, { recursive: true, force: true });
});

describe('writing', () => {
  test('all or nothing: no temporary file stays, the mode of the old one does', () => {
    writeFileSync(at('a'), 'old');
    chmodSync(at('a'), 0o640);
    expect(writeBytes(at('a'), 'new').isOk()).toBe(true);
    expect(readFileSync(at('a'), 'utf8')).toBe('new');
    expect(statSync(at('a')).mode & 0o777).toBe(0o640);
    expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
  test('a symbolic link stays one', () => {
    writeFileSync(at('real'), 'old');
    symlinkSync('real', at('link'));
    expect(writeBytes(at('link'), new Uint8Array([110, 101, 119])).isOk()).toBe(true);
    expect(readFileSync(at('real'), 'utf8')).toBe('new');
  });
  test('what cannot be written is said in words', () => {
    mkdirSync(at('dir'), { recursive: true });
    expect(writeBytes(at('dir'), 'x')._unsafeUnwrapErr().message).toBe('it is a directory');
    expect(writeBytes(at('none/x'), 'x')._unsafeUnwrapErr().message).toBe('no such file');
  });
});

describe('reading', () => {
  test('bytes with their hash', () => {
    writeFileSync(at('b'), 'abc');
    expect(readBytes(at('b'))._unsafeUnwrap()).toMatchObject({
      path: at('b'),
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', // FIPS 180-4, example "abc"
    });
  });
  test('what cannot be read is said in words; a byte order mark is no text', () => {
    expect(readBytes(at('none'))._unsafeUnwrapErr().message).toBe('no such file');
    expect(readText(directory)._unsafeUnwrapErr().message).toBe('it is a directory');
    writeFileSync(at('c'), '\uFEFFtick\n');
    expect(readText(at('c'))._unsafeUnwrap()).toBe('tick\n');
  });
});

describe("the project's own files", () => {
  const fixtures = projectFixtures(projectRoot(import.meta.url));
  test('hosts and guests by name', () => {
    expect(fixtures.hostNames()).toContain('two-spu');
    expect(fixtures.hostText('two-spu')?.text).toMatch(/arm_spe_0/);
    expect(fixtures.hostText('../hosts/two-spu')).toBeUndefined();
    expect(fixtures.guestNames()).toContain('pointer-chase');
    expect(fixtures.guest('pointer-chase')._unsafeUnwrap().bytes.subarray(1, 4).toString()).toBe('ELF');
    expect(fixtures.guest('nosuch').isErr()).toBe(true);
  });
});

describe('the state directory', () => {
  test('history comes back line by line, whatever was typed', () => {
    const history = historyFile();
    history.append('tick');
    history.append("on 1 'a\nb'");
    expect(historyFile().load()).toEqual(['tick', "on 1 'a\nb'"]);
  });
  test('a kept text is where it says', () => {
    const path = keepText('session.spe', 'tick\n')._unsafeUnwrap();
    expect(path).toBe(at('state/spesh/session.spe'));
    expect(readFileSync(path, 'utf8')).toBe('tick\n');
  });
});
