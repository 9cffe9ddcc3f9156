// The interactive shell in a real pseudo terminal, over the tests' small session.
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bundle, openPty, type Pty } from './pty.ts';

let program = '';
const open: Pty[] = [];

beforeAll(async () => {
  program = await bundle('test/pty/fake-shell.ts');
});
afterEach(async () => {
  for (const pty of open.splice(0)) {
    try {
      pty.process.kill('SIGKILL');
    } catch {
      // It has ended.
    }
  }
});

async function start(columns = 80, rows = 24, env: Record<string, string> = {}): Promise<Pty> {
  const pty = openPty(process.execPath, [program], columns, rows, env);
  open.push(pty);
  await pty.until('spe>');
  return pty;
}

/** Starts the shell below `sh`, which tells afterwards how it ended and which modes the terminal is in. */
async function startBelow(): Promise<Pty> {
  const pty = openPty('/bin/sh', ['-c', `'${process.execPath}' '${program}'; echo code=$?; stty -a; echo end-of-modes`]);
  open.push(pty);
  await pty.until('spe>');
  return pty;
}

async function modesAfter(pty: Pty): Promise<void> {
  await pty.until('end-of-modes');
  const text = pty.everything().join('\n');
  for (const mode of ['icanon', 'echo', 'isig', 'opost', 'icrnl']) expect(text).toMatch(new RegExp(`(?<!-)\\b${mode}\\b`));
  const written = pty.written();
  expect(written.lastIndexOf('\u001b[?2004l')).toBeGreaterThan(written.lastIndexOf('\u001b[?2004h'));
  expect(written.lastIndexOf('\u001b[?25h')).toBeGreaterThan(written.lastIndexOf('\u001b[?25l'));
}

test('starts, runs a command, keeps the transcript, ends with the code of quit', async () => {
  const pty = await start();
  pty.type('say hello\r');
  await pty.until(/spe> say hello\nhello\nspe>/);
  pty.type('quit 5\r');
  expect((await pty.exit).exitCode).toBe(5);
});

test('the same under CI=true', async () => {
  const pty = await start(80, 24, { CI: 'true' });
  pty.type('say hello\r');
  await pty.until(/spe> say hello\nhello\nspe>/);
  pty.type('\u0004');
  expect((await pty.exit).exitCode).toBe(0);
});

