// The immediates of Advanced SIMD and of FMOV, from eight bits. DDI 0487, shared pseudocode AdvSIMDExpandImm and VFPExpandImm.

/** Each bit of `imm8` as a byte of ones or zeros: MOVI of 64 bits. */
export function expandMask(imm8: number): bigint {
  let value = 0n;
  for (let i = 0; i < 8; i++) if ((imm8 >> i) & 1) value |= 0xffn << BigInt(8 * i);
  return value;
}

/** The number that `imm8` stands for: sign, three bits of exponent (-3 … 4), four of fraction. */
export function expandFloat(imm8: number): number {
  const exponent = ((imm8 >> 4) & 7) ^ 4; // NOT(b):c:d, from -3
  const value = (1 + (imm8 & 15) / 16) * 2 ** (exponent - 3);
  return imm8 & 0x80 ? -value : value;
}
