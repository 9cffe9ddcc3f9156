// Translation table walks: stage 1 of the EL1&0 regime for 4, 16 and 64 KiB granules, then stage 2 through the ranges the hypervisor mapped.
// Source: Arm ARM DDI 0487, D8.2 (translation process), D8.3 (descriptors), D8.4 (permissions), D8.13 (faults).
// 48-bit addresses are exact as numbers; 64-bit ones come as 32-bit halves.
import { FSC_ACCESS_FLAG_LEVEL, FSC_ADDRESS_SIZE_LEVEL, FSC_TRANSLATION_LEVEL } from '../../arch/esr.ts';
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import type { Mounted, Stage2Range } from '../machine.ts';
import type { CpuContext } from './context.ts';
import {
  BLOCK_SHIFT,
  DEVICE,
  LEVEL_SHIFT,
  MEMORY_ATTRIBUTE_SHIFT,
  NOT_GLOBAL,
  PRIVILEGED_EXECUTE,
  PRIVILEGED_READ,
  PRIVILEGED_WRITE,
  STAGE1_OFF,
  STAGE2_WRITE,
  USER_EXECUTE,
  USER_READ,
  USER_WRITE,
} from './tlb.ts';

const SCTLR_EL1 = indexOfRegister('SCTLR_EL1');
const TCR_EL1 = indexOfRegister('TCR_EL1');
const TTBR0_EL1 = indexOfRegister('TTBR0_EL1');
const TTBR1_EL1 = indexOfRegister('TTBR1_EL1');
const MAIR_EL1 = indexOfRegister('MAIR_EL1');
const MMFR0 = indexOfRegister('ID_AA64MMFR0_EL1');

const SCTLR_M = 1;
const SCTLR_WXN = 1 << 19;
const TWO32 = 4294967296;
/** Physical address sizes by TCR_EL1.IPS and ID_AA64MMFR0_EL1.PARange; 52 bits are not implemented. */
const SIZES = [32, 36, 40, 42, 44, 48, 48, 48];
/** log2 bytes by TCR_EL1.TG0 and TG1; 0 = reserved. */
const GRANULE0 = [12, 16, 14, 0];
const GRANULE1 = [0, 14, 12, 16];

/** The result of the last walk, valid until the next. `fault` 0 = none; else the stage that refused. */
export interface Walk {
  fault: 0 | 1 | 2;
  /** Fault status code with its level; stage 2 faults have level 3. */
  fsc: number;
  level: number;
  /** A stage 2 fault on a descriptor fetch. */
  onWalk: boolean;
  /** Of the address (a stage 2 fault on a walk: of the descriptor). */
  ipa: number;
  pa: number;
  /** As in an entry of the TLB. Where stage 2 refuses the address itself they are stage 1's alone; of other refusals they say nothing of a page. */
  attributes: number;
  /** SH of stage 1's descriptor: 0 non-shareable, 2 outer, 3 inner. */
  shareability: number;
  /** The intermediate physical addresses of the stage 1 descriptors that were read, or that stage 2 refused, first level first. */
  readonly descriptors: Float64Array;
  depth: number;
}

export const walked: Walk = {
  fault: 0,
  fsc: 0,
  level: 0,
  onWalk: false,
  ipa: 0,
  pa: 0,
  attributes: 0,
  shareability: 0,
  descriptors: new Float64Array(5),
  depth: 0,
};

function refuse(stage: 1 | 2, code: number, level: number): false {
  walked.fault = stage;
  walked.fsc = code + level;
  walked.level = level;
  return false;
}

/** The range that maps an intermediate physical address; null = none does. */
export function stage2Range(ranges: readonly Stage2Range[], ipa: number): Stage2Range | null {
  for (const range of ranges) if (ipa >= range.ipa && ipa < range.ipa + range.size) return range;
  return null;
}

/** Stage 2 of `walked.ipa`. */
function secondStage(ranges: readonly Stage2Range[], attributes: number): boolean {
  walked.attributes = attributes;
  const range = stage2Range(ranges, walked.ipa);
  if (range === null) return refuse(2, FSC_TRANSLATION_LEVEL, 3);
  walked.pa = range.pa + (walked.ipa - range.ipa);
  if (range.writable) walked.attributes = attributes | STAGE2_WRITE;
  return true;
}

