// Records are true: every packet of every record against a reference walk of the same random program, one operation at a time, without a unit
// and without a timing model. Population, interval, collisions, filters, what is collected, both layouts and all versions; timing from plain.ts.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packetsOf } from '../../../src/arch/spe/packet.ts';
import { mountCode } from '../../../src/machine/cpu/code.ts';
import { setSys } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { newSpuState, type SpuDescription } from '../../../src/machine/spu/state.ts';
import { unitOf } from '../../../src/machine/spu/unit.ts';
import { geometryOf } from '../../../src/machine/timing/geometry.ts';
import { newTimingModel } from '../../../src/machine/timing/model.ts';
import { type Bare, NO_STOPS, RAM_BASE } from '../cpu/bare.ts';
import { BUFFER, DATA, type RandomProgram, randomProgram } from './random-program.ts';
import { bit, machineWith, type Packets, predict, type Setting, walkProgram } from './reference-walk.ts';

/** Small caches and TLBs, so that programs of a few thousand operations miss. */
const SMALL = {
  l1Bytes: 1024,
  l1Ways: 2,
  l2Bytes: 4096,
  l2Ways: 4,
  slcBytes: 8192,
  slcWays: 4,
  tlb1Entries: 2,
  tlb1Ways: 2,
  tlb2Entries: 2,
  tlb2Ways: 2,
};

const BUFFER_SIZE = 0x20_0000;

const COUNTERS = ['total', 'issue', 'xlat'];
const ADDRESSES = ['pc', 'target', 'va', 'pa', 'previous'];

function packetsIn(bytes: Uint8Array): Packets {
  const packets: Packets = {};
  for (const { packet } of packetsOf(bytes)) {
    if (typeof packet === 'string') throw new Error(`a ${packet} packet`);
    switch (packet.kind) {
      case 'address':
        packets[ADDRESSES[packet.index]] = packet.value;
        break;
      case 'counter':
        packets[COUNTERS[packet.index]] = packet.value;
        break;
      case 'operation':
        packets['op'] = `${packet.class} ${packet.subclass}`;
        break;
      case 'events':
        packets['events'] = packet.value;
        break;
      case 'data-source':
        packets['source'] = packet.value;
        break;
      case 'context':
        packets['context'] = packet.value;
        break;
      case 'timestamp':
        packets['ts'] = packet.value;
        break;
      case 'end':
        packets['end'] = 1;
    }
  }
  return packets;
}

function runSampled(s: Setting, program: RandomProgram, table: Record<string, number>, part: number, remount: boolean): Bare {
  const b = machineWith(program);
  b.cpu.spu = newSpuState(s.device);
  b.cpu.timing = newTimingModel(table);
  const start = { MDCR_EL2: 3n << 12n, PMSCR_EL2: 0x50n, PMBPTR_EL1: BigInt(BUFFER) };
  const limit = { PMBLIMITR_EL1: BigInt(BUFFER + BUFFER_SIZE) | 1n };
  for (const [name, value] of Object.entries({ ...start, ...limit, ...s.registers })) setSys(b.cpu.context, name, value);
  for (let left = OPERATIONS; left > 0; left -= part) {
    const m = remount ? { ...b.m, code: mountCode() } : b.m;
    stepCpu(m, b.cpu, Math.min(part, left), NO_STOPS);
  }
  return b;
}

const N1: SpuDescription = { pmsver: 1, pmsidr: 0x26417n, pmbidr: 0x06n, layout: 'n1-slots' };
const DEVICES: Readonly<Record<string, SpuDescription>> = {
  'SPEv1.0, n1-slots': N1,
  'SPEv1.0, architectural, no data source, no alignment': { ...N1, pmsidr: 0x26407n, pmbidr: 0x00n, layout: 'architectural' },
  'SPEv1.1, n1-slots': { ...N1, pmsver: 2 },
  'SPEv1.2, n1-slots, ERnd, PBT': { pmsver: 3, pmsidr: 0x1026477n, pmbidr: 0x26n, layout: 'n1-slots' },
  'SPEv1.4, architectural, FDS, CRR, PBT, 16-bit counters': { pmsver: 5, pmsidr: 0x30374f7n, pmbidr: 0x226n, layout: 'architectural' },
  'SPEv1.5, architectural, EFT': { pmsver: 6, pmsidr: 0xf0374ffn, pmbidr: 0x226n, layout: 'architectural' },
  'SPEv1.4, n1-slots': { pmsver: 5, pmsidr: 0x26457n, pmbidr: 0x226n, layout: 'n1-slots' },
};

const events = fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 19, 20]).map((list) => list.reduce((w, b) => w | (1n << BigInt(b)), 0n));

