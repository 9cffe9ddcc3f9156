// Loads and stores off the fast path: alignment, pages not yet seen, pages that hold code, accesses over a page's end.
// Source: Arm ARM DDI 0487, B2.8 (alignment), shared/functions/memory of the pseudocode.
import { FSC_ALIGNMENT } from '../../arch/esr.ts';
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import { touchData } from '../timing/model.ts';
import { forgetWords } from './code.ts';
import { EVENT, MONITOR, MONITOR_HI, MONITOR_LO } from './context.ts';
import { type Core, FAULT_STAGE1 } from './core.ts';
import { openFastPath, READ, setFault, translate, translatedToDevice, UNPRIVILEGED_WRITE, WRITE } from './mmu.ts';

const SCTLR_EL1 = indexOfRegister('SCTLR_EL1');
const SCTLR_A = 2;

/** Keeps what the sampled operation accessed; a second access of the same operation only adds its size. */
function capture(core: Core, vaLo: number, vaHi: number, pa: number, size: number): void {
  if (core.capturedSize === 0) {
    core.capturedLo = vaLo;
    core.capturedHi = vaHi;
    core.capturedPa = pa;
  }
  core.capturedSize += size;
}

/** Leaves an alignment fault of the address in the core. */
export function alignmentFault(core: Core, vaLo: number, vaHi: number, kind: number): false {
  setFault(core, FAULT_STAGE1, FSC_ALIGNMENT, vaLo, vaHi, kind === WRITE || kind === UNPRIVILEGED_WRITE);
  return false;
}

/**
 * Checks an access of `size` bytes (1-16, a power of two) and translates it. False: `core.fault`. True: its pieces are in `pieces`.
 * `aligned`: it must be (ordered, exclusive, atomic).
 */
const pieces = { pa: 0, first: 0, second: 0 };

function prepare(core: Core, vaLo: number, vaHi: number, size: number, kind: number, aligned: boolean): boolean {
  const misaligned = (vaLo & (size - 1)) !== 0;
  if (misaligned && (aligned || (core.words[SCTLR_EL1 * 2] & SCTLR_A) !== 0)) return alignmentFault(core, vaLo, vaHi, kind);
  const pa = translate(core, vaLo, vaHi, kind);
  if (pa < 0) return false;
  if (misaligned && translatedToDevice()) return alignmentFault(core, vaLo, vaHi, kind);
  pieces.pa = pa;
  pieces.first = Math.min(size, 4096 - (vaLo & 0xfff));
  if (pieces.first < size) {
    const nextLo = ((vaLo & ~0xfff) + 4096) | 0;
    const nextHi = nextLo === 0 ? (vaHi + 1) | 0 : vaHi;
    const second = translate(core, nextLo, nextHi, kind);
    if (second < 0) return false;
    if (translatedToDevice()) return alignmentFault(core, vaLo, vaHi, kind);
    pieces.second = second;
  }
  if (core.capture) capture(core, vaLo, vaHi, pa, size);
  else if (core.timing !== null) touchData(core.timing, pa, size, kind === WRITE || kind === UNPRIVILEGED_WRITE);
  return true;
}

const bytes = new Uint8Array(8);
const halves = new Int32Array(bytes.buffer);

/** Loads `size` (1, 2, 4, 8) bytes into `core.valueLo`, `core.valueHi`, zero-extended. False: `core.fault`. */
export function load(core: Core, vaLo: number, vaHi: number, size: number, kind: number, aligned: boolean): boolean {
  if (!prepare(core, vaLo, vaHi, size, kind, aligned)) return false;
  const u8 = core.m.memory.u8;
  halves[0] = 0;
  halves[1] = 0;
  for (let i = 0; i < size; i++) bytes[i] = i < pieces.first ? u8[pieces.pa + i] : u8[pieces.second + i - pieces.first];
  core.valueLo = halves[0];
  core.valueHi = halves[1];
  if (kind === READ) openFastPath(core, vaLo, vaHi, pieces.pa, false);
  return true;
}

/** What every store to a host physical address does besides: dirty page, decoded code, the other CPUs' monitors. */
function noteStore(core: Core, pa: number, size: number): void {
  const memory = core.m.memory;
  memory.dirty[pa >>> 12] = 1;
  if (memory.code[pa >>> 12] !== 0) forgetWords(core.m.code, pa, size);
  if (core.monitorsOpen) clearOtherMonitors(core, pa, size);
}

/** A store by this CPU to a line that another CPU watches closes that monitor and sets its event register. */
function clearOtherMonitors(core: Core, pa: number, size: number): void {
  for (const other of core.m.machine.cpus) {
    const k = other.context.core;
    if (other === core.cpu || k[MONITOR] === 0 || k[MONITOR_HI] !== 0) continue;
    if (k[MONITOR_LO] === pa >>> 6 || k[MONITOR_LO] === (pa + size - 1) >>> 6) {
      k[MONITOR] = 0;
      k[EVENT] = 1;
    }
  }
}

