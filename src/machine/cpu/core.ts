// What one CPU is run with: its registers' arrays, copies of its translations for the fast path, and the scratch of the access in hand.
// Derived from the world, outside it. A fast translation says "an access of this kind to this page needs no look": four words,
//   0 page address low (EMPTY: none) · 1 page address high · 2 what to add to the low half to get the host physical address · 3 unused
// The entry of an address is at: first word of the CPU's bank + first word of the region + ((vaLo >>> 10) & 0x3ffc).
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import type { Mounted, PhysicalCpu } from '../machine.ts';
import type { TimingModel } from '../timing/model.ts';
import { attend } from '../timing/shared.ts';
import { holdRecords } from './code.ts';
import { EL, MONITOR, MONITOR_LO, PSTATE_PAN } from './context.ts';
import {
  BANKS,
  copyRegisters,
  FAST_BANK_WORDS,
  FETCH_BANK_WORDS,
  fastTranslations,
  fetchEntries,
  highHalves,
  lowHalves,
  REGION_WORDS,
} from './lanes.ts';
import { dropAll, dropNotGlobal, HALF, newTranslationCache, type TranslationCache } from './tlb.ts';
import { type VectorRegisters, vectorRegisters } from './vector/registers.ts';

/** Regions of a bank of fast translations: reads at EL0, EL1, EL1 with PAN; writes the same; one that is always empty. */
export const FAST_READ = 0;
export const FAST_WRITE = 3 * REGION_WORDS;
export const FAST_NONE = 6 * REGION_WORDS;
// A bank of fetch entries: at EL0, at EL1; word 2 is the first word of the page's records, word 3 its host physical address.

/** No address compares equal to it: the fast path keeps bits 31:12 and some of bits 2:0. */
export const FAST_EMPTY = 0x800;

/** What an access or fetch that failed asks for: kinds of `core.fault`. */
export const FAULT_NONE = 0;
export const FAULT_STAGE1 = 1; // abort to EL1 with core.faultStatus
export const FAULT_STAGE2 = 2; // abort to EL2
export const FAULT_PC_ALIGNMENT = 3;
export const FAULT_SP_ALIGNMENT = 4;
export const FAULT_FP_EL1 = 5; // SIMD&FP registers are disabled: CPACR_EL1.FPEN
export const FAULT_FP_EL2 = 6; // and CPTR_EL2

export interface Core {
  readonly m: Mounted;
  readonly cpu: PhysicalCpu;
  tlb: TranslationCache;
  /** The registers inside the loop (lanes.ts). They are current while `resident`; otherwise those of `cpu.context` are. */
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  resident: boolean;
  k: Int32Array;
  sys: BigUint64Array;
  /** The halves of `sys`: register r is at 2r (low) and 2r + 1. */
  words: Int32Array;
  /** V0-V31 of the context. */
  readonly vector: VectorRegisters;
  timing: TimingModel | null;
  /** First words of the CPU's banks of fast translations and fetch entries. */
  readonly fastBank: number;
  readonly fetchBank: number;
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
  /** Other CPUs' exclusives monitors are open: stores to their lines must look. */
  monitorsOpen: number;
  /** Accesses of the 79 bytes from here, a line that another CPU watches and what reaches into it, go the slow way. */
  watchFrom: number;

