// Plays a tape: the shell as a person sees it, on a virtual clock, its output through a terminal emulator. What is recorded are the bytes that
// the shell wrote (for casts) and the screens that came of them (for pictures). Nothing depends on how long anything took.
import { render } from 'ink';
import { createElement } from 'react';
import { SLICE_TIME } from '../../shell/pace.ts';
import { type PlacedStep, type Tape, typingDelay } from '../../shell/tape.ts';
import type { CastEvent } from '../../view/cast.ts';
import type { Frame } from '../../view/svg.ts';
import { App } from '../app.tsx';
import { graphemesOf, wrapText } from '../graphemes.ts';
import { painter } from '../paint.ts';
import type { ShellPort } from '../port.ts';
import { createShell } from '../shell.ts';
import { NO_PROGRAMS } from '../terminal.ts';
import { virtualClock } from './clock.ts';
import { emulator } from './emulator.ts';
import { repaint } from './repaint.ts';

/** Streams that hand on what is written; io makes them. */
export type OpenStreams = (
  columns: number,
  rows: number,
  onWrite: (text: string, taken: () => void) => void,
) => { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream; resize(columns: number, rows: number): void };

export interface PlayOptions {
  readonly tape: Tape;
  readonly port: ShellPort;
  readonly greeting: string;
  readonly open: OpenStreams;
}

export interface Recording {
  readonly events: readonly CastEvent[];
  readonly frames: readonly Frame[];
  /** Every line that was printed, and the screen. */
  readonly text: readonly string[];
  /** Milliseconds. */
  readonly length: number;
  /** A Wait or Expect that did not hold, and the screen then. */
  readonly failed: { readonly step: PlacedStep; readonly screen: readonly string[] } | null;
  /** Exit code, where the shell ended. */
  readonly code: number | null;
}

/** How long a key waits for what it began before the next comes; Wait waits longer. */
const PATIENCE = 2000; // ms of the tape
/** The prompt stands alone before the first key. */
const BEFORE = 500; // ms

export async function playTape({ tape, port, greeting, open }: PlayOptions): Promise<Recording> {
  const clock = virtualClock();
  const screen = emulator(tape.columns, tape.rows);
  const events: CastEvent[] = [];
  const frames: Frame[] = [];
  let bytes = '';
  let writing = 0;
  let hidden = false;
  let size = { columns: tape.columns, rows: tape.rows };
  let random = tape.seed;
  const streams = open(tape.columns, tape.rows, (text, taken) => {
    bytes += text;
    writing += 1;
    screen.write(text, () => {
      writing -= 1;
      taken();
    });
  });
  const paint = painter(true);
  const shell = createShell({ port, clock, paint, width: () => size.columns, greeting: wrapText(greeting, size.columns) });
  let code: number | null = null;
  const bug: { error?: unknown } = {};
  shell.ending.then((ending) => {
    if (ending.kind === 'exit') code = ending.code;
    else bug.error = ending.error;
  });
  const terminal = { stop: () => Promise.resolve(), ...NO_PROGRAMS };
  const ink = render(createElement(App, { shell, port, look: { paint, cut: '…', hints: true }, terminal }), {
    stdin: streams.stdin,
    stdout: streams.stdout,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    maxFps: 0,
    incrementalRendering: true,
  });

  /** Everything that was begun has reached the screen. */
  async function settle(): Promise<void> {
    for (let quiet = 0, seen = bytes.length; quiet < 4; quiet++) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      await ink.waitUntilRenderFlush();
      if (writing > 0 || bytes.length !== seen) quiet = 0;
      seen = bytes.length;
    }
    if (bug.error !== undefined) throw bug.error;
  }

  function record(): void {
    if (bytes === '') return;
    const text = bytes.replace(/\r?\n/g, '\r\n');
    bytes = '';
    if (hidden) return;
    const last = events.at(-1);
    if (last !== undefined && last.at === clock.at() && last.code === 'o') events[events.length - 1] = { ...last, text: last.text + text };
    else events.push({ at: clock.at(), code: 'o', text });
    if (frames.at(-1)?.at === clock.at()) frames.pop();
    frames.push(screen.frame(clock.at()));
  }

  /** Lets the shell work until it waits for a key, `done` holds, or the time is over. */
  async function work(time: number, done: () => boolean = () => false): Promise<boolean> {
    const end = clock.at() + time;
    await settle();
    record();
    while (!done() && clock.busy() && clock.at() < end) {
      clock.turn();
      if (shell.state().running !== undefined) clock.pass(SLICE_TIME);
      await settle();
      record();
    }
    return done();
  }

  async function passTime(time: number): Promise<void> {
    const end = clock.at() + time;
    if (clock.busy()) await work(time);
    if (clock.at() < end) clock.pass(hidden ? 0 : end - clock.at());
    await settle();
    record();
  }

  async function key(press: Parameters<typeof shell.press>[0][number], speed: number): Promise<void> {
    shell.press([press]);
    await work(PATIENCE);
    const next = typingDelay(random, speed);
    random = next.state;
    await passTime(next.delay);
  }

  const shows = (pattern: RegExp): boolean => screen.texts().some((text) => pattern.test(text));

  /** Whether the step holds. */
  async function play(step: PlacedStep): Promise<boolean> {
    switch (step.kind) {
      case 'type':
        for (const text of graphemesOf(step.text)) await key({ text }, step.speed ?? tape.typingSpeed);
        return true;
      case 'key':
        for (let i = 0; i < step.times; i++) await key({ chord: step.chord }, step.speed ?? tape.typingSpeed);
        return true;
      case 'sleep':
        await passTime(step.time);
        return true;
      case 'wait':
        return work(step.timeout, () => shows(step.pattern));
      case 'expect':
        return shows(step.pattern);
      case 'marker':
        if (!hidden) events.push({ at: clock.at(), code: 'm', text: step.label });
        return true;
      case 'hide':
        hidden = true;
        return true;
      case 'show':
        if (!hidden) return true;
        hidden = false;
        events.push({ at: clock.at(), code: 'o', text: repaint(screen.frame(0)) });
        frames.push(screen.frame(clock.at()));
        return true;
      case 'resize':
        size = { columns: step.columns, rows: step.rows };
        if (!hidden) events.push({ at: clock.at(), code: 'r', text: `${step.columns}x${step.rows}` });
        screen.resize(step.columns, step.rows);
        streams.resize(step.columns, step.rows);
        await settle();
        record();
        return true;
    }
  }

  let failed: Recording['failed'] = null;
  hidden = tape.steps[0]?.kind === 'hide';
  await work(PATIENCE);
  if (!hidden) await passTime(BEFORE);
  for (const step of tape.steps) {
    if (shell.state().ended) break;
    if (await play(step)) continue;
    failed = { step, screen: screen.visible() };
    break;
  }
  await settle();
  record();
  if (code !== null) events.push({ at: clock.at(), code: 'x', text: String(code) });
  const text = screen.everything();
  const length = clock.at();
  shell.terminate(0);
  ink.unmount();
  return { events, frames, text, length, failed, code };
}
