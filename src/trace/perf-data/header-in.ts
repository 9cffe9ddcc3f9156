// The header of a perf.data and its events, read with every offset, size and count checked first (reference perf-data §1).
import { err, ok, type Result } from 'neverthrow';
import {
  PERF_FILE_HEADER,
  PERF_FILE_SECTION,
  PERF_MAGIC,
  PERF_MAGIC_FIRST,
  PERF_MAGIC_SWAPPED,
  PERF_PIPE_HEADER_SIZE,
} from '../../abi/perf-data.ts';
import { ATTR_SAMPLE_ID_ALL, PERF_ATTR_SIZE_VER0, PERF_EVENT_ATTR } from '../../abi/perf-data-attributes.ts';
import { HEADER_FEAT_BITS, HEADER_FEATURE_NAMES } from '../../abi/perf-data-features.ts';
import { offsetOf, type PerfDataError, size64, u32, u64 } from './fields.ts';
import type { ReadAt } from './read-at.ts';

/** An event of the file. */
export interface PerfEvent {
  /** `''` where the file does not say. */
  name: string;
  readonly type: number;
  readonly config: bigint;
  readonly config1: bigint;
  readonly config2: bigint;
  readonly period: bigint;
  readonly sampleType: bigint;
  readonly sampleIdAll: boolean;
  readonly ids: readonly bigint[];
  /** Its perf_event_attr as the file has it. */
  readonly attr: Uint8Array;
}

export interface Section {
  readonly offset: number;
  readonly size: number;
}

export interface FileHeader {
  readonly format: 'file' | 'pipe';
  readonly data: Section;
  readonly attrs: Section;
  /** Bytes of an attr with its section of ids. */
  readonly attrSize: number;
  /** Features by bit; empty for a pipe. */
  readonly features: ReadonlyMap<number, Section>;
}

const H = {
  magic: offsetOf(PERF_FILE_HEADER, 'magic'),
  size: offsetOf(PERF_FILE_HEADER, 'size'),
  attrSize: offsetOf(PERF_FILE_HEADER, 'attr_size'),
  attrs: offsetOf(PERF_FILE_HEADER, 'attrs_offset'),
  data: offsetOf(PERF_FILE_HEADER, 'data_offset'),
  features: offsetOf(PERF_FILE_HEADER, 'adds_features'),
};

/** No event, id or attr of a real file comes near these; a header may claim any number. */
export const MOST_EVENTS = 4096;
export const MOST_IDS = 1 << 17;
const LARGEST_ATTR = 4096;

/** Says what a file is that begins with one of perf's magic numbers; null where it does not. */
export function magicOf(file: ReadAt): 'perf.data' | 'swapped' | 'first format' | null {
  const head = file.read(0, 8);
  if (head.length < 8) return null;
  const magic = u64(head, 0);
  if (magic === PERF_MAGIC) return 'perf.data';
  if (magic === PERF_MAGIC_SWAPPED) return 'swapped';
  return magic === PERF_MAGIC_FIRST ? 'first format' : null;
}

export function readFileHeader(file: ReadAt, warn: (error: PerfDataError) => void): Result<FileHeader, PerfDataError> {
  const magic = magicOf(file);
  if (magic === 'swapped') return err({ message: 'a perf.data of a big-endian machine', offset: 0 });
  if (magic === 'first format')
    return err({ message: "a perf.data of the first format (PERFFILE), which Linux 3.4's perf replaced", offset: 0 });
  if (magic === null) return err({ message: "not a perf.data: it does not begin with 'PERFILE2'", offset: 0 });
  const head = file.read(0, PERF_FILE_HEADER.size);
  if (head.length < PERF_PIPE_HEADER_SIZE) return err({ message: 'the file ends in its header', offset: head.length });
  const size = size64(head, H.size);
  if (size === PERF_PIPE_HEADER_SIZE) {
    const data = { offset: PERF_PIPE_HEADER_SIZE, size: file.size - PERF_PIPE_HEADER_SIZE };
    return ok({ format: 'pipe', data, attrs: { offset: 0, size: 0 }, attrSize: 0, features: new Map() });
  }
  if (size !== PERF_FILE_HEADER.size) {
    return err({ message: `a header of ${size} bytes instead of ${PERF_FILE_HEADER.size}`, offset: H.size });
  }
  if (head.length < size) return err({ message: 'the file ends in its header', offset: head.length });
  const claimed = sectionAt(head, H.data);
  if (claimed.offset < size || claimed.offset > file.size) {
    const where = claimed.offset < size ? 'inside the header' : 'behind the end of the file';
    return err({ message: `the data begins at ${claimed.offset}, ${where}`, offset: H.data });
  }
  const left = file.size - claimed.offset;
  if (claimed.size === 0 && left > 0) {
    warn({ message: 'the size of the data is 0: the recording did not end properly; reading to the end of the file', offset: H.data + 8 });
  } else if (claimed.size > left) {
    warn({ message: `the data ends ${claimed.size - left} bytes behind the end of the file`, offset: file.size });
  }
  const data = { offset: claimed.offset, size: claimed.size === 0 ? left : Math.min(claimed.size, left) };
  const features = claimed.size === 0 ? new Map<number, Section>() : featureSections(file, head, claimed.offset + claimed.size, warn);
  return ok({ format: 'file', data, attrs: sectionAt(head, H.attrs), attrSize: size64(head, H.attrSize), features });
}

