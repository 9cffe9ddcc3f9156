// Text to Command by the table: language.md §2 (words, prefixes, short forms, vcpuN) and §4 (what a Misread says).
import { describe, expect, test } from 'vitest';
import { readCommand } from '../../src/shell/read.ts';
import { compileSyntax, usage } from '../../src/shell/syntax.ts';
import { commandTable, SHORT_FORMS } from '../../src/shell/table.ts';
import { TABLE } from './table.ts';

const prompt = (text: string) => readCommand(text, TABLE, { prefixes: true });
const file = (text: string) => readCommand(text, TABLE, { prefixes: false });
const stored = (text: string): string =>
  prompt(text).match(
    (c) => `${c.form}: ${c.text}`,
    (m) => `MISREAD ${m.code} at ${m.at}`,
  );
const wrong = (text: string) => file(text)._unsafeUnwrapErr();

describe('forms', () => {
  test.each([
    ['vcpu 0 attr set spe.spu 11', 'vcpu.attr.set: vcpu 0 attr set spe.spu 11'],
    ['vcpu0 attr set 3/1 10', 'vcpu.attr.set: vcpu 0 attr set 3/1 10'],
    ['vcpu attr set spe.irq 21', 'vcpu.attr.set: vcpu attr set spe.irq 21'],
    ['vcpu attr set KVM_ARM_VCPU_SPE_SPU --addr bad', 'vcpu.attr.set: vcpu attr set KVM_ARM_VCPU_SPE_SPU --addr bad'],
    ['vcpu (1 + 1) run --ops 5 --immediate-exit', 'vcpu.run: vcpu (1 + 1) run --ops 5 --immediate-exit'],
    ['vcpu $i   run', 'vcpu.run: vcpu $i run'],
    ['vcpu', 'vcpu.show: vcpu'],
    ['vcpu1', 'vcpu.show: vcpu 1'],
    ['vcpu create 3', 'vcpu.create: vcpu create 3'],
    ['thread vcpu0 cpu 0-3,5', 'thread.cpu: thread vcpu 0 cpu 0-3,5'],
    ['irq-line ppi vcpu0 5 1', 'irq-line: irq-line ppi 0 5 1'],
    ['irq-line ppi vcpu 0 5 1', 'irq-line: irq-line ppi 0 5 1'],
    ['irq-line ppi 0 5 1', 'irq-line: irq-line ppi 0 5 1'],
    ['print 1 + 2', 'print: print 1 + 2'],
    ['print/x pc', 'print: print/x pc'],
    ['p/x pc', 'print: print/x pc'],
    ['let a=5', 'let: let a = 5'],
    ['let a = b == 3', 'let: let a = b == 3'],
    ['reg PMBSR_EL1.S', 'reg: reg PMBSR_EL1.S'],
    ['reg PMBSR_EL1=1', 'reg: reg PMBSR_EL1=1'],
    ['x/4xg sp 64 --as pa', 'x: x/4xg sp 64 --as pa'],
    ['x --as pa sp', 'x: x --as pa sp'],
    ['break main if x0 == 3 && x1', 'break: break main if x0 == 3 && x1'],
    ["records 3 --where 'pc > 3'", "records: records 3 --where 'pc > 3'"],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 attr=1 addr=&10', 'ioctl: ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 attr=1 addr=&10'],
    ["on 2 'print 1'", "on: on 2 'print 1'"],
    ['expect ok host', 'MISREAD unknown-command at 10'],
    ['expect ok step', 'expect.ok: expect ok step'],
    ['expect EINVAL vcpu0 attr set spe.irq 32', 'expect.errno: expect EINVAL vcpu 0 attr set spe.irq 32'],
    ['expect exit KVM_EXIT_FAIL_ENTRY vcpu 0 run', 'expect.exit: expect exit KVM_EXIT_FAIL_ENTRY vcpu 0 run'],
    ['expect /a b\\/c;/ step 3', 'expect.match: expect /a b\\/c;/ step 3'],
    ['expect ok expect ENXIO step', 'expect.ok: expect ok expect ENXIO step'],
    ["alias go = 'vcpu 0 run'", "alias: alias go = 'vcpu 0 run'"],
  ])('%s', (text, expected) => {
    expect(stored(text)).toBe(expected);
  });

  test('arguments are plain data under the slot names', () => {
    expect(file('ioctl kvm 3 a=1 b=2')._unsafeUnwrap().args).toEqual({
      target: { kind: 'word', text: 'kvm' },
      request: { kind: 'word', text: '3' },
      fields: {
        kind: 'many',
        items: [
          { kind: 'word', text: 'a=1' },
          { kind: 'word', text: 'b=2' },
        ],
      },
    });
    expect(file('vcpu 0 run --immediate-exit')._unsafeUnwrap().args['immediate-exit']).toEqual({ kind: 'flag' });
    expect(file('expect /x/ step')._unsafeUnwrap().args['regex']).toEqual({ kind: 'word', text: 'x' });
    expect(file('print/x pc')._unsafeUnwrap().args['format']).toEqual({ kind: 'word', text: 'x' });
  });
});

