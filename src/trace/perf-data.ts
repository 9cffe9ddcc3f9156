// Reading AUX buffers out of a perf.data (file or pipe format): reference perf-data §1-§4. Every offset and size is checked against the file.
import { err, ok, type Result } from 'neverthrow';
import {
  HEADER_CPUID,
  PERF_AUX,
  PERF_AUX_FLAG_COLLISION,
  PERF_AUX_FLAG_TRUNCATED,
  PERF_AUXTRACE,
  PERF_AUXTRACE_ARM_SPE,
  PERF_AUXTRACE_INFO,
  PERF_EVENT_HEADER,
  PERF_FILE_HEADER,
  PERF_FILE_SECTION,
  PERF_LOST,
  PERF_PIPE_HEADER_SIZE,
  PERF_RECORD_AUX,
  PERF_RECORD_AUXTRACE,
  PERF_RECORD_AUXTRACE_INFO,
  PERF_RECORD_HEADER_FEATURE,
  PERF_RECORD_LOST,
  SPE_INFO_CPU,
  SPE_INFO_MIDR,
  SPE_INFO_V1_WORDS,
  SPE_INFO_V2_HEADER_WORDS,
} from '../abi/perf-data.ts';
import { readStructField, type Struct, structField } from '../abi/struct.ts';
import type { TraceBuffer, TraceFile, TraceFileError } from './trace.ts';

/** A member at `at` of the file; sizes and offsets beyond 2^53 come back as such large numbers, which no file has. */
function member(bytes: Uint8Array, at: number, s: Struct, name: string, index = 0): number {
  const f = structField(s, name);
  return Number(readStructField(bytes.subarray(at, at + s.size), f, index));
}

interface Reading {
  readonly bytes: Uint8Array;
  readonly buffers: TraceBuffer[];
  readonly warnings: TraceFileError[];
  lostEvents: number;
  truncatedBuffers: number;
  collidedBuffers: number;
  /** MIDR_EL1 of every CPU (feature CPUID), or by CPU (AUXTRACE_INFO version 2). */
  midr: number | undefined;
  readonly midrOf: Map<number, number>;
}

/** The buffers of a perf.data. A stream that breaks off is read up to there, with a warning. */
export function readPerfData(bytes: Uint8Array): Result<TraceFile, TraceFileError> {
  if (bytes.length < PERF_PIPE_HEADER_SIZE) return err({ message: 'the file ends in its header', offset: bytes.length });
  const r: Reading = {
    bytes,
    buffers: [],
    warnings: [],
    lostEvents: 0,
    truncatedBuffers: 0,
    collidedBuffers: 0,
    midr: undefined,
    midrOf: new Map(),
  };
  const size = Number(readStructField(bytes, structField(PERF_FILE_HEADER, 'size')));
  if (size === PERF_PIPE_HEADER_SIZE) readRecords(r, PERF_PIPE_HEADER_SIZE, bytes.length);
  else {
    if (size !== PERF_FILE_HEADER.size) return err({ message: `a header of ${size} bytes instead of ${PERF_FILE_HEADER.size}`, offset: 8 });
    if (bytes.length < size) return err({ message: 'the file ends in its header', offset: bytes.length });
    const start = member(bytes, 0, PERF_FILE_HEADER, 'data_offset');
    const length = member(bytes, 0, PERF_FILE_HEADER, 'data_size');
    if (start > bytes.length)
      return err({
        message: `the data begins at ${start}, behind the end of the file`,
        offset: structField(PERF_FILE_HEADER, 'data_offset').offset,
      });
    if (start + length > bytes.length)
      r.warnings.push({ message: `the data ends ${start + length - bytes.length} bytes behind the end of the file`, offset: bytes.length });
    readFeatures(r, start + length);
    readRecords(r, start, Math.min(start + length, bytes.length));
  }
  const { buffers, warnings, lostEvents, truncatedBuffers, collidedBuffers } = r;
  return ok({
    kind: 'perf.data',
    buffers: buffers.map((b) => ({ ...b, midr: r.midrOf.get(b.cpu) ?? r.midr })),
    lostEvents,
    truncatedBuffers,
    collidedBuffers,
    warnings,
  });
}

/** The feature table at `at`: a section for each bit set, of which only CPUID is read. */
function readFeatures(r: Reading, at: number): void {
  let section = at;
  for (let bit = 0; bit < 256; bit++) {
    const word = readStructField(r.bytes, structField(PERF_FILE_HEADER, 'adds_features'), bit >> 6);
    if (((word >> BigInt(bit & 63)) & 1n) === 0n) continue;
    if (section + PERF_FILE_SECTION.size > r.bytes.length) return;
    if (bit === HEADER_CPUID) {
      readCpuid(r, member(r.bytes, section, PERF_FILE_SECTION, 'offset'), member(r.bytes, section, PERF_FILE_SECTION, 'size'));
    }
    section += PERF_FILE_SECTION.size;
  }
}