const sectionAt = (bytes: Uint8Array, at: number): Section => ({ offset: size64(bytes, at), size: size64(bytes, at + 8) });

/** The table of sections at `at`, one for each bit set; sections that do not lie in the file are left out. */
function featureSections(file: ReadAt, head: Uint8Array, at: number, warn: (error: PerfDataError) => void): Map<number, Section> {
  const sections = new Map<number, Section>();
  const table = at < file.size ? file.read(at, HEADER_FEAT_BITS * PERF_FILE_SECTION.size) : new Uint8Array(0);
  let entry = 0;
  for (let bit = 0; bit < HEADER_FEAT_BITS; bit++) {
    if ((head[H.features + (bit >> 3)] & (1 << (bit & 7))) === 0) continue;
    if (entry + PERF_FILE_SECTION.size > table.length) {
      warn({ message: 'the file ends in the table of its features', offset: at + entry });
      return sections;
    }
    const section = sectionAt(table, entry);
    if (section.offset + section.size <= file.size) sections.set(bit, section);
    else
      warn({
        message: `feature ${HEADER_FEATURE_NAMES.get(bit) ?? bit}: ${section.size} bytes at ${section.offset} reach behind the end of the file`,
        offset: at + entry,
      });
    entry += PERF_FILE_SECTION.size;
  }
  return sections;
}

const A = {
  type: offsetOf(PERF_EVENT_ATTR, 'type'),
  size: offsetOf(PERF_EVENT_ATTR, 'size'),
  config: offsetOf(PERF_EVENT_ATTR, 'config'),
  period: offsetOf(PERF_EVENT_ATTR, 'sample_period'),
  sampleType: offsetOf(PERF_EVENT_ATTR, 'sample_type'),
  flags: offsetOf(PERF_EVENT_ATTR, 'flags'),
  config1: offsetOf(PERF_EVENT_ATTR, 'config1'),
  config2: offsetOf(PERF_EVENT_ATTR, 'config2'),
};

/** An attr of at least 64 bytes as an event. Older attrs end before `config2`. */
export function eventOfAttr(attr: Uint8Array, ids: readonly bigint[]): PerfEvent {
  return {
    name: '',
    type: u32(attr, A.type),
    config: u64(attr, A.config),
    config1: attr.length >= A.config1 + 8 ? u64(attr, A.config1) : 0n,
    config2: attr.length >= A.config2 + 8 ? u64(attr, A.config2) : 0n,
    period: u64(attr, A.period),
    sampleType: u64(attr, A.sampleType),
    sampleIdAll: (u64(attr, A.flags) & ATTR_SAMPLE_ID_ALL) !== 0n,
    ids,
    attr: attr.slice(),
  };
}

/** How many bytes of an attr are its own: what its `size` says, where that is believable. */
export function attrLength(attr: Uint8Array): number {
  const own = u32(attr, A.size);
  return own >= PERF_ATTR_SIZE_VER0 && own <= attr.length ? own : Math.min(PERF_ATTR_SIZE_VER0, attr.length);
}

/** The events of a file's attr table. */
export function readEvents(file: ReadAt, header: FileHeader, warn: (error: PerfDataError) => void): Result<PerfEvent[], PerfDataError> {
  const { attrs, attrSize } = header;
  if (attrs.size === 0) return ok([]);
  if (attrSize < PERF_ATTR_SIZE_VER0 + PERF_FILE_SECTION.size || attrSize > LARGEST_ATTR) {
    return err({ message: `attrs of ${attrSize} bytes`, offset: H.attrSize });
  }
  if (attrs.offset + attrs.size > file.size)
    return err({ message: 'the table of events reaches behind the end of the file', offset: H.attrs });
  const count = Math.floor(attrs.size / attrSize);
  if (count > MOST_EVENTS) return err({ message: `${count} events`, offset: H.attrs + 8 });
  const events: PerfEvent[] = [];
  let idsLeft = MOST_IDS;
  for (let i = 0; i < count; i++) {
    const at = attrs.offset + i * attrSize;
    const entry = file.read(at, attrSize);
    if (entry.length < attrSize) return err({ message: 'the file ends in the table of events', offset: at });
    const section = sectionAt(entry, attrSize - PERF_FILE_SECTION.size);
    const ids = readIds(file, section, idsLeft);
    if (ids === null) warn({ message: `event ${i}: ${section.size} bytes of ids at ${section.offset} are not in the file`, offset: at });
    idsLeft -= ids?.length ?? 0;
    events.push(eventOfAttr(entry.subarray(0, attrSize - PERF_FILE_SECTION.size), ids ?? []));
  }
  return ok(events);
}

function readIds(file: ReadAt, section: Section, most: number): bigint[] | null {
  if (section.offset + section.size > file.size || section.size / 8 > most) return null;
  return idsOf(file.read(section.offset, section.size));
}

export function idsOf(bytes: Uint8Array): bigint[] {
  return Array.from({ length: bytes.length >> 3 }, (_, i) => u64(bytes, i * 8));
}