  /** Operations that the last run of the loop executed. */
  executed: number;
  /** The record of the hot operation that ended it, and the host physical address of its page. */
  hotAt: number;
  hotFrame: number;
  valueLo: number;
  valueHi: number;
  fault: number;
  faultStatus: number;
  faultLo: number;
  faultHi: number;
  faultWrite: boolean;
  faultOnWalk: boolean;
  faultIpa: number;
  /** The operation in hand is sampled: its accesses go off the fast path. */
  capture: boolean;
  /** The data access of the operation in hand, off the fast path: first virtual and physical address, bytes. */
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

/** No host physical address lies within 79 bytes behind it. */
const NOTHING_WATCHED = -4096;

/** Looks which lines other CPUs watch with an open monitor. One is watched exactly; with more, every store goes the slow way. */
export function watchMonitors(core: Core): void {
  core.monitorsOpen = 0;
  core.watchFrom = NOTHING_WATCHED;
  for (const other of core.m.machine.cpus) {
    const k = other.context.core;
    if (other === core.cpu || k[MONITOR] === 0) continue;
    core.monitorsOpen += 1;
    core.watchFrom = ((k[MONITOR_LO] << 6) >>> 0) - 15;
  }
}

function newCore(m: Mounted, cpu: PhysicalCpu, tlb: TranslationCache): Core {
  const c = cpu.context;
  return {
    m,
    cpu,
    tlb,
    lo: lowHalves(),
    hi: highHalves(),
    resident: false,
    k: c.core,
    sys: c.sys,
    words: new Int32Array(c.sys.buffer, c.sys.byteOffset, c.sys.length * 2),
    vector: vectorRegisters(c.v),
    timing: cpu.timing,
    fastBank: (cpu.number % BANKS) * FAST_BANK_WORDS,
    fetchBank: (cpu.number % BANKS) * FETCH_BANK_WORDS,
    tlbGeneration: tlb.generation,
    codeGeneration: m.code.generation,
    flaggedGeneration: m.memory.codeGeneration,
    settled: m.memory.settled,
    readAt: FAST_NONE,
    writeAt: FAST_NONE,
    fetchAt: 0,
    spMask: 0,
    stopAtPages: false,
    monitorsOpen: 0,
    watchFrom: NOTHING_WATCHED,
    executed: 0,
    hotAt: 0,
    hotFrame: 0,
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

/** Whose copies each bank holds. */
const bankOwners: (Core | null)[] = new Array<Core | null>(BANKS).fill(null);

function forgetFastTranslations(core: Core): void {
  fastTranslations().fill(FAST_EMPTY, core.fastBank, core.fastBank + FAST_BANK_WORDS);
  forgetFetches(core);
}

function forgetFetches(core: Core): void {
  fetchEntries().fill(FAST_EMPTY, core.fetchBank, core.fetchBank + FETCH_BANK_WORDS);
}

/** The running state of a CPU, brought up to date with the world, with the arrays of the loop its own. */
export function coreOf(m: Mounted, cpu: PhysicalCpu): Core {
  cpu.tlb ??= newTranslationCache();
  let core = m.code.cores[cpu.number];
  if (
    core === undefined ||
    core.cpu !== cpu ||
    core.m !== m ||
    core.tlb !== cpu.tlb ||
    core.k !== cpu.context.core ||
    core.sys !== cpu.context.sys
  ) {
    core = newCore(m, cpu, cpu.tlb);
    m.code.cores[cpu.number] = core;
  }
  core.timing = cpu.timing;
  if (cpu.timing !== null) attend(m.machine, cpu.number, cpu.timing);
  holdRecords(m);
  const bank = cpu.number % BANKS;
  if (bankOwners[bank] !== core) {
    forgetFastTranslations(core);
    bankOwners[bank] = core;
  }
  retireTranslations(core);
  return core;
}

/** SCTLR_EL1.M and WXN: entries made under others are dropped, as a TLB may; that keeps the two regimes apart. */
const SCTLR_M_WXN = 1 | (1 << 19);

/** Drops translations of another VMID, ASID or regime, and copies that are out of date. */
export function retireTranslations(core: Core): void {
  const tlb = core.tlb;
  const vttbr = core.sys[VTTBR_EL2];
  const asid = currentAsid(core.words);
  const control = core.words[SCTLR_EL1 * 2] & SCTLR_M_WXN;
  if (tlb.vttbr !== vttbr || tlb.control !== control) {
    dropAll(tlb);
    tlb.vttbr = vttbr;
    tlb.control = control;
  } else if (tlb.asid !== asid) dropNotGlobal(tlb);
  tlb.asid = asid;
  const memory = core.m.memory;
  if (core.tlbGeneration !== tlb.generation) {
    forgetFastTranslations(core);
    core.tlbGeneration = tlb.generation;
  }
  if (core.codeGeneration !== core.m.code.generation) {
    forgetFetches(core);
    core.codeGeneration = core.m.code.generation;
  }
  if (core.flaggedGeneration !== memory.codeGeneration || core.settled !== memory.settled) {
    fastTranslations().fill(FAST_EMPTY, core.fastBank + FAST_WRITE, core.fastBank + FAST_NONE);
    core.flaggedGeneration = memory.codeGeneration;
    core.settled = memory.settled;
  }
}

/** The region of the current Exception level and PAN, for reads; writes stand FAST_WRITE behind. */
function regionOf(core: Core): number {
  return core.k[EL] === 0 ? 0 : core.k[PSTATE_PAN] !== 0 ? 2 * REGION_WORDS : REGION_WORDS;
}

/** Brings X0-X30 and SP into the loop's arrays. */
export function loadRegisters(core: Core): void {
  if (core.resident) return;
  const { lo, hi } = core.cpu.context;
  copyRegisters(core.lo, core.hi, lo, hi);
  core.resident = true;
}

/** Brings them back into the context: before anything but the loop looks at them, and at the end of every step. */
export function settleRegisters(core: Core): void {
  if (!core.resident) return;
  const { lo, hi } = core.cpu.context;
  copyRegisters(lo, hi, core.lo, core.hi);
  core.resident = false;
}

/** Chooses the regions of the current Exception level, PAN and SP alignment check. */
export function chooseRegions(core: Core): void {
  const el = core.k[EL];
  const none = core.fastBank + FAST_NONE;
  core.readAt = core.capture ? none : core.fastBank + FAST_READ + regionOf(core);
  core.writeAt = core.capture || core.monitorsOpen > 1 ? none : core.fastBank + FAST_WRITE + regionOf(core);
  core.fetchAt = core.fetchBank + (el === 0 ? 0 : REGION_WORDS);
  core.spMask = (core.words[SCTLR_EL1 * 2] & (el === 0 ? 1 << 4 : 1 << 3)) !== 0 ? 15 : 0;
}

/** Lets the fast path read (or write) the page of an address that was just allowed at the current Exception level. */
export function openFastPath(core: Core, vaLo: number, vaHi: number, pa: number, write: boolean): void {
  const fast = fastTranslations();
  const at = core.fastBank + (write ? FAST_WRITE : FAST_READ) + regionOf(core) + ((vaLo >>> 10) & 0x3ffc);
  fast[at] = vaLo & ~0xfff;
  fast[at + 1] = vaHi;
  fast[at + 2] = ((pa & ~0xfff) - (vaLo & ~0xfff)) | 0;
}

/** Forgets the copies of one entry of the TLB. */
export function forgetFastEntry(core: Core, entry: number): void {
  if (entry < HALF) {
    const fast = fastTranslations();
    for (let region = 0; region < 6; region++) fast[core.fastBank + region * REGION_WORDS + entry * 4] = FAST_EMPTY;
  } else {
    const fetch = fetchEntries();
    for (let region = 0; region < 2; region++) fetch[core.fetchBank + region * REGION_WORDS + (entry - HALF) * 4] = FAST_EMPTY;
  }
}
