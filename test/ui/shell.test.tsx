// What the shell says, by ink-testing-library: transcript, misreads, repeat, running status, boxes.
import { cleanup, render } from 'ink-testing-library';
import { createElement } from 'react';
import { afterEach, expect, test } from 'vitest';
import { App } from '../../src/ui/app.tsx';
import { painter } from '../../src/ui/paint.ts';
import { createShell } from '../../src/ui/shell.ts';
import type { Shell } from '../../src/ui/shell-state.ts';
import { type Clock, LOOP_CLOCK } from '../../src/ui/slices.ts';
import { NO_PROGRAMS } from '../../src/ui/terminal.ts';
import { type FakePort, fakePort } from './fake-port.ts';

interface Opened {
  readonly port: FakePort;
  readonly shell: Shell;
  frame(): string;
  type(text: string): void;
  until(condition: string | (() => boolean)): Promise<void>;
}

function open(clock: Clock = LOOP_CLOCK): Opened {
  const port = fakePort();
  const paint = painter(false);
  const shell = createShell({ port, paint, clock, width: () => 100 });
  const terminal = { stop: () => Promise.resolve(), ...NO_PROGRAMS };
  const { stdin, lastFrame } = render(createElement(App, { shell, port, terminal, look: { paint, cut: '…', hints: true } }));
  const frame = (): string => lastFrame() ?? '';
  return {
    port,
    shell,
    frame,
    type: (text) => stdin.write(text),
    async until(condition) {
      const deadline = performance.now() + 10_000;
      while (!(typeof condition === 'function' ? condition() : frame().includes(condition))) {
        if (performance.now() > deadline) throw new Error(`never said: ${String(condition)}\n${frame()}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  };
}
afterEach(cleanup);

test('a command, its output, and the prompt again', async () => {
  const { type, until, frame } = open();
  await until('spe>');
  type('say hello world\r');
  await until(() => frame() === 'spe> say hello world\nhello world\nspe> ' || frame() === 'spe> say hello world\nhello world\nspe>');
});

test('keys written one by one in the same tick all arrive (ink-text-input keeps one)', async () => {
  const { type, until, port } = open();
  await until('spe>');
  for (const key of 'say hello world') type(key);
  await until('spe> say hello world');
  type('\r');
  await until(() => port.executed.length === 1);
  expect(port.executed).toEqual(['say hello world']);
});

test('several lines in one chunk run in order, commands between semicolons too', async () => {
  const { type, until, port } = open();
  await until('spe>');
  type('say a\rsay b; say c\rstep\rsay d');
  await until('spe> say d');
  expect(port.executed).toEqual(['say a', 'say b', 'say c', 'step']);
});

test('a misread is shown with a caret, and nothing runs', async () => {
  const { type, until, frame, port } = open();
  await until('spe>');
  type('say a; frobnicate\r');
  await until('unknown word');
  expect(frame()).toContain(
    ['spe> say a; frobnicate', '            ^~~~~~~~~~', 'misread [unknown]: unknown word frobnicate', '  hint: did you mean say?'].join(
      '\n',
    ),
  );
  expect(port.executed).toEqual([]);
});

test('after a failure the rest of the line does not run, the next line does', async () => {
  const { type, until, port } = open();
  await until('spe>');
  type('refuse; say b\rsay c\r');
  await until(() => port.executed.length === 2);
  expect(port.executed).toEqual(['refuse', 'say c']);
});

test('Enter on an empty line repeats step, and nothing else', async () => {
  const { type, until, port } = open();
  await until('spe>');
  type('\rstep\r\r\rsay x\r\r');
  await until(() => port.executed.length === 4);
  expect(port.executed).toEqual(['step', 'step', 'step', 'say x']);
});

test('a bracketed paste waits for Enter; a transcript loses prompts and outputs', async () => {
  const { type, until, port, frame } = open();
  await until('spe>');
  type('\u001b[200~spe> say one\none\nspe> say two\ntwo\n\u001b[201~');
  await until('...> say two');
  expect(frame()).toContain('spe> say one\n...> say two');
  expect(port.executed).toEqual([]);
  type('\r');
  await until(() => port.executed.length === 2);
  expect(port.executed).toEqual(['say one', 'say two']);
});

test('the hint shows the usage, Tab the menu', async () => {
  const { type, until } = open();
  await until('spe>');
  type('say h');
  await until('say TEXT');
  type('\u0015re\t');
  await until('records  about records');
  type('\t\t');
  await until('> reg ');
});

test('running: a status line, keys are kept, Ctrl-C interrupts and says where', async () => {
  const { type, until, port, frame } = open();
  await until('spe>');
  type('forever; say never\r');
  await until('operations (Ctrl-C interrupts)');
  expect(frame()).not.toMatch(/spe> $/);
  type('\u0003');
  await until(`interrupted at tick ${port.tick()}`);
  type('say on');
  await until('spe> say on');
  expect(port.executed).toEqual(['forever']);
});

test('keys typed while a command runs count when it has ended', async () => {
  const { type, until, port } = open();
  await until('spe>');
  type('source 200\r');
  await until('sourced 2');
  type('say a');
  type('\rsay b');
  await until('spe> say b');
  expect(port.executed).toEqual(['source 200', 'say a']);
});

test('what a command brings is shown as it comes', async () => {
  const { type, until, frame } = open();
  await until('spe>');
  type('source 3\r');
  await until('sourced 1');
  expect(frame()).toContain('spe> source 3\nsourced 3\nsourced 2\nsourced 1\nspe>');
});

test('quit with nothing to save ends with its code', async () => {
  const { type, until, shell } = open();
  await until('spe>');
  type('quit 3\r');
  expect(await shell.ending).toEqual({ kind: 'exit', code: 3 });
});

test('quit asks for a name when the session is not saved; Escape stays, a name saves, an error keeps asking', async () => {
  const { type, until, shell, port, frame } = open();
  await until('spe>');
  type('up\r');
  await until('up\n');
  type('quit\r');
  await until('save as:');
  type('\u001b');
  await until(() => frame().endsWith('spe> ') || frame().endsWith('spe>'));
  type('quit\r');
  await until('Save the session?');
  type('/nowhere/a.md');
  await until('save as: /nowhere/a.md');
  type('\r');
  await until('no such directory');
  type('\u0015');
  type('a.md');
  await until('save as: a.md');
  type('\r');
  expect(await shell.ending).toEqual({ kind: 'exit', code: 0 });
  expect(port.saved.get('a.md')).toContain('up');
});

test('a burst that goes through the box: quit, a name, Enter in one chunk', async () => {
  const { type, until, shell, port } = open();
  await until('spe>');
  type('up\rquit\rb.md\r');
  expect(await shell.ending).toEqual({ kind: 'exit', code: 0 });
  expect([...port.saved.keys()]).toEqual(['b.md']);
});

test('Ctrl-R searches the history, Ctrl-S comes back, the same command is met once; Enter runs what it found, Tab takes it', async () => {
  const { type, until, port } = open();
  await until('spe>');
  type('say one\rsay two\rstep\rsay two\rstep\r');
  await until('stepped to 2');
  type('\u0012');
  await until('search back:');
  type('say');
  await until('search back: say\nsay two');
  type('\u0012');
  await until('search back: say\nsay one');
  type('\u0013');
  await until('search back: say\nsay two');
  type('\u0012');
  await until('search back: say\nsay one');
  type('\t');
  await until('spe> say one');
  type('\u0015\u0012');
  await until('search back:');
  type('tw');
  await until('search back: tw');
  type('\r');
  await until(() => port.executed.length === 6);
  expect(port.executed.at(-1)).toBe('say two');
});

test('the warning of Ctrl-C goes after two seconds', async () => {
  const timers: (() => void)[] = [];
  const { type, until, frame, shell } = open({ ...LOOP_CLOCK, after: (ms, callback) => void (ms === 2000 && timers.push(callback)) });
  await until('spe>');
  type('\u0003');
  await until('press Ctrl-C again');
  for (const timer of timers) timer();
  await until(() => !frame().includes('press Ctrl-C again'));
  type('\u0003');
  await until('press Ctrl-C again');
  expect(shell.state().ended).toBe(false);
});

test('a question mark where a command begins asks for help, elsewhere it is itself', async () => {
  const { type, until } = open();
  await until('spe>');
  type('?');
  await until('spe> help');
  type('?');
  await until('spe> help ?');
});

test('a bug ends the shell with what was thrown', async () => {
  const { type, until, shell } = open();
  await until('spe>');
  type('bug\r');
  const ending = await shell.ending;
  expect(ending.kind === 'bug' && ending.error).toEqual(new Error('a bug on purpose'));
});

test('a line that stops at a failure says how much of it did not run', async () => {
  const { type, until, port } = open();
  await until('spe>');
  type('say one; refuse; say two; say three\r');
  await until('no, thank you\n2 commands behind it were not run');
  expect(port.executed).toEqual(['say one', 'refuse']);
  type('refuse; say two\r');
  await until('1 command behind it was not run');
});
