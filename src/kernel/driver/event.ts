// A perf event of the SPE PMU as the kernel's driver sees it: what it refuses, in order, and the register values it makes of the attributes
// (Linux drivers/perf/arm_spe_pmu.c; spe-architecture §6.2, §6.7, §6.11). Facts only; the words are ours.
import { FORMAT_FILES, INTERVAL_UNKNOWN, INTERVALS, release } from '../../abi/spe-sysfs.ts';
import { hasSpeFeature, SPE_V1P1, SPE_V1P2 } from '../../arch/spe/features.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { hex } from '../../base/hex.ts';
import type { SpuDescription } from '../../machine/spu/state.ts';
import { unitOf } from '../../machine/spu/unit.ts';
import { cpuListText, hasCpu } from '../cpu-list.ts';
import { type Check, fails, mainline, type Steps, steps } from '../steps.ts';
import { formatValue, parseFormat } from './format.ts';

/** struct perf_event_attr as far as the driver looks. */
export interface EventAttributes {
  readonly type: number;
  /** config, config1 to config4. */
  readonly config: readonly bigint[];
  readonly period: bigint;
  /** attr.freq: a rate was asked for. */
  readonly frequency: boolean;
  readonly excludeUser: boolean;
  readonly excludeKernel: boolean;
  readonly excludeIdle: boolean;
}

/** The probed unit, and the kernel whose driver it is. */
export interface DriverDevice {
  readonly name: string;
  readonly type: number;
  readonly cpus: bigint;
  readonly unit: SpuDescription;
  /** Release, `6.18`. */
  readonly kernel: string;
}

/** Who opens the event. */
export interface Opener {
  /** perf_allow_kernel: may profile the kernel. */
  readonly privileged: boolean;
  /** CONFIG_PID_IN_CONTEXTIDR. */
  readonly pidInContextidr: boolean;
}

export interface OpenEvent {
  readonly device: DriverDevice;
  readonly attributes: EventAttributes;
  readonly opener: Opener;
  /** -1: any CPU, the event of a task. */
  readonly cpu: number;
}

const FORMATS = new Map(FORMAT_FILES.map((f) => [f.name, parseFormat(f.name, f.text)]));

/** The value of a format term in the attributes. */
export function term(a: EventAttributes, name: string): bigint {
  const field = FORMATS.get(name);
  if (field === undefined || field === null) throw new Error(`no format term ${name}`);
  return formatValue(a.config, field);
}

const isNew = (device: DriverDevice, since: string): boolean => release(device.kernel) >= release(since);

/** Event bits that the driver refuses in a filter: by version up to 6.17, then what the hardware did not keep of all ones. */
export function illegalEvents(device: DriverDevice): bigint {
  if (isNew(device, '6.18')) return ~BigInt(unitOf(device.unit).filterable >>> 0) & ((1n << 64n) - 1n);
  if (device.unit.pmsver >= SPE_V1P2) return 0x0000_ffff_00f9_0715n;
  return device.unit.pmsver >= SPE_V1P1 ? 0x0000_ffff_00f9_0755n : 0x0000_ffff_00ff_0f55n;
}

const EFT_TERMS = FORMAT_FILES.filter((f) => f.needs === 'EFT').map((f) => f.name);

/** PMSFCR_EL1 by field. */
const PMSFCR_TERMS: readonly (readonly [term: string, field: string])[] = [
  ['branch_filter', 'B'],
  ['load_filter', 'LD'],
  ['store_filter', 'ST'],
  ['branch_filter_mask', 'Bm'],
  ['load_filter_mask', 'LDm'],
  ['store_filter_mask', 'STm'],
  ['simd_filter', 'SIMD'],
  ['simd_filter_mask', 'SIMDm'],
  ['float_filter', 'FP'],
  ['float_filter_mask', 'FPm'],
];

const bit = (register: string, field: string): bigint => fieldAccess(register, field).mask;

/** The registers that an event asks for; those that the unit lacks are null. */
export interface EventRegisters {
  readonly PMSCR_EL1: bigint;
  readonly PMSIRR_EL1: bigint;
  readonly PMSFCR_EL1: bigint;
  readonly PMSEVFR_EL1: bigint;
  readonly PMSNEVFR_EL1: bigint | null;
  readonly PMSDSFR_EL1: bigint | null;
  readonly PMSLATFR_EL1: bigint;
  readonly discard: boolean;
}

const MAX_PERIOD = 0xffff_ff00n;

/** The period as the driver writes it: not below the unit's least interval up to 6.17, not below 256 later; a multiple of 256. */
export function sanePeriod(device: DriverDevice, period: bigint): bigint {
  const interval = Number(fieldAccess('PMSIDR_EL1', 'Interval').get(device.unit.pmsidr));
  const least = isNew(device, '6.18') ? 256n : BigInt(INTERVALS[interval] ?? INTERVAL_UNKNOWN);
  const clamped = period < least ? least : period > MAX_PERIOD ? MAX_PERIOD : period;
  return clamped & ~0xffn;
}

