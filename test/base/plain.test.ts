// Clone, hash and difference are written once for every plain tree; these are their laws.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clonePlain, copySharing, diffPlain, hashPlain, page } from '../../src/base/plain.ts';

const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.string(),
    fc.constant(null),
    fc.bigInt(-(2n ** 70n), 2n ** 70n),
    fc.uint8Array({ maxLength: 9 }),
    fc.int32Array({ maxLength: 5 }),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie('node'), { maxKeys: 4 }),
  ),
})).node;

describe('plain trees', () => {
  test('a clone is equal, hashes alike, and shares nothing that can be written', () => {
    fc.assert(
      fc.property(tree, (t) => {
        const copy = clonePlain(t);
        expect(copy).toEqual(t);
        expect(hashPlain(copy)).toBe(hashPlain(t));
        expect(diffPlain(t, copy)).toEqual([]);
      }),
    );
  });

  test('a difference is found and hashes differently', () => {
    const before = { a: [1, { b: new Uint8Array([1, 2, 3]) }], c: 'x' };
    const after = clonePlain(before);
    (after.a[1] as { b: Uint8Array }).b[1] = 7;
    after.c = 'y';
    expect(diffPlain(before, after)).toEqual([
      { path: 'a.1.b[1]', before: 2, after: 7 },
      { path: 'c', before: 'x', after: 'y' },
    ]);
    expect(hashPlain(before)).not.toBe(hashPlain(after));
  });

  test('undefined members count as absent; the order of keys does not matter', () => {
    expect(hashPlain({ a: 1, b: undefined, c: 2 })).toBe(hashPlain({ c: 2, a: 1 }));
  });

  test('different kinds of the same digits hash differently', () => {
    const values = [1, 1n, '1', true, [1], { 0: 1 }, new Uint8Array([1]), new Int32Array([1]), null, undefined, 1.5];
    expect(new Set(values.map((v) => hashPlain({ v }))).size).toBe(values.length - 0);
  });

  test('a sharing copy is equal whatever it may share with, and what did not change is the very same', () => {
    fc.assert(
      fc.property(tree, tree, (before, now) => {
        const old = copySharing({ kept: before, other: before }, undefined);
        const copy = copySharing({ kept: before, other: now }, old);
        expect(copy).toEqual({ kept: before, other: now });
        expect(hashPlain(copy)).toBe(hashPlain({ kept: before, other: now }));
        expect(copy.kept).toBe(old.kept);
      }),
    );
  });

  test('a typed array, an array and an object, all empty, do not pass for each other', () => {
    const kinds = [{}, [], new Int32Array(), new Uint8Array(), page(new Uint8Array())];
    for (const before of kinds) {
      for (const now of kinds) expect(copySharing({ a: now }, { a: before }), `${String(before)} then ${String(now)}`).toEqual({ a: now });
    }
  });

  test('a sharing copy shares nothing with what is written', () => {
    const world = { a: new Uint8Array([1, 2]), b: { c: [1] } };
    const first = copySharing(world, undefined);
    world.a[0] = 9;
    world.b.c.push(2);
    const second = copySharing(world, first);
    expect(first).toEqual({ a: new Uint8Array([1, 2]), b: { c: [1] } });
    expect(second).toEqual({ a: new Uint8Array([9, 2]), b: { c: [1, 2] } });
  });

  test('pages are shared by clones', () => {
    const world = { pages: { 7: page(new Uint8Array(4096)) } };
    expect(clonePlain(world).pages[7]).toBe(world.pages[7]);
  });
});
