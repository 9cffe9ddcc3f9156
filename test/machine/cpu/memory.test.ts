// Code that changes, exclusives, and what stores do besides.
import { describe, expect, test } from 'vitest';
import { hashPlain } from '../../../src/base/plain.ts';
import { getX, MONITOR, setPc, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { settleMemory, writePhysical } from '../../../src/machine/memory.ts';
import { type Bare, bareMachine, mapIdentity, NO_STOPS, putWords, RAM_BASE } from './bare.ts';
import { CODE, pc, put, start, step } from './program.ts';

const DATA = RAM_BASE + 0x2_0000;

describe('code', () => {
  test('a program that overwrites the instruction after the next runs the new one', () => {
    const b = bareMachine({ megabytes: 1 });
    // movz w5, #7 over movz w5, #1
    const labels = start(b, 'str w1, [x0]\nnop\ntarget: movz w5, #1\nb target');
    setX(b.cpu.context, 0, labels.get('target') ?? 0n);
    setX(b.cpu.context, 1, 0x528000e5n);
    step(b, 3);
    expect(getX(b.cpu.context, 5)).toBe(7n);
  });

  test('decoded code that changes from outside is decoded afresh', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'loop: add x0, x0, #1\nb loop');
    step(b, 10);
    expect(getX(b.cpu.context, 0)).toBe(5n);
    put(b, 'add x0, x0, #100');
    step(b, 2);
    expect(getX(b.cpu.context, 0)).toBe(105n);
  });

  test('a data store beside code in its page leaves the code', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'loop: str x1, [x2]\nadd x1, x1, #1\nb loop');
    setX(b.cpu.context, 2, BigInt(CODE + 0x800));
    step(b, 30);
    expect(getX(b.cpu.context, 1)).toBe(10n);
    expect(b.m.memory.u8[b.ram + CODE - RAM_BASE + 0x800]).toBe(9);
  });

  test('the last instruction of a page leads to the next page', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'add x0, x0, #1\nadd x0, x0, #2\nadd x0, x0, #4', CODE + 0xff8);
    step(b, 3);
    expect(getX(b.cpu.context, 0)).toBe(7n);
    expect(pc(b)).toBe(CODE + 0x1004);
  });
});

describe('stores and the world', () => {
  test('every page that was stored to is in the settled world, whatever was cached before', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'loop: str x0, [x1]\nadd x0, x0, #1\nb loop');
    setX(b.cpu.context, 1, BigInt(DATA));
    setX(b.cpu.context, 0, 1n);
    step(b, 3);
    settleMemory(b.m.memory);
    const before = hashPlain(b.m.machine.memory);
    step(b, 3); // the page is no longer dirty: the store must say so again
    settleMemory(b.m.memory);
    expect(hashPlain(b.m.machine.memory)).not.toBe(before);
    const frame = String((b.ram + DATA - RAM_BASE) / 4096);
    expect(b.m.machine.memory.pages[frame].page[0]).toBe(2);
  });
});

