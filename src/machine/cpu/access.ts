// Loads and stores off the fast path: alignment, pages not yet seen, pages that hold code, accesses over a page's end.
// Source: Arm ARM DDI 0487, B2.8 (alignment), shared/functions/memory of the pseudocode.
import { FSC_ALIGNMENT } from '../../arch/esr.ts';
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import { touchData, touchUpdate } from '../timing/model.ts';
import { forgetWords } from './code.ts';
import { EVENT, MONITOR, MONITOR_HI, MONITOR_LO } from './context.ts';
import { type Core, FAULT_SP_ALIGNMENT, FAULT_STAGE1, openFastPath } from './core.ts';
import { READ, setFault, translate, translatedToDevice, UNPRIVILEGED_WRITE, WRITE } from './mmu.ts';
import {
  ACCESS_ALIGNED,
  ACCESS_LDP_32,
  ACCESS_LDP_64,
  ACCESS_LDPSW,
  ACCESS_LDR_64,
  ACCESS_LDRB,
  ACCESS_LDRSB_32,
  ACCESS_LDRSB_64,
  ACCESS_LDRSH_32,
  ACCESS_LDRSH_64,
  ACCESS_LDRSW,
  ACCESS_STP_32,
  ACCESS_STP_64,
  ACCESS_STR_32,
  ACCESS_STR_64,
  ACCESS_STRB,
  ACCESS_STRH,
} from './operations.ts';

const SCTLR_EL1 = indexOfRegister('SCTLR_EL1');
const SCTLR_A = 2;

/** Keeps what the operation in hand accessed; a second access of the same operation only adds its size. */
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
  // Device memory wants aligned accesses before anyone asks for permission, or what stands behind it.
  if (misaligned && translatedToDevice()) return alignmentFault(core, vaLo, vaHi, kind);
  if (pa < 0) return false;
  pieces.pa = pa;
  pieces.first = Math.min(size, 4096 - (vaLo & 0xfff));
  if (pieces.first < size) {
    const nextLo = ((vaLo & ~0xfff) + 4096) | 0;
    const nextHi = nextLo === 0 ? (vaHi + 1) | 0 : vaHi;
    const second = translate(core, nextLo, nextHi, kind);
    if (translatedToDevice()) return alignmentFault(core, nextLo, nextHi, kind);
    if (second < 0) return false;
    pieces.second = second;
  }
  capture(core, vaLo, vaHi, pa, size);
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
  if (core.monitorsOpen !== 0) clearOtherMonitors(core, pa, size);
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

/** Loads `size` (1-16) bytes to `into`, from index `at`. False: `core.fault`. */
export function loadBytes(core: Core, vaLo: number, vaHi: number, size: number, into: Uint8Array, at: number): boolean {
  if (!prepare(core, vaLo, vaHi, size, READ, false)) return false;
  const { u8 } = core.m.memory;
  for (let i = 0; i < size; i++) into[at + i] = u8[i < pieces.first ? pieces.pa + i : pieces.second + i - pieces.first];
  return true;
}

/** Stores them. False: `core.fault`, and nothing was stored. */
export function storeBytes(core: Core, vaLo: number, vaHi: number, size: number, from: Uint8Array, at: number): boolean {
  if (!prepare(core, vaLo, vaHi, size, WRITE, false)) return false;
  const { u8 } = core.m.memory;
  for (let i = 0; i < size; i++) u8[i < pieces.first ? pieces.pa + i : pieces.second + i - pieces.first] = from[at + i];
  noteStore(core, pieces.pa, pieces.first);
  if (pieces.first < size) noteStore(core, pieces.second, size - pieces.first);
  return true;
}

/** Leaves an SP alignment fault in the core: SP is the base of an access and not a multiple of 16. */
export function stackPointerFault(core: Core): false {
  setFault(core, FAULT_SP_ALIGNMENT, 0, core.lo[31], core.hi[31], false);
  return false;
}

/** Checks that a store would be allowed, without doing it: the second half of a pair must not fault after the first was stored. */
export function isStoreAllowed(core: Core, vaLo: number, vaHi: number, size: number): boolean {
  const allowed = prepare(core, vaLo, vaHi, size, WRITE, false);
  core.capturedSize = 0;
  return allowed;
}

function storePair(core: Core, vaLo: number, vaHi: number, size: number, first: number, second: number): boolean {
  const { lo, hi } = core;
  const nextLo = (vaLo + size) | 0;
  const nextHi = nextLo >>> 0 < size ? (vaHi + 1) | 0 : vaHi;
  if ((vaLo & 0xfff) + 2 * size > 4096 && !(isStoreAllowed(core, vaLo, vaHi, size) && isStoreAllowed(core, nextLo, nextHi, size)))
    return false;
  return (
    store(core, vaLo, vaHi, size, WRITE, false, lo[first], hi[first]) &&
    store(core, nextLo, nextHi, size, WRITE, false, lo[second], hi[second])
  );
}

