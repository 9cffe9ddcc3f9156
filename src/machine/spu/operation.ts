// What the CPU tells the SPU about the one operation that was sampled: the truth of the run, from which the record is built.
// It is kept beside the record (session log), so that tests can hold every field of a record against it.

/** SPE operation class of the architecture (ARM D18.2.7): 0 other, 1 load/store/atomic, 2 branch. */
export type OperationClass = 0 | 1 | 2;

export interface SampledOperation {
  /** Operation number on this machine (its tick). */
  tick: number;
  /** Virtual address of the instruction. */
  pc: bigint;
  el: number;
  /** CONTEXTIDR_EL1 when the operation began: 32 bits, which the operation itself may have changed. */
  context: number;
  /** Instruction word. */
  word: number;
  class: OperationClass;
  /** The operation-type packet's payload byte (spe-architecture §1.8, §1.9) with every feature: the record leaves out what the unit lacks. */
  subclass: number;
  /** Type filter flags: bit 0 B, 1 LD, 2 ST, 3 FP, 4 SIMD (spe-architecture §4.5). */
  types: number;
  /** Event bits 0-31 (spe-architecture §2.1). */
  events: number;
  /** Cycles. */
  issueLatency: number;
  totalLatency: number;
  /** Cycles; -1 = not a memory operation. */
  translationLatency: number;
  /** Data virtual address; null = none. */
  va: bigint | null;
  /** Data physical address; null = none or not translated. */
  pa: number | null;
  /** Data source code (spe-architecture §2.3, common table); -1 = none. */
  source: number;
  /** Branch: was it taken, and where to (fall-through address when not taken); null = not a branch. */
  target: bigint | null;
  targetEl: number;
  taken: boolean;
}
