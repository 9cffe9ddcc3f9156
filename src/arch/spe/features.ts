// The features of the Statistical Profiling Extension, how software finds each, and which presuppose others:
// Arm ARM DDI 0487 M.a.a, A2.2, A2.3, D24.2.80 (PMSVer), D24.7.14 (PMSIDR_EL1), D24.7.1 (PMBIDR_EL1); spe-architecture §5.
import { fieldAccess } from '../sysreg/table.ts';

/** What identifies one unit; ID_AA64DFR0_EL1.PMSVer and the two ID registers. */
export interface SpeIdentity {
  readonly pmsver: number;
  readonly pmsidr: bigint;
  readonly pmbidr: bigint;
}

/** PMSVer values: 0 = no SPE. */
export const SPE = 1;
export const SPE_V1P1 = 2;
export const SPE_V1P2 = 3;
export const SPE_V1P3 = 4;
export const SPE_V1P4 = 5;
export const SPE_V1P5 = 6;

export interface SpeFeature {
  readonly name: string;
  /** How it is found: a least PMSVer, or a PMSIDR_EL1 field that is not 0. */
  readonly found: { readonly pmsver: number } | { readonly field: string };
  /** The least PMSVer that may have it. */
  readonly from: number;
  /** The PMSVer from which every unit has it; undefined: it stays a choice. */
  readonly always?: number;
  readonly adds: string;
}

const version = (name: string, pmsver: number, adds: string): SpeFeature => ({ name, found: { pmsver }, from: pmsver, adds });
const idField = (name: string, field: string, from: number, adds: string, always?: number): SpeFeature => ({
  name,
  found: { field },
  from,
  adds,
  ...(always === undefined ? {} : { always }),
});

export const SPE_FEATURES: readonly SpeFeature[] = [
  version('FEAT_SPE', SPE, 'sampling, the filters by event, type and latency, the buffer'),
  idField('FEAT_SPE_ArchInst', 'ArchInst', SPE, 'the population is instructions instead of micro-operations'),
  idField('FEAT_SPE_ERnd', 'ERnd', SPE, 'PMSICR_EL1.ECOUNT: jitter after the interval'),
  idField('FEAT_SPE_LDS', 'LDS', SPE, 'data source packets of loads'),
  version('FEAT_SPEv1p1', SPE_V1P1, 'event 11, SVE operation types and events 17 and 18'),
  version('FEAT_SPEv1p2', SPE_V1P2, 'discard mode, PMBLIMITR_EL1.PMFZ, the SAMPLE_FEED_* events'),
  idField('FEAT_SPE_FnE', 'FnE', SPE_V1P2, 'PMSNEVFR_EL1, and filters on event 6', SPE_V1P2),
  idField('FEAT_SPE_PBT', 'PBT', SPE_V1P2, 'address packets of the previous branch target'),
  version('FEAT_SPEv1p3', SPE_V1P3, 'memory copy and Allocation Tag operation types; External aborts are no management events'),
  version('FEAT_SPEv1p4', SPE_V1P4, 'events 19 to 23; filters on events 2, 4 and 8 to 10'),
  idField('FEAT_SPE_FDS', 'FDS', SPE_V1P4, 'PMSDSFR_EL1: filter by data source'),
  idField('FEAT_SPE_CRR', 'CRR', SPE_V1P4, 'call and return in the operation type of branches', SPE_V1P5),
  idField('FEAT_SPE_SME', 'SME', SPE_V1P4, 'SME operation types, events 24 and 25'),
  idField('FEAT_SPE_ALTCLK', 'ALTCLK', SPE_V1P4, 'issue latency in another clock'),
  idField('FEAT_SPE_FPF', 'FPF', SPE_V1P4, 'floating point and Advanced SIMD in the operation type'),
  idField('FEAT_SPE_EFT', 'EFT', SPE_V1P4, 'filters by floating point and SIMD, and masks of all type filters'),
  version('FEAT_SPEv1p5', SPE_V1P5, 'a fine-grained trap of PSB CSYNC'),
];

