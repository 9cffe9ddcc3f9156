// The sampled operation: executed like any other, with what it did written down for the SPU. Its data access goes off the fast path, which
// keeps the addresses; its caches, TLB and branch are measured instead of touched. Source: spe-architecture §1.8-§1.10, §2.1, §4.3.
import { decodeWord } from '../../arch/a64/decode.ts';
import { type A64Row, type Branch, bits } from '../../arch/a64/rows-form.ts';
import { indexOfRegister } from '../../arch/sysreg/table.ts';
import type { OperationClass, SampledOperation } from '../spu/operation.ts';
import { registerHalves } from '../spu/registers.ts';
import { type Measured, measureBranch, measureData, measureOther, touchData } from '../timing/model.ts';
import {
  BRANCH_CALL,
  BRANCH_CONDITIONAL,
  BRANCH_DIRECT,
  BRANCH_EXCEPTION_RETURN,
  BRANCH_INDIRECT,
  BRANCH_INDIRECT_CALL,
  BRANCH_RETURN,
} from '../timing/predictor.ts';
import { holdsNow } from './condition.ts';
import { EL, getPc, PC_HI, PC_LO, ZERO } from './context.ts';
import { type Core, chooseRegions, loadRegisters } from './core.ts';
import { isStoreOnly } from './special.ts';

const CONTEXTIDR_EL1 = indexOfRegister('CONTEXTIDR_EL1');

const EVENT_EXCEPTION = 1 << 0;
const EVENT_RETIRED = 1 << 1;
const EVENT_NOT_TAKEN = 1 << 6;

/** Type flags of the filters: spe-architecture §4.5. */
const TYPE_BRANCH = 1;
const TYPE_LOAD = 2;
const TYPE_STORE = 4;
const TYPE_FP = 8;
const TYPE_SIMD = 16;

/** Without a timing model every operation takes the least time and no cache is known. */
const UNMEASURED: Measured = Object.freeze({ events: 0, issueLatency: 1, totalLatency: 2, translationLatency: -1, source: -1 });

interface Kind {
  readonly class: OperationClass;
  readonly subclass: number;
  readonly types: number;
  /** Counts as a store: the operation type's bit 0. */
  readonly store: boolean;
}

const OTHER: Kind = { class: 0, subclass: 0, types: 0, store: false };

/** Subclass bits of class 0 with FEAT_SPE_FPF; of class 1, transfers of SIMD&FP registers. */
const SUBCLASS_FP = 2;
const SUBCLASS_SIMD = 4;
const SUBCLASS_REGISTERS = 4;

/** Class, subclass byte and filter types of an instruction: operation-type packet, spe-architecture §1.8, §1.9, §4.5. */
export function operationKind(row: A64Row | null, word: number): Kind {
  if (row === null) return OTHER;
  const vectorTypes = (row.vector?.fp ? TYPE_FP : 0) | (row.vector?.simd ? TYPE_SIMD : 0);
  if (row.spe === 'select' || row.spe === 'other') {
    const vector = (row.vector?.fp ? SUBCLASS_FP : 0) | (row.vector?.simd ? SUBCLASS_SIMD : 0);
    return { ...OTHER, subclass: (row.spe === 'select' ? 1 : 0) | vector, types: vectorTypes };
  }
  if (row.branch !== undefined) {
    return { class: 2, subclass: (row.branch.conditional ? 1 : 0) | (row.branch.indirect ? 2 : 0), types: TYPE_BRANCH, store: false };
  }
  const access = row.access!;
  const atomic = row.spe === 'atomic';
  const store = row.spe === 'store' || isStoreOnly(row, word);
  const ordered = access.acquire === true || access.release === true;
  const extended = (ordered ? 16 : 0) | (access.exclusive ? 8 : 0) | (atomic ? 4 : 0);
  const types = store ? TYPE_STORE : atomic ? TYPE_LOAD | TYPE_STORE : TYPE_LOAD;
  const registers = extended === 0 ? (row.vector === undefined ? 0 : SUBCLASS_REGISTERS) : extended | 2;
  return { class: 1, subclass: registers | (store ? 1 : 0), types: types | vectorTypes, store };
}

/** Does a conditional branch go to its target, or a select or compare have its condition, with the registers as they stand? */
function holds(core: Core, row: A64Row, word: number): boolean {
  loadRegisters(core);
  const { k, lo, hi } = core;
  const t = bits(word, 4, 0) === 31 ? ZERO : bits(word, 4, 0);
  const zero = (wide: boolean): boolean => lo[t] === 0 && (!wide || hi[t] === 0);
  switch (row.id) {
    case 'CBZ':
      return zero(bits(word, 31, 31) === 1);
    case 'CBNZ':
      return !zero(bits(word, 31, 31) === 1);
    case 'TBZ':
    case 'TBNZ': {
      const half = bits(word, 31, 31) === 1 ? hi[t] : lo[t];
      return ((half >>> bits(word, 23, 19)) & 1) === (row.id === 'TBZ' ? 0 : 1);
    }
    default: {
      const condition = row.id === 'B_cond' ? bits(word, 3, 0) : bits(word, 15, 12);
      return holdsNow(k, condition);
    }
  }
}

