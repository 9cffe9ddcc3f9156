// Flattened devicetrees: the blob that a VMM hands to its guest.
// Source: Devicetree Specification 0.4, chapter 5 (flattened format, version 17), 2.2.4 (property values).

/** Text and lists of texts are zero-terminated, numbers are 32-bit big-endian cells, `true` is a property without a value. */
export type FdtValue = string | readonly string[] | readonly number[] | Uint8Array | true;

export interface FdtNode {
  /** `memory@40000000`; '' for the root. */
  readonly name: string;
  readonly properties: Readonly<Record<string, FdtValue>>;
  readonly children?: readonly FdtNode[];
}

const MAGIC = 0xd00dfeed;
const VERSION = 17;
const LAST_COMPATIBLE_VERSION = 16;
const HEADER_CELLS = 10;
const FDT_BEGIN_NODE = 1;
const FDT_END_NODE = 2;
const FDT_PROP = 3;
const FDT_END = 9;

const utf8 = new TextEncoder();

/** Text and the zero behind it. Names are ASCII, for which an encoder would take longer than all else. */
function textBytes(text: string): number[] {
  const bytes = Array.from(text, (c) => c.charCodeAt(0));
  return bytes.every((byte) => byte < 128) ? [...bytes, 0] : [...utf8.encode(text), 0];
}

/** A 64-bit number as two cells. */
export function cells64(value: bigint): [number, number] {
  return [Number((value >> 32n) & 0xffffffffn), Number(value & 0xffffffffn)];
}

function bigEndian(cells: readonly number[]): number[] {
  return cells.flatMap((cell) => [(cell >>> 24) & 255, (cell >>> 16) & 255, (cell >>> 8) & 255, cell & 255]);
}

function valueBytes(value: FdtValue): number[] {
  if (value === true) return [];
  if (value instanceof Uint8Array) return [...value];
  if (typeof value === 'string') return textBytes(value);
  return (value as readonly (string | number)[]).flatMap((item) => (typeof item === 'string' ? textBytes(item) : bigEndian([item])));
}

/** The blob: header, an empty reservation map, the structure, the property names. Boots on CPU `bootCpu`. */
export function flattenDevicetree(root: FdtNode, bootCpu = 0): Uint8Array {
  const structure: number[] = [];
  const strings: number[] = [];
  const offsets = new Map<string, number>();
  const pad = (): void => {
    while (structure.length % 4 !== 0) structure.push(0);
  };
  const nameOffset = (name: string): number => {
    const known = offsets.get(name);
    if (known !== undefined) return known;
    const offset = strings.length;
    offsets.set(name, offset);
    strings.push(...textBytes(name));
    return offset;
  };
  const write = (node: FdtNode): void => {
    structure.push(...bigEndian([FDT_BEGIN_NODE]), ...textBytes(node.name));
    pad();
    for (const [name, value] of Object.entries(node.properties)) {
      const bytes = valueBytes(value);
      structure.push(...bigEndian([FDT_PROP, bytes.length, nameOffset(name)]), ...bytes);
      pad();
    }
    for (const child of node.children ?? []) write(child);
    structure.push(...bigEndian([FDT_END_NODE]));
  };
  write(root);
  structure.push(...bigEndian([FDT_END]));

  const reservations = 4 * HEADER_CELLS;
  const structureAt = reservations + 16; // one entry of zeroes ends the map
  const stringsAt = structureAt + structure.length;
  const total = stringsAt + strings.length;
  const header = [
    MAGIC,
    total,
    structureAt,
    stringsAt,
    reservations,
    VERSION,
    LAST_COMPATIBLE_VERSION,
    bootCpu,
    strings.length,
    structure.length,
  ];
  const blob = new Uint8Array(total);
  blob.set(bigEndian(header), 0);
  blob.set(structure, structureAt);
  blob.set(strings, stringsAt);
  return blob;
}
