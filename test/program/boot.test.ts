// `spesh boot` as a program: what goes to stdout and stderr, the exit codes of language.md §1, and what it costs in memory.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { assemble } from '../../src/arch/a64/assemble.ts';

const SPESH = inject('spesh');
const folder = mkdtempSync(join(tmpdir(), 'spesh-boot-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** A flat image of this program; its path. */
function image(text: string): string {
  const path = join(folder, `image-${files++}.flat`);
  writeFileSync(path, new Uint8Array(assemble(text, 0x4008_0000n)._unsafeUnwrap().words.buffer));
  return path;
}

const OFF = 'movz x0, #8\nmovk x0, #0x8400, lsl #16\nhvc #0';
const say = (text: string): string =>
  ['mov x9, #0x09000000', ...[...text].flatMap((c) => [`mov w8, #${c.charCodeAt(0)}`, 'strb w8, [x9]'])].join('\n');

function spesh(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SPESH, ...args], { encoding: 'utf8', timeout: 50_000 });
  return { status, stdout, stderr };
}

describe('exit codes', () => {
  test.each<readonly [string, string, { status: number; stdout: string; stderr: RegExp }]>([
    ['the status it reports', `${say('EXIT: STATUS=13\n')}\n${OFF}`, { status: 6, stdout: 'EXIT: STATUS=13\n', stderr: /^$/ }],
    [
      'unexpected failures',
      `${say('SUMMARY: 2 tests, 1 unexpected failures\n')}\n${OFF}`,
      { status: 1, stdout: 'SUMMARY: 2 tests, 1 unexpected failures\n', stderr: /^$/ },
    ],
    ['SYSTEM_OFF', OFF, { status: 0, stdout: '', stderr: /^$/ }],
    [
      'a stop',
      `${say('hello')}\nhere: b here`,
      { status: 3, stdout: 'hello', stderr: /^\nspesh: stopped: it branches to itself with interrupts masked; vcpu0 at 0x[0-9a-f]+: b/ },
    ],
    [
      'the budget',
      'msr daifclr, #2\nhere: b here',
      { status: 3, stdout: '', stderr: /^spesh: stopped: the budget of 10000 operations is spent; / },
    ],
    [
      'a status, then a loop',
      `${say('EXIT: STATUS=5\n')}\nmsr daifclr, #2\nhere: b here`,
      { status: 2, stdout: 'EXIT: STATUS=5\n', stderr: /^spesh: stopped: the budget of 10000 / },
    ],
    ['a status, then sleep', `${say('EXIT: STATUS=5\n')}\nhere: wfi\nb here`, { status: 2, stdout: 'EXIT: STATUS=5\n', stderr: /^$/ }],
  ])('%s', (_what, text, expected) => {
    const run = spesh('boot', image(text), '--ops', '10000');
    expect(run).toEqual({ ...expected, stderr: expect.stringMatching(expected.stderr) });
  });

  test('what cannot be booted', () => {
    const text = join(folder, 'text');
    writeFileSync(text, 'hello, world\n');
    expect(spesh('boot', join(folder, 'nothing'))).toMatchObject({ status: 2, stderr: expect.stringMatching(/nothing: no such file/) });
    expect(spesh('boot', text)).toMatchObject({ status: 5, stderr: expect.stringMatching(/^spesh: .*text file.*\n {2}hint: /) });
    expect(spesh('boot', image(OFF), '--initrd', join(folder, 'nothing')).status).toBe(2);
    expect(spesh('boot', image(OFF), '--host', 'no-spe')).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/KVM_ARM_VCPU_INIT.* = -1 E.*\n {2}check /),
    });
    expect(spesh('boot', image(OFF), '--mem', '64')).toMatchObject({ status: 2, stderr: expect.stringMatching(/size from 1MiB to 3GiB/) });
  });
});

test('--json: one object, the status in data and as the value', () => {
  const run = spesh('--json', 'boot', image(`${say('EXIT: STATUS=3\n')}\n${OFF}`), '--args', 'a b');
  expect(run.status).toBe(1);
  const object = JSON.parse(run.stdout);
  expect(object).toMatchObject({ v: 1, n: 1, ok: true, value: 1, data: { status: 1, stop: 'off', console: 'EXIT: STATUS=3\n' } });
  expect(object.command).toMatch(/^boot \S+ --args 'a b'$/);
  const stopped = spesh('boot', image('here: b here'), '--json');
  expect(JSON.parse(stopped.stdout)).toMatchObject({
    ok: false,
    value: null,
    data: { status: null, stop: 'stuck' },
    unmet: { code: 'stopped' },
  });
  expect([stopped.status, stopped.stderr]).toEqual([3, '']);
});

test('a guest of the project by its name', () => {
  expect(spesh('boot', 'event-full')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^event-full: checksum=[0-9a-f]+\nspe: full=\d+\nEXIT: STATUS=1\n$/),
  });
});

test('the console comes while the guest runs, and Ctrl-C ends it with 130', async () => {
  const child = spawn(process.execPath, [SPESH, 'boot', 'forever'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve) => {
    let seen = '';
    child.stdout.on('data', (data: Buffer) => {
      seen += data.toString();
      if (seen.includes('forever: counting\n')) resolve();
    });
  });
  child.kill('SIGINT');
  expect(await ended).toBe(130);
});

describe('memory', () => {
  const PEAK = `data:text/javascript,process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+'\\n'))`;
  /** Peak resident memory of a boot, MiB. */
  function peak(...args: string[]): number {
    const run = spawnSync(process.execPath, ['--import', PEAK, SPESH, 'boot', ...args], { encoding: 'utf8', timeout: 50_000 });
    return Number(/peak (\d+)/.exec(run.stderr)?.[1]) / 1024;
  }
  // What spesh itself takes: Node, the code, tables of the CPU; and at most 132 MiB of decoded code (cpu/code.ts, doubled while it grows).
  const ALLOWED = 300;
  const touch = (what: string, size: number): string =>
    `mov x1, #0x40000000\nmovz x2, #${(size >> 12) - 520}\nmov x3, #0x200000\nadd x1, x1, x3\nmov x4, #4096\nagain: ${what}\nadd x1, x1, x4\nsub x2, x2, #1\ncbnz x2, again\n${OFF}`;

  test('a guest that prints for ever', () => {
    const text = 'mov x9, #0x09000000\nmov w8, #10\nhere: strb w8, [x9]\nb here';
    expect(peak('--quiet', image(text), '--ops', '300000')).toBeLessThan(ALLOWED);
  });
  test('a guest that touches all its memory', () => {
    expect(peak(image(touch('str x2, [x1]', 64 << 20)), '--mem', '64MiB')).toBeLessThan(ALLOWED + 64);
  });
  test('a guest that runs in all its memory', () => {
    // `ret` at the first word of every page.
    const program = touch('str w5, [x1]\nmov x6, x1\nblr x6', 64 << 20).replace(
      'again:',
      'movz w5, #0x03c0\nmovk w5, #0xd65f, lsl #16\nagain:',
    );
    expect(peak(image(program), '--mem', '64MiB')).toBeLessThan(ALLOWED + 64);
  });
  test('a guest with 3 GiB that uses little', () => {
    expect(peak(image(OFF), '--mem', '3GiB')).toBeLessThan(ALLOWED);
  });
});
