// A trace worked on by several threads, part by part, whose output comes out as one pass would give it. Part of main.
import { type PieceThread, startPieceThread } from './io/piece-threads.ts';
import type { OpenFile } from './io/read-at.ts';
import { threadModule } from './io/workers.ts';
import { addPartCounts, type Cut, noPartCounts, type PartCounts, START } from './trace/parts.ts';
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
export function* partsOf(buffers: Iterable<BufferPlace>): Generator<PartRequest> {
  for (const { offset, size, midr } of buffers) {
    const count = Math.max(1, Math.round(size / PART));
    for (let i = 0; i < count; i++) {
      yield { offset, size, midr, from: i * PART, to: i + 1 === count ? Number.POSITIVE_INFINITY : (i + 1) * PART };
    }
  }
}

interface Asked {
  readonly part: PartRequest;
  readonly thread: PieceThread<PartRequest, PartNote>;
  readonly number: number;
}

/** Parts asked of a thread at a time: one under way, one behind it. */
const AHEAD = 2;

/** Works on every buffer with so many threads; `write` gets the text in order (each piece is valid until it returns), `done` hears of bytes. The counts of all. */
export async function workInThreads(
  file: OpenFile,
  buffers: Iterable<BufferPlace>,
  task: PartTask,
  count: number,
  write: (piece: Uint8Array) => void,
  done: (bytes: number) => void,
): Promise<PartCounts> {
  const data: TraceThread = { fd: file.fd, size: file.size, task };
  const threads = Array.from({ length: count }, () =>
    startPieceThread<TraceThread, PartRequest, PartNote>(threadModule('trace-worker'), data),
  );
  const sum = noPartCounts();
  const parts = partsOf(buffers);
  const asked: Asked[] = [];
  let next = 0;
  const askMore = (): void => {
    while (asked.length < AHEAD * count) {
      const part = parts.next();
      if (part.done === true) return;
      const thread = threads[next++ % count];
      asked.push({ part: part.value, thread, number: thread.ask(part.value) });
    }
  };
  try {
    /** Where the part before ended; null: with its buffer. */
    let cut: Cut | null = null;
    askMore();
    for (let one = asked.shift(); one !== undefined; one = asked.shift()) {
      if (one.part.from === 0) cut = START;
      cut = await readPart(one, cut);
      done(Math.min(one.part.to, one.part.size) - one.part.from);
      askMore();
    }
  } finally {
    await Promise.all(threads.map((t) => t.stop()));
  }
  return sum;

  async function readPart({ part, thread, number }: Asked, cut: Cut | null): Promise<Cut | null> {
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
    while (!isOver) {
      const said = await thread.next();
      isOver = 'note' in said;
    }
    if (isCovered) return cut;
    return doAgain(part, cut);
  }

  /** In this thread: the guess was wrong, which takes damage just there. */
  function doAgain(part: PartRequest, cut: Cut): Cut | null {
    const counts = noPartCounts();
    const work = workOn(task, file, part, cut, counts);
    for (;;) {
      const step = work.next();
      if (step.done === true) {
        addPartCounts(sum, counts);
        return step.value;
      }
      write(step.value.bytes.subarray(0, step.value.length));
      step.value.length = 0;
    }
  }
}
