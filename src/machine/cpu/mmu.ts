// Translation of a CPU's accesses: the TLB, walks on a miss, permissions, and the faults that follow.
// Source: Arm ARM DDI 0487, D8.4 (permissions), D8.13 (faults and their priority), C6.2 AT.
import { FSC_PERMISSION_LEVEL } from '../../arch/esr.ts';
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import type { Mounted, PhysicalCpu } from '../machine.ts';
import { slotOfFrame } from './code.ts';
import { EL, PC_HI, PSTATE_PAN } from './context.ts';
import {
  type Core,
  coreOf,
  FAULT_NONE,
  FAULT_PC_ALIGNMENT,
  FAULT_STAGE1,
  FAULT_STAGE2,
  forgetFastEntry,
  retireTranslations,
} from './core.ts';
import { fetchEntries } from './lanes.ts';
import {
  DEVICE,
  dropPage,
  LEVEL_SHIFT,
  lookUpEntry,
  PRIVILEGED_EXECUTE,
  PRIVILEGED_READ,
  PRIVILEGED_WRITE,
  putEntry,
  STAGE1_OFF,
  STAGE2_WRITE,
  USER_EXECUTE,
  USER_READ,
  USER_WRITE,
} from './tlb.ts';
import { ignoresTopByte, walked, walkTables } from './walk.ts';

const TCR_EL1 = indexOfRegister('TCR_EL1');

/** Kinds of access. */
export const READ = 0;
export const WRITE = 1;
export const EXECUTE = 2;
/** As LDTR and STTR: EL0's permissions. */
export const UNPRIVILEGED_READ = 3;
export const UNPRIVILEGED_WRITE = 4;

const levelOf = (attributes: number): number => (attributes >>> LEVEL_SHIFT) & 3;

/** Attributes of the page of the last `translate`: stage 1's at least, where that was complete, whatever refused the access afterwards. */
export let translatedAttributes = 0;

/** The entry of an address, by a walk when there is none; -1: `walked` says what refused. */
function findEntry(core: Core, vaLo: number, vaHi: number, execute: boolean): number {
  const have = lookUpEntry(core.tlb, vaLo, vaHi, execute);
  if (have >= 0) return have;
  if (!walkTables(core.m, core.cpu.context, core.cpu.stage2, vaLo, vaHi)) return -1;
  const e = putEntry(core.tlb, vaLo, vaHi, walked.pa - (walked.pa % 4096), walked.attributes, execute);
  forgetFastEntry(core, e);
  return e;
}

function isPermitted(core: Core, attributes: number, kind: number): boolean {
  const user = core.k[EL] === 0;
  const pan = core.k[PSTATE_PAN] !== 0 && (attributes & STAGE1_OFF) === 0 && (attributes & (USER_READ | USER_WRITE)) !== 0;
  switch (kind) {
    case READ:
      if (user) return (attributes & USER_READ) !== 0;
      return (attributes & PRIVILEGED_READ) !== 0 && !pan;
    case WRITE:
      if (user) return (attributes & USER_WRITE) !== 0;
      return (attributes & PRIVILEGED_WRITE) !== 0 && !pan;
    case EXECUTE:
      return (attributes & (user ? USER_EXECUTE : PRIVILEGED_EXECUTE)) !== 0;
    case UNPRIVILEGED_READ:
      return (attributes & USER_READ) !== 0;
    default:
      return (attributes & USER_WRITE) !== 0;
  }
}

/** Leaves a fault of the address in the core. */
export function setFault(core: Core, fault: number, status: number, vaLo: number, vaHi: number, write: boolean): void {
  core.fault = fault;
  core.faultStatus = status;
  core.faultLo = vaLo;
  core.faultHi = vaHi;
  core.faultWrite = write;
  core.faultOnWalk = false;
  core.faultIpa = 0;
}

/** Leaves what the last walk met in the core. */
export function setWalkFault(core: Core, vaLo: number, vaHi: number, write: boolean): void {
  setFault(core, walked.fault === 2 ? FAULT_STAGE2 : FAULT_STAGE1, walked.fsc, vaLo, vaHi, write);
  core.faultOnWalk = walked.onWalk;
  core.faultIpa = walked.ipa;
}

function setPermissionFault(core: Core, attributes: number, vaLo: number, vaHi: number, write: boolean): void {
  setFault(core, FAULT_STAGE1, FSC_PERMISSION_LEVEL + levelOf(attributes), vaLo, vaHi, write);
}

/** Stage 1 was complete when stage 2 refused the address: what stage 1 has against the access comes first. D8.13.2. */
export function isStage1Complete(): boolean {
  return walked.fault === 0 || (walked.fault === 2 && !walked.onWalk);
}

/** A permission of stage 2: the walk is done again for the intermediate physical address, which entries do not keep. */
function setStage2PermissionFault(core: Core, vaLo: number, vaHi: number): void {
  const found = walkTables(core.m, core.cpu.context, core.cpu.stage2, vaLo, vaHi);
  setFault(core, FAULT_STAGE2, FSC_PERMISSION_LEVEL + 3, vaLo, vaHi, true);
  core.faultIpa = found ? walked.ipa : 0;
}

