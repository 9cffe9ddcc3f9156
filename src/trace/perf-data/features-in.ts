// The feature sections that a reader of traces has a use for (reference perf-data §1.3). Counts and lengths are checked against the section;
// what does not hold leaves the feature out.

import { HEADER_CPUID } from '../../abi/perf-data.ts';
import {
  HEADER_ARCH,
  HEADER_CMDLINE,
  HEADER_CPUDESC,
  HEADER_EVENT_DESC,
  HEADER_HOSTNAME,
  HEADER_NRCPUS,
  HEADER_OSRELEASE,
  HEADER_PMU_MAPPINGS,
  HEADER_TOTAL_MEM,
  HEADER_VERSION,
} from '../../abi/perf-data-features.ts';
import { textAt, u32, u64 } from './fields.ts';

export interface PerfFeatures {
  hostname?: string;
  release?: string;
  perfVersion?: string;
  architecture?: string;
  cpus?: number;
  cpuDescription?: string;
  cpuid?: string;
  totalMemoryKiB?: bigint;
  command?: readonly string[];
  eventNames?: readonly { readonly name: string; readonly ids: readonly bigint[] }[];
  pmus?: readonly { readonly type: number; readonly name: string }[];
}

/** Features larger than this are of a kind that is not read here. */
export const LARGEST_FEATURE = 1 << 20;

/** Takes the feature `bit` from its payload. */
export function readFeature(f: PerfFeatures, bit: number, payload: Uint8Array): void {
  const c: Cursor = { bytes: payload, at: 0, failed: false };
  switch (bit) {
    case HEADER_HOSTNAME:
      f.hostname = string(c);
      break;
    case HEADER_OSRELEASE:
      f.release = string(c);
      break;
    case HEADER_VERSION:
      f.perfVersion = string(c);
      break;
    case HEADER_ARCH:
      f.architecture = string(c);
      break;
    case HEADER_NRCPUS:
      f.cpus = number(c);
      break;
    case HEADER_CPUDESC:
      f.cpuDescription = string(c);
      break;
    case HEADER_CPUID:
      f.cpuid = string(c);
      break;
    case HEADER_TOTAL_MEM:
      if (payload.length >= 8) f.totalMemoryKiB = u64(payload, 0);
      break;
    case HEADER_CMDLINE:
      f.command = list(c, SHORTEST_STRING, () => string(c));
      break;
    case HEADER_EVENT_DESC:
      f.eventNames = eventNames(c);
      break;
    case HEADER_PMU_MAPPINGS:
      f.pmus = list(c, 4 + SHORTEST_STRING, () => ({ type: number(c), name: string(c) }));
      break;
  }
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  failed: boolean;
}

/** A string has at least its length. */
const SHORTEST_STRING = 4;

function number(c: Cursor): number {
  if (c.at + 4 > c.bytes.length) {
    c.failed = true;
    return 0;
  }
  c.at += 4;
  return u32(c.bytes, c.at - 4);
}

function string(c: Cursor): string {
  const length = number(c);
  if (c.failed || length > c.bytes.length - c.at) {
    c.failed = true;
    return '';
  }
  c.at += length;
  return textAt(c.bytes, c.at - length, c.at);
}

/** As many items as the section says, as far as they can be in it. */
function list<T>(c: Cursor, shortest: number, item: () => T): T[] {
  const count = number(c);
  const out: T[] = [];
  for (let i = 0; i < count && c.bytes.length - c.at >= shortest; i++) {
    const value = item();
    if (c.failed) break;
    out.push(value);
  }
  return out;
}

function eventNames(c: Cursor): { name: string; ids: bigint[] }[] {
  const count = number(c);
  const attrSize = number(c);
  const out: { name: string; ids: bigint[] }[] = [];
  for (let i = 0; i < count && !c.failed; i++) {
    if (attrSize > c.bytes.length - c.at) break;
    c.at += attrSize;
    const ids = number(c);
    const name = string(c);
    if (c.failed || ids * 8 > c.bytes.length - c.at) break;
    out.push({ name, ids: Array.from({ length: ids }, (_, k) => u64(c.bytes, c.at + k * 8)) });
    c.at += ids * 8;
  }
  return out;
}

/** MIDR_EL1 that feature CPUID gives for all CPUs, as perf reads it: leading hexadecimal digits. */
export function midrOfCpuid(cpuid: string | undefined): number | undefined {
  const digits = cpuid === undefined ? null : /^(?:0x)?([0-9a-fA-F]{1,16})/.exec(cpuid);
  return digits === null ? undefined : Number(BigInt(`0x${digits[1]}`) & 0xffff_ffffn);
}
