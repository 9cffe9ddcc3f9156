// Expressions as language.md §2 says: unsigned 64-bit, C's precedence, registers before symbols, memory, variables, $?.
import { describe, expect, test } from 'vitest';
import { openSession, run } from '../session-by-text.ts';

const evaluated = (session: ReturnType<typeof openSession>, text: string): unknown => {
  const outcome = run(session, `print ${text}`);
  return outcome.unmet === undefined ? BigInt(outcome.value ?? -1) : outcome.unmet.code;
};

describe('expressions without a machine', () => {
  const rows: readonly [string, bigint | string][] = [
    ['1 + 2 * 3', 7n],
    ['(1 + 2) * 3', 9n],
    ['1 << 4 | 1', 17n],
    ['2 - 3', (1n << 64n) - 1n],
    ['-1', (1n << 64n) - 1n],
    ['~0 >> 63', 1n],
    ['1 << 64', 0n],
    ['7 / 2', 3n],
    ['7 % 4', 3n],
    ['7 / 0', 'division-by-zero'],
    ['0 && 1 / 0', 0n],
    ['1 || 1 / 0', 1n],
    ['3 == 3 && 2 != 3', 1n],
    ['1 < 2', 1n],
    ['-1 < 2', 0n], // unsigned
    ['6 & 3 ^ 1', 3n],
    ['4KiB', 4096n],
    ['16MiB', 16n << 20n],
    ['0b101 + 0x10 + 1_000', 1021n],
    ['x0', 'unknown-name'],
    ['$nothing', 'unknown-name'],
    ['[0x1000]', 'no-vm'],
  ];
  test.each(rows)('%s', (text, expected) => {
    expect(evaluated(openSession(), text)).toBe(expected);
  });
});

describe('expressions on a guest', () => {
  const session = openSession();
  run(session, 'up pointer-chase');

  test('registers, before symbols; $ for registers too', () => {
    expect(evaluated(session, 'pc')).toBe(0x40080000n);
    expect(evaluated(session, '$pc')).toBe(0x40080000n);
    expect(evaluated(session, 'pstate')).toBe(0x3c5n);
    run(session, 'reg x3=0x1_2345_6789');
    expect(evaluated(session, 'x3')).toBe(0x123456789n);
    expect(evaluated(session, 'w3')).toBe(0x23456789n);
  });

  test('symbols and what lies behind them', () => {
    expect(evaluated(session, '_start')).toBe(0x40080000n);
    expect(evaluated(session, "'_start' + 4")).toBe(0x40080004n);
    expect(evaluated(session, '[chase].w')).toBe(0xaa0003e2n); // mov x2, x0
    expect(evaluated(session, '[chase].b')).toBe(0xe2n);
    expect(evaluated(session, '[chase].h')).toBe(0x03e2n);
  });

  test('fields', () => {
    expect(evaluated(session, 'PMBIDR_EL1.Align')).toBe(6n);
    expect(evaluated(session, 'PMSIDR_EL1.MaxSize')).toBe(6n);
    expect(evaluated(session, 'ID_AA64DFR0_EL1.PMSVer')).toBe(2n);
    expect(evaluated(session, 'PMSIDR_EL1.NoSuchField')).toBe('unknown-name');
  });

  test('variables hide registers of the same name; values of commands are numbered', () => {
    run(session, 'let x4 = 7');
    expect(evaluated(session, '$x4')).toBe(7n);
    expect(evaluated(session, 'x4')).toBe(0n);
    const before = session.context.values.length;
    run(session, 'print 41');
    expect(evaluated(session, '$_ + 1')).toBe(42n);
    expect(evaluated(session, `$${before + 1}`)).toBe(41n);
  });

  test('$? compares names', () => {
    run(session, 'vcpu 0 attr set spe.spu 99');
    expect(evaluated(session, '$? == EBUSY')).toBe(0n);
    expect(evaluated(session, '$? == ENXIO')).toBe(1n);
    run(session, 'vcpu 0 attr get spe.spu');
    expect(evaluated(session, '$? == ok')).toBe(1n);
    expect(evaluated(session, 'ok == $?')).toBe(1n);
  });
});
