// A long buffer in parts that can be worked on at the same time. A part begins behind a Timestamp or End packet, where nothing of a record is
// in hand. Where such a packet ends is guessed by decoding a little in front of the part; the part before says where it really is: it goes
// on to the first one behind its end. Parts whose guess was wrong are done again from there, so that the whole is what one pass gives.
import { END, kindOf, lengthOf, TIMESTAMP } from '../arch/spe/packets.ts';
import { readPacket } from '../arch/spe/read.ts';
import { newColumns, type TraceColumns } from './columns.ts';
import { decodeWindow, dropRows, endBuffer, newTraceDecoder, type TraceDecoder } from './decode.ts';
import { beginDumpAt, type Dump, type DumpOptions, dumpAnew, dumpWindow, endDumpText, newDump } from './dump.ts';
import { newPacketLoop, type PacketLoop } from './packet-loop.ts';
import { PIECE, type ReadAt, readWindow } from './perf-data/read-at.ts';
import { type LineForm, lineSteps, newRecordLines, type RecordLines } from './record-lines.ts';
import { newText, type Text } from './text.ts';

/** The end of a Timestamp or End packet, and how many bytes that packet has. The start of a buffer is offset 0 behind 0 bytes. */
export interface Cut {
  readonly offset: number;
  readonly closing: number;
}

export const START: Cut = { offset: 0, closing: 0 };

/** Decoded in front of a part: a stream is in step after a few packets. */
const LEAD = 4096;
/** No packet and no alignment is longer. */
const LONGEST = 16;

/** The first cut in [from, to), as a decoder sees it that begins a little before; null: there is none. `base`: see DumpOptions. */
export function guessCut(file: ReadAt, from: number, to: number, base = 0): Cut | null {
  let position = Math.max(0, from - LEAD);
  let size = 2 * LEAD;
  while (position < to) {
    const bytes = file.read(position, size + LONGEST);
    const isLast = position + bytes.length >= file.size;
    const stop = isLast ? bytes.length : bytes.length - LONGEST;
    let at = 0;
    while (at < stop) {
      const packed = readPacket(bytes, at, bytes.length, base + position);
      if (packed <= 0) {
        at += 1;
        continue;
      }
      at += lengthOf(packed);
      if (position + at < from) continue;
      const kind = kindOf(packed);
      if (kind === TIMESTAMP || kind === END) return position + at < to ? { offset: position + at, closing: lengthOf(packed) } : null;
    }
    if (isLast || at <= 0) return null;
    position += at;
    size = PIECE;
  }
  return null;
}

/** What a window may leave over; a window that is no longer is the last. */
const SHORT_WINDOW = LONGEST - 1;

/** What one thread uses for part after part: making it anew each time costs more than the work. */
export interface PartScratch {
  readonly window: Uint8Array;
  readonly columns: TraceColumns;
  readonly loop: PacketLoop | null;
  /** With the words that were met. */
  dump: Dump | null;
  lines: RecordLines | null;
}

export function newPartScratch(): PartScratch {
  const loop = newPacketLoop();
  return {
    window: loop?.window.subarray(0, PIECE) ?? new Uint8Array(PIECE),
    columns: loop?.columns ?? newColumns(PIECE / 32),
    loop,
    dump: null,
    lines: null,
  };
}

/** Work on a part: pieces of text, then where it ended; null: with the buffer. */
export type PartWork = Generator<Text, Cut | null>;

/** The dump from a cut to the first cut at `until` or behind. */
export function* dumpPart(file: ReadAt, from: Cut, until: number, options: DumpOptions, scratch = newPartScratch()): PartWork {
  const known = scratch.dump;
  const fits = known !== null && known.options.perf === options.perf && known.options.midr === options.midr;
  const d: Dump = fits ? dumpAnew(known, options) : newDump(options, scratch.loop);
  scratch.dump = d;
  beginDumpAt(d, from.offset, file.read(from.offset - from.closing, from.closing));
  d.until = until;
  const { window } = scratch;
  for (let bytes = window; bytes.length > SHORT_WINDOW; ) {
    bytes = readWindow(file, d.position, window);
    yield* dumpWindow(d, bytes);
    if (d.stopped !== 0) return { offset: d.position, closing: d.stopped };
  }
  d.carry = file.read(d.position, SHORT_WINDOW);
  d.until = Number.POSITIVE_INFINITY;
  yield endDumpText(d);
  return null;
}

/** Its records as lines. */
export function* linesPart(
  file: ReadAt,
  from: Cut,
  until: number,
  options: { readonly form: LineForm; readonly midr: number | undefined },
  text = newText(),
  scratch = newPartScratch(),
): PartWork {
  const known = scratch.lines;
  const lines: RecordLines = known?.form === options.form ? { ...known, text } : newRecordLines(options.form, null, text);
  scratch.lines = lines;
  const d = partDecoder(from, until, scratch);
  const { window } = scratch;
  for (let bytes = window; bytes.length > SHORT_WINDOW; ) {
    bytes = readWindow(file, d.position, window);
    decodeWindow(d, bytes);
    yield* lineSteps(lines, d.columns, options.midr, -1, d.loop);
    dropRows(d);
    if (d.stopped !== 0) return { offset: d.position, closing: d.stopped };
  }
  d.carry = file.read(d.position, SHORT_WINDOW);
  d.until = Number.POSITIVE_INFINITY;
  endBuffer(d);
  yield* lineSteps(lines, d.columns, options.midr, -1, d.loop);
  return null;
}

/** What is counted of a part; of all parts together by adding. */
export interface PartCounts {
  records: number;
  partial: number;
  packets: number;
  bytes: number;
  packetBytes: number;
  paddingBytes: number;
  badBytes: number;
}

export const noPartCounts = (): PartCounts => ({
  records: 0,
  partial: 0,
  packets: 0,
  bytes: 0,
  packetBytes: 0,
  paddingBytes: 0,
  badBytes: 0,
});

export function addPartCounts(sum: PartCounts, more: PartCounts): void {
  for (const name of Object.keys(sum) as (keyof PartCounts)[]) sum[name] += more[name];
}

/** What the decoders of a trace counted. */
export function countsOf(d: TraceDecoder, from = 0): PartCounts {
  return {
    records: d.records,
    partial: d.partialRecords,
    packets: d.packets,
    bytes: d.position - from,
    packetBytes: d.packetBytes,
    paddingBytes: d.paddingBytes,
    badBytes: d.badBytes,
  };
}

/** Counts a part into `counts`. */
// biome-ignore lint/correctness/useYield: it is work as the other two, which has no text
export function* countPart(file: ReadAt, from: Cut, until: number, counts: PartCounts, scratch = newPartScratch()): PartWork {
  const d = partDecoder(from, until, scratch);
  let end: Cut | null = null;
  const { window } = scratch;
  for (let bytes = window; bytes.length > SHORT_WINDOW; ) {
    bytes = readWindow(file, d.position, window);
    decodeWindow(d, bytes);
    dropRows(d);
    if (d.stopped === 0) continue;
    end = { offset: d.position, closing: d.stopped };
    break;
  }
  if (end === null) {
    d.carry = file.read(d.position, SHORT_WINDOW);
    d.until = Number.POSITIVE_INFINITY;
    endBuffer(d);
  }
  Object.assign(counts, countsOf(d, from.offset));
  return end;
}

function partDecoder(from: Cut, until: number, { columns, loop }: PartScratch): TraceDecoder {
  columns.rows = 0;
  columns.present[0] = 0;
  return { ...newTraceDecoder(columns, loop), position: from.offset, until };
}
