// Worker threads that make long output in pieces: a thread writes into slots of shared memory, which the main thread reads in turn. Nothing
// is copied or detached on the way (V8 slows down typed arrays once a buffer was detached), and a thread waits while its slots are full.
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** Bytes of a slot: a piece of some 256 KiB, and the longest line behind it. */
const SLOT = 320 * 1024;
const SLOTS = 32;

/** Text as the writers of pieces build it. */
export interface PieceText {
  bytes: Uint8Array;
  length: number;
}

type ThreadMessage<Note> =
  | { readonly kind: 'ready' }
  | { readonly kind: 'piece'; readonly slot: number; readonly length: number }
  | { readonly kind: 'note'; readonly note: Note };
type MainMessage<Request> =
  | { readonly kind: 'request'; readonly number: number; readonly request: Request }
  | { readonly kind: 'free'; readonly slot: number };

interface ThreadData<Data> {
  readonly data: Data;
  readonly slots: SharedArrayBuffer;
  /** The number of the last request that nobody wants any more. */
  readonly cancelled: SharedArrayBuffer;
}

export interface PieceThread<Request, Note> {
  /** When it can begin; rejects when it cannot. */
  readonly ready: Promise<void>;
  /** Hands a request over; they are worked on in turn. Its number, for `cancel`. */
  ask(request: Request): number;
  /** What comes next: a piece, valid until the next call, or what the thread has to say. Rejects when the thread fails. */
  next(): Promise<{ readonly piece: Uint8Array } | { readonly note: Note }>;
  /** That request and those before it: they end as soon as they can. */
  cancel(request: number): void;
  stop(): Promise<void>;
}

/** Starts a thread on a module that calls `servePieces`. */
export function startPieceThread<Data, Request, Note>(module: URL, data: Data): PieceThread<Request, Note> {
  const slots = new SharedArrayBuffer(SLOT * SLOTS);
  const cancelled = new SharedArrayBuffer(4);
  const bytes = Array.from({ length: SLOTS }, (_, i) => new Uint8Array(slots, i * SLOT, SLOT));
  const worker = new Worker(module, { workerData: { data, slots, cancelled } satisfies ThreadData<Data> });
  const waiting: Exclude<ThreadMessage<Note>, { kind: 'ready' }>[] = [];
  const begun: { resolve(): void; reject(problem: unknown): void } = { resolve: () => {}, reject: () => {} };
  const ready = new Promise<void>((resolve, reject) => Object.assign(begun, { resolve, reject }));
  let wake: (() => void) | null = null;
  let failed: unknown = null;
  let reading = -1;
  let requests = 0;
  const fail = (problem: unknown): void => {
    failed ??= problem;
    begun.reject(problem);
    wake?.();
  };
  worker.on('message', (message: ThreadMessage<Note>) => {
    if (message.kind === 'ready') begun.resolve();
    else waiting.push(message);
    wake?.();
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`a thread ended with code ${code}`)));
  const post = (message: MainMessage<Request>): void => worker.postMessage(message);
  return {
    ready,
    ask: (request) => {
      requests += 1;
      post({ kind: 'request', number: requests, request });
      return requests;
    },
    async next() {
      if (reading >= 0) post({ kind: 'free', slot: reading });
      reading = -1;
      for (;;) {
        const message = waiting.shift();
        if (message?.kind === 'note') return { note: message.note };
        if (message !== undefined) {
          reading = message.slot;
          return { piece: bytes[message.slot].subarray(0, message.length) };
        }
        if (failed !== null) throw failed;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
      }
    },
    cancel: (request) => {
      Atomics.store(new Int32Array(cancelled), 0, request);
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}

/** What answering a request gives: text to hand over (it is then emptied), or a note. */
export type PieceWork<Note> = Generator<PieceText | { readonly note: Note }>;

/** In a thread: answers requests in turn. `text` is where the answering function writes. A cancelled request ends with `ended`. */
export function servePieces<Data, Request, Note>(
  open: (data: Data) => (request: Request, text: PieceText) => PieceWork<Note>,
  ended: Note,
): void {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread');
  const { data, slots, cancelled } = workerData as ThreadData<Data>;
  const flag = new Int32Array(cancelled);
  const answer = open(data);
  const free = Array.from({ length: SLOTS }, (_, i) => i);
  const asked: { readonly number: number; readonly request: Request }[] = [];
  let wake: (() => void) | null = null;
  let isBusy = false;
  const post = (message: ThreadMessage<Note>): void => port.postMessage(message);
  post({ kind: 'ready' });

  const slotFree = async (): Promise<number> => {
    for (;;) {
      const slot = free.shift();
      if (slot !== undefined) return slot;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
  };
  const serve = async (): Promise<void> => {
    isBusy = true;
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      let slot = await slotFree();
      const text: PieceText = { bytes: new Uint8Array(slots, slot * SLOT, SLOT), length: 0 };
      for (const said of answer(next.request, text)) {
        if (Atomics.load(flag, 0) >= next.number) {
          post({ kind: 'note', note: ended });
          break;
        }
        if ('note' in said) post({ kind: 'note', note: said.note });
        else if (said.length > 0) {
          if (said.bytes.buffer !== slots) throw new Error('a piece is longer than its slot');
          post({ kind: 'piece', slot, length: said.length });
          slot = await slotFree();
          said.bytes = new Uint8Array(slots, slot * SLOT, SLOT);
          said.length = 0;
        }
      }
      free.unshift(slot);
    }
    isBusy = false;
  };
  port.on('message', (message: MainMessage<Request>) => {
    if (message.kind === 'free') {
      free.push(message.slot);
      wake?.();
      return;
    }
    asked.push(message);
    if (!isBusy) void serve(); // what it throws ends the thread, and the main thread hears of it
  });
}
