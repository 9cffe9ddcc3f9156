// A directory read as one asset: what matters of it, with bounds on how much. Symbolic links are kept and not followed: what one leads to inside
// the tree is read where it stands, what is outside is no part of it, and there is no loop.
import { closeSync, constants, fstatSync, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { err, ok, type Result } from 'neverthrow';
import { packTree, type TreeEntry } from '../base/tree-bytes.ts';
import { type FileBytes, type FileFault, faultOf, sha256 } from './files.ts';

export interface TreeBounds {
  /** Entries looked at. */
  readonly entries: number;
  /** Directories inside one another. */
  readonly depth: number;
  /** Of one file, and of all of them. */
  readonly bytes: number;
  readonly total: number;
}

/** A host of 512 CPUs has some 3,000 files that matter, in directories of some 20 entries each. */
export const TREE_BOUNDS: Omit<TreeBounds, 'bytes'> = { entries: 100_000, depth: 12, total: 16 << 20 };

type Matters = (path: string, kind: 'directory' | 'file' | 'link') => boolean;

/** Thrown inside the walk, caught at its door. */
class TooMuch extends Error {}

/**
 * What matters of the tree below `root`, packed (base/tree-bytes). A file that is longer than `bytes` is cut behind the first byte too many.
 * Errors: no such directory, no directory, one that cannot be read, more than the bounds allow.
 */
export function readTree(root: string, matters: Matters, bounds: TreeBounds): Result<FileBytes, FileFault> {
  const entries: TreeEntry[] = [];
  let seen = 0;
  let total = 0;

  function look(relative: string, depth: number): void {
    if (depth > bounds.depth) throw new TooMuch(`${relative}: directories more than ${bounds.depth} deep`);
    for (const entry of readdirSync(join(root, relative), { withFileTypes: true })) {
      seen += 1;
      if (seen > bounds.entries) throw new TooMuch(`more than ${bounds.entries.toLocaleString('en-US')} files and directories`);
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory() && matters(path, 'directory')) look(path, depth + 1);
      else if (entry.isSymbolicLink() && matters(path, 'link')) entries.push({ path, kind: 'link', text: readlinkSync(join(root, path)) });
      else if (entry.isFile() && matters(path, 'file')) {
        const text = readStart(join(root, path), bounds.bytes + 1);
        total += text.length;
        if (total > bounds.total) throw new TooMuch(`more than ${bounds.total.toLocaleString('en-US')} bytes`);
        entries.push({ path, kind: 'file', text });
      }
    }
  }

  try {
    const there = statSync(root);
    if (!there.isDirectory()) return err({ message: 'it is no directory' });
    look('', 0);
  } catch (problem) {
    if (problem instanceof TooMuch) return err({ message: problem.message });
    const { message } = faultOf(problem);
    const at = (problem as NodeJS.ErrnoException).path;
    const inside = at !== undefined && resolve(at) !== resolve(root);
    return err({ message: inside ? `${at}: ${message}` : message === 'no such file' ? 'no such directory' : message });
  }
  const bytes = packTree(entries);
  return ok({ path: root, absolute: resolve(root), sha256: sha256(bytes), bytes });
}

/** The first bytes of a regular file, one character each. What became a link or a pipe meanwhile is not opened, or read as empty. */
function readStart(path: string, most: number): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) return '';
    const buffer = new Uint8Array(most);
    let length = 0;
    for (;;) {
      const got = readSync(fd, buffer, length, most - length, null);
      length += got;
      if (got === 0 || length === most) break;
    }
    return Buffer.from(buffer.buffer, 0, length).toString('latin1');
  } finally {
    closeSync(fd);
  }
}
