// The prompt's reducer: history, suggestion, completion menu, interrupt and leave, pasted transcripts; and the key table.
import { describe, expect, test } from 'vitest';
import { offsetOf, textOf } from '../../src/ui/editor.ts';
import { remember, search } from '../../src/ui/history.ts';
import { KEYS, meaning, type Press, presses } from '../../src/ui/keys.ts';
import { logicalLines, withoutPrompts } from '../../src/ui/paste.ts';
import { FRESH, ghost, type Pressed, type PromptState, press } from '../../src/ui/prompt.ts';
import { fakePort } from './fake-port.ts';

const entries = ['host', 'step 5', 'vcpu 0 run', 'step 20', 'say hello world', 'step 20'];
const around = { entries, complete: fakePort().complete };

/** Plays presses; a word in angle brackets is a chord: `st<Up>`. */
function play(script: string, from: PromptState = FRESH): Pressed {
  let last: Pressed = { state: from };
  for (const part of script.match(/<[^>]+>|[^<]+/g) ?? []) {
    const one: Press = part.startsWith('<') ? { chord: part.slice(1, -1) } : { text: part };
    last = press(last.state, one, around);
  }
  return last;
}
const text = (script: string): string => textOf(play(script).state.editor);

describe('history', () => {
  test.each([
    ['<Up>', 'step 20'],
    ['<Up><Up>', 'say hello world'],
    ['st<Up>', 'step 20'],
    ['st<Up><Up>', 'step 5'],
    ['st<Up><Up><Up>', 'step 5'],
    ['st<Up><Up><Down>', 'step 20'],
    ['st<Up><Up><Down><Down>', 'st'],
    ['st<Up><Up><Down><Down><Down>', 'st'],
    ['nothing<Up>', 'nothing'],
    ['st<C-p><C-p><C-n>', 'step 20'],
    ['st<Up>0<Up>', 'step 200'],
  ])('%s gives %s', (script, expected) => {
    expect(text(script)).toBe(expected);
  });

  test('the cursor goes to the end of the line that comes up', () => {
    const { editor } = play('st<Up>').state;
    expect(offsetOf(editor)).toBe(7);
  });

  test('in a text of several lines the arrows go from line to line first', () => {
    expect(play('ab<M-Enter>c<Up>').state.editor.cursor).toBe(1);
    expect(text('ab<M-Enter>c<Up>')).toBe('ab\nc');
  });

  test('the same command twice in a row is kept once', () => {
    const all = ['a'];
    expect(['a', '  ', 'b', 'b', 'a'].map((one) => remember(all, one))).toEqual([false, false, true, false, true]);
    expect(all).toEqual(['a', 'b', 'a']);
  });

  test('the history keeps at most twenty thousand entries, and the latest ten thousand', () => {
    const all: string[] = [];
    for (let i = 0; i < 25_000; i++) remember(all, `step ${i}`);
    expect(all.length).toBeLessThan(20_000);
    expect(all.at(-10_000)).toBe('step 15000');
  });

  test('backward search: small letters find both, capitals only themselves', () => {
    const all = ['reg PMBSR_EL1', 'regs', 'run'];
    expect(search(all, 'pmbsr')).toBe(0);
    expect(search(all, 'PMBSR')).toBe(0);
    expect(search(all, 'REG')).toBe(-1);
    expect(search(all, 'r', 2)).toBe(1);
    expect(search(all, 'r', 0, 1)).toBe(1);
  });
});

describe('suggestion', () => {
  test('the rest of the latest command that begins so', () => {
    expect(ghost(play('say h').state, entries)).toBe('ello world');
    expect(ghost(FRESH, entries)).toBe('');
    expect(ghost(play('say h<Left>').state, entries)).toBe('');
  });
  test('Right and End at the end take it, elsewhere they move', () => {
    expect(text('say h<Right>')).toBe('say hello world');
    expect(text('say h<End>')).toBe('say hello world');
    expect(text('say h<Left><Right>')).toBe('say h');
    expect(text('say h<Left><C-e>x')).toBe('say hx');
  });
});

