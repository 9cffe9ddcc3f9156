// The world as immutable parts, by path copying: what a call did not change is shared with the world before it, hash included. `capture`
// looks at a live world and makes new parts only along the paths that changed.
import { hashPlain } from '../../base/plain.ts';
import { bytesHash, type Half, leafHash, share, textHash } from './part-hash.ts';

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;
export type Members = Record<string, unknown>;

const OBJECT = 0;
const ARRAY = 1;
const BYTES = 2;

/**
 * An object, array or typed array as it was at one moment. `plain` is the same as data to read, which nobody writes. What is frozen in the
 * world itself (the host, memory pages), and what is no object, stands for itself among the `values`.
 */
export class Part {
  readonly kind: typeof OBJECT | typeof ARRAY | typeof BYTES;
  readonly shape: Shape;
  /** Members or elements: parts, and what stands for itself. */
  readonly values: readonly unknown[];
  readonly plain: unknown;
  /** A typed array: where it was captured. An object that sleeps: that object, frozen as a whole. */
  source: unknown;
  /** 64 bits of hash; equal parts hash alike. */
  readonly low: number;
  readonly high: number;
  constructor(kind: Part['kind'], shape: Shape, values: readonly unknown[], plain: unknown, source: unknown, low: number, high: number) {
    this.kind = kind;
    this.shape = shape;
    this.values = values;
    this.plain = plain;
    this.source = source;
    this.low = low;
    this.high = high;
  }
  /** Names of an object's members. */
  get keys(): readonly string[] {
    return this.shape.keys;
  }
}

/** The members' names and the names' hashes: shared by the parts of one object. */
interface Shape {
  readonly keys: readonly string[];
  readonly low: Int32Array;
  readonly high: Int32Array;
}

function shapeOf(keys: readonly string[]): Shape {
  const hashes = (half: Half): Int32Array => Int32Array.from(keys, (key) => textHash(half, key));
  return { keys, low: hashes('low'), high: hashes('high') };
}

const NO_SHAPE = shapeOf([]);
const plainOf = (value: unknown): unknown => (value instanceof Part ? value.plain : value);
const lowOf = (value: unknown): number => (value instanceof Part ? value.low : leafHash('low', value));
const highOf = (value: unknown): number => (value instanceof Part ? value.high : leafHash('high', value));

/** An object's part; `old` has the same shape. */
function objectPart(shape: Shape, values: readonly unknown[], old: Part | null): Part {
  const { keys } = shape;
  const plain: Members = {};
  let low = old === null ? keys.length : old.low;
  let high = old === null ? keys.length : old.high;
  for (let i = 0; i < keys.length; i++) {
    const value = values[i];
    plain[keys[i]] = plainOf(value);
    if (old !== null && value === old.values[i]) continue;
    low += share('low', shape.low[i], lowOf(value));
    high += share('high', shape.high[i], highOf(value));
    if (old === null) continue;
    low -= share('low', shape.low[i], lowOf(old.values[i]));
    high -= share('high', shape.high[i], highOf(old.values[i]));
  }
  return new Part(OBJECT, shape, values, plain, null, low | 0, high | 0);
}

function arrayPart(values: readonly unknown[]): Part {
  let low = ~values.length;
  let high = ~values.length;
  for (let i = 0; i < values.length; i++) {
    low += share('low', i, lowOf(values[i]));
    high += share('high', i, highOf(values[i]));
  }
  return new Part(ARRAY, NO_SHAPE, values, values.map(plainOf), null, low | 0, high | 0);
}

function bytesPart(live: TypedArray): Part {
  const bytes = bytesOf(live);
  const type = live.constructor.name;
  return new Part(BYTES, NO_SHAPE, [], live.slice(), live, bytesHash('low', type, bytes), bytesHash('high', type, bytes));
}

export const isObjectPart = (part: Part): boolean => part.kind === OBJECT;
export const isBytesPart = (part: Part): boolean => part.kind === BYTES;

/** Members that are left out, by their place; the function makes one for an object that comes back. */
export interface Omitted {
  readonly [key: string]: Omitted | (() => unknown);
}
/** Stands for every element of an array. */
export const EACH = '*';

export function omittedBelow(omitted: Omitted | undefined, key: string): Omitted | undefined {
  const inner = omitted?.[key];
  return typeof inner === 'function' ? undefined : inner;
}

