// The line editor's reducer: properties over random edits, and the Emacs keys one by one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EditorEvent, type EditorState, EMPTY, edit, offsetOf, textOf } from '../../src/ui/editor.ts';
import { cleanText, columnsOf, graphemesOf } from '../../src/ui/graphemes.ts';
import type { Motion } from '../../src/ui/motions.ts';

const MOTIONS: readonly Motion[] = [
  'left',
  'right',
  'word-left',
  'word-right',
  'blank-left',
  'line-start',
  'line-end',
  'line-rest',
  'start',
  'end',
  'up',
  'down',
];
const motion = fc.constantFrom(...MOTIONS);
const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom(
    'step 20',
    ' ',
    '\n',
    'é',
    'e\u0301',
    '\u0301',
    '👩‍👩‍👧',
    '\u200d',
    '🇩🇪',
    '漢字',
    'a\nb',
    '\t',
    '\u001b[31m',
    '\ud83d',
    'x',
  ),
);
const event: fc.Arbitrary<EditorEvent> = fc.oneof(
  { weight: 4, arbitrary: words.map((text): EditorEvent => ({ kind: 'insert', text })) },
  { weight: 3, arbitrary: motion.map((to): EditorEvent => ({ kind: 'move', to })) },
  motion.map((to): EditorEvent => ({ kind: 'delete', to })),
  motion.map((to): EditorEvent => ({ kind: 'kill', to })),
  fc.constantFrom<EditorEvent>(
    { kind: 'yank' },
    { kind: 'yank-pop' },
    { kind: 'transpose' },
    { kind: 'undo' },
    { kind: 'clear' },
    { kind: 'case', to: 'upper' },
  ),
  words.map((text): EditorEvent => ({ kind: 'set', text })),
  fc.tuple(fc.nat(12), fc.nat(12), words).map(([from, to, text]): EditorEvent => ({ kind: 'replace', from, to, text })),
);
const play = (events: readonly EditorEvent[]): EditorState => events.reduce(edit, EMPTY);

describe('properties', () => {
  test('the cursor is in range, and the graphemes are those of the text', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state = EMPTY;
        for (const one of events) {
          state = edit(state, one);
          expect(state.cursor).toBeGreaterThanOrEqual(0);
          expect(state.cursor).toBeLessThanOrEqual(state.graphemes.length);
          expect(graphemesOf(textOf(state))).toEqual([...state.graphemes]);
          expect(textOf(state)).toBe(cleanText(textOf(state)));
        }
      }),
    );
  });

  test('undo after an edit gives back text and cursor', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), event, (events, one) => {
        // A movement ends a run of insertions, which is undone whole.
        const before = edit(play(events), { kind: 'move', to: 'right' });
        fc.pre(one.kind !== 'undo' && one.kind !== 'clear' && one.kind !== 'move');
        const after = edit(before, one);
        fc.pre(after.past.length > before.past.length);
        const again = edit(after, { kind: 'undo' });
        expect(textOf(again)).toBe(textOf(before));
        expect(again.cursor).toBe(before.cursor);
      }),
    );
  });

  test('undo often enough gives the empty line', () => {
    fc.assert(
      fc.property(
        fc.array(
          event.filter((e) => e.kind !== 'clear'),
          { maxLength: 30 },
        ),
        (events) => {
          let state = play(events);
          for (let i = 0; i <= events.length; i++) state = edit(state, { kind: 'undo' });
          expect(textOf(state)).toBe('');
        },
      ),
    );
  });

  test('what is killed and yanked at once is the line as it was', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), motion, (events, to) => {
        const before = play(events);
        const killed = edit(edit(before, { kind: 'move', to: 'right' }), { kind: 'kill', to });
        fc.pre(killed.last === 'kill');
        expect(textOf(edit(killed, { kind: 'yank' }))).toBe(textOf(before));
      }),
    );
  });
});

/** Text with the cursor as a bar: `st|ep`. */
const line = (text: string): EditorState => {
  const at = text.indexOf('|');
  const state = edit(EMPTY, { kind: 'insert', text: text.replace('|', '') });
  return { ...state, cursor: graphemesOf(text.slice(0, at)).length, last: 'other' };
};
const shown = (state: EditorState): string =>
  [...state.graphemes.slice(0, state.cursor), '|', ...state.graphemes.slice(state.cursor)].join('');