describe('short forms and prefixes', () => {
  test.each(Object.entries(SHORT_FORMS).filter(([, whole]) => TABLE.firstWords.includes(whole)))(
    '%s is %s, in files too',
    (short, whole) => {
      const tails: Record<string, string> = { break: ' main', print: ' 1', vcpu: ' 0', step: '' };
      expect(file(short + (tails[whole] ?? ''))._unsafeUnwrap().text).toBe(whole + (tails[whole] ?? ''));
    },
  );
  test.each([
    ['vc 0 at se spe.irq 21', 'vcpu.attr.set: vcpu 0 attr set spe.irq 21'],
    ['vcpu 0 at g spe.irq', 'vcpu.attr.get: vcpu 0 attr get spe.irq'],
    ['rec 3', 'records: records 3'],
    ['regs g', 'MISREAD ambiguous at 5'],
    ['regs gp', 'regs: regs gp'],
    ['back', 'MISREAD not-yet at 0'],
    ['expect ok goto 3', 'MISREAD not-yet at 10'],
    ['reg pc', 'reg: reg pc'],
    ['re', 'MISREAD ambiguous at 0'],
    ['asse 1', 'assert: assert 1'],
    ['expe /a;/ st', 'expect.match: expect /a;/ step'],
    ['prin/x 1', 'print: print/x 1'],
  ])('%s', (text, expected) => {
    expect(stored(text)).toBe(expected);
  });
  test('a prefix in a file is a Misread that names the word', () => {
    expect(wrong('rec 3')).toMatchObject({ code: 'unknown-command', at: 0, hint: 'did you mean records?' });
    expect(wrong('vcpu 0 at set spe.irq 21')).toMatchObject({ at: 7, hint: 'did you mean attr?' });
  });
});

