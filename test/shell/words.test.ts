// language.md §2: what ends a command, what comments, what is literal.
import { describe, expect, test } from 'vitest';
import { scanWord, splitCommands } from '../../src/shell/words.ts';

const texts = (source: string): string[] => splitCommands(source).map((s) => s.text);

describe('commands of a text', () => {
  test('lines and ; separate, blank ones vanish', () => {
    expect(texts('host; vm\n\n ; vcpu 0 ;\n')).toEqual(['host', 'vm', 'vcpu 0']);
  });
  test('# comments at the start of a word only', () => {
    expect(texts('# all\nprint 1 # one\nprint a#b\n;# x')).toEqual(['print 1', 'print a#b']);
  });
  test('quotes keep ; and # literal', () => {
    expect(texts(`on 1 'print 1; print 2 # no'; host`)).toEqual([`on 1 'print 1; print 2 # no'`, 'host']);
    expect(texts(`on 1 "a \\" ; b"; host`)).toEqual([`on 1 "a \\" ; b"`, 'host']);
  });
  test('an open quote ends with its line', () => {
    expect(texts(`on 1 'print; x\nhost`)).toEqual([`on 1 'print; x`, 'host']);
  });
  test('/…/ of an expect keeps ; and # literal, elsewhere a slash is a slash', () => {
    expect(texts('expect /a;b #c\\/d/ host; vm')).toEqual(['expect /a;b #c\\/d/ host', 'vm']);
    expect(texts('expect ok expect /a;b/ host; vm')).toEqual(['expect ok expect /a;b/ host', 'vm']);
    expect(texts('expect exit KVM_EXIT_MMIO expect /;/ host')).toEqual(['expect exit KVM_EXIT_MMIO expect /;/ host']);
    expect(texts('sysfs cat /sys/a; vm')).toEqual(['sysfs cat /sys/a', 'vm']);
    expect(texts('expect ok sysfs cat /sys/a; vm')).toEqual(['expect ok sysfs cat /sys/a', 'vm']);
  });
  test('\\ at the end of a line continues, positions hold', () => {
    expect(splitCommands('host\nvcpu 0 \\\n  run')).toMatchObject([{ at: 0 }, { text: 'vcpu 0     run', at: 5 }]);
    expect(texts('vcpu 0 \\\r\n run\r\nhost')).toEqual(['vcpu 0     run', 'host']);
  });
  test('positions are code points', () => {
    expect(splitCommands("print '😀'; host")[1].at).toBe(11);
  });
});

describe('words', () => {
  const word = (text: string, stop?: string) => scanWord(Array.from(text), 0, stop);
  test('no blank outside ( ), [ ] and quotes', () => {
    expect(word('(1 + 2) x').raw).toBe('(1 + 2)');
    expect(word('[x0 + 8].w y').raw).toBe('[x0 + 8].w');
    expect(word("main+'f part' y").raw).toBe("main+'f part'");
  });
  test('single quotes are literal, double quotes know \\n \\t \\" \\\\ \\xHH', () => {
    expect(word(`'a\\n"b'`)).toMatchObject({ value: 'a\\n"b', quoted: true });
    expect(word(`"a\\n\\t\\"\\\\\\x41b"`)).toMatchObject({ value: 'a\n\t"\\Ab', quoted: true });
    expect(word('"a\\q"').fault?.code).toBe('escape');
    expect(word(`'a'b`)).toMatchObject({ value: 'ab', quoted: false });
  });
  test('faults say where', () => {
    expect(word("ab'c").fault).toMatchObject({ code: 'quote', at: 2 });
    expect(word('a(b [c').fault).toMatchObject({ code: 'bracket', at: 4 });
  });
  test('a mark ends it, but not inside brackets', () => {
    expect(word('a=b', '=').raw).toBe('a');
    expect(word('(a=b)=c', '=').raw).toBe('(a=b)');
  });
});
