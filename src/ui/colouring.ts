// Colours of a line while it is typed, from the words of the language (language.md §2). Lexical: whether a command is right, its parser says.
import { isBlank, scanWord, splitCommands } from '../shell/words.ts';
import type { TypedSpan } from './port.ts';

/** Role of one word that is not the first of its command. */
function roleOf(raw: string): TypedSpan['role'] | undefined {
  if (/^['"]/.test(raw)) return 'string';
  if (/^--?[A-Za-z]/.test(raw)) return 'option';
  if (/^-?\d/.test(raw)) return 'number';
  if (/^\$|^[A-Z][A-Z0-9_]*_EL[0-3]\b/.test(raw)) return 'name';
  return undefined;
}

/** Spans of a line in UTF-16 units. `isCommand` says which first words exist. */
export function colouring(line: string, isCommand: (word: string) => boolean): TypedSpan[] {
  const all = Array.from(line);
  // Code points to UTF-16 units.
  const units: number[] = [0];
  for (const c of all) units.push(units[units.length - 1] + c.length);
  const spans: TypedSpan[] = [];
  let covered = 0;
  for (const { chars, at } of splitCommands(line)) {
    for (let i = 0, n = 0; i < chars.length; n++) {
      while (i < chars.length && isBlank(chars[i])) i += 1;
      if (i >= chars.length) break;
      const word = scanWord(chars, i);
      const role = n === 0 ? (isCommand(word.raw) ? 'command' : undefined) : roleOf(word.raw);
      if (role !== undefined) spans.push({ from: units[at + i], to: units[at + word.end], role });
      i = Math.max(word.end, i + 1);
    }
    covered = at + chars.length;
  }
  // A comment is what is left behind the last command.
  const comment = all.findIndex((c, i) => i >= covered && c === '#');
  if (comment >= 0) spans.push({ from: units[comment], to: line.length, role: 'comment' });
  return spans;
}
