// The filters against the vectors of spe-architecture §4.5, and the SAMPLE_FEED events.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countAgainstFilters,
  isFilteredOut,
  TYPE_BRANCH,
  TYPE_FP,
  TYPE_LOAD,
  TYPE_SIMD,
  TYPE_STORE,
} from '../../../src/machine/spu/filter.ts';
import type { SampledOperation } from '../../../src/machine/spu/operation.ts';
import { filterableEvents, PMSFCR_EL1, writeProfilingRegister } from '../../../src/machine/spu/registers.ts';
import type { SpuDescription } from '../../../src/machine/spu/state.ts';
import { aCpu, aLoad, sampleAlone } from './a-cpu.ts';

const FE = 1n;
const FT = 2n;
const FL = 4n;
const FnE = 8n;
const FDS = 16n;
const type = (flags: number): bigint => BigInt(flags) << 16n;
const mask = (flags: number): bigint => BigInt(flags) << 48n;

const ATOMIC = TYPE_LOAD | TYPE_STORE;
/** SPEv1p2 with FnE; with EFT and FDS besides. */
const V1P2: Partial<SpuDescription> = { pmsver: 3, pmsidr: 0x26457n };
const NEWEST: Partial<SpuDescription> = { pmsver: 5, pmsidr: 0x26417n | (1n << 6n) | (1n << 7n) | (1n << 26n) };

function keeps(device: Partial<SpuDescription>, registers: Record<string, bigint>, op: Partial<SampledOperation>): boolean {
  const { cpu, spu } = aCpu(device, registers);
  return !isFilteredOut(cpu, spu, aLoad(op));
}

describe('filter vectors (§4.5)', () => {
  const rows: [string, Partial<SpuDescription>, Record<string, bigint>, Partial<SampledOperation>, boolean][] = [
    ['FE, PMSEVFR=0x28, events 0x0a', {}, { PMSFCR_EL1: FE, PMSEVFR_EL1: 0x28n }, { events: 0x0a }, false],
    ['FE, PMSEVFR=0x28, events 0x2a', {}, { PMSFCR_EL1: FE, PMSEVFR_EL1: 0x28n }, { events: 0x2a }, true],
    ['FnE, PMSNEVFR=0x28, events 0x0a', V1P2, { PMSFCR_EL1: FnE, PMSNEVFR_EL1: 0x28n }, { events: 0x0a }, false],
    ['FnE, PMSNEVFR=0x28, events 0x06', V1P2, { PMSFCR_EL1: FnE, PMSNEVFR_EL1: 0x28n }, { events: 0x06 }, true],
    ['FT, LD, value-returning atomic', {}, { PMSFCR_EL1: FT | type(TYPE_LOAD) }, { types: ATOMIC }, true],
    ['FT, ST, value-returning atomic', {}, { PMSFCR_EL1: FT | type(TYPE_STORE) }, { types: ATOMIC }, true],
    ['FT, EFT, LD, STm, value-returning atomic', NEWEST, { PMSFCR_EL1: FT | type(TYPE_LOAD) | mask(TYPE_STORE) }, { types: ATOMIC }, false],
    [
      'FT, EFT, LD+FP, FPm, scalar FP load',
      NEWEST,
      { PMSFCR_EL1: FT | type(TYPE_LOAD | TYPE_FP) | mask(TYPE_FP) },
      { types: TYPE_LOAD | TYPE_FP },
      true,
    ],
    [
      'FT, EFT, LD+FP, FPm, integer load',
      NEWEST,
      { PMSFCR_EL1: FT | type(TYPE_LOAD | TYPE_FP) | mask(TYPE_FP) },
      { types: TYPE_LOAD },
      false,
    ],
    ['FT, EFT, 0, Bm, branch', NEWEST, { PMSFCR_EL1: FT | mask(TYPE_BRANCH) }, { types: TYPE_BRANCH }, false],
    ['FT, EFT, 0, Bm, anything else', NEWEST, { PMSFCR_EL1: FT | mask(TYPE_BRANCH) }, { types: TYPE_LOAD }, true],
    ['FL, MINLAT=100, 99', {}, { PMSFCR_EL1: FL, PMSLATFR_EL1: 100n }, { totalLatency: 99 }, false],
    ['FL, MINLAT=100, 100', {}, { PMSFCR_EL1: FL, PMSLATFR_EL1: 100n }, { totalLatency: 100 }, true],
    ['FDS, source 0x0e', NEWEST, { PMSFCR_EL1: FDS, PMSDSFR_EL1: 1n << 14n }, { source: 0x0e }, true],
    ['FDS, source 0x4e', NEWEST, { PMSFCR_EL1: FDS, PMSDSFR_EL1: 1n << 14n }, { source: 0x4e }, true],
    ['FDS, source 0x2e', NEWEST, { PMSFCR_EL1: FDS, PMSDSFR_EL1: 1n << 46n }, { source: 0x2e }, true],
    ['FDS, source 0x2e, bit 14', NEWEST, { PMSFCR_EL1: FDS, PMSDSFR_EL1: 1n << 14n }, { source: 0x2e }, false],
    ['FDS, source 0x08', NEWEST, { PMSFCR_EL1: FDS, PMSDSFR_EL1: 1n << 14n }, { source: 0x08 }, false],
    ['FDS, store', NEWEST, { PMSFCR_EL1: FDS, PMSDSFR_EL1: 1n << 14n }, { types: TYPE_STORE, source: -1 }, true],
    ['FDS, branch', NEWEST, { PMSFCR_EL1: FDS, PMSDSFR_EL1: 1n << 14n }, { types: TYPE_BRANCH, source: -1 }, true],
    ['no filter', {}, { PMSEVFR_EL1: 0x28n, PMSLATFR_EL1: 100n }, {}, true],
    ['settings that select nothing behave as off', V1P2, { PMSFCR_EL1: FE | FT | FL | FnE }, {}, true],
    ['type masks need FEAT_SPE_EFT', {}, { PMSFCR_EL1: FT | mask(TYPE_LOAD) }, { types: TYPE_LOAD }, true],
    ['all enabled filters must pass', {}, { PMSFCR_EL1: FT | FL | type(TYPE_LOAD), PMSLATFR_EL1: 100n }, { totalLatency: 99 }, false],
  ];
  for (const [name, device, registers, op, kept] of rows) {
    test(`${name}: ${kept ? 'keep' : 'reject'}`, () => expect(keeps(device, registers, op)).toBe(kept));
  }
});

