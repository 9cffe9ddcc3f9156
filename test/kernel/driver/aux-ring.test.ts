// The AUX buffer (spe-architecture §6.8): limits, padding, wrapping by software, wake-ups, truncation, overwrite mode; against a unit that
// writes whole records up to a limit and stops.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AUX_COLLISION,
  AUX_OVERWRITE,
  AUX_PARTIAL,
  AUX_TRUNCATED,
  type AuxOwner,
  type AuxRing,
  beginOutput,
  endOutput,
  newAuxRing,
  nextLimit,
  outputOffset,
  unread,
} from '../../../src/kernel/driver/aux-ring.ts';

interface Heard {
  readonly owner: AuxOwner;
  readonly padded: [number, number][];
  readonly records: [number, number, number][];
  woken: number;
}

function hearing(): Heard {
  const heard: Heard = {
    padded: [],
    records: [],
    woken: 0,
    owner: {
      zero: (offset, length) => heard.padded.push([offset, length]),
      wake: () => {
        heard.woken += 1;
      },
      record: (offset, size, flags) => heard.records.push([offset, size, flags]),
    },
  };
  return heard;
}

/** Begins an output: where it starts and where it must stop. */
function begin(ring: AuxRing, heard: Heard, alignment = 64, record = 64): [number, number] | null {
  if (!beginOutput(ring, heard.owner)) return null;
  const limit = nextLimit(ring, heard.owner, alignment, record);
  return limit === null ? null : [outputOffset(ring), limit];
}

const PAGE = 4096;
const SIZE = 4 * PAGE;
const BASE = 0x1_0000n;

describe('limits', () => {
  test('the first: the wake-up point, half of the buffer', () => {
    const ring = newAuxRing(BASE, SIZE, false);
    expect(begin(ring, hearing())).toEqual([0, SIZE / 2]);
  });
  test('then the end; then, when nothing was read, no room: one page short of the tail', () => {
    const ring = newAuxRing(BASE, SIZE, false);
    const heard = hearing();
    begin(ring, heard);
    endOutput(ring, heard.owner, SIZE / 2);
    expect(heard.woken).toBe(1);
    expect(begin(ring, heard)).toEqual([SIZE / 2, SIZE - PAGE]); // the tail is at 0: one byte is kept, rounded down to a page
    endOutput(ring, heard.owner, SIZE - PAGE);
    expect(begin(ring, heard)).toBeNull();
    expect(heard.records.at(-1)?.[2]).toBe(AUX_TRUNCATED);
  });
  test('after the reader came, on to the end and round it', () => {
    const ring = newAuxRing(BASE, SIZE, false);
    const heard = hearing();
    begin(ring, heard);
    endOutput(ring, heard.owner, SIZE / 2);
    ring.tail = ring.head;
    expect(begin(ring, heard)).toEqual([SIZE / 2, SIZE]);
    endOutput(ring, heard.owner, SIZE);
    ring.tail = ring.head;
    expect([begin(ring, heard), ring.handle?.head]).toEqual([[0, SIZE / 2], SIZE]);
  });
  test('a gap smaller than a record is padding: that is how the buffer wraps', () => {
    const ring = newAuxRing(BASE, SIZE, false);
    const heard = hearing();
    begin(ring, heard);
    endOutput(ring, heard.owner, SIZE / 2);
    ring.tail = ring.head;
    begin(ring, heard);
    endOutput(ring, heard.owner, SIZE - 32);
    ring.tail = ring.head;
    expect(begin(ring, heard, 4, 64)).toEqual([0, SIZE / 2]);
    expect(heard.padded).toEqual([[SIZE - 32, 32]]);
    expect(heard.woken).toBe(2); // the padding reached the second watermark
  });
  test('the head is moved up to the unit’s alignment', () => {
    const ring = newAuxRing(BASE, SIZE, false);
    const heard = hearing();
    begin(ring, heard);
    endOutput(ring, heard.owner, 100);
    expect(begin(ring, heard)).toEqual([128, SIZE / 2]);
    expect(heard.padded).toEqual([[100, 28]]);
  });
});

