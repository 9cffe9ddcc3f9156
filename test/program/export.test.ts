// `export` and `rerun` through the whole program: files as their readers want them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openProgram, type Program } from './spesh.ts';

let spesh: Program;
beforeAll(() => {
  spesh = openProgram();
});
afterAll(() => spesh.dispose());
const read = (name: string): string => readFileSync(join(spesh.directory, name), 'utf8');

test('every kind of document holds the session, and not the commands about files', () => {
  const commands = [
    'up --bare',
    'vcpu 0 attr set spe.irq 32',
    'host',
    'history',
    'save s.md',
    ...['html', 'svg', 'cast', 'md', 'json'].map((k) => `export s.${k}`),
  ];
  expect(spesh.run(['--keep-going', '-c', commands.join('; ').replace('export s.md', 'export t.md')]).code).toBe(3);
  for (const name of ['s.html', 's.svg', 's.cast', 't.md', 's.json']) {
    expect(read(name)).toContain('vcpu 0 attr set spe.irq 32'.slice(0, name === 's.cast' ? 1 : undefined));
    expect(read(name)).toContain('EINVAL');
    expect(read(name)).not.toMatch(/history|save s/);
  }
  expect(read('s.html')).toContain('addr=&#38;32');
  expect(read('s.html')).toMatch(/<section id="cell-2">/);
  expect(read('s.svg')).toMatch(/^<svg [^>]*role="img"/);
  expect(read('s.svg')).not.toContain('animation');
  expect(read('t.md')).toContain('```text\nspe> up --bare\n```');
  const [header] = read('s.cast').split('\n');
  expect(JSON.parse(header)).toMatchObject({ version: 3 });
  expect(
    read('s.json')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { command: string }).command),
  ).toEqual(commands.slice(0, 3));
  // Twice gives the same.
  const before = read('s.svg');
  spesh.run(['--keep-going', '-c', 'up --bare; vcpu 0 attr set spe.irq 32; host; export s.svg']);
  expect(read('s.svg')).toBe(before);
});

test('a session that sourced a file is saved as what ran; what is saved checks', () => {
  spesh.run(['-c', 'print 1; save a.spe']);
  expect(spesh.run(['-c', 'source a.spe; print 2; save b.md; save b.spe']).code).toBe(0);
  expect(read('b.spe')).toBe('print 1\nprint 2\n');
  expect(spesh.run(['check', 'b.md'])).toMatchObject({ code: 0 });
  expect(spesh.run(['-c', 'print 9; load b.md; rerun; save c.spe']).code).toBe(0);
  expect(read('c.spe')).toBe('print 1\nprint 2\n');
});