/** Typed arrays in this buffer are known to be as they were captured last; null: none is. */
export type Untouched = ArrayBufferLike | null;

/** Are the bytes of two equally long arrays the same? */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The parts of a value; `old` is what stood there before, and is returned where nothing changed. */
export function capture(live: unknown, old: unknown, omitted: Omitted | undefined, untouched: Untouched): unknown {
  if (typeof live !== 'object' || live === null) return Object.is(live, old) ? old : live;
  if (live === old) return old;
  const part = old instanceof Part ? old : null;
  if (ArrayBuffer.isView(live)) return captureBytes(live as TypedArray, part, untouched);
  if (Array.isArray(live)) {
    if (part?.kind === ARRAY) return captureArray(live, part, omittedBelow(omitted, EACH), untouched);
  } else if (part?.kind === OBJECT) return captureObject(live as Members, part, omitted, untouched);
  if (Object.isFrozen(live)) {
    const again = part === null && typeof old === 'object' && old !== null && hashPlain(live) === hashPlain(old);
    return again ? old : live;
  }
  if (Array.isArray(live)) return arrayPart(live.map((value) => capture(value, undefined, omittedBelow(omitted, EACH), untouched)));
  return captureMembers(live as Members, null, omitted, untouched);
}

function captureBytes(live: TypedArray, old: Part | null, untouched: Untouched): Part {
  if (old?.kind !== BYTES) return bytesPart(live);
  if (old.source === live && live.buffer === untouched) return old;
  const before = old.plain as TypedArray;
  const same = before.constructor === live.constructor && before.length === live.length && sameBytes(bytesOf(before), bytesOf(live));
  if (!same) return bytesPart(live);
  old.source = live;
  return old;
}

const bytesOf = (a: TypedArray): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

/** Is the part of this object known to be right without looking inside? */
function isAsBefore(live: object, old: unknown, untouched: Untouched): boolean {
  if (!(old instanceof Part) || old.source !== live || untouched === null) return false;
  return old.kind !== BYTES || (live as TypedArray).buffer === untouched;
}

function captureArray(live: readonly unknown[], old: Part, each: Omitted | undefined, untouched: Untouched): Part {
  const { values } = old;
  let changed: unknown[] | null = live.length === values.length ? null : values.slice(0, live.length);
  for (let i = 0; i < live.length; i++) {
    const now = capture(live[i], values[i], each, untouched);
    if (now !== values[i] || i >= values.length) (changed ??= values.slice())[i] = now;
  }
  return changed === null ? old : arrayPart(changed);
}

function captureObject(live: Members, old: Part, omitted: Omitted | undefined, untouched: Untouched): Part {
  const { keys, values } = old;
  let changed: unknown[] | null = null;
  let at = 0;
  for (const key in live) {
    if (omitted !== undefined && typeof omitted[key] === 'function') continue;
    if (keys[at] !== key) return captureMembers(live, old, omitted, untouched); // a member came or went
    const before = values[at];
    const value = live[key];
    if (typeof value === 'object' && value !== null) {
      if (value !== before && !isAsBefore(value, before, untouched)) {
        const now = capture(value, before, omitted && omittedBelow(omitted, key), untouched);
        if (now !== before) (changed ??= values.slice())[at] = now;
      }
    } else if (value !== before) (changed ??= values.slice())[at] = value;
    at += 1;
  }
  if (at !== keys.length) return captureMembers(live, old, omitted, untouched);
  return changed === null ? old : objectPart(old.shape, changed, old);
}

/** An object that is new, or whose members are not in the order, or not those, of before. */
function captureMembers(live: Members, old: Part | null, omitted: Omitted | undefined, untouched: Untouched): Part {
  const keys = Object.keys(live).filter((key) => typeof omitted?.[key] !== 'function');
  const before = (key: string): unknown => old?.values[old.keys.indexOf(key)];
  const values = keys.map((key) => capture(live[key], before(key), omittedBelow(omitted, key), untouched));
  const same =
    old !== null && keys.length === old.keys.length && keys.every((key, i) => old.keys.includes(key) && values[i] === before(key));
  return same ? old : objectPart(shapeOf(keys), values, null);
}
