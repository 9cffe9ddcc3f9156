// Opening a perf.data: header, events, features, and one walk over its records that reads no AUX bytes. What the walk keeps does not grow
// with the file: counts, the clock, the CPUs. Records that do not hold end the walk with a warning; what came before them stands.
import { err, ok, type Result } from 'neverthrow';
import {
  PERF_AUX,
  PERF_AUX_FLAG_COLLISION,
  PERF_AUX_FLAG_OVERWRITE,
  PERF_AUX_FLAG_PARTIAL,
  PERF_AUX_FLAG_TRUNCATED,
  PERF_AUXTRACE,
  PERF_AUXTRACE_ARM_SPE,
  PERF_AUXTRACE_INFO,
  PERF_AUXTRACE_TYPES,
  PERF_LOST,
  PERF_RECORD_AUX,
  PERF_RECORD_AUXTRACE,
  PERF_RECORD_AUXTRACE_INFO,
  PERF_RECORD_HEADER_FEATURE,
  PERF_RECORD_LOST,
  PERF_RECORD_TIME_CONV,
  PERF_TIME_CONV,
  PERF_TIME_CONV_SHORT_SIZE,
} from '../../abi/perf-data.ts';
import { PERF_ATTR_SIZE_VER0 } from '../../abi/perf-data-attributes.ts';
import {
  PERF_EVENT_UPDATE,
  PERF_EVENT_UPDATE_NAME,
  PERF_HEADER_FEATURE,
  PERF_LOST_SAMPLES,
  PERF_RECORD_COMPRESSED,
  PERF_RECORD_COMPRESSED2,
  PERF_RECORD_EVENT_UPDATE,
  PERF_RECORD_HEADER_ATTR,
  PERF_RECORD_LOST_SAMPLES,
  PERF_RECORD_NAMES,
} from '../../abi/perf-data-records.ts';
import { readSpeInfo, type SpeInfo } from './auxtrace-info.ts';
import type { TimeConversion } from './clock.ts';
import { LARGEST_FEATURE, midrOfCpuid, type PerfFeatures, readFeature } from './features-in.ts';
import { offsetOf, type PerfDataError, textAt, u32, u64 } from './fields.ts';
import {
  attrLength,
  eventOfAttr,
  type FileHeader,
  idsOf,
  MOST_EVENTS,
  MOST_IDS,
  type PerfEvent,
  readEvents,
  readFileHeader,
} from './header-in.ts';
import type { ReadAt } from './read-at.ts';
import { type SampleIdLayout, sampleIdLayout } from './sample-id.ts';
import { type FoundRecord, walkRecords } from './walk.ts';

export interface PerfDataCounts {
  records: number;
  /** AUXTRACE records, and the AUX bytes behind them that are in the file. */
  buffers: number;
  auxBytes: number;
  /** Records that the kernel could not hand over, and samples. */
  lostEvents: bigint;
  lostSamples: bigint;
  /** AUX records by flag. */
  truncated: number;
  overwritten: number;
  partial: number;
  collided: number;
}

export interface PerfData {
  readonly file: ReadAt;
  readonly header: FileHeader;
  readonly events: readonly PerfEvent[];
  readonly features: PerfFeatures;
  /** null: the file does not say; its AUX bytes are then taken to be Arm SPE's. */
  readonly info: SpeInfo | null;
  readonly clock: TimeConversion | null;
  readonly sampleId: SampleIdLayout | null;
  readonly counts: Readonly<PerfDataCounts>;
  /** MIDR_EL1 of the CPUs that have none of their own in `info`. */
  readonly commonMidr: number | undefined;
  /** What was wrong with the file and was stepped over; the first few, and how many there were. */
  readonly warnings: readonly PerfDataError[];
  readonly warningCount: number;
}

/** Warnings kept. */
const KEPT = 20;

interface Opening {
  events: PerfEvent[];
  /** Of a pipe's events, by id. */
  byId: Map<bigint, PerfEvent>;
  features: PerfFeatures;
  info: SpeInfo | null;
  clock: TimeConversion | null;
  counts: PerfDataCounts;
  refused: PerfDataError | null;
}

