// The SIMD&FP registers of a PE by elements. V0-V31 are 128 bits each in `CpuContext.v`, element 0 first; B, H, S, D and Q are their low parts.
// Source: Arm ARM DDI 0487, B1.2.1 (registers), shared pseudocode V[], Elem[].
import { indexOfRegister } from '../../../arch/sysreg/table.ts';
import type { Environment, Format } from './float.ts';
import { DOUBLE, HALF, SINGLE } from './float.ts';

/** The registers seen as elements of 1, 2, 4 and 8 bytes. */
export interface VectorRegisters {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
}

/** Views of the registers of a context. */
export function vectorRegisters(v: BigUint64Array): VectorRegisters {
  return {
    u8: new Uint8Array(v.buffer, v.byteOffset, 512),
    u16: new Uint16Array(v.buffer, v.byteOffset, 256),
    u32: new Uint32Array(v.buffer, v.byteOffset, 128),
    u64: v,
  };
}

/** Formats by log2 of their bytes. */
export const FORMATS: readonly (Format | null)[] = [null, HALF, SINGLE, DOUBLE];

/** Element `index` of register `r`, unsigned; `size` is log2 of its bytes. */
export function getElement(v: VectorRegisters, r: number, size: number, index: number): bigint {
  switch (size) {
    case 0:
      return BigInt(v.u8[r * 16 + index]);
    case 1:
      return BigInt(v.u16[r * 8 + index]);
    case 2:
      return BigInt(v.u32[r * 4 + index]);
    default:
      return v.u64[r * 2 + index];
  }
}

/** Sets an element to the low bits of the value; the rest of the register stays. */
export function setElement(v: VectorRegisters, r: number, size: number, index: number, value: bigint): void {
  switch (size) {
    case 0:
      v.u8[r * 16 + index] = Number(value & 0xffn);
      break;
    case 1:
      v.u16[r * 8 + index] = Number(value & 0xffffn);
      break;
    case 2:
      v.u32[r * 4 + index] = Number(value & 0xffffffffn);
      break;
    default:
      v.u64[r * 2 + index] = value;
  }
}

/** The first `count` elements. */
export function getElements(v: VectorRegisters, r: number, size: number, count: number, from = 0): bigint[] {
  const out: bigint[] = [];
  for (let i = 0; i < count; i++) out.push(getElement(v, r, size, from + i));
  return out;
}

/** Sets the register to the elements, zeros above them. */
export function setElements(v: VectorRegisters, r: number, size: number, values: readonly bigint[]): void {
  v.u64[r * 2] = 0n;
  v.u64[r * 2 + 1] = 0n;
  for (const [i, value] of values.entries()) setElement(v, r, size, i, value);
}

const FPCR = indexOfRegister('FPCR');
const FPSR = indexOfRegister('FPSR');

const environment: Environment = { rounding: 0, flush: false, defaultNan: false, alternativeHalf: false, raised: 0 };

/** What FPCR and FPSR say now; `words` are the halves of the system registers. There is one, until the next is asked for. */
export function environmentOf(words: Int32Array): Environment {
  const control = words[FPCR * 2];
  environment.rounding = (control >>> 22) & 3;
  environment.flush = (control & (1 << 24)) !== 0;
  environment.defaultNan = (control & (1 << 25)) !== 0;
  environment.alternativeHalf = (control & (1 << 26)) !== 0;
  environment.raised = words[FPSR * 2];
  return environment;
}

/** Keeps what was raised in FPSR. */
export function keepRaised(words: Int32Array): void {
  words[FPSR * 2] = environment.raised;
}