/** Permissions of a leaf: AP and XN bits with the tables' limits, and SCTLR_EL1.WXN. D8.4.1. */
function permissions(ap: number, uxn: boolean, pxn: boolean, wxn: boolean): number {
  const readOnly = (ap & 2) !== 0;
  const user = (ap & 1) !== 0;
  let p = PRIVILEGED_READ;
  if (!readOnly) p |= PRIVILEGED_WRITE;
  if (user) p |= readOnly ? USER_READ : USER_READ | USER_WRITE;
  if (!uxn && !(wxn && (p & USER_WRITE) !== 0)) p |= USER_EXECUTE;
  // Memory that EL0 can write is never executable at EL1.
  if (!pxn && (p & USER_WRITE) === 0 && !(wxn && !readOnly)) p |= PRIVILEGED_EXECUTE;
  return p;
}

/** Bits 55 down to `bits` of an address, sign-extended from bit 55 into `hi`, are all `upper`. */
function isSignExtended(hi: number, lo: number, bits: number, upper: number): boolean {
  return bits >= 32 ? hi >> (bits - 32) === -upper : hi === -upper && lo >> bits === -upper;
}

const FLAT =
  USER_READ |
  USER_WRITE |
  USER_EXECUTE |
  PRIVILEGED_READ |
  PRIVILEGED_WRITE |
  PRIVILEGED_EXECUTE |
  DEVICE |
  STAGE1_OFF |
  (12 << BLOCK_SHIFT);

/** TCR_EL1.TBI0 or TBI1, in its high half: those of the lower or the upper (1) half of the addresses. */
export const ignoresTopByte = (tcrHi: number, upper: number): boolean => ((tcrHi >>> (upper === 1 ? 6 : 5)) & 1) === 1;

/**
 * Translates a virtual address of EL1&0. True: `walked.pa` (of the very address), `.ipa`, `.attributes`. False: `walked` says what refused.
 * Changes nothing in the world.
 */
