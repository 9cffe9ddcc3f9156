// A host as the text of a fixture: what a file that says `extends = "NAME"` builds on (language.md §5).
import { hex } from '../base/hex.ts';
import { cpuListText } from '../kernel/cpu-list.ts';
import type { Host } from '../kernel/host.ts';
import { ownKnobs } from './host-report.ts';

/** The interrupt of a unit whose fixture names none. */
const PMBIRQ = 21;

type Value = string | number | boolean;

const key = (name: string): string => (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name));
const value = (v: Value): string => (typeof v === 'string' ? JSON.stringify(v) : String(v));
const members = (table: Readonly<Record<string, Value>>): string[] =>
  Object.entries(table).map(([name, v]) => `${key(name)} = ${value(v)}`);
const table = (name: string, values: Readonly<Record<string, Value>>): string[] => ['', name, ...members(values)];

/** TOML that parseHost reads back to the same host; knobs that have their revision's default are left to it. */
export function hostFixtureText(host: Host): string {
  const { about, cpus, midr, cntfrq, features, kernel, timing } = host;
  return [
    ...members({ about, cpus, midr: hex(midr), cntfrq }),
    ...(host.spus.length === 0 ? ['spu = []'] : []),
    ...(host.pmus.length === 0 ? ['pmu = []'] : []),
    ...table('[features]', features),
    ...table('[kernel]', kernel),
    ...table('[timing]', timing),
    ...table('[knobs]', ownKnobs(host)),
    ...host.spus.flatMap(({ name, type, pmsver, layout, ...s }) =>
      table('[[spu]]', {
        name,
        type,
        cpus: cpuListText(s.cpus),
        pmsver,
        pmsidr: hex(s.pmsidr),
        pmbidr: hex(s.pmbidr),
        ...(s.interrupt === PMBIRQ ? {} : { interrupt: s.interrupt }),
        layout,
      }),
    ),
    ...host.pmus.flatMap((p) => table('[[pmu]]', { name: p.name, type: p.type, cpus: cpuListText(p.cpus) })),
    '',
  ].join('\n');
}
