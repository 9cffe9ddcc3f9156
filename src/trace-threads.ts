// A trace worked on by several threads, part by part, whose output comes out as one pass would give it. The main thread is one of them: it
// begins at once, while the others start, and works ahead while they are busy with the part whose turn it is. Part of main.
import type { PieceThread } from './io/piece-threads.ts';
import { threadModule } from './io/processors.ts';
import type { OpenFile } from './io/read-at.ts';
import { addPartCounts, type Cut, guessCut, newPartScratch, noPartCounts, type PartCounts, START } from './trace/parts.ts';
import { readAtPart } from './trace/perf-data/read-at.ts';
import { newText, type Text } from './trace/text.ts';
import { type PartNote, type PartRequest, type PartTask, type TraceThread, workOn } from './trace-task.ts';

/** A buffer of AUX bytes in the file. */
export interface BufferPlace {
  readonly offset: number;
  readonly size: number;
  readonly midr: number | undefined;
}

/** Bytes of a part. Its text stays within the slots of a thread. */
const PART = 512 * 1024;

/** The parts of buffers, in order. The last part of a buffer may be half as long again. */
export function* partsOf(buffers: Iterable<BufferPlace>, length = PART): Generator<PartRequest> {
  for (const { offset, size, midr } of buffers) {
    const count = Math.max(1, Math.round(size / length));
    for (let i = 0; i < count; i++) {
      yield { offset, size, midr, from: i * length, to: i + 1 === count ? Number.POSITIVE_INFINITY : (i + 1) * length };
    }
  }
}

type Thread = PieceThread<PartRequest, PartNote>;

/** A part that was worked on ahead of its turn, or is. */
type Planned = { readonly part: PartRequest } & (
  | { readonly thread: Thread; readonly number: number }
  | { readonly thread: null; readonly stored: Stored }
);

/** What the main thread made ahead of its turn. */
interface Stored {
  readonly start: Cut | null;
  readonly pieces: readonly Text[];
  readonly end: Cut | null;
  readonly counts: PartCounts;
}

/** Parts asked of a thread at a time: one under way, one behind it. */
const AHEAD = 2;

/** Bytes of text that the main thread makes ahead before it waits, and parts: of a part whose text is short there are more. */
const MOST_STORED_BYTES = 24 << 20;
const MOST_STORED = 32;

/** Lets messages of the threads in. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Works on every buffer with so many threads, the main thread among them; `write` gets the text in order (each piece is valid until it
 * returns), `done` hears of bytes. The counts of all.
 */
