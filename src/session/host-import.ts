// `host import`: the entries of a copied sysfs tree to a host, and that host as the text of a fixture which says where each value comes from.
import { err, ok, type Result } from 'neverthrow';
import { unpackTree } from '../base/tree-bytes.ts';
import type { Host } from '../kernel/host.ts';
import { importHost } from '../kernel/host-import.ts';
import { parseHost } from '../kernel/host-schema.ts';
import type { ImportFact, TreeFault } from '../kernel/sysfs-files.ts';
import { hostFixtureText } from './host-text.ts';

export interface Import {
  readonly host: Host;
  readonly base: string;
  readonly facts: readonly ImportFact[];
  readonly notes: readonly string[];
  /** The fixture: saved as a .toml file, `host load` boots the same host. */
  readonly fixture: string;
}

/** Names of files go into comments of a fixture: what is not printable ASCII is written out. */
const plain = (text: string): string => text.replace(/[^\x20-\x7e]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16) ?? ''}}`);

/** The name of a host from the path of its tree: its last part that is a name. */
export const importName = (directory: string): string =>
  directory.split('/').findLast((part) => !['', '.', '..'].includes(part)) ?? 'imported';

function comment(base: string, facts: readonly ImportFact[], notes: readonly string[]): string {
  const found = facts.filter((f) => f.source !== null);
  const width = Math.max(...found.map((f) => f.field.length));
  const lines = [
    'A copied sysfs tree as a host. From the tree:',
    ...found.map((f) => `  ${f.field.padEnd(width)}  ${f.source}`),
    `What the tree does not say, and ${base} has:`,
    ...facts.filter((f) => f.source === null).map((f) => `  ${f.field}`),
    ...notes,
  ];
  return lines.map((line) => `# ${plain(line)}\n`).join('');
}

/**
 * The host of a tree that `packTree` packed. `directory` is the path under which the user knows it, `hosts` finds the host that gives the defaults.
 * Errors: no SPU or no CPUs in it, a file that is missing or malformed, and what a fixture may not say, at the file that says it.
 */
export function importTree(directory: string, bytes: Uint8Array, hosts: (name: string) => Host | undefined): Result<Import, TreeFault> {
  const entries = unpackTree(bytes);
  if (entries === null) return err({ path: '', expected: 'a directory', message: 'it is no tree' });
  const name = importName(directory);
  return importHost(entries, name, hosts).andThen(({ host, base, facts, notes }) => {
    const fixture = comment(base, facts, notes) + hostFixtureText(host);
    const parsed = parseHost(`${name}.toml`, fixture);
    if (parsed.isOk()) return ok({ host: parsed.value, base, facts, notes, fixture });
    const { path, expected, message } = parsed.error;
    const source = facts.find((f) => f.field === path)?.source ?? '';
    return err({ path: source, expected, message });
  });
}