test('the events a filter may name grow with the version (§2.1)', () => {
  const of = (d: Partial<SpuDescription>): string =>
    filterableEvents({ pmsver: 1, pmsidr: 0x26417n, pmbidr: 0n, layout: 'n1-slots', ...d }).toString(16);
  // The complement of what Linux calls illegal for SPEv1.0, 1.1 and 1.2, without the implementation's own bits 12-15, 24-31, 48-63.
  expect(of({})).toBe('aa');
  expect(of({ pmsver: 2 })).toBe('608aa');
  expect(of(V1P2)).toBe('608ea');
  expect(of(NEWEST)).toBe('fe0ffe');
});

test('SAMPLE_FEED events are counted from the filters’ values, enabled or not, from SPEv1p2 on (§2.2)', () => {
  const { cpu, spu } = aCpu(V1P2, { PMSFCR_EL1: type(TYPE_LOAD), PMSEVFR_EL1: 0x28n, PMSLATFR_EL1: 20n });
  countAgainstFilters(cpu, spu, aLoad({ events: 0x2e, totalLatency: 30 }));
  countAgainstFilters(cpu, spu, aLoad({ events: 0x06, totalLatency: 12, types: ATOMIC }));
  countAgainstFilters(cpu, spu, aLoad({ events: 0x02, totalLatency: 2, types: TYPE_BRANCH }));
  expect(spu.counts).toMatchObject({
    SAMPLE_FEED_LD: 2,
    SAMPLE_FEED_ST: 1,
    SAMPLE_FEED_BR: 1,
    SAMPLE_FEED_OP: 2,
    SAMPLE_FEED_EVENT: 1,
    SAMPLE_FEED_LAT: 1,
  });
});

test('SAMPLE_FEED_LAT counts from MINLAT on, _EVENT no rejected event, _OP by the masks alone; _OP of no control counts nothing (§2.2)', () => {
  const { cpu, spu } = aCpu(NEWEST, { PMSFCR_EL1: mask(TYPE_BRANCH), PMSNEVFR_EL1: 8n, PMSLATFR_EL1: 12n });
  countAgainstFilters(cpu, spu, aLoad({ events: 0x0a, totalLatency: 12 }));
  countAgainstFilters(cpu, spu, aLoad({ events: 0x02, totalLatency: 11, types: TYPE_BRANCH }));
  expect(spu.counts).toMatchObject({ SAMPLE_FEED_LAT: 1, SAMPLE_FEED_EVENT: 1, SAMPLE_FEED_OP: 1 });
  const free = aCpu(NEWEST, {});
  countAgainstFilters(free.cpu, free.spu, aLoad());
  expect(free.spu.counts).toMatchObject({ SAMPLE_FEED_LAT: 1, SAMPLE_FEED_EVENT: 1, SAMPLE_FEED_OP: 0 });
});

