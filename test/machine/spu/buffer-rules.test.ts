// PMBPTR_EL1's rules broken in every way, faults and External aborts with DL and EA, and their priorities: spe-architecture §4.7, §4.8.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { syndromeText } from '../../../src/arch/spe/syndrome.ts';
import { getSys, setSys } from '../../../src/machine/cpu/context.ts';
import { managementEvent } from '../../../src/machine/spu/buffer.ts';
import { PMBIRQ } from '../../../src/machine/spu/registers.ts';
import type { SpuDescription } from '../../../src/machine/spu/state.ts';
import { aCpu, aLoad, type OneCpu, sampleAlone } from './a-cpu.ts';

const status = (c: OneCpu): string => getSys(c.cpu.context, 'PMBSR_EL1').toString(16);
const pointer = (c: OneCpu): string => getSys(c.cpu.context, 'PMBPTR_EL1').toString(16);
const line = (c: OneCpu): number => (c.cpu.hostLines >> PMBIRQ) & 1;

describe('rules of the pointer (§4.7): each breach shows', () => {
  // name, unit, pointer, limit register, PMBSR_EL1, why
  const rows: [string, Partial<SpuDescription>, bigint, bigint, string, RegExp][] = [
    ['LIMIT == PTR', {}, 0x10000n, 0x10001n, '20001', /0 bytes are left/],
    ['PTR one byte above LIMIT - 2^MaxSize', { pmbidr: 0x20n }, 0x11fc1n, 0x12001n, '20001', /63 bytes are left/],
    ['PTR above LIMIT', {}, 0x13000n, 0x12001n, '20001', /0x13000 is above LIMIT/],
    ['PTR above LIMIT, 4 GiB apart', {}, 0x1_0001_0000n, 0x12001n, '20001', /is above LIMIT/],
    ['LIMIT 0', {}, 0x10000n, 1n, '20001', /is above LIMIT/],
    ['a record of 2 KiB', { pmsidr: 0x2b417n }, 0x11840n, 0x12001n, '20001', /may need 2048/],
    ['PTR not aligned', {}, 0x10001n, 0x12001n, 'a0000', /0x10001 is not a multiple of 64/],
    ['PTR not aligned to 2 KiB', { pmbidr: 0x2bn, pmsidr: 0x2b417n }, 0x10400n, 0x12001n, 'a0000', /not a multiple of 2048/],
    ['another top byte', {}, 0x0100000000010000n, 0x12001n, 'a0000', /bits 63:56/],
    ['another top byte in LIMIT', {}, 0x10000n, 0xff00000000012001n, 'a0000', /bits 63:56/],
  ];
  for (const [name, device, ptr, limit, pmbsr, why] of rows) {
    test(`${name}: PMBSR_EL1 0x${pmbsr}`, () => {
      const c = aCpu(device, { PMBPTR_EL1: ptr, PMBLIMITR_EL1: limit });
      expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: true });
      expect([status(c), pointer(c), line(c)]).toEqual([pmbsr, ptr.toString(16), 1]);
      expect(c.spu.notices.map((n) => n.kind)).toEqual(['spe.stop']);
      expect(c.spu.notices[0].why).toMatch(why);
      expect(c.m.memory.u8.every((b) => b === 0)).toBe(true);
    });
  }

  test('LIMIT - 2^MaxSize itself is allowed', () => {
    const c = aCpu({}, { PMBPTR_EL1: 0x11fc0n });
    expect(sampleAlone(c)).toEqual({ recordWritten: true, bufferEvent: true });
  });

  test('no byte at or beyond LIMIT is ever written, whatever the pointer, the sizes and the layout', () => {
    const sizes = fc
      .record({ max: fc.integer({ min: 6, max: 11 }), align: fc.integer({ min: 0, max: 11 }) })
      .filter((s) => s.align <= s.max);
    const layouts = fc.constantFrom('n1-slots' as const, 'architectural' as const);
    fc.assert(
      fc.property(
        sizes,
        layouts,
        fc.bigInt({ min: 0x10000n, max: 0x12100n }),
        fc.integer({ min: 1, max: 60 }),
        (s, layout, ptr, samples) => {
          const pmsidr = 0x20417n | (BigInt(s.max) << 12n);
          const c = aCpu({ pmsidr, pmbidr: 0x20n | BigInt(s.align), layout }, { PMBPTR_EL1: ptr });
          for (let i = 0; i < samples; i++) sampleAlone(c);
          expect(c.m.memory.u8.subarray(c.pa + 0x2000, c.pa + 0x4000).every((b) => b === 0)).toBe(true);
          expect(getSys(c.cpu.context, 'PMBPTR_EL1') <= 0x12000n || ptr > 0x12000n).toBe(true);
          for (const r of c.spu.completed) {
            expect(r.bytes.length % (1 << s.align)).toBe(0);
            expect(r.bytes.length).toBeLessThanOrEqual(1 << s.max);
          }
        },
      ),
    );
  });
});

