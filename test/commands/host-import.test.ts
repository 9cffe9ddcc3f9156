// host import: a copied sysfs tree becomes a host (language.md §3, group host; spe-architecture §6.1-6.4, §6.12).
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { families } from '../../commands/table.ts';
import { mattersInSysfs, SYSFS_FILE_LIMIT } from '../../src/abi/sysfs-tree.ts';
import { packTree, type TreeEntry } from '../../src/base/tree-bytes.ts';
import { readTree, TREE_BOUNDS } from '../../src/io/tree.ts';
import { probedSpus } from '../../src/kernel/capability.ts';
import { parseHost } from '../../src/kernel/host-schema.ts';
import { lookup, type SysfsNode } from '../../src/kernel/sysfs.ts';
import { replay } from '../../src/session/session.ts';
import { newShellState } from '../../src/shell/state.ts';
import { HOSTS, newShell } from './shell.ts';

const file = (path: string, content: string): TreeEntry => ({ path, kind: 'file', text: content });

/** What `cp -r` of a host's whole sysfs copies: files, and links as links. */
function copyOf(hostName: string): TreeEntry[] {
  const host = HOSTS.get(hostName);
  if (host === undefined) throw new Error('no host');
  const below = (path: string, node: SysfsNode): TreeEntry[] => {
    if (node.kind === 'file') return [file(path, node.text)];
    if (node.kind === 'link') return [{ path, kind: 'link', text: node.target }];
    return Object.entries(node.entries).flatMap(([name, child]) => below(path === '' ? name : `${path}/${name}`, child));
  };
  const found = lookup(host, '/');
  return found === null ? [] : below('', found.node);
}

/** The tree as io hands it over. */
const kept = (entries: readonly TreeEntry[]): Uint8Array => packTree(entries.filter((e) => mattersInSysfs(e.path, e.kind)));

const imported = (entries: readonly TreeEntry[]) => newShell('two-spu', { tree: kept(entries) }).run('host import tree');
const fixtureOf = (ran: ReturnType<typeof imported>): string => String(ran.outcome.data?.['fixture']);
const unmetOf = (entries: readonly TreeEntry[]) => imported(entries).outcome.unmet;

/** 8 CPUs, a unit of SPEv1p1 on four of them. */
const SMALL: readonly TreeEntry[] = [
  file('devices/arm_spe_0/type', '9\n'),
  file('devices/arm_spe_0/cpumask', '0-3\n'),
  file('devices/system/cpu/possible', '0-7\n'),
];
const change = (path: string, content: string): TreeEntry[] => [...SMALL.filter((e) => e.path !== path), file(path, content)];
const without = (path: string): TreeEntry[] => SMALL.filter((e) => e.path !== path);

