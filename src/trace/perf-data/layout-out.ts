// A perf.data file laid out: header, ids, attrs, data, features (reference perf-data §1). Nothing of the AUX bytes is held: sizes come first,
// then the pieces are made one after the other.
import { PERF_FILE_HEADER, PERF_FILE_SECTION, PERF_MAGIC } from '../../abi/perf-data.ts';
import { packStruct } from '../../abi/struct.ts';
import type { EventLayout } from './attributes.ts';
import { type Bytes, joinedAll, wordsOf64 } from './bytes.ts';
import { piecesOf, type ReadAt } from './read-at.ts';

/** A part of the data or a feature: records as bytes, an AUXTRACE record, or bytes from elsewhere, filled up to `size`. */
export type SectionPart =
  | { readonly kind: 'bytes' | 'auxtrace'; readonly bytes: Uint8Array }
  | { readonly kind: 'payload'; readonly bytes: ReadAt; readonly size: number };

/** A feature section and its bit. */
export interface FeaturePart {
  readonly bit: number;
  readonly part: SectionPart;
}

const sizeOf = (part: SectionPart): number => (part.kind === 'payload' ? part.size : part.bytes.length);

/** The bytes of a part. Throws (our bug, or a source that changed under us) where the bytes of a payload end early. */
export function* partPieces(part: SectionPart): Generator<Uint8Array> {
  if (part.kind !== 'payload') {
    yield part.bytes;
    return;
  }
  let written = 0;
  for (const piece of piecesOf(part.bytes, 0, part.bytes.size)) {
    written += piece.length;
    yield piece;
  }
  if (written !== part.bytes.size) throw new Error(`an AUX buffer ended after ${written} of ${part.bytes.size} bytes`);
  if (part.size > written) yield new Uint8Array(part.size - written);
}

/**
 * The file in pieces, each valid until the next. `data` is walked twice: for its size, then for its bytes. `features`: by rising bit, from the
 * file offsets of the AUXTRACE records.
 */
export function* fileLayout(
  events: readonly EventLayout[],
  data: () => Iterable<SectionPart>,
  features: (auxtraces: readonly number[]) => readonly FeaturePart[],
): Generator<Uint8Array> {
  const ids = events.map((e) => wordsOf64(e.ids));
  let at = PERF_FILE_HEADER.size;
  const idSections = ids.map((bytes) => {
    const section = packStruct(PERF_FILE_SECTION, { offset: at, size: bytes.length });
    at += bytes.length;
    return section;
  });
  const attrs: Bytes = joinedAll(events.flatMap((e, i) => [e.attr, idSections[i]]));
  const attrsAt = at;
  const dataAt = attrsAt + attrs.length;

  let dataSize = 0;
  const auxtraces: number[] = [];
  for (const part of data()) {
    if (part.kind === 'auxtrace') auxtraces.push(dataAt + dataSize);
    dataSize += sizeOf(part);
  }
  const sections = features(auxtraces);
  const bits = [0n, 0n, 0n, 0n];
  for (const { bit } of sections) bits[bit >> 6] |= 1n << BigInt(bit & 63);

  yield packStruct(PERF_FILE_HEADER, {
    magic: PERF_MAGIC,
    size: PERF_FILE_HEADER.size,
    attr_size: (events[0]?.attr.length ?? 0) + PERF_FILE_SECTION.size,
    attrs_offset: attrsAt,
    attrs_size: attrs.length,
    data_offset: dataAt,
    data_size: dataSize,
    adds_features: bits,
  });
  yield* ids;
  yield attrs;
  for (const part of data()) yield* partPieces(part);
  at = dataAt + dataSize + sections.length * PERF_FILE_SECTION.size;
  for (const { part } of sections) {
    yield packStruct(PERF_FILE_SECTION, { offset: at, size: sizeOf(part) });
    at += sizeOf(part);
  }
  for (const { part } of sections) yield* partPieces(part);
}
