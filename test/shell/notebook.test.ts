// language.md §7: what a recorded line stands for, and an update that rewrites outputs and nothing else.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readNotebook } from '../../src/shell/notebook.ts';
import { recordedHolds, recordLine, updateRecorded } from '../../src/shell/recorded.ts';
import { updatedBytes, updatedText, verifyNotebook } from '../../src/shell/verify.ts';
import { capture, fakeState } from './fake.ts';

const read = (text: string) => readNotebook({ file: 'n.md', text }, fakeState().table);

async function verify(text: string) {
  const verified = (await verifyNotebook(read(text)._unsafeUnwrap(), capture()))._unsafeUnwrap();
  return { verified, holds: verified.results.map((r) => r.holds), updated: updatedText(verified) };
}

describe('recorded lines', () => {
  test.each([
    [['a', 'b'], ['a', 'b'], true],
    [['a'], ['a', 'b'], false],
    [['a  '], ['a'], true],
    [['...'], [], true],
    [['...'], ['a', 'b'], true],
    [['a', '...', 'c'], ['a', 'b', 'b', 'c'], true],
    [['a', '...', 'c'], ['a', 'c'], true],
    [['a', '...', 'c'], ['a', 'c', 'd'], false],
    [['...', 'b', '...', 'b'], ['b', 'x', 'b', 'y', 'b'], true],
    [['pc = [..], x'], ['pc = 0x10, x'], true],
    [['pc = [..], x'], ['pc = 0x10'], false],
    [['pc = 0x[0-9a-f]+ (re)'], ['pc = 0xab'], true],
    [['pc = 0x[0-9a-f]+ (re)'], ['pc = 0xab!'], false],
    [['a.b (c)'], ['axb (c)'], false],
    [['... (esc)'], ['...'], true],
    [['... (esc)'], ['x'], false],
    [['spe> x (esc)'], ['spe> x'], true],
    [['[..] (esc)'], ['[..]'], true],
    [['[..] (esc)'], ['abc'], false],
  ])('%j %j', (recorded, actual, holds) => {
    expect(recordedHolds(recorded, actual)).toBe(holds);
  });
  test.each(['...', '[..]', 'a (re)', 'a (esc)', 'spe> a', 'spe>', '...> ', '? EINVAL', 'a [..] b'])('%j is escaped', (line) => {
    expect(recordLine(line)).toBe(`${line.trimEnd()} (esc)`);
  });
  test('whatever is printed, what is recorded stands for it', () => {
    const line = fc.oneof(fc.constantFrom('...', '[..]', 'x (re)', 'x (esc)', 'spe> y', '? EIO', '', '...>'), fc.string({ maxLength: 12 }));
    fc.assert(
      fc.property(fc.array(line.map((l) => l.replace(/\n/g, '').trimEnd())), (lines) => {
        expect(recordedHolds(lines.map(recordLine), lines)).toBe(true);
      }),
    );
  });
});

describe('updating recorded lines', () => {
  test.each([
    ['what holds stays', ['a', '...'], ['a', 'b'], ['a', '...']],
    ['a changed line beside a wildcard', ['A', '...', 'z'], ['B', 'x', 'y', 'z'], ['B', '...', 'z']],
    ['a wildcard line that still matches', ['pc = [..]', 'x0 = 1'], ['pc = 0x20', 'x0 = 2'], ['pc = [..]', 'x0 = 2']],
    ['a regex line that still matches', ['n: \\d+ (re)', 'x'], ['n: 5', 'y'], ['n: \\d+ (re)', 'y']],
    ['a wildcard that no longer matches goes', ['pc = [..]'], ['sp = 1'], ['sp = 1']],
    ['a new line', ['a [..]', 'c'], ['a 1', 'b', 'c'], ['a [..]', 'b', 'c']],
    ['a line less', ['a [..]', 'b', 'c'], ['a 1', 'c'], ['a [..]', 'c']],
    ['nothing recorded yet', [], ['a', '...'], ['a', '... (esc)']],
  ])('%s', (_what, recorded, actual, expected) => {
    expect(updateRecorded(recorded, actual)).toEqual(expected);
  });
  test('the update holds, and updating again changes nothing', () => {
    const recorded = fc.array(fc.constantFrom('a', 'b', 'c', '...', 'a[..]', '[ab] (re)', '... (esc)'), { maxLength: 8 });
    const actual = fc.array(fc.constantFrom('a', 'b', 'c', 'ab', '...'), { maxLength: 8 });
    fc.assert(
      fc.property(recorded, actual, (r, a) => {
        const updated = updateRecorded(r, a);
        expect(recordedHolds(updated, a)).toBe(true);
        expect(updateRecorded(updated, a)).toEqual(updated);
      }),
      { numRuns: 500 },
    );
  });
});