describe('host import', () => {
  const withSpu = [...HOSTS].filter(([, host]) => probedSpus(host).length > 0).map(([name]) => name);

  test.each(withSpu)('the sysfs tree of %s gives its CPUs, units, types and masks, and the same tree', (name) => {
    const shell = newShell('two-spu', { tree: kept(copyOf(name)) });
    expect(shell.run('host import tree').outcome.ok).toBe(true);
    const { host } = shell.session.context.world.world;
    const original = HOSTS.get(name);
    if (original === undefined) throw new Error('no host');
    const unit = ({ name, type, cpus }: (typeof host.spus)[number] | (typeof host.pmus)[number]) => ({ name, type, cpus });
    expect(host).toMatchObject({ name: 'tree', cpus: original.cpus, midr: original.midr });
    expect(host.spus.map(unit)).toEqual(original.spus.map(unit));
    expect(host.pmus.map(unit)).toEqual(original.pmus.map(unit));
    for (const spu of original.spus) {
      for (const path of [`/sys/devices/${spu.name}/caps`, `/sys/devices/${spu.name}/format`])
        expect(lookup(host, path)?.node).toEqual(lookup(original, path)?.node);
    }
  });

  test.each(withSpu)('what the import of %s prints, saved as a file, loads as the same host', (name) => {
    const shell = newShell('two-spu', { tree: kept(copyOf(name)) });
    const ran = shell.run('host import tree');
    const { host } = shell.session.context.world.world;
    expect(parseHost('tree.toml', fixtureOf(ran))._unsafeUnwrap()).toEqual(host);
    expect(ran.out).toEqual([expect.stringMatching(/^tree: /), 'booted; there is no VM', ...fixtureOf(ran).trimEnd().split('\n')]);
  });

  test('it boots as host load does: no VM, no call', () => {
    const shell = newShell('two-spu', { 'copies/mine/': kept(SMALL) });
    shell.all('vm create', 'vcpu create 0');
    expect(shell.run('host import copies/mine/').outcome.data).toMatchObject({ name: 'mine', cpus: 8, base: 'two-spu' });
    expect(shell.run('vm').outcome.unmet?.code).toBe('no-vm');
    expect(shell.run('calls').out).toEqual(['no calls']);
  });

  test('the session replays with the tree as its asset', () => {
    const bytes = kept(copyOf('n1-metal'));
    const { session, all } = newShell('two-spu', { tree: bytes });
    all('host import tree', 'up --bare', 'vcpu 0 attr set spe.spu 9');
    const host = HOSTS.get('two-spu');
    if (host === undefined) throw new Error('no host');
    const { behaviours } = newShellState(families).table;
    const again = replay({ host, hosts: HOSTS, seed: 0, table: behaviours }, session.journal, [{ path: 'tree', sha256: '', bytes }]);
    expect(again.context.world.world.host.cpus).toBe(64);
    expect(again.worldHash()).toBe(session.worldHash());
  });

  test('the tree of spe-architecture §6.12, of a host with clusters of two', () => {
    const root = join(import.meta.dirname, '../../fixtures/sysfs/four-cpus');
    const read = readTree(root, mattersInSysfs, { ...TREE_BOUNDS, bytes: SYSFS_FILE_LIMIT })._unsafeUnwrap();
    const { data } = newShell('two-spu', { tree: read.bytes }).run('host import tree').outcome;
    expect(data).toMatchObject({
      cpus: 4,
      base: 'n1-metal',
      spus: [{ name: 'arm_spe_0', type: 9, cpus: '0-3', pmsver: 1, pmsidr: '0x26417' }],
      pmus: [{ name: 'armv8_pmuv3_0', type: 8, cpus: '0-3' }],
      notes: [],
    });
    expect(String(data?.['fixture'])).toContain('clusterCpus = 2\nsocketCpus = 4\n');
  });
});

