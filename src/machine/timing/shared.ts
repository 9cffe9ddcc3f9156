// What the CPUs share: the system cache, and lines that more than one of them has. A store takes a line away from every other CPU; a load of
// a line that another CPU has written gets it from there, and both then share it. Written after the usual invalidation protocols (modified,
// shared, invalid); a line that nobody wrote is shared, whoever has it.
import type { Geometry } from './geometry.ts';
import { dropLine, newTagArray, probe, reference, setOwned, type TagArray } from './lru.ts';

/** Where an access was answered, nearest first. */
export const L1 = 0;
export const L2 = 1;
export const SYSTEM_CACHE = 2;
export const PEER = 3; // another CPU of the cluster
export const PEER_CLUSTER = 4; // of another cluster of the socket
export const MEMORY = 5;
export const REMOTE_PEER = 6; // of another socket
export const REMOTE_MEMORY = 7;
export type Depth = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** The caches of one CPU. */
export interface Caches {
  readonly geometry: Geometry;
  l1: TagArray;
  l2: TagArray;
}

/** The machine as far as its caches go; `systemCache` is made when it is first needed. */
export interface CacheSystem {
  readonly cpus: readonly { readonly number: number; readonly timing: Caches | null }[];
  systemCache?: TagArray;
}

export const newSystemCache = (g: Geometry): TagArray => newTagArray(g.slcBytes / g.lineBytes / g.slcWays, g.slcWays);

// Which machine a CPU's model belongs to, and, for the model in hand, the system cache and who else there is. Derived from the world.
const places = new WeakMap<Caches, { readonly system: CacheSystem; readonly cpu: number }>();
let inHand: Caches | null = null;
let systemCache: TagArray;
let others: Caches[] = [];
let distances: Depth[] = [];

/** Says of which CPU of which machine a model is: to be called before the CPU runs. */
export function attend(system: CacheSystem, cpu: number, own: Caches): void {
  const place = places.get(own);
  if (place?.system === system && place.cpu === cpu) return;
  places.set(own, { system, cpu });
  inHand = null;
}

function distance(g: Geometry, a: number, b: number): Depth {
  const apart = (cpus: number): boolean => cpus !== 0 && Math.floor(a / cpus) !== Math.floor(b / cpus);
  return apart(g.socketCpus) ? REMOTE_PEER : apart(g.clusterCpus) ? PEER_CLUSTER : PEER;
}

function takeInHand(own: Caches): void {
  const place = places.get(own);
  if (place === undefined) throw new Error('nobody said which CPU this timing model is of');
  const { system, cpu } = place;
  system.systemCache ??= newSystemCache(own.geometry);
  systemCache = system.systemCache;
  others = [];
  distances = [];
  for (const other of system.cpus) {
    if (other.number === cpu || other.timing === null) continue;
    others.push(other.timing);
    distances.push(distance(own.geometry, cpu, other.number));
  }
  inHand = own;
}

/** A line was fetched from another CPU's caches, which had written it. Good after `fetchLine`. */
export let fetchedModified = false;

/** Fetches a line that neither L1 nor L2 of this CPU has: where it comes from. */
export function fetchLine(own: Caches, line: number, remote: boolean): Depth {
  if (inHand !== own) takeInHand(own);
  let from = -1;
  fetchedModified = false;
  for (let i = 0; i < others.length && !fetchedModified; i++) {
    const state = Math.max(probe(others[i].l1, line), probe(others[i].l2, line));
    if (state === 0) continue;
    if (from < 0 || state === 2 || distances[i] < distances[from]) from = i;
    fetchedModified = state === 2;
  }
  const inSystemCache = reference(systemCache, line);
  if (fetchedModified) {
    setOwned(others[from].l1, line, false);
    setOwned(others[from].l2, line, false);
    return distances[from];
  }
  if (inSystemCache) return SYSTEM_CACHE;
  if (from >= 0) return distances[from];
  return remote ? REMOTE_MEMORY : MEMORY;
}

/** This CPU writes a line that its L1 has as the most recent of its set: nobody else has it from now on. */
export function takeLine(own: Caches, line: number): void {
  if (inHand !== own) takeInHand(own);
  for (const other of others) {
    dropLine(other.l1, line);
    dropLine(other.l2, line);
  }
  setOwned(own.l1, line, true);
  setOwned(own.l2, line, true);
}
