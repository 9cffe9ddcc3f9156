// Colours, width and characters by what the terminal and the person say (no-color.org, CLICOLOR, POSIX locale variables).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProgram, type Program } from './spesh.ts';

let spesh: Program;
beforeAll(() => {
  spesh = openProgram();
});
afterAll(() => spesh.dispose());

const ESCAPE = '\u001b';
const out = (args: readonly string[], env: Record<string, string> = {}): string =>
  spesh.run([...args, '-c', 'host; sysfs tree /sys/devices/arm_spe_0; help attr; help vcpu'], { env }).out;

describe('colours', () => {
  test.each([
    ['a pipe', [], {}, false],
    ['--color always', ['--color', 'always'], {}, true],
    ['--color always goes before NO_COLOR', ['--color', 'always'], { NO_COLOR: '1' }, true],
    ['--color never goes before FORCE_COLOR', ['--color', 'never'], { FORCE_COLOR: '3' }, false],
    ['NO_COLOR goes before FORCE_COLOR', [], { NO_COLOR: '1', FORCE_COLOR: '3' }, false],
    ['an empty NO_COLOR says nothing', [], { NO_COLOR: '', FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR', [], { FORCE_COLOR: '1' }, true],
    ['CLICOLOR_FORCE', [], { CLICOLOR_FORCE: '1' }, true],
    ['--plain', ['--plain'], { FORCE_COLOR: '1' }, false],
    ['TERM=dumb', [], { TERM: 'dumb' }, false],
  ] as const)('%s', (_name, args, env, coloured) => {
    expect(out(args, env).includes(ESCAPE)).toBe(coloured);
  });
  test('colours change nothing but colours', () => {
    expect(
      out(['--color', 'always'])
        .replace(/\u001b\[[\d;]*m/g, '')
        .replace(/ +$/gm, ''),
    ).toBe(out([]).replace(/ +$/gm, ''));
  });
  test('a theme without colours has weights and lines alone', () => {
    const text = spesh.run(['--color', 'always', '-c', 'set theme mono; up --bare; why']).out;
    expect(text).not.toMatch(/\u001b\[(3|9)\d/);
  });
});

describe('characters', () => {
  test('a locale that is not UTF-8 gets ASCII alone', () => {
    expect(out([], { LC_ALL: 'C.UTF-8' })).toMatch(/[^\u0000-\u007f]/);
    expect(out([], { LC_ALL: 'C' })).not.toMatch(/[^\u0000-\u007f]/);
    expect(out([], { LC_ALL: '', LC_CTYPE: '', LANG: 'de_DE.ISO-8859-1' })).not.toMatch(/[^\u0000-\u007f]/);
  });
  test('--plain draws nothing: no lines, no bars', () => {
    const text = spesh.run(['--plain', '-c', 'sysfs tree /sys/devices/arm_spe_0; up pointer-chase; sample 5; stat'], {
      env: { LC_ALL: 'C.UTF-8' },
    }).out;
    expect(text).not.toMatch(/[\u2500-\u259f]/);
  });
});

test('a dumb terminal gets a prompt, a line, an answer', () => {
  const ended = spesh.run(['--interactive'], { input: 'print 6*7\nnonsense\nquit 3\n', env: { TERM: 'dumb' } });
  expect(ended).toMatchObject({ code: 3, out: 'spe> $1 = 42\nspe> spe> ' });
  expect(ended.err).toContain('unknown command');
});
