// language.md §1: what each command line means, and that wrong ones are exit 2 with a hint.
import { describe, expect, test } from 'vitest';
import { readArguments } from '../../src/io/arguments.ts';

const read = (...argv: string[]) => readArguments(argv, '1.2.3');

describe('modes', () => {
  test.each([
    [[], { mode: 'start' }],
    [['-c', 'host; vm'], { mode: 'commands', text: 'host; vm' }],
    [['run', 'a.spe', 'b.md'], { mode: 'run', files: ['a.spe', 'b.md'] }],
    [['run', '-'], { mode: 'run', files: ['-'] }],
    [['check', 'a.md'], { mode: 'check', files: ['a.md'], update: false, junit: null }],
    [['check', 'a.md', '--update', '--junit', 'x.xml'], { mode: 'check', files: ['a.md'], update: true, junit: 'x.xml' }],
    [['dump', 'a.aux'], { mode: 'dump', file: 'a.aux', perf: '6.1' }],
    [['dump', 'a.aux', '--perf', '7.3'], { mode: 'dump', file: 'a.aux', perf: '7.3' }],
    [['records', 'a.aux', '--csv'], { mode: 'records', file: 'a.aux', csv: true }],
    [
      ['export', 'a.aux', '-o', 'b.data', '--midr', '0x413fd0c1', '--frequency', '25000000'],
      { mode: 'export', file: 'a.aux', out: 'b.data', midr: 0x413fd0c1n, frequency: 25_000_000n, metadata: 1 },
    ],
    [['dump', 'a.aux', '--workers', '3'], { mode: 'dump', workers: 3 }],
    [['records', 'a.aux', '--where', 'op == LD'], { mode: 'records', where: 'op == LD' }],
    [['stat', 'a.aux', '--where', 'MISPRED'], { mode: 'stat', where: 'MISPRED', counts: false }],
    [['stat', 'a.aux', '--counts'], { mode: 'stat', file: 'a.aux', counts: true }],
    [['help', 'vcpu', 'attr'], { mode: 'help', topic: 'vcpu attr' }],
    [['help'], { mode: 'help', topic: '' }],
    [
      ['boot', 'Image', '--smp', '2', '--mem', '16MiB', '--ops', '1_000', '--args', 'a b', '--initrd', 'rd'],
      { mode: 'boot', image: 'Image', vcpus: 2, memory: 16n << 20n, operations: 1000, arguments: 'a b', initrd: 'rd' },
    ],
    [['boot', 'Image'], { mode: 'boot', vcpus: 1, memory: 64n << 20n, operations: 10_000_000_000, arguments: '', initrd: null }],
    [['explore', 'a.toml', '--shard', '1/2'], { mode: 'explore', file: 'a.toml', shard: '1/2', each: 'transition', workers: null }],
  ])('%j', (argv, invocation) => {
    expect(read(...argv)).toMatchObject({ kind: 'invocation', invocation });
  });
});

describe('options of boot that are none', () => {
  test.each([
    ['--smp', '0'],
    ['--smp', '200'],
    ['--mem', '64'],
    ['--mem', '5GiB'],
    ['--mem', '0x8000000000000000'],
    ['--mem', '64MB'],
    ['--ops', '0'],
    ['--ops', 'many'],
    ['--dtb', 'x'],
  ])('%s %s', (...option) => {
    expect(read('boot', 'image', ...option)).toMatchObject({ kind: 'text', code: 2, err: expect.stringMatching(/^spesh: /) });
  });
  test('no image', () => {
    expect(read('boot')).toMatchObject({ kind: 'text', code: 2 });
  });
});

describe('options', () => {
  test('stand before and behind the command', () => {
    const wanted = {
      host: 'one-spu',
      seed: 7,
      json: true,
      quiet: true,
      echo: true,
      keepGoing: true,
      color: 'never',
      width: 100,
      plain: true,
    };
    const options = [
      '--host',
      'one-spu',
      '--seed',
      '7',
      '--json',
      '--quiet',
      '--echo',
      '--keep-going',
      '--color',
      'never',
      '--width',
      '100',
      '--plain',
    ];
    expect(read(...options, 'run', 'a.spe')).toMatchObject({ options: wanted });
    expect(read('run', 'a.spe', ...options)).toMatchObject({ options: wanted });
    expect(read(...options, '-c', 'host')).toMatchObject({ options: wanted });
  });
  test('defaults', () => {
    expect(read('-c', 'host')).toMatchObject({
      options: {
        host: null,
        seed: null,
        json: false,
        quiet: false,
        echo: false,
        keepGoing: false,
        color: 'auto',
        width: null,
        plain: false,
        init: null,
        noInit: false,
        batch: false,
        interactive: false,
      },
    });
  });
  test('--init and --no-init', () => {
    expect(read('--init', 'a.spe', '-c', 'host')).toMatchObject({ options: { init: 'a.spe', noInit: false } });
    expect(read('--no-init', '-c', 'host')).toMatchObject({ options: { init: null, noInit: true } });
  });
});

describe('what is wrong is exit 2', () => {
  test.each([
    [['--bogus'], /unknown option '--bogus'/],
    [['-c', 'tick', 'run', 'a.spe'], /-c and a command exclude each other/],
    [['run', 'a.spe', '-c', 'tick'], /-c and a command exclude each other/],
    [['--jsn', '-c', 'host'], /--json/],
    [['bogus'], /unknown command 'bogus'/],
    [['tour.md'], /spesh run tour\.md/],
    [['run'], /missing required argument/],
    [['--seed', 'x', '-c', 'host'], /seed/],
    [['--width', '3', '-c', 'host'], /width/],
    [['--color', 'maybe', '-c', 'host'], /color/],
    [['dump', 'a', '--perf', '5'], /6\.1, 6\.12, 7\.3/],
    [['-c'], /argument missing/],
  ])('%j', (argv, message) => {
    const found = read(...argv);
    expect(found).toMatchObject({ kind: 'text', out: '', code: 2 });
    expect(found.kind === 'text' && found.err).toMatch(message);
    expect(found.kind === 'text' && found.err).toMatch(
      /^spesh: .*\n(.*\n)?(\(.*\)\n)? {2}hint: (spesh --help|spesh run -|did you mean|commands are)/,
    );
  });
});

test('--help and --version are results, exit 0', () => {
  expect(read('--version')).toEqual({ kind: 'text', out: '1.2.3\n', err: '', code: 0 });
  const help = read('--help');
  expect(help).toMatchObject({ kind: 'text', err: '', code: 0 });
  expect(help.kind === 'text' && help.out).toMatch(/check .*verify the recorded output/);
  expect(read('check', '--help')).toMatchObject({ kind: 'text', code: 0 });
});