describe('what a tree says', () => {
  const caps = (name: string, content: string): TreeEntry => file(`devices/arm_spe_0/caps/${name}`, content);
  const format = (name: string, content: string): TreeEntry => file(`devices/arm_spe_0/format/${name}`, content);
  const spu = (entries: readonly TreeEntry[]) =>
    ((imported([...SMALL, ...entries]).outcome.data?.['spus'] ?? []) as readonly Record<string, unknown>[])[0];

  test('caps are fields of PMSIDR_EL1', () => {
    // two-spu: CountSize 2, MaxSize 6, Interval 4, LDS, FL, FT, FE. Interval 8 is 4096, CountSize 3 is 16 bits (§3.2).
    const all = [caps('arch_inst', '1\n'), caps('ernd', '1\n'), caps('count_size', '16\n'), caps('min_interval', '4096\n')];
    expect(spu(all)['pmsidr']).toBe('0x3683f');
  });

  test('format files prove features, a version and a kernel', () => {
    const { outcome } = imported([...SMALL, format('inv_data_src_filter', 'config4:0-63\n'), format('inv_event_filter', 'config3:0-63\n')]);
    expect(outcome.data).toMatchObject({ spus: [{ pmsver: 5, pmsidr: '0x264d7' }], kernel: { version: '6.19' } });
    // FnE without discard: SPEv1p2 under a kernel from 6.3 to 6.13.
    expect(imported([...SMALL, format('inv_event_filter', 'config3:0-63\n')]).outcome.data).toMatchObject({
      spus: [{ pmsver: 3, pmsidr: '0x26457' }],
      kernel: { version: '6.13' },
    });
  });

  test('the events that can be filtered tell the version; others are told', () => {
    expect(spu([caps('event_filter', '0xaa\n')])['pmsver']).toBe(1); // the base's mask (§6.3)
    const strange = imported([...SMALL, caps('event_filter', '0xff00aa\n')]).outcome.data;
    expect(strange).toMatchObject({
      spus: [{ pmsver: 2 }],
      notes: [expect.stringContaining('0xff00aa'), 'The tree has no CPU PMU: here one serves all CPUs.'],
    });
  });

  test('facts say where each value comes from, or that the base has it', () => {
    const facts = imported([...SMALL, caps('ernd', '1\n')]).outcome.data?.['facts'];
    expect(facts).toContainEqual({ field: 'spu.0.cpus', source: 'devices/arm_spe_0/cpumask' });
    expect(facts).toContainEqual({ field: 'spu.0.pmsidr.ERnd', source: 'devices/arm_spe_0/caps/ernd' });
    expect(facts).toContainEqual({ field: 'midr', source: null });
    expect(facts).toContainEqual({ field: 'spu.0.pmsver', source: null });
  });

  test('offline CPUs, unequal MIDRs and files of later kernels are told', () => {
    const midr = (cpu: number, value: string): TreeEntry => file(`devices/system/cpu/cpu${cpu}/regs/identification/midr_el1`, value);
    const more = [
      file('devices/system/cpu/online', '0-2,4-7\n'),
      midr(0, '0x00000000410fd461\n'),
      midr(4, '0x00000000410fd4d0\n'),
      caps('max_buffer_size', '0\n'),
    ];
    const { data } = imported([...SMALL, ...more]).outcome;
    expect(data).toMatchObject({ midr: '0x410fd461' });
    expect(String(data?.['notes'])).toMatch(/CPUs 3 were offline[\s\S]*cpu4.*differs[\s\S]*max_buffer_size/);
  });

  test('one SPU over all CPUs builds on n1-metal; without possible, cpuN count; without a PMU there is one over all CPUs', () => {
    const midrs = [0, 1, 11].map((n) => file(`cpu/cpu${n}/regs/identification/midr_el1`, '0x00000000410fd461\n'));
    const { data } = imported([file('arm_spe_3/type', '6\n'), file('arm_spe_3/cpumask', '0-11\n'), ...midrs]).outcome;
    expect(data).toMatchObject({ base: 'n1-metal', cpus: 12, pmus: [{ type: 7, cpus: '0-11' }], spus: [{ name: 'arm_spe_3', type: 6 }] });
  });

  test('a device below its parent, copied a second time from the bus: one device', () => {
    const own = (prefix: string, type: string): TreeEntry[] => [
      file(`${prefix}/arm_spe_0/type`, type),
      file(`${prefix}/arm_spe_0/cpumask`, '0-3\n'),
    ];
    const cpus = file('sys/devices/system/cpu/possible', '0-7\n');
    const platform = own('sys/devices/platform/arm,spe-v1', '9\n');
    expect(imported([...platform, ...own('sys/bus/event_source/devices', '9\n'), cpus]).outcome.data).toMatchObject({
      spus: [{ type: 9 }],
    });
    expect(unmetOf([...platform, ...own('sys/bus/event_source/devices', '10\n'), cpus])).toMatchObject({
      code: 'invalid-host',
      message: 'tree/sys/bus/event_source/devices/arm_spe_0/type: it holds "10"',
      hint: 'expected what sys/devices/platform/arm,spe-v1/arm_spe_0/type holds',
    });
  });
});

