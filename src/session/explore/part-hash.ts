// Hashes of parts that follow a change without looking at what did not change: the hash of an object is the sum of its members', each mixed
// with its name, so that one member is taken out and another put in. Two 32-bit halves from different seeds make 64 bits.
import { hashPlain } from '../../base/plain.ts';

export type Half = 'low' | 'high';
const SEED: Readonly<Record<Half, number>> = { low: 0x2545f491, high: 0x1b873593 };
const MULTIPLIER: Readonly<Record<Half, number>> = { low: 0x9e3779b1 | 0, high: 0x85ebca77 | 0 };

/** Every bit of the result depends on every bit of the input (the finaliser of MurmurHash3). */
function scramble(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** A member's share of its object's hash, by the hashes of its name (or place) and value. */
export const share = (half: Half, name: number, value: number): number => scramble(name + Math.imul(value, MULTIPLIER[half]));

export function textHash(half: Half, text: string): number {
  let hash = SEED[half];
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), MULTIPLIER[half]);
  return scramble(hash ^ text.length);
}

export function bytesHash(half: Half, type: string, bytes: Uint8Array): number {
  let hash = textHash(half, type);
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], MULTIPLIER[half]) + (hash >>> 15);
  return scramble(hash ^ bytes.length);
}

const doubles = new Float64Array(1);
const words = new Int32Array(doubles.buffer);

function numberHash(half: Half, value: number): number {
  doubles[0] = value;
  return scramble(Math.imul(scramble(words[0] ^ SEED[half]) ^ words[1], MULTIPLIER[half]));
}

/** Of what is no part: a number, a string, a frozen object of the world. */
export function leafHash(half: Half, value: unknown): number {
  switch (typeof value) {
    case 'number':
      return numberHash(half, value);
    case 'boolean':
      return scramble(SEED[half] + (value ? 1 : 2));
    case 'string':
      return textHash(half, value);
    case 'bigint':
      return textHash(half, `n${value.toString(16)}`);
    case 'undefined':
      return 0;
    case 'object':
      return value === null ? scramble(SEED[half] + 3) : textHash(half, `o${hashPlain(value).toString(16)}`);
    default:
      throw new Error(`not plain data: ${typeof value}`);
  }
}
