// Clone, hash and difference of plain data: objects, arrays, typed arrays, strings, numbers, booleans, bigint, null, undefined.
// The world is such a tree, so each is written once here. Frozen objects are immutable by contract: they are shared by clones and
// their hash is remembered (host fixtures, memory pages' holders).

export type Plain = null | undefined | boolean | number | bigint | string | PlainArray | PlainTyped | PlainObject;
export type PlainTyped =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;
export interface PlainArray extends ReadonlyArray<unknown> {}
export interface PlainObject {
  readonly [key: string]: unknown;
}

/**
 * A memory page: 4 KiB that nobody writes any more. Pages are shared between clones; whoever changes memory puts a new page in its place.
 * A plain object with the one key `page`, so that walking code can tell it from a byte array that is written in place.
 */
export interface Page {
  readonly page: Uint8Array;
}

/** Makes an immutable page of the bytes, which must not be written afterwards. */
export function page(bytes: Uint8Array): Page {
  return Object.freeze({ page: bytes });
}

/** A deep copy that shares frozen objects (pages, fixtures). */
export function clonePlain<T>(value: T): T {
  return cloneAny(value) as T;
}

function cloneAny(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice();
  if (Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return value.map(cloneAny);
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) out[key] = cloneAny((value as Record<string, unknown>)[key]);
  return out;
}

/**
 * A deep copy that shares with `before`, an earlier copy, every subtree that is equal: many states cost what changed between them.
 * Neither copy may be written afterwards; `clonePlain` makes one that may.
 */
export function copySharing<T>(value: T, before: T | undefined): T {
  return shareAny(value, before) as T;
}

function shareAny(value: unknown, before: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return isSameView(value as Uint8Array, before) ? before : (value as Uint8Array).slice();
  if (Object.isFrozen(value)) return value;
  const old = isSameKind(value, before) ? (before as Record<string, unknown>) : undefined;
  const members = value as Record<string, unknown>;
  const keys = Object.keys(members);
  const oldKeys = old === undefined ? [] : Object.keys(old);
  // A copy only from the first member on that differs: most do not.
  let out: Record<string, unknown> | null = null;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const copy = shareAny(members[key], old?.[key]);
    if (out === null && (old === undefined || oldKeys[i] !== key || !Object.is(copy, old[key]))) out = firstMembers(value, i);
    if (out !== null) out[key] = copy;
  }
  return old !== undefined && out === null && oldKeys.length === keys.length ? old : (out ?? firstMembers(value, keys.length));

  /** Those that are the same in `old`. */
  function firstMembers(of: object, count: number): Record<string, unknown> {
    const begun = (Array.isArray(of) ? [] : {}) as Record<string, unknown>;
    for (let i = 0; i < count; i++) begun[keys[i]] = old?.[keys[i]];
    return begun;
  }
}

/** Are both arrays, or both plain objects? A typed array is neither: its elements would pass for members. */
function isSameKind(value: object, other: unknown): other is object {
  return typeof other === 'object' && other !== null && !ArrayBuffer.isView(other) && Array.isArray(other) === Array.isArray(value);
}

