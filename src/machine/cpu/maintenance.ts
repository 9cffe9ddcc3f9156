// System instructions: TLB and cache maintenance, address translation. Source: Arm ARM DDI 0487, C5.3-C5.5, D8.14 (TLB), D7.5 (caches).
// There is one memory that everyone sees, so cache maintenance moves nothing; what remains of it are its traps and faults.

import { bits } from '../../arch/a64/rows-form.ts';
import { EC_SYSREG, FSC_PERMISSION_LEVEL, ISS_CM, systemSyndrome } from '../../arch/esr.ts';
import { sysregKey } from '../../arch/sysreg/define.ts';
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import { forgetTranslations } from '../timing/model.ts';
import { alignmentFault, beginAccess, endAccess, OPERATION_STORE, store } from './access.ts';
import { EL, ZERO } from './context.ts';
import { type Core, coreOf, FAULT_STAGE1, FAULT_STAGE2 } from './core.ts';
import { deliverFault, nextInstruction, takeSynchronous, trapToEl2 } from './exception.ts';
import { invalidatePage, isStage1Complete, READ, setWalkFault, translate, translatedAttributes, translatedToDevice, WRITE } from './mmu.ts';
import {
  DEVICE,
  dropAll,
  dropNotGlobal,
  LEVEL_SHIFT,
  MEMORY_ATTRIBUTE_SHIFT,
  PRIVILEGED_READ,
  PRIVILEGED_WRITE,
  USER_READ,
  USER_WRITE,
} from './tlb.ts';
import { walked, walkTables } from './walk.ts';

const HCR_EL2 = indexOfRegister('HCR_EL2');
const SCTLR_EL1 = indexOfRegister('SCTLR_EL1');
const PAR_EL1 = indexOfRegister('PAR_EL1');
const VTTBR_EL2 = indexOfRegister('VTTBR_EL2');

const bit = (n: number): bigint => 1n << BigInt(n);
const HCR_TSW = bit(22);
const HCR_TPC = bit(23);
const HCR_TPU = bit(24);
const HCR_TTLB = bit(25);
const HCR_TDZ = bit(28);
const HCR_AT = bit(44);
const SCTLR_UCI = bit(26);
const SCTLR_DZE = bit(14);

const ZVA_BYTES = 64; // DCZID_EL0.BS = 4

type Kind = 'tlbi-all' | 'tlbi-asid' | 'tlbi-va' | 'tlbi-vaa' | 'ic' | 'dc-va' | 'dc-sw' | 'dc-zva' | 'at';

interface Instruction {
  readonly name: string;
  readonly kind: Kind;
  /** HCR_EL2 bit that traps it at EL1 (and EL0). */
  readonly trap: bigint;
  /** SCTLR_EL1 bit that allows it at EL0; 0 = UNDEFINED there. */
  readonly user: bigint;
  /** It wants permission to write. */
  readonly destroys?: true;
  /** Inner or outer shareable: every CPU of the VM. */
  readonly broadcast?: true;
}

const TABLE = new Map<number, Instruction>();

function define(op1: number, crn: number, crm: number, op2: number, instruction: Instruction): void {
  TABLE.set(sysregKey(1, op1, crn, crm, op2), instruction);
}

