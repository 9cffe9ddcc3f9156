// Host fixtures (language.md §5): TOML text to a frozen Host, every field checked, with the path of what is wrong.
// A fixture may say `extends = "two-spu"`: tables are merged member by member, `spu` and `pmu` lists are replaced whole.
import { err, ok, type Result } from 'neverthrow';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod';
import { lineOf } from '../base/toml-lines.ts';
import { geometryError, geometryOf } from '../machine/timing/geometry.ts';
import { allCpus, cpuListText, parseCpuList } from './cpu-list.ts';
import type { Host } from './host.ts';
import { fillKnobs, KNOBS, type KnobValue, knobByName } from './knobs.ts';

// A fixture is parsed once a start: compiling validators for it would take longer than checking it.
z.config({ jitless: true });

/** What is wrong with a fixture. `path` as in `spu.1.cpus`; `line` (1-based) where the text shows it. */
export interface FixtureError {
  readonly file: string;
  readonly path: string;
  readonly expected: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

const cpuList = z.string().transform((text, context) => {
  const mask = parseCpuList(text);
  if (mask !== null) return mask;
  context.addIssue({ code: 'custom', message: 'a CPU list such as "0-3,8"', params: { expected: 'a CPU list such as "0-3,8"' } });
  return z.NEVER;
});
const word = z
  .union([z.number().int().nonnegative(), z.string().regex(/^0x[0-9a-fA-F_]+$/)])
  .transform((x) => BigInt(typeof x === 'string' ? x.replaceAll('_', '') : x));
const type = z.number().int().min(6);

const fixture = z.strictObject({
  about: z.string().min(1),
  cpus: z.number().int().min(1).max(512),
  midr: word,
  cntfrq: z.number().int().min(1),
  features: z.strictObject({
    fgt: z.boolean(),
    sve: z.boolean(),
    ptrauth: z.boolean(),
    aarch32El1: z.boolean(),
    nestedVirtualisation: z.boolean(),
  }),
  kernel: z.strictObject({
    version: z.string().regex(/^\d+\.\d+$/),
    revision: z.enum(['rfc-v6', 'rfc-v5', 'rfc-v4', 'mainline']),
    configSpe: z.boolean(),
    mode: z.enum(['vhe', 'nvhe', 'protected', 'nested']),
    kpti: z.boolean(),
    hz: z.union([z.literal(100), z.literal(250), z.literal(300), z.literal(1000)]),
  }),
  spu: z.array(
    z.strictObject({
      name: z.string().regex(/^arm_spe_\d+$/),
      type,
      cpus: cpuList,
      pmsver: z.number().int().min(0).max(6),
      pmsidr: word,
      pmbidr: word,
      interrupt: z.number().int().min(0).max(1019).default(21),
      layout: z.enum(['n1-slots', 'architectural']),
    }),
  ),
  pmu: z.array(z.strictObject({ name: z.string().min(1), type, cpus: cpuList })),
  timing: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])),
  knobs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

type Table = Record<string, unknown>;

const isTable = (x: unknown): x is Table => typeof x === 'object' && x !== null && !Array.isArray(x);

function merge(base: Table, own: Table): Table {
  const out: Table = { ...base };
  for (const [key, value] of Object.entries(own)) {
    const before = base[key];
    out[key] = isTable(value) && isTable(before) ? merge(before, value) : value;
  }
  return out;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}

/**
 * A host from its fixture's text. `file` names it in errors; `fixtureText` finds the text of the fixture it extends.
 * Errors: text that is not TOML, a missing, unknown or wrong field, CPUs that overlap or do not exist, a type given twice.
 */
