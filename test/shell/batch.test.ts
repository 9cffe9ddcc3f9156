// language.md §1 and §6 on a session without a machine: what goes where, exit codes, JSON.
import { describe, expect, test } from 'vitest';
import { type BatchOptions, printMisreads, readProgram, runPrograms } from '../../src/shell/batch.ts';
import { type Captured, capture, fakeState } from './fake.ts';

const NORMAL: BatchOptions = { json: false, quiet: false, echo: false, keepGoing: false };

async function run(
  source: string,
  options: Partial<BatchOptions> = {},
  port: Captured = capture(new Map(), options.keepGoing),
  file = 't.spe',
) {
  const all = { ...NORMAL, ...options };
  const program = readProgram({ file, text: source }, fakeState().table, false);
  if (program.isErr()) {
    printMisreads(program.error, all, port);
    return { code: 4, out: port.stdout, err: port.stderr, port };
  }
  const code = await runPrograms([program.value], all, port);
  return { code, out: port.stdout, err: port.stderr, port };
}
const json = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('exit codes', () => {
  test.each([
    ['say a', 0],
    ['', 0],
    ['# nothing', 0],
    ['refuse EINVAL', 3],
    ['cannot no-vm', 3],
    ['cannot no-file', 2],
    ['cannot invalid-image', 5],
    ['read missing.elf', 2],
    ['expect ok say a', 0],
    ['expect EINVAL refuse EINVAL', 0],
    ['expect EINVAL refuse ENXIO', 1],
    ['expect ok refuse ENXIO', 1],
    ['expect ok cannot no-vm', 1],
    ['expect /b$/ say abc|ab', 0],
    ['expect /d/ say abc', 1],
    ['expect /unmet: it/ cannot x', 0],
    ['expect ok expect ENXIO refuse ENXIO', 0],
    ['quit 7', 7],
    ['quit', 0],
    ['refuse EINVAL; quit 7', 3],
    ['say a; bogus', 4],
    ['source missing.spe', 2],
  ])('%s', async (source, code) => {
    expect((await run(source)).code).toBe(code);
  });
  test('the first failure stops, --keep-going goes on and keeps its code', async () => {
    expect(await run('refuse EINVAL; say b')).toMatchObject({ code: 3, out: expect.not.stringContaining('b\n') });
    expect(await run('refuse EINVAL; expect ok refuse EIO; say b', { keepGoing: true })).toMatchObject({
      code: 3,
      out: expect.stringMatching(/b\n$/),
    });
  });
  test('Ctrl-C ends the command with its state, 130', async () => {
    const port = capture();
    port.pause = () => {
      port.stop = true;
      return Promise.resolve();
    };
    expect(await run('spin; say b', {}, port)).toMatchObject({ code: 130, out: '', err: 'interrupted\n' });
    expect(port.drivers[0].state.transcript[0].outcome).toMatchObject({ interrupted: true, data: { left: expect.any(Number) } });
  });
});

describe('streams', () => {
  test('a refusal is a result: its strace line and its check on stdout', async () => {
    const { out } = await run('refuse EINVAL', { keepGoing: true });
    expect(out).toBe(
      'ioctl(vcpu0, KVM_TEST, 0) = -1 EINVAL (Some text)\n  check 2 of 3: the test says so: a test                                     [seed: the_test]\n',
    );
    expect(out.split('\n')[1].indexOf('[')).toBe(77);
  });
  test('a file says where it stopped; keep-going does not', async () => {
    expect((await run('say a\n  refuse EINVAL')).err).toBe(
      't.spe:2:3: refused [EINVAL]: nobody expected this refusal\n    refuse EINVAL\n    ^~~~~~~~~~~~~\n  hint: expect EINVAL refuse EINVAL, or --keep-going\n',
    );
    expect((await run('refuse EINVAL', { keepGoing: true })).err).toBe('');
  });
  test('Unmet is a diagnostic on stderr with code, place, caret and hint', async () => {
    expect(await run('say a; cannot no-vm')).toMatchObject({
      out: 'a\n',
      err: 't.spe:1:8: unmet [no-vm]: it cannot be done now\n  say a; cannot no-vm\n         ^~~~~~~~~~~~\n  hint: wait\n',
    });
  });
  test('so are a failed expectation and every misread', async () => {
    expect((await run('expect ok refuse EIO')).err).toMatch(
      /^t\.spe:1:1: failed \[expectation\]: expected ok, got EIO\n {2}expect ok refuse EIO\n {2}\^~+\n {2}hint: why .*\n$/,
    );
    const { out, err } = await run('say a\nbogus 1\nsay b; reffuse EIO\n');
    expect(out).toBe('');
    expect(err).toMatch(
      /^t\.spe:2:1: misread \[unknown-command\]: .*\n {2}bogus 1\n {2}\^~~~~\n {2}hint: .*\nt\.spe:3:8: misread .*\n {2}say b; reffuse EIO\n {9}\^~~~~~~\n {2}hint: did you mean refuse\?\n$/,
    );
  });
  test('--quiet prints diagnostics only, --echo the commands', async () => {
    expect(await run('say a; cannot x', { quiet: true })).toMatchObject({ out: '', err: expect.stringContaining('unmet [x]') });
    expect((await run('say a;refuse EIO', { echo: true, keepGoing: true })).out).toMatch(/^spe> say a\na\nspe> refuse EIO\nioctl/);
  });
});