/** The kind of branch as the predictor knows it. */
export function predictorKind(id: string, branch: Branch): number {
  if (id === 'ERET') return BRANCH_EXCEPTION_RETURN;
  if (branch.conditional) return BRANCH_CONDITIONAL;
  if (branch.return) return BRANCH_RETURN;
  if (branch.indirect) return branch.link ? BRANCH_INDIRECT_CALL : BRANCH_INDIRECT;
  return branch.link ? BRANCH_CALL : BRANCH_DIRECT;
}

/** What must be known before the operation executes. */
export interface Sample {
  readonly row: A64Row | null;
  readonly word: number;
  readonly tick: number;
  readonly pc: bigint;
  readonly pcLo: number;
  readonly el: number;
  readonly context: number;
  readonly condition: boolean;
}

/** Begins the sample of the operation at PC: from here its accesses are kept. `endSample` must follow. */
export function beginSample(core: Core, word: number): Sample {
  const row = decodeWord(word);
  core.capture = true;
  core.capturedSize = 0;
  core.timing = null;
  chooseRegions(core); // with none for the fast path
  return {
    row,
    word,
    tick: core.m.machine.tick,
    pc: getPc(core.cpu.context),
    pcLo: core.k[PC_LO],
    el: core.k[EL],
    context: registerHalves(core.cpu)[CONTEXTIDR_EL1 * 2] >>> 0,
    condition: row === null || (row.branch?.conditional !== true && row.spe !== 'select') || holds(core, row, word),
  };
}

/** Lets the core run unobserved again. */
export function stopCapture(core: Core): void {
  core.capture = false;
  core.timing = core.cpu.timing;
}

/** Finishes the sample: the operation was executed, or `excepted`: it ended in a synchronous exception. */
export function endSample(core: Core, s: Sample, excepted: boolean): SampledOperation {
  stopCapture(core);
  const kind = operationKind(s.row, s.word);
  const timing = core.timing;
  const accessed = core.capturedSize !== 0;
  const taken = kind.class === 2 && s.condition && !excepted;
  let measured = UNMEASURED;
  if (timing !== null) {
    if (kind.class === 1 && accessed) {
      const writes = (kind.types & TYPE_STORE) !== 0;
      measured = measureData(timing, core.capturedLo, core.capturedHi, core.capturedPa, core.capturedSize, kind.store, writes);
    } else if (kind.class === 2 && !excepted && s.row?.branch !== undefined) {
      const targetLo = taken ? core.k[PC_LO] : s.pcLo + staticOffset(s.word, s.row);
      measured = measureBranch(timing, s.pcLo, predictorKind(s.row.id, s.row.branch), taken, targetLo | 0);
    } else {
      measured = measureOther(timing);
      if (accessed) touchData(timing, core.capturedPa, core.capturedSize, true); // DC ZVA
    }
  }
  const data = kind.class === 1 && accessed;
  return {
    tick: s.tick,
    pc: s.pc,
    el: s.el,
    context: s.context,
    word: s.word,
    class: kind.class,
    subclass: kind.subclass,
    types: kind.types,
    events: measured.events | EVENT_RETIRED | (excepted ? EVENT_EXCEPTION : 0) | (s.condition ? 0 : EVENT_NOT_TAKEN),
    issueLatency: measured.issueLatency,
    totalLatency: measured.totalLatency,
    translationLatency: data ? Math.max(measured.translationLatency, 0) : -1,
    va: data ? (BigInt(core.capturedHi >>> 0) << 32n) | BigInt(core.capturedLo >>> 0) : null,
    pa: data ? core.capturedPa : null,
    source: data && !kind.store ? measured.source : -1,
    target: kind.class !== 2 || excepted ? null : taken ? (BigInt(core.k[PC_HI] >>> 0) << 32n) | BigInt(core.k[PC_LO] >>> 0) : s.pc + 4n,
    targetEl: core.k[EL],
    taken,
  };
}

/** Offset in bytes of a conditional branch's target: what the predictor is shown when it is not taken. */
function staticOffset(word: number, row: A64Row): number {
  return row.id === 'TBZ' || row.id === 'TBNZ' ? ((word << 13) >> 18) << 2 : ((word << 8) >> 13) << 2;
}
