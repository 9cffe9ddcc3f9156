// Random traces on the codec: every kind of packet, as records that each end in a Timestamp or End; and damaged streams.
import type { Packet } from '../../src/arch/spe/packet.ts';
import { writePacket } from '../../src/arch/spe/packet.ts';
import { nextRandom } from '../../src/base/prng.ts';

/** Draws from the project's own generator: the same seed gives the same trace. */
export interface Dice {
  below(limit: number): number;
  oneOf<T>(items: readonly T[]): T;
  bits64(): bigint;
}

export function dice(seed: number): Dice {
  let state = seed;
  const word = (): number => {
    const next = nextRandom(state);
    state = next.state;
    return next.draw >>> 0;
  };
  const below = (limit: number): number => word() % limit;
  return {
    below,
    oneOf: (items) => items[below(items.length)],
    bits64: () => (BigInt(word()) << 32n) | BigInt(word()),
  };
}

const SOURCES = [0n, 8n, 9n, 0xan, 0xbn, 0xcn, 0xdn, 0xen, 3n, 0x1234n];
/** Subclasses that perf words differently, beside random ones. */
const SUBCLASSES = [0x00, 0x01, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x10, 0x13, 0x16, 0x30, 0x31, 0x2c, 0x3d, 0xbc, 0xbd, 0x38, 0x3e];

export interface RecordShape {
  /** Context ids that records may have; none: no record has one. */
  readonly contexts: readonly number[];
  /** PCs: a random address of this range, at this exception level. */
  readonly code: { readonly start: bigint; readonly size: number; readonly el: number } | null;
  /** Timestamps rise from here; null: any 64 bits. */
  readonly clock: { now: bigint; readonly step: number } | null;
}

const address = (index: number, value: bigint, extended = false): Packet => ({ kind: 'address', index, value, extended });

/** The packets of one record, in any order but that the last one ends it. */
function recordPackets(d: Dice, shape: RecordShape): Packet[] {
  const packets: Packet[] = [];
  const sometimes = (one: number, packet: () => Packet): void => {
    if (d.below(one) !== 0) packets.push(packet());
  };
  sometimes(12, () => address(0, pc(d, shape)));
  if (shape.contexts.length > 0) sometimes(3, () => ({ kind: 'context', index: d.below(2), value: d.oneOf(shape.contexts) }));
  sometimes(8, () => ({ kind: 'operation', class: d.below(3), subclass: d.below(3) === 0 ? d.below(256) : d.oneOf(SUBCLASSES) }));
  sometimes(8, () => events(d));
  sometimes(4, () => ({ kind: 'counter', index: 1, value: d.below(0x1000), extended: false }));
  sometimes(4, () => ({ kind: 'counter', index: 0, value: d.below(0x10000), extended: d.below(8) === 0 }));
  sometimes(3, () => address(2, d.bits64(), d.below(8) === 0));
  sometimes(3, () => address(3, BigInt.asUintN(52, d.bits64()) | (BigInt(d.below(256)) << 56n)));
  sometimes(2, () => ({ kind: 'counter', index: 2, value: d.below(0x100), extended: false }));
  sometimes(2, () => ({ kind: 'data-source', value: d.oneOf(SOURCES), bytes: 2 }));
  if (d.below(3) === 0) packets.push(address(1, d.bits64()));
  if (d.below(9) === 0) packets.push(address(4, d.bits64()));
  if (d.below(9) === 0) packets.push(address(5 + d.below(27), d.bits64(), true));
  if (d.below(9) === 0) packets.push({ kind: 'counter', index: 3 + d.below(29), value: d.below(0x10000), extended: true });
  if (d.below(9) === 0) packets.push({ kind: 'context', index: 2 + d.below(2), value: shape.contexts[0] ?? 0 });
  if (d.below(4) === 0) packets.push({ kind: 'padding', bytes: 1 + d.below(24) });
  return packets;
}

function pc(d: Dice, shape: RecordShape): bigint {
  if (shape.code === null) return d.bits64();
  const { start, size, el } = shape.code;
  return BigInt.asUintN(56, start + BigInt(4 * d.below(size >> 2))) | (BigInt(0x80 | (el << 5)) << 56n);
}

function events(d: Dice): Packet {
  const bytes = d.oneOf([1, 2, 2, 4, 8]);
  return { kind: 'events', value: BigInt.asUintN(bytes * 8, d.bits64() & d.bits64()), bytes };
}

function lastPacket(d: Dice, shape: RecordShape): Packet {
  if (d.below(16) === 0) return { kind: 'end' };
  if (shape.clock === null) return { kind: 'timestamp', value: d.bits64() };
  shape.clock.now += BigInt(1 + d.below(shape.clock.step));
  return { kind: 'timestamp', value: shape.clock.now };
}

/** `count` whole records. Context packets of reserved index 2 and 3 count for perf like the others. */
export function randomRecords(d: Dice, count: number, shape: RecordShape): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const packets = shape.contexts.length > 0 ? recordPackets(d, shape) : recordPackets(d, shape).filter((p) => p.kind !== 'context');
    for (const packet of [...packets, lastPacket(d, shape)]) parts.push(writePacket(packet));
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Records with stray bytes, cut packets and runs of zeros between and inside them. */
export function damagedRecords(d: Dice, count: number): Uint8Array {
  const bytes = randomRecords(d, count, { contexts: [1, 77], code: null, clock: null });
  for (let i = 0; i < bytes.length / 40; i++) bytes[d.below(bytes.length)] = d.below(3) === 0 ? 0 : d.below(256);
  return bytes.subarray(0, bytes.length - d.below(9));
}