test('SAMPLE_FEED events do not count before SPEv1p2; FP, SIMD and DS count with EFT and FDS', () => {
  const before = aCpu();
  countAgainstFilters(before.cpu, before.spu, aLoad());
  expect(before.spu.counts.SAMPLE_FEED_LD).toBe(0);
  const { cpu, spu } = aCpu(NEWEST, { PMSDSFR_EL1: 1n << 8n });
  countAgainstFilters(cpu, spu, aLoad({ types: TYPE_LOAD | TYPE_FP, source: 8 }));
  countAgainstFilters(cpu, spu, aLoad({ types: TYPE_LOAD | TYPE_SIMD, source: 0 }));
  expect(spu.counts).toMatchObject({ SAMPLE_FEED_FP: 1, SAMPLE_FEED_SIMD: 1, SAMPLE_FEED_DS: 1 });
});

test('type filter: every control, mask and operation as the architecture’s two conditions have it', () => {
  for (let control = 0; control < 32; control++) {
    for (let exact = 0; exact < 32; exact++) {
      const { cpu, spu } = aCpu(NEWEST, { PMSFCR_EL1: FT | type(control) | mask(exact) });
      for (let flags = 0; flags < 32; flags++) {
        let any = 0;
        let matched = 0;
        let mismatch = false;
        for (let bit = 0; bit < 5; bit++) {
          const [c, e, f] = [control, exact, flags].map((x) => (x >> bit) & 1);
          if (e === 1) mismatch ||= c !== f;
          else if (c === 1) {
            any += 1;
            matched += f;
          }
        }
        expect(isFilteredOut(cpu, spu, aLoad({ types: flags }))).toBe(mismatch || (any > 0 && matched === 0));
      }
    }
  }
});

test('the event filters: every selected event must be 1, and no rejected one', () => {
  const bits = [1, 3, 5, 6, 7, 11];
  fc.assert(
    fc.property(fc.subarray(bits), fc.subarray(bits), fc.subarray(bits), fc.boolean(), fc.boolean(), (have, all, none, fe, fne) => {
      const word = (list: number[]): number => list.reduce((w, b) => w | (1 << b), 0);
      const registers = {
        PMSFCR_EL1: (fe ? FE : 0n) | (fne ? FnE : 0n),
        PMSEVFR_EL1: BigInt(word(all)),
        PMSNEVFR_EL1: BigInt(word(none)),
      };
      const kept = (!fe || all.every((b) => have.includes(b))) && (!fne || none.every((b) => !have.includes(b)));
      expect(keeps(V1P2, registers, { events: word(have) })).toBe(kept);
    }),
  );
});

describe('settings that select nothing are loud (§4.5)', () => {
  const rows: [string, Partial<SpuDescription>, Record<string, bigint>, RegExp][] = [
    ['FE, PMSEVFR=0', {}, { PMSFCR_EL1: FE }, /FE is 1 and PMSEVFR_EL1 selects no event/],
    ['FE, PMSEVFR of an event that is not filterable', {}, { PMSFCR_EL1: FE, PMSEVFR_EL1: 4n }, /PMSEVFR_EL1 selects no event/],
    ['FnE, PMSNEVFR=0', V1P2, { PMSFCR_EL1: FnE }, /FnE is 1 and PMSNEVFR_EL1 selects no event/],
    ['FL, MINLAT=0', {}, { PMSFCR_EL1: FL }, /MINLAT is 0/],
    ['FT, no type', {}, { PMSFCR_EL1: FT }, /B, LD and ST are 0/],
    ['FE=FnE=1, the same event', V1P2, { PMSFCR_EL1: FE | FnE, PMSEVFR_EL1: 2n, PMSNEVFR_EL1: 2n }, /select the same event/],
  ];
  for (const [name, device, registers, why] of rows) {
    test(name, () => {
      const c = aCpu(device, registers);
      sampleAlone(c);
      sampleAlone(c);
      expect(c.spu.notices.map((n) => n.kind)).toEqual(['spe.filter']);
      expect(c.spu.notices[0].why).toMatch(why);
    });
  }

  test('once for each setting', () => {
    const c = aCpu({}, { PMSFCR_EL1: FL });
    sampleAlone(c);
    writeProfilingRegister(c.cpu, PMSFCR_EL1, FT);
    sampleAlone(c);
    writeProfilingRegister(c.cpu, PMSFCR_EL1, FL);
    sampleAlone(c);
    expect(c.spu.notices.map((n) => n.why.slice(0, 13))).toEqual(['PMSFCR_EL1.FL', 'PMSFCR_EL1.FT', 'PMSFCR_EL1.FL']);
  });

  test('with EFT, FT and all controls 0 pass everything, silently; FDS with PMSDSFR=0 rejects every load with a source', () => {
    const c = aCpu(NEWEST, { PMSFCR_EL1: FT });
    expect(sampleAlone(c).recordWritten).toBe(true);
    expect(c.spu.notices).toEqual([]);
    expect(keeps(NEWEST, { PMSFCR_EL1: FDS }, { source: 0 })).toBe(false);
    expect(keeps(NEWEST, { PMSFCR_EL1: FDS }, { source: -1 })).toBe(true);
  });
});
