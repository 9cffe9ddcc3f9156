// Worker threads that make long output in pieces: a thread copies them into slots of shared memory, which the main thread reads in turn, and
// waits while its slots are full. Nothing is built in shared memory, where V8's fill and set are several times slower, and nothing is
// transferred: once a buffer was detached V8 makes slower code for typed arrays.
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
  /** One more request was worked on. */
  | { readonly kind: 'over' }
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
  /** Would `next` be there at once, up to the end of that request? Also where no more fits into the slots. */
  isAhead(request: number): boolean;
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
  const waiting: Exclude<ThreadMessage<Note>, { kind: 'ready' | 'over' }>[] = [];
  let over = 0;
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
    else if (message.kind === 'over') over += 1;
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
    isAhead: (request) => over >= request || waiting.length >= SLOTS / 2 || failed !== null,
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
      const slot = free.pop(); // the one used last is still in the cache
      if (slot !== undefined) return slot;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
  };
  const text: PieceText = { bytes: new Uint8Array(SLOT), length: 0 };
  const handOver = async (said: PieceText): Promise<void> => {
    if (said.length > SLOT) throw new Error('a piece is longer than a slot');
    const slot = await slotFree();
    new Uint8Array(slots, slot * SLOT, SLOT).set(said.bytes.subarray(0, said.length));
    post({ kind: 'piece', slot, length: said.length });
    said.length = 0;
  };
  const serve = async (): Promise<void> => {
    isBusy = true;
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      for (const said of answer(next.request, text)) {
        if (Atomics.load(flag, 0) >= next.number) {
          post({ kind: 'note', note: ended });
          break;
        }
        if ('note' in said) post({ kind: 'note', note: said.note });
        else if (said.length > 0) await handOver(said);
      }
      text.length = 0;
      post({ kind: 'over' });
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
