// Writing to the buffer, buffer full, faults and the interrupt: spe-architecture §4.6-§4.8, §4.10, §4.13.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indexOfRegister } from '../../../src/arch/sysreg/table.ts';
import { getSys, setSys } from '../../../src/machine/cpu/context.ts';
import { PMBIRQ, updateBufferInterrupt, writeProfilingRegister } from '../../../src/machine/spu/registers.ts';
import type { SpuDescription } from '../../../src/machine/spu/state.ts';
import { decodeColumns } from '../../../src/trace/decode.ts';
import { recordsOf } from '../../../src/trace/records.ts';
import { aCpu, aLoad, type OneCpu, sampleAlone } from './a-cpu.ts';

const line = (c: OneCpu): number => (c.cpu.hostLines >> PMBIRQ) & 1;
const status = (c: OneCpu): string => getSys(c.cpu.context, 'PMBSR_EL1').toString(16);
const pointer = (c: OneCpu): string => getSys(c.cpu.context, 'PMBPTR_EL1').toString(16);

/** Samples loads until an event; how many records were written. */
function fill(c: OneCpu): number {
  for (let written = 0; written < 1000; written++) {
    const done = sampleAlone(c);
    if (done.bufferEvent) return written + Number(done.recordWritten);
  }
  throw new Error('no event');
}

describe('buffer full (§4.7)', () => {
  // PMSIDR MaxSize, PMBIDR Align, limit: records until full, PMBPTR then
  const rows: [number, number, bigint, number, string, SpuDescription['layout']][] = [
    [6, 6, 0x12000n, 128, '12000', 'n1-slots'],
    [7, 6, 0x12000n, 127, '11fc0', 'n1-slots'],
    [6, 6, 0x11000n, 64, '11000', 'n1-slots'],
    [7, 7, 0x11000n, 32, '11000', 'n1-slots'],
  ];
  for (const [size, align, limit, records, end, layout] of rows) {
    test(`MaxSize ${size}, Align ${align}, LIMIT 0x${limit.toString(16)}: ${records} records, PMBPTR 0x${end}`, () => {
      const c = aCpu({ layout, pmsidr: 0x20417n | (BigInt(size) << 12n), pmbidr: 0x20n | BigInt(align) }, { PMBLIMITR_EL1: limit | 1n });
      expect(fill(c)).toBe(records);
      expect([pointer(c), status(c), line(c)]).toEqual([end, '20001', 1]);
      expect(c.spu.completed).toHaveLength(records);
      expect(c.spu.counts).toMatchObject({ SAMPLE_FEED: records, SAMPLE_FILTRATE: records, SAMPLE_BUFFER_FULL: 1 });
    });
  }

  test('MaxSize 6, Align 2, 44-byte records: full after 92, PMBPTR 0x10fd0', () => {
    const c = aCpu({ layout: 'architectural', pmbidr: 0x22n }, { PMBLIMITR_EL1: 0x11001n });
    // Counters 9, PC and VA 18, 16-bit data source 3, operation 2, events 3, timestamp 9 bytes.
    const op = aLoad({ source: 0x100 });
    let written = 0;
    for (;;) {
      const done = sampleAlone(c, op);
      written += Number(done.recordWritten);
      if (done.bufferEvent) break;
    }
    expect(c.spu.completed[0].bytes).toHaveLength(44);
    expect([written, pointer(c)]).toEqual([92, '10fd0']);
  });

  test('LIMIT == PTR: nothing is written, S and BSC 1, DL clear (the check before each record)', () => {
    const c = aCpu({}, { PMBLIMITR_EL1: 0x10001n });
    expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: true });
    expect([status(c), pointer(c), c.spu.completed.length]).toEqual(['20001', '10000', 0]);
    expect(c.m.memory.u8.subarray(c.pa, c.pa + 64).every((b) => b === 0)).toBe(true);
  });

  test('a collision seen before stays: 0x30001', () => {
    const c = aCpu({}, { PMBLIMITR_EL1: 0x10001n, PMBSR_EL1: 0x10000n });
    fill(c);
    expect(status(c)).toBe('30001');
  });

  test('after S nothing more is written until software clears it; then the line falls', () => {
    const c = aCpu({}, { PMBLIMITR_EL1: 0x10001n });
    fill(c);
    expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: false });
    writeProfilingRegister(c.cpu, indexOfRegister('PMBLIMITR_EL1'), 0x11001n);
    expect(line(c)).toBe(1);
    writeProfilingRegister(c.cpu, indexOfRegister('PMBSR_EL1'), 0n);
    expect(line(c)).toBe(0);
    expect(sampleAlone(c)).toEqual({ recordWritten: true, bufferEvent: false });
  });
});

test('the record is in memory at the pointer, and the frame is dirty', () => {
  const c = aCpu({}, { PMBPTR_EL1: 0x11fc0n, PMBLIMITR_EL1: 0x13001n });
  c.m.memory.dirty.fill(0);
  expect(sampleAlone(c).recordWritten).toBe(true);
  const at = c.pa + 0x1fc0;
  expect(recordsOf(decodeColumns(c.m.memory.u8.slice(at, at + 64)))[0]).toMatchObject({ pc: '0xffffba66eda1c2d0', total: 12 });
  expect(c.m.memory.dirty[at >>> 12]).toBe(1);
  expect(c.spu.completed[0].address).toBe(0x11fc0n);
});

