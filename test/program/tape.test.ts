// Every demo, played again: the recordings beside it are what it gives, byte for byte. `npx spesh tape fixtures/sessions/*.tape` records anew.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProgram, type Program, ROOT } from './spesh.ts';

let spesh: Program;
beforeAll(() => {
  spesh = openProgram();
});
afterAll(() => spesh.dispose());

const sessions = 'fixtures/sessions';
const tapes = readdirSync(join(ROOT, sessions)).filter((name) => name.endsWith('.tape'));

function write(name: string, ...lines: string[]): string {
  writeFileSync(join(spesh.directory, name), `${lines.join('\n')}\n`);
  return name;
}
const read = (name: string): string => readFileSync(join(spesh.directory, name), 'utf8');

describe('tapes', () => {
  test.each(tapes)('%s gives the recordings beside it, under CI and without', { timeout: 60_000 }, (name) => {
    mkdirSync(join(spesh.directory, sessions), { recursive: true });
    const surroundings: readonly Record<string, string>[] = [
      { CI: 'true', NO_COLOR: '1', TERM: 'dumb' },
      { CI: '', FORCE_COLOR: '3', LANG: 'de_DE.UTF-8' },
    ];
    for (const env of surroundings) {
      const played = spesh.run(['tape', join(ROOT, sessions, name)], { env });
      expect(played.err).toBe('');
      expect(played.code).toBe(0);
      const outputs = [...readFileSync(join(ROOT, sessions, name), 'utf8').matchAll(/^Output (\S+)$/gm)].map((m) => m[1]);
      expect(outputs.length).toBeGreaterThan(0);
      for (const path of outputs) expect(read(path)).toBe(readFileSync(join(ROOT, path), 'utf8'));
    }
  });

  test('a command that never ends is interrupted by a key; the tape goes on', () => {
    const tape = write(
      'long.tape',
      'Output long.txt',
      'Type "up forever; run --ops 100000000000"',
      'Enter',
      'Wait /operations \\(Ctrl-C interrupts\\)/',
      'Ctrl+C',
      'Wait /interrupted at tick \\d+/',
      'Type "print 6*7"',
      'Enter',
      'Wait /= 42\\nspe> $/',
    );
    expect(spesh.run(['tape', tape])).toMatchObject({ code: 0, err: '' });
    const first = read('long.txt');
    spesh.run(['tape', tape]);
    expect(read('long.txt')).toBe(first);
  });

  test('what is hidden is in no cast; what comes back is drawn whole; the size changes; quit is the exit status', () => {
    const tape = write(
      'hidden.tape',
      'Output hidden.cast',
      'Hide',
      'Type "let secret = 1234567"',
      'Enter',
      'Ctrl+L',
      'Show',
      'Marker "here"',
      'Resize 100x30',
      'Type "print 7; quit 3"',
      'Enter',
    );
    expect(spesh.run(['tape', tape, '--cast-version', '3']).code).toBe(0);
    const events = read('hidden.cast')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as [number, string, string]);
    expect(JSON.stringify(events)).not.toContain('1234567');
    expect(events[0][2]).toContain('\u001b[2J');
    expect(events.map(([, code, text]) => (code === 'o' ? code : `${code} ${text}`)).join(' ')).toMatch(/^o m here r 100x30 (o )+x 3$/);
    for (const [time, code, text] of events)
      if (code === 'o') expect([time >= 0, text.replace(/\r\n/g, '')]).toEqual([true, expect.not.stringContaining('\n')]);
  });

  test('what is expected and not there: exit 1, the place, the screen; nothing is written', () => {
    const ended = spesh.run(['tape', write('wrong.tape', 'Output wrong.txt', 'Type "print 1"', 'Enter', 'Expect /= 2/')]);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('wrong.tape:4:1: failed [screen]');
    expect(ended.err).toContain('$1 = 1');
    expect(() => read('wrong.txt')).toThrow();
  });

  test('a tape that does not parse is exit 4, one that is not there 2', () => {
    const ended = spesh.run(['tape', write('bad.tape', 'Entr')]);
    expect([ended.code, ended.err]).toEqual([4, expect.stringContaining('did you mean Enter?')]);
    expect(spesh.run(['tape', 'gone.tape']).code).toBe(2);
    const inner = spesh.run(['tape', write('outer.tape', 'Source inner.tape')]);
    expect([inner.code, inner.err]).toEqual([2, expect.stringMatching(/outer\.tape:1:8: unmet \[no-file\]: inner\.tape: no such file\n/)]);
  });
});
