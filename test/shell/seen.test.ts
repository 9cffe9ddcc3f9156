// What views of registers and memory remember: the bytes and values that are other than when they were shown last.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nothingSeen, seeBytes, seeValues } from '../../src/shell/seen.ts';

test('a value is marked with what it was when it was shown last, of its own vCPU', () => {
  const seen = nothingSeen();
  const show = (place: string, value: string) => seeValues(seen, place, [{ name: 'x0', value }]);
  expect(show('0/0', '0x1')).toEqual([{ name: 'x0', value: '0x1' }]);
  expect(show('0/1', '0x2')).toEqual([{ name: 'x0', value: '0x2' }]);
  expect(show('0/0', '0x3')).toEqual([{ name: 'x0', value: '0x3', was: '0x1' }]);
  expect(show('0/0', '0x3')).toEqual([{ name: 'x0', value: '0x3' }]);
});

test('the largest views do not pile up: what was shown long ago is forgotten, not kept', () => {
  const seen = nothingSeen();
  for (let i = 0n; i < 8n; i++) seeBytes(seen, '0/pa', i << 20n, new Uint8Array(1 << 20));
  const kept = seen.memory.get('0/pa') ?? [];
  expect(kept.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(4 << 20);
  expect(seeBytes(seen, '0/pa', 0n, Uint8Array.of(1))).toEqual([]);
  expect(seeBytes(seen, '0/pa', 7n << 20n, Uint8Array.of(1))).toEqual([0]);
});

test('whatever is shown in whatever order, a byte is marked exactly where it differs from when it was shown last', () => {
  const view = fc.record({
    base: fc.nat(40),
    bytes: fc.uint8Array({ min: 0, max: 2, maxLength: 24 }),
    space: fc.constantFrom('0/va/0', '0/pa'),
  });
  fc.assert(
    fc.property(fc.array(view, { maxLength: 12 }), (views) => {
      const seen = nothingSeen();
      const last = new Map<string, number>();
      for (const { base, bytes, space } of views) {
        const differs = [...bytes.keys()].filter((i) => {
          const was = last.get(`${space} ${base + i}`);
          return was !== undefined && was !== bytes[i];
        });
        expect(seeBytes(seen, space, BigInt(base), bytes)).toEqual(differs);
        for (const [i, byte] of bytes.entries()) last.set(`${space} ${base + i}`, byte);
      }
    }),
  );
});