const accessors = new Map(
  SPE_FEATURES.flatMap((f) => ('field' in f.found ? [[f.found.field, fieldAccess('PMSIDR_EL1', f.found.field)] as const] : [])),
);

/** Does the unit have a feature of the table? Throws (our bug) for a name that has no row. */
export function hasSpeFeature(unit: SpeIdentity, name: string): boolean {
  const row = SPE_FEATURES.find((f) => f.name === name);
  if (row === undefined) throw new Error(`no SPE feature ${name}`);
  if ('pmsver' in row.found) return unit.pmsver >= row.found.pmsver;
  return accessors.get(row.found.field)?.get(unit.pmsidr) !== 0n;
}

/** The names of what the unit has, in the table's order. */
export function speFeatureNames(unit: SpeIdentity): readonly string[] {
  return SPE_FEATURES.filter((f) => hasSpeFeature(unit, f.name)).map((f) => f.name);
}

const always = ['FE', 'FT', 'FL'].map((name) => [name, fieldAccess('PMSIDR_EL1', name)] as const);
const FORMAT = fieldAccess('PMSIDR_EL1', 'Format');
const MAX_SIZE = fieldAccess('PMSIDR_EL1', 'MaxSize');
const COUNT_SIZE = fieldAccess('PMSIDR_EL1', 'CountSize');
const INTERVAL = fieldAccess('PMSIDR_EL1', 'Interval');
const ALIGN = fieldAccess('PMBIDR_EL1', 'Align');
const F = fieldAccess('PMBIDR_EL1', 'F');
const EA = fieldAccess('PMBIDR_EL1', 'EA');

/** What no unit of the architecture could say of itself, one sentence each; empty for a unit that could be built. */
export function speIdentityFaults(unit: SpeIdentity): readonly string[] {
  if (unit.pmsver === 0) return [];
  const faults: string[] = [];
  for (const f of SPE_FEATURES) {
    const has = hasSpeFeature(unit, f.name);
    if (has && unit.pmsver < f.from) faults.push(`${f.name} needs PMSVer ${f.from} or later`);
    if (!has && f.always !== undefined && unit.pmsver >= f.always) faults.push(`PMSVer ${unit.pmsver} has ${f.name}`);
  }
  if (hasSpeFeature(unit, 'FEAT_SPE_FPF') !== hasSpeFeature(unit, 'FEAT_SPE_EFT'))
    faults.push('FEAT_SPE_FPF and FEAT_SPE_EFT come together');
  for (const [name, field] of always) if (field.get(unit.pmsidr) === 0n) faults.push(`PMSIDR_EL1.${name} is 1 in every unit`);
  const size = MAX_SIZE.get(unit.pmsidr);
  const align = ALIGN.get(unit.pmbidr);
  if (FORMAT.get(unit.pmsidr) !== 0n) faults.push('PMSIDR_EL1.Format is 0: there is no other');
  if (size < 6n || size > 11n) faults.push('PMSIDR_EL1.MaxSize is 6 (64 bytes) to 11 (2 KiB)');
  if (![2n, 3n].includes(COUNT_SIZE.get(unit.pmsidr))) faults.push('PMSIDR_EL1.CountSize is 2 (12 bits) or 3 (16 bits)');
  if (INTERVAL.get(unit.pmsidr) > 8n || INTERVAL.get(unit.pmsidr) === 1n) faults.push('PMSIDR_EL1.Interval is 0 or 2 to 8');
  if (align > 11n) faults.push('PMBIDR_EL1.Align is 0 to 11 (2 KiB)');
  if (align > size) faults.push('PMBIDR_EL1.Align is at most PMSIDR_EL1.MaxSize');
  if (unit.pmsver >= SPE_V1P3 && F.get(unit.pmbidr) === 0n) faults.push('PMBIDR_EL1.F is 1 from SPEv1p3 on');
  if (EA.get(unit.pmbidr) > 2n) faults.push('PMBIDR_EL1.EA is 0 to 2');
  if (unit.pmsver >= SPE_V1P3 && EA.get(unit.pmbidr) === 0n) faults.push('PMBIDR_EL1.EA is 1 or 2 from SPEv1p3 on');
  return faults;
}
