// What one CPU is run with: its registers' arrays, copies of its translations for the fast path, and the scratch of the access in hand.
// Derived from the world, outside it. A fast translation says "an access of this kind to this page needs no look": 4 words an entry,
//   0 page address low (EMPTY: none) · 1 page address high · 2 what to add to the low half to get the host physical address · 3 unused
// The number in the regions below is the first word; the entry of an address is at + ((vaLo >>> 10) & 0x3ffc).
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import type { Mounted, PhysicalCpu } from '../machine.ts';
import type { TimingModel } from '../timing/model.ts';
import { EL, PSTATE_PAN } from './context.ts';
import { dropAll, dropNotGlobal, newTranslationCache, type TranslationCache } from './tlb.ts';

export const FAST_REGION = 4096 * 4;
/** Reads at EL0, EL1, EL1 with PAN; writes the same; a region that is always empty. */
export const FAST_READ = 0;
export const FAST_WRITE = 3 * FAST_REGION;
export const FAST_NONE = 6 * FAST_REGION;
/** Fetches at EL0 and EL1: entry word 2 is the first word of the page's records. */
export const FETCH_PAGES = 2 * FAST_REGION;
/** No address compares equal to it: the fast path keeps bits 31:12 and some of bits 2:0. */
export const FAST_EMPTY = 0x800;

/** What an access or fetch that failed asks for: kinds of `core.fault`. */
export const FAULT_NONE = 0;
export const FAULT_STAGE1 = 1; // abort to EL1 with core.faultStatus
export const FAULT_STAGE2 = 2; // abort to EL2
export const FAULT_PC_ALIGNMENT = 3;
export const FAULT_SP_ALIGNMENT = 4;

export interface Core {
  readonly m: Mounted;
  readonly cpu: PhysicalCpu;
  tlb: TranslationCache;
  lo: Int32Array;
  hi: Int32Array;
  k: Int32Array;
  sys: BigUint64Array;
  /** The halves of `sys`: register r is at 2r (low) and 2r + 1. */
  words: Int32Array;
  timing: TimingModel | null;
  readonly fast: Int32Array;
  readonly fetch: Int32Array;
  tlbGeneration: number;
  codeGeneration: number;
  flaggedGeneration: number;
  settled: number;
  /** Regions in use: set before the loop runs. */
  readAt: number;
  writeAt: number;
  fetchAt: number;
  /** 15 when SP must be aligned for the current Exception level, else 0. */
  spMask: number;
  /** Come back at every change of page. */
  stopAtPages: boolean;
  /** Another CPU's exclusives monitor is open: stores must look. */
  monitorsOpen: boolean;

  /** Operations that the last run of the loop executed. */
  executed: number;
  valueLo: number;
  valueHi: number;
  fault: number;
  faultStatus: number;
  faultLo: number;
  faultHi: number;
  faultWrite: boolean;
  faultOnWalk: boolean;
  faultIpa: number;
  /** The data access of the operation in hand, kept while `capture`: first virtual and physical address, bytes. */
  capture: boolean;
  capturedSize: number;
  capturedLo: number;
  capturedHi: number;
  capturedPa: number;
}

const SCTLR_EL1 = indexOfRegister('SCTLR_EL1');
const VTTBR_EL2 = indexOfRegister('VTTBR_EL2');
const TCR_EL1 = indexOfRegister('TCR_EL1');
const TTBR0_EL1 = indexOfRegister('TTBR0_EL1');
const TTBR1_EL1 = indexOfRegister('TTBR1_EL1');