/** Stores the low `size` (1, 2, 4, 8) bytes of the value. False: `core.fault`, and nothing was stored. */
export function store(
  core: Core,
  vaLo: number,
  vaHi: number,
  size: number,
  kind: number,
  aligned: boolean,
  valueLo: number,
  valueHi: number,
): boolean {
  if (!prepare(core, vaLo, vaHi, size, kind, aligned)) return false;
  const memory = core.m.memory;
  halves[0] = valueLo;
  halves[1] = valueHi;
  for (let i = 0; i < size; i++) memory.u8[i < pieces.first ? pieces.pa + i : pieces.second + i - pieces.first] = bytes[i];
  noteStore(core, pieces.pa, pieces.first);
  if (pieces.first < size) noteStore(core, pieces.second, size - pieces.first);
  else if (kind === WRITE && memory.code[pieces.pa >>> 12] === 0) openFastPath(core, vaLo, vaHi, pieces.pa, true);
  return true;
}

/** A load that tries the fast path first. `access` ≥ 32: it must be aligned. */
export function read(core: Core, vaLo: number, vaHi: number, size: number, access: number): boolean {
  const fast = core.fast;
  const e = core.readAt + ((vaLo >>> 10) & 0x3ffc);
  if (fast[e] !== (vaLo & (-0x1000 | (size - 1))) || fast[e + 1] !== vaHi) return load(core, vaLo, vaHi, size, READ, access >= 32);
  const pa = (vaLo + fast[e + 2]) >>> 0;
  if (core.timing !== null) touchData(core.timing, pa, size, false);
  const memory = core.m.memory;
  if (size === 4) core.valueLo = memory.i32[pa >>> 2];
  else if (size === 2) core.valueLo = memory.u16[pa >>> 1];
  else if (size === 1) core.valueLo = memory.u8[pa];
  else {
    core.valueLo = memory.i32[pa >>> 2];
    core.valueHi = memory.i32[(pa >>> 2) + 1];
  }
  return true;
}

/** A store that tries the fast path first. `access` ≥ 32: it must be aligned. */
export function write(core: Core, vaLo: number, vaHi: number, size: number, access: number, valueLo: number, valueHi: number): boolean {
  const fast = core.fast;
  const e = core.writeAt + ((vaLo >>> 10) & 0x3ffc);
  if (fast[e] !== (vaLo & (-0x1000 | (size - 1))) || fast[e + 1] !== vaHi) {
    return store(core, vaLo, vaHi, size, WRITE, access >= 32, valueLo, valueHi);
  }
  const pa = (vaLo + fast[e + 2]) >>> 0;
  if (core.timing !== null) touchData(core.timing, pa, size, true);
  const memory = core.m.memory;
  if (size === 4) memory.i32[pa >>> 2] = valueLo;
  else if (size === 2) memory.u16[pa >>> 1] = valueLo;
  else if (size === 1) memory.u8[pa] = valueLo;
  else {
    memory.i32[pa >>> 2] = valueLo;
    memory.i32[(pa >>> 2) + 1] = valueHi;
  }
  return true;
}

/** Checks that a store would be allowed, without doing it: the second half of a pair must not fault after the first was stored. */
function isStoreAllowed(core: Core, vaLo: number, vaHi: number, size: number): boolean {
  const { capture: capturing, timing } = core;
  core.capture = false;
  core.timing = null;
  const allowed = prepare(core, vaLo, vaHi, size, WRITE, false);
  core.capture = capturing;
  core.timing = timing;
  return allowed;
}

/** STP of two registers of `size` (4, 8) bytes. False: `core.fault`, and nothing was stored. */
export function storePair(core: Core, vaLo: number, vaHi: number, size: number, first: number, second: number): boolean {
  const { lo, hi } = core;
  const nextLo = (vaLo + size) | 0;
  const nextHi = nextLo >>> 0 < size ? (vaHi + 1) | 0 : vaHi;
  if ((vaLo & 0xfff) + 2 * size > 4096) {
    if (!isStoreAllowed(core, vaLo, vaHi, size) || !isStoreAllowed(core, nextLo, nextHi, size)) return false;
  }
  return write(core, vaLo, vaHi, size, 0, lo[first], hi[first]) && write(core, nextLo, nextHi, size, 0, lo[second], hi[second]);
}

/** LDP, LDPSW of two registers of `size` (4, 8) bytes. False: `core.fault`, and no register changed. */
export function loadPair(core: Core, vaLo: number, vaHi: number, size: number, first: number, second: number, signed: boolean): boolean {
  const { lo, hi } = core;
  const nextLo = (vaLo + size) | 0;
  const nextHi = nextLo >>> 0 < size ? (vaHi + 1) | 0 : vaHi;
  if (!read(core, vaLo, vaHi, size, 0)) return false;
  const valueLo = core.valueLo;
  const valueHi = core.valueHi;
  if (!read(core, nextLo, nextHi, size, 0)) return false;
  lo[first] = valueLo;
  hi[first] = size === 8 ? valueHi : signed ? valueLo >> 31 : 0;
  lo[second] = core.valueLo;
  hi[second] = size === 8 ? core.valueHi : signed ? core.valueLo >> 31 : 0;
  return true;
}