/** Register settings that a unit has: what it does not implement is left out. */
function settings(device: SpuDescription): fc.Arbitrary<Setting> {
  const unit = unitOf(device);
  const types = fc.integer({ min: 0, max: unit.typeMasks ? 31 : 7 });
  return fc
    .record({
      control: fc.integer({ min: 0, max: 31 }),
      types,
      masks: types,
      selected: events,
      rejected: events,
      latency: fc.constantFrom(0n, 3n, 12n, 40n, 200n),
      sources: fc.constantFrom(0x4101n, 0x100n, 0x4800n),
      collect: fc.constantFrom(0x3n, 0x23n, 0x3bn, 0x2an, 0x29n, 0x1bn),
      reload: fc.constantFrom(0x100n, 0x101n, 1n, 0x201n),
    })
    .map((r) => {
      const enabled = BigInt(r.control & (unit.invertedEvents ? 31 : 23) & (unit.sourceFilter ? 31 : 15));
      const none = r.types === 0 && !unit.typeMasks ? 2n : 0n;
      const filterable = BigInt(unit.filterable);
      return {
        device,
        registers: {
          PMSFCR_EL1: (enabled & ~none) | (BigInt(r.types) << 16n) | (unit.typeMasks ? BigInt(r.masks) << 48n : 0n),
          PMSEVFR_EL1: r.selected & filterable,
          PMSNEVFR_EL1: r.rejected & filterable,
          PMSLATFR_EL1: r.latency,
          PMSDSFR_EL1: r.sources,
          PMSCR_EL1: r.collect,
          PMSIRR_EL1: r.reload,
        },
      };
    });
}

const OPERATIONS = 2500;

/** What the records of all tests had, so that a generator that lost something shows. */
const seen = new Map<string, number>();
function note(record: Packets): void {
  const has = [...Object.keys(record), `op ${record['op']}`];
  for (let event = 0; event < 24; event++) if (bit(BigInt(record['events']), event)) has.push(`event ${event}`);
  for (const word of has) seen.set(word, (seen.get(word) ?? 0) + 1);
}

/** Fixed, one apart for each unit: with it the programs hold every kind of packet between them. */
const SEED = 200;

describe('records of random programs', () => {
  for (const [index, [name, device]] of Object.entries(DEVICES).entries()) {
    const reload = unitOf(device).randomEnd ? 0x101n : 1n; // without ERnd: 0 to 255 operations between samples
    const everything: Setting = { device, registers: { PMSCR_EL1: 0x3bn, PMSIRR_EL1: reload } };
    test(`${name}: every packet of every record, unfiltered and filtered`, () => {
      let records = 0;
      fc.assert(
        fc.property(
          randomProgram,
          settings(device),
          fc.constantFrom(OPERATIONS, 700, 13),
          fc.constantFrom({}, SMALL, SMALL),
          (program, filtered, part, table) => {
            const { steps, machine } = walkProgram(program, OPERATIONS, geometryOf(table));
            for (const setting of [everything, filtered]) {
              const want = predict(setting, machine, steps);
              const b = runSampled(setting, program, table, part, part === 700);
              const spu = b.cpu.spu;
              expect(spu?.completed.map((r) => packetsIn(r.bytes))).toEqual(want.records);
              const { SAMPLE_POP, SAMPLE_FEED, SAMPLE_FILTRATE, SAMPLE_COLLISION } = spu?.counts ?? {};
              expect([SAMPLE_POP, SAMPLE_FEED, SAMPLE_FILTRATE, SAMPLE_COLLISION]).toEqual([
                want.population,
                want.fed,
                want.records.length,
                want.collisions,
              ]);
              // Being sampled changes nothing for the program.
              expect(b.cpu.context.lo).toEqual(machine.cpu.context.lo);
              expect(b.cpu.context.hi).toEqual(machine.cpu.context.hi);
              const data = (x: Bare): Uint8Array => x.m.memory.u8.subarray(x.ram + DATA - RAM_BASE, x.ram + DATA - RAM_BASE + 0xa0000);
              expect(Buffer.compare(data(b), data(machine))).toBe(0);
              records += want.records.length;
              for (const r of want.records) note(r);
            }
          },
        ),
        { numRuns: 12, seed: SEED + index },
      );
      expect(records).toBeGreaterThan(60);
    }, 60_000);
  }

  test('between them they had every kind of packet, operation and event', () => {
    const operations = [
      '0 0',
      '0 1',
      '0 2',
      '0 3',
      '0 4',
      '0 6',
      '1 0',
      '1 1',
      '1 4',
      '1 5',
      '1 18',
      '1 19',
      '1 10',
      '1 26',
      '1 6',
      '1 7',
      '1 22',
      '2 0',
      '2 1',
      '2 2',
      '2 10',
      '2 18',
      '2 25',
    ];
    const packets = ['pc', 'op', 'events', 'issue', 'total', 'xlat', 'va', 'pa', 'source', 'target', 'previous', 'context', 'ts', 'end'];
    const bits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 19, 20].map((n) => `event ${n}`);
    expect([...packets, ...bits, ...operations.map((o) => `op ${o}`)].filter((word) => !seen.has(word))).toEqual([]);
  });
});
