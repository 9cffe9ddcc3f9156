// Records against real and constructed ones (spe-architecture §1.11, §1.14), and what the controls let in (§4.9).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packetsOf } from '../../../src/arch/spe/packet.ts';
import { packetWords } from '../../../src/arch/spe/words.ts';
import { hexBytes } from '../../../src/base/hex.ts';
import { setSys } from '../../../src/machine/cpu/context.ts';
import type { SampledOperation } from '../../../src/machine/spu/operation.ts';
import { constructRecord } from '../../../src/machine/spu/record.ts';
import type { SpuDescription } from '../../../src/machine/spu/state.ts';
import { decodeColumns } from '../../../src/trace/decode.ts';
import { recordsOf } from '../../../src/trace/records.ts';
import { RECORD_VECTORS } from '../../arch/spe-vectors.ts';
import { aCpu, aLoad } from './a-cpu.ts';

const vector = (id: string): string => RECORD_VECTORS.find((v) => v.id === id)?.hex ?? '';

/** An EL2-owned unit, as in the public dumps of hosts: contexts and timestamps come from PMSCR_EL2. */
const host = (registers: Record<string, bigint> = {}): Record<string, bigint> => ({
  MDCR_EL2: 0n,
  HCR_EL2: 1n << 27n,
  PMSCR_EL1: 0n,
  PMSCR_EL2: 0x2an | (1n << 6n), // PCT=01, TS, CX, E2SPE
  ...registers,
});

function built(device: Partial<SpuDescription>, registers: Record<string, bigint>, op: SampledOperation, tick = 0): string {
  const { m, cpu, spu } = aCpu(device, registers);
  m.machine.tick = tick;
  return hexBytes(constructRecord(m, cpu, spu, op));
}

const wordsOf = (record: string): string[] =>
  packetsOf(Uint8Array.from(record.split(' '), (b) => Number.parseInt(b, 16)))
    .map(({ packet }) => (typeof packet === 'string' ? packet : packetWords(packet, { perf: '7.3' })))
    .filter((w) => w !== 'PAD');

describe('n1-slots', () => {
  test('R1: a load on a host, byte for byte', () => {
    expect(built({}, host({ CONTEXTIDR_EL2: 0x5f80n }), aLoad({ el: 2 }), 44731163950)).toBe(vector('R1'));
  });

  test('R2: a branch not taken has the fall-through address as its target', () => {
    const op = aLoad({
      pc: 0xffffba66edefb0e0n,
      el: 2,
      class: 2,
      subclass: 1,
      types: 1,
      events: 0x42,
      issueLatency: 16,
      totalLatency: 17,
      translationLatency: -1,
      va: null,
      pa: null,
      source: -1,
      target: 0xffffba66edefb0e4n,
      targetEl: 2,
    });
    expect(built({}, host({ CONTEXTIDR_EL2: 0xen }), op, 44731164045)).toBe(vector('R2'));
  });

  test('R3: physical address and data source', () => {
    const op = aLoad({
      pc: 0xffffd4228fcbb688n,
      el: 2,
      events: 0x31e,
      issueLatency: 337,
      totalLatency: 501,
      va: 0xffff403ef1d79e50n,
      pa: 0x403f71d79e50,
      source: 12,
    });
    expect(built({}, host({ PMSCR_EL2: 0x32n | (1n << 6n) }), op, 7966055570099)).toBe(vector('R3'));
  });

  test('R10: the 32-bit Events packet of an SPEv1p4 unit fills the two free bytes', () => {
    const op = aLoad({ pc: 0x401044n, el: 0, va: 0xffffc3a8f000n, pa: 0x807c8f000, source: 8 });
    const v1p4 = { pmsver: 5, pmsidr: 0x26457n, pmbidr: 0x226n };
    expect(built(v1p4, { PMSCR_EL1: 0x31n, PMSCR_EL2: 0x10n }, op, 100000000)).toBe(vector('R10'));
  });

  test('without timestamps an End packet stands in the last slot', () => {
    const record = built({}, { PMSCR_EL1: 3n }, aLoad());
    expect(record.split(' ').slice(0x37).join(' ')).toBe('01 00 00 00 00 00 00 00 00');
    expect(wordsOf(record).at(-1)).toBe('END');
  });
});

test('R8: the order of the example pseudocode, no timestamp, padded to 64', () => {
  const op = aLoad({ el: 2, source: 8 });
  const record = built({ layout: 'architectural' }, host({ CONTEXTIDR_EL2: 0x5f80n, PMSCR_EL2: 0x1an }), op);
  expect(record).toBe(vector('R8'));
});