const TLBI: readonly [string, number, Kind][] = [
  ['VMALLE1', 0, 'tlbi-all'],
  ['VAE1', 1, 'tlbi-va'],
  ['ASIDE1', 2, 'tlbi-asid'],
  ['VAAE1', 3, 'tlbi-vaa'],
  ['VALE1', 5, 'tlbi-va'],
  ['VAALE1', 7, 'tlbi-vaa'],
];
for (const [name, op2, kind] of TLBI) {
  define(0, 8, 7, op2, { name: `TLBI ${name}`, kind, trap: HCR_TTLB, user: 0n });
  define(0, 8, 3, op2, { name: `TLBI ${name}IS`, kind, trap: HCR_TTLB, user: 0n, broadcast: true });
}
define(0, 7, 1, 0, { name: 'IC IALLUIS', kind: 'ic', trap: HCR_TPU, user: 0n });
define(0, 7, 5, 0, { name: 'IC IALLU', kind: 'ic', trap: HCR_TPU, user: 0n });
define(3, 7, 5, 1, { name: 'IC IVAU', kind: 'dc-va', trap: HCR_TPU, user: SCTLR_UCI });
define(0, 7, 6, 1, { name: 'DC IVAC', kind: 'dc-va', trap: HCR_TPC, user: 0n, destroys: true });
define(0, 7, 6, 2, { name: 'DC ISW', kind: 'dc-sw', trap: HCR_TSW, user: 0n });
define(0, 7, 10, 2, { name: 'DC CSW', kind: 'dc-sw', trap: HCR_TSW, user: 0n });
define(0, 7, 14, 2, { name: 'DC CISW', kind: 'dc-sw', trap: HCR_TSW, user: 0n });
define(3, 7, 4, 1, { name: 'DC ZVA', kind: 'dc-zva', trap: HCR_TDZ, user: SCTLR_DZE });
define(3, 7, 10, 1, { name: 'DC CVAC', kind: 'dc-va', trap: HCR_TPC, user: SCTLR_UCI });
define(3, 7, 11, 1, { name: 'DC CVAU', kind: 'dc-va', trap: HCR_TPU, user: SCTLR_UCI });
define(3, 7, 12, 1, { name: 'DC CVAP', kind: 'dc-va', trap: HCR_TPC, user: SCTLR_UCI });
define(3, 7, 14, 1, { name: 'DC CIVAC', kind: 'dc-va', trap: HCR_TPC, user: SCTLR_UCI });
for (const [name, crm, op2] of [
  ['S1E1R', 8, 0],
  ['S1E1W', 8, 1],
  ['S1E0R', 8, 2],
  ['S1E0W', 8, 3],
] as const) {
  define(0, 7, crm, op2, { name: `AT ${name}`, kind: 'at', trap: HCR_AT, user: 0n });
}

/** CPUs whose translations a TLBI reaches: this one, or all that run the same VM. */
function* reached(core: Core, broadcast: boolean): Generator<Core> {
  yield core;
  if (!broadcast) return;
  for (const other of core.m.machine.cpus) {
    if (other !== core.cpu && other.tlb !== null && other.tlb.vttbr === core.sys[VTTBR_EL2]) yield coreOf(core.m, other);
  }
}

function invalidate(core: Core, instruction: Instruction, lo: number, hi: number): void {
  // Xt: ASID 63:48, VA[55:12] in 43:0.
  const asid = hi >>> 16;
  const vaLo = lo << 12;
  const vaHi = (((hi << 12) | (lo >>> 20)) << 8) >> 8;
  for (const one of reached(core, instruction.broadcast === true)) {
    const timing = one.cpu.timing;
    switch (instruction.kind) {
      case 'tlbi-all':
        dropAll(one.tlb);
        if (timing !== null) forgetTranslations(timing);
        break;
      case 'tlbi-asid':
        if (asid === one.tlb.asid) dropNotGlobal(one.tlb);
        if (timing !== null) forgetTranslations(timing);
        break;
      default:
        invalidatePage(one, vaLo, vaHi, instruction.kind === 'tlbi-va' && asid !== one.tlb.asid);
    }
  }
}

/** DC ZVA: 64 zero bytes at the block of the address. False: `core.fault`. */
function zeroBlock(core: Core, lo: number, hi: number): boolean {
  const block = lo & -ZVA_BYTES;
  const pa = translate(core, block, hi, WRITE);
  if (translatedToDevice()) return alignmentFault(core, lo, hi, WRITE);
  if (pa < 0) {
    core.faultLo = lo;
    return false;
  }
  beginAccess(core);
  for (let at = 0; at < ZVA_BYTES; at += 8) store(core, block + at, hi, 8, WRITE, true, 0, 0);
  endAccess(core, OPERATION_STORE);
  return true;
}

/** PAR_EL1 of a translation that failed. */
const failedTranslation = (status: number): bigint => 1n | (BigInt(status) << 1n) | 0x800n;

const NORMAL_NON_CACHEABLE = 0x44;
const OUTER_SHAREABLE = 2;

