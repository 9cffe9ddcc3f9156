// host: the machine that spesh emulates (language.md §3, group host, and §5).
import { hex } from '../src/base/hex.ts';
import { type HostEvent, hostEvent } from '../src/kernel/host-event.ts';
import { parseHost } from '../src/kernel/host-schema.ts';
import { fillKnobs, KNOBS, type KnobValue } from '../src/kernel/knobs.ts';
import { hostTrace, setHostProfiling } from '../src/kernel/spe/host-profile.ts';
import type { Arguments } from '../src/session/command.ts';
import { refuse } from '../src/session/enter.ts';
import { PATH_HINT } from '../src/session/hints.ts';
import { importTree } from '../src/session/host-import.ts';
import { type HostData, hostData } from '../src/session/host-report.ts';
import { hostFixtureText } from '../src/session/host-text.ts';
import { numbersOf } from '../src/session/numbers.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import { currentVm } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { showKernel } from '../src/shell/show-kernel.ts';
import { dumpText } from '../src/trace/dump.ts';
import { type Block, type Doc, text } from '../src/view/doc.ts';

/** Boots a host by the name of a fixture, else from the file of that path. */
function load(context: Context, name: string): Outcome {
  const known = context.hosts.get(name);
  if (known !== undefined) {
    context.boot(known);
    return done(hostData(known));
  }
  const asset = context.asset(name);
  if (asset === undefined)
    return unmet('no-host', `there is no host '${name}'`, didYouMean(name, context.hosts.keys()) ?? 'host list, or the path of a fixture');
  const base = (parent: string): string | undefined => {
    const host = context.hosts.get(parent);
    return host === undefined ? undefined : hostFixtureText(host);
  };
  const parsed = parseHost(name, new TextDecoder().decode(asset.bytes), base);
  if (parsed.isErr()) {
    const { file, line, path, expected, message } = parsed.error;
    const place = line === undefined ? file : `${file}:${line}`;
    return unmet('invalid-host', `${place}: ${path === '' ? '' : `${path}: `}${message}`, `expected ${expected}`);
  }
  context.boot(parsed.value);
  return done(hostData(parsed.value));
}

/** Boots the host of a copied sysfs tree. */
function importDirectory(context: Context, directory: string): Outcome {
  const asset = context.asset(directory);
  if (asset === undefined) return unmet('no-file', `${directory}: no such directory`, PATH_HINT);
  return importTree(directory, asset.bytes, (name) => context.hosts.get(name)).match(
    ({ host, fixture, ...from }) => {
      context.boot(host);
      return done({ ...hostData(host), ...from, fixture });
    },
    ({ path, expected, message }) => {
      const place = path === '' ? directory : `${directory.replace(/\/+$/, '')}/${path}`;
      return unmet('invalid-host', `${place}: ${message}`, `expected ${expected}`);
    },
  );
}

/** The host's own sessions, by CPU. */
function profileData(context: Context) {
  const { hostProfiling, hostProfiles } = context.world.world.kernel;
  const sessions = Object.entries(hostProfiles).map(([cpu, p]) => ({
    cpu: Number(cpu),
    records: p.records,
    wraps: p.wraps,
    buffer: hex(p.buffer),
    size: p.size,
  }));
  return { on: hostProfiling, sessions };
}

/** An event of the host's memory management at a page of the VM in use. */
function event(context: Context, args: Arguments): Outcome {
  const vm = currentVm(context);
  if (vm.isErr()) return refuse(vm.error);
  const numbers = numbersOf(context, args, 'gpa');
  if (numbers.isErr()) return refuse(numbers.error);
  const kind = context.word(args['event']) as HostEvent;
  return hostEvent(context.world, vm.value.index, kind, numbers.value.gpa ?? 0n).match(
    ({ events, gpa, ...answer }) => {
      for (const e of events) context.note(e);
      return done({ event: kind, gpa: hex(gpa), ...answer }, { events });
    },
    (message) => unmet('no-host-event', message, "vm shows the memory slots, host the kernel's knobs"),
  );
}

