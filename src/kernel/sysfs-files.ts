// The files of a copied sysfs tree, read with what is wrong and where; and where each value that comes of them was found.
import { err, ok, type Result } from 'neverthrow';
import { SYSFS_FILE_LIMIT } from '../abi/sysfs-tree.ts';
import type { TreeEntry } from '../base/tree-bytes.ts';

/** What is wrong in the tree. `path` is a file or directory of it, relative to its root; '' is the root. */
export interface TreeFault {
  readonly path: string;
  readonly expected: string;
  readonly message: string;
}

/** Where a value of the host comes from: `field` as in a fixture, `spu.0.cpus`. */
export interface ImportFact {
  readonly field: string;
  /** A path of the tree and, behind a colon, how it says so; null: the host that the import builds on has it. */
  readonly source: string | null;
}

/** The files of a tree by path, with readers that say what is wrong and where. */
export interface TreeFiles {
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** Content without the blanks around it. */
  text(path: string): string;
  fault(path: string, expected: string): TreeFault;
  /** The content read by `read`; a fault where that answers null. */
  value<T>(path: string, expected: string, read: (text: string) => T | null): Result<T, TreeFault>;
}

/** A number of up to 64 bits as sysfs shows registers and masks, `0x…`; null for other text. */
export const hexValue = (text: string): bigint | null => (/^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt(text) : null);

const LONGEST_QUOTE = 40;

/** The files among a tree's entries. */
export function filesOf(entries: readonly TreeEntry[]): TreeFiles {
  const texts = new Map(entries.filter((e) => e.kind === 'file').map((e) => [e.path, e.text]));
  const text = (path: string): string => (texts.get(path) ?? '').trim();
  const fault = (path: string, expected: string): TreeFault => {
    const found = texts.get(path);
    if (found === undefined) return { path, expected, message: 'it is not there' };
    if (found.length > SYSFS_FILE_LIMIT) return { path, expected, message: `it is longer than a file of sysfs, ${SYSFS_FILE_LIMIT} bytes` };
    const shown = text(path);
    const short = shown.length > LONGEST_QUOTE ? `${shown.slice(0, LONGEST_QUOTE)}…` : shown;
    return { path, expected, message: short === '' ? 'it is empty' : `it holds ${JSON.stringify(short)}` };
  };
  return {
    paths: [...texts.keys()],
    has: (path) => texts.has(path),
    text,
    fault,
    value: (path, expected, read) => {
      const found = texts.get(path);
      const value = found === undefined || found.length > SYSFS_FILE_LIMIT ? null : read(text(path));
      return value === null ? err(fault(path, expected)) : ok(value);
    },
  };
}
