// What stands behind a stop: changed values are marked by a sign and by words, not by colour alone (ux.md 2.4).
import { describe, expect, test } from 'vitest';
import { newShell } from './shell.ts';

describe('set context', () => {
  test('off by default; on shows what the command changed, and nothing of what it did not', () => {
    const { all, run } = newShell();
    expect(all('up pointer-chase', 'step').outcome.context).toBeUndefined();
    all('set context changes', 'step');
    const { out, json } = run('step');
    expect(out.slice(-1)).toEqual(['sp: 0x0 -> 0x4028d000']);
    expect(json['context']).toMatchObject({ changes: [{ name: 'sp', value: '0x4028d000', was: '0x0' }] });
  });

  test('a changed value has a sign behind it', () => {
    const { all, run } = newShell();
    all('up pointer-chase', 'set context regs', 'step 2');
    expect(run('step').out.filter((line) => line.includes('*'))).toEqual([
      expect.stringMatching(/^x30 .* sp +0x4028d000\*$/),
      expect.stringMatching(/^pc .*\* +pstate /),
    ]);
  });

  test('behind a refused or Unmet run there is none', () => {
    const { all, run } = newShell();
    all('set context on');
    expect(run('step').outcome.context).toBeUndefined();
    all('up --bare');
    expect(run('step').outcome.context).toBeUndefined();
  });
});

describe('display', () => {
  test('says what a value was when it changed, and only then', () => {
    const { all, run } = newShell();
    all('up pointer-chase', 'display x0', 'display x9');
    expect(run('step').out.slice(-2)).toEqual(['1: x0 = 0x4028d000* was 0x43ff0000', '2: x9 = 0']);
    expect(run('step').out.slice(-2)).toEqual(['1: x0 = 0x4028d000', '2: x9 = 0']);
  });
});
