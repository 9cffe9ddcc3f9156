// What a person sees, through a terminal emulator: cursor, colours, wrapping, scrollback, resizing, the terminal given back.
import { afterEach, describe, expect, test } from 'vitest';
import { type StartOptions, startShell } from '../../src/ui/start.ts';
import { type FakePort, fakePort } from './fake-port.ts';
import { openScreen, type Screen } from './screen.ts';

interface Opened {
  readonly screen: Screen;
  readonly port: FakePort;
  readonly code: Promise<number>;
}

const open: Opened[] = [];

async function start(columns = 80, rows = 24, options: Partial<StartOptions> = {}): Promise<Opened> {
  const screen = openScreen(columns, rows);
  const port = fakePort();
  const code = startShell({ port, colour: false, terminal: screen.terminal, ...options });
  code.catch(() => {});
  const opened = { screen, port, code };
  open.push(opened);
  await screen.until('spe>');
  return opened;
}

afterEach(async () => {
  for (const { screen, code } of open.splice(0)) {
    screen.signal('SIGTERM');
    await code.catch(() => {});
  }
});

/** Nothing was erased but rows of the live region: no clear-screen, no erase of scrollback, no reset. */
const neverCleared = (screen: Screen): void => {
  expect(screen.written()).not.toMatch(/\u001b\[[23]J|\u001bc|\u001b\[\?1049/);
};
const prompts = (screen: Screen): number => screen.everything().filter((row) => row.startsWith('spe>')).length;

test('the cursor stands where the next key goes, with wide characters before it', async () => {
  const { screen } = await start();
  screen.type('say 漢字');
  await screen.until('spe> say 漢字');
  await screen.until(() => screen.cursor().x === 13);
  expect(screen.cursor()).toEqual({ x: 13, y: 0 });
  screen.type('\u001b[D');
  await screen.until(() => screen.cursor().x === 11);
  screen.type('\u0001');
  await screen.until(() => screen.cursor().x === 5);
});

test('a burst of a thousand keys, one chunk a key, loses none', async () => {
  const { screen, port } = await start();
  const text = `say ${Array.from({ length: 996 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')}`;
  for (const key of text) screen.type(key);
  screen.type('\r');
  await screen.until(() => port.executed.length === 1);
  expect(port.executed).toEqual([text]);
});

test('lines wider than the terminal are wrapped by the terminal, so that they copy whole', async () => {
  const { screen } = await start(40, 10);
  const words = Array.from({ length: 30 }, (_, i) => `word${i}`).join(' ');
  screen.type(`say ${words}\r`);
  await screen.until('word29');
  await screen.until(() => screen.everything().includes(words));
});

describe.each([
  [80, 24],
  [40, 10],
  [20, 5],
])('%i × %i', (columns, rows) => {
  test('menu, hint and a long text stay within the live region; the transcript is kept', async () => {
    const { screen } = await start(columns, rows);
    for (let i = 1; i <= 20; i++) screen.type(`say line ${i}\r`);
    await screen.until('line 20');
    screen.type('s\t\t\t');
    await screen.until('> sa');
    screen.type('\u001b');
    await screen.until(() => !screen.visible().some((row) => row.startsWith('> ')));
    screen.type('\u0015say ');
    screen.type('many words '.repeat(30));
    await screen.until(() => screen.visible().filter((row) => row.includes('words')).length >= Math.min(rows - 2, 6) - 1);
    screen.type('\u0003');
    await screen.until(() => screen.visible().some((row) => row === 'spe>'));
    neverCleared(screen);
    const kept = screen.everything().filter((row) => /^line \d+$/.test(row));
    expect(kept).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i + 1}`));
    expect(prompts(screen)).toBe(21);
  });
});

test('after five resizes the scrollback is whole, and no copy of the prompt is left behind', async () => {
  const { screen } = await start(80, 24);
  screen.type('big 40\r');
  await screen.until('line 40');
  screen.type('say half-typed');
  await screen.until('spe> say half-typed');
  for (const [columns, rows] of [
    [60, 20],
    [40, 10],
    [100, 30],
    [40, 12],
    [80, 24],
  ] as const) {
    screen.resize(columns, rows);
    await screen.until('spe> say half-typed');
  }
  screen.type(' line\r');
  await screen.until('half-typed line');
  neverCleared(screen);
  const all = screen.everything();
  expect(all.filter((row) => /^line \d+$/.test(row))).toHaveLength(40);
  expect(all.filter((row) => row.startsWith('spe> say half'))).toEqual(['spe> say half-typed line']);
});

test.each([
  ['a menu and a hint', 's\t\t', 'about sample', /^ {2}1 of 9 candidates$/],
  ['the box that asks for a name', 'up\rquit\r', 'save as:', /^Save the session/],
  ['a running command', 'forever\r', 'operations', /operations|interrupt/],
])('a narrower terminal leaves no copy of %s', async (_name, keys, shown, last) => {
  const { screen } = await start(80, 24);
  screen.type('big 40\r');
  await screen.until('line 40');
  screen.type(keys);
  await screen.until(shown);
  for (const columns of [50, 30, 40, 80]) {
    screen.resize(columns, 24);
    await screen.until(() => screen.visible().join('\n').includes(shown) && screen.cursor().x < columns);
    await screen.until(() => screen.everything().filter((row) => row.includes(shown)).length === 1);
    expect(screen.everything().at(-1)).toMatch(last);
  }
  screen.type('\u0003');
  expect(screen.everything().filter((row) => /^line \d+$/.test(row))).toHaveLength(40);
  neverCleared(screen);
});

test('Ctrl-L scrolls the screen away and keeps it', async () => {
  const { screen } = await start();
  screen.type('big 10\rup x');
  await screen.until('spe> up x');
  screen.type('\u000c');
  // Not in the first row, from which tmux takes any erasing for a cleared screen that it keeps a copy of.
  await screen.until(() => screen.visible()[1] === 'spe> up x');
  expect(screen.visible().toSpliced(1, 1).join('')).toBe('');
  expect(screen.everything().filter((row) => /^line \d+$/.test(row))).toHaveLength(10);
  neverCleared(screen);
});

test('ten thousand lines of output', async () => {
  const { screen } = await start();
  screen.type('big 10000\r');
  await screen.until('line 10000');
  expect(screen.everything().filter((row) => /^line \d+$/.test(row))).toHaveLength(10_000);
});

test('Ctrl-X Ctrl-E brings back the text from the editor', async () => {
  const { screen, port } = await start();
  screen.type('say it\u0018\u0005');
  await screen.until('spe> say it edited');
  screen.type('\r');
  await screen.until(() => port.executed.length === 1);
  expect(port.executed).toEqual(['say it edited']);
});

test('plain: no colours, no hint, no menu; candidates are printed, the running line does not change', async () => {
  const { screen } = await start(80, 24, { plain: true, colour: true, ascii: true });
  screen.type('say one\rsay o');
  await screen.until('spe> say o');
  expect(screen.visible().join('\n')).not.toContain('say TEXT');
  screen.type('\u0015re\t');
  await screen.until('records  about records');
  expect(
    screen
      .visible()
      .slice(2, 6)
      .map((row) => row.slice(0, 21)),
  ).toEqual(['records  about record', 'reg      about reg, a', 'regs     about regs, ', 'spe> re']);
  screen.type('\u0015forever\r');
  await screen.until('forever ... running (Ctrl-C interrupts)');
  screen.type('\u0003');
  await screen.until('interrupted at tick');
  expect(screen.written()).not.toMatch(/\u001b\[[\d;]*m/);
});

describe('the terminal is given back', () => {
  const restored = (screen: Screen): void => {
    expect(screen.rawMode()).toBe(false);
    expect(screen.written().lastIndexOf('\u001b[?2004l')).toBeGreaterThan(screen.written().lastIndexOf('\u001b[?2004h'));
    expect(screen.written().lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.written().lastIndexOf('\u001b[?25l'));
  };
  test.each([
    ['quit', (s: Screen) => s.type('quit\r'), 0],
    ['quit 7', (s: Screen) => s.type('quit 7\r'), 7],
    ['Ctrl-D', (s: Screen) => s.type('\u0004'), 0],
    ['Ctrl-C twice', (s: Screen) => s.type('\u0003\u0003'), 0],
    ['SIGTERM', (s: Screen) => s.signal('SIGTERM'), 143],
    ['SIGHUP', (s: Screen) => s.signal('SIGHUP'), 129],
    ['SIGTERM while a command runs', (s: Screen) => [s.type('forever\r'), s.signal('SIGTERM')], 143],
  ])('after %s', async (_name, leave, expected) => {
    const { screen, code } = await start();
    screen.type('say hello\r');
    await screen.until('hello');
    leave(screen);
    expect(await code).toBe(expected);
    restored(screen);
    neverCleared(screen);
    const rows = screen.everything();
    expect(rows.at(-1)).not.toBe('spe>');
  });
  test('after a bug, which is thrown', async () => {
    const { screen, code } = await start();
    screen.type('bug\r');
    await expect(code).rejects.toThrow('a bug on purpose');
    restored(screen);
  });
});

test('a long output stands whole between what was printed before and behind it, and is no part of the live region', async () => {
  const { screen, port } = await start();
  screen.type('say before; big 3000; say behind\r');
  await screen.until(/^behind\nspe>/m);
  expect(port.executed).toHaveLength(3);
  const rows = screen.everything().filter((row) => row !== '');
  const at = rows.indexOf('before');
  expect(rows.slice(at, at + 3002)).toEqual(['before', ...Array.from({ length: 3000 }, (_, i) => `line ${i + 1}`), 'behind']);
  expect(rows.slice(at + 3002)).toEqual(['spe>']);
  neverCleared(screen);
});

test('a long output is written before quit ends the shell', async () => {
  const { screen, code } = await start();
  screen.type('big 2000; quit 3\r');
  expect(await code).toBe(3);
  expect(
    screen
      .everything()
      .filter((row) => row.startsWith('line '))
      .at(-1),
  ).toBe('line 2000');
});
