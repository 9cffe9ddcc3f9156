// What a person reads: each kind of block in plain text, escapes, widths, colours, Markdown.
import { describe, expect, test } from 'vitest';
import { renderAnsi } from '../../src/view/ansi.ts';
import { type Block, prose, text } from '../../src/view/doc.ts';
import { renderMarkdown } from '../../src/view/markdown.ts';
import { renderPlain } from '../../src/view/plain.ts';
import { textWidth } from '../../src/view/width.ts';

const plain = (block: Block, width = 80): string => renderPlain([block], { width });

describe('text', () => {
  test('lines end with a newline, spans are joined, trailing blanks go', () => {
    expect(plain(text('a  ', [{ text: 'b' }, { text: 'c', role: 'bad' }]))).toBe('a\nbc\n');
  });
  test('control characters and reordering marks are written out', () => {
    expect(plain(text('a\u001b[31mb\u0007\u009b\u202e\n\tx\u007f'))).toBe('a\\x1b[31mb\\x07\\x9b\\u202e\\n\\tx\\x7f\n');
  });
});

describe('raw', () => {
  const raw = (s: string): Block => ({ kind: 'raw', bytes: new TextEncoder().encode(s) });
  test("a file's bytes stay, with or without a last newline", () => {
    expect(plain(raw('10\n'))).toBe('10\n');
    expect(plain(raw('0-3'))).toBe('0-3');
  });
  test('what a terminal would obey is written out, line ends and tabs stay', () => {
    expect(plain(raw('a\tb\r\n\u001b[2Jc'))).toBe('a\tb\r\n\\x1b[2Jc');
  });
});

describe('tables', () => {
  const table: Block = {
    kind: 'table',
    columns: [{ title: 'pc' }, { title: 'n', align: 'right' }, { title: 'events' }],
    rows: [
      ['0x10', '5', 'retired'],
      ['0x1000', '12', [{ text: 'retired ' }, { text: 'l1d-refill', role: 'bad' }]],
    ],
  };
  test('columns are aligned, the last has no trailing blanks', () => {
    expect(plain(table)).toBe('pc       n  events\n0x10     5  retired\n0x1000  12  retired l1d-refill\n');
  });
  test('too wide: the widest left column wraps at blanks', () => {
    expect(plain(table, 22)).toBe('pc       n  events\n0x10     5  retired\n0x1000  12  retired\n            l1d-refill\n');
  });
  test('a word longer than its column is cut', () => {
    expect(plain(table, 20)).toBe('pc       n  events\n0x10     5  retired\n0x1000  12  retired\n            l1d-ref…\n');
  });
  test('header: false leaves the titles out', () => {
    expect(plain({ ...table, header: false, rows: [['a', '1', 'b']] })).toBe('a  1  b\n');
  });
  test('no line is wider than asked while columns can give', () => {
    const wide: Block = { kind: 'table', columns: [{ title: 'a' }, { title: 'b' }], rows: [['x '.repeat(40), 'yy '.repeat(30)]] };
    for (const width of [20, 33, 47, 80]) {
      for (const line of plain(wide, width).split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width);
    }
  });
  test('wide characters count two cells', () => {
    const block: Block = {
      kind: 'table',
      columns: [{ title: '' }, { title: '' }],
      rows: [
        ['日本', 'a'],
        ['abcd', 'b'],
      ],
    };
    expect(plain(block)).toBe('日本  a\nabcd  b\n');
  });
});

describe('other blocks', () => {
  test('pairs', () => {
    expect(
      plain({
        kind: 'pairs',
        rows: [
          { name: 'PMBSR_EL1', value: '0x0', note: 'S=0' },
          { name: 'x0', value: '0x10' },
        ],
      }),
    ).toBe('PMBSR_EL1  0x0   S=0\nx0         0x10\n');
  });
  test('hexdump: from 4 GiB on the address has 16 digits', () => {
    expect(plain({ kind: 'hexdump', base: 0xffff_8000_0000_0000n, bytes: Uint8Array.of(0x41) })).toMatch(
      /^ffff800000000000 {2}41 +\|A\|\n$/,
    );
  });

  test('hexdump: address, sixteen bytes, ASCII; marked bytes have a star', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, i) => 0x3f + i);
    expect(plain({ kind: 'hexdump', base: 0x40080000n, bytes, marks: [0, 7, 15] })).toBe(
      '40080000  3f*40 41 42 43 44 45 46* 47 48 49 4a 4b 4c 4d 4e* |?@ABCDEFGHIJKLMN|\n' +
        '40080010  4f 50                                             |OP|\n',
    );
  });
  test('tree', () => {
    const leaf = (label: string) => ({ label, children: [] });
    const block: Block = {
      kind: 'tree',
      root: { label: 'arm_spe_0', children: [{ label: 'caps', children: [leaf('a'), leaf('b')] }, leaf('type')] },
    };
    expect(plain(block)).toBe('arm_spe_0\n├── caps\n│   ├── a\n│   └── b\n└── type\n');
    expect(renderPlain([block], { width: 80, linear: true })).toBe('arm_spe_0\n  caps\n    a\n    b\n  type\n');
  });
  test('diff', () => {
    const block: Block = { kind: 'diff', rows: [{ name: 'x0', before: '3', after: '4' }] };
    expect(plain(block)).toBe('x0: 3 -> 4\n');
    expect(renderPlain([block], { width: 80, linear: true })).toBe('x0 was 3, is 4\n');
  });
  test('bars', () => {
    const block: Block = {
      kind: 'bars',
      rows: [
        { label: 'L1', value: 4, text: '4' },
        { label: 'DRAM', value: 8, text: '8' },
      ],
    };
    expect(plain(block, 20)).toBe('L1    4  ██████\nDRAM  8  ███████████\n');
  });
});

test('ANSI: roles are SGR pairs, plain text has none, content cannot add any', () => {
  expect(renderAnsi([text([{ text: '-1 EINVAL', role: 'bad' }, { text: ' x\u001b[1m' }])], { width: 80 })).toBe(
    '\u001b[31m-1 EINVAL\u001b[39m x\\x1b[1m\n',
  );
});

test('Markdown: tables as pipe tables, the rest fenced longer than its backticks', () => {
  const doc: Block[] = [
    text('a', '```', 'b'),
    { kind: 'table', columns: [{ title: 'x' }, { title: 'n', align: 'right' }], rows: [['a|b', '1']] },
  ];
  expect(renderMarkdown(doc)).toBe('````text\na\n```\nb\n````\n\n| x | n |\n| --- | ---: |\n| a\\|b | 1 |\n');
});

test('prose is broken at blanks: at 78 columns, at those of a narrow terminal, and not where it is indented', () => {
  const doc = [prose('one two three four five', 'name  what it is in words', '  an example that stays as it is')];
  expect(renderPlain(doc, { width: 20 })).toBe(
    'one two three four\nfive\nname  what it is in\n      words\n  an example that stays as it is\n',
  );
  const long = prose('word '.repeat(40).trim());
  expect(
    Math.max(
      ...renderPlain([long], { width: 200 })
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(78);
});