describe('misreads', () => {
  test.each([
    ['bogus', { code: 'unknown-command', at: 0 }],
    ['exit', { code: 'unknown-command', hint: 'did you mean quit?' }],
    ['where', { code: 'unknown-command', hint: 'did you mean backtrace?' }],
    ['who-wrote x0', { code: 'not-yet', at: 0, end: 9, message: "spesh does not have 'who-wrote' yet" }],
    ['é', { code: 'unknown-command', hint: 'help lists the commands' }],
    ['+ 1', { code: 'unknown-command', hint: 'help lists the commands' }],
    ['recrods', { code: 'unknown-command', hint: 'did you mean records?' }],
    ['vcpu 0 atr set spe.irq 1', { at: 7, hint: 'did you mean attr?' }],
    ['vcpu 0 attr', { code: 'incomplete', at: 11, expected: ['set', 'get'] }],
    ['vcpu 0 attr set', { code: 'incomplete', at: 15, expected: ['ATTR'] }],
    ['vcpu 0 attr set spe.spu 0x', { code: 'number', at: 24 }],
    ['vcpu 0 attr set spe.spu 1 2', { code: 'unexpected', at: 26 }],
    ['vcpu 0 attr set spe.spu --adr bad', { code: 'option', at: 24, hint: 'did you mean --addr?' }],
    ['vcpu 0 attr set spe.spu 1 --addr bad', { code: 'arguments', at: 26 }],
    ['vcpu 0 run --ops 1 --ops 2', { code: 'option', at: 19 }],
    ['vcpu 0 run --ops', { code: 'incomplete', at: 16 }],
    ['thread vcpu 0 cpu a', { code: 'word', at: 18 }],
    ['step 5 6', { at: 7 }],
    ['step 5extra', { code: 'number', at: 5 }],
    ['step5', { code: 'unknown-command', at: 0, hint: 'did you mean step?' }],
    ['regs/x', { at: 4 }],
    ['regs foo', { at: 5 }],
    ["on 1 'bogus'", { code: 'unknown-command', at: 6 }],
    ['on 1 step', { code: 'quote', at: 5 }],
    ['expect EINVAL bogus', { code: 'unknown-command', at: 14 }],
    ['expect einval step', { at: 7 }],
    ['expect /[/ step', { code: 'regex', at: 7 }],
    ['expect /a step', { code: 'regex', at: 7 }],
    ["print 'a", { code: 'quote', at: 6 }],
    ['p [x0].q', { code: 'expression', hint: 'help print shows its forms' }],
    ['assert 1 ==', { at: 11 }],
    ['assert -x0 == 1', { code: 'option', at: 7 }],
    ["print '😀' 1", { at: 10 }],
    ["records --where 'pc >> '", { code: 'expression' }],
    [`expect ok ${'expect ok '.repeat(200)}step`, { code: 'nesting' }],
  ])('%s', (text, expected) => {
    expect(wrong(text)).toMatchObject(expected);
  });
  test('every misread has a message and a hint', () => {
    for (const text of ['', 'bogus', 'vcpu 0 attr', 'step 5 6', 'thread vcpu 0 cpu a', 'assert', 'let x', 'expect', 'expect ok']) {
      const m = wrong(text);
      expect(m.message, text).not.toBe('');
      expect(m.hint, text).toBeTruthy();
      expect(m.at).toBeLessThanOrEqual(Array.from(text).length);
    }
  });
});

describe('aliases', () => {
  const aliases = new Map([
    ['go', 'vcpu 0 run'],
    ['spin', 'go --ops 5'],
    ['loop', 'loop'],
    ['step', 'print 1'],
  ]);
  const read = (text: string) => readCommand(text, TABLE, { prefixes: false, aliases });
  test('stand for their text, also inside expect and in each other', () => {
    expect(read('go --ops 3')._unsafeUnwrap().text).toBe('vcpu 0 run --ops 3');
    expect(read('expect ok spin')._unsafeUnwrap().text).toBe('expect ok vcpu 0 run --ops 5');
  });
  test('a command of that name wins, and one that names itself ends', () => {
    expect(read('step')._unsafeUnwrap().form).toBe('step');
    expect(read('loop').isErr()).toBe(true);
  });
  test('positions are those of the typed text', () => {
    expect(read('go --bogus')._unsafeUnwrapErr()).toMatchObject({ at: 3, end: 10 });
    expect(read('expect ok go 3')._unsafeUnwrapErr().at).toBe(13);
  });
});

describe('syntax lines', () => {
  test('usage shows what to type', () => {
    const line = (s: string) => usage(compileSyntax(s));
    expect(line('x[/<format:WORD>] <address:EXPR> [<n:EXPR>] [--as <space:va|pa>]')).toBe('x[/FORMAT] ADDRESS [N] [--as va|pa]');
    expect(line('ioctl <target:WORD> [<fields:WORD>…] -o <out:OUT>')).toBe('ioctl TARGET [FIELDS…] -o OUT');
  });
  test.each(['x <a:FOO>', 'x [<a:EXPR>', 'x ] y', '<a:EXPR>', 'x [--a word]', 'x {'])('%s is refused at load', (syntax) => {
    expect(() => compileSyntax(syntax)).toThrow(/syntax '/);
  });
  test('two forms of one id are refused at load', () => {
    const one = TABLE.families[0];
    expect(() => commandTable([one, { ...one, name: 'other' }])).toThrow(/have the id/);
  });
});
