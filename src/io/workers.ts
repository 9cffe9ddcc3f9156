// Worker threads that answer requests, one after the other: plain data goes over and comes back.
import { parentPort, Worker, workerData } from 'node:worker_threads';

export interface WorkerThread<Request, Answer> {
  /** One request at a time. Rejects when the thread fails. */
  ask(request: Request): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a thread on a module that calls `serveRequests`; `data` is what it begins with. */
export function startThread<Request, Answer>(module: URL, data: unknown): WorkerThread<Request, Answer> {
  const worker = new Worker(module, { workerData: data });
  let settle: { resolve(answer: Answer): void; reject(problem: unknown): void } | null = null;
  let failed: unknown = null;
  const fail = (problem: unknown): void => {
    failed ??= problem;
    settle?.reject(problem);
    settle = null;
  };
  worker.on('message', (answer: Answer) => {
    const waiting = settle;
    settle = null;
    waiting?.resolve(answer);
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`a thread ended with code ${code}`)));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (failed !== null) return reject(failed);
        settle = { resolve, reject };
        worker.postMessage(request);
      }),
    stop: async () => {
      await worker.terminate();
    },
  };
}

/** In a thread: makes the answering function of what the thread began with, and answers. */
export async function serveRequests<Data, Request, Answer>(open: (data: Data) => Promise<(request: Request) => Answer>): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread');
  const answer = await open(workerData as Data);
  port.on('message', (request: Request) => port.postMessage(answer(request)));
}