function newCore(m: Mounted, cpu: PhysicalCpu, tlb: TranslationCache): Core {
  const c = cpu.context;
  return {
    m,
    cpu,
    tlb,
    lo: c.lo,
    hi: c.hi,
    k: c.core,
    sys: c.sys,
    words: new Int32Array(c.sys.buffer, c.sys.byteOffset, c.sys.length * 2),
    timing: cpu.timing,
    fast: new Int32Array(7 * FAST_REGION).fill(FAST_EMPTY),
    fetch: new Int32Array(FETCH_PAGES).fill(FAST_EMPTY),
    tlbGeneration: tlb.generation,
    codeGeneration: m.code.generation,
    flaggedGeneration: m.memory.codeGeneration,
    settled: m.memory.settled,
    readAt: FAST_NONE,
    writeAt: FAST_NONE,
    fetchAt: 0,
    spMask: 0,
    stopAtPages: false,
    monitorsOpen: false,
    executed: 0,
    valueLo: 0,
    valueHi: 0,
    fault: FAULT_NONE,
    faultStatus: 0,
    faultLo: 0,
    faultHi: 0,
    faultWrite: false,
    faultOnWalk: false,
    faultIpa: 0,
    capture: false,
    capturedSize: 0,
    capturedLo: 0,
    capturedHi: 0,
    capturedPa: 0,
  };
}

/** The current ASID: of TTBR0_EL1 or TTBR1_EL1 as TCR_EL1.A1 says, 8 or 16 bits as TCR_EL1.AS says. */
export function currentAsid(words: Int32Array): number {
  const ttbr = (words[TCR_EL1 * 2] & (1 << 22)) !== 0 ? TTBR1_EL1 : TTBR0_EL1;
  const asid = words[ttbr * 2 + 1] >>> 16;
  return (words[TCR_EL1 * 2 + 1] & 16) !== 0 ? asid : asid & 0xff;
}

/** The running state of a CPU, brought up to date with the world. */
export function coreOf(m: Mounted, cpu: PhysicalCpu): Core {
  cpu.tlb ??= newTranslationCache();
  let core = m.code.cores[cpu.number];
  if (
    core === undefined ||
    core.cpu !== cpu ||
    core.m !== m ||
    core.tlb !== cpu.tlb ||
    core.lo !== cpu.context.lo ||
    core.sys !== cpu.context.sys
  ) {
    core = newCore(m, cpu, cpu.tlb);
    m.code.cores[cpu.number] = core;
  }
  core.timing = cpu.timing;
  retireTranslations(core);
  return core;
}

/** Drops translations of another VMID or ASID, and copies that are out of date. */
export function retireTranslations(core: Core): void {
  const tlb = core.tlb;
  const vttbr = core.sys[VTTBR_EL2];
  const asid = currentAsid(core.words);
  if (tlb.vttbr !== vttbr) {
    dropAll(tlb);
    tlb.vttbr = vttbr;
  } else if (tlb.asid !== asid) dropNotGlobal(tlb);
  tlb.asid = asid;
  const memory = core.m.memory;
  if (core.tlbGeneration !== tlb.generation) {
    core.fast.fill(FAST_EMPTY);
    core.fetch.fill(FAST_EMPTY);
    core.tlbGeneration = tlb.generation;
  }
  if (core.codeGeneration !== core.m.code.generation) {
    core.fetch.fill(FAST_EMPTY);
    core.codeGeneration = core.m.code.generation;
  }
  if (core.flaggedGeneration !== memory.codeGeneration || core.settled !== memory.settled) {
    core.fast.fill(FAST_EMPTY, FAST_WRITE, FAST_NONE);
    core.flaggedGeneration = memory.codeGeneration;
    core.settled = memory.settled;
  }
}

/** Chooses the regions of the current Exception level, PAN and SP alignment check. */
export function chooseRegions(core: Core): void {
  const el = core.k[EL];
  const region = el === 0 ? 0 : core.k[PSTATE_PAN] !== 0 ? 2 * FAST_REGION : FAST_REGION;
  core.readAt = FAST_READ + region;
  core.writeAt = core.monitorsOpen ? FAST_NONE : FAST_WRITE + region;
  core.fetchAt = el === 0 ? 0 : FAST_REGION;
  core.spMask = (core.words[SCTLR_EL1 * 2] & (el === 0 ? 1 << 4 : 1 << 3)) !== 0 ? 15 : 0;
}

/** Forgets the copies of one entry of the TLB. */
export function forgetFastEntry(core: Core, entry: number): void {
  for (let region = 0; region < 6; region++) core.fast[region * FAST_REGION + entry * 4] = FAST_EMPTY;
  core.fetch[entry * 4] = FAST_EMPTY;
  core.fetch[FAST_REGION + entry * 4] = FAST_EMPTY;
}