describe('trees that are none', () => {
  test.each<[what: string, entries: readonly TreeEntry[], message: string, hint: string]>([
    [
      'no SPU',
      without('devices/arm_spe_0/type').slice(1),
      'tree: there is no arm_spe_N in it',
      'expected devices/arm_spe_0 of the copied sysfs',
    ],
    [
      'no CPUs',
      without('devices/system/cpu/possible'),
      'tree: it does not say which CPUs there are',
      'expected devices/system/cpu/possible of the copied sysfs',
    ],
    [
      'no type',
      without('devices/arm_spe_0/type'),
      'tree/devices/arm_spe_0/type: it is not there',
      'expected a perf type, a number from 6 on',
    ],
    [
      'a type that is none',
      change('devices/arm_spe_0/type', '4\n'),
      'tree/devices/arm_spe_0/type: it holds "4"',
      'expected a perf type, a number from 6 on',
    ],
    [
      'a huge type',
      change('devices/arm_spe_0/type', '9'.repeat(4000)),
      `tree/devices/arm_spe_0/type: it holds "${'9'.repeat(40)}…"`,
      'expected a perf type, a number from 6 on',
    ],
    [
      'a cpumask that is none',
      change('devices/arm_spe_0/cpumask', '0-x\n'),
      'tree/devices/arm_spe_0/cpumask: it holds "0-x"',
      'expected a CPU list such as 0-3,8',
    ],
    [
      'an empty cpumask',
      change('devices/arm_spe_0/cpumask', '\n'),
      'tree/devices/arm_spe_0/cpumask: it is empty',
      'expected a CPU list such as 0-3,8',
    ],
    [
      'a cpumask beyond the CPUs',
      change('devices/arm_spe_0/cpumask', '6-9\n'),
      'tree/devices/arm_spe_0/cpumask: arm_spe_0 has CPUs 8-9',
      'expected CPUs 0-7',
    ],
    [
      'thousands of CPUs',
      change('devices/system/cpu/possible', '0-8191\n'),
      'tree/devices/system/cpu/possible: it holds "0-8191"',
      'expected at most 512 CPUs',
    ],
    [
      'a file longer than a page',
      change('devices/arm_spe_0/cpumask', '0,'.repeat(2500)),
      'tree/devices/arm_spe_0/cpumask: it is longer than a file of sysfs, 4096 bytes',
      'expected a CPU list such as 0-3,8',
    ],
    [
      'a cap that is none',
      [...SMALL, file('devices/arm_spe_0/caps/count_size', '13\n')],
      'tree/devices/arm_spe_0/caps/count_size: it holds "13"',
      'expected 12 or 16',
    ],
    [
      'control characters',
      change('devices/arm_spe_0/cpumask', '\u001b[2J'),
      'tree/devices/arm_spe_0/cpumask: it holds "\\u001b[2J"',
      'expected a CPU list such as 0-3,8',
    ],
    [
      'a link to what was not copied',
      [
        { path: 'bus/event_source/devices/arm_spe_0', kind: 'link', text: '../../../devices/arm_spe_0' },
        ...without('devices/arm_spe_0/type').slice(1),
      ],
      'tree/bus/event_source/devices/arm_spe_0: it is a link to "../../../devices/arm_spe_0", which is not in the tree',
      'expected the directory that it leads to: cp -rH copies it',
    ],
    [
      'a node with CPUs that there are not',
      [...SMALL, file('devices/system/node/node0/cpulist', '0-8\n')],
      'tree/devices/system/node/node0/cpulist: it holds "0-8"',
      'expected CPUs 0-7',
    ],
    [
      'thousands of units',
      [...SMALL, ...Array.from({ length: 1000 }, (_, n) => file(`devices/arm_spe_${n}/type`, `${n + 9}\n`))],
      'tree: it has 1000',
      'expected at most 512 units of a kind',
    ],
    [
      'two units of one type',
      [...SMALL, file('devices/arm_spe_1/type', '9\n'), file('devices/arm_spe_1/cpumask', '4-7\n')],
      'tree/devices/arm_spe_1/type: arm_spe_1 and arm_spe_0 both have type 9',
      'expected a type of its own',
    ],
  ])('%s', (_what, entries, message, hint) => {
    expect(unmetOf(entries)).toEqual({ code: 'invalid-host', message, hint });
  });

  test('hosts whose driver found no SPU have none to import', () => {
    for (const name of ['no-spe', 'kpti']) expect(unmetOf(copyOf(name))?.message).toBe('tree: there is no arm_spe_N in it');
  });

  test('names with line ends write nothing into the fixture', () => {
    const strange = 'devices/platform/x\nabout = "forged"\u2028';
    const ran = imported([file(`${strange}/arm_spe_0/type`, '9\n'), file(`${strange}/arm_spe_0/cpumask`, '0-3\n'), ...SMALL.slice(2)]);
    expect(ran.outcome.ok).toBe(true);
    expect(fixtureOf(ran)).toContain('devices/platform/x\\u{a}about = "forged"\\u{2028}/arm_spe_0/type');
    expect(fixtureOf(ran)).not.toMatch(/^about = "forged"/m);
  });

  test('bytes that are no tree, and a cpuN that is far away', () => {
    expect(newShell('two-spu', { tree: 'cpus = 4' }).run('host import tree').outcome.unmet?.code).toBe('invalid-host');
    const far = [
      ...without('devices/system/cpu/possible'),
      file('devices/system/cpu/cpu99999999999999999999/topology/cluster_cpus_list', '0\n'),
    ];
    expect(unmetOf(far)).toMatchObject({ hint: 'expected at most 512 CPUs' });
  });
});
