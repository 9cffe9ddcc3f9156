// Parts of a trace (trace/parts.ts) as the main thread asks for them and as its threads answer. Part of main.
import type { PerfVersion } from './arch/spe/perf.ts';
import { type Cut, countPart, dumpPart, linesPart, type PartCounts, type PartScratch, type PartWork } from './trace/parts.ts';
import { type ReadAt, readAtPart } from './trace/perf-data/read-at.ts';
import type { LineForm } from './trace/record-lines.ts';
import type { Text } from './trace/text.ts';

/** What is done with the parts. */
export type PartTask =
  | { readonly kind: 'dump'; readonly perf: PerfVersion }
  | { readonly kind: 'lines'; readonly form: LineForm }
  | { readonly kind: 'counts' };

export interface TraceThread {
  readonly fd: number;
  readonly size: number;
  readonly task: PartTask;
}

/** A part of a buffer that lies at `offset` of the file. */
export interface PartRequest {
  readonly offset: number;
  readonly size: number;
  readonly midr: number | undefined;
  /** Offsets in the buffer. */
  readonly from: number;
  readonly to: number;
}

export type PartNote =
  /** Where the part begins, as far as can be guessed; null: nowhere. */
  | { readonly kind: 'start'; readonly start: Cut | null }
  | { readonly kind: 'end'; readonly end: Cut | null; readonly counts: PartCounts }
  /** Nobody wanted the rest. */
  | { readonly kind: 'dropped' };

/** The work on a part from a cut on. */
export function workOn(
  task: PartTask,
  whole: ReadAt,
  r: PartRequest,
  from: Cut,
  counts: PartCounts,
  scratch: PartScratch,
  text?: Text,
): PartWork {
  const buffer = readAtPart(whole, r.offset, r.size);
  switch (task.kind) {
    case 'dump':
      return dumpPart(buffer, from, r.to, { perf: task.perf, base: r.offset, ...(r.midr === undefined ? {} : { midr: r.midr }) }, scratch);
    case 'lines':
      return linesPart(buffer, from, r.to, { form: task.form, midr: r.midr }, text, scratch);
    case 'counts':
      return countPart(buffer, from, r.to, counts, scratch);
  }
}
