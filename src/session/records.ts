// The session's record log: every record the SPUs completed, kept beside the world with the truth it was built from.
import type { SampledOperation } from '../machine/spu/operation.ts';

export interface SampleRecord {
  /** vCPU as printed, and the CPU it ran on. */
  readonly vcpu: string;
  readonly cpu: number;
  /** Where the record was written: guest virtual address of its first byte. */
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly truth: SampledOperation;
}

/** The bytes of records as one trace. */
export function traceOf(records: readonly SampleRecord[]): Uint8Array {
  const out = new Uint8Array(records.reduce((sum, r) => sum + r.bytes.length, 0));
  let at = 0;
  for (const r of records) {
    out.set(r.bytes, at);
    at += r.bytes.length;
  }
  return out;
}
