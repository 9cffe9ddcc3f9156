import { err, ok } from 'neverthrow';
import { describe, expect, test } from 'vitest';
import { readTape, type Tape } from '../../src/shell/tape.ts';

const none = () => err('no such file');
const tape = (...lines: string[]): Tape => readTape({ file: 'a.tape', text: lines.join('\n') }, none)._unsafeUnwrap();
const faults = (...lines: string[]): string[] =>
  readTape({ file: 'a.tape', text: lines.join('\n') }, none)
    ._unsafeUnwrapErr()
    .map((d) => `${d.place.line}:${d.place.column} ${d.message}`);
const steps = (...lines: string[]): unknown[] => tape(...lines).steps.map(({ source: _s, line: _l, ...step }) => step);

describe('tapes', () => {
  test('settings and outputs', () => {
    const read = tape('Output a/b.cast', 'Output "with blank.svg" # why not', 'Set Width 100', 'Set Height 30', 'Set TypingSpeed 80ms');
    expect(read.outputs).toEqual([
      { path: 'a/b.cast', kind: 'cast' },
      { path: 'with blank.svg', kind: 'svg' },
    ]);
    expect([read.columns, read.rows, read.typingSpeed, read.theme, read.seed, read.title]).toEqual([100, 30, 80, 'dark', 0, '']);
  });

  test('typing and keys', () => {
    expect(steps('Type "say \\"x\\"; #1"', "Type@80ms 'a' `b`", 'Enter', 'Backspace 3', 'Ctrl+R', 'Alt+B', 'Shift+Tab', 'Space 2')).toEqual(
      [
        { kind: 'type', text: 'say "x"; #1', speed: null },
        { kind: 'type', text: 'a b', speed: 80 },
        { kind: 'key', chord: 'Enter', times: 1, speed: null },
        { kind: 'key', chord: 'Backspace', times: 3, speed: null },
        { kind: 'key', chord: 'C-r', times: 1, speed: null },
        { kind: 'key', chord: 'M-B', times: 1, speed: null },
        { kind: 'key', chord: 'S-Tab', times: 1, speed: null },
        { kind: 'type', text: '  ', speed: null },
      ],
    );
  });

  test('time, patterns, the rest', () => {
    expect(steps('Sleep 1.5s', 'Sleep 2', 'Wait@3s /a\\/b \\d/', 'Expect /x/', 'Marker "one"', 'Hide', 'Show', 'Resize 40x10')).toEqual([
      { kind: 'sleep', time: 1500 },
      { kind: 'sleep', time: 2000 },
      { kind: 'wait', pattern: /a\/b \d/m, timeout: 3000 },
      { kind: 'expect', pattern: /x/m, timeout: 15_000 },
      { kind: 'marker', label: 'one' },
      { kind: 'hide' },
      { kind: 'show' },
      { kind: 'resize', columns: 40, rows: 10 },
    ]);
  });

  test('Source brings the steps of another tape, with their own places', () => {
    const files: Record<string, string> = { 'b.tape': '\nType "from b"', 'loop.tape': 'Source loop.tape' };
    const read = (file: string) => (files[file] === undefined ? err('no such file') : ok(files[file]));
    const [step] = readTape({ file: 'a.tape', text: 'Source b.tape' }, read)._unsafeUnwrap().steps;
    expect([step.source.file, step.line]).toEqual(['b.tape', 2]);
    expect(readTape({ file: 'a.tape', text: 'Source loop.tape' }, read)._unsafeUnwrapErr()[0].message).toMatch(/too deeply/);
  });

  test('every fault is told, with its place', () => {
    expect(
      faults('Typ "x"', 'Type x', 'Sleep soon', 'Expect /(/', 'Set Width 5', 'Output a.gif', 'Enter', 'Set Width 90', 'Source gone'),
    ).toEqual([
      "1:1 unknown tape command 'Typ'",
      '2:6 Type takes texts in quotes',
      '3:7 Sleep takes a time',
      expect.stringMatching(/^4:8 Invalid regular expression/),
      "5:11 '5' is no width",
      "6:8 no output ends like 'a.gif'",
      '8:5 what is Set stands before the first key',
      '9:8 gone: no such file',
    ]);
  });
});