/** The host physical address of an access; -1: `core.fault` says what happened. Attributes in `translatedAttributes`. */
export function translate(core: Core, vaLo: number, vaHi: number, kind: number): number {
  const write = kind === WRITE || kind === UNPRIVILEGED_WRITE;
  const e = findEntry(core, vaLo, vaHi, kind === EXECUTE);
  if (e < 0) {
    translatedAttributes = walked.attributes;
    if (isStage1Complete() && !isPermitted(core, walked.attributes, kind)) {
      setPermissionFault(core, walked.attributes, vaLo, vaHi, write);
    } else setWalkFault(core, vaLo, vaHi, write);
    return -1;
  }
  const attributes = core.tlb.attributes[e];
  translatedAttributes = attributes;
  if (!isPermitted(core, attributes, kind)) {
    setPermissionFault(core, attributes, vaLo, vaHi, write);
    return -1;
  }
  if (write && (attributes & STAGE2_WRITE) === 0) {
    setStage2PermissionFault(core, vaLo, vaHi);
    return -1;
  }
  return (core.tlb.pa[e] >>> 0) + (vaLo & 0xfff);
}

/** TCR_EL1.TBI0 or TBI1, as bit 55 of the address says. */
function isTopByteIgnored(core: Core, hi: number): boolean {
  return ignoresTopByte(core.words[TCR_EL1 * 2 + 1], (hi >>> 23) & 1);
}

const withoutTopByte = (hi: number): number => (hi << 8) >> 8;

/** Whoever branched, or returned, to an address whose top byte is ignored finds PC without it. Shared pseudocode AArch64.BranchAddr. */
export function straightenPc(core: Core): void {
  const { k } = core;
  const hi = withoutTopByte(k[PC_HI]);
  if (k[PC_HI] !== hi && isTopByteIgnored(core, hi)) k[PC_HI] = hi;
}

/**
 * Makes the page of PC ready to run: its records stand in the fetch entry of its address. False: `core.fault` says why not; FAULT_NONE:
 * PC is to be straightened first.
 */
export function openFetch(core: Core, pcLo: number, pcHi: number): boolean {
  if (pcHi !== withoutTopByte(pcHi) && isTopByteIgnored(core, pcHi)) {
    core.fault = FAULT_NONE;
    return false;
  }
  if ((pcLo & 3) !== 0) {
    setFault(core, FAULT_PC_ALIGNMENT, 0, pcLo, pcHi, false);
    return false;
  }
  const pa = translate(core, pcLo, pcHi, EXECUTE);
  if (pa < 0) return false;
  const first = slotOfFrame(core.m, pa >>> 12);
  retireTranslations(core); // the frame may be flagged now, the records may have been dropped
  const at = core.fetchAt + ((pcLo >>> 10) & 0x3ffc);
  const fetch = fetchEntries();
  fetch[at] = pcLo & ~0xfff;
  fetch[at + 1] = pcHi;
  fetch[at + 2] = first;
  fetch[at + 3] = pa & ~0xfff;
  return true;
}

/** TLBI by address on this CPU; `keepNotGlobal`: the ASID named is not the current one. */
export function invalidatePage(core: Core, vaLo: number, vaHi: number, keepNotGlobal: boolean): void {
  dropPage(core.tlb, vaLo, vaHi, keepNotGlobal, (e) => forgetFastEntry(core, e));
}

/**
 * Forgets every translation of a CPU: what a hypervisor's TLBI VMALLS12E1 does. The kernel calls it when it loads another vCPU of the same
 * VM on the CPU, and when it changes stage 2.
 */
export function forgetAllTranslations(m: Mounted, cpu: PhysicalCpu): void {
  if (cpu.tlb === null) return;
  cpu.tlb.vttbr = -1n; // no VTTBR_EL2: the next run drops everything
  const core = m.code.cores[cpu.number];
  if (core !== undefined && core.tlb === cpu.tlb) retireTranslations(core);
}

/**
 * Translates an address of the Profiling Buffer as the SPU does: the owner's EL1&0 regime, privileged, PAN ignored (spe-architecture §4.1).
 * Uses and fills the CPU's TLB. `fsc` is the fault status code with its level.
 */
export function translateForSpu(
  m: Mounted,
  cpu: PhysicalCpu,
  va: bigint,
  write: boolean,
): { readonly pa: number } | { readonly fsc: number; readonly stage: 1 | 2; readonly level: number } {
  // Inside a step its core is up to date.
  const running = m.code.cores[cpu.number];
  const core = running?.cpu === cpu && running.m === m && running.resident ? running : coreOf(m, cpu);
  const vaLo = Number(BigInt.asIntN(32, va));
  const vaHi = Number(BigInt.asIntN(32, va >> 32n));
  const e = findEntry(core, vaLo, vaHi, false);
  const attributes = e < 0 ? walked.attributes : core.tlb.attributes[e];
  const level = levelOf(attributes);
  if ((e >= 0 || isStage1Complete()) && (attributes & (write ? PRIVILEGED_WRITE : PRIVILEGED_READ)) === 0) {
    return { fsc: FSC_PERMISSION_LEVEL + level, stage: 1, level };
  }
  if (e < 0) return { fsc: walked.fsc, stage: walked.fault === 2 ? 2 : 1, level: walked.level };
  if (write && (attributes & STAGE2_WRITE) === 0) return { fsc: FSC_PERMISSION_LEVEL + 3, stage: 2, level: 3 };
  return { pa: (core.tlb.pa[e] >>> 0) + (vaLo & 0xfff) };
}

/** Is the memory of the last `translate` Device memory? */
export function translatedToDevice(): boolean {
  return (translatedAttributes & DEVICE) !== 0;
}
