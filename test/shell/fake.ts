// A session without a machine, and commands that do what a test needs: print, be refused, be Unmet, run for a while, write, end.
import { err, ok } from 'neverthrow';
import { alias } from '../../commands/alias.ts';
import { expect } from '../../commands/expect.ts';
import { history } from '../../commands/history.ts';
import { quit } from '../../commands/quit.ts';
import { save } from '../../commands/save.ts';
import { source } from '../../commands/source.ts';
import type { Argument, Command, Running } from '../../src/session/command.ts';
import { isRunning } from '../../src/session/command.ts';
import { type CallReport, done, type Outcome, unmet } from '../../src/session/outcome.ts';
import type { Asset, Context, JournalEntry, Session, SessionOptions } from '../../src/session/session.ts';
import type { BatchPort } from '../../src/shell/batch.ts';
import { createDriver, type Driver, type FilePort } from '../../src/shell/driver.ts';
import type { Form } from '../../src/shell/family.ts';
import { family } from '../../src/shell/family.ts';
import { type Finished, newShellState, type ShellState } from '../../src/shell/state.ts';
import { text } from '../../src/view/doc.ts';
import { renderPlain } from '../../src/view/plain.ts';

const form = (id: string, syntax: string, run: Form['run'], show?: Form['show']): Form => ({
  id,
  syntax,
  about: id,
  effect: 'world',
  run,
  ...(show ? { show } : {}),
});

export const refusal = (errno: string): CallReport => ({
  ioctl: 'KVM_TEST',
  on: 'vcpu0',
  strace: `ioctl(vcpu0, KVM_TEST, 0) = -1 ${errno} (Some text)`,
  ret: -1,
  errno,
  number: 22,
  why: 'the test says so',
  check: 2,
  of: 3,
  evidence: 'seed',
  evidenceText: 'seed: the_test',
  checks: [
    { errno: 'EIO', why: 'one', saw: '', result: 'passed', evidence: 'seed: x' },
    { errno, why: 'the test says so', saw: 'a test', result: 'failed', evidence: 'seed: the_test' },
  ],
});

const FAKES = family({
  name: 'fakes',
  group: 'shell',
  summary: 'commands of the tests',
  forms: [
    form(
      'say',
      'say <text:TEXT>',
      (context, args) => done({ text: context.word(args['text']) }, { value: 1 }),
      ({ data }) => [text(...String(data?.['text']).split('|'))],
    ),
    form('refuse', 'refuse <errno:ERRNO>', (context, args) => done(null, { ok: false, call: refusal(context.word(args['errno'])) })),
    form('cannot', 'cannot <code:WORD>', (context, args) => unmet(context.word(args['code']), 'it cannot be done now', 'wait')),
    form('read', 'read <file:FILE>', (context, args) => done({ bytes: context.asset(context.word(args['file']))?.bytes.length ?? -1 })),
    form('crash', 'crash', () => {
      throw new Error('crashed on purpose');
    }),
    form('spin', 'spin', () => {
      let left = 1e9;
      return { advance: (n) => ((left -= n) > 0 ? null : done()), interrupt: () => done({ left }) };
    }),
  ],
});

/** A session whose world has a tick and nothing else. */
export function fakeSession(options: Pick<SessionOptions, 'table'>): Session {
  const assets = new Map<string, Asset>();
  const machine = { tick: 0 };
  const journal: JournalEntry[] = [];
  const context = {
    journal,
    world: { world: { machine } },
    hosts: new Map(),
    asset: (path: string) => assets.get(path),
    word: (argument: Argument | undefined) => (argument?.kind === 'word' ? argument.text : ''),
    number: (argument: Argument | undefined) =>
      ok(argument?.kind === 'expression' && argument.expression.kind === 'number' ? argument.expression.value : undefined),
    execute: (command: Command) => run(command),
  } as unknown as Context;
  const run = (command: Command): Outcome | Running => {
    const behaviour = options.table.get(command.form);
    if (behaviour === undefined) throw new Error(`no form ${command.form}`);
    return behaviour.run(context, command.args);
  };
  const execute = (command: Command): Running => {
    let inner: Outcome | Running | null = null;
    return {
      advance: (n) => {
        inner ??= run(command);
        machine.tick += 1;
        const outcome = isRunning(inner) ? inner.advance(n) : inner;
        if (outcome !== null && outcome.unmet === undefined) journal.push({ command, tick: machine.tick, interruptedAt: null });
        return outcome;
      },
      interrupt: () => ({ ...(inner !== null && isRunning(inner) ? inner.interrupt() : done()), interrupted: true }),
    };
  };
  return { context, journal, execute, addAsset: (asset: Asset) => void assets.set(asset.path, asset) } as Partial<Session> as Session;
}

export const fakeState = (): ShellState =>
  newShellState((state) => [FAKES, expect(state), quit, source, alias(state), history(state), save(state)]);

/** Files by name; what is written lands there too. */
export function fakeFiles(files: Map<string, string>): FilePort {
  return {
    read: (name) => {
      const content = files.get(name);
      if (content === undefined) return err({ message: 'no such file' });
      return ok({ path: name, sha256: '', bytes: new TextEncoder().encode(content) });
    },
    write: (path, bytes) => {
      files.set(path, new TextDecoder().decode(bytes));
      return ok(null);
    },
  };
}

export interface Captured extends BatchPort {
  stdout: string;
  stderr: string;
  drivers: Driver[];
  stop: boolean;
}

/** A batch port that keeps what is printed. */
export function capture(files = new Map<string, string>(), keepGoing = false): Captured {
  let clock = 0;
  const port: Captured = {
    stdout: '',
    stderr: '',
    drivers: [],
    stop: false,
    out: (t) => {
      port.stdout += t;
    },
    err: (t) => {
      port.stderr += t;
    },
    render: (doc) => renderPlain(doc, { width: 80 }),
    now: () => (clock += 4),
    pause: () => Promise.resolve(),
    stopping: () => port.stop,
    newDriver: (_front, onFinished: (f: Finished) => void) => {
      const driver = createDriver({
        state: fakeState(),
        files: fakeFiles(files),
        keepGoing,
        newSession: (table) => fakeSession({ table }),
        onFinished,
      });
      port.drivers.push(driver);
      return ok(driver);
    },
  };
  return port;
}