describe('faults (§4.8)', () => {
  /** A buffer whose second page has no memory. */
  const cut = (device: Partial<SpuDescription>, ptr: bigint): OneCpu => {
    const c = aCpu(device, { PMBPTR_EL1: ptr, PMBLIMITR_EL1: 0x13001n });
    c.cpu.stage2 = [{ ipa: 0x10000, size: 0x1000, pa: c.pa, writable: true }];
    return c;
  };

  test('at a record boundary DL is left as it was, in the middle it is set', () => {
    const before = cut({}, 0x11000n);
    sampleAlone(before);
    expect([status(before), pointer(before)]).toEqual(['94020007', '11000']);
    const kept = cut({}, 0x11000n);
    setSys(kept.cpu.context, 'PMBSR_EL1', 1n << 19n);
    sampleAlone(kept);
    expect(status(kept)).toBe('940a0007');
    const middle = cut({ layout: 'architectural', pmbidr: 0x24n }, 0x10ff0n);
    sampleAlone(middle);
    expect([status(middle), pointer(middle)]).toEqual(['940a0007', '11000']);
    expect(middle.spu.notices[0].why).toBe('stage 2 translation fault, level 3, writing 0x11000');
  });

  test('a buffer page that stage 2 maps read-only: permission fault, level 3', () => {
    const c = aCpu();
    c.cpu.stage2 = [{ ipa: 0x10000, size: 0x4000, pa: c.pa, writable: false }];
    sampleAlone(c);
    expect(status(c)).toBe('9402000f');
    expect(syndromeText(getSys(c.cpu.context, 'PMBSR_EL1'))).toBe('stopped: stage 2: permission fault, level 3');
  });

  test('a fault comes before buffer full: the last record that fits faults', () => {
    const c = cut({}, 0x12fc0n);
    sampleAlone(c);
    expect(status(c)).toBe('94020007');
    expect(c.spu.counts.SAMPLE_BUFFER_FULL).toBe(0);
  });
});