/** Is it a typed array of the same kind with the same bytes? */
function isSameView(view: Uint8Array, other: unknown): boolean {
  if (!ArrayBuffer.isView(other) || other.constructor !== view.constructor || other.byteLength !== view.byteLength) return false;
  const whole = ((view.byteOffset | other.byteOffset | view.byteLength) & 3) === 0;
  const elements = (a: ArrayBufferView): Int32Array | Uint8Array =>
    whole ? new Int32Array(a.buffer, a.byteOffset, a.byteLength >> 2) : new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const a = elements(view);
  const b = elements(other);
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const frozenHashes = new WeakMap<object, bigint>();
const MASK = (1n << 64n) - 1n;

/** A 64-bit hash of the tree: equal trees hash alike; `undefined` members count as absent. */
export function hashPlain(value: unknown): bigint {
  const h = new Hasher();
  hashInto(h, value);
  return h.result();
}

class Hasher {
  private a = 0x9e3779b9 | 0;
  private b = 0x243f6a88 | 0;
  word(w: number): void {
    let x = Math.imul(w ^ this.a, 0x85ebca6b);
    x ^= x >>> 13;
    this.a = (Math.imul(this.a, 31) + x) | 0;
    let y = Math.imul((w + 0x7f4a7c15) ^ this.b, 0xc2b2ae35);
    y ^= y >>> 16;
    this.b = (Math.imul(this.b ^ (x << 7), 33) + y) | 0;
  }
  text(s: string): void {
    this.word(s.length);
    for (let i = 0; i < s.length; i++) this.word(s.charCodeAt(i));
  }
  bytes(u8: Uint8Array): void {
    this.word(u8.length);
    const whole = u8.length & ~3;
    if ((u8.byteOffset & 3) === 0) {
      const words = new Int32Array(u8.buffer, u8.byteOffset, whole >> 2);
      for (let i = 0; i < words.length; i++) this.word(words[i]);
    } else {
      for (let i = 0; i < whole; i += 4) this.word(u8[i] | (u8[i + 1] << 8) | (u8[i + 2] << 16) | (u8[i + 3] << 24));
    }
    for (let i = whole; i < u8.length; i++) this.word(u8[i]);
  }
  result(): bigint {
    return ((BigInt(this.a >>> 0) << 32n) | BigInt(this.b >>> 0)) & MASK;
  }
}

const numberBits = new Float64Array(1);
const numberWords = new Int32Array(numberBits.buffer);

function hashInto(h: Hasher, value: unknown): void {
  switch (typeof value) {
    case 'number':
      h.word(1);
      if (Number.isInteger(value) && (value | 0) === value) h.word(value);
      else {
        numberBits[0] = value;
        h.word(numberWords[0]);
        h.word(numberWords[1]);
      }
      return;
    case 'string':
      h.word(2);
      h.text(value);
      return;
    case 'boolean':
      h.word(value ? 3 : 4);
      return;
    case 'bigint':
      h.word(5);
      h.text(value.toString(16));
      return;
    case 'undefined':
      h.word(6);
      return;
    case 'object':
      break;
    default:
      throw new Error(`not plain data: ${typeof value}`);
  }
  if (value === null) {
    h.word(7);
    return;
  }
  if (ArrayBuffer.isView(value)) {
    h.word(8);
    h.text(value.constructor.name);
    h.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    return;
  }
  const frozen = Object.isFrozen(value);
  if (frozen) {
    let known = frozenHashes.get(value);
    if (known === undefined) {
      const inner = new Hasher();
      hashMembers(inner, value);
      known = inner.result();
      frozenHashes.set(value, known);
    }
    h.word(Number(known & 0xffffffffn) | 0);
    h.word(Number(known >> 32n) | 0);
    return;
  }
  const inner = new Hasher();
  hashMembers(inner, value);
  const own = inner.result();
  h.word(Number(own & 0xffffffffn) | 0);
  h.word(Number(own >> 32n) | 0);
}

function hashMembers(h: Hasher, value: object): void {
  if (Array.isArray(value)) {
    h.word(9);
    h.word(value.length);
    for (const item of value) hashInto(h, item);
    return;
  }
  h.word(10);
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    h.text(key);
    hashInto(h, member);
  }
}

/** One place where two trees differ; `path` as in `kernel.vms.0.supportedCpus`. Typed arrays report each differing run of elements. */
export interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Every place where `after` differs from `before`, in key order, at most `limit`. */
export function diffPlain(before: unknown, after: unknown, limit = 1000): Difference[] {
  const out: Difference[] = [];
  diffInto(out, '', before, after, limit);
  return out;
}

function diffInto(out: Difference[], path: string, before: unknown, after: unknown, limit: number): void {
  if (out.length >= limit || Object.is(before, after)) return;
  const objects = typeof before === 'object' && typeof after === 'object' && before !== null && after !== null;
  if (!objects || Array.isArray(before) !== Array.isArray(after) || ArrayBuffer.isView(before) !== ArrayBuffer.isView(after)) {
    out.push({ path, before, after });
    return;
  }
  if (ArrayBuffer.isView(before)) {
    const x = before as Uint8Array;
    const y = after as Uint8Array;
    if (x.length !== y.length) out.push({ path, before: x.length, after: y.length });
    for (let i = 0; i < Math.min(x.length, y.length) && out.length < limit; i++) {
      if (x[i] !== y[i]) out.push({ path: `${path}[${i}]`, before: x[i], after: y[i] });
    }
    return;
  }
  const a = before as Record<string, unknown>;
  const b = after as Record<string, unknown>;
  for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    diffInto(out, path === '' ? key : `${path}.${key}`, a[key], b[key], limit);
  }
}