describe('exclusives', () => {
  const two = (): { b: Bare; other: Bare } => {
    const b = bareMachine({ megabytes: 1, cpus: 2 });
    setX(b.cpu.context, 0, BigInt(DATA));
    const other: Bare = { ...b, cpu: b.m.machine.cpus[1] };
    setX(other.cpu.context, 0, BigInt(DATA));
    return { b, other };
  };

  test('a store exclusive passes once, after a load exclusive of the same size and line', () => {
    const { b } = two();
    start(b, 'ldxr x1, [x0]\nstxr w2, x3, [x0]\nstxr w4, x3, [x0]\nldxr w1, [x0]\nstxr w5, x3, [x0]');
    for (const r of [2, 4, 5]) setX(b.cpu.context, r, 9n);
    step(b, 5);
    expect([2, 4, 5].map((r) => getX(b.cpu.context, r))).toEqual([0n, 1n, 1n]);
  });

  test.each([
    ['clrex', 1n],
    ['nop', 0n],
    ['str x3, [x0]', 0n], // its own store leaves the monitor open
  ])('%s between', (text, status) => {
    const { b } = two();
    start(b, `ldxr x1, [x0]\n${text}\nstxr w2, x3, [x0]`);
    step(b, 3);
    expect(getX(b.cpu.context, 2)).toBe(status);
  });

  test.each([
    ['str x5, [x0]', 1n],
    ['strb w5, [x0, #63]', 1n], // the line is 64 bytes
    ['stp x5, x6, [x0, #-16]', 0n],
    ['stp x5, x6, [x0, #-8]', 1n], // reaches into it
    ['stp x5, x6, [x0, #56]', 1n],
    ['str x5, [x0, #64]', 0n],
    ['stlr x5, [x0]', 1n],
    ['ldadd x5, x6, [x0]', 1n],
    ['ldr x5, [x0]', 0n],
  ])('another CPU does %s', (text, status) => {
    for (const warm of [false, true]) {
      const { b, other } = two();
      mapIdentity(b, RAM_BASE);
      mapIdentity(other, RAM_BASE);
      if (warm) {
        start(other, text, CODE + 0x100); // the page is known then: the store goes the fast way
        step(other);
      }
      start(b, 'ldaxr x1, [x0]\nstlxr w2, x3, [x0]');
      step(b);
      start(other, text, CODE + 0x100);
      step(other);
      expect([warm, b.cpu.context.core[MONITOR]]).toEqual([warm, status === 1n ? 0 : 1]);
      step(b);
      expect(getX(b.cpu.context, 2)).toBe(status);
    }
  });

  test('also after the other CPU’s stores went the fast way', () => {
    const { b, other } = two();
    start(other, 'loop: str x5, [x0]\nb loop', CODE + 0x100);
    step(other, 10);
    start(b, 'ldaxr x1, [x0]\nstlxr w2, x3, [x0]');
    step(b);
    step(other, 2);
    step(b);
    expect(getX(b.cpu.context, 2)).toBe(1n);
  });

  test('ERET closes the monitor', () => {
    const { b } = two();
    const labels = start(b, 'ldxr x1, [x0]\neret\nback: stxr w2, x3, [x0]');
    setSys(b.cpu.context, 'ELR_EL1', labels.get('back') ?? 0n);
    setSys(b.cpu.context, 'SPSR_EL1', 0x3c5n);
    step(b, 3);
    expect(getX(b.cpu.context, 2)).toBe(1n);
  });

  test('two CPUs that increment under LDXR and STXR, switched at every operation count, lose nothing', () => {
    const { b, other } = two();
    put(b, 'again: ldxr x1, [x0]\nadd x1, x1, #1\nstxr w2, x1, [x0]\ncbnz w2, again\nsub x4, x4, #1\ncbnz x4, again\ndone: b done');
    for (const one of [b, other]) {
      setX(one.cpu.context, 4, 200n);
      setPc(one.cpu.context, BigInt(CODE));
    }
    for (let i = 0; i < 2000; i++) {
      stepCpu(b.m, b.cpu, 1 + (i % 7), NO_STOPS);
      stepCpu(b.m, other.cpu, 1 + (i % 5), NO_STOPS);
    }
    expect(b.m.memory.i32[(b.ram + DATA - RAM_BASE) >> 2]).toBe(400);
  });
});

describe('memory written from outside', () => {
  test('is seen by the next load', () => {
    const b = bareMachine({ megabytes: 1 });
    start(b, 'loop: ldr x1, [x0]\nb loop');
    setX(b.cpu.context, 0, BigInt(DATA));
    step(b, 4);
    writePhysical(b.m.memory, b.ram + DATA - RAM_BASE, Uint8Array.of(42));
    step(b, 2);
    expect(getX(b.cpu.context, 1)).toBe(42n);
    putWords(b, DATA, [7]);
    step(b, 2);
    expect(getX(b.cpu.context, 1)).toBe(7n);
  });
});
