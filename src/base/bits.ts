// One notation of bit patterns, most significant bit first: 'sf:1 00 100010 sh:1 imm:12 rn:5 rd:5'.
// It describes A64 encodings, SPE packet headers and KVM attribute words. 'x' is a bit that does not matter.

/** A named run of bits: value = (word >>> shift) & (2^width - 1). */
export interface BitField {
  readonly name: string;
  readonly shift: number;
  readonly width: number;
}

/** A word matches when (word & mask) === value; both are unsigned 32-bit numbers. */
export interface BitPattern {
  readonly text: string;
  readonly width: number;
  readonly mask: number;
  readonly value: number;
  readonly fields: readonly BitField[];
}

/** Reads a pattern of `width` bits (at most 32). Throws (our bug) when the bits do not add up. */
export function bitPattern(text: string, width: number): BitPattern {
  let at = width;
  let mask = 0;
  let value = 0;
  const fields: BitField[] = [];
  for (const part of text.split(/\s+/)) {
    const named = /^([a-z][a-zA-Z0-9]*):(\d+)$/.exec(part);
    if (named) {
      at -= Number(named[2]);
      fields.push({ name: named[1], shift: at, width: Number(named[2]) });
      continue;
    }
    if (!/^[01x]+$/.test(part)) throw new Error(`bit pattern '${text}': cannot read '${part}'`);
    for (const bit of part) {
      at -= 1;
      if (bit === 'x') continue;
      mask = (mask | (1 << at)) >>> 0;
      if (bit === '1') value = (value | (1 << at)) >>> 0;
    }
  }
  if (at !== 0) throw new Error(`bit pattern '${text}': ${width - at} bits instead of ${width}`);
  return { text, width, mask, value, fields };
}

/** The value of `field` in `word`, unsigned. */
export function fieldOf(word: number, field: BitField): number {
  return field.width === 32 ? word >>> 0 : (word >>> field.shift) & ((1 << field.width) - 1);
}