describe('JSON', () => {
  test('one object a command, in the order of language.md §6', async () => {
    const { out, err } = await run('say a; refuse EINVAL; cannot x', { json: true, keepGoing: true });
    expect(err).toBe('');
    expect(out.split('\n')[1]).toMatch(
      /^\{"v":1,"n":2,"tick":2,"command":"refuse EINVAL","ok":false,"call":\{"ioctl":"KVM_TEST","on":"vcpu0","ret":-1,"errno":"EINVAL","number":22,"why":"the test says so","check":2,"of":3,"evidence":"seed"/,
    );
    expect(json(out)).toMatchObject([
      { v: 1, n: 1, tick: 1, command: 'say a', ok: true, value: 1, data: { text: 'a' }, events: [] },
      { n: 2, ok: false, value: null, data: null },
      { n: 3, ok: false, unmet: { code: 'x', message: 'it cannot be done now', hint: 'wait' } },
    ]);
    expect(json(out)[0]).not.toHaveProperty('call');
  });
  test('an expectation has the inner call, expected and got', async () => {
    expect(json((await run('expect EINVAL refuse EIO', { json: true })).out)).toMatchObject([
      { command: 'expect EINVAL refuse EIO', ok: false, expected: 'EINVAL', got: 'EIO', call: { errno: 'EIO' } },
    ]);
    expect(json((await run('expect EIO refuse EIO', { json: true })).out)).toMatchObject([
      { ok: true, expected: 'EIO', got: 'EIO', call: { errno: 'EIO' } },
    ]);
    expect(json((await run('expect ok cannot x', { json: true })).out)).toMatchObject([
      { ok: false, expected: 'ok', unmet: { code: 'x' } },
    ]);
  });
  test('a misread is printed alone, at the code point of its command', async () => {
    const { out, err, code } = await run("say '😀'; say b\nexpect ok refuse x", { json: true });
    expect(code).toBe(4);
    expect(err).toBe('');
    expect(json(out)).toEqual([
      {
        v: 1,
        command: 'expect ok refuse x',
        ok: false,
        misread: expect.objectContaining({ at: 17, expected: expect.any(Array), message: expect.any(String), line: 2, column: 18 }),
      },
    ]);
  });
});

describe('files', () => {
  test('a misread of a notebook names its command, or its line, as one of a script does', async () => {
    const at = async (text: string) => json((await run(text, { json: true }, capture(), 't.md')).out);
    const script = json((await run('say a; expect EINVAL', { json: true })).out);
    const cell = await at('```spe\nspe> say a; expect EINVAL\n```\n');
    const place = { file: 't.md', line: 2, column: 6 + Array.from('say a; expect EINVAL').length };
    expect(cell).toEqual([{ ...script[0], misread: { ...(script[0]['misread'] as object), ...place } }]);
    expect(cell).toMatchObject([{ command: 'expect EINVAL', misread: { at: 13, hint: expect.any(String) } }]);
    expect(await at('---\nspe: 1\ncolour: red\n---\n')).toMatchObject([
      { command: 'colour: red', ok: false, misread: { at: 0, expected: [], hint: expect.any(String), file: 't.md', line: 3, column: 1 } },
    ]);
  });
  test('the session gets the bytes of FILE arguments', async () => {
    expect(json((await run('read a.bin', { json: true }, capture(new Map([['a.bin', 'xyz']])))).out)[0]).toMatchObject({
      data: { bytes: 3 },
    });
  });
  test('source runs the commands of a script behind itself', async () => {
    const files = new Map([
      ['in.spe', 'say x\nsource two.spe\nsay z'],
      ['two.spe', 'say y'],
    ]);
    const { out, code } = await run('source in.spe; say end', { json: true }, capture(files));
    expect(code).toBe(0);
    expect(json(out).map((o) => [o['n'], o['command']])).toEqual([
      [1, 'source in.spe'],
      [2, 'say x'],
      [3, 'source two.spe'],
      [4, 'say y'],
      [5, 'say z'],
      [6, 'say end'],
    ]);
  });
  test('a script that does not parse is exit 4 and nothing of it runs', async () => {
    const { out, err, code } = await run('source in.spe', {}, capture(new Map([['in.spe', 'say x\nbogus']])));
    expect({ out, code }).toEqual({ out: '', code: 4 });
    expect(err).toMatch(/unmet \[does-not-parse\]: in\.spe:2:1: unknown command 'bogus'/);
  });
  test('a script that sources itself ends', async () => {
    expect((await run('source me.spe', {}, capture(new Map([['me.spe', 'source me.spe']])))).code).toBe(3);
  });
  test('save writes a notebook and a script', async () => {
    const files = new Map<string, string>();
    const { code } = await run("say spe> x; refuse EIO; save a.md; save 'b.spe'", { keepGoing: true }, capture(files));
    expect(code).toBe(3);
    expect(files.get('b.spe')).toBe('say spe> x\nrefuse EIO\n');
    expect(files.get('a.md')).toMatch(
      /^---\nspe: 1\nhost: two-spu\n---\n```spe\nspe> say spe> x\nspe> x \(esc\)\nspe> refuse EIO\nioctl.*\n {2}check.*\n\? EIO\n```\n$/,
    );
    expect(readProgram({ file: 'a.md', text: files.get('a.md') ?? '' }, fakeState().table, false).isOk()).toBe(true);
  });
});

describe('notebooks in batch', () => {
  const nb = (body: string): string => `# Title\n\n\`\`\`spe\n${body}\n\`\`\`\n`;
  test('`? ERRNO` expects the refusal, another one does not', async () => {
    expect((await run(nb('spe> refuse EIO\n? EIO\nspe> say b'), {}, capture(), 'n.md')).code).toBe(0);
    expect((await run(nb('spe> refuse EIO\n? EINVAL'), {}, capture(), 'n.md')).code).toBe(3);
    expect((await run(nb('spe> refuse EIO'), {}, capture(), 'n.md')).code).toBe(3);
  });
  test('an Unmet that is recorded is expected', async () => {
    expect((await run(nb('spe> cannot x\nunmet: it cannot be done now\n  hint: wait'), {}, capture(), 'n.md')).code).toBe(0);
    expect((await run(nb('spe> cannot x'), {}, capture(), 'n.md')).code).toBe(3);
  });
  test('--echo shows the prose too', async () => {
    expect((await run(nb('spe> say a'), { echo: true }, capture(), 'n.md')).out).toBe('\n# Title\n\nspe> say a\na\n');
  });
  test('skip is not run, fresh is a session of its own', async () => {
    const port = capture();
    const { out } = await run('```spe\nspe> say a\n```\n```spe skip\nspe> say b\n```\n```spe fresh\nspe> say c\n```\n', {}, port, 'n.md');
    expect(out).toBe('a\nc\n');
    expect(port.drivers.length).toBe(2);
  });
  test('faults have their line, whatever kind', async () => {
    const { code, err } = await run(
      '---\nspe: 1\nfoo: 2\n---\n```spe bogus\nout\nspe> bogus\nspe> say a\n[ (re)\n```\n```spe\n',
      {},
      capture(),
      'n.md',
    );
    expect(code).toBe(4);
    for (const place of ['n.md:3:1', 'n.md:5:1', 'n.md:6:1', 'n.md:7:6', 'n.md:9:1', 'n.md:11:1']) expect(err).toContain(place);
  });
});