describe('verifying and updating a notebook', () => {
  test('an update leaves every other byte of the file as it is: a byte order mark, bytes that are no UTF-8, line ends', async () => {
    const latin = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
    const file = (recorded: string) => latin(`\xef\xbb\xbf# caf\xe9\r\n\r\n\`\`\`spe\r\nspe> say a\r\n${recorded}\r\n\`\`\`\r\n\xff`);
    const { verified } = await verify(new TextDecoder().decode(file('b')));
    expect(updatedBytes(verified, file('b'))).toEqual(file('a'));
  });
  const stale = [
    '---',
    'spe: 1',
    '---',
    '# T',
    '',
    '```spe id=one',
    'spe> say a|b',
    'a',
    'old',
    '',
    'spe> refuse EIO',
    '...',
    '? EINVAL',
    'spe> say |...|x',
    '```',
    'prose',
    '```spe skip',
    'spe> say never',
    'kept',
    '```',
    '',
  ].join('\n');
  test('says which prompts hold', async () => {
    expect((await verify(stale)).holds).toEqual([false, false, false]);
  });
  test('rewrites outputs and ? lines, keeps everything else', async () => {
    const { updated } = await verify(stale);
    expect(updated.split('\n')).toEqual([
      '---',
      'spe: 1',
      '---',
      '# T',
      '',
      '```spe id=one',
      'spe> say a|b',
      'a',
      'b',
      '',
      'spe> refuse EIO',
      '...',
      '? EIO',
      'spe> say |...|x',
      '',
      '... (esc)',
      'x',
      '```',
      'prose',
      '```spe skip',
      'spe> say never',
      'kept',
      '```',
      '',
    ]);
    const again = await verify(updated);
    expect(again.holds).toEqual([true, true, true]);
    expect(again.updated).toBe(updated);
  });
  test('a longer fence where the output would close it', async () => {
    const { updated } = await verify('```spe\nspe> say a|````|b\n```\n');
    expect(updated).toBe('`````spe\nspe> say a|````|b\na\n````\nb\n`````\n');
    expect((await verify(updated)).holds).toEqual([true]);
  });
  test('line ends of the file stay', async () => {
    const { updated } = await verify('# T\r\n```spe\r\nspe> say a\r\n```\r\n');
    expect(updated).toBe('# T\r\n```spe\r\nspe> say a\r\na\r\n```\r\n');
  });
  test('several commands at one prompt: the first that fails ends it', async () => {
    const { updated } = await verify('```spe\nspe> say a; refuse EIO; say b\n```\n');
    expect(updated).toMatch(/^```spe\nspe> say a; refuse EIO; say b\na\nioctl.*\n.*\n\? EIO\n```\n$/);
  });
  test('continuation lines', async () => {
    expect((await verify('```spe\nspe> say a \\\n...> b\na        b\nspe> expect EIO\n...> refuse EIO\n...\n```\n')).holds).toEqual([
      true,
      true,
    ]);
  });
  test('other fences, and cells inside them, are prose', () => {
    const nb = read(
      '````md\n```spe\nspe> bogus\n```\n````\n```sh\nspe> bogus\n```\n~~~spe\nspe> say a\n~~~\n```spec\nspe> bogus\n```\n',
    )._unsafeUnwrap();
    expect(nb.cells.map((c) => c.prompts.map((p) => p.typed))).toEqual([['say a']]);
  });
  test('quit ends the notebook', async () => {
    expect((await verify('```spe\nspe> quit 3\nspe> say never\n```\n')).holds).toEqual([true]);
  });
  test('a failed expectation is not mended by recording it', async () => {
    const first = await verify('```spe\nspe> expect ok refuse EIO\n```\n');
    const second = await verify(first.updated);
    expect(second.verified.results).toMatchObject([{ holds: true, failed: true }]);
  });
  test('whatever commands print: check(update(x)) holds, update(update(x)) = update(x)', async () => {
    const line = fc.stringMatching(/^[a-c.[\]`? >()respe]{0,10}$/);
    const prompt = fc.tuple(
      fc.array(line, { minLength: 1, maxLength: 4 }),
      fc.array(fc.constantFrom('...', 'a', '[..]', '.* (re)', 'b[..]'), { maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(prompt, { minLength: 1, maxLength: 3 }), async (prompts) => {
        // A line of output may itself look like a fence: the cell begins with one that is long enough.
        const text = [
          '`````````````spe',
          ...prompts.flatMap(([say, recorded]) => [`spe> say '${say.join('|')}`, ...recorded]),
          '`````````````',
          '',
        ].join('\n');
        const notebook = read(text);
        if (notebook.isErr()) return;
        const { updated } = await verify(text);
        const again = await verify(updated);
        expect(again.holds.every((h) => h)).toBe(true);
        expect(again.updated).toBe(updated);
      }),
      { numRuns: 200 },
    );
  });
});
