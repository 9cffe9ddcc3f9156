// sysfs: the host's /sys, as far as perf devices and CPUs go (language.md §3, group host; spe-architecture.md §6.1-6.4).
import { entryNames, type Found, lookup, type SysfsNode } from '../src/kernel/sysfs.ts';
import type { Arguments } from '../src/session/command.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { type Candidate, family } from '../src/shell/family.ts';
import { type Doc, type Line, type TreeNode, text } from '../src/view/doc.ts';

interface Entry {
  readonly name: string;
  readonly kind: SysfsNode['kind'];
  readonly target: string | null;
}

interface Tree extends Entry {
  readonly children: readonly Tree[];
}

const entry = (name: string, node: SysfsNode): Entry => ({ name, kind: node.kind, target: node.kind === 'link' ? node.target : null });

const entries = (node: SysfsNode): [string, SysfsNode][] =>
  node.kind === 'directory' ? entryNames(node).map((name) => [name, node.entries[name]]) : [];

/** A node and all below it; links are named, not followed. */
const treeOf = (name: string, node: SysfsNode): Tree => ({
  ...entry(name, node),
  children: entries(node).map(([child, below]) => treeOf(child, below)),
});

/** What stands at the path, links followed; Unmet where nothing does. */
function at(context: Context, args: Arguments, go: (found: Found, path: string) => Outcome): Outcome {
  const path = context.word(args['path']);
  const found = lookup(context.world.world.host, path);
  return found === null ? unmet('no-such-path', `${path}: no such file or directory`, 'sysfs tree /sys/devices') : go(found, path);
}

function label(e: Entry): Line {
  if (e.kind === 'directory') return [{ text: `${e.name}/`, role: 'name' }];
  return e.target === null
    ? e.name
    : [
        { text: e.name, role: 'name' },
        { text: ` -> ${e.target}`, role: 'dim' },
      ];
}

const branch = (t: Tree): TreeNode => ({ label: label(t), children: t.children.map(branch) });

/** What stands in the directory that the path names so far. */
function pathsFrom(typed: string, context: Context): Candidate[] {
  const directory = typed.slice(0, typed.lastIndexOf('/') + 1) || '/';
  const found = lookup(context.world.world.host, directory);
  if (found?.node.kind !== 'directory') return [];
  return entries(found.node).map(([name, { kind }]) => ({ text: `${directory}${name}${kind === 'file' ? '' : '/'}`, about: kind }));
}

export const sysfs = family({
  name: 'sysfs',
  group: 'host',
  summary: "the host's sysfs: SPUs, PMUs, CPUs",
  details: [
    'Each SPU is /sys/devices/arm_spe_N, with a link to it under /sys/bus/event_source/devices. Its `type` is the number that KVM_ARM_VCPU_SPE_SPU takes, `cpumask` are its CPUs, `format/` and `caps/` what perf record understands. CPU PMUs have `cpus` instead of `cpumask`. `cat` prints the bytes as they are.',
  ],
  see: ['host', 'spu', 'vcpu'],
  forms: [
    {
      id: 'sysfs.ls',
      syntax: 'sysfs ls <path:PATH>',
      about: 'List a directory.',
      effect: 'pure',
      run: (context, args) =>
        at(context, args, ({ node }, path) => {
          const list = node.kind === 'directory' ? entries(node).map(([name, below]) => entry(name, below)) : [entry(path, node)];
          return done({ path, entries: list });
        }),
      show: ({ data }): Doc => [text(...((data?.['entries'] ?? []) as readonly Entry[]).map(label))],
    },
    {
      id: 'sysfs.cat',
      syntax: 'sysfs cat <path:PATH>',
      about: 'Print a file.',
      effect: 'pure',
      run: (context, args) =>
        at(context, args, ({ node }, path) =>
          node.kind === 'file' ? done({ path, text: node.text }) : unmet('is-directory', `${path}: is a directory`, `sysfs ls ${path}`),
        ),
      show: ({ data }): Doc => (data === null ? [] : [{ kind: 'raw', bytes: utf8(String(data['text'])) }]),
    },
    {
      id: 'sysfs.tree',
      syntax: 'sysfs tree <path:PATH>',
      about: 'List everything below a directory.',
      effect: 'pure',
      run: (context, args) => at(context, args, ({ node }, path) => done({ path, tree: treeOf(path, node) })),
      show: ({ data }): Doc => (data === null ? [] : [{ kind: 'tree', root: branch(data['tree'] as Tree) }]),
    },
  ],
  complete: (slot, context, typed) => (slot === 'path' ? pathsFrom(typed, context) : []),
});

/** sysfs files are ASCII. */
const utf8 = (content: string): Uint8Array => Uint8Array.from(content, (c) => c.charCodeAt(0));