describe('External aborts (§4.8)', () => {
  /** The buffer's second page is mapped to where the machine has no memory. */
  const beyond = (device: Partial<SpuDescription>, ptr: bigint): OneCpu => {
    const c = aCpu(device, { PMBPTR_EL1: ptr, PMBLIMITR_EL1: 0x13001n });
    const end = c.m.memory.u8.length;
    c.cpu.stage2 = [
      { ipa: 0x10000, size: 0x1000, pa: c.pa, writable: true },
      { ipa: 0x11000, size: 0x1000, pa: end, writable: true },
    ];
    return c;
  };

  test('before SPEv1p3: synchronous, EA, FSC 0x10, PMBPTR at it: 0x90060010', () => {
    const c = beyond({}, 0x11000n);
    expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: true });
    expect([status(c), pointer(c), line(c)]).toEqual(['90060010', '11000', 1]);
    expect(syndromeText(getSys(c.cpu.context, 'PMBSR_EL1'))).toBe('stopped: stage 1: synchronous External abort; External abort');
  });

  test('not at the first byte of a record: DL besides', () => {
    const c = beyond({ layout: 'architectural', pmbidr: 0x24n }, 0x10ff0n);
    sampleAlone(c);
    expect([status(c), pointer(c)]).toEqual(['900e0010', '11000']);
  });

  test('from SPEv1p3 no management event: PMBIDR_EL1.EA 1 ignored, 2 SError', () => {
    for (const [ea, word] of [
      [1n, /ignored/],
      [2n, /an SError/],
    ] as const) {
      const c = beyond({ pmsver: 4, pmsidr: 0x26457n, pmbidr: 0x26n | (ea << 8n) }, 0x11000n);
      expect(sampleAlone(c)).toEqual({ recordWritten: false, bufferEvent: false });
      expect([status(c), pointer(c), c.spu.completed.length]).toEqual(['0', '11040', 0]);
      expect(c.spu.notices.map((n) => n.kind)).toEqual(['spe.abort']);
      expect(c.spu.notices[0].why).toMatch(word);
    }
  });
});

test('a second event leaves the first one’s syndrome; DL and EA add up', () => {
  const c = aCpu();
  managementEvent(c.cpu, { ec: 0x25, mss: 7 });
  managementEvent(c.cpu, { ec: 0x24, mss: 0x10, externalAbort: true, dataLoss: true });
  managementEvent(c.cpu, { ec: 0, mss: 1 });
  expect(status(c)).toBe('940e0007');
});

test('an event has a syndrome of its own: what software left in EC, MSS and MSS2 is gone, DL, EA and COLL stay', () => {
  const c = aCpu({}, { PMBSR_EL1: 0xff_ffff_fc0d_ffffn });
  managementEvent(c.cpu, { ec: 0, mss: 1 });
  expect(status(c)).toBe('f0001');
});

test('collection goes on from a saved pointer after a repaired fault', () => {
  const c = aCpu({}, { PMBPTR_EL1: 0x11000n, PMBLIMITR_EL1: 0x13001n });
  const whole = c.cpu.stage2;
  c.cpu.stage2 = [];
  sampleAlone(c);
  c.cpu.stage2 = whole;
  setSys(c.cpu.context, 'PMBSR_EL1', 0n);
  expect(sampleAlone(c, aLoad())).toEqual({ recordWritten: true, bufferEvent: false });
  expect(c.spu.completed[0].address).toBe(0x11000n);
});

describe('PMBSR_EL1 values in words (§3.2)', () => {
  const rows: [bigint, string][] = [
    [0x20001n, 'stopped: buffer filled'],
    [0x30001n, 'stopped: buffer filled; collisions since it was cleared'],
    [0x10000n, 'running; collisions since it was cleared'],
    [0xa0000n, 'stopped: access not allowed; part of a record may be lost'],
    [0x90020007n, 'stopped: stage 1: translation fault, level 3'],
    [0x900a0007n, 'stopped: stage 1: translation fault, level 3; part of a record may be lost'],
    [0x9002000fn, 'stopped: stage 1: permission fault, level 3'],
    [0x94020007n, 'stopped: stage 2: translation fault, level 3'],
    [0x78020000n, 'stopped: granule protection check fault'],
    [0x7c020000n, 'stopped: IMPLEMENTATION DEFINED event, MSS 0x0, MSS2 0x0'],
    [0x90060010n, 'stopped: stage 1: synchronous External abort; External abort'],
    [0x900e0011n, 'stopped: stage 1: asynchronous External abort; part of a record may be lost; External abort'],
    [0x20004n, 'stopped: buffer size too large'],
    [0n, 'running'],
  ];
  for (const [value, words] of rows) test(`0x${value.toString(16)}`, () => expect(syndromeText(value)).toBe(words));
});
