// A directory tree as the bytes of one asset: io reads the tree, pure code unpacks it, and the same tree gives the same bytes.

/** What stands at a path of the tree: a file's bytes, one character each, or where a symbolic link leads. */
export interface TreeEntry {
  /** Relative to the tree's root, parts with `/` between them. */
  readonly path: string;
  readonly kind: 'file' | 'link';
  readonly text: string;
}

const byPath = (a: TreeEntry, b: TreeEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** The bytes of a tree: JSON of its entries, sorted by path. */
export function packTree(entries: readonly TreeEntry[]): Uint8Array {
  const rows = [...entries].sort(byPath).map(({ path, kind, text }) => [path, kind, text]);
  return new TextEncoder().encode(`${JSON.stringify(rows)}\n`);
}

/** The entries that `packTree` packed; null for other bytes. */
export function unpackTree(bytes: Uint8Array): readonly TreeEntry[] | null {
  let rows: unknown;
  try {
    rows = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  if (!Array.isArray(rows)) return null;
  const entries: TreeEntry[] = [];
  for (const row of rows as readonly unknown[]) {
    if (!Array.isArray(row)) return null;
    const [path, kind, text] = row as readonly unknown[];
    if (typeof path !== 'string' || typeof text !== 'string' || (kind !== 'file' && kind !== 'link')) return null;
    entries.push({ path, kind, text });
  }
  return entries;
}
