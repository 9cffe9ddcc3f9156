// Whatever is typed, the parser answers: a command whose stored text reads back the same, or a misread with a place in the text.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { families } from '../../commands/table.ts';
import { complete } from '../../src/shell/complete.ts';
import { readCommand } from '../../src/shell/read.ts';
import { newShellState } from '../../src/shell/state.ts';
import { usage } from '../../src/shell/syntax.ts';
import { splitCommands } from '../../src/shell/words.ts';

const state = newShellState(families);
const { table } = state;
const words = [...new Set(table.families.flatMap((f) => f.forms.flatMap((form) => form.syntax.split(/[\s[\]<>:|…]+/))))].filter(
  (w) => w !== '',
);
const marks = [
  '0',
  '1',
  '0x15',
  '-1',
  '4KiB',
  'vcpu0',
  'pc',
  'PMBSR_EL1.S',
  '$x',
  '$?',
  '==',
  '(',
  ')',
  '[',
  ']',
  "'",
  '"',
  '/',
  '=',
  '--',
  '-x',
  '#',
  ';',
  '\\',
  '😀',
  '…',
  'EINVAL',
  "'step'",
  '/a b/',
  '&',
  '\u001b',
];
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...words) },
  { weight: 3, arbitrary: fc.constantFrom(...marks) },
  { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
);
const text = fc
  .array(fc.tuple(piece, fc.constantFrom(' ', ' ', ' ', '')), { maxLength: 9 })
  .map((parts) => parts.map((p) => p.join('')).join(''));

test('every text is a command or a misread with its place', () => {
  fc.assert(
    fc.property(text, fc.boolean(), (source, prefixes) => {
      for (const statement of splitCommands(source)) {
        const read = readCommand(statement.text, table, { prefixes });
        const length = statement.chars.length;
        if (read.isErr()) {
          expect(read.error.at).toBeGreaterThanOrEqual(0);
          expect(read.error.at).toBeLessThanOrEqual(length);
          expect(read.error.message).not.toBe('');
          expect(read.error.hint).toBeTruthy();
        } else {
          // The stored text is in whole words: a file may hold it.
          const again = readCommand(read.value.text, table, { prefixes: false });
          expect(again.isOk() ? again.value.text : again.error).toBe(read.value.text);
          expect(again._unsafeUnwrap().form).toBe(read.value.form);
        }
      }
    }),
    { numRuns: 3000 },
  );
});

test('completion answers at any cursor, and what it offers stands where it says', () => {
  fc.assert(
    fc.property(text, fc.nat(60), (line, at) => {
      const cursor = Math.min(at, line.length);
      const { replace, items } = complete(line, cursor, state);
      expect(replace[0]).toBeGreaterThanOrEqual(0);
      expect(replace[1]).toBe(cursor);
      expect(items.length).toBeLessThanOrEqual(200);
    }),
    { numRuns: 1000 },
  );
});

test('every form can be typed: its usage line is a sentence of its own grammar', () => {
  for (const family of table.families) {
    for (const form of family.forms) {
      const compiled = table.form(form.id);
      if (compiled === undefined) throw new Error(form.id);
      expect(usage(compiled.syntax).split(/[\s[/]/)[0]).toBe(compiled.syntax.firstWord);
      expect(form.about, form.id).toMatch(/[.?:]$/);
    }
  }
});
