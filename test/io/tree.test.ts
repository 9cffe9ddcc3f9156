// A directory as one asset: what matters of it, bounded, links kept as links.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unpackTree } from '../../src/base/tree-bytes.ts';
import { readTree, type TreeBounds } from '../../src/io/tree.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'spesh-tree-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const BOUNDS: TreeBounds = { entries: 100, depth: 4, bytes: 8, total: 100 };
const write = (path: string, content: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), content);
};
const read = (matters: (path: string) => boolean = () => true, bounds: Partial<TreeBounds> = {}, at = root) =>
  readTree(at, matters, { ...BOUNDS, ...bounds });
const entries = (...args: Parameters<typeof read>) => unpackTree(read(...args)._unsafeUnwrap().bytes);

test('files sorted by path, whatever the order they were made in; the same tree has the same hash', () => {
  write('b/two', '2');
  write('a', '1');
  expect(entries()).toEqual([
    { path: 'a', kind: 'file', text: '1' },
    { path: 'b/two', kind: 'file', text: '2' },
  ]);
  const first = read()._unsafeUnwrap();
  rmSync(join(root, 'a'));
  write('a', '1');
  expect(read()._unsafeUnwrap().sha256).toBe(first.sha256);
  write('a', '3');
  expect(read()._unsafeUnwrap().sha256).not.toBe(first.sha256);
});

test('what does not matter is neither read nor looked into', () => {
  write('kept/x', '1');
  write('left/x', '2');
  expect(entries((path) => path.startsWith('kept'))).toEqual([{ path: 'kept/x', kind: 'file', text: '1' }]);
});

test('links are not followed: none leads out of the tree, none in a circle', () => {
  write('d/x', '1');
  symlinkSync('..', join(root, 'd/up'));
  symlinkSync('/etc', join(root, 'etc'));
  expect(entries()).toEqual([
    { path: 'd/up', kind: 'link', text: '..' },
    { path: 'd/x', kind: 'file', text: '1' },
    { path: 'etc', kind: 'link', text: '/etc' },
  ]);
});

test('a long file is cut behind the first byte too many; bytes are characters; a pipe is left out', () => {
  write('long', 'x'.repeat(50));
  writeFileSync(join(root, 'bytes'), Uint8Array.of(0, 0xff, 0x80));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  expect(entries()).toEqual([
    { path: 'bytes', kind: 'file', text: '\u0000\u00ff\u0080' },
    { path: 'long', kind: 'file', text: 'x'.repeat(9) },
  ]);
});

test('faults: no directory there, a file, too much, too deep', () => {
  write('a/b/c/d/e/f', '1');
  write('x', '1');
  const fault = (...args: Parameters<typeof read>) => read(...args)._unsafeUnwrapErr().message;
  expect(fault(undefined, {}, join(root, 'none'))).toBe('no such directory');
  expect(fault(undefined, {}, join(root, 'a/b/c/d/e/f'))).toBe('it is no directory');
  expect(fault(undefined, { entries: 3 })).toBe('more than 3 files and directories');
  expect(fault((path) => !path.includes('/b'), { total: 0 })).toBe('more than 0 bytes');
  expect(fault()).toBe('a/b/c/d/e: directories more than 4 deep');
});

test('other bytes are no tree', () => {
  for (const text of ['', '{}', '[1]', '[["a","socket","x"]]', '[["a","file"]]'])
    expect(unpackTree(new TextEncoder().encode(text))).toBeNull();
});