test('a burst of a thousand keys loses none, whatever the chunks', async () => {
  const pty = await start();
  const text = Array.from({ length: 996 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
  for (const key of `say ${text}`) pty.type(key);
  pty.type('\r');
  await pty.until(() => pty.everything().join('').includes(`say ${text}${text}spe>`));
});

test('many lines typed ahead run in order', async () => {
  const pty = await start();
  pty.type(Array.from({ length: 100 }, () => 'step\r').join(''));
  await pty.until('stepped to 100');
  expect(
    pty
      .everything()
      .filter((row) => row.startsWith('stepped to'))
      .map((row) => Number(row.slice(11))),
  ).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
});

test('a paste in brackets is not run before Enter', async () => {
  const pty = await start();
  pty.type('\u001b[200~say one\nsay two\n\u001b[201~');
  await pty.until(/spe> say one\n\.\.\.> say two/);
  pty.type('\r');
  await pty.until(/spe> say one\none\nspe> say two\ntwo\nspe>/);
});

test('resize to 40 × 10 and back keeps the scrollback and leaves one prompt', async () => {
  const pty = await start();
  pty.type('big 60\r');
  await pty.until('line 60');
  pty.type('say tail');
  await pty.until('spe> say tail');
  pty.resize(40, 10);
  await pty.until(() => pty.visible().some((row) => row === 'spe> say tail'));
  pty.resize(80, 24);
  pty.type(' end\r');
  await pty.until(/^tail end$/m);
  const all = pty.everything();
  expect(all.filter((row) => /^line \d+$/.test(row))).toHaveLength(60);
  expect(all.filter((row) => row.startsWith('spe> say tail'))).toEqual(['spe> say tail end']);
  expect(pty.written()).not.toMatch(/\u001b\[[23]J/);
});

describe('Ctrl-C', () => {
  test('interrupts a command that never ends; the prompt is back within 50 ms', async () => {
    const pty = await start();
    const took: number[] = [];
    for (let i = 0; i < 5; i++) {
      pty.type('forever\r');
      await pty.until('operations (Ctrl-C interrupts)');
      const before = performance.now();
      const seen = pty.everything().filter((row) => row.startsWith('interrupted at tick')).length;
      pty.type('\u0003');
      await pty.until(
        () =>
          pty.everything().filter((row) => row.startsWith('interrupted at tick')).length > seen &&
          pty.visible().some((row) => row === 'spe>'),
      );
      took.push(performance.now() - before);
    }
    // The best of five: another program may hold the processor.
    expect(Math.min(...took)).toBeLessThan(50);
    pty.type('say still here\r');
    await pty.until(/^still here$/m);
  });

  test('clears a line, warns on an empty one, and the second ends', async () => {
    const pty = await startBelow();
    pty.type('some text');
    await pty.until('spe> some text');
    pty.type('\u0003');
    await pty.until(() => pty.visible().some((row) => row === 'spe>'));
    pty.type('\u0003');
    await pty.until('press Ctrl-C again or Ctrl-D to exit');
    pty.type('\u0003');
    await pty.until('code=0');
    await modesAfter(pty);
  });

  test('as a signal, it is the same', async () => {
    const pty = await start();
    pty.type('forever\r');
    await pty.until('operations (Ctrl-C interrupts)');
    pty.process.kill('SIGINT');
    await pty.until('interrupted at tick');
  });
});

describe('the terminal is given back', () => {
  test('after Ctrl-D', async () => {
    const pty = await startBelow();
    pty.type('\u0004');
    await pty.until('code=0');
    await modesAfter(pty);
  });
  test('after a bug', async () => {
    const pty = await startBelow();
    pty.type('bug\r');
    await pty.until('code=70');
    expect(pty.everything().join('\n')).toContain('bug: Error: a bug on purpose');
    await modesAfter(pty);
  });
  test('after an exception that nobody caught', async () => {
    const pty = await startBelow();
    pty.type('crash\r');
    await pty.until('code=70');
    expect(pty.everything().join('\n')).toContain('bug: Error: a crash on purpose');
    await modesAfter(pty);
  });
  test('after an exit that the shell does not know of', async () => {
    const pty = await startBelow();
    pty.type('vanish\r');
    await pty.until('code=9');
    await modesAfter(pty);
  });
  test('after SIGTERM while a command runs', async () => {
    const pty = await start();
    pty.type('forever\r');
    await pty.until('operations (Ctrl-C interrupts)');
    pty.process.kill('SIGTERM');
    expect((await pty.exit).exitCode).toBe(143);
    expect(pty.written().lastIndexOf('\u001b[?25h')).toBeGreaterThan(pty.written().lastIndexOf('\u001b[?25l'));
  });
  test('after SIGHUP', async () => {
    const pty = await start();
    pty.process.kill('SIGHUP');
    expect((await pty.exit).exitCode).toBe(129);
  });
});

test('Ctrl-Z stops the program, fg goes on with the line as it was', async () => {
  const pty = openPty('/bin/bash', ['--norc', '--noprofile', '-i'], 80, 24, { PS1: 'outer$ ' });
  open.push(pty);
  await pty.until('outer$');
  pty.type(`'${process.execPath}' '${program}'\r`);
  await pty.until('spe>');
  pty.type('say half');
  await pty.until('spe> say half');
  pty.type('\u001a');
  await pty.until(/Stopped[\s\S]*outer\$/);
  pty.type('stty -a | grep -o " icanon"; echo checked\r');
  await pty.until(/^ icanon\nchecked$/m);
  pty.type('fg\r');
  await pty.until(/fg[\s\S]*spe> say half/);
  pty.type(' done\r');
  await pty.until(/^half done$/m);
  pty.type('forever\r');
  await pty.until('operations (Ctrl-C interrupts)');
  pty.type('\u001a');
  await pty.until(/forever[\s\S]*Stopped[\s\S]*outer\$/);
  pty.type('fg\r');
  await pty.until('operations (Ctrl-C interrupts)');
  pty.type('\u0003');
  await pty.until('interrupted at tick');
  pty.type('\u0004');
  await pty.until(/interrupted[\s\S]*outer\$/);
});