/** What the driver programs for an event (spe-architecture §6.11). */
export function eventRegisters({ device, attributes: a, opener }: OpenEvent): EventRegisters {
  const { unit } = device;
  let control = 0n;
  if (term(a, 'ts_enable') !== 0n) control |= bit('PMSCR_EL1', 'TS');
  if (term(a, 'pa_enable') !== 0n) control |= bit('PMSCR_EL1', 'PA');
  control |= fieldAccess('PMSCR_EL1', 'PCT').put(0n, term(a, 'pct_enable'));
  if (!a.excludeUser) control |= bit('PMSCR_EL1', 'E0SPE');
  if (!a.excludeKernel) control |= bit('PMSCR_EL1', 'E1SPE');
  if (opener.pidInContextidr && opener.privileged) control |= bit('PMSCR_EL1', 'CX');

  const types = PMSFCR_TERMS.reduce((all, [name, field]) => (term(a, name) === 0n ? all : all | bit('PMSFCR_EL1', field)), 0n);
  const selected = term(a, 'event_filter');
  const rejected = term(a, 'inv_event_filter');
  const latency = term(a, 'min_latency');
  const sources = term(a, 'inv_data_src_filter');
  let filters = types;
  if (types !== 0n) filters |= bit('PMSFCR_EL1', 'FT');
  if (selected !== 0n) filters |= bit('PMSFCR_EL1', 'FE');
  if (rejected !== 0n) filters |= bit('PMSFCR_EL1', 'FnE');
  if (latency !== 0n) filters |= bit('PMSFCR_EL1', 'FL');
  if (sources !== 0n) filters |= bit('PMSFCR_EL1', 'FDS');
  return {
    PMSCR_EL1: control,
    PMSIRR_EL1: sanePeriod(device, a.period) | term(a, 'jitter'),
    PMSFCR_EL1: filters,
    PMSEVFR_EL1: selected,
    PMSNEVFR_EL1: hasSpeFeature(unit, 'FEAT_SPE_FnE') ? rejected : null,
    // The format is of sources to leave out, the register of sources to keep.
    PMSDSFR_EL1: hasSpeFeature(unit, 'FEAT_SPE_FDS') ? ~sources & ((1n << 64n) - 1n) : null,
    PMSLATFR_EL1: latency,
    discard: isNew(device, '6.14') && term(a, 'discard') !== 0n,
  };
}

const INIT = mainline('arm_spe_pmu_event_init');

const filterNeeds = (why: string, wants: (a: EventAttributes) => boolean, feature: string): Check<OpenEvent> =>
  fails(
    'EOPNOTSUPP',
    why,
    {
      when: (s) => wants(s.attributes) && !hasSpeFeature(s.device.unit, feature),
      saw: (s) => `${s.device.name} ${hasSpeFeature(s.device.unit, feature) ? 'has' : 'has no'} ${feature}`,
      wouldPass: () => `a unit with ${feature}`,
    },
    INIT,
  );

const illegalBits = (name: string): Check<OpenEvent> =>
  fails(
    'EOPNOTSUPP',
    `${name} selects an event that the unit does not filter by`,
    {
      when: (s) => (term(s.attributes, name) & illegalEvents(s.device)) !== 0n,
      saw: (s) => `${name}=${hex(term(s.attributes, name))}, not ${hex(term(s.attributes, name) & illegalEvents(s.device))}`,
      wouldPass: (s) => `bits of ${hex(~illegalEvents(s.device) & ((1n << 64n) - 1n))}`,
    },
    INIT,
  );

/** perf_event_open of the SPE PMU, as far as its driver decides. */
export const openEvent: Steps<OpenEvent> = steps('perf_event_open', [
  fails(
    'ENOENT',
    'the event is not of this PMU',
    {
      when: (s) => s.attributes.type !== s.device.type,
      saw: (s) => `type ${s.attributes.type}`,
      wouldPass: (s) => `type ${s.device.type}`,
    },
    INIT,
  ),
  fails(
    'ENOENT',
    'the CPU has no unit of this PMU',
    {
      when: (s) => s.cpu >= 0 && !hasCpu(s.device.cpus, s.cpu),
      saw: (s) => `CPU ${s.cpu}`,
      wouldPass: (s) => `CPUs ${cpuListText(s.device.cpus)}`,
    },
    INIT,
  ),
  illegalBits('event_filter'),
  illegalBits('inv_event_filter'),
  fails(
    'EOPNOTSUPP',
    'idle cannot be left out',
    { when: (s) => s.attributes.excludeIdle, saw: (s) => `exclude_idle ${Number(s.attributes.excludeIdle)}` },
    INIT,
  ),
  fails(
    'EINVAL',
    'a frequency cannot be sampled at',
    { when: (s) => s.attributes.frequency, saw: (s) => `freq ${Number(s.attributes.frequency)}`, wouldPass: () => 'a period' },
    INIT,
  ),
  filterNeeds('the unit has no inverted event filter', (a) => term(a, 'inv_event_filter') !== 0n, 'FEAT_SPE_FnE'),
  filterNeeds('the unit has no data source filter', (a) => term(a, 'inv_data_src_filter') !== 0n, 'FEAT_SPE_FDS'),
  filterNeeds('the unit has no masks of the type filters', (a) => EFT_TERMS.some((name) => term(a, name) !== 0n), 'FEAT_SPE_EFT'),
  filterNeeds('the unit has no discard mode', (a) => term(a, 'discard') !== 0n, 'FEAT_SPEv1p2'),
  fails(
    'EACCES',
    'physical addresses and physical time are for those who may profile the kernel',
    {
      when: (s) => !s.opener.privileged && (term(s.attributes, 'pa_enable') !== 0n || term(s.attributes, 'pct_enable') !== 0n),
      saw: (s) => (s.opener.privileged ? 'privileged' : 'perf_event_paranoid above 1, no CAP_PERFMON'),
      wouldPass: () => 'CAP_PERFMON, or neither pa_enable nor pct_enable',
    },
    mainline('perf_allow_kernel'),
  ),
]);