export function walkTables(m: Mounted, c: CpuContext, ranges: readonly Stage2Range[], vaLo: number, vaHi: number): boolean {
  const sys = new Int32Array(c.sys.buffer, c.sys.byteOffset, c.sys.length * 2);
  walked.fault = 0;
  walked.onWalk = false;
  walked.level = 0;
  walked.attributes = 0;
  walked.depth = 0;
  const low48 = (vaHi & 0xffff) * TWO32 + (vaLo >>> 0);
  const sctlr = sys[SCTLR_EL1 * 2];
  const implemented = SIZES[sys[MMFR0 * 2] & 7];
  const upper = (vaHi >>> 23) & 1;
  const tcrLo = sys[TCR_EL1 * 2];
  const tcrHi = sys[TCR_EL1 * 2 + 1];
  const ignoreTop = ignoresTopByte(tcrHi, upper);
  if ((sctlr & SCTLR_M) === 0) {
    walked.ipa = low48;
    const above48 = ignoreTop ? (vaHi << 8) >>> 24 : vaHi >>> 16;
    if (above48 !== 0 || low48 >= 2 ** implemented) return refuse(1, FSC_ADDRESS_SIZE_LEVEL, 0);
    walked.shareability = 2;
    return secondStage(ranges, FLAT);
  }

  const size = upper === 1 ? (tcrLo >>> 16) & 63 : tcrLo & 63;
  const disabled = upper === 1 ? (tcrLo >>> 23) & 1 : (tcrLo >>> 7) & 1;
  const granule = upper === 1 ? GRANULE1[tcrLo >>> 30] : GRANULE0[(tcrLo >>> 14) & 3];
  const hierarchical = ((tcrHi >>> (upper === 1 ? 10 : 9)) & 1) === 0;
  if (disabled === 1 || granule === 0 || size < 16 || size > 39) return refuse(1, FSC_TRANSLATION_LEVEL, 0);
  const inputBits = 64 - size;
  // Bits 63 (55 with the top byte ignored) down to the input size are all copies of bit 55.
  const canonical = (vaHi << 8) >> 8;
  if ((!ignoreTop && canonical !== vaHi) || !isSignExtended(canonical, vaLo, inputBits, upper)) {
    return refuse(1, FSC_TRANSLATION_LEVEL, 0);
  }
  const va = inputBits === 48 ? low48 : low48 % 2 ** inputBits;

  const stride = granule - 3;
  const firstLevel = 4 - Math.ceil((inputBits - granule) / stride);
  let level = firstLevel;
  const outputBits = Math.min(SIZES[tcrHi & 7], implemented);
  const ttbr = upper === 1 ? TTBR1_EL1 : TTBR0_EL1;
  const firstBits = inputBits - (granule + stride * (3 - level)); // index bits of the first level
  const base = (sys[ttbr * 2 + 1] & 0xffff) * TWO32 + (sys[ttbr * 2] >>> 0);
  let table = base - (base % 2 ** Math.max(firstBits + 3, 6));
  if (table >= 2 ** outputBits) return refuse(1, FSC_ADDRESS_SIZE_LEVEL, 0);

  let tableAp = 0;
  let tableUxn = false;
  let tablePxn = false;
  for (;;) {
    const shift = granule + stride * (3 - level);
    const index = Math.floor(va / 2 ** shift) % 2 ** (level === firstLevel ? firstBits : stride);
    walked.ipa = table + index * 8;
    walked.descriptors[walked.depth++] = walked.ipa;
    if (!secondStage(ranges, 0)) {
      walked.onWalk = true;
      return false;
    }
    const lo = m.memory.i32[walked.pa >>> 2];
    const hi = m.memory.i32[(walked.pa >>> 2) + 1];
    const type = lo & 3;
    if ((type & 1) === 0) return refuse(1, FSC_TRANSLATION_LEVEL, level);
    const output = (hi & 0xffff) * TWO32 + (lo >>> 0);
    if (level < 3 && type === 3) {
      table = output - (output % 2 ** granule);
      if (table >= 2 ** outputBits) return refuse(1, FSC_ADDRESS_SIZE_LEVEL, level);
      if (hierarchical) {
        tableAp |= (hi >>> 29) & 3;
        tableUxn ||= (hi & (1 << 28)) !== 0;
        tablePxn ||= (hi & (1 << 27)) !== 0;
      }
      level += 1;
      continue;
    }
    // A block below level 3 (4 KiB: levels 1 and 2; 16 and 64 KiB: level 2), a page at level 3.
    const allowed = level === 3 ? type === 3 : level === 2 || (level === 1 && granule === 12);
    if (!allowed) return refuse(1, FSC_TRANSLATION_LEVEL, level);
    const page = output - (output % 2 ** shift);
    if (page >= 2 ** outputBits) return refuse(1, FSC_ADDRESS_SIZE_LEVEL, level);
    if ((lo & (1 << 10)) === 0) return refuse(1, FSC_ACCESS_FLAG_LEVEL, level);
    // APTable<0> takes EL0's access away, APTable<1> takes writes away.
    let ap = (lo >>> 6) & 3;
    if ((tableAp & 1) !== 0) ap &= 2;
    ap |= tableAp & 2;
    const memory = (sys[MAIR_EL1 * 2 + ((lo >>> 4) & 1)] >>> (((lo >>> 2) & 3) * 8)) & 0xff;
    const attributes =
      permissions(ap, tableUxn || (hi & (1 << 22)) !== 0, tablePxn || (hi & (1 << 21)) !== 0, (sctlr & SCTLR_WXN) !== 0) |
      ((lo & (1 << 11)) !== 0 ? NOT_GLOBAL : 0) |
      ((memory & 0xf0) === 0 ? DEVICE : 0) |
      (level << LEVEL_SHIFT) |
      (shift << BLOCK_SHIFT) |
      (memory << MEMORY_ATTRIBUTE_SHIFT);
    walked.level = level;
    walked.shareability = (lo >>> 8) & 3;
    walked.ipa = page + (va % 2 ** shift);
    return secondStage(ranges, attributes);
  }
}

/**
 * The host physical address behind a guest's virtual address, without permissions; null when it is not mapped. For debuggers: changes
 * nothing. `ranges` are the stage 2 of the context's guest.
 */
export function walkForDebug(m: Mounted, c: CpuContext, ranges: readonly Stage2Range[], va: bigint): number | null {
  return walkTables(m, c, ranges, Number(BigInt.asIntN(32, va)), Number(BigInt.asIntN(32, va >> 32n))) ? walked.pa : null;
}