/**
 * AT S1E1R and its like: stage 1 alone, whatever stage 2 says of the address, and without PAN; PAR_EL1 as D24.2.122 has it. A stage 1 fault is
 * a result, not an exception. False: stage 2 refused a descriptor, `core.fault`.
 */
function translateAddress(core: Core, op2: number, lo: number, hi: number): boolean {
  const needed = [PRIVILEGED_READ, PRIVILEGED_WRITE, USER_READ, USER_WRITE][op2];
  walkTables(core.m, core.cpu.context, core.cpu.stage2, lo, hi);
  const { attributes, ipa, fsc } = walked;
  if (!isStage1Complete()) {
    if (walked.fault === 2) {
      setWalkFault(core, lo, hi, true);
      return false;
    }
    core.sys[PAR_EL1] = failedTranslation(fsc);
  } else if ((attributes & needed) === 0) {
    core.sys[PAR_EL1] = failedTranslation(FSC_PERMISSION_LEVEL + ((attributes >>> LEVEL_SHIFT) & 3));
  } else {
    const memory = attributes >>> MEMORY_ATTRIBUTE_SHIFT;
    const shared = (attributes & DEVICE) !== 0 || memory === NORMAL_NON_CACHEABLE ? OUTER_SHAREABLE : walked.shareability;
    core.sys[PAR_EL1] = (BigInt(memory) << 56n) | BigInt(ipa - (ipa % 4096)) | 0x800n | (BigInt(shared) << 7n);
  }
  return true;
}

/** Maintenance by address. False: `core.fault`. */
function maintain(core: Core, instruction: Instruction, lo: number, hi: number): boolean {
  const destroys = instruction.destroys === true;
  if (translate(core, lo, hi, destroys ? WRITE : READ) >= 0) return true;
  if (core.fault === FAULT_STAGE2 && !core.faultOnWalk) return true; // memory behind no stage 2 range has nothing to maintain
  const isPermission = core.fault === FAULT_STAGE1 && (core.faultStatus & 0x3c) === FSC_PERMISSION_LEVEL;
  if (isPermission && core.k[EL] !== 0 && !(destroys && (translatedAttributes & PRIVILEGED_WRITE) === 0)) return true; // PAN is not asked
  core.faultWrite = true;
  return false;
}

/**
 * Executes SYS. Answers 'undefined' when there is no such instruction here, 'trap' when control left for EL2, 'exception' when the guest goes on
 * at a vector, else 'done'.
 */
export function executeSys(core: Core, word: number): 'done' | 'exception' | 'trap' | 'undefined' {
  const op1 = bits(word, 18, 16);
  const crn = bits(word, 15, 12);
  const crm = bits(word, 11, 8);
  const op2 = bits(word, 7, 5);
  const rt = bits(word, 4, 0);
  const instruction = TABLE.get(sysregKey(1, op1, crn, crm, op2));
  if (instruction === undefined) return 'undefined';
  const iss = systemSyndrome(1, op1, crn, crm, op2, rt, false);
  if (core.k[EL] === 0) {
    if (instruction.user === 0n) return 'undefined';
    if ((core.sys[SCTLR_EL1] & instruction.user) === 0n) {
      takeSynchronous(core, EC_SYSREG, iss);
      return 'exception';
    }
  }
  if ((core.sys[HCR_EL2] & instruction.trap) !== 0n) {
    trapToEl2(core, EC_SYSREG, iss);
    return 'trap';
  }
  const r = rt === 31 ? ZERO : rt;
  const lo = core.cpu.context.lo[r];
  const hi = core.cpu.context.hi[r];
  switch (instruction.kind) {
    case 'dc-zva':
      if (!zeroBlock(core, lo, hi)) return deliverFault(core, word) ? 'exception' : 'trap';
      break;
    case 'dc-va':
    case 'at':
      if (!(instruction.kind === 'at' ? translateAddress(core, op2, lo, hi) : maintain(core, instruction, lo, hi))) {
        core.faultStatus |= ISS_CM;
        return deliverFault(core, word) ? 'exception' : 'trap';
      }
      break;
    case 'ic':
    case 'dc-sw':
      break;
    default:
      invalidate(core, instruction, lo, hi);
  }
  nextInstruction(core);
  return 'done';
}
