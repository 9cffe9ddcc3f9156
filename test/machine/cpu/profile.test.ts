// What the CPU tells the SPU of a sampled operation: class, subclass byte, addresses, branch, events (spe-architecture §1.8-§1.10, §2.1).
import { describe, expect, test } from 'vitest';
import { a64Rows } from '../../../src/arch/a64/rows.ts';
import { getX, SP, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { operationKind } from '../../../src/machine/cpu/profile.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import type { SampledOperation } from '../../../src/machine/spu/operation.ts';
import { type Bare, bareMachine, mapIdentity, NO_STOPS, RAM_BASE } from './bare.ts';
import { CODE, start, step, VECTORS } from './program.ts';

const DATA = RAM_BASE + 0x2_0000;
const BUFFER = RAM_BASE + 0x3_0000;

/** A machine on which the operation `skip` after the first is sampled. */
function sampling(text: string, skip = 0, options: { timing?: boolean; pstate?: bigint } = {}): Bare {
  const b = bareMachine({ megabytes: 1, spu: true, timing: options.timing ?? false });
  mapIdentity(b, RAM_BASE, options.pstate === 0n);
  const c = b.cpu.context;
  setPstate(c, options.pstate ?? 0x3c5n);
  setSys(c, 'VBAR_EL1', BigInt(VECTORS));
  setSys(c, 'CPACR_EL1', 3n << 20n);
  setSys(c, 'PMBPTR_EL1', BigInt(BUFFER));
  setSys(c, 'PMBLIMITR_EL1', BigInt(BUFFER + 0x1000) | 1n);
  setSys(c, 'PMSIRR_EL1', 1n << 20n);
  setSys(c, 'PMSICR_EL1', BigInt(skip + 1));
  setSys(c, 'PMSCR_EL1', 0x13n); // PA, E1SPE, E0SPE
  setX(c, 0, BigInt(DATA));
  setX(c, SP, BigInt(DATA + 0x800));
  start(b, text);
  return b;
}

function truth(b: Bare, operations: number): SampledOperation {
  stepCpu(b.m, b.cpu, operations, NO_STOPS);
  const completed = b.cpu.spu?.completed ?? [];
  expect(completed).toHaveLength(1);
  return completed[0].truth;
}
const sampleOf = (text: string, prepare?: (b: Bare) => void, pstate?: bigint): SampledOperation => {
  const b = sampling(text, 0, pstate === undefined ? {} : { pstate });
  prepare?.(b);
  return truth(b, 1);
};

describe('class and subclass', () => {
  test.each([
    ['add x1, x2, x3', 0, 0x00, 0],
    ['csel x1, x2, x3, eq', 0, 0x01, 0],
    ['ccmp x1, x2, #0, eq', 0, 0x01, 0],
    ['mrs x1, nzcv', 0, 0x00, 0],
    ['isb', 0, 0x00, 0],
    ['prfm pldl1keep, [x0]', 0, 0x00, 0],
    ['dc zva, x0', 0, 0x00, 0],
    ['ldr x1, [x0]', 1, 0x00, 2],
    ['ldp x1, x2, [x0]', 1, 0x00, 2],
    ['str x1, [x0]', 1, 0x01, 4],
    ['ldar x1, [x0]', 1, 0x12, 2],
    ['ldapr x1, [x0]', 1, 0x12, 2],
    ['stlr x1, [x0]', 1, 0x13, 4],
    ['ldxr x1, [x0]', 1, 0x0a, 2],
    ['ldaxr x1, [x0]', 1, 0x1a, 2],
    ['stxr w3, x1, [x0]', 1, 0x0b, 4],
    ['stlxr w3, x1, [x0]', 1, 0x1b, 4],
    ['ldadd x1, x2, [x0]', 1, 0x06, 6],
    ['ldaddal x1, x2, [x0]', 1, 0x16, 6],
    ['ldadd x1, xzr, [x0]', 1, 0x07, 4],
    ['swp x1, xzr, [x0]', 1, 0x06, 6],
    ['casal x1, x2, [x0]', 1, 0x16, 6],
    ['b .', 2, 0x00, 1],
    ['b.eq .', 2, 0x01, 1],
    ['cbz x1, .', 2, 0x01, 1],
    ['tbnz x1, #3, .', 2, 0x01, 1],
    ['bl .', 2, 0x00, 1],
    ['br x0', 2, 0x02, 1],
    ['blr x0', 2, 0x02, 1],
    ['ret', 2, 0x02, 1],
    ['eret', 2, 0x02, 1],
    ['fadd d1, d2, d3', 0, 0x02, 8],
    ['fmov x1, d2', 0, 0x02, 8],
    ['fcsel d1, d2, d3, eq', 0, 0x03, 8],
    ['fccmp d1, d2, #0, eq', 0, 0x03, 8],
    ['fcmp d1, d2', 0, 0x02, 8],
    ['add v1.4s, v2.4s, v3.4s', 0, 0x04, 16],
    ['movi v1.16b, #1', 0, 0x04, 16],
    ['fmul v1.4s, v2.4s, v3.4s', 0, 0x06, 24],
    ['ldr s1, [x0]', 1, 0x04, 10],
    ['ldp d1, d2, [x0]', 1, 0x04, 10],
    ['str d1, [x0]', 1, 0x05, 12],
    ['ldr q1, [x0]', 1, 0x04, 18],
    ['stp q1, q2, [x0]', 1, 0x05, 20],
    ['ld1 {v1.16b, v2.16b}, [x0]', 1, 0x04, 18],
    ['st1 {v1.s}[1], [x0]', 1, 0x05, 20],
    ['ld1r {v1.4s}, [x0]', 1, 0x04, 18],
  ])('%s: class %i, payload %i, types %i', (text, klass, subclass, types) => {
    const op = sampleOf(
      text
        .replace(/(b|b\.eq|bl) \.$/, 'here: $1 here')
        .replace(/(, )\.$/, '$1here')
        .replace(/^(cbz|tbnz)/, 'here: $1'),
    );
    expect([op.class, op.subclass, op.types]).toEqual([klass, subclass, types]);
  });

  test('every row has a class, loads and stores and branches theirs', () => {
    for (const row of a64Rows()) {
      const kind = operationKind(row, row.pattern.value);
      expect([row.id, kind.class]).toEqual([
        row.id,
        row.branch !== undefined ? 2 : row.access !== undefined && row.spe !== 'other' ? 1 : 0,
      ]);
    }
  });
});

describe('data', () => {
  test.each([
    ['ldr x1, [x0, #24]', DATA + 24],
    ['ldrb w1, [x0], #1', DATA],
    ['str x1, [x0, #-8]!', DATA - 8],
    ['ldp x1, x2, [sp, #16]', DATA + 0x810],
    ['ldr x1, [x0, x9, lsl #3]', DATA + 40],
    ['ldr x1, [x0, w9, sxtw]', DATA + 5],
    ['ldxr x1, [x0]', DATA],
    ['swp x1, x2, [x0]', DATA],
    ['ldtr x1, [x0, #8]', DATA + 8],
  ])('%s accesses %i', (text, address) => {
    const op = sampleOf(text, (b) => setX(b.cpu.context, 9, 5n), text.startsWith('ldtr') ? 0n : undefined);
    expect(op.va).toBe(BigInt(address));
    expect(op.pa).not.toBeNull();
    expect((op.pa ?? 0) % 4096).toBe(address % 4096);
    expect(op.target).toBeNull();
    expect(op.translationLatency).toBeGreaterThanOrEqual(0);
  });

  test('the literal', () => {
    const op = sampleOf('ldr x1, there\nnop\nthere: nop\nnop');
    expect(op.va).toBe(BigInt(CODE + 8));
  });

  test('a store exclusive that fails accesses nothing', () => {
    const op = sampleOf('stxr w3, x1, [x0]');
    expect([op.class, op.va, op.pa, op.events]).toEqual([1, null, null, 2]);
  });

  test('others have neither address nor translation latency', () => {
    for (const text of ['add x1, x2, x3', 'dc zva, x0', 'here: b here']) {
      const op = sampleOf(text);
      expect([op.va, op.pa, op.translationLatency, op.source]).toEqual([null, null, -1, -1]);
    }
  });
});

describe('branches', () => {
  const flags =
    (z: 0 | 1) =>
    (b: Bare): void =>
      setPstate(b.cpu.context, 0x3c5n | (BigInt(z) << 30n));
  test.each([
    ['b.eq there', flags(1), true],
    ['b.eq there', flags(0), false],
    ['cbz x9, there', (b: Bare) => setX(b.cpu.context, 9, 0n), true],
    ['cbz w9, there', (b: Bare) => setX(b.cpu.context, 9, 1n << 32n), true],
    ['cbnz x9, there', (b: Bare) => setX(b.cpu.context, 9, 0n), false],
    ['tbz x9, #35, there', (b: Bare) => setX(b.cpu.context, 9, 1n << 35n), false],
    ['tbnz w9, #3, there', (b: Bare) => setX(b.cpu.context, 9, 8n), true],
    ['b there', flags(0), true],
    ['bl there', flags(0), true],
  ])('%s', (text, prepare, taken) => {
    const op = sampleOf(`${text}\nnop\nnop\nthere: nop`, prepare);
    expect(op.taken).toBe(taken);
    expect(op.target).toBe(BigInt(taken ? CODE + 12 : CODE + 4));
    expect((op.events >> 6) & 1).toBe(taken ? 0 : 1);
  });
  test('a branch to the next instruction is taken all the same', () => {
    const op = sampleOf('b.eq there\nthere: nop', flags(1));
    expect([op.taken, op.target]).toEqual([true, BigInt(CODE + 4)]);
  });
  test('indirect ones', () => {
    for (const text of ['br x9', 'blr x9', 'ret x9']) {
      const op = sampleOf(text, (b) => setX(b.cpu.context, 9, BigInt(CODE + 0x100)));
      expect([op.taken, op.target]).toEqual([true, BigInt(CODE + 0x100)]);
    }
  });
  test('an exception return knows the level it goes to', () => {
    const op = sampleOf('eret', (b) => {
      setSys(b.cpu.context, 'ELR_EL1', BigInt(CODE + 0x40));
      setSys(b.cpu.context, 'SPSR_EL1', 0x3c0n);
    });
    expect([op.taken, op.target, op.el, op.targetEl]).toEqual([true, BigInt(CODE + 0x40), 1, 0]);
  });
  test('selects and compares whose condition fails have the event', () => {
    for (const [z, event] of [
      [1, 0],
      [0, 1],
    ] as const) {
      for (const text of ['csel x1, x2, x3, eq', 'csinc x1, x2, x3, eq', 'ccmp x1, x2, #0, eq', 'ccmn x1, #3, #0, eq']) {
        expect((sampleOf(text, flags(z)).events >> 6) & 1).toBe(event);
      }
    }
  });
});

describe('events', () => {
  test('every operation that is executed is retired', () => expect(sampleOf('nop').events).toBe(2));
  test.each(['svc #0', 'brk #0', '.inst 0', 'ldr x1, [x30]', 'hvc #0'])('%s ends in an exception', (text) => {
    const op = sampleOf(text, (b) => setX(b.cpu.context, 30, 1n << 40n));
    expect(op.events & 3).toBe(3);
    expect(op.target).toBeNull();
    expect(op.va).toBeNull();
  });
  test('EL0 operations say so', () => expect(sampleOf('nop', undefined, 0n).el).toBe(0));
});

describe('which operation', () => {
  test('exactly the one the interval names, with its tick', () => {
    for (const skip of [0, 1, 5, 6, 100]) {
      const b = sampling('loop: add x1, x1, #1\nldr x2, [x0]\nb loop', skip);
      const op = truth(b, 200);
      expect(op.tick).toBe(skip);
      expect(Number(op.pc)).toBe(CODE + 4 * (skip % 3));
      expect(b.m.machine.tick).toBe(200);
      expect(getX(b.cpu.context, 1)).toBe(67n);
    }
  });
  test('operations of the slow path count too', () => {
    const op = truth(sampling('loop: mrs x1, nzcv\nmsr nzcv, x1\nb loop', 7), 20);
    expect(Number(op.pc)).toBe(CODE + 4);
  });
  test('the same whether sampled or not: registers, memory, ticks', () => {
    const text = 'loop: ldr x1, [x0]\nadd x1, x1, #1\nstr x1, [x0]\nldadd x1, x2, [x0]\ncbnz x1, loop';
    const plain = sampling(text, 1000, { timing: true });
    step(plain, 64);
    for (let skip = 0; skip < 10; skip++) {
      const b = sampling(text, skip, { timing: true });
      truth(b, 64);
      expect([...b.cpu.context.lo]).toEqual([...plain.cpu.context.lo]);
      expect(b.cpu.timing).toEqual(plain.cpu.timing); // measured is touched
    }
  });
});
