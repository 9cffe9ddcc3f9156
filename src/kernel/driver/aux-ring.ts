// The AUX buffer between the driver and perf: where records may go next, padding, wake-ups, and what an AUX record says (spe-architecture
// §6.8; Linux kernel/events/ring_buffer.c, drivers/perf/arm_spe_pmu.c). Indices count bytes since the event was opened; an offset is an index
// modulo the size. Plain data.

export const AUX_TRUNCATED = 0x01;
export const AUX_OVERWRITE = 0x02;
export const AUX_PARTIAL = 0x04;
export const AUX_COLLISION = 0x08;

const PAGE = 4096;

/** The driver's hold on the buffer, from begin to end. */
export interface AuxHandle {
  head: number;
  /** Bytes that may be written. */
  size: number;
  /** The index at which the reader is to be woken. */
  wakeup: number;
  /** AUX_… */
  flags: number;
}

export interface AuxRing {
  /** Address of the buffer's first byte. */
  readonly base: bigint;
  /** Bytes: a power of two, at least two pages. */
  readonly size: number;
  /** Overwrite mode: nobody reads before the end; the buffer is used as two halves. */
  readonly snapshot: boolean;
  /** What was written, what was read, and the last wake-up, as indices. In overwrite mode `head` is an offset. */
  head: number;
  tail: number;
  woken: number;
  readonly watermark: number;
  handle: AuxHandle | null;
  /** Overwrite mode: the head has come round, so that all of the buffer is data. */
  wrapped: boolean;
}

/** What the ring asks of its owner. */
export interface AuxOwner {
  /** Fills with zero bytes, which are padding packets. */
  zero(offset: number, length: number): void;
  /** Tells the reader. */
  wake(): void;
  /** A PERF_RECORD_AUX. */
  record(offset: number, size: number, flags: number): void;
}

export function newAuxRing(base: bigint, size: number, snapshot: boolean): AuxRing {
  return { base, size, snapshot, head: 0, tail: 0, woken: 0, watermark: size / 2, handle: null, wrapped: false };
}

const offsetOf = (ring: AuxRing, index: number): number => index % ring.size;
const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;
const roundDown = (n: number, unit: number): number => Math.floor(n / unit) * unit;

/** perf_aux_output_begin: false when there is no room; the reader is woken then, and the event is to be disabled. */
export function beginOutput(ring: AuxRing, owner: AuxOwner): boolean {
  const handle = { head: ring.head, size: 0, wakeup: 0, flags: 0 };
  if (!ring.snapshot) {
    handle.wakeup = ring.woken + ring.watermark;
    // One byte stays free, so that a full buffer is not an empty one.
    handle.size = Math.max(0, ring.size - 1 - (ring.head - ring.tail));
    if (handle.size === 0) {
      owner.wake();
      return false;
    }
  }
  ring.handle = handle;
  return true;
}

/** A wake-up is due when a watermark's worth has come since the last. */
function wakeIfDue(ring: AuxRing, owner: AuxOwner): void {
  if (ring.head - ring.woken < ring.watermark) return;
  ring.woken = roundDown(ring.head, ring.watermark);
  owner.wake();
}

/** Zero bytes up to `length` further: the head moves over them, and no AUX record tells of them. */
function pad(ring: AuxRing, handle: AuxHandle, owner: AuxOwner, length: number): void {
  owner.zero(offsetOf(ring, handle.head), length);
  if (ring.snapshot) return;
  ring.head += length;
  handle.head = ring.head;
  handle.size -= length;
  wakeIfDue(ring, owner);
  handle.wakeup = ring.woken + ring.watermark;
}

/** Where the unit must stop, as an offset: the end of the buffer, what is not read yet, or the wake-up point; null: no room is left. */
function limitOnce(ring: AuxRing, handle: AuxHandle, owner: AuxOwner, alignment: number): number | null {
  const ragged = offsetOf(ring, handle.head) % alignment;
  if (ragged !== 0) pad(ring, handle, owner, Math.min(alignment - ragged, handle.size));
  if (handle.size === 0) return null;
  const head = offsetOf(ring, handle.head);
  const tail = offsetOf(ring, handle.head + handle.size);
  let limit = ring.size;
  if (head < tail) limit = roundDown(tail, PAGE);
  const wakeup = offsetOf(ring, handle.wakeup);
  if (handle.wakeup < handle.head + handle.size && head <= wakeup) limit = Math.min(limit, roundUp(wakeup, PAGE));
  if (limit > head) return limit;
  pad(ring, handle, owner, handle.size);
  return null;
}