const booted = (data: Readonly<Record<string, unknown>>): Doc => [
  text(`${String(data['name'])}: ${String(data['about'])}`, 'booted; there is no VM'),
];

function show(d: HostData): Doc {
  const units = (list: readonly { name: string; type: number; cpus: string }[]): string[][] =>
    list.map((u) => [u.name, `type ${u.type}`, `CPUs ${u.cpus}`]);
  const columns = [{ title: '' }, { title: '' }, { title: '' }, { title: '' }];
  const rows = [
    ...d.clusters.map((c, i) => [`cluster ${i}`, `CPUs ${c.cpus}`, c.spu ?? 'no SPU', c.pmu ?? 'no PMU']),
    ...units(d.spus).map((cells, i) => [...cells, `SPEv1p${d.spus[i].pmsver - 1}`]),
    ...units(d.pmus).map((cells) => [...cells, 'CPU PMU']),
  ];
  const head: Block = { kind: 'text', lines: [`${d.name}: ${d.about}`, `${d.cpus} CPUs, MIDR_EL1 ${d.midr}, CNTFRQ_EL0 ${d.cntfrq} Hz`] };
  return [head, { kind: 'table', header: false, columns, rows }, ...showKernel(d.kernel)];
}

export const host = family({
  name: 'host',
  group: 'host',
  summary: 'the emulated machine: CPUs, SPUs, PMUs, kernel',
  details: [
    'A host is a fixture: fixtures/hosts/NAME.toml, or a file of that form (`extends = "two-spu"` builds on one). Loading boots it: no VM, every history empty, each vCPU’s thread free to run on all CPUs.',
    '`host import` reads what `cp -r --parents /sys/devices/arm_spe_* /sys/devices/armv8_pmuv3* /sys/devices/system/cpu /sys/devices/system/node DIR` copied on an Arm server, or a part of it (from kernel 6.12 on the SPUs are below /sys/devices/platform: `cp -rH --parents /sys/bus/event_source/devices/arm* DIR` finds all units). What the tree does not say is as `n1-metal` has it where one SPU serves all CPUs, else as `two-spu`; the comment of the fixture that it prints says which is which. Saved in a .toml file, the fixture is for `host load`.',
    '`host event` is what the host’s memory management does: `unmap`: the VMM gives the page up, its contents are lost; `migrate`: compaction moves it; `numa-hint`: its accesses are watched for a while. KVM’s MMU notifier takes the page out of stage 2 until it is touched again; a page that is pinned for a profiling buffer can only be unmapped.',
    '`host profile on` is a perf record of the host on every CPU with an SPU, as the kernel’s world switch meets it: at each exit from a guest the unit is the host’s again. The host’s work is a loop of 1,000 operations at EL2 at every exit; they are ticks, but no guest’s. Its records stay out of `records`.',
  ],
  see: ['sysfs', 'kernel', 'cap'],
  forms: [
    {
      id: 'host.show',
      syntax: 'host',
      about: 'Show the host.',
      effect: 'pure',
      run: (context) => done(hostData(context.world.world.host)),
      show: ({ data }) => (data === null ? [] : show(data as unknown as HostData)),
    },
    {
      id: 'host.load',
      syntax: 'host load <host:HOST>',
      about: 'Boot another host.',
      effect: 'world',
      run: (context, args) => load(context, context.word(args['host'])),
      show: ({ data }) => (data === null ? [] : booted(data)),
    },
    {
      id: 'host.import',
      syntax: 'host import <dir:DIR>',
      about: 'Boot the host that a copied sysfs tree describes, and show its fixture.',
      effect: 'world',
      run: (context, args) => importDirectory(context, context.word(args['dir'])),
      show: ({ data }) => (data === null ? [] : [...booted(data), text(...String(data['fixture']).trimEnd().split('\n'))]),
    },
    {
      id: 'host.list',
      syntax: 'host list',
      about: 'List the fixtures.',
      effect: 'pure',
      run: (context) => {
        const current = context.world.world.host.name;
        const hosts = [...context.hosts].map(([name, h]) => ({ name, about: h.about, current: name === current }));
        return done({ hosts });
      },
      show: ({ data }): Doc => {
        const hosts = (data?.['hosts'] ?? []) as readonly { name: string; about: string; current: boolean }[];
        const rows = hosts.map((h) => [h.current ? '*' : '', h.name, h.about]);
        return [{ kind: 'table', header: false, columns: [{ title: '' }, { title: '' }, { title: '' }], rows }];
      },
    },
    {
      id: 'host.knobs',
      syntax: 'host knobs [<like:WORD>]',
      about: 'What this host chooses where a reading of the kernel or a quirk of KVM is a choice; LIKE: knobs with that in their name.',
      effect: 'pure',
      run: (context, args) => {
        const { kernel, knobs } = context.world.world.host;
        const standard = fillKnobs(kernel.revision, {});
        const shown = KNOBS.filter((k) => k.name.includes(context.word(args['like'])));
        return done({
          knobs: shown.map((k) => ({ name: k.name, value: knobs[k.name], own: knobs[k.name] !== standard[k.name], about: k.about })),
        });
      },
      show: ({ data }): Doc => {
        const knobs = (data?.['knobs'] ?? []) as readonly { name: string; value: KnobValue; own: boolean; about: string }[];
        const rows = knobs.map((k) => [k.own ? '*' : '', k.name, String(k.value), k.about]);
        return [{ kind: 'table', header: false, columns: [{ title: '' }, { title: '' }, { title: '' }, { title: '' }], rows }];
      },
    },
    {
      id: 'host.event',
      syntax: 'host event <event:unmap|migrate|numa-hint> <gpa:EXPR>',
      about: 'The host’s memory management touches the page behind a guest physical address.',
      effect: 'world',
      run: (context, args) => event(context, args),
      show: ({ data }) =>
        data === null
          ? []
          : [
              text(
                `${String(data['gpa'])}, ${Number(data['size']).toLocaleString('en-US')} bytes: ${String(data['effect'])}: ${String(data['why'])}`,
              ),
            ],
    },
    {
      id: 'host.profile.dump',
      syntax: 'host profile dump <cpu:EXPR>',
      about: 'The packets that the host’s session on a CPU has in its buffer, in perf’s words.',
      effect: 'pure',
      run: (context, args) => {
        const numbers = numbersOf(context, args, 'cpu');
        if (numbers.isErr()) return refuse(numbers.error);
        const cpu = Number(numbers.value.cpu ?? 0n);
        if (context.world.world.kernel.hostProfiles[cpu] === undefined)
          return unmet('no-session', `the host has no session on CPU ${cpu}`, 'host profile on, then run a vCPU there');
        return done({ cpu, packets: dumpText(hostTrace(context.world, cpu), { perf: '6.1' }) });
      },
      show: ({ data }) => (data === null ? [] : [text(...String(data['packets']).replace(/\n+$/, '').split('\n'))]),
    },
    {
      id: 'host.profile',
      syntax: 'host profile [<state:on|off>]',
      about: 'Let the host profile itself while its guests run, or show its sessions.',
      effect: 'world',
      run: (context, args) => {
        const state = context.word(args['state']);
        if (state !== '') setHostProfiling(context.world, state === 'on');
        return done(profileData(context));
      },
      show: ({ data }) => {
        if (data === null) return [];
        const sessions = data['sessions'] as ReturnType<typeof profileData>['sessions'];
        const head = text(data['on'] === true ? 'the host profiles itself' : 'the host does not profile itself');
        const rows = sessions.map((s) => [
          `  CPU ${s.cpu}`,
          `${s.records.toLocaleString('en-US')} records`,
          `buffer ${s.buffer}, full ${s.wraps} times`,
        ]);
        return sessions.length === 0
          ? [head]
          : [head, { kind: 'table', header: false, columns: [{ title: '' }, { title: '' }, { title: '' }], rows }];
      },
    },
  ],
  complete: (slot, context) => (slot === 'host' ? [...context.hosts].map(([name, h]) => ({ text: name, about: h.about })) : []),
});
