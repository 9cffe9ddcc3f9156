// A trace worked on by several threads, part by part, whose output comes out as one pass would give it. The main thread is one of them: it
// begins at once, while the others start, and takes every so manieth part itself. Part of main.
import { type PieceThread, startPieceThread } from './io/piece-threads.ts';
import type { OpenFile } from './io/read-at.ts';
import { threadModule } from './io/workers.ts';
import { addPartCounts, type Cut, newPartScratch, noPartCounts, type PartCounts, START } from './trace/parts.ts';
import { newText } from './trace/text.ts';
import { type PartNote, type PartRequest, type PartTask, type TraceThread, workOn } from './trace-task.ts';

/** A buffer of AUX bytes in the file. */
export interface BufferPlace {
  readonly offset: number;
  readonly size: number;
  readonly midr: number | undefined;
}

/** Bytes of a part. Its text stays within the slots of a thread. */
const PART = 512 * 1024;
/** Below that, starting a thread takes longer than it saves. */
export const WORTH_THREADS = 4 << 20;

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

interface Planned {
  readonly part: PartRequest;
  /** null: the main thread does it. */
  readonly asked: { readonly thread: Thread; readonly number: number } | null;
}

/** Parts asked of a thread at a time: one under way, one behind it. */
const AHEAD = 2;

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
  const lanes: (Thread | null)[] = [null];
  const threads = Array.from({ length: count - 1 }, (): Thread => {
    const thread = startPieceThread<TraceThread, PartRequest, PartNote>(threadModule('trace-worker'), data);
    thread.ready.then(
      () => lanes.push(thread),
      () => {}, // its first answer will say
    );
    return thread;
  });
  const sum = noPartCounts();
  const scratch = newPartScratch();
  const text = newText();
  const parts = partsOf(buffers);
  const planned: Planned[] = [];
  let turn = 0;
  const plan = (): void => {
    while (planned.length < (lanes.length === 1 ? 1 : AHEAD * lanes.length)) {
      const part = parts.next();
      if (part.done === true) return;
      const thread = lanes[turn++ % lanes.length];
      planned.push({ part: part.value, asked: thread === null ? null : { thread, number: thread.ask(part.value) } });
    }
  };
  try {
    /** Where the part before ended; null: with its buffer. */
    let cut: Cut | null = null;
    plan();
    for (let one = planned.shift(); one !== undefined; one = planned.shift()) {
      plan();
      const { part, asked } = one;
      if (part.from === 0) cut = START;
      const isCovered = cut === null || cut.offset >= part.to;
      if (asked !== null) cut = await readPart(part, asked.thread, asked.number, cut);
      else if (!isCovered && cut !== null) cut = workHere(part, cut);
      done(Math.min(part.to, part.size) - part.from);
      if (asked === null) await breath();
      plan();
    }
  } finally {
    await Promise.all(threads.map((t) => t.stop()));
  }
  return sum;

  /** What a thread made of the part; where its guess was wrong, which takes damage just there, the part is done here. */
  async function readPart(part: PartRequest, thread: Thread, number: number, cut: Cut | null): Promise<Cut | null> {
    const isCovered = cut === null || cut.offset >= part.to;
    const first = await thread.next();
    const start = 'note' in first && first.note.kind === 'start' ? first.note.start : null;
    if (!isCovered && start !== null && start.offset === cut.offset && start.closing === cut.closing) {
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
    return isCovered ? cut : workHere(part, cut);
  }

  function workHere(part: PartRequest, cut: Cut): Cut | null {
    const counts = noPartCounts();
    const work = workOn(task, file, part, cut, counts, scratch, text);
    for (;;) {
      const step = work.next();
      if (step.done === true) {
        addPartCounts(sum, counts);
        return step.value;
      }
      if (step.value.length > 0) write(step.value.bytes.subarray(0, step.value.length));
      step.value.length = 0;
    }
  }
}