/** Opens a file that begins with perf's magic number. Errors: not a perf.data, or one that spesh does not read, with what it is instead. */
export function openPerfData(file: ReadAt): Result<PerfData, PerfDataError> {
  const warnings: PerfDataError[] = [];
  let warningCount = 0;
  const warn = (error: PerfDataError): void => {
    warningCount += 1;
    if (warnings.length < KEPT) warnings.push(error);
  };
  const header = readFileHeader(file, warn);
  if (header.isErr()) return err(header.error);
  const events = readEvents(file, header.value, warn);
  if (events.isErr()) return err(events.error);
  const o: Opening = { events: events.value, byId: new Map(), features: {}, info: null, clock: null, counts: noCounts(), refused: null };
  for (const [bit, section] of header.value.features) {
    if (section.size <= LARGEST_FEATURE) readFeature(o.features, bit, file.read(section.offset, section.size));
  }
  const { data } = header.value;
  for (const record of walkRecords(file, data.offset, data.offset + data.size, warn)) {
    takeRecord(o, record, warn);
    if (o.refused !== null) return err(o.refused);
  }
  nameEvents(o);
  if (o.info === null) {
    if (o.counts.buffers === 0) return err({ message: withoutTrace(o), offset: data.offset });
    warn({ message: 'no AUXTRACE_INFO says what the AUX bytes are; reading them as Arm SPE', offset: data.offset });
  } else if (o.events.length > 0 && !o.events.some((e) => e.type === o.info?.pmuType)) {
    warn({ message: `no event is of the SPE PMU, whose type is ${o.info.pmuType}: perf makes no samples of it`, offset: data.offset });
  }
  return ok({
    file,
    header: header.value,
    events: o.events,
    features: o.features,
    info: o.info,
    clock: o.clock,
    sampleId: sampleIdLayout(o.events),
    counts: o.counts,
    commonMidr: commonMidr(o.info, o.features),
    warnings,
    warningCount,
  });
}

/** The records of an opened file again, one after the other. */
export function recordsOf({ file, header: { data } }: PerfData): Generator<FoundRecord> {
  return walkRecords(file, data.offset, data.offset + data.size, () => {}); // what is broken was said when it was opened
}

/** MIDR_EL1 of a CPU: its own where the file has it (version 2), else that of all CPUs. -1 = any CPU. */
export function midrOf(p: PerfData, cpu: number): number | undefined {
  const own = p.info?.cpus.get(cpu)?.midr;
  return own === undefined ? p.commonMidr : Number(own & 0xffff_ffffn);
}

/** Version 2 with alike CPUs says it for all; else feature CPUID does. */
function commonMidr(info: SpeInfo | null, features: PerfFeatures): number | undefined {
  const all = new Set([...(info?.cpus.values() ?? [])].map((c) => Number(c.midr & 0xffff_ffffn)));
  return all.size === 1 ? [...all][0] : midrOfCpuid(features.cpuid);
}

const noCounts = (): PerfDataCounts => ({
  records: 0,
  buffers: 0,
  auxBytes: 0,
  lostEvents: 0n,
  lostSamples: 0n,
  truncated: 0,
  overwritten: 0,
  partial: 0,
  collided: 0,
});

const INFO_TYPE = offsetOf(PERF_AUXTRACE_INFO, 'type');
const AUX_FLAGS = offsetOf(PERF_AUX, 'flags');
const LOST = offsetOf(PERF_LOST, 'lost');
const LOST_SAMPLES = offsetOf(PERF_LOST_SAMPLES, 'lost');

/** Bytes that a record must have to be read. */
const SHORTEST: ReadonlyMap<number, number> = new Map([
  [PERF_RECORD_AUXTRACE, PERF_AUXTRACE.size],
  [PERF_RECORD_AUXTRACE_INFO, PERF_AUXTRACE_INFO.size],
  [PERF_RECORD_AUX, PERF_AUX.size],
  [PERF_RECORD_LOST, PERF_LOST.size],
  [PERF_RECORD_LOST_SAMPLES, PERF_LOST_SAMPLES.size],
  [PERF_RECORD_TIME_CONV, PERF_TIME_CONV_SHORT_SIZE],
]);

function takeRecord(o: Opening, r: FoundRecord, warn: (error: PerfDataError) => void): void {
  const { bytes, offset } = r;
  o.counts.records += 1;
  if (bytes.length < (SHORTEST.get(r.type) ?? 0)) {
    warn({ message: `a record ${PERF_RECORD_NAMES.get(r.type)} of ${bytes.length} bytes`, offset });
    return;
  }
  switch (r.type) {
    case PERF_RECORD_AUXTRACE:
      o.counts.buffers += 1;
      o.counts.auxBytes += r.payload;
      return;
    case PERF_RECORD_AUXTRACE_INFO: {
      const type = u32(bytes, INFO_TYPE);
      if (type !== PERF_AUXTRACE_ARM_SPE) {
        o.refused = { message: `an AUX trace of ${PERF_AUXTRACE_TYPES.get(type) ?? `type ${type}`}, not of Arm SPE`, offset };
        return;
      }
      o.info = readSpeInfo(bytes, offset, warn) ?? o.info;
      return;
    }
    case PERF_RECORD_AUX: {
      const flags = u32(bytes, AUX_FLAGS);
      if (flags & PERF_AUX_FLAG_TRUNCATED) o.counts.truncated += 1;
      if (flags & PERF_AUX_FLAG_OVERWRITE) o.counts.overwritten += 1;
      if (flags & PERF_AUX_FLAG_PARTIAL) o.counts.partial += 1;
      if (flags & PERF_AUX_FLAG_COLLISION) o.counts.collided += 1;
      return;
    }
    case PERF_RECORD_LOST:
      o.counts.lostEvents += u64(bytes, LOST);
      return;
    case PERF_RECORD_LOST_SAMPLES:
      o.counts.lostSamples += u64(bytes, LOST_SAMPLES);
      return;
    case PERF_RECORD_TIME_CONV:
      o.clock = readTimeConversion(bytes, offset, warn);
      return;
    case PERF_RECORD_COMPRESSED:
    case PERF_RECORD_COMPRESSED2: {
      const message = 'the records are compressed (perf record -z), which spesh does not read: record without -z';
      o.refused = { message, offset };
      return;
    }
    default:
      takePipeRecord(o, r, warn);
  }
}