function loadPair(core: Core, vaLo: number, vaHi: number, size: number, first: number, second: number, signed: boolean): boolean {
  const { lo, hi } = core;
  const nextLo = (vaLo + size) | 0;
  const nextHi = nextLo >>> 0 < size ? (vaHi + 1) | 0 : vaHi;
  if (!load(core, vaLo, vaHi, size, READ, false)) return false;
  const valueLo = core.valueLo;
  const valueHi = core.valueHi;
  if (!load(core, nextLo, nextHi, size, READ, false)) return false;
  lo[first] = valueLo;
  hi[first] = size === 8 ? valueHi : signed ? valueLo >> 31 : 0;
  lo[second] = core.valueLo;
  hi[second] = size === 8 ? core.valueHi : signed ? core.valueLo >> 31 : 0;
  return true;
}

/** Sign-extending loads: bytes, and whether into 64 bits. */
function loadSigned(core: Core, vaLo: number, vaHi: number, size: number, wide: boolean, d: number): boolean {
  if (!load(core, vaLo, vaHi, size, READ, false)) return false;
  const shift = 32 - 8 * size;
  const value = (core.valueLo << shift) >> shift;
  core.lo[d] = value;
  core.hi[d] = wide ? value >> 31 : 0;
  return true;
}

function accessPieces(core: Core, access: number, d: number, t: number, vaLo: number, vaHi: number): boolean {
  const { lo, hi } = core;
  const aligned = (access & ACCESS_ALIGNED) !== 0;
  const kind = access & 31;
  switch (kind) {
    case ACCESS_STRB:
    case ACCESS_STRH:
    case ACCESS_STR_32:
    case ACCESS_STR_64:
      return store(core, vaLo, vaHi, 1 << kind, WRITE, aligned, lo[d], hi[d]);
    case ACCESS_STP_32:
      return storePair(core, vaLo, vaHi, 4, d, t);
    case ACCESS_STP_64:
      return storePair(core, vaLo, vaHi, 8, d, t);
    case ACCESS_LDRSB_64:
      return loadSigned(core, vaLo, vaHi, 1, true, d);
    case ACCESS_LDRSH_64:
      return loadSigned(core, vaLo, vaHi, 2, true, d);
    case ACCESS_LDRSW:
      return loadSigned(core, vaLo, vaHi, 4, true, d);
    case ACCESS_LDRSB_32:
      return loadSigned(core, vaLo, vaHi, 1, false, d);
    case ACCESS_LDRSH_32:
      return loadSigned(core, vaLo, vaHi, 2, false, d);
    case ACCESS_LDP_32:
      return loadPair(core, vaLo, vaHi, 4, d, t, false);
    case ACCESS_LDP_64:
      return loadPair(core, vaLo, vaHi, 8, d, t, false);
    case ACCESS_LDPSW:
      return loadPair(core, vaLo, vaHi, 4, d, t, true);
    default:
      if (!load(core, vaLo, vaHi, 1 << (kind - ACCESS_LDRB), READ, aligned)) return false;
      lo[d] = core.valueLo;
      hi[d] = kind === ACCESS_LDR_64 ? core.valueHi : 0;
      return true;
  }
}

/** What an operation does to memory, as far as the timing model goes. */
export const OPERATION_LOAD = 0;
export const OPERATION_STORE = 1; // and an atomic that returns nothing
export const OPERATION_UPDATE = 2; // an atomic that returns a value

/** An operation of the slow path begins: what it accesses is kept from here. */
export function beginAccess(core: Core): void {
  core.capturedSize = 0;
}

/** The operation is done: the timing model sees one access, as it does on the fast path. What it knows must not depend on the path. */
export function endAccess(core: Core, operation: number): void {
  const { timing, capturedPa, capturedSize } = core;
  if (timing === null || capturedSize === 0) return;
  if (operation === OPERATION_UPDATE) touchUpdate(timing, capturedPa, capturedSize);
  else touchData(timing, capturedPa, capturedSize, operation === OPERATION_STORE);
}

/** An ACCESS_… off the fast path, of registers `d` (and `t`). False: `core.fault`, and nothing changed. */
export function accessMemory(core: Core, access: number, d: number, t: number, vaLo: number, vaHi: number): boolean {
  beginAccess(core);
  if (!accessPieces(core, access, d, t, vaLo, vaHi)) return false;
  endAccess(core, (access & 31) < ACCESS_LDRB ? OPERATION_STORE : OPERATION_LOAD);
  return true;
}
