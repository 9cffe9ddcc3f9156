// The shape of the code, checked: what the pure rooms may not say, how long a file may be, a notebook beside every command.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const PURE = ['base', 'arch', 'abi', 'machine', 'kernel', 'session', 'trace', 'view', 'shell'].map((room) => join('src', room));

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    return statSync(join(root, path)).isDirectory() ? filesBelow(path) : [path];
  });
}

const sources = ['src', 'commands'].flatMap(filesBelow).filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'));

/** A file that is nothing but rows may be longer. */
function isTable(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*(\/\/|\*|\/\*)/.test(line));
  const logic = lines.filter((line) => /\b(if|for|while|switch|return|function)\b|=>\s*\{/.test(line));
  return logic.length <= lines.length * 0.08;
}

describe('architecture', () => {
  test('no clock, chance or console in the pure rooms', () => {
    const banned =
      /\bnew Date\b|\bDate\.now\b|\bMath\.random\b|(?<!\.)\bconsole\.\w+|\bperformance\.now\b|\bprocess\.(env|argv|exit|stdout|stderr|stdin|hrtime|cwd|on|platform|versions)\b/;
    const found = sources
      .filter((path) => PURE.some((room) => path.startsWith(join(room, '/'))) || path.startsWith('commands'))
      .flatMap((path) =>
        readFileSync(join(root, path), 'utf8')
          .split('\n')
          .flatMap((line, i) =>
            banned.test(line.replace(/\/\/.*$/, '').replace(/'[^']*'/g, "''")) ? [`${path}:${i + 1}: ${line.trim()}`] : [],
          ),
      );
    expect(found).toEqual([]);
  });

  test('files stop at 400 lines, tables at 600', () => {
    const long = sources.flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const lines = text.split('\n').length - 1;
      return lines > (isTable(text) ? 600 : 400) ? [`${path}: ${lines} lines`] : [];
    });
    expect(long).toEqual([]);
  });

  test('every command family has its notebook beside it', () => {
    const missing = sources
      .filter((path) => path.startsWith('commands') && path !== join('commands', 'table.ts'))
      .filter((path) => !existsSync(join(root, path.replace(/\.ts$/, '.md'))));
    expect(missing).toEqual([]);
  });

  test('every source file says in its first comment what it is', () => {
    const silent = sources.filter((path) => !/^\s*(\/\/|\/\*)/.test(readFileSync(join(root, path), 'utf8')));
    expect(silent).toEqual([]);
  });
});
