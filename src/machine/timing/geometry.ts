// The sizes and latencies of a timing model. The defaults are Neoverse N1-like: L1D 64 KiB 4-way and L2 1 MiB 8-way as its Technical
// Reference Manual (100616) has them; the latencies are round numbers of the same order as public measurements, not Arm's.

/** Sizes in bytes, latencies in cycles from issue to data. Sizes / ways / lineBytes (caches) and entries / ways (TLBs) are powers of two. */
export interface Geometry {
  /** Of every level. */
  lineBytes: number;
  l1Bytes: number;
  l1Ways: number;
  l2Bytes: number;
  l2Ways: number;
  /** System level cache: the last level before memory, shared by all CPUs. */
  slcBytes: number;
  slcWays: number;
  tlb1Entries: number;
  tlb1Ways: number;
  tlb2Entries: number;
  tlb2Ways: number;
  /** log2 of the two-bit counters of the direction predictor, and its history in branches. */
  predictorBits: number;
  historyBits: number;
  btbEntries: number;
  returnStackEntries: number;
  l1Cycles: number;
  l2Cycles: number;
  slcCycles: number;
  dramCycles: number;
  remoteCycles: number;
  /** From the L1 or L2 of another CPU: of the same cluster, of another one. */
  peerCycles: number;
  peerClusterCycles: number;
  tlb2Cycles: number;
  walkCycles: number;
  mispredictCycles: number;
  /** What an access that lies in two lines takes besides. */
  splitCycles: number;
  /** Time from one branch to the next, as far as issue latency counts it. */
  blockCycles: number;
  /** How many cycles of stores that missed may be under way before the next one has to wait. */
  storeBufferCycles: number;
  /** Host physical address from which memory belongs to the other socket; 0 = there is one socket. */
  remoteFrom: number;
  /** CPUs of one cluster and of one socket, by number; 0 = all. */
  clusterCpus: number;
  socketCpus: number;
  /** Operations that a vCPU executes before the next one has its turn. */
  turnOperations: number;
}

export const NEOVERSE_N1_LIKE: Geometry = Object.freeze({
  lineBytes: 64,
  l1Bytes: 64 * 1024,
  l1Ways: 4,
  l2Bytes: 1024 * 1024,
  l2Ways: 8,
  slcBytes: 4 * 1024 * 1024,
  slcWays: 16,
  tlb1Entries: 48,
  tlb1Ways: 3,
  tlb2Entries: 1280,
  tlb2Ways: 5,
  predictorBits: 12,
  historyBits: 10,
  btbEntries: 512,
  returnStackEntries: 16,
  l1Cycles: 4,
  l2Cycles: 11,
  slcCycles: 50,
  dramCycles: 160,
  remoteCycles: 320,
  peerCycles: 60,
  peerClusterCycles: 90,
  tlb2Cycles: 5,
  walkCycles: 30,
  mispredictCycles: 11,
  splitCycles: 1,
  blockCycles: 4,
  storeBufferCycles: 640,
  remoteFrom: 0,
  clusterCpus: 4,
  socketCpus: 0,
  turnOperations: 1000,
});

const isPowerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && 2 ** Math.round(Math.log2(n)) === n;

/** What is wrong with a geometry, as `l1Bytes: …`; null when nothing is. For the host fixtures' schema. */
export function geometryError(g: Geometry): string | null {
  for (const key of Object.keys(NEOVERSE_N1_LIKE) as (keyof Geometry)[]) {
    if (!Number.isInteger(g[key]) || g[key] < 0) return `${key}: a whole number, at least 0`;
  }
  if (!isPowerOfTwo(g.lineBytes) || g.lineBytes < 16 || g.lineBytes > 256) return 'lineBytes: a power of two from 16 to 256';
  for (const [bytes, ways] of [
    ['l1Bytes', 'l1Ways'],
    ['l2Bytes', 'l2Ways'],
    ['slcBytes', 'slcWays'],
  ] as const) {
    if (!isPowerOfTwo(g[bytes] / g.lineBytes / g[ways])) return `${bytes}: ${ways} times lineBytes times a power of two`;
  }
  for (const [entries, ways] of [
    ['tlb1Entries', 'tlb1Ways'],
    ['tlb2Entries', 'tlb2Ways'],
  ] as const) {
    if (!isPowerOfTwo(g[entries] / g[ways])) return `${entries}: ${ways} times a power of two`;
  }
  if (g.predictorBits < 1 || g.predictorBits > 20) return 'predictorBits: 1 to 20';
  if (g.historyBits > g.predictorBits) return 'historyBits: at most predictorBits';
  if (!isPowerOfTwo(g.btbEntries)) return 'btbEntries: a power of two';
  if (g.turnOperations < 1) return 'turnOperations: at least 1';
  if (!isPowerOfTwo(g.returnStackEntries)) return 'returnStackEntries: a power of two';
  return null;
}

const known = new Map<string, Geometry>();

/** The one frozen object of a geometry: equal geometries are the same object. */
export function sameGeometry(g: Geometry): Geometry {
  const key = JSON.stringify(g);
  const first = known.get(key) ?? Object.freeze({ ...g });
  known.set(key, first);
  return first;
}

/** The defaults with the numbers of a host fixture's `timing` table put in; other keys of the table are not ours. */
export function geometryOf(table: Readonly<Record<string, number | boolean | string>>): Geometry {
  const g: Geometry = { ...NEOVERSE_N1_LIKE };
  for (const key of Object.keys(g) as (keyof Geometry)[]) {
    const value = table[key];
    if (typeof value === 'number') g[key] = value;
  }
  return g;
}
