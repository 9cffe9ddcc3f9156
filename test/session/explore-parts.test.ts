// Path copying: parts say what the live world holds, share what did not change, and take the world back; equal parts hash alike.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clonePlain, hashPlain } from '../../src/base/plain.ts';
import { LiveWorld } from '../../src/session/explore/live-world.ts';
import type { Part } from '../../src/session/explore/parts.ts';

interface Toy {
  a: { n: number; text: string; list: ({ x: bigint | null } | number)[] };
  registers: { lo: Int32Array; sys: BigUint64Array };
  owners: { [at: string]: string };
  exit: { name: string; reason: number } | null;
  fixed: { readonly host: string };
  tick: number;
  cpus: { bytes: Uint8Array; on: boolean }[];
}

const toy = (): Toy => ({
  a: { n: 1, text: 'one', list: [{ x: 1n }, 2] },
  registers: { lo: new Int32Array([1, 2, 3]), sys: new BigUint64Array([0n, 1n << 63n]) },
  owners: { 21: 'spe' },
  exit: null,
  fixed: Object.freeze({ host: 'h' }),
  tick: 7,
  cpus: [
    { bytes: new Uint8Array(5), on: false },
    { bytes: new Uint8Array(5), on: false },
  ],
});
const OMITTED = { tick: () => 0 };
const EXIT = { name: 'shared by the kernel', reason: 9 };

/** What calls do to worlds: scalars, arrays, dictionaries, whole objects, registers. */
const WRITES: readonly ((t: Toy) => void)[] = [
  (t) => (t.a.n += 1),
  (t) => (t.a.n = 1),
  (t) => (t.a.text = t.a.text === 'one' ? 'two' : 'one'),
  (t) => t.a.list.push({ x: null }),
  (t) => t.a.list.pop(),
  (t) => (t.a.list = [...t.a.list].reverse()),
  (t) => (t.registers.lo[1] ^= 5),
  (t) => (t.registers.sys[1] ^= 1n << 63n),
  (t) => (t.registers.lo = new Int32Array([9, 9])),
  (t) => (t.registers.lo = new Int32Array([1, 2, 3])),
  (t) => (t.owners['30'] = 'timer'),
  (t) => delete t.owners['21'],
  (t) => (t.owners['21'] = 'spe'),
  (t) => (t.exit = { name: 'new', reason: 1 }),
  (t) => (t.exit = EXIT),
  (t) => (t.exit = null),
  (t) => (t.tick += 1),
  (t) => (t.cpus[1].bytes[2] += 1),
  (t) => (t.cpus[0].on = !t.cpus[0].on),
];
const stripped = ({ tick, ...rest }: Toy): Omit<Toy, 'tick'> => rest;
const steps = fc.array(fc.nat(WRITES.length - 1), { maxLength: 12 });
const hashOf = (p: Part): string => `${p.low} ${p.high}`;

describe('the world as parts', () => {
  test('parts are what the world holds; going back and forth gives each state again, whatever the kernel put there', () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 6 }), (runs) => {
        const live = new LiveWorld(toy(), { omitted: OMITTED, asleep: [] });
        const start = live.capture();
        const states = [{ parts: start, copy: clonePlain(stripped(live.world)) }];
        for (const run of runs) {
          for (const step of run) WRITES[step](live.world);
          const parts = live.capture();
          expect(parts.plain).toEqual(stripped(live.world));
          states.push({ parts, copy: clonePlain(stripped(live.world)) });
          live.restore(states[(run.length * 7) % states.length].parts);
        }
        for (const { parts, copy } of [...states].reverse()) {
          live.restore(parts);
          expect(stripped(live.world)).toEqual(copy);
          expect(live.capture()).toBe(parts);
        }
        expect(EXIT).toEqual({ name: 'shared by the kernel', reason: 9 });
      }),
      { numRuns: 300, seed: 20251114 },
    );
  });

  test('equal states hash alike however they came to be, others differ, as the hash of plain data says', () => {
    const known = new Map<string, bigint>();
    const back = new Map<bigint, string>();
    fc.assert(
      fc.property(steps, (run) => {
        const live = new LiveWorld(toy(), { omitted: OMITTED, asleep: [] });
        for (const step of run) {
          WRITES[step](live.world);
          live.capture();
        }
        const parts = live.capture();
        const plain = hashPlain(stripped(live.world));
        const hash = hashOf(parts);
        expect(known.get(hash) ?? plain).toBe(plain);
        expect(back.get(plain) ?? hash).toBe(hash);
        known.set(hash, plain);
        back.set(plain, hash);
      }),
      { numRuns: 500, seed: 20251115 },
    );
    expect(known.size).toBeGreaterThan(100);
  });

  test('what did not change is shared', () => {
    const live = new LiveWorld(toy(), { omitted: OMITTED, asleep: [] });
    const before = live.capture();
    live.world.a.n = 2;
    const after = live.capture();
    const part = (p: Part, key: string): unknown => p.values[p.keys.indexOf(key)];
    expect(part(after, 'a')).not.toBe(part(before, 'a'));
    for (const key of ['registers', 'owners', 'cpus', 'fixed']) expect(part(after, key)).toBe(part(before, key));
    expect(part(part(after, 'a') as Part, 'list')).toBe(part(part(before, 'a') as Part, 'list'));
  });

  test('what sleeps cannot be written unseen: members throw at once, bytes at the next look', () => {
    const asleep = (): LiveWorld<Toy> => new LiveWorld(toy(), { omitted: OMITTED, asleep: [['cpus']] });
    expect(() => (asleep().world.cpus[0].on = true)).toThrow(TypeError);
    expect(() => asleep().world.cpus.push({ bytes: new Uint8Array(1), on: true })).toThrow(TypeError);
    const live = asleep();
    const start = live.capture();
    const wider = new LiveWorld(toy(), { omitted: OMITTED, asleep: [], parts: start });
    expect(wider.capture()).toBe(start);
    live.world.registers.lo[0] = 8;
    expect(() => live.capture()).not.toThrow();
    live.world.cpus[1].bytes[0] = 1;
    expect(() => live.capture()).toThrow(TypeError);
  });
});
