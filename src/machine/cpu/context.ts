// The architectural registers of one PE as plain data: what a world switch saves and loads.
// General registers are 32-bit halves in Int32Arrays (BigInt registers were measured 5-10 times slower); system registers are cold.
import { indexOfRegister, REGISTERS } from '../../arch/sysreg/table.ts';

/** Indices into `lo` and `hi`: 0-30 are X0-X30. */
export const SP = 31; // the stack pointer that PSTATE.SP selects now; the others are in SP_EL0 and SP_EL1
export const ZERO = 32; // reads as zero
export const SINK = 33; // where writes to XZR go
export const GENERAL = 34;

/** Indices into `core`. */
export const PC_LO = 0;
export const PC_HI = 1;
export const FLAG_N = 2; // each flag is 0 or 1
export const FLAG_Z = 3;
export const FLAG_C = 4;
export const FLAG_V = 5;
export const EL = 6; // 0 or 1 in a guest, 2 for the host
export const SPSEL = 7; // PSTATE.SP
export const DAIF = 8; // D=8 A=4 I=2 F=1
export const MONITOR = 9; // exclusives monitor: 1 = open
export const MONITOR_LO = 10; // its physical address, divided by 64 (a line)
export const MONITOR_HI = 11;
export const MONITOR_SIZE = 12; // bytes
export const EVENT = 13; // the event register of WFE
export const PSTATE_IL = 14;
export const PSTATE_SS = 15;
export const PSTATE_PAN = 16;
export const CORE = 20;

export interface CpuContext {
  lo: Int32Array;
  hi: Int32Array;
  core: Int32Array;
  /** System registers by the dense index of arch/sysreg/table. */
  sys: BigUint64Array;
  /** V0-V31: the lower half of Vn is at 2n, the upper one at 2n + 1. FPCR and FPSR are among the system registers. */
  v: BigUint64Array;
}

/** Elements of `CpuContext.v`. */
export const VECTOR_HALVES = 64;

/** A context with every register at its reset value: EL1h, DAIF masked. */
export function newContext(): CpuContext {
  const sys = new BigUint64Array(REGISTERS.length);
  for (const [i, row] of REGISTERS.entries()) sys[i] = row.reset;
  const context = {
    lo: new Int32Array(GENERAL),
    hi: new Int32Array(GENERAL),
    core: new Int32Array(CORE),
    sys,
    v: new BigUint64Array(VECTOR_HALVES),
  };
  setPstate(context, 0x3c5n);
  return context;
}

/** Copies every register of `from` into `to`. */
export function copyContext(to: CpuContext, from: CpuContext): void {
  to.lo.set(from.lo);
  to.hi.set(from.hi);
  to.core.set(from.core);
  to.sys.set(from.sys);
  to.v.set(from.v);
}

const join = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);

/** X0-X30; 31 is SP. */
export function getX(c: CpuContext, n: number): bigint {
  return join(c.lo[n], c.hi[n]);
}

export function setX(c: CpuContext, n: number, value: bigint): void {
  c.lo[n] = Number(BigInt.asIntN(32, value));
  c.hi[n] = Number(BigInt.asIntN(32, value >> 32n));
}

export function getPc(c: CpuContext): bigint {
  return join(c.core[PC_LO], c.core[PC_HI]);
}

export function setPc(c: CpuContext, value: bigint): void {
  c.core[PC_LO] = Number(BigInt.asIntN(32, value));
  c.core[PC_HI] = Number(BigInt.asIntN(32, value >> 32n));
}

/** PSTATE in SPSR's form (NZCV 31:28, PAN 22, SS 21, IL 20, DAIF 9:6, EL 3:2, SP 0). */
export function getPstate(c: CpuContext): bigint {
  const k = c.core;
  const word =
    (k[FLAG_N] << 31) |
    (k[FLAG_Z] << 30) |
    (k[FLAG_C] << 29) |
    (k[FLAG_V] << 28) |
    (k[PSTATE_PAN] << 22) |
    (k[PSTATE_SS] << 21) |
    (k[PSTATE_IL] << 20) |
    (k[DAIF] << 6) |
    (k[EL] << 2) |
    k[SPSEL];
  return BigInt(word >>> 0);
}

const SP_EL0 = indexOfRegister('SP_EL0');
const SP_EL1 = indexOfRegister('SP_EL1');

/** Where the stack pointer of a mode is banked while another is selected. */
function bankOf(el: number, spsel: number): number {
  return el === 0 || spsel === 0 ? SP_EL0 : SP_EL1;
}

/** Sets PSTATE and swaps the banked stack pointers. */
export function setPstate(c: CpuContext, value: bigint): void {
  const word = Number(BigInt.asIntN(32, value));
  const k = c.core;
  const from = bankOf(k[EL], k[SPSEL]);
  const to = bankOf((word >> 2) & 3, word & 1);
  if (from !== to) {
    c.sys[from] = getX(c, SP);
    setX(c, SP, c.sys[to]);
  }
  k[FLAG_N] = (word >>> 31) & 1;
  k[FLAG_Z] = (word >>> 30) & 1;
  k[FLAG_C] = (word >>> 29) & 1;
  k[FLAG_V] = (word >>> 28) & 1;
  k[PSTATE_PAN] = (word >>> 22) & 1;
  k[PSTATE_SS] = (word >>> 21) & 1;
  k[PSTATE_IL] = (word >>> 20) & 1;
  k[DAIF] = (word >>> 6) & 15;
  k[EL] = (word >>> 2) & 3;
  k[SPSEL] = word & 1;
}

/** A system register by its printed name. */
export function getSys(c: CpuContext, name: string): bigint {
  return c.sys[indexOfRegister(name)];
}

export function setSys(c: CpuContext, name: string, value: bigint): void {
  c.sys[indexOfRegister(name)] = BigInt.asUintN(64, value);
}
