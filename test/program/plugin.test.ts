// Commands of one's own in scripts: the example of `help plugins` as it stands, and what is wrong with others.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openProgram, type Program } from './spesh.ts';

let spesh: Program;
beforeAll(() => {
  spesh = openProgram();
});
afterAll(() => spesh.dispose());

function write(name: string, text: string): string {
  writeFileSync(join(spesh.directory, name), text);
  return name;
}

test('the example of help plugins is a plugin', () => {
  const page = spesh.run(['help', 'plugins']).out;
  const plugin = write('half.mjs', page.slice(page.indexOf('  export default')));
  expect(spesh.run(['--plugin', plugin, '-c', 'half 84; assert $_ == 42; help half'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^42\nhalf: /),
  });
  expect(spesh.run(['--plugin', plugin, 'check', write('a.md', '```spe\nspe> half 2\n1\n```\n')])).toMatchObject({ code: 0 });
  expect(spesh.run(['-c', 'half 2']).code).toBe(4);
});

test.each([
  ['gone.mjs', null, 'no such file'],
  ['text.mjs', 'export default 7', 'exports a function'],
  ['empty.mjs', 'export default () => ({})', 'no command family'],
  ['taken.mjs', "export default () => ({ name: 'tick', group: 'shell', summary: '', forms: [] })", 'two command families are called tick'],
  ['throws.mjs', "throw new Error('on purpose')", 'on purpose'],
])('%s', (name, text, message) => {
  if (text !== null) write(name, text);
  expect(spesh.run(['--plugin', name, '-c', 'tick'])).toMatchObject({ code: 2, err: expect.stringContaining(message) });
});
