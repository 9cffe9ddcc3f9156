// The terminal the shell runs in: its streams, the signals it is sent, and how it is handed over and given back.
export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGTSTP';

const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGTSTP'];

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Calls back on a signal, a closed terminal ('SIGHUP') or an uncaught exception, until the returned function is called. */
  listen(onSignal: (signal: Signal) => void, onError: (error: unknown) => void): () => void;
  /** Stops the process group, as Ctrl-Z does; resolves when it goes on. */
  stop(): Promise<void>;
  /** Lets the person edit a text in their editor; undefined where there is none, or where it failed. */
  editText(text: string): Promise<string | undefined>;
  /** Shows a text in the person's pager until they leave it; false where there is none. */
  pageText(text: string): Promise<boolean>;
}

/** Programs of the person's own that the terminal is handed to. */
export type Programs = Pick<Terminal, 'editText' | 'pageText'>;

/** Neither an editor nor a pager: tapes, tests. */
export const NO_PROGRAMS: Programs = { editText: () => Promise.resolve(undefined), pageText: () => Promise.resolve(false) };

/** Cursor shown, bracketed paste and synchronized output off: what must hold when spesh is gone, however it went. */
export const RESTORE = '\u001b[?2026l\u001b[?2004l\u001b[?25h';

/** The terminal of this process. */
export function processTerminal(programs: Programs = NO_PROGRAMS): Terminal {
  const { stdin, stdout } = process;
  let onStop: (() => void) | undefined;
  return {
    stdin,
    stdout,
    ...programs,
    listen(onSignal, onError) {
      const signals = SIGNALS.map((signal) => [signal, () => onSignal(signal)] as const);
      onStop = signals.find(([signal]) => signal === 'SIGTSTP')?.[1];
      const gone = (): void => onSignal('SIGHUP');
      for (const [signal, handler] of signals) process.on(signal, handler);
      process.on('uncaughtException', onError);
      process.on('unhandledRejection', onError);
      stdin.on('end', gone);
      stdin.on('error', gone);
      stdout.on('error', gone);
      return () => {
        for (const [signal, handler] of signals) process.off(signal, handler);
        process.off('uncaughtException', onError);
        process.off('unhandledRejection', onError);
        stdin.off('end', gone);
        stdin.off('error', gone);
        stdout.off('error', gone);
      };
    },
    stop: () =>
      new Promise((resolve) => {
        if (onStop !== undefined) process.off('SIGTSTP', onStop);
        process.kill(0, 'SIGTSTP');
        // While stopped no timer runs; an orphaned process group is not stopped at all (POSIX general terminal interface), hence no wait for SIGCONT.
        setTimeout(() => {
          if (onStop !== undefined) process.on('SIGTSTP', onStop);
          resolve();
        }, 20);
      }),
  };
}
