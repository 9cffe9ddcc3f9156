// A packet in the words of `perf report -D` (spe-architecture §1.12, perf-data §7).
import { eventNames } from './events.ts';
import { operationWords } from './operations.ts';
import type { Packet } from './packet.ts';
import {
  BRANCH_TARGET,
  DATA_PHYSICAL,
  DATA_VIRTUAL,
  ISSUE_LATENCY,
  PC,
  PREVIOUS_TARGET,
  TOTAL_LATENCY,
  TRANSLATION_LATENCY,
} from './packets.ts';
import { isSince, type PerfVersion } from './perf.ts';

export interface WordOptions {
  readonly perf: PerfVersion;
  /** MIDR_EL1 of the CPU that wrote the trace: perf 7.3 names some implementation defined events by it. */
  readonly midr?: number;
}

/** The name of a code address (PC, TGT, PBT) that is printed with el and ns; null for the others. */
export function codeAddressName(index: number, perf: PerfVersion): string | null {
  if (index === PC) return 'PC';
  if (index === BRANCH_TARGET) return 'TGT';
  if (index === PREVIOUS_TARGET && isSince(perf, '6.12')) return 'PBT';
  return null;
}

/** The name of a counter, '' where perf has none. */
export function counterName(index: number): string {
  if (index === TOTAL_LATENCY) return 'TOT';
  if (index === ISSUE_LATENCY) return 'ISSUE';
  return index === TRANSLATION_LATENCY ? 'XLAT' : '';
}

function addressWords(index: number, value: bigint, perf: PerfVersion): string {
  const low = `0x${BigInt.asUintN(56, value).toString(16)}`;
  const ns = Number(value >> 63n);
  const code = codeAddressName(index, perf);
  if (code !== null) return `${code} ${low} el${(value >> 61n) & 3n} ns=${ns}`;
  if (index === DATA_VIRTUAL) return `VA 0x${value.toString(16)}`;
  if (index === DATA_PHYSICAL) return `PA ${low} ns=${ns} ch=${(value >> 62n) & 1n} pat=${((value >> 56n) & 15n).toString(16)}`;
  return `ADDR 0x${value.toString(16)} (${index})`;
}

/** One packet as perf prints it; numbers that perf prints signed (timestamps, data sources) are signed here. */
export function packetWords(p: Packet, options: WordOptions): string {
  switch (p.kind) {
    case 'padding':
      return 'PAD';
    case 'end':
      return 'END';
    case 'timestamp':
      return `TS ${BigInt.asIntN(64, p.value)}`;
    case 'events':
      return p.value === 0n ? 'EV' : `EV ${eventNames(p.value, options.perf, options.midr)}`.trimEnd();
    case 'data-source':
      return `DATA-SOURCE ${BigInt.asIntN(64, p.value)}`;
    case 'context':
      return `CONTEXT 0x${p.value.toString(16)} el${p.index + 1}`;
    case 'operation':
      return operationWords(p.class, p.subclass, options.perf);
    case 'counter':
      return `LAT ${p.value} ${counterName(p.index)}`;
    case 'address':
      return addressWords(p.index, p.value, options.perf);
  }
}
