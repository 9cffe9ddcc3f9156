// Signals of a batch: the first asks the command to end, with the state consistent; the second does not wait.

export type Stop = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface StopSignal {
  /** The signal that came, if one did. */
  pending(): Stop | null;
  dispose(): void;
}

const CODES: Readonly<Record<Stop, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

export const stopCode = (signal: Stop): number => CODES[signal];

export function listenForStop(): StopSignal {
  let pending: Stop | null = null;
  const on = (signal: Stop) => (): void => {
    if (pending !== null) process.exit(CODES[signal]);
    pending = signal;
  };
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => [signal, on(signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return {
    pending: () => pending,
    dispose: () => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    },
  };
}
