// language.md §1 on the whole program: exit codes, what goes to which stream, options, signals.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProgram, type Program, ROOT } from './spesh.ts';

let spesh: Program;
beforeAll(() => {
  spesh = openProgram();
  const file = (name: string, text: string | Uint8Array): void => writeFileSync(join(spesh.directory, name), text);
  file('good.spe', 'up --bare\nvcpu 0 attr set spe.irq 21 # the PPI\n');
  file('line7.spe', 'vm create\n\n# a\nvcpu create 0\n\n\n  vcpu 0 atr set spe.irq 21\n');
  file('refused.spe', 'up --bare\nvcpu 0 attr set spe.irq 32\nvm\n');
  file('prefix.spe', 'vcp 0\n');
  file('short.spe', 'p 1 + 1\n');
  file('truncated.elf', readFileSync(join(ROOT, 'fixtures/guests/pointer-chase.elf')).subarray(0, 300));
  file('text.elf', 'this is no program\n');
  file('overlap.toml', readFileSync(join(ROOT, 'fixtures/hosts/two-spu.toml'), 'utf8').replace('cpus = "4-7"', 'cpus = "3-7"'));
  file('fixed.md', '# T\n\n```spe\nspe> print 1 + 1\n$1 = 2\n```\n');
  file('stale.md', '# T\n\n```spe\nspe> print 1 + 1\n$1 = 3\n```\n');
  file('refusing.md', '```spe\nspe> expect ok up --bare\n...\nspe> vcpu 0 attr set spe.irq 32\n...\n? EINVAL\n```\n');
  file('misread.md', '```spe\nspe> bogus\n```\n');
  file('failing.md', '```spe\nspe> assert 1 == 2\n...\n```\n');
  for (const [tree, cpus] of [
    ['tree', '0-3'],
    ['broken-tree', '0-'],
  ]) {
    mkdirSync(join(spesh.directory, tree, 'devices/arm_spe_0'), { recursive: true });
    mkdirSync(join(spesh.directory, tree, 'devices/system/cpu'), { recursive: true });
    file(`${tree}/devices/arm_spe_0/type`, '9\n');
    file(`${tree}/devices/arm_spe_0/cpumask`, `${cpus}\n`);
    file(`${tree}/devices/system/cpu/possible`, '0-3\n');
  }
  file('magic.data', 'PERFILE2 but nothing behind it');
  file(
    'trace.aux',
    Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff),
  );
});
afterAll(() => spesh.dispose());

