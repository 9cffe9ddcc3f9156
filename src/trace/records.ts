// Rows of a trace as the plain objects that `records` prints: the fields of language.md §6, addresses as perf gives them to its users.
import { eventNames } from '../arch/spe/events.ts';
import { canonicalHigh, codeAddressHigh, dataAddressHigh, exceptionLevelOf, nonSecureOf, physicalAddressHigh } from '../arch/spe/fixup.ts';
import { operationWords } from '../arch/spe/operations.ts';
import type { WordOptions } from '../arch/spe/words.ts';
import {
  ADDRESSES,
  COUNTERS,
  HAS_CONTEXT,
  HAS_EVENTS,
  HAS_ISSUE,
  HAS_OPERATION,
  HAS_PA,
  HAS_PC,
  HAS_SOURCE,
  HAS_TARGET,
  HAS_TIMESTAMP,
  HAS_TOTAL,
  HAS_TRANSLATION,
  HAS_VA,
  IS_COMPLETE,
  type TraceColumns,
} from './columns.ts';

/** Fields stand where their packet was in the record. Addresses and `ts` are `0x…`, latencies cycles, `op` and `events` perf's words. */
export interface TraceRecord {
  pc?: string;
  el?: number;
  ns?: number;
  op?: string;
  events?: string;
  issue?: number;
  total?: number;
  xlat?: number;
  va?: string;
  pa?: string;
  target?: string;
  source?: number;
  context?: number;
  ts?: string;
  /** The record was cut short: by damaged bytes or by the end of the trace. */
  partial?: true;
}

/** 64 bits in two halves as `0x…`. */
export function hex64(high: number, low: number): string {
  return high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
}

/** perf 7.3's words: it knows every packet. */
const NEWEST: WordOptions = { perf: '7.3' };

/** Whose addresses: perf's, or canonical ones as the program used them. They differ for a kernel in the lower half, as a bare-metal guest is. */
export type AddressForm = 'perf' | 'canonical';

/** The record in one row. */
export function recordAt(c: TraceColumns, row: number, words: WordOptions = NEWEST, form: AddressForm = 'perf'): TraceRecord {
  const codeHigh = form === 'perf' ? codeAddressHigh : canonicalHigh;
  const dataHigh = form === 'perf' ? dataAddressHigh : canonicalHigh;
  const present = c.present[row];
  const address = row * ADDRESSES;
  const counter = row * COUNTERS;
  const record: TraceRecord = {};
  if (present & HAS_PC) {
    const high = c.addressHi[address];
    record.pc = hex64(codeHigh(high), c.addressLo[address]);
    record.el = exceptionLevelOf(high);
    record.ns = nonSecureOf(high);
  }
  if (present & HAS_OPERATION) record.op = operationWords(c.operation[row] >> 8, c.operation[row] & 0xff, words.perf);
  if (present & HAS_EVENTS) {
    record.events = eventNames((BigInt(c.eventsHi[row]) << 32n) | BigInt(c.eventsLo[row]), words.perf, words.midr);
  }
  if (present & HAS_ISSUE) record.issue = c.counter[counter + 1];
  if (present & HAS_TOTAL) record.total = c.counter[counter];
  if (present & HAS_TRANSLATION) record.xlat = c.counter[counter + 2];
  if (present & HAS_VA) record.va = hex64(dataHigh(c.addressHi[address + 2]), c.addressLo[address + 2]);
  if (present & HAS_PA) record.pa = hex64(physicalAddressHigh(c.addressHi[address + 3]), c.addressLo[address + 3]);
  if (present & HAS_TARGET) record.target = hex64(codeHigh(c.addressHi[address + 1]), c.addressLo[address + 1]);
  if (present & HAS_SOURCE) record.source = c.source[row];
  if (present & HAS_CONTEXT) record.context = c.context[row];
  if (present & HAS_TIMESTAMP) record.ts = hex64(c.timestampHi[row], c.timestampLo[row]);
  if ((present & IS_COMPLETE) === 0) record.partial = true;
  return record;
}

/** Every record of the columns, in order. */
export function recordsOf(c: TraceColumns, words: WordOptions = NEWEST, form: AddressForm = 'perf'): TraceRecord[] {
  return Array.from({ length: c.rows }, (_, row) => recordAt(c, row, words, form));
}
