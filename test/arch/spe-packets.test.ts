// The packet codec against the vectors of spe-architecture §1.13 and §1.14, and against itself.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Packet, packetAt, packetsOf, writePacket } from '../../src/arch/spe/packet.ts';
import { HEADERS, headerByte, PACKETS, rowOfHeader } from '../../src/arch/spe/packets.ts';
import type { PerfVersion } from '../../src/arch/spe/perf.ts';
import { packetWords } from '../../src/arch/spe/words.ts';
import { parseHexBytes } from '../../src/base/hex.ts';
import { PACKET_VECTORS, RECORD_VECTORS } from './spe-vectors.ts';

const bytesOf = (hex: string): Uint8Array => parseHexBytes(hex) ?? new Uint8Array(0);

const described = (bytes: Uint8Array, perf: PerfVersion): string[] =>
  packetsOf(bytes).map(({ packet }) => (typeof packet === 'string' ? packet : packetWords(packet, { perf }).trimEnd()));

describe('packet vectors', () => {
  for (const { id, hex, perf612, perf73 } of [...PACKET_VECTORS, ...RECORD_VECTORS]) {
    test(`${id} ${hex.length < 40 ? hex : ''} reads as perf 6.12 and 7.3 print it`, () => {
      expect(described(bytesOf(hex), '6.12')).toEqual(perf612);
      expect(described(bytesOf(hex), '7.3')).toEqual(perf73);
    });
  }

  test('there are 94 packet and 12 record vectors', () => {
    expect([PACKET_VECTORS.length, RECORD_VECTORS.length]).toEqual([94, 12]);
  });

  test('perf 6.1 knows less than 6.12: previous branch targets, tags, copies, calls and returns (perf-data §7)', () => {
    const in61: [string, string][] = [
      ['b4 40 20 00 80 00 00 ff a0', 'ADDR 0xa0ff000080002040 (4)'],
      ['49 14', 'LD'],
      ['49 20', 'LD'],
      ['49 25', 'ST'],
      ['49 2c', 'LD EVLEN 128 PRED'],
      ['4a 02', 'B IND'],
      ['4a 06', 'B'],
      ['4a 12', 'B'],
      ['48 88', 'OTHER INSN-OTHER'],
      ['62 00 00 01 00', 'EV'],
      ['42 16', 'EV RETIRED L1D-ACCESS TLB-ACCESS'],
    ];
    for (const [hex, words] of in61) expect(described(bytesOf(hex), '6.1'), hex).toEqual([words]);
  });

  test('perf 7.3 names event 12 on a Neoverse N1 only (perf-data §7)', () => {
    const { packet } = packetAt(bytesOf('52 00 30'), 0);
    if (typeof packet === 'string') throw new Error(packet);
    expect(packetWords(packet, { perf: '7.3', midr: 0x413fd0c1 })).toBe('EV LATE-PREFETCH IMPDEF:13');
    expect(packetWords(packet, { perf: '7.3', midr: 0x410fd490 })).toBe('EV IMPDEF:12,13');
  });
});

/** Packets that an encoder may write. */
const size = fc.constantFrom(1, 2, 4, 8);
const index = fc.integer({ min: 0, max: 31 });
const aPacket: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({ kind: fc.constant('end' as const) }),
  fc.record({ kind: fc.constant('timestamp' as const), value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) }),
  size.chain((bytes) =>
    fc.record({
      kind: fc.constantFrom('events' as const, 'data-source' as const),
      value: fc.bigInt({ min: 0n, max: (1n << BigInt(8 * bytes)) - 1n }),
      bytes: fc.constant(bytes),
    }),
  ),
  fc.record({
    kind: fc.constant('context' as const),
    index: fc.integer({ min: 0, max: 3 }),
    value: fc.integer({ min: 0, max: 0xffff_ffff }),
  }),
  fc.record({
    kind: fc.constant('operation' as const),
    class: fc.integer({ min: 0, max: 3 }),
    subclass: fc.integer({ min: 0, max: 255 }),
  }),
  index.chain((i) =>
    fc.record({
      kind: fc.constant('counter' as const),
      index: fc.constant(i),
      value: fc.integer({ min: 0, max: 0xffff }),
      extended: i > 7 ? fc.constant(true) : fc.boolean(),
    }),
  ),
  index.chain((i) =>
    fc.record({
      kind: fc.constant('address' as const),
      index: fc.constant(i),
      value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      extended: i > 7 ? fc.constant(true) : fc.boolean(),
    }),
  ),
);

describe('codec', () => {
  test('every sequence of packets that is written reads back', () => {
    fc.assert(
      fc.property(fc.array(aPacket, { maxLength: 20, size: 'max' }), (packets) => {
        const bytes = new Uint8Array(packets.flatMap((p) => [...writePacket(p)]));
        expect(packetsOf(bytes).map((f) => f.packet)).toEqual(packets);
      }),
    );
  });

  test('padding is one packet up to 16 bytes, wherever it stands', () => {
    const bytes = new Uint8Array([0x01, ...new Array(20).fill(0), 0x01]);
    expect(packetsOf(bytes).map((f) => f.length)).toEqual([1, 16, 4, 1]);
  });

  test('no header byte belongs to two rows', () => {
    for (let header = 0; header < 256; header++) {
      expect(PACKETS.filter((p) => (header & p.header.mask) === p.header.value).length, `header ${header}`).toBeLessThan(2);
      expect(HEADERS[header] !== 0).toBe(rowOfHeader(header) !== undefined);
    }
  });

  test('header bytes come from the rows (§1.3)', () => {
    const written = PACKETS.map((p) => headerByte(p.kind, p.header.fields.length > 0 ? 1 : 0).toString(16));
    expect(written).toEqual(['0', '1', '71', '52', '53', '65', '49', '99', 'b1']);
  });
});
