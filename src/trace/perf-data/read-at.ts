// Bytes that can be read at any offset: the port through which traces larger than memory are read. `io` opens files behind it.

export interface ReadAt {
  /** Bytes there are. */
  readonly size: number;
  /** Up to `length` bytes from `offset`; fewer only where the bytes end. The caller may keep them, and must not write to them. */
  read(offset: number, length: number): Uint8Array;
  /** The same into the caller's own bytes, as many as there is room for; how many it was. Where it is missing, `read` costs no more. */
  readInto?(into: Uint8Array, offset: number): number;
}

/** Bytes in memory, or `length` of them from `start`. */
export function readAtBytes(bytes: Uint8Array): ReadAt {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
  };
}

/** A part of other bytes; it ends where they end. */
export function readAtPart(whole: ReadAt, start: number, size: number): ReadAt {
  const part = Math.max(0, Math.min(size, whole.size - start));
  return {
    size: part,
    read: (offset, length) => whole.read(start + Math.min(offset, part), Math.max(0, Math.min(length, part - offset))),
    ...(whole.readInto === undefined
      ? {}
      : { readInto: (into, offset) => whole.readInto?.(into.subarray(0, Math.max(0, part - offset)), start + offset) ?? 0 }),
  };
}

/** Bytes read at once where a caller has no wish of its own. */
export const PIECE = 256 * 1024;

/** The bytes from `from` to `end` in pieces of at most `piece`; it stops early where the bytes end. */
export function* piecesOf(file: ReadAt, from: number, end: number, piece = PIECE): Generator<Uint8Array> {
  for (let at = from; at < end; ) {
    const bytes = file.read(at, Math.min(piece, end - at));
    if (bytes.length === 0) return;
    at += bytes.length;
    yield bytes;
  }
}

/** A window of at most `window` bytes on the bytes from `offset`, in `window` where that can be: it is then valid until the next one. */
export function readWindow(file: ReadAt, offset: number, window: Uint8Array): Uint8Array {
  if (file.readInto === undefined) return file.read(offset, window.length);
  const got = file.readInto(window, offset);
  return got === window.length ? window : window.subarray(0, got);
}
