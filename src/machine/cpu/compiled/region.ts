// A region of the guest's code as a WebAssembly function: compiled here, called by regions.ts. The function executes operations of the region
// until it comes to something it does not hold or the next block has more operations than are left, and answers how many are left.

import * as w from '../../../base/wasm.ts';
import type { Core } from '../core.ts';
import { LANES_MEMORY, NZCV_WORD, PC_WORDS } from '../lanes.ts';
import { findLoops, findRegion, type Region } from './blocks.ts';
import type { Emitter, Timed } from './emit.ts';
import * as e from './emit.ts';
import { nzcvBody } from './flags.ts';
import { emitLoop, type Flow, flagsAtBlocks } from './flow.ts';
import { layoutOf } from './resident.ts';

/** Fewer operations than this are not worth the way into a region. */
export const WORTH = 48;

/** `next`: the number of the block to begin with. The rest is `Core`'s, byte offsets for word offsets. */
export type RegionFunction = (
  next: number,
  left: number,
  pageLo: number,
  pageHi: number,
  readAt: number,
  writeAt: number,
  watchFrom: number,
  spMask: number,
  bank: number,
) => number;

/** What regions call. */
export interface Hooks {
  readonly touchData: (pa: number, bytes: number, store: number) => void;
  readonly touchBranch: (pc: number, kind: number, taken: number, target: number) => void;
  readonly rare: (at: number) => void;
}

export interface CompiledRegion {
  readonly run: RegionFunction;
  readonly entry: number;
  /** The timing model that it tells of accesses and branches. */
  readonly timed: Timed | null;
  /** The memory that it reads and writes. */
  readonly ram: WebAssembly.Memory;
}

const { I32, I64 } = w;
const TYPES: readonly w.FunctionType[] = [
  { parameters: [I32, I32, I32], results: [] },
  { parameters: [I32, I32, I32, I32], results: [] },
  { parameters: [I32], results: [] },
  { parameters: new Array<number>(e.PARAMETERS).fill(I32), results: [I32] },
  { parameters: [I32, I64, I64], results: [I32] },
];
const IMPORTS: readonly w.Import[] = [
  { name: 'ram', type: { pages: 0 } },
  { name: 'lanes', type: { pages: 0 } },
  { name: 'touchData', type: 0 },
  { name: 'touchBranch', type: 1 },
  { name: 'rare', type: 2 },
];

let supported: boolean | null = null;

/** Does this JavaScript engine take modules with two memories (V8 from 12.0)? Without, everything is interpreted. */
export function takesRegions(): boolean {
  supported ??= WebAssembly.validate(w.moduleBytes(TYPES, IMPORTS, [nzcvBody()], e.NZCV));
  return supported;
}

function emitter(base: number, timed: Timed | null): Emitter {
  return { code: [], used: new Set(), written: new Set(), labels: [], flags: e.FLAGS_UNKNOWN, timed, base, rest: 0, word: 0 };
}

/** The region's blocks, in passes until every block that a dispatch goes to is known. */
function emitRegion(region: Region, base: number, timed: Timed | null): Emitter {
  const flow: Flow = {
    region,
    loops: findLoops(region, base),
    dispatched: new Set([region.entry]),
    flagsAt: flagsAtBlocks(region, base),
  };
  for (;;) {
    const known = flow.dispatched.size;
    const b = emitter(base, timed);
    e.open(b, w.BLOCK); // the way out
    emitLoop(b, flow, 0, region.blocks.length - 1);
    e.close(b);
    if (flow.dispatched.size === known) return b;
  }
}

/** PAGE = PAGE_HI:PAGE_LO, the flags as the loop gave them, the registers. */
function prologue(b: Emitter): void {
  e.local(b, w.LOCAL_GET, e.PAGE_HI);
  b.code.push(w.I64_EXTEND_I32_U);
  e.i64(b, 32, 0);
  b.code.push(w.I64_SHL);
  e.local(b, w.LOCAL_GET, e.PAGE_LO);
  b.code.push(w.I64_EXTEND_I32_U, w.I64_OR);
  e.local(b, w.LOCAL_SET, e.PAGE);
  e.i32(b, 0);
  w.access(b.code, w.I64_LOAD32_U, e.LANES, NZCV_WORD * 4, 2);
  e.local(b, w.LOCAL_SET, e.FLAG_A);
  for (const register of b.used) e.load(b, register);
}

/** PC = PAGE + OFFSET, NZCV, the registers; answers LEFT. */
function epilogue(b: Emitter): void {
  e.i32(b, 0);
  e.local(b, w.LOCAL_GET, e.PAGE);
  e.local(b, w.LOCAL_GET, e.OFFSET);
  b.code.push(w.I64_EXTEND_I32_S, w.I64_ADD);
  w.access(b.code, w.I64_STORE, e.LANES, PC_WORDS * 4, 3);
  e.i32(b, 0);
  e.pushNzcv(b);
  w.access(b.code, w.I32_STORE, e.LANES, NZCV_WORD * 4, 2);
  for (const register of b.written) e.spill(b, register);
  e.local(b, w.LOCAL_GET, e.LEFT);
}

/**
 * Compiles what is reached from word `entry` of the page whose records begin at `base`; null when the operation there is not one that regions
 * hold. `page`: the page's words in memory.
 */
export function compileRegion(core: Core, base: number, entry: number, page: Int32Array, hooks: Hooks): CompiledRegion | null {
  const region = findRegion(base, entry, page);
  if (region === null) return null;
  const geometry = core.timing?.geometry;
  const timed = geometry === undefined ? null : { geometry, layout: layoutOf(geometry) };
  const body = emitRegion(region, base, timed);
  const whole = emitter(base, timed);
  for (const register of body.used) whole.used.add(register);
  for (const register of body.written) whole.written.add(register);
  prologue(whole);
  const end = emitter(base, timed);
  for (const register of body.written) end.written.add(register);
  epilogue(end);
  const code: w.Code = [];
  for (const part of [whole, body, end]) for (const byte of part.code) code.push(byte);
  const bytes = w.moduleBytes(TYPES, IMPORTS, [nzcvBody(), { type: 3, locals: e.LOCALS, code }], e.RUN);
  const ram = core.m.memory.wasm;
  const { touchData, touchBranch, rare } = hooks;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    m: { ram, lanes: LANES_MEMORY, touchData, touchBranch, rare },
  });
  return { run: instance.exports['run'] as RegionFunction, entry: region.entry, timed, ram };
}