describe('completion', () => {
  test.each([
    ['rec<Tab>', 'records '],
    ['re<Tab>', 're'], // records reg regs
    ['re<Tab><Tab>', 'records'],
    ['re<Tab><Tab><Tab>', 'reg'],
    ['re<Tab><S-Tab>', 'regs'],
    ['re<Tab><Tab><Tab><Tab><Tab>', 'records'],
    ['re<Tab><Down><Down><Up>', 'records'],
    ['re<Tab><Tab><Escape>', 're'],
    ['s<Tab>', 's'],
    ['sa<Tab><Tab><Tab><Tab>', 'save'],
    ['zzz<Tab>', 'zzz'],
  ])('%s gives %s', (script, expected) => {
    expect(text(script)).toBe(expected);
  });

  test('Enter takes the choice and does not run it; the next Enter runs it', () => {
    const chosen = play('re<Tab><Tab><Enter>');
    expect(chosen.effect).toBeUndefined();
    expect(chosen.state.menu).toBeUndefined();
    expect(press(chosen.state, { chord: 'Enter' }, around).effect).toEqual({ kind: 'submit', text: 'records' });
  });

  test('the menu follows the letters that are typed, and closes at a blank', () => {
    expect(play('re<Tab>').state.menu?.items.map((item) => item.label)).toEqual(['records', 'reg', 'regs']);
    expect(play('re<Tab>g').state.menu?.items.map((item) => item.label)).toEqual(['reg', 'regs']);
    expect(play('re<Tab> ').state.menu).toBeUndefined();
    expect(play('re<Tab>zz').state.menu).toBeUndefined();
  });

  test('letters in order are enough when nothing begins so; what begins so goes first', () => {
    const items = ['--bare', '--max-buffer', 'PMBSR_EL1'].map((insert) => ({ label: insert, insert }));
    const complete = (line: string) => ({ replace: [0, line.length] as const, items });
    const tab = (typed: string) => textOf(press(play(typed).state, { chord: 'Tab' }, { entries: [], complete }).state.editor);
    expect(tab('--b')).toBe('--bare ');
    expect(tab('pmb')).toBe('PMBSR_EL1 ');
  });

  test('on the second line of a text, offsets are those of the whole', () => {
    expect(text('say a<M-Enter>rec<Tab>')).toBe('say a\nrecords ');
  });
});

describe('interrupt and leave', () => {
  test('Ctrl-C clears the text, then warns, then leaves', () => {
    const cleared = play('abc<C-c>');
    expect([textOf(cleared.state.editor), cleared.state.leaving, cleared.effect]).toEqual(['', false, undefined]);
    const warned = press(cleared.state, { chord: 'C-c' }, around);
    expect([warned.state.leaving, warned.effect]).toEqual([true, undefined]);
    expect(press(warned.state, { chord: 'C-c' }, around).effect).toEqual({ kind: 'leave' });
    expect(press(warned.state, { text: 'a' }, around).state.leaving).toBe(false);
  });
  test('Ctrl-D deletes, and leaves on an empty line', () => {
    expect(text('ab<C-a><C-d>')).toBe('b');
    expect(play('<C-d>').effect).toEqual({ kind: 'leave' });
  });
});

describe('several lines', () => {
  test('a backslash at the end holds the line open; two do not', () => {
    expect(play('step \\<Enter>5').state.editor.graphemes.join('')).toBe('step \\\n5');
    expect(play("say 'a\\\\<Enter>").effect).toEqual({ kind: 'submit', text: "say 'a\\\\" });
  });
  test('lines that run one after the other', () => {
    expect(logicalLines('a\nb \\\n c\n\nd')).toEqual(['a', 'b \\\n c', 'd']);
  });
  test('a pasted transcript loses prompts and outputs', () => {
    expect(withoutPrompts('spe> up --bare\nioctl(…) = 0\nspe> step \\\n...> 5\nout\r\n')).toBe('up --bare\nstep \\\n5');
    expect(withoutPrompts('host\r\nstep 1\n')).toBe('host\nstep 1');
  });
});

describe('keys', () => {
  const none = {} as Parameters<typeof presses>[1];
  test('every key of a chunk arrives, in order', () => {
    expect(presses('ab\u0001c\rd', none)).toEqual([{ text: 'ab' }, { chord: 'C-a' }, { text: 'c' }, { chord: 'Enter' }, { text: 'd' }]);
    expect(presses('\u001f\u0018\u0005', none)).toEqual([{ chord: 'C-_' }, { chord: 'C-x' }, { chord: 'C-e' }]);
  });
  test('Ctrl-X begins a chord of two', () => {
    expect(play('ab<C-x><C-u>').state.editor.graphemes).toEqual([]);
    expect(play('ab<C-x><C-e>').effect).toEqual({ kind: 'open-editor' });
    expect(play('ab<C-x>c').state.editor.graphemes.join('')).toBe('abc');
  });
  test('no chord has two meanings, and each has its line of help', () => {
    const chords = KEYS.flatMap((row) => row.chords);
    expect(new Set(chords).size).toBe(chords.length);
    for (const row of KEYS) expect(row.about).not.toBe('');
    for (const chord of chords) expect(meaning(chord)).toBeDefined();
  });
});

test('Escape and the next key in one chunk are two keys where Alt and that key mean nothing', () => {
  expect(text('step 1<C-M-u>')).toBe('');
  expect(text('st<M-z>')).toBe('stz');
  expect(text('one two<M-b>X')).toBe('one Xtwo');
  const menu = play('re<Tab><M-z>').state;
  expect(menu.menu).toBeUndefined();
});
