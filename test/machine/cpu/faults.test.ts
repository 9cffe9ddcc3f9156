// Which fault an access meets when several would do, and how it is told: Arm ARM D8.13.2 (priority of the faults of a stage), D24.2.40
// (ESR_EL1: ISS of data aborts), D24.2.122 (PAR_EL1), C5.3 (DC, AT), D8.14 (TLBI).
import { describe, expect, test } from 'vitest';
import { getSys, setPstate, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { translateForSpu } from '../../../src/machine/cpu/mmu.ts';
import { type Bare, bareMachine, RAM_BASE } from './bare.ts';
import { CODE, esr, pc, start, step, VECTORS } from './program.ts';
import { AF, DEVICE, enableTables, NORMAL, READ_ONLY, Tables, USER, UXN, writeDescriptor } from './tables.ts';

const ROOT = BigInt(RAM_BASE + 0x40_0000);
const DATA = BigInt(RAM_BASE + 0x10_0000);
const VA = 0x12_3450_0000n;
const UART = 0x0900_0000n; // of which stage 2 has nothing
const EL1 = 0x3c5n;
const EL0 = 0x3c0n;
const PAN = 1n << 22n;
const INNER = 3n << 8n;
const OUTER = 2n << 8n;

/** A machine with its code and VA mapped: to `pa`, with these attributes. */
function machine(pa: bigint, attributes: bigint): { b: Bare; t: Tables } {
  const b = bareMachine({ megabytes: 16 });
  setSys(b.cpu.context, 'VBAR_EL1', BigInt(VECTORS));
  const t = new Tables(b, 4, 48n, ROOT);
  t.map(BigInt(CODE), BigInt(CODE), AF | NORMAL | READ_ONLY | USER, 3n);
  t.map(BigInt(VECTORS), BigInt(VECTORS), AF | NORMAL, 3n);
  t.map(VA, pa, attributes, 3n);
  enableTables(b, t);
  return { b, t };
}

/** Executes one instruction with X0 = `va`: null = done, 'trap' = left for EL2, else EC and ISS at EL1. */
function one(b: Bare, text: string, va: bigint, pstate = EL1): null | 'trap' | { ec: number; iss: number } {
  setPstate(b.cpu.context, pstate);
  setX(b.cpu.context, 0, va);
  setX(b.cpu.context, 1, 0n);
  start(b, text);
  if (step(b, text.startsWith('br') ? 2 : 1).stop === 'trap') return 'trap';
  return (pc(b) & ~0x7ff) === VECTORS ? esr(b) : null;
}

describe('WnR of an atomic operation: 0 where a read would have met the same fault', () => {
  test.each(['ldadd x1, x2, [x0]', 'swp x1, x2, [x0]', 'cas x1, x2, [x0]', 'stadd x1, [x0]', 'casp x2, x3, x4, x5, [x0]'])('%s', (text) => {
    const { b, t } = machine(DATA, AF | NORMAL | READ_ONLY);
    t.map(VA + 0x1000n, DATA, NORMAL);
    expect(one(b, text, VA + 0x5000n)).toEqual({ ec: 0x25, iss: 0x07 });
    expect(one(b, text, VA + 0x1000n)).toEqual({ ec: 0x25, iss: 0x0b }); // access flag
    expect(one(b, text, VA + 4n)).toEqual({ ec: 0x25, iss: 0x21 });
    expect(one(b, text, VA)).toEqual({ ec: 0x25, iss: 0x4f }); // may be read
    const user = machine(DATA, AF | NORMAL);
    expect(one(user.b, text, VA, EL0)).toEqual({ ec: 0x24, iss: 0x0f }); // may not
  });
});

describe('an ignored top byte', () => {
  const TBI0 = 1n << 37n;
  const TAG = 0x5an << 56n;

  test.each(['tlbi vaae1is, x1', 'tlbi vae1, x1'])('%s reaches what was translated with it', (text) => {
    const { b, t } = machine(DATA, AF | NORMAL);
    setSys(b.cpu.context, 'TCR_EL1', getSys(b.cpu.context, 'TCR_EL1') | TBI0);
    expect(one(b, 'ldr w1, [x0]', VA | TAG)).toBeNull();
    writeDescriptor(b, t.descriptor(VA, 3n), 0n);
    expect(one(b, 'ldr w1, [x0]', VA | TAG)).toBeNull(); // stale
    setX(b.cpu.context, 1, VA >> 12n);
    start(b, text);
    step(b);
    expect(one(b, 'ldr w1, [x0]', VA | TAG)).toEqual({ ec: 0x25, iss: 0x07 });
    expect(getSys(b.cpu.context, 'FAR_EL1')).toBe(VA | TAG);
  });
});
