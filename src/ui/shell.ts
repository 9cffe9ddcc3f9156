// The shell's loop: what was pressed, in order, becomes state; submitted lines become commands; finished commands become cells.
// No React here: state is one immutable value behind state() and subscribe(), so that keys that come in one burst all count.
import type { Command } from '../session/command.ts';
import type { Outcome } from '../session/outcome.ts';
import { type BoxStep, boxPress, SEARCH_BOX, saveBox } from './box.ts';
import { echo, listText, misreadText } from './cells.ts';
import { edit, textOf } from './editor.ts';
import { remember } from './history.ts';
import type { Press } from './keys.ts';
import { logicalLines } from './paste.ts';
import { type PromptState, press } from './prompt.ts';
import type { Ending, Hands, Shell, ShellOptions } from './shell-state.ts';
import { type Slices, slices } from './slices.ts';
import { createStore } from './store.ts';

interface Job {
  readonly commands: readonly Command[];
  next: number;
  slices: Slices | undefined;
}

const STATUS_EVERY = 100; // ms between status lines
const LEAVING = 2000; // ms
/** Characters and lines from which a text is long. */
const LONG = 4000;
const LONG_LINES = 100;
const TURN = 10; // ms of work before the event loop looks at its input

export function createShell({ port, clock, paint, width, history, greeting = '', linear = false }: ShellOptions): Shell {
  const entries = [...(history?.load() ?? [])];
  const store = createStore(greeting, entries);
  const { set } = store;
  /** What is to be printed behind a long text that is being written. */
  const outbox: string[] = [];
  let writing = false;
  let paging = false;
  let job: Job | undefined;
  let queue: (Press | { readonly line: string })[] = [];
  let hands: Hands | undefined;
  let waiting = false; // a turn of the event loop has been asked for
  let lastStatus = 0;
  let resolve: (ending: Ending) => void = () => {};
  const ending = new Promise<Ending>((settle) => {
    resolve = settle;
  });

  /** Ink lays out every character of a cell: of ten thousand lines that would be seconds, and memory that it keeps. Those are written as they are. */
  const isLong = (text: string): boolean => hands !== undefined && text.length > LONG && text.split('\n', LONG_LINES).length === LONG_LINES;

  function print(text: string): void {
    if (text === '') return;
    if (!writing && outbox.length === 0 && !isLong(text)) {
      store.print(text);
      return;
    }
    outbox.push(text);
    if (writing || waiting) return;
    waiting = true;
    clock.later(turn);
  }

  /** Empties the outbox; false while a long text is being written. */
  function emptied(): boolean {
    while (!writing && outbox.length > 0) {
      const [text] = outbox.splice(0, 1);
      if (hands === undefined || !isLong(text)) {
        store.print(text);
        continue;
      }
      writing = true;
      hands.printLong(text.replace(/\t/g, '        ')).then(
        () => {
          writing = false;
          turn();
        },
        (error: unknown) => end({ kind: 'bug', error }),
      );
    }
    return !writing;
  }

  /** Hands a text to the pager; nothing else is done before the person has left it. Without one it is printed. */
  function page(text: string, { openPager }: Hands): void {
    writing = true;
    paging = true;
    openPager(text).then(
      (paged) => {
        writing = false;
        paging = false;
        if (!paged) print(text);
        turn();
      },
      (error: unknown) => end({ kind: 'bug', error }),
    );
  }

  function end(how: Ending): void {
    if (store.state().ended) return;
    queue = [];
    job = undefined;
    set({ ended: true, box: undefined, running: undefined });
    resolve(how);
  }

  function terminate(code: number): void {
    if (store.state().ended) return;
    try {
      job?.slices?.interrupt();
      const kept = port.unsaved() ? port.autosave?.() : undefined;
      for (const text of outbox.splice(0)) store.print(text);
      if (kept !== undefined) store.print(paint('dim', `session kept in ${kept}`));
      end({ kind: 'exit', code });
    } catch (error) {
      end({ kind: 'bug', error });
    }
  }

  function submit(text: string): void {
    if (text.trim() === '') {
      const again = port.again();
      if (again === undefined) print(port.prompt().trimEnd());
      else queue.unshift({ line: again });
      return;
    }
    if (remember(entries, text)) history?.append(text);
    queue.unshift(...logicalLines(text).map((line) => ({ line })));
  }

  function startLine(line: string): void {
    print(echo(line, port, paint));
    const read = port.read(line);
    if (!read.ok) print(misreadText(line, read, port, paint));
    else if (read.commands.length > 0) job = { commands: read.commands, next: 0, slices: undefined };
  }

  function finishCommand(current: Job, outcome: Outcome): void {
    const command = current.commands[current.next++];
    current.slices = undefined;
    const news = port.news(width());
    if (command.form === 'more' && outcome.ok && hands !== undefined) page(news, hands);
    else print(news);
    if (command.form === 'clear') hands?.clearScreen();
    const { quit } = outcome;
    if (quit === undefined && outcome.ok && outcome.interrupted !== true && current.next < current.commands.length) return;
    job = undefined;
    set({ running: undefined });
    if (quit === undefined) {
      const left = current.commands.length - current.next + (outcome.notRun ?? 0);
      if (left > 0) print(paint('dim', left === 1 ? '1 command behind it was not run' : `${left} commands behind it were not run`));
      return;
    }
    queue = queue.filter((item) => !('line' in item));
    // `quit 3` says what it wants; `quit` asks first.
    if (command.text.trim() === 'quit' && port.unsaved()) set({ box: saveBox(quit) });
    else end({ kind: 'exit', code: quit });
  }

  /** One slice of the job. */
  function advance(current: Job): void {
    current.slices ??= slices(port.execute(current.commands[current.next]), clock);
    const outcome = current.slices.next();
    if (outcome !== null) {
      finishCommand(current, outcome);
      return;
    }
    print(port.news(width()));
    if (store.state().running === undefined || clock.now() - lastStatus >= STATUS_EVERY) {
      lastStatus = clock.now();
      set({ running: { text: current.commands[current.next].text, operations: current.slices.operations() } });
    }
  }

  function stepBox(step: BoxStep): void {
    switch (step.kind) {
      case 'stay':
        set({ box: step.box });
        break;
      case 'close':
        set({ box: undefined });
        break;
      case 'leave':
        end({ kind: 'exit', code: step.code });
        break;
      case 'take':
        set({ box: undefined });
        if (step.run) submit(step.text);
        else setText(step.text);
        break;
      case 'save': {
        const saved = port.save(step.path);
        if (saved.ok) {
          print(saved.message);
          end({ kind: 'exit', code: step.box.code });
        } else set({ box: { ...step.box, error: saved.message } });
      }
    }
  }

  function take(item: Press): void {
    const { box } = store.state();
    if (box !== undefined) {
      stepBox(boxPress(box, item, entries));
      return;
    }
    const { state: prompt, effect } = press(store.state().prompt, item, { entries, complete: port.complete });
    if (linear && prompt.menu !== undefined && store.state().prompt.menu === undefined) print(listText(prompt.menu.items));
    set({ prompt });
    if (prompt.leaving) forgetLeaving(prompt);
    if (effect === undefined) return;
    if (effect.kind === 'submit') submit(effect.text);
    else if (effect.kind === 'leave') terminate(0);
    else if (effect.kind === 'search') set({ box: SEARCH_BOX });
    else if (effect.kind === 'clear-screen') hands?.clearScreen();
    else if (effect.kind === 'suspend') hands?.suspend();
    else hands?.openEditor(textOf(store.state().prompt.editor));
  }

  /** The warning of the first Ctrl-C stands for two seconds. */
  function forgetLeaving(warned: PromptState): void {
    clock.after(LEAVING, () => {
      if (store.state().prompt === warned) set({ prompt: { ...warned, leaving: false } });
    });
  }

  function setText(text: string): void {
    set({ prompt: { editor: edit(store.state().prompt.editor, { kind: 'set', text }), leaving: false } });
  }

  /** Does what there is to do for one turn of the event loop; asks for another when there is more. */
  function turn(): void {
    waiting = false;
    const began = clock.now();
    try {
      while (!store.state().ended && emptied() && (job !== undefined || queue.length > 0)) {
        const item = job === undefined ? queue.shift() : undefined;
        if (job !== undefined) advance(job);
        else if (item !== undefined) 'line' in item ? startLine(item.line) : take(item);
        if (job?.slices !== undefined || clock.now() - began > TURN) break;
      }
    } catch (error) {
      end({ kind: 'bug', error });
    }
    // Behind a long text the turn is asked for when it is written.
    if (store.state().ended || waiting || writing || (job === undefined && queue.length === 0 && outbox.length === 0)) return;
    waiting = true;
    clock.later(turn);
  }

  function interrupt(): void {
    // The terminal sends it to the pager and to us; it is the pager's.
    if (paging) return;
    queue = [];
    const current = job;
    if (current === undefined) {
      queue.push({ chord: 'C-c' });
      turn();
      return;
    }
    try {
      const outcome = current.slices?.interrupt();
      if (outcome !== undefined) finishCommand(current, outcome);
      job = undefined;
      set({ running: undefined });
      print(`interrupted at tick ${port.tick()}`);
    } catch (error) {
      end({ kind: 'bug', error });
    }
  }

  return {
    state: store.state,
    subscribe: store.subscribe,
    press(presses) {
      for (const item of presses) {
        if (store.state().ended) return;
        if ((job !== undefined || queue.length > 0) && 'chord' in item && item.chord === 'C-c') interrupt();
        else if (job !== undefined && 'chord' in item && item.chord === 'C-z') hands?.suspend();
        else queue.push(item);
        if (!waiting) turn();
      }
    },
    interrupt,
    suspend: () => hands?.suspend(),
    terminate,
    fail: (error) => end({ kind: 'bug', error }),
    setText,
    attach(given) {
      hands = given;
    },
    ending,
  };
}
