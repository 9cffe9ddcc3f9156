// `spesh boot`: an image to its end, its console as it comes, the status it reports as exit code (language.md §1). Part of main.
import { families } from '../commands/table.ts';
import { DEFAULT_HOST, findHost, type Home } from './home.ts';
import type { Invocation } from './io/arguments.ts';
import { readBytes } from './io/files.ts';
import { writeOut } from './io/output.ts';
import { listenForStop, stopCode } from './io/signals.ts';
import { BOOT } from './session/boot.ts';
import type { Argument, Command } from './session/command.ts';
import type { Outcome } from './session/outcome.ts';
import { createSession, type Session } from './session/session.ts';
import type { BatchPort } from './shell/batch.ts';
import { EXIT, exitCodeOf } from './shell/exit-code.ts';
import { outcomeJson } from './shell/json.ts';
import { drive } from './shell/pace.ts';
import { callLines } from './shell/present.ts';
import { newShellState } from './shell/state.ts';
import { text } from './view/doc.ts';

type BootInvocation = Extract<Invocation, { mode: 'boot' }>;

/** The largest exit code an operating system hands on. */
const LARGEST_CODE = 255;

/** Runs the image; the exit code. */
export async function runBoot(invocation: BootInvocation, home: Home, port: BatchPort): Promise<number> {
  const { options } = home;
  const host = findHost(home, options.host ?? DEFAULT_HOST);
  if (host.isErr()) {
    port.err(port.render(host.error.doc, 'err'));
    return host.error.code;
  }
  const { behaviours } = newShellState(families).table;
  const table = new Map([...behaviours, [BOOT.id, BOOT] as const]);
  const session = createSession({ host: host.value, hosts: home.hosts, seed: options.seed ?? 0, table });
  for (const name of [invocation.image, ...(invocation.initrd === null ? [] : [invocation.initrd])]) {
    const read = name === invocation.image ? home.fixtures.guest(name) : readBytes(name);
    if (read.isErr()) {
      port.err(`spesh: ${name}: ${read.error.message}\n`);
      return EXIT.usage;
    }
    session.addAsset({ ...read.value, path: name });
  }

  const command = commandOf(invocation);
  const console = consolePrinter(session, !options.json && !options.quiet);
  const signals = listenForStop();
  const outcome = await drive(session.execute(command), {
    now: port.now,
    pause: async () => {
      await console.print();
      await port.pause();
    },
    stopping: () => signals.pending() !== null,
  });
  const signal = signals.pending();
  signals.dispose();
  await console.print();
  if (options.json) port.out(`${outcomeJson(command.text, outcome, 1, session.context.world.world.machine.tick)}\n`);
  else report(outcome, console.isLineOpen(), port);
  if (signal !== null) return stopCode(signal);
  return exitCode(outcome);
}

const word = (value: string): Argument => ({ kind: 'word', text: value });
const quoted = (value: string): string => (/^[\w./:+-]+$/.test(value) ? value : `'${value}'`);

function commandOf(invocation: BootInvocation): Command {
  const { image, initrd, operations, memory, vcpus } = invocation;
  const parts = ['boot', quoted(image)];
  if (invocation.arguments !== '') parts.push('--args', quoted(invocation.arguments));
  if (vcpus !== 1) parts.push('--smp', `${vcpus}`);
  if (initrd !== null) parts.push('--initrd', quoted(initrd));
  const args = {
    image: word(image),
    arguments: word(invocation.arguments),
    vcpus: word(`${vcpus}`),
    memory: word(`${memory}`),
    operations: word(`${operations}`),
    initrd: word(initrd ?? ''),
  };
  return { form: BOOT.id, args, text: parts.join(' ') };
}

interface ConsolePrinter {
  print(): Promise<void>;
  /** What was printed last did not end its line. */
  isLineOpen(): boolean;
}

/** Prints the bytes that came since the last time, as they are, and lets them go. Where nothing is printed the log keeps their tail. */
function consolePrinter(session: Session, prints: boolean): ConsolePrinter {
  let last = 10;
  return {
    print: async () => {
      const log = session.context.writableLog;
      if (!prints || log.console.length === 0) return;
      const bytes = Uint8Array.from(log.console, (entry) => entry.byte);
      log.console.length = 0;
      last = bytes[bytes.length - 1];
      await writeOut(bytes);
    },
    isLineOpen: () => last !== 10,
  };
}

/** A guest that reported its status and then sleeps, or loops on the spot, has ended as it can. */
const ENDS_IN_PLACE: ReadonlySet<unknown> = new Set(['waits', 'stuck']);

/** What to say of the end: nothing where the guest ended itself. */
function endText({ data, unmet }: Outcome): string | null {
  if (typeof data?.['stopped'] !== 'string') {
    if (unmet === undefined) return null;
    return `${unmet.message}\n${unmet.hint === undefined ? '' : `  hint: ${unmet.hint}\n`}`;
  }
  const isEnd = data['status'] !== null && ENDS_IN_PLACE.has(data['stop']);
  return isEnd ? null : `stopped: ${data['stopped']}\n`;
}

/** Why it stopped, where it was not the guest that ended; a call that was refused. */
function report(outcome: Outcome, lineOpen: boolean, port: BatchPort): void {
  if (outcome.interrupted === true) return;
  const calls = [...(outcome.calls ?? []), ...(outcome.call === undefined ? [] : [outcome.call])];
  const refused = calls.find((call) => call.errno !== null);
  const said = refused === undefined ? endText(outcome) : port.render([text(...callLines(refused))], 'err');
  if (said === null) return;
  port.err(`${lineOpen ? '\n' : ''}${refused === undefined ? 'spesh: ' : ''}${said}`);
}

/** The guest's status, else what became of the outcome. */
function exitCode(outcome: Outcome): number {
  const status = outcome.data?.['status'];
  if (typeof status !== 'number' || outcome.interrupted === true) return exitCodeOf(outcome);
  return status < 0 || status > LARGEST_CODE ? LARGEST_CODE : status;
}
