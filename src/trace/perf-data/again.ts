// A perf.data written again as a file: its records, ids and features as they stand, whatever they are, so that perf finds in it what it found
// before. Made anew are what holds offsets (header, index of the AUX buffers, event descriptions), AUXTRACE_INFO in the version asked for, and
// what did not hold: a buffer that the file ends in, attrs wider than they need be.
import {
  HEADER_CPUID,
  PERF_AUXTRACE,
  PERF_RECORD_AUXTRACE,
  PERF_RECORD_AUXTRACE_INFO,
  PERF_RECORD_HEADER_FEATURE,
} from '../../abi/perf-data.ts';
import { PERF_EVENT_ATTR } from '../../abi/perf-data-attributes.ts';
import {
  HEADER_AUXTRACE,
  HEADER_BUILD_ID,
  HEADER_COMPRESSED,
  HEADER_DIR_FORMAT,
  HEADER_EVENT_DESC,
  HEADER_FEAT_BITS,
} from '../../abi/perf-data-features.ts';
import {
  PERF_HEADER_FEATURE,
  PERF_RECORD_HEADER_ATTR,
  PERF_RECORD_HEADER_BUILD_ID,
  PERF_RECORD_HEADER_TRACING_DATA,
} from '../../abi/perf-data-records.ts';
import { structField } from '../../abi/struct.ts';
import type { EventLayout } from './attributes.ts';
import { type Bytes, featureString, joined, joinedAll, roundUp, words32, words64 } from './bytes.ts';
import { auxtraceIndex, eventDescriptions } from './features-out.ts';
import { offsetOf, u32 } from './fields.ts';
import type { PerfEvent } from './header-in.ts';
import { type FeaturePart, fileLayout, type SectionPart } from './layout-out.ts';
import { midrOf, type PerfData, recordsOf } from './open.ts';
import { readAtPart } from './read-at.ts';
import { auxtraceInfoRecord, type InfoCpu } from './records-out.ts';
import { auxBuffers } from './streams.ts';
import type { FoundRecord } from './walk.ts';

/** An opened file as a file again. `metadata`: version of AUXTRACE_INFO; that of the file unless given. */
export function writeAgain(p: PerfData, metadata: 1 | 2 = p.info?.version ?? 1): Generator<Uint8Array> {
  const events = eventsOf(p.events);
  const info = metadata === p.info?.version || p.info === null ? null : auxtraceInfoRecord(metadata, p.info.pmuType, infoCpus(p));
  return fileLayout(
    events,
    () => dataParts(p, info),
    (auxtraces) => featureParts(p, events, auxtraces),
  );
}

const ATTR_SIZE = structField(PERF_EVENT_ATTR, 'size').offset;

/** The events with attrs of one size: what perf 6.1 knows, where nothing lies behind it (pitfall 1), else the widest. */
function eventsOf(events: readonly PerfEvent[]): EventLayout[] {
  const used = events.map(({ attr }) => attr.findLastIndex((byte) => byte !== 0) + 1);
  const width = roundUp(Math.max(PERF_EVENT_ATTR.size, ...used), 8);
  return events.map(({ name, attr, ids }) => {
    const wide = joined(attr.subarray(0, width), new Uint8Array(Math.max(0, width - attr.length)));
    wide.set(words32(width), ATTR_SIZE);
    return { name, attr: wide, ids };
  });
}

/** CPUs for metadata of version 2: those of the buffers; in a recording per thread all. */
function infoCpus(p: PerfData): InfoCpu[] {
  const cpus = new Set([...auxBuffers(p)].map((b) => b.cpu).filter((cpu) => cpu >= 0));
  const all =
    cpus.size > 0 ? [...cpus].sort((a, b) => a - b) : Array.from({ length: Math.min(p.features.cpus ?? 0, MOST_CPUS) }, (_, cpu) => cpu);
  return all.map((cpu) => ({ cpu, midr: BigInt(midrOf(p, cpu) ?? 0), pmuType: p.info?.pmuType ?? null, minInterval: 0, eventFilter: 0n }));
}

/** CPUs that a machine may have: arm64 Linux builds for at most 4096. */
const MOST_CPUS = 4096;

