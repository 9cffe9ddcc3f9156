// Steps that many calls share: reading and writing the struct or value that the argument points to.
import { getField, type Struct, writeStructField } from '../../abi/struct.ts';
import type { CallState } from '../call-state.ts';
import { type Check, type Deed, does, type Evidence, fails } from '../steps.ts';
import { copyFromUser, copyToUser, userRangeMapped } from '../user-memory.ts';

/** A pointer as `why` names it. */
export const pointerText = (address: bigint): string => (address === 0n ? 'NULL' : `0x${BigInt.asUintN(64, address).toString(16)}`);

/** -EFAULT when `size` bytes (or as many as the call says) at a pointer are not mapped. */
export function unmapped<S extends CallState>(
  why: string,
  pointer: (s: S) => bigint,
  size: number | ((s: S) => number),
  evidence: Evidence,
): Check<S> {
  const bytes = (s: S): number => (typeof size === 'number' ? size : size(s));
  return fails(
    'EFAULT',
    why,
    {
      when: (s) => !userRangeMapped(s.mw, s.process, pointer(s), bytes(s)),
      saw: (s) => `${pointerText(pointer(s))}, ${bytes(s)} bytes`,
      wouldPass: () => 'a pointer to mapped memory',
    },
    evidence,
  );
}

/** Scratch of a call whose argument is a struct. */
export interface StructScratch {
  bytes: Uint8Array;
}
export const structScratch = (): StructScratch => ({ bytes: NO_BYTES });
const NO_BYTES = new Uint8Array(0);

/** The check and the deed that read the struct behind the call's argument. */
export function readsStruct<S extends CallState & StructScratch>(struct: Struct, evidence: Evidence): readonly [Check<S>, Deed<S>] {
  return [
    unmapped(`struct ${struct.name} cannot be read`, (s) => s.call.argument, struct.size, evidence),
    does(
      `read struct ${struct.name}`,
      (s) => {
        s.bytes = userBytes(s, s.call.argument, struct.size);
      },
      evidence,
    ),
  ];
}

/** Bytes behind a pointer that a check found mapped. */
export function userBytes(s: CallState, pointer: bigint, size: number): Uint8Array {
  const bytes = copyFromUser(s.mw, s.process, pointer, size);
  if (bytes === null) throw new Error('a checked pointer is unmapped');
  return bytes;
}

/** An unsigned or signed little-endian value behind a checked pointer. */
export function userValue(s: CallState, struct: Struct, pointer: bigint): bigint {
  return getField(struct, userBytes(s, pointer, struct.size), 'value');
}

/** Writes a value behind a checked pointer. */
export function putUserValue(s: CallState, struct: Struct, pointer: bigint, value: bigint): void {
  const bytes = new Uint8Array(struct.size);
  writeStructField(bytes, struct.fields[0], value);
  if (!copyToUser(s.mw, s.process, pointer, bytes)) throw new Error('a checked pointer is unmapped');
}