/** Overwrite mode: the end of the half that the head is in; within a record of it, the head goes on to the next half. */
function snapshotLimit(ring: AuxRing, handle: AuxHandle, owner: AuxOwner, largestRecord: number): number {
  const head = offsetOf(ring, handle.head);
  const half = ring.size / 2;
  const limit = head < half ? half : ring.size;
  if (limit - head >= largestRecord) return limit;
  pad(ring, handle, owner, limit - head);
  if (limit === ring.size) ring.wrapped = true;
  handle.head = limit % ring.size;
  return half + handle.head;
}

/**
 * The limit for the output that was begun, as an offset; a gap too small for a record is filled with padding, which is how the buffer wraps.
 * Null: there is no room, the output has ended with TRUNCATED, and the event is to be disabled.
 */
export function nextLimit(ring: AuxRing, owner: AuxOwner, alignment: number, largestRecord: number): number | null {
  const { handle } = ring;
  if (handle === null) throw new Error('no output was begun');
  if (ring.snapshot) return snapshotLimit(ring, handle, owner, largestRecord);
  let limit = limitOnce(ring, handle, owner, alignment);
  if (limit !== null && limit - offsetOf(ring, handle.head) < largestRecord) {
    pad(ring, handle, owner, limit - offsetOf(ring, handle.head));
    limit = limitOnce(ring, handle, owner, alignment);
  }
  if (limit !== null) return limit;
  handle.flags |= AUX_TRUNCATED;
  endOutput(ring, owner, offsetOf(ring, handle.head));
  return null;
}

/** Where the output began, as an offset. */
export const outputOffset = (ring: AuxRing): number => (ring.handle === null ? 0 : offsetOf(ring, ring.handle.head));

/** perf_aux_output_end: the unit wrote up to `offset`. True: it was truncated, and the event is to be disabled. */
export function endOutput(ring: AuxRing, owner: AuxOwner, offset: number): boolean {
  const { handle } = ring;
  if (handle === null) throw new Error('no output was begun');
  const size = Math.max(0, offset - offsetOf(ring, handle.head));
  const truncated = (handle.flags & AUX_TRUNCATED) !== 0;
  ring.handle = null;
  let at = ring.head;
  if (ring.snapshot) {
    handle.flags |= AUX_OVERWRITE;
    if (offset === ring.size) ring.wrapped = true;
    ring.head = offset % ring.size;
    at = ring.head;
  } else ring.head += size;
  if (size > 0 || (handle.flags & ~AUX_OVERWRITE) !== 0) owner.record(at, size, handle.flags);
  if (!ring.snapshot && ring.head - ring.woken >= ring.watermark) {
    ring.woken = roundDown(ring.head, ring.watermark);
    owner.wake();
  } else if (truncated) owner.wake();
  return truncated;
}

/** A piece of the buffer: offset and bytes. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
}

/** What there is to read, oldest first: one piece, or two where it goes round the end. Reading it is `tail = head`. */
export function unread(ring: AuxRing): { readonly index: number; readonly pieces: readonly Piece[] } {
  if (ring.snapshot) {
    const older = ring.wrapped ? [{ offset: ring.head, length: ring.size - ring.head }] : [];
    return { index: 0, pieces: [...older, { offset: 0, length: ring.head }].filter((p) => p.length > 0) };
  }
  const length = ring.head - ring.tail;
  const offset = offsetOf(ring, ring.tail);
  const first = Math.min(length, ring.size - offset);
  const pieces = [
    { offset, length: first },
    { offset: 0, length: length - first },
  ];
  return { index: ring.tail, pieces: pieces.filter((p) => p.length > 0) };
}