/** Records that a pipe has where a file has its header. */
const OF_PIPES: ReadonlySet<number> = new Set([
  PERF_RECORD_HEADER_ATTR,
  PERF_RECORD_HEADER_FEATURE,
  PERF_RECORD_HEADER_BUILD_ID,
  PERF_RECORD_HEADER_TRACING_DATA,
]);

function* dataParts(p: PerfData, info: Bytes | null): Generator<SectionPart> {
  for (const r of recordsOf(p)) {
    if (OF_PIPES.has(r.type)) continue;
    if (r.type === PERF_RECORD_AUXTRACE_INFO && info !== null) yield { kind: 'bytes', bytes: info };
    else if (r.type !== PERF_RECORD_AUXTRACE) yield { kind: 'bytes', bytes: r.bytes };
    else if (r.bytes.length >= PERF_AUXTRACE.size) yield* bufferParts(p, r);
  }
}

/** An AUX buffer: as much of it as there is, filled up to 8 bytes. */
function* bufferParts(p: PerfData, r: FoundRecord): Generator<SectionPart> {
  const size = roundUp(r.payload, 8);
  const record = r.bytes.slice();
  record.set(words64(size), offsetOf(PERF_AUXTRACE, 'size'));
  yield { kind: 'auxtrace', bytes: record };
  yield { kind: 'payload', bytes: readAtPart(p.file, r.offset + r.bytes.length, r.payload), size };
}

/** Features that this file does not have, or that are made anew. */
const NOT_COPIED: ReadonlySet<number> = new Set([HEADER_EVENT_DESC, HEADER_AUXTRACE, HEADER_DIR_FORMAT, HEADER_COMPRESSED]);

/** The features by rising bit. */
function featureParts(p: PerfData, events: readonly EventLayout[], auxtraces: readonly number[]): FeaturePart[] {
  const parts = new Map<number, SectionPart>();
  const put = (bit: number, bytes: Bytes): unknown => parts.set(bit, { kind: 'bytes', bytes });
  for (const [bit, section] of p.header.features) {
    parts.set(bit, { kind: 'payload', bytes: readAtPart(p.file, section.offset, section.size), size: section.size });
  }
  if (p.header.format === 'pipe') for (const [bit, bytes] of pipeFeatures(p)) put(bit, bytes);
  for (const bit of NOT_COPIED) parts.delete(bit);
  if (events.some((e) => e.name !== '')) put(HEADER_EVENT_DESC, eventDescriptions(events));
  put(HEADER_AUXTRACE, auxtraceIndex(auxtraces));
  // Version 1 has the MIDR there.
  if (!parts.has(HEADER_CPUID) && p.commonMidr !== undefined) {
    put(HEADER_CPUID, featureString(`0x${p.commonMidr.toString(16).padStart(16, '0')}`));
  }
  const sorted = [...parts].filter(([bit]) => bit < HEADER_FEAT_BITS).sort(([a], [b]) => a - b);
  return sorted.map(([bit, part]) => ({ bit, part }));
}

/** Bytes of build-ids that are taken from a pipe: a hundred thousand objects or so. */
const MOST_BUILD_IDS = 1 << 24;

/** Features that a pipe has as records; its build-ids, a record each, are one section of a file. */
function pipeFeatures(p: PerfData): Map<number, Bytes> {
  const features = new Map<number, Bytes>();
  const buildIds: Uint8Array[] = [];
  let left = MOST_BUILD_IDS;
  for (const r of recordsOf(p)) {
    if (r.type === PERF_RECORD_HEADER_BUILD_ID && r.bytes.length <= left) {
      buildIds.push(r.bytes.slice());
      left -= r.bytes.length;
    } else if (r.type === PERF_RECORD_HEADER_FEATURE && r.bytes.length > PERF_HEADER_FEATURE.size) {
      features.set(u32(r.bytes, offsetOf(PERF_HEADER_FEATURE, 'feat_id')), r.bytes.slice(PERF_HEADER_FEATURE.size));
    }
  }
  if (buildIds.length > 0) features.set(HEADER_BUILD_ID, joinedAll(buildIds));
  return features;
}