describe('faults (§4.8)', () => {
  test('stage 2 translation fault at a record boundary: 0x94020007, PMBPTR at it, DL clear', () => {
    const c = aCpu({}, { PMBPTR_EL1: 0x13fc0n, PMBLIMITR_EL1: 0x15001n });
    expect(sampleAlone(c).recordWritten).toBe(true);
    expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: true });
    expect([status(c), pointer(c), line(c)]).toEqual(['94020007', '14000', 1]);
  });

  test('in the middle of a record: DL, PMBPTR at the faulting address', () => {
    const c = aCpu({ pmbidr: 0x25n, layout: 'architectural' }, { PMBPTR_EL1: 0x13fe0n, PMBLIMITR_EL1: 0x15001n });
    sampleAlone(c);
    expect([status(c), pointer(c)]).toEqual(['940a0007', '14000']);
    expect(c.spu.completed).toHaveLength(0);
  });

  test('stage 1 address size fault with the MMU off: EC 0x24', () => {
    const c = aCpu({}, { PMBPTR_EL1: 0x100000000000n, PMBLIMITR_EL1: 0x100000001001n });
    sampleAlone(c);
    expect(status(c)).toBe('90020000');
  });
});

describe('access not allowed (§4.7, §4.8): the mistake shows', () => {
  test('a pointer that is not aligned', () => {
    const c = aCpu({}, { PMBPTR_EL1: 0x10020n });
    expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: true });
    expect(status(c)).toBe('a0000');
  });
  test('pointer and limit in different top bytes', () => {
    const c = aCpu({}, { PMBPTR_EL1: 0x0100000000010000n });
    sampleAlone(c);
    expect(status(c)).toBe('a0000');
  });
});

test('discard mode counts and writes nothing (§4.12); before SPEv1p2 the field is not there', () => {
  const c = aCpu({ pmsver: 3, pmsidr: 0x26457n }, { PMBLIMITR_EL1: 5n });
  expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: false });
  expect(c.spu.counts).toMatchObject({ SAMPLE_FEED: 1, SAMPLE_FILTRATE: 1 });
  expect([status(c), pointer(c)]).toEqual(['0', '10000']);
  for (const reserved of [3n, 7n]) {
    const fill = aCpu({ pmsver: 3, pmsidr: 0x26457n }, { PMBLIMITR_EL1: 0x12000n | reserved });
    expect(sampleAlone(fill).recordWritten).toBe(true); // FM 01 and 11 are reserved: fill mode here
  }
  const before = aCpu({ pmsver: 2 }, { PMBLIMITR_EL1: 0x12005n });
  expect(sampleAlone(before).recordWritten).toBe(true);
});

test('a filtered sample counts as fed only', () => {
  const c = aCpu({}, { PMSFCR_EL1: 4n, PMSLATFR_EL1: 13n });
  expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: false });
  expect(c.spu.counts).toMatchObject({ SAMPLE_FEED: 1, SAMPLE_FILTRATE: 0 });
});

test('an operation that disabled the buffer loses its record (§4.13)', () => {
  const c = aCpu();
  writeProfilingRegister(c.cpu, indexOfRegister('PMBLIMITR_EL1'), 0x12000n);
  expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: false });
});

describe('register writes keep what the unit implements (§3.2)', () => {
  const written = (device: Partial<SpuDescription>, name: string): string | null => {
    const c = aCpu(device);
    setSys(c.cpu.context, name, 0n);
    return writeProfilingRegister(c.cpu, indexOfRegister(name), (1n << 64n) - 1n) ? getSys(c.cpu.context, name).toString(16) : null;
  };
  const rows: [string, string, Partial<SpuDescription>?][] = [
    ['PMSCR_EL1', '7b'],
    ['PMSIRR_EL1', 'ffffff01'],
    ['PMSFCR_EL1', '70007'],
    ['PMSFCR_EL1', '7000f', { pmsver: 3, pmsidr: 0x26457n }],
    ['PMSLATFR_EL1', 'fff'],
    ['PMSLATFR_EL1', 'ffff', { pmsidr: 0x36417n }],
    ['PMSEVFR_EL1', '608aa'],
    ['PMSICR_EL1', 'ffffffff'],
    ['PMSICR_EL1', 'ff000000ffffffff', { pmsidr: 0x26437n }],
    ['PMBLIMITR_EL1', 'fffffffffffff001'],
    ['PMBLIMITR_EL1', 'fffffffffffff027', { pmsver: 3 }],
    ['PMBSR_EL1', 'fffffffc0fffff'],
    ['PMBPTR_EL1', 'ffffffffffffffff'],
  ];
  for (const [name, bits, device] of rows)
    test(`${name}${device ? ` of ${JSON.stringify(device, (_, v) => (typeof v === 'bigint' ? v.toString(16) : v))}` : ''}: 0x${bits}`, () =>
      expect(written(device ?? {}, name)).toBe(bits));

  test('read-only registers and those of absent features are UNDEFINED to write', () => {
    for (const name of ['PMSIDR_EL1', 'PMBIDR_EL1', 'PMSNEVFR_EL1', 'PMSDSFR_EL1', 'PMBMAR_EL1'])
      expect(written({}, name), name).toBeNull();
  });
});

test('the line is S, whoever writes it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
      const c = aCpu();
      setSys(c.cpu.context, 'PMBSR_EL1', value);
      updateBufferInterrupt(c.cpu);
      expect(line(c)).toBe(Number((value >> 17n) & 1n));
    }),
  );
});