describe('Emacs keys', () => {
  test.each<[string, EditorEvent, string]>([
    ['vcpu 0 attr| set', { kind: 'kill', to: 'blank-left' }, 'vcpu 0 | set'],
    ['attr set spe.spu|', { kind: 'kill', to: 'word-left' }, 'attr set spe.|'],
    ['attr set spe.spu|', { kind: 'kill', to: 'blank-left' }, 'attr set |'],
    ['at|tr set', { kind: 'kill', to: 'word-right' }, 'at| set'],
    ['at|tr set', { kind: 'kill', to: 'line-rest' }, 'at|'],
    ['at|tr set', { kind: 'kill', to: 'line-start' }, '|tr set'],
    ['a\nb|c\nd', { kind: 'kill', to: 'line-rest' }, 'a\nb|\nd'],
    ['a\nb|\nd', { kind: 'kill', to: 'line-rest' }, 'a\nb|d'],
    ['a\nb|c\nd', { kind: 'kill', to: 'line-start' }, 'a\n|c\nd'],
    ['step |20', { kind: 'move', to: 'word-left' }, '|step 20'],
    ['|step 20', { kind: 'move', to: 'word-right' }, 'step| 20'],
    ['ab|cd', { kind: 'transpose' }, 'acb|d'],
    ['abcd|', { kind: 'transpose' }, 'abdc|'],
    ['|abcd', { kind: 'transpose' }, '|abcd'],
    ['|pmbsr_el1 x', { kind: 'case', to: 'upper' }, 'PMBSR_EL1| x'],
    ['|MAIN', { kind: 'case', to: 'capital' }, 'Main|'],
    ['a😀|b', { kind: 'delete', to: 'left' }, 'a|b'],
    ['a👩‍👩‍👧|b', { kind: 'move', to: 'left' }, 'a|👩‍👩‍👧b'],
    ['12345\n12|\n12345', { kind: 'move', to: 'up' }, '12|345\n12\n12345'],
    ['12345\n12\n1234|5', { kind: 'move', to: 'up' }, '12345\n12|\n12345'],
    ['漢字|\nabcdef', { kind: 'move', to: 'down' }, '漢字\nabcd|ef'],
    ['one|', { kind: 'move', to: 'down' }, 'one|'],
    ['|one', { kind: 'move', to: 'up' }, '|one'],
    ['sy|', { kind: 'replace', from: 0, to: 2, text: 'sysfs' }, 'sysfs|'],
  ])('%s · %o · %s', (before, what, after) => {
    expect(shown(edit(line(before), what))).toBe(after);
  });

  test('kills in a row are yanked together, in their order', () => {
    const twice = [{ kind: 'kill', to: 'blank-left' }, { kind: 'kill', to: 'blank-left' }, { kind: 'yank' }] as const;
    expect(shown(twice.reduce<EditorState>(edit, line('one two three|')))).toBe('one two three|');
  });

  test('Alt-Y puts the kill before it in place of the yanked one', () => {
    let state = line('one two|');
    state = edit(state, { kind: 'kill', to: 'blank-left' });
    state = edit(state, { kind: 'move', to: 'start' });
    state = edit(state, { kind: 'kill', to: 'line-rest' });
    state = edit(state, { kind: 'yank' });
    expect(textOf(state)).toBe('one ');
    expect(textOf(edit(state, { kind: 'yank-pop' }))).toBe('two');
  });

  test('Ctrl-C keeps the text for Ctrl-Y', () => {
    expect(shown(edit(edit(line('a long| line'), { kind: 'clear' }), { kind: 'yank' }))).toBe('a long line|');
  });

  test('a word is one undo step', () => {
    let state = EMPTY;
    for (const key of 'step 20') state = edit(state, { kind: 'insert', text: key });
    state = edit(state, { kind: 'undo' });
    expect(textOf(state)).toBe('step');
    expect(textOf(edit(state, { kind: 'undo' }))).toBe('');
  });

  test('offsets are UTF-16 units', () => {
    expect(offsetOf(line('a😀|b'))).toBe(3);
  });
});

test('columns: wide characters take two, marks none', () => {
  expect(['a', '漢', '😀', 'e\u0301', '\n', '👩‍👩‍👧'].map(columnsOf)).toEqual([1, 2, 2, 1, 0, 2]);
});