export async function workInThreads(
  file: OpenFile,
  buffers: Iterable<BufferPlace>,
  task: PartTask,
  count: number,
  write: (piece: Uint8Array) => void,
  done: (bytes: number) => void,
): Promise<PartCounts> {
  const data: TraceThread = { fd: file.fd, size: file.size, task };
  const ready: { readonly thread: Thread; asked: number; read: number }[] = [];
  const threads: Thread[] = [];
  if (count > 1) {
    const { startPieceThread } = await import('./io/piece-threads.ts');
    for (let i = 1; i < count; i++) {
      const thread = startPieceThread<TraceThread, PartRequest, PartNote>(threadModule('trace-worker'), data);
      thread.ready.then(
        () => ready.push({ thread, asked: 0, read: 0 }),
        () => {}, // where it cannot begin, the work is done without it
      );
      threads.push(thread);
    }
  }
  const sum = noPartCounts();
  const scratch = newPartScratch();
  const text = newText();
  /** Texts of pieces that were written. */
  const pool: Text[] = [];
  const parts = partsOf(buffers);
  const planned: Planned[] = [];
  const nextPart = (): PartRequest | null => {
    const part = parts.next();
    return part.done === true ? null : part.value;
  };
  const askThreads = (): void => {
    for (const lane of ready) {
      while (lane.asked - lane.read < AHEAD) {
        const part = nextPart();
        if (part === null) return;
        lane.asked = lane.thread.ask(part);
        planned.push({ part, thread: lane.thread, number: lane.asked });
      }
    }
  };
  try {
    /** Where the part before ended; null: with its buffer. */
    let cut: Cut | null = null;
    for (;;) {
      askThreads();
      const one = planned[0];
      if (one?.thread && !one.thread.isAhead(one.number) && isRoomAhead(planned)) {
        const part = nextPart();
        if (part !== null) {
          planned.push({ part, thread: null, stored: workAhead(part) });
          await breath();
          continue;
        }
      }
      const part = one?.part ?? nextPart();
      if (part === null) break;
      planned.shift();
      if (part.from === 0) cut = START;
      if (one === undefined) cut = isLeft(part, cut) ? workHere(part, cut) : cut;
      else if (one.thread === null) cut = takeStored(part, one.stored, cut);
      else {
        cut = await readPart(part, one.thread, one.number, cut);
        const lane = ready.find((l) => l.thread === one.thread);
        if (lane !== undefined) lane.read += 1;
      }
      done(Math.min(part.to, part.size) - part.from);
      if (one === undefined) await breath();
    }
  } finally {
    await Promise.all(threads.map((t) => t.stop()));
  }
  return sum;

  /** Is there anything left of the part? The one before may have gone on beyond it. */
  function isLeft(part: PartRequest, cut: Cut | null): cut is Cut {
    return cut !== null && cut.offset < part.to;
  }

  /** What a thread made of the part; where its guess was wrong, which takes damage just there, the part is done here. */
  async function readPart(part: PartRequest, thread: Thread, number: number, cut: Cut | null): Promise<Cut | null> {
    const first = await thread.next();
    const start = 'note' in first && first.note.kind === 'start' ? first.note.start : null;
    if (isLeft(part, cut) && isSame(start, cut)) {
      for (;;) {
        const said = await thread.next();
        if ('piece' in said) write(said.piece);
        else if (said.note.kind === 'end') {
          addPartCounts(sum, said.note.counts);
          return said.note.end;
        } else throw new Error(`a thread says '${said.note.kind}' in a part`);
      }
    }
    thread.cancel(number);
    let isOver = 'note' in first && first.note.kind !== 'start';
    while (!isOver) isOver = 'note' in (await thread.next());
    return isLeft(part, cut) ? workHere(part, cut) : cut;
  }

  /** From the cut that the part before gave. */
  function workHere(part: PartRequest, cut: Cut): Cut | null {
    const counts = noPartCounts();
    const end = work(part, cut, counts, (piece) => {
      write(piece);
      return true;
    });
    addPartCounts(sum, counts);
    return end;
  }

  /** From a guess, before its turn. */
  function workAhead(part: PartRequest): Stored {
    const buffer = readAtPart(file, part.offset, part.size);
    const start = part.from === 0 ? START : guessCut(buffer, part.from, part.to, task.kind === 'dump' ? part.offset : 0);
    const pieces: Text[] = [];
    const counts = noPartCounts();
    let length = 0;
    if (start === null) return { start, pieces, end: null, counts };
    const end = work(part, start, counts, (piece) => {
      const kept = pool.pop() ?? newText();
      kept.bytes.set(piece);
      kept.length = piece.length;
      pieces.push(kept);
      length += piece.length;
      return length < MOST_STORED_BYTES;
    });
    // A part without an end, in damaged bytes: it is done in its turn.
    return length < MOST_STORED_BYTES ? { start, pieces, end, counts } : { start: null, pieces: [], end: null, counts };
  }

  function takeStored(part: PartRequest, stored: Stored, cut: Cut | null): Cut | null {
    if (!isLeft(part, cut)) return cut;
    if (!isSame(stored.start, cut)) return workHere(part, cut);
    for (const { bytes, length } of stored.pieces) write(bytes.subarray(0, length));
    pool.push(...stored.pieces);
    addPartCounts(sum, stored.counts);
    return stored.end;
  }

  function work(part: PartRequest, from: Cut, counts: PartCounts, take: (piece: Uint8Array) => boolean): Cut | null {
    const steps = workOn(task, file, part, from, counts, scratch, text);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      const goOn = step.value.length === 0 || take(step.value.bytes.subarray(0, step.value.length));
      step.value.length = 0;
      if (!goOn) return null;
    }
  }
}

function isRoomAhead(planned: readonly Planned[]): boolean {
  let parts = 0;
  let bytes = 0;
  for (const p of planned) {
    if (p.thread !== null) continue;
    parts += 1;
    for (const piece of p.stored.pieces) bytes += piece.length;
  }
  return parts < MOST_STORED && bytes < MOST_STORED_BYTES;
}

const isSame = (a: Cut | null, b: Cut): boolean => a !== null && a.offset === b.offset && a.closing === b.closing;
