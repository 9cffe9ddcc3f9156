// The packets of a sample record: Arm ARM DDI 0487 M.a.a, D18.2 (tables D18-1, D18-2). A stream is little-endian bytes; a header of one
// byte, or of two where the index does not fit, says what follows and how many bytes.
import { type BitPattern, bitPattern, fieldOf } from '../../base/bits.ts';

export const PADDING = 1;
export const END = 2;
export const TIMESTAMP = 3;
export const EVENTS = 4;
export const DATA_SOURCE = 5;
export const CONTEXT = 6;
export const OPERATION = 7;
export const COUNTER = 8;
export const ADDRESS = 9;
export type PacketKind = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

export interface PacketRow {
  readonly kind: PacketKind;
  readonly title: string;
  /** The header byte; of an extended header, its second byte. */
  readonly header: BitPattern;
  /** Payload bytes where they are fixed; otherwise 1 << the header's bits 5:4. */
  readonly payload: number | null;
  /** May follow an extended first byte, which gives bits 4:3 of the index. */
  readonly extended: boolean;
  readonly source: string;
}

const row = (kind: PacketKind, title: string, header: string, payload: number | null, section: number, extended = false): PacketRow => ({
  kind,
  title,
  header: bitPattern(header, 8),
  payload,
  extended,
  source: `Arm ARM DDI 0487 M.a.a, D18.2.${section}`,
});

export const PACKETS: readonly PacketRow[] = [
  row(PADDING, 'Padding', '00000000', 0, 8),
  row(END, 'End', '00000001', 0, 5),
  row(TIMESTAMP, 'Timestamp', '01110001', 8, 9),
  row(EVENTS, 'Events', '01 size:2 0010', null, 6),
  row(DATA_SOURCE, 'Data source', '01 size:2 0011', null, 4),
  row(CONTEXT, 'Context', '011001 index:2', 4, 2),
  row(OPERATION, 'Operation type', '010010 class:2', 1, 7),
  row(COUNTER, 'Counter', '10011 index:3', 2, 3, true),
  row(ADDRESS, 'Address', '10110 index:3', 8, 1, true),
];

/** The first byte of an extended header. */
export const EXTENDED = bitPattern('001000 index:2', 8);

/** The index (or class) in a header byte; 0 where the packet has none. */
function indexIn(p: PacketRow, header: number): number {
  const f = p.header.fields.find((x) => x.name === 'index' || x.name === 'class');
  return f === undefined ? 0 : fieldOf(header, f);
}

/** The row of a header byte; undefined when it is not a header. */
export function rowOfHeader(header: number): PacketRow | undefined {
  return PACKETS.find((p) => (header & p.header.mask) === p.header.value);
}

/** The header byte of a packet: the row's fixed bits with `value` (size log2, index or class) in its field. */
export function headerByte(kind: PacketKind, value: number): number {
  const p = PACKETS.find((r) => r.kind === kind);
  if (p === undefined) throw new Error(`no packet kind ${kind}`);
  const f = p.header.fields[0];
  return f === undefined ? p.header.value : p.header.value | (value << f.shift);
}

/** How `HEADERS` packs one header: length of header and payload in bits 4:0, kind in 8:5, index in 13:9, header bytes in 15:14. */
export const lengthOf = (packed: number): number => packed & 31;
export const kindOf = (packed: number): number => (packed >> 5) & 15;
export const indexOf = (packed: number): number => (packed >> 9) & 31;
export const headerBytesOf = (packed: number): number => packed >> 14;

/** A padding packet of `length` bytes in the same form. */
export const packedPadding = (length: number): number => length | (PADDING << 5) | (length << 14);

function pack(p: PacketRow, header: number, high: number, headerBytes: number): number {
  const payload = p.payload ?? 1 << ((header >> 4) & 3);
  return (headerBytes + payload) | (p.kind << 5) | ((indexIn(p, header) | (high << 3)) << 9) | (headerBytes << 14);
}

/** By first byte; 0 = no packet begins so. */
export const HEADERS: Uint16Array = Uint16Array.from({ length: 256 }, (_, header) => {
  const p = rowOfHeader(header);
  return p === undefined ? 0 : pack(p, header, 0, 1);
});

/** By (first byte & 3) << 8 | second byte, of an extended header; 0 = no packet. */
export const EXTENDED_HEADERS: Uint16Array = new Uint16Array(1024);
for (let header = 0; header < 256; header++) {
  const p = rowOfHeader(header);
  if (p?.extended !== true) continue;
  for (let high = 0; high < 4; high++) EXTENDED_HEADERS[(high << 8) | header] = pack(p, header, high, 2);
}

/** Address packets by index, and the counters: the indices the architecture names. */
export const PC = 0;
export const BRANCH_TARGET = 1;
export const DATA_VIRTUAL = 2;
export const DATA_PHYSICAL = 3;
export const PREVIOUS_TARGET = 4;
export const TOTAL_LATENCY = 0;
export const ISSUE_LATENCY = 1;
export const TRANSLATION_LATENCY = 2;
export const ALTERNATE_ISSUE_LATENCY = 4;