describe('exit codes', () => {
  test.each<[string, string[], number]>([
    ['all well', ['-c', 'host'], 0],
    ['nothing', ['-c', ''], 0],
    ['a script', ['run', 'good.spe'], 0],
    ['two files', ['run', 'good.spe', 'fixed.md'], 0],
    ['version', ['--version'], 0],
    ['help', ['--help'], 0],
    ['help of the shell', ['help', 'vcpu'], 0],
    ['a notebook that holds', ['check', 'fixed.md', 'refusing.md'], 0],
    ['a notebook run: its refusals are expected', ['run', 'refusing.md'], 0],
    ['quit 7', ['-c', 'quit 7; bogus-would-not-run'], 4],
    ['quit with a code', ['-c', 'tick; quit 7'], 7],
    ['an expectation', ['-c', 'expect EINVAL vm create'], 1],
    ['an assertion', ['-c', 'assert 1 == 2'], 1],
    ['recorded output', ['check', 'stale.md'], 1],
    ['a failed assertion, though its text is recorded', ['check', 'failing.md'], 1],
    ['an unknown option', ['--bogus'], 2],
    ['an unknown command', ['bogus'], 2],
    ['a file that is not there', ['run', 'missing.spe'], 2],
    ['a notebook that is not there', ['check', 'missing.md'], 2],
    ['an unknown host', ['--host', 'nosuch', '-c', 'tick'], 2],
    ['a guest that is not there', ['-c', 'up nosuch'], 2],
    ['a sub-command that is not there yet', ['explore', 'x.toml'], 2],
    ['a refusal', ['-c', 'up --bare; vcpu 0 attr set spe.irq 32'], 3],
    ['a refusal in a script', ['run', 'refused.spe'], 3],
    ['Unmet', ['-c', 'vcpu 0 run'], 3],
    ['an unknown help topic', ['help', 'nosuch'], 3],
    ['a misread', ['-c', 'vcpu 0 atr'], 4],
    ['a misread in a script', ['run', 'line7.spe'], 4],
    ['a misread in the second file: nothing runs', ['run', 'good.spe', 'line7.spe'], 4],
    ['a misread in a notebook', ['check', 'misread.md'], 4],
    ['a prefix in a file', ['run', 'prefix.spe'], 4],
    ['a short form in a file', ['run', 'short.spe'], 0],
    ['a prefix in -c', ['-c', 'tic'], 0],
    ['a command to come', ['-c', 'bisect pc == 0 a b'], 4],
    ['a copied sysfs tree', ['-c', 'host import tree; up --bare'], 0],
    ['a sysfs tree with a CPU list that is none', ['-c', 'host import broken-tree'], 5],
    ['a directory without SPUs', ['-c', 'host import .'], 5],
    ['a directory that is not there', ['-c', 'host import nowhere'], 2],
    ['a file as a directory', ['-c', 'host import good.spe'], 2],
    ['a truncated ELF', ['-c', 'up truncated.elf'], 5],
    ['a text file as an ELF', ['-c', 'up text.elf'], 5],
    ['a good image, and no memory for it', ['-c', 'vm create; guest load pointer-chase'], 3],
    ['no vCPU to run a guest', ['-c', 'up --vcpus 0'], 3],
    ['a broken fixture', ['--host', 'overlap.toml', '-c', 'tick'], 5],
    ['a broken fixture, loaded', ['-c', 'host load overlap.toml'], 5],
    ['a perf.data that is none', ['dump', 'magic.data'], 5],
    ['the same in the shell', ['-c', 'trace open magic.data'], 5],
    ['a damaged trace', ['dump', 'trace.aux'], 0],
    ['a trace that is not there', ['stat', 'missing.aux'], 2],
  ])('%s: %j', (_what, args, code) => {
    const ended = spesh.run(args);
    expect({ code: ended.code, ...(ended.code === code ? {} : { err: ended.err }) }).toEqual({ code });
    // One clear diagnostic, never a stack.
    if (code >= 2 && code !== 7) expect(ended.err).not.toMatch(/^\s+at /m);
    if (code >= 2 && code !== 7 && code !== 3) expect(ended.err).not.toBe('');
  });

  test('the first failure gives the code with --keep-going', () => {
    expect(spesh.run(['--keep-going', '-c', 'up --bare; vcpu 0 attr set spe.irq 32; assert 0; vm']).code).toBe(3);
    expect(spesh.run(['--keep-going', '-c', 'assert 0; vcpu 9 run']).code).toBe(1);
  });

  test('a bug of ours is 70: host, seed and a runnable journal', () => {
    const hook =
      'const real = JSON.stringify; JSON.stringify = (...a) => { if (a[0]?.command === "tick") throw new Error("on purpose"); return real(...a); };';
    const ended = spesh.run(['--json', '--seed', '5', '-c', 'vm create; tick'], {
      node: ['--import', `data:text/javascript,${encodeURIComponent(hook)}`],
    });
    expect(ended.code).toBe(70);
    expect(ended.err).toMatch(
      /a bug of spesh: on purpose\n {2}host two-spu, seed 5\n {2}journal: (.*)\n {2}again: spesh --host two-spu --seed 5 run /,
    );
    const journal = /journal: (.*)/.exec(ended.err)?.[1] ?? '';
    expect(readFileSync(journal, 'utf8')).toMatch(/^# spesh crash; host two-spu, seed 5\n# on purpose\n(#.*\n)+vm create\ntick\n$/);
    expect(spesh.run(['--seed', '5', 'run', journal]).code).toBe(0);
  });
});

describe('diagnostics', () => {
  test('what the hardware refuses says where a script stopped, as a refused call does', () => {
    const ended = spesh.run(['run', '-'], { input: 'up pointer-chase\nmrs HCR_EL2\n' });
    expect(ended.code).toBe(3);
    expect(ended.out).toMatch(/^UNDEFINED at EL1: .*not delivered$/m);
    expect(ended.err).toMatch(/:2:1: refused \[refused\]: nobody expected this refusal\n.*\n.*\n {2}hint: expect \/REGEX\/ mrs HCR_EL2,/);
  });

  test('what the session cannot do now has a hint, whatever it is', () => {
    const commands =
      'p $0; p 1 / 0; p $nope; p PMBSR_EL1.NOPE; p [0x10]; reg PMBSR_EL1.NOPE; x 0x10; x/s 0x10; w 0x10 1; host event unmap 0x10; perf record -e arm_spe_0/nope=1/; perf record -F 9 -e arm_spe_0//; perf record -m 5 -e arm_spe_0//';
    const { out } = spesh.run(['--json', '--keep-going', '-c', `up pointer-chase; ${commands}`]);
    const [, ...objects] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { command: string; unmet?: { hint?: string } });
    expect(objects).toHaveLength(commands.split(';').length);
    for (const { command, unmet } of objects)
      expect({ command, unmet }).toEqual({ command, unmet: expect.objectContaining({ hint: expect.stringMatching(/./) }) });
  });

  test('a script: file, line, column, the line, a caret, a hint', () => {
    expect(spesh.run(['run', 'line7.spe'])).toEqual({
      code: 4,
      out: '',
      err: expect.stringMatching(
        /^line7\.spe:7:10: misread \[unexpected\]: 'atr' .*\n {4}vcpu 0 atr set spe\.irq 21\n {11}\^~~\n {2}hint: did you mean attr\?\n$/,
      ),
    });
  });
  test('a fixture: file, line, path of the field, what was expected', () => {
    expect(spesh.run(['--host', 'overlap.toml', '-c', 'host']).err).toMatch(
      /^overlap\.toml:34:1: invalid \[fixture\]: spu\.1\.cpus: .*CPUs 3\n {2}cpus = "3-7"\n {2}\^~+\n {2}hint: expected /,
    );
  });
  test('a refusal: strace line and check on stdout, where it stopped on stderr', () => {
    const { out, err } = spesh.run(['--quiet', 'run', 'refused.spe']);
    expect(out).toBe('');
    expect(err).toMatch(/^refused\.spe:2:1: refused \[EINVAL\]: /);
    expect(spesh.run(['--quiet', '-c', 'up --bare; vcpu 0 attr set spe.irq 32'])).toMatchObject({
      out: '',
      err: expect.stringMatching(/^-c:1:12: refused \[EINVAL\]: /),
    });
    expect(spesh.run(['-c', 'expect ok up --bare; vcpu 0 attr set spe.irq 32'])).toMatchObject({
      err: '',
      out: expect.stringMatching(
        / = -1 EINVAL \(Invalid argument\)\n {2}check 5 of 6: the interrupt is not a PPI: irq 32 {3,}\[v5: kvm_spe_irq_is_valid\]\n$/,
      ),
    });
  });
});