/** What a file has in its header and a pipe has as records. */
function takePipeRecord(o: Opening, r: FoundRecord, warn: (error: PerfDataError) => void): void {
  const { bytes, offset } = r;
  if (r.type === PERF_RECORD_HEADER_ATTR && bytes.length >= 8 + PERF_ATTR_SIZE_VER0) takePipeEvent(o, bytes, offset, warn);
  else if (r.type === PERF_RECORD_HEADER_FEATURE && bytes.length > PERF_HEADER_FEATURE.size) {
    readFeature(o.features, u32(bytes, offsetOf(PERF_HEADER_FEATURE, 'feat_id')), bytes.subarray(PERF_HEADER_FEATURE.size));
  } else if (r.type === PERF_RECORD_EVENT_UPDATE && bytes.length > PERF_EVENT_UPDATE.size) {
    if (u32(bytes, offsetOf(PERF_EVENT_UPDATE, 'type')) !== PERF_EVENT_UPDATE_NAME) return;
    const event = o.byId.get(u64(bytes, offsetOf(PERF_EVENT_UPDATE, 'id')));
    if (event !== undefined) event.name = textAt(bytes, PERF_EVENT_UPDATE.size, bytes.length);
  }
}

function takePipeEvent(o: Opening, record: Uint8Array, offset: number, warn: (error: PerfDataError) => void): void {
  const attr = record.subarray(8, 8 + attrLength(record.subarray(8)));
  const ids = idsOf(record.subarray(8 + attr.length));
  if (o.events.length >= MOST_EVENTS || o.byId.size + ids.length > MOST_IDS) {
    warn({ message: 'too many events', offset });
    return;
  }
  const event = eventOfAttr(attr, ids);
  o.events.push(event);
  for (const id of ids) o.byId.set(id, event);
}

const T = {
  shift: offsetOf(PERF_TIME_CONV, 'time_shift'),
  mult: offsetOf(PERF_TIME_CONV, 'time_mult'),
  zero: offsetOf(PERF_TIME_CONV, 'time_zero'),
  cycles: offsetOf(PERF_TIME_CONV, 'time_cycles'),
  mask: offsetOf(PERF_TIME_CONV, 'time_mask'),
  short: offsetOf(PERF_TIME_CONV, 'cap_user_time_short'),
};

function readTimeConversion(bytes: Uint8Array, offset: number, warn: (error: PerfDataError) => void): TimeConversion | null {
  const shift = u64(bytes, T.shift);
  const mult = BigInt(u32(bytes, T.mult)); // perf keeps 32 bits of it
  if (shift >= 64n || mult === 0n) {
    warn({ message: `TIME_CONV with a shift of ${shift} and a multiplier of ${mult}: times are not known`, offset });
    return null;
  }
  const whole = bytes.length >= PERF_TIME_CONV.size;
  return {
    shift,
    mult,
    zero: u64(bytes, T.zero),
    cycles: whole ? u64(bytes, T.cycles) : 0n,
    mask: whole ? u64(bytes, T.mask) : 0n,
    short: whole && bytes[T.short] !== 0,
  };
}

/** Names from feature EVENT_DESC: by id, or by place where an event has no id. */
function nameEvents(o: Opening): void {
  const described = o.features.eventNames ?? [];
  const names = new Map(described.flatMap(({ name, ids }) => ids.map((id) => [id, name] as const)));
  for (const [i, event] of o.events.entries()) {
    if (event.name !== '') continue;
    const [id] = event.ids;
    event.name = (id === undefined ? described[i]?.name : names.get(id)) ?? '';
  }
}

function withoutTrace(o: Opening): string {
  const names = o.events.map((e) => e.name || `type ${e.type}`).slice(0, 5);
  return names.length === 0 ? 'no AUX trace' : `no AUX trace: a recording of ${names.join(', ')}${o.events.length > 5 ? ' …' : ''}`;
}
