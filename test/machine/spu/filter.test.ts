// The filters against the vectors of spe-architecture §4.5, and the SAMPLE_FEED events.
import { describe, expect, test } from 'vitest';
import { countAgainstFilters, isFilteredOut, TYPE_BRANCH, TYPE_FP, TYPE_LOAD, TYPE_STORE } from '../../../src/machine/spu/filter.ts';
import type { SampledOperation } from '../../../src/machine/spu/operation.ts';
import { filterableEvents } from '../../../src/machine/spu/registers.ts';
import type { SpuDescription } from '../../../src/machine/spu/state.ts';
import { aCpu, aLoad } from './a-cpu.ts';

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

test('SAMPLE_FEED events are counted from the filters’ values, enabled or not (§2.2)', () => {
  const { cpu, spu } = aCpu({}, { PMSFCR_EL1: type(TYPE_LOAD), PMSEVFR_EL1: 0x28n, PMSLATFR_EL1: 20n });
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