describe('what is collected (§4.9)', () => {
  const words = (registers: Record<string, bigint>, op: Partial<SampledOperation> = {}, device: Partial<SpuDescription> = {}): string[] =>
    wordsOf(built(device, { CONTEXTIDR_EL2: 0x22n, ...registers }, aLoad(op), 1000));
  const has = (list: string[], start: string): boolean => list.some((w) => w.startsWith(start));

  test('CONTEXTIDR_EL1 with PMSCR_EL1.CX, for EL1 and EL0 of a guest', () => {
    expect(words({ PMSCR_EL1: 0xbn })).toContain('CONTEXT 0x11 el1');
    expect(has(words({ PMSCR_EL1: 0x3n }), 'CONTEXT')).toBe(false);
  });

  test('not CONTEXTIDR_EL1 while EL0 belongs to the host', () => {
    const registers = host({ CONTEXTIDR_EL2: 0x22n, PMSCR_EL1: 0xbn });
    const list = wordsOf(built({}, registers, aLoad({ el: 0 })));
    expect(list.filter((w) => w.startsWith('CONTEXT'))).toEqual(['CONTEXT 0x22 el2']);
  });

  test('CONTEXTIDR_EL2 with PMSCR_EL2.CX, also for a guest', () => {
    expect(words({ PMSCR_EL1: 0xbn, PMSCR_EL2: 8n }).filter((w) => w.startsWith('CONTEXT'))).toEqual([
      'CONTEXT 0x11 el1',
      'CONTEXT 0x22 el2',
    ]);
  });

  test('a physical address needs both PA bits for an EL1 owner', () => {
    expect(has(words({ PMSCR_EL1: 0x13n, PMSCR_EL2: 0n }), 'PA')).toBe(false);
    expect(has(words({ PMSCR_EL1: 0x3n, PMSCR_EL2: 0x10n }), 'PA')).toBe(false);
    expect(words({ PMSCR_EL1: 0x13n, PMSCR_EL2: 0x10n })).toContain('PA 0x803096b28 ns=1 ch=0 pat=0');
  });

  test('no PA packet without a VA packet; no data source without FEAT_SPE_LDS', () => {
    expect(has(words({ PMSCR_EL1: 0x13n, PMSCR_EL2: 0x10n }, { va: null }), 'PA')).toBe(false);
    expect(has(words({}, { source: 8 }), 'DATA-SOURCE')).toBe(true);
    expect(has(words({}, { source: 8 }, { pmsidr: 0x26407n }), 'DATA-SOURCE')).toBe(false);
  });

  test('the timestamp table for an EL1 owner', () => {
    const at = (pct2: bigint, pct1: bigint): string | undefined =>
      words({ PMSCR_EL1: 0x23n | (pct1 << 6n), PMSCR_EL2: pct2 << 6n, CNTVOFF_EL2: 400n }).find((w) => w.startsWith('TS'));
    const [virtual, physical] = ['TS 600', 'TS 1000'];
    expect([at(0n, 0n), at(0n, 1n), at(0n, 3n)]).toEqual([virtual, virtual, virtual]);
    expect([at(1n, 0n), at(1n, 1n), at(1n, 3n)]).toEqual([virtual, physical, physical]);
    expect([at(3n, 0n), at(3n, 1n), at(3n, 3n)]).toEqual([virtual, physical, physical]);
  });

  test('the timestamp table with FEAT_ECV_POFF: PCT 11 takes CNTPOFF_EL2 off, when CNTHCTL_EL2.ECV says so', () => {
    const poff = { ID_AA64MMFR0_EL1: (2n << 60n) | 2n, CNTVOFF_EL2: 400n, CNTPOFF_EL2: 300n, CNTHCTL_EL2: 1n << 12n };
    const stamp = (registers: Record<string, bigint>): string | undefined =>
      words({ ...poff, ...registers }).find((w) => w.startsWith('TS'));
    const [virtual, physical, offset] = ['TS 600', 'TS 1000', 'TS 700'];
    const guest = (pct2: bigint, pct1: bigint): string | undefined => stamp({ PMSCR_EL1: 0x23n | (pct1 << 6n), PMSCR_EL2: pct2 << 6n });
    expect([guest(0n, 0n), guest(0n, 1n), guest(0n, 3n)]).toEqual([virtual, virtual, virtual]);
    expect([guest(1n, 0n), guest(1n, 1n), guest(1n, 3n)]).toEqual([virtual, physical, offset]);
    expect([guest(3n, 0n), guest(3n, 1n), guest(3n, 3n)]).toEqual([virtual, offset, offset]);
    const owned = (pct: bigint): string | undefined => stamp({ MDCR_EL2: 0n, PMSCR_EL1: 0n, PMSCR_EL2: 0x23n | (pct << 6n) });
    expect([owned(0n), owned(1n), owned(3n)]).toEqual([virtual, physical, offset]);
    expect(stamp({ CNTHCTL_EL2: 0n, PMSCR_EL1: 0xe3n, PMSCR_EL2: 0xc0n })).toBe(physical);
  });

  test('on a VHE host the virtual offset does not hold: every PCT reads the physical count', () => {
    const E2H = 1n << 34n;
    for (const pct of [0n, 1n]) {
      const registers = { MDCR_EL2: 0n, HCR_EL2: E2H | (1n << 27n), PMSCR_EL1: 0n, PMSCR_EL2: 0x23n | (pct << 6n), CNTVOFF_EL2: 400n };
      expect(words(registers, { el: 2 })).toContain('TS 1000');
      expect(words(registers, { el: 0 })).toContain('TS 1000');
    }
  });

  test('timestamps of the owner alone count', () => {
    expect(has(words({ PMSCR_EL1: 0x3n, PMSCR_EL2: 0x20n }), 'TS')).toBe(false);
    expect(has(words({ MDCR_EL2: 0n, PMSCR_EL1: 0x23n, PMSCR_EL2: 0n }), 'TS')).toBe(false);
    expect(has(words({ MDCR_EL2: 0n, PMSCR_EL1: 0x3n, PMSCR_EL2: 0x20n }), 'TS')).toBe(true);
  });

  test('counters saturate at PMSIDR_EL1.CountSize', () => {
    expect(words({}, { totalLatency: 5000, issueLatency: 4096 })).toEqual(expect.arrayContaining(['LAT 4095 TOT', 'LAT 4095 ISSUE']));
    expect(words({}, { totalLatency: 5000 }, { pmsidr: 0x36417n })).toContain('LAT 5000 TOT');
  });

  test('the tag of a data address is recorded where TBI applies', () => {
    const va = 0x3c00aaaa00001000n;
    expect(words({}, { va })).toContain('VA 0xaaaa00001000');
    expect(words({ TCR_EL1: 1n << 37n }, { va })).toContain('VA 0x3c00aaaa00001000');
    expect(words({ TCR_EL1: 1n << 38n }, { va })).toContain('VA 0xaaaa00001000'); // TBI1 is of the upper half
    expect(words({ TCR_EL1: 1n << 38n }, { va: va | (1n << 55n) })).toContain('VA 0x3c80aaaa00001000');
  });

  test('previous branch targets with FEAT_SPE_PBT, in the architectural order', () => {
    const { m, cpu, spu } = aCpu({ layout: 'architectural', pmsver: 3, pmsidr: 0x1026457n, pmbidr: 0x27n });
    setSys(cpu.context, 'PMSCR_EL1', 3n);
    spu.previousTarget = { address: 0xffff000080002040n, el: 1 };
    const branch = aLoad({
      class: 2,
      subclass: 0,
      va: null,
      pa: null,
      source: -1,
      translationLatency: -1,
      target: 0x4000n,
      targetEl: 0,
      taken: true,
    });
    const record = hexBytes(constructRecord(m, cpu, spu, branch));
    expect(record.split(' ')).toHaveLength(128);
    expect(wordsOf(record)).toEqual(expect.arrayContaining(['TGT 0x4000 el0 ns=1', 'PBT 0xff000080002040 el1 ns=1']));
    const slots = aCpu({ pmsver: 3, pmsidr: 0x1026477n }, { PMSCR_EL1: 3n });
    slots.spu.previousTarget = { address: 0x5000n, el: 1 };
    expect(wordsOf(hexBytes(constructRecord(slots.m, slots.cpu, slots.spu, branch)))).toContain('PBT 0x5000 el1 ns=1');
    expect(wordsOf(hexBytes(constructRecord(slots.m, slots.cpu, slots.spu, { ...branch, taken: false }))).join()).not.toContain('PBT');
  });
});