describe('AUX records', () => {
  test('nothing written and no flag: none', () => {
    const ring = newAuxRing(BASE, SIZE, false);
    const heard = hearing();
    begin(ring, heard);
    endOutput(ring, heard.owner, 0);
    expect(heard.records).toEqual([]);
  });
  test('a flag alone makes one; TRUNCATED wakes the reader and disables', () => {
    const ring = newAuxRing(BASE, SIZE, false);
    const heard = hearing();
    begin(ring, heard);
    if (ring.handle) ring.handle.flags |= AUX_TRUNCATED | AUX_PARTIAL | AUX_COLLISION;
    expect(endOutput(ring, heard.owner, 0)).toBe(true);
    expect([heard.records, heard.woken]).toEqual([[[0, 0, 13]], 1]);
  });
  test('offsets go on beyond the size', () => {
    const ring = newAuxRing(BASE, SIZE, false);
    const heard = hearing();
    for (const end of [SIZE / 2, SIZE, SIZE / 2]) {
      begin(ring, heard);
      endOutput(ring, heard.owner, end);
      ring.tail = ring.head;
    }
    expect(heard.records.map(([offset, size]) => [offset, size])).toEqual([
      [0, SIZE / 2],
      [SIZE / 2, SIZE / 2],
      [SIZE, SIZE / 2],
    ]);
  });
});

describe('overwrite mode: two halves', () => {
  test('each half in turn; one of them always holds whole records', () => {
    const ring = newAuxRing(BASE, SIZE, true);
    const heard = hearing();
    const limits: ([number, number] | null)[] = [];
    for (let i = 0; i < 5; i++) {
      const at = begin(ring, heard);
      limits.push(at);
      endOutput(ring, heard.owner, at?.[1] ?? 0);
    }
    const [low, high] = [
      [0, SIZE / 2],
      [SIZE / 2, SIZE],
    ];
    expect(limits).toEqual([low, high, low, high, low]);
    expect(heard.records.every(([, , flags]) => flags === AUX_OVERWRITE)).toBe(true);
    expect(heard.woken).toBe(0);
  });
  test('within a record of the half’s end the rest is padding', () => {
    const ring = newAuxRing(BASE, SIZE, true);
    const heard = hearing();
    begin(ring, heard);
    endOutput(ring, heard.owner, SIZE / 2 - 32);
    expect(begin(ring, heard, 4, 64)).toEqual([SIZE / 2, SIZE]);
    expect(heard.padded).toEqual([[SIZE / 2 - 32, 32]]);
  });
  test('what is read is the oldest first', () => {
    const ring = newAuxRing(BASE, SIZE, true);
    const heard = hearing();
    begin(ring, heard);
    endOutput(ring, heard.owner, 640);
    expect(unread(ring).pieces).toEqual([{ offset: 0, length: 640 }]);
    ring.wrapped = true;
    expect(unread(ring).pieces).toEqual([
      { offset: 640, length: SIZE - 640 },
      { offset: 0, length: 640 },
    ]);
  });
});

test('what perf reads is what the unit wrote, in order, with padding between: any sizes, readers and interruptions', () => {
  const step = fc.record({ stop: fc.double({ min: 0, max: 1, noNaN: true }), reads: fc.boolean() });
  const shape = fc.record({
    pages: fc.constantFrom(2, 4, 8),
    alignment: fc.constantFrom(1, 4, 64),
    records: fc.constantFrom(64, 128, 44).map((n) => n),
  });
  fc.assert(
    fc.property(shape, fc.array(step, { maxLength: 60, size: 'max' }), ({ pages, alignment, records }, steps) => {
      const largest = Math.max(64, records);
      const length = Math.ceil(records / alignment) * alignment;
      const size = pages * PAGE;
      const ring = newAuxRing(BASE, size, false);
      const memory = new Uint8Array(size).fill(0xee);
      const written: number[] = [];
      const read: number[] = [];
      const heard = hearing();
      const owner: AuxOwner = { ...heard.owner, zero: (offset, n) => memory.fill(0, offset, offset + n) };
      let next = 1;
      const consume = (): void => {
        for (const { offset, length: n } of unread(ring).pieces) read.push(...memory.subarray(offset, offset + n));
        ring.tail = ring.head;
      };
      for (const s of steps) {
        if (beginOutput(ring, owner)) {
          const limit = nextLimit(ring, owner, alignment, largest);
          if (limit !== null) {
            let at = outputOffset(ring);
            expect(at % alignment).toBe(0);
            expect(limit).toBeGreaterThan(at);
            expect(limit - at).toBeGreaterThanOrEqual(largest);
            // The unit: whole records while the next fits; software may stop it earlier.
            const most = Math.floor((limit - at) * s.stop);
            const start = at;
            while (at <= limit - largest && at - start <= most) {
              memory.fill(next, at, at + length);
              written.push(...new Array<number>(length).fill(next));
              next = (next % 250) + 1;
              at += length;
            }
            endOutput(ring, owner, at);
          }
        }
        expect(ring.head - ring.tail).toBeLessThanOrEqual(size);
        if (s.reads) consume();
      }
      consume();
      expect(read.filter((b) => b !== 0)).toEqual(written);
    }),
    { numRuns: 60 },
  );
});