describe('standard input', () => {
  test.each([[['run', '-']], [[]], [['--batch']]])('%j', (args) => {
    expect(spesh.run(args, { input: 'print 2 + 2\ntick' })).toEqual({ code: 0, out: '$1 = 4\ntick 0\n', err: '' });
  });
  test('its misreads have a place too', () => {
    expect(spesh.run(['run', '-'], { input: 'tick\nbogus\n' })).toMatchObject({
      code: 4,
      out: '',
      err: expect.stringMatching(/^<stdin>:2:1: /),
    });
  });
});

describe('options', () => {
  test('--json is one object a line, numbers and streams as they should', () => {
    const { out, err, code } = spesh.run([
      '--json',
      '--keep-going',
      '-c',
      'up --bare; vcpu 0 attr set spe.irq 32; vcpu 9 run; cap arm-spe',
    ]);
    expect({ err, code }).toEqual({ err: '', code: 3 });
    const objects = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects).toMatchObject([
      { v: 1, n: 1, command: 'up --bare', ok: true },
      {
        n: 2,
        ok: false,
        call: { ioctl: 'KVM_SET_DEVICE_ATTR', on: 'vcpu0', ret: -1, errno: 'EINVAL', number: 22, check: 5, of: 6 },
        value: null,
      },
      { n: 3, ok: false, unmet: { code: 'no-vcpu' } },
      { n: 4, ok: true, value: 1 },
    ]);
    expect(objects[0]['calls']).toBeInstanceOf(Array);
  });
  test('--json: a misread alone', () => {
    const { out, code } = spesh.run(['--json', '-c', 'tick; vcpu 0 atr']);
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject({ v: 1, command: 'vcpu 0 atr', ok: false, misread: { at: 7 } });
  });
  test('colours: not to a pipe, unless asked for; NO_COLOR is honoured', () => {
    const refused = ['-c', 'expect ok up --bare; vcpu 0 attr set spe.irq 32'];
    const coloured = (args: string[], env: Record<string, string> = {}): boolean =>
      spesh.run([...args, ...refused], { env }).out.includes('\u001b[');
    expect(coloured([])).toBe(false);
    expect(coloured(['--color', 'always'])).toBe(true);
    expect(coloured(['--color', 'always'], { NO_COLOR: '1' })).toBe(true);
    expect(coloured([], { FORCE_COLOR: '1' })).toBe(true);
    expect(coloured([], { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(coloured(['--color', 'never'], { FORCE_COLOR: '1' })).toBe(false);
  });
  test('--echo, --quiet, --host, --init', () => {
    expect(spesh.run(['--echo', '-c', 'tick']).out).toBe('spe> tick\ntick 0\n');
    expect(spesh.run(['--quiet', '-c', 'tick']).out).toBe('');
    expect(spesh.run(['--host', 'one-spu', '-c', 'host']).out).toMatch(/^one-spu: /);
    writeFileSync(join(spesh.directory, 'init.spe'), "alias now = 'tick'\nlet n = 3\n");
    expect(spesh.run(['--init', 'init.spe', '-c', 'print $n'])).toMatchObject({ code: 0, out: '$1 = 3\n' });
    expect(spesh.run(['--init', 'missing.spe', '-c', 'tick']).code).toBe(2);
    expect(spesh.run(['--init', 'line7.spe', '-c', 'tick']).code).toBe(4);
    const refused = spesh.run(['--init', 'refused.spe', '-c', 'tick']);
    expect(refused.code).toBe(3);
    expect(refused.err).toMatch(
      /^refused\.spe:2:1: refused \[EINVAL\]: .*\n {2}vcpu 0 attr set spe\.irq 32\n {2}\^~+\n {2}hint: expect EINVAL /m,
    );
  });
  test('--width wraps tables', () => {
    const widest = (width: string): number =>
      Math.max(
        ...spesh
          .run(['--width', width, '-c', 'help'])
          .out.split('\n')
          .map((line) => line.length),
      );
    expect(widest('50')).toBeLessThanOrEqual(50);
    expect(widest('120')).toBeGreaterThan(50);
  });
});

describe('check', () => {
  test('says what changed; --update records it, and then it holds', () => {
    expect(spesh.run(['check', 'stale.md'])).toMatchObject({
      out: 'stale.md: 1 command, 1 changed\n',
      err: expect.stringMatching(
        /^stale\.md:4:1: changed \[recorded\]: .*\n {2}spe> print 1 \+ 1\n {2}\^~+\n {2}hint: .*\n {2}- \$1 = 3\n {2}\+ \$1 = 2\n$/,
      ),
    });
    expect(spesh.run(['check', '--update', 'stale.md']).code).toBe(0);
    const updated = readFileSync(join(spesh.directory, 'stale.md'), 'utf8');
    expect(updated).toBe('# T\n\n```spe\nspe> print 1 + 1\n$1 = 2\n```\n');
    expect(spesh.run(['check', '--update', 'stale.md']).out).toBe('stale.md: 1 command, all as recorded\n');
    expect(readFileSync(join(spesh.directory, 'stale.md'), 'utf8')).toBe(updated);
  });
  test('--junit', () => {
    expect(spesh.run(['check', 'fixed.md', 'failing.md', '--junit', 'out.xml']).code).toBe(1);
    const xml = readFileSync(join(spesh.directory, 'out.xml'), 'utf8');
    expect(xml).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="spesh check" tests="2" failures="1"/);
    expect(xml).toContain('<testcase classname="failing.md" name="line 1" time="0">');
  });
});

describe('signals and pipes', () => {
  test('Ctrl-C ends the command: 130', async () => {
    const { code, out } = await spesh.interrupted(['-c', 'up forever; run; tick'], 'KVM_ARM_VCPU_INIT', 'SIGINT');
    expect(code).toBe(130);
    expect(out).not.toMatch(/^tick/m);
  });
  test('SIGTERM: 143, and the session is kept', async () => {
    const { code, err } = await spesh.interrupted(['-c', 'up forever; run'], 'KVM_ARM_VCPU_INIT', 'SIGTERM');
    expect(code).toBe(143);
    const journal = /journal: (.*)/.exec(err)?.[1] ?? '';
    expect(existsSync(journal)).toBe(true);
    expect(readFileSync(journal, 'utf8')).toMatch(/^up forever\nrun$/m);
  });
  test('a reader that goes away ends it quietly', () => {
    const lines = Array.from({ length: 2000 }, () => 'help').join(';');
    const script = join(spesh.directory, 'long.spe');
    writeFileSync(script, `${lines}\n`);
    const shell = spawnSync('bash', ['-c', `"${process.execPath}" "${spesh.main}" run "${script}" | head -1; exit \${PIPESTATUS[0]}`], {
      encoding: 'utf8',
    });
    expect({ code: shell.status, err: shell.stderr }).toEqual({ code: 0, err: '' });
  });
  test.skipIf(!existsSync('/dev/full'))('an output that is full is no bug of ours', () => {
    const shell = spawnSync('bash', ['-c', `"${process.execPath}" "${spesh.main}" -c tick > /dev/full`], { encoding: 'utf8' });
    expect({ code: shell.status, err: shell.stderr }).toEqual({ code: 2, err: 'spesh: standard output: no space left\n' });
  });
});

describe('traces', () => {
  test('dump, records, stat read any bytes', () => {
    expect(spesh.run(['dump', 'trace.aux']).out).toMatch(/^\.\s+00000000: /m);
    const records = spesh.run(['records', 'trace.aux', '--json']);
    for (const line of records.out.split('\n').filter((l) => l !== '')) expect(() => JSON.parse(line)).not.toThrow();
    expect(spesh.run(['records', 'trace.aux', '--csv']).out).toMatch(
      /^pc,el,ns,op,events,issue,total,xlat,va,pa,target,source,context,ts,partial\n/,
    );
    expect(JSON.parse(spesh.run(['stat', 'trace.aux', '--counts', '--json']).out)).toMatchObject({ bytes: 64 });
  });
});

describe('--interactive without a terminal', () => {
  test('a prompt, a line, what it shows; mistakes end nothing', () => {
    const { code, out, err } = spesh.run(['--interactive'], { input: 'tick\nbogus\n\nprint 1; assert 0; print 2\nquit 4\ntick\n' });
    expect(code).toBe(4);
    expect(out).toBe('spe> tick 0\nspe> spe> spe> $2 = 1\nspe> ');
    expect(err).toMatch(/^prompt:1:1: misread .*\n(.*\n)+failed: expected 0, got 0\n$/);
  });
  test('the end of the input ends it', () => {
    expect(spesh.run(['--interactive'], { input: 'tick\n' })).toMatchObject({ code: 0, out: 'spe> tick 0\nspe> \n' });
  });
});
