// Host physical memory. In the world it is sparse, immutable 4 KiB pages; the running world mounts it on one WebAssembly.Memory,
// which lies outside the world. A dirty bitmap says what `settleMemory` must copy back before the world is cloned, hashed or saved.
import { type Page, page } from '../base/plain.ts';

export const PAGE_SIZE = 4096;

/** In the world. Host physical address = frame * 4096; frame 0 is never handed out. `next` is the first frame never handed out. */
export interface HostMemory {
  pages: { [frame: string]: Page };
  next: number;
}

/** Outside the world. `offset` into the buffer = host physical address. Views change when the memory grows: read them afresh. */
export interface MountedMemory {
  readonly host: HostMemory;
  wasm: WebAssembly.Memory;
  u8: Uint8Array;
  u16: Uint16Array;
  i32: Int32Array;
  /** One byte a frame: 1 when the mounted bytes differ from the world's page. */
  dirty: Uint8Array;
  /** One byte a frame: 1 when code was decoded from it, so that a store must tell the code cache. */
  code: Uint8Array;
  /** Count the changes that end a CPU's leave to store to a frame without looking: `dirty` was cleared, a frame got flagged in `code`. */
  settled: number;
  codeGeneration: number;
  /** Flagged frames that were written from outside the CPUs: the code cache looks when a CPU runs next. */
  rewritten: number[];
}

const WASM_PAGE = 65536;

export function newHostMemory(): HostMemory {
  return { pages: {}, next: 16 };
}

/** Mounts the world's memory: copies its pages into a fresh WebAssembly.Memory. */
export function mountMemory(host: HostMemory): MountedMemory {
  const bytes = Math.max(host.next * PAGE_SIZE, WASM_PAGE);
  const wasm = new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE), maximum: 65536 });
  const mounted = { host, wasm, settled: 0, codeGeneration: 0, rewritten: [] as number[] } as unknown as MountedMemory;
  view(mounted);
  fill(mounted);
  return mounted;
}

/** The world's pages into a memory that is zero. */
function fill(m: MountedMemory): void {
  const { pages } = m.host;
  for (const frame of Object.keys(pages)) m.u8.set(pages[frame].page, Number(frame) * PAGE_SIZE);
}

function view(m: MountedMemory): void {
  const buffer = m.wasm.buffer;
  m.u8 = new Uint8Array(buffer);
  m.u16 = new Uint16Array(buffer);
  m.i32 = new Int32Array(buffer);
  const frames = buffer.byteLength / PAGE_SIZE;
  const dirty = new Uint8Array(frames);
  const code = new Uint8Array(frames);
  if (m.dirty !== undefined) {
    dirty.set(m.dirty);
    code.set(m.code);
  }
  m.dirty = dirty;
  m.code = code;
}

/** Hands out `count` contiguous frames that read as zero: the first frame. */
export function allocateFrames(m: MountedMemory, count: number): number {
  const first = m.host.next;
  m.host.next += count;
  const have = m.wasm.buffer.byteLength;
  const need = m.host.next * PAGE_SIZE;
  if (need > have) {
    // A memory is never grown in place: that would detach its buffer, and once a buffer was detached V8 checks at every access of every
    // typed array whether its own was.
    settleMemory(m); // then what is not zero stands in the world's pages
    m.wasm = new WebAssembly.Memory({ initial: Math.min(Math.ceil(Math.max(need, have * 2) / WASM_PAGE), 65536), maximum: 65536 });
    view(m);
    fill(m);
  }
  return first;
}

/** Gives frames back: their pages leave the world (the numbers are not used again). */
export function releaseFrames(m: MountedMemory, first: number, count: number): void {
  for (let frame = first; frame < first + count; frame++) {
    delete m.host.pages[frame];
    m.dirty[frame] = 0;
  }
  m.u8.fill(0, first * PAGE_SIZE, (first + count) * PAGE_SIZE);
  noteRewritten(m, first * PAGE_SIZE, count * PAGE_SIZE);
  m.settled += 1;
}

function noteRewritten(m: MountedMemory, pa: number, length: number): void {
  for (let frame = Math.floor(pa / PAGE_SIZE); frame * PAGE_SIZE < pa + length; frame++) {
    if (m.code[frame] !== 0) m.rewritten.push(frame);
  }
}

/** Writes bytes at a host physical address from outside the CPU (image load, SPU, VMM): marks the frames dirty. */
export function writePhysical(m: MountedMemory, pa: number, bytes: Uint8Array): void {
  m.u8.set(bytes, pa);
  for (let frame = Math.floor(pa / PAGE_SIZE); frame * PAGE_SIZE < pa + bytes.length; frame++) m.dirty[frame] = 1;
  noteRewritten(m, pa, bytes.length);
}

function isZero(words: Int32Array): boolean {
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/** Copies every dirty frame back into the world as a fresh immutable page; an all-zero page is not kept. */
export function settleMemory(m: MountedMemory): void {
  m.settled += 1;
  for (let frame = m.dirty.indexOf(1); frame !== -1; frame = m.dirty.indexOf(1, frame + 1)) {
    m.dirty[frame] = 0;
    const words = m.i32.subarray((frame * PAGE_SIZE) >> 2, ((frame + 1) * PAGE_SIZE) >> 2);
    if (isZero(words)) delete m.host.pages[frame];
    else m.host.pages[frame] = page(m.u8.slice(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE));
  }
}