export function parseHost(
  file: string,
  text: string,
  fixtureText: (name: string) => string | undefined = () => undefined,
): Result<Host, FixtureError> {
  const wrong = (path: string, expected: string, message: string): Result<never, FixtureError> => {
    const line = lineOf(text, path);
    return err({ file, path, expected, message, ...(line === undefined ? {} : { line }) });
  };
  let table: Table;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split('\n')[0].replace(/^Invalid TOML document: /, '');
    return err({ file, path: '', expected: 'TOML', message, line: error.line, column: error.column });
  }
  const { extends: parent, ...own } = table;
  if (parent !== undefined) {
    const baseText = typeof parent === 'string' ? fixtureText(parent) : undefined;
    if (baseText === undefined) return wrong('extends', 'the name of a host fixture', `there is no host ${String(parent)}`);
    const { extends: again, ...base } = parse(baseText) as Table;
    if (again !== undefined) return wrong('extends', 'a fixture that extends none', `${String(parent)} extends ${String(again)} itself`);
    table = merge(base, own);
  }
  const read = fixture.safeParse({ timing: {}, knobs: {}, ...table });
  if (!read.success) {
    const issue = read.error.issues[0];
    const names = 'keys' in issue ? [...issue.path, issue.keys[0]] : issue.path;
    return wrong(names.map(String).join('.'), expectation(issue), issue.message);
  }
  const { spu, pmu, knobs, ...rest } = read.data;
  const clash = checkDevices(rest.cpus, spu, pmu) ?? checkKnobs(knobs) ?? checkTiming(rest.timing);
  if (clash !== null) return wrong(clash.path, clash.expected, clash.message);
  const name = file.replace(/^.*\//, '').replace(/\.toml$/, '');
  return ok(freeze({ name, ...rest, spus: spu, pmus: pmu, knobs: fillKnobs(rest.kernel.revision, knobs) }));
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return issue.expected;
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' | ');
  if (issue.code === 'unrecognized_keys') return 'a known field';
  if (issue.code === 'invalid_union') return 'an integer, or "0x…"';
  if (issue.code === 'too_small') return `at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `at most ${issue.maximum}`;
  return issue.message;
}

interface Clash {
  readonly path: string;
  readonly expected: string;
  readonly message: string;
}

/** The devices' CPUs and types: each CPU has at most one SPU and one PMU, types are unique among all. */
function checkDevices(
  cpus: number,
  spus: readonly { name: string; type: number; cpus: bigint }[],
  pmus: readonly { name: string; type: number; cpus: bigint }[],
): Clash | null {
  const types = new Map<number, string>();
  for (const [kind, devices] of [
    ['spu', spus],
    ['pmu', pmus],
  ] as const) {
    let taken = 0n;
    for (const [i, device] of devices.entries()) {
      const outside = device.cpus & ~allCpus(cpus);
      if (outside !== 0n)
        return { path: `${kind}.${i}.cpus`, expected: `CPUs 0-${cpus - 1}`, message: `${device.name} has CPUs ${cpuListText(outside)}` };
      const both = device.cpus & taken;
      if (both !== 0n) {
        const expected = `CPUs that no other ${kind === 'spu' ? 'SPU' : 'PMU'} has`;
        return { path: `${kind}.${i}.cpus`, expected, message: `${device.name} overlaps another one on CPUs ${cpuListText(both)}` };
      }
      taken |= device.cpus;
      const owner = types.get(device.type);
      if (owner !== undefined)
        return {
          path: `${kind}.${i}.type`,
          expected: 'a type of its own',
          message: `${device.name} and ${owner} both have type ${device.type}`,
        };
      types.set(device.type, device.name);
    }
  }
  return null;
}

function checkKnobs(knobs: Readonly<Record<string, KnobValue>>): Clash | null {
  for (const [name, value] of Object.entries(knobs)) {
    const row = knobByName(name);
    if (row === undefined)
      return { path: `knobs.${name}`, expected: `one of ${KNOBS.map((k) => k.name).join(', ')}`, message: `there is no knob ${name}` };
    const fits = row.values === 'integer' ? Number.isInteger(value) && Number(value) >= 0 : row.values.includes(value);
    if (!fits) {
      const expected = row.values === 'integer' ? 'a non-negative integer' : row.values.join(' | ');
      return { path: `knobs.${name}`, expected, message: `${String(value)} is not a value of ${name}` };
    }
  }
  return null;
}

function checkTiming(timing: Host['timing']): Clash | null {
  const wrong = geometryError(geometryOf(timing));
  if (wrong === null) return null;
  const [name, expected] = wrong.split(': ');
  return { path: `timing.${name}`, expected, message: `${String(timing[name])} does not fit` };
}
