// Loops of every element type and operator, as aarch64-linux-gnu-gcc makes vectors of them: there is no word that has no row.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseElf, sectionBytes } from '../../src/abi/elf.ts';
import { decodeWord } from '../../src/arch/a64/decode.ts';

const GCC = 'aarch64-linux-gnu-gcc';
const missing = spawnSync(GCC, ['--version']).status === 0 ? '' : ` (skipped: needs ${GCC})`;

const INTEGERS = ['signed char', 'unsigned char', 'short', 'unsigned short', 'int', 'unsigned', 'long', 'unsigned long'];
const FLOATS = ['float', 'double'];
const TYPES = [...INTEGERS, ...FLOATS];
const BOTH = [
  'a + b',
  'a - b',
  'a * b',
  'a > b ? a : b',
  'a < b ? a : b',
  'a > b ? a - b : b - a',
  '-a',
  'a * b + c',
  'a == b',
  'a * 3 + 1',
];
const OF_INTEGERS = ['a & b', 'a | ~b', 'a ^ b', 'a << 3', 'a >> 2', 'a << (b & 7)', 'a >> (b & 7)', '(a + b + 1) >> 1', 'a / 10', 'a % 7'];
const OF_FLOATS = [
  ...['sqrt', 'fabs', 'floor', 'ceil', 'trunc', 'rint', 'round', 'nearbyint'].map((name) => `__builtin_${name}(a)`),
  ...[
    'a / b',
    '__builtin_fma(a, b, c)',
    '__builtin_fmax(a, b)',
    '__builtin_copysign(a, b)',
    '(long)a',
    '(unsigned)a',
    '__builtin_isnan(a)',
  ],
];

function program(): string {
  const functions: string[] = [];
  const define = (result: string, parameters: string, body: string): number =>
    functions.push(`${result} f${functions.length}(${parameters}, int k) { ${body} }`);
  const loop = 'for (int i = 0; i < k; i++)';
  for (const t of TYPES) {
    for (const operation of [...BOTH, ...(FLOATS.includes(t) ? OF_FLOATS : OF_INTEGERS)]) {
      const indexed = operation.replace(/\b[abc]\b/g, '$&[i]');
      define('void', `${t} *restrict d, ${t} *restrict a, ${t} *restrict b, ${t} *restrict c`, `${loop} d[i] = ${indexed};`);
    }
    for (const u of TYPES) {
      define('void', `${u} *restrict d, ${t} *restrict a`, `${loop} d[i] = a[i];`);
      define(u, `${t} *a, ${t} *b`, `${u} s = 0; ${loop} s += a[i] * b[i]; return s;`);
      define(u, `${t} *a`, `${u} s = 0; ${loop} s += a[2 * i] + a[2 * i + 1]; return s;`);
    }
    define(t, `${t} *a`, `${t} s = a[0]; ${loop} s = a[i] > s ? a[i] : s; return s;`);
    define('void', `${t} *restrict d, ${t} *restrict a`, `${loop} d[i] = a[k - 1 - i];`);
    define('void', `${t} *restrict d, ${t} *restrict a`, `${loop} { d[3 * i] = a[i]; d[3 * i + 1] = a[k + i]; d[3 * i + 2] = i; }`);
    define('void', `${t} *restrict d, ${t} *restrict a, int *restrict b`, `${loop} if (b[i] > 3) d[i] = a[i] + 2;`);
  }
  return functions.join('\n');
}

test.skipIf(missing !== '').each(['-O2', '-O3', '-O3 -ffast-math'])(`what ${GCC} %s makes of loops${missing}`, (options) => {
  const folder = mkdtempSync(join(tmpdir(), 'spesh-compiler-'));
  try {
    writeFileSync(join(folder, 'loops.c'), program());
    const built = spawnSync(GCC, [
      ...options.split(' '),
      '-w',
      '-nostdlib',
      '-shared',
      '-o',
      join(folder, 'loops.so'),
      join(folder, 'loops.c'),
    ]);
    expect([built.status, built.stderr.toString()]).toEqual([0, '']);
    const text = sectionBytes(parseElf(new Uint8Array(readFileSync(join(folder, 'loops.so'))))._unsafeUnwrap(), '.text')!;
    const words = Array.from(new Uint32Array(text.buffer.slice(text.byteOffset, text.byteOffset + (text.byteLength & ~3))));
    expect(words.filter((word) => decodeWord(word)?.vector !== undefined).length).toBeGreaterThan(options === '-O2' ? 300 : 5000);
    const unknown = words.filter((word) => decodeWord(word) === null).map((word) => word.toString(16));
    expect([...new Set(unknown)]).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