/** A string: u32 length, then the MIDR as hexadecimal text. */
function readCpuid(r: Reading, at: number, size: number): void {
  if (at + size > r.bytes.length) return;
  const text = new TextDecoder().decode(r.bytes.subarray(at + 4, at + Math.min(size, 68)));
  const digits = /^0x([0-9a-fA-F]{1,16})/.exec(text);
  if (digits !== null) r.midr = Number(BigInt(`0x${digits[1]}`) & 0xffff_ffffn);
}

function readRecords(r: Reading, from: number, end: number): void {
  let at = from;
  while (at + PERF_EVENT_HEADER.size <= end) {
    const type = member(r.bytes, at, PERF_EVENT_HEADER, 'type');
    const size = member(r.bytes, at, PERF_EVENT_HEADER, 'size');
    if (size < PERF_EVENT_HEADER.size || at + size > end) {
      r.warnings.push({ message: size < 8 ? `a record of ${size} bytes` : 'the file ends in a record', offset: at });
      return;
    }
    at += size + readRecord(r, at, type, size, end);
  }
  if (at < end) r.warnings.push({ message: 'the file ends in a record', offset: at });
}

/** Reads one record; how many bytes of payload follow it. */
function readRecord(r: Reading, at: number, type: number, size: number, end: number): number {
  const has = (s: Struct): boolean => size >= s.size;
  if (type === PERF_RECORD_AUXTRACE && has(PERF_AUXTRACE)) return readBuffer(r, at, size, end);
  if (type === PERF_RECORD_AUXTRACE_INFO && has(PERF_AUXTRACE_INFO)) readInfo(r, at, size);
  else if (type === PERF_RECORD_LOST && has(PERF_LOST)) r.lostEvents += member(r.bytes, at, PERF_LOST, 'lost');
  else if (type === PERF_RECORD_AUX && has(PERF_AUX)) {
    const flags = member(r.bytes, at, PERF_AUX, 'flags');
    if (flags & PERF_AUX_FLAG_TRUNCATED) r.truncatedBuffers += 1;
    if (flags & PERF_AUX_FLAG_COLLISION) r.collidedBuffers += 1;
  } else if (type === PERF_RECORD_HEADER_FEATURE && size > 16) {
    const feature = Number(readStructField(r.bytes.subarray(at + 8, at + 16), structField(PERF_FILE_SECTION, 'offset')));
    if (feature === HEADER_CPUID) readCpuid(r, at + 16, size - 16);
  }
  return 0;
}

function readBuffer(r: Reading, at: number, size: number, end: number): number {
  const base = at + size;
  const length = member(r.bytes, at, PERF_AUXTRACE, 'size');
  if (base + length > end)
    r.warnings.push({ message: `an AUX buffer of ${length} bytes, of which ${end - base} are in the file`, offset: at });
  const have = Math.min(length, end - base);
  r.buffers.push({
    bytes: r.bytes.subarray(base, base + have),
    base,
    queue: member(r.bytes, at, PERF_AUXTRACE, 'idx'),
    cpu: member(r.bytes, at, PERF_AUXTRACE, 'cpu') | 0,
    midr: undefined,
  });
  return have;
}

function readInfo(r: Reading, at: number, size: number): void {
  const type = member(r.bytes, at, PERF_AUXTRACE_INFO, 'type');
  if (type !== PERF_AUXTRACE_ARM_SPE) {
    r.warnings.push({ message: `AUX traces of type ${type}, not Arm SPE (${PERF_AUXTRACE_ARM_SPE})`, offset: at });
    return;
  }
  const words = (size - PERF_AUXTRACE_INFO.size) / 8;
  if (words === SPE_INFO_V1_WORDS || words <= SPE_INFO_V2_HEADER_WORDS) return;
  const word = (i: number): number => {
    const from = at + PERF_AUXTRACE_INFO.size + i * 8;
    return Number(readStructField(r.bytes.subarray(from, from + 8), structField(PERF_EVENT_HEADER, 'type')));
  };
  const headerWords = word(1);
  const cpus = word(3);
  const block = (words - headerWords) / cpus;
  if (!Number.isInteger(block) || block <= SPE_INFO_MIDR) return;
  for (let i = 0; i < cpus; i++) r.midrOf.set(word(headerWords + i * block + SPE_INFO_CPU), word(headerWords + i * block + SPE_INFO_MIDR));
}