const anOperation: fc.Arbitrary<Partial<SampledOperation>> = fc.record({
  pc: fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }),
  el: fc.integer({ min: 0, max: 1 }),
  context: fc.integer({ min: 0, max: 0xffff_ffff }),
  events: fc.integer({ min: 0, max: 0xffff }).map((e) => e & 0x0fff),
  issueLatency: fc.integer({ min: 0, max: 0xfff }),
  totalLatency: fc.integer({ min: 0, max: 0xfff }),
  translationLatency: fc.integer({ min: 0, max: 0xfff }),
  va: fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }),
  pa: fc.integer({ min: 0, max: 0xffff_ffff }),
  source: fc.constantFrom(0, 8, 11, 14),
});

test('every record decodes to the operation it was built from, in both layouts', () => {
  fc.assert(
    fc.property(anOperation, fc.constantFrom('n1-slots' as const, 'architectural' as const), (over, layout) => {
      const { m, cpu, spu } = aCpu({ layout }, { PMSCR_EL1: 0x3bn, PMSCR_EL2: 0x10n });
      const op = aLoad(over);
      const [record, ...more] = recordsOf(decodeColumns(constructRecord(m, cpu, spu, op)));
      expect(more).toEqual([]);
      expect(record).toMatchObject({
        el: op.el,
        ns: 1,
        op: 'LD GP-REG',
        issue: op.issueLatency,
        total: op.totalLatency,
        xlat: op.translationLatency,
        va: `0x${op.va?.toString(16)}`,
        pa: `0x${op.pa?.toString(16)}`,
        source: op.source,
        context: op.context,
        ts: '0x3e8',
      });
      expect(BigInt(record.pc ?? '') & ((1n << 48n) - 1n)).toBe(op.pc);
    }),
  );
});
