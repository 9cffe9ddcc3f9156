// The form of an A64 encoding row. Decode, disassembly and the assembler all come from it.
// Source of every encoding: Arm Architecture Reference Manual (DDI 0487), chapters C4 (encoding index) and C6 (instructions).
import { type BitPattern, bitPattern } from '../../base/bits.ts';

/**
 * How one operand is written and which fields of the pattern it comes from.
 *
 * Registers: `R` = W or X as field `sf` says, `W` and `X` = always that; the small letters name the field (`Rd` = rd, `Rt2` = rt2).
 * Register 31 is WZR/XZR, after `|SP` it is WSP/SP.
 * - `Rt.b5`       W or X as b5 says (TBZ, TBNZ)
 * - `Rs+1` `Rt+1` the second of a consecutive pair (CASP); not encoded
 * - `Rm.shift`    Rm{, LSL|LSR|ASR|ROR #imm6}: rm, shift, imm6
 * - `Rm.extend`   Wm|Xm{, extend {#imm3}}: rm, option, imm3. LSL is preferred when rd or rn is SP and option is the operation's width
 * Immediates (all with `#`):
 * - `imm12.sh`    imm:12{, LSL #12 when sh}       - `imm16.hw`   imm:16{, LSL #16*hw}
 * - `bitmask`     DecodeBitMasks(n, imms, immr)   - `immr` `imms` `imm5` `imm16` `nzcv` `imm7` their field, unsigned
 * - `lsb`         imms of EXTR                    - `bit`        b5:b40
 * - `crm`         crm (CLREX, optional, 15 = left out)
 * Labels (PC-relative): `label26` `label19` `label14` imm << 2; `label21` immhi:immlo; `page21` the same << 12, from the page of PC.
 * Addresses, base rn (31 = SP), scaled by the row's access size where it says so:
 * - `[imm12]`     [Xn{, #imm*size}]               - `[imm9]`     [Xn{, #simm}]
 * - `[imm9]!`     [Xn, #simm]!                    - `[],imm9`    [Xn], #simm
 * - `[imm7]` `[imm7]!` `[],imm7`  the same with imm:7 scaled by the size of one register (pairs)
 * - `[Rm]`        [Xn, Wm|Xm{, extend {#amount}}]: rm, option, s (amount = log2(size) when s)
 * - `[]`          [Xn]
 * Words: `cond` condition code of field cond; `prfop` prefetch operation of rt; `barrier` crm of DMB/DSB; `isb` crm of ISB (optional, SY);
 * `pstate` op1:op2 of MSR (immediate); `sysreg` op0:op1:CRn:CRm:op2 of MSR/MRS; `sys` op1, Cn, Cm, op2 of SYS and SYSL; `Xt?` left out when 31.
 */
export type Operand =
  | 'Rd'
  | 'Rn'
  | 'Rm'
  | 'Ra'
  | 'Rd|SP'
  | 'Rn|SP'
  | 'Rt'
  | 'Rt2'
  | 'Rs'
  | 'Rs+1'
  | 'Rt+1'
  | 'Wd'
  | 'Wn'
  | 'Wm'
  | 'Wa'
  | 'Ws'
  | 'Wt'
  | 'Wt2'
  | 'Xd'
  | 'Xn'
  | 'Xm'
  | 'Xa'
  | 'Xs'
  | 'Xt'
  | 'Xt2'
  | 'Xt?'
  | 'Rt.b5'
  | 'Rm.shift'
  | 'Rm.extend'
  | 'imm12.sh'
  | 'imm16.hw'
  | 'bitmask'
  | 'immr'
  | 'imms'
  | 'imm5'
  | 'imm16'
  | 'nzcv'
  | 'imm7'
  | 'lsb'
  | 'bit'
  | 'crm'
  | 'imm6'
  | 'mask'
  | 'label26'
  | 'label19'
  | 'label14'
  | 'label21'
  | 'page21'
  | '[imm12]'
  | '[imm9]'
  | '[imm9]!'
  | '[],imm9'
  | '[imm7]'
  | '[imm7]!'
  | '[],imm7'
  | '[Rm]'
  | '[]'
  | 'cond'
  | 'prfop'
  | 'barrier'
  | 'isb'
  | 'pstate'
  | 'sysreg'
  | 'sys'
  | VectorOperand;

/**
 * Operands of floating point and Advanced SIMD; their forms are in operands-vector.ts.
 *
 * Scalar registers: `Bd` `Hd` `Sd` `Dd` `Qd` = of that size; `Fd` = S or D as field `t` says; `Ed` = of the size field `size` says, `Gd` twice that.
 * Vectors `Vd.X`: X is an arrangement (`2d`, `16b`), an element (`b`, `h`, `s`, `d`; field q says how many fill the register), or
 * `T` size:q · `T0` `T1` size, q = 0, 1 · `W` twice the size, q = 1 · `P` twice the size, q · `F` t:q · `N0` `N1` half of t's size, q = 0, 1 ·
 * `M` t's size, q = 1 · `M0` two of t's size: 2S, 2D.
 * Elements `Vn.b[index]`: the fields of the index, most significant first, joined by `:`; or a number.
 * Lists `{Vt.T*3}`: consecutive registers; an index may follow. `{Vn.16b*len}`: as many as field len says, and one.
 * Immediates: `fimm8` the number that abc:defgh expands to · `imm8` abc:defgh · `imm8.lsl` with LSL #8*hw · `imm8.msl` MSL #8*(hw+1) ·
 * `imm64` each bit a byte · `imm.right` `imm.left` shift by immh:immb, whose element the width of imm says · `imm.bits` shift by the element's
 * size · `fbits` 64 - scale · `imm.decimal` · `0` `0.0` that number.
 * Addresses: `[],total` post-index by the bytes transferred · `[],Xm` by a register.
 */
export type VectorOperand =
  | `${'B' | 'H' | 'S' | 'D' | 'Q' | 'F' | 'E' | 'G'}${'d' | 'n' | 'm' | 'a' | 't' | 't2'}`
  | `V${string}`
  | `{V${string}`
  | `imm8${string}`
  | `imm.${string}`
  | 'imm64'
  | 'fimm8'
  | 'fbits'
  | '0'
  | '0.0'
  | '[],total'
  | '[],Xm';

/** What the Statistical Profiling Extension calls the operation (spe-architecture §1.8, §1.9). */
export type SpeKind =
  | 'other' // class 0
  | 'select' // class 0, conditional select or compare
  | 'load'
  | 'store' // class 1, general-purpose registers
  | 'atomic' // class 1, reads memory; a store when rt is 31 and the row is one of LD<op> (it returns nothing)
  | 'branch'; // class 2

/** Which kind of operation the Statistical Profiling Extension sees in an instruction of the SIMD&FP registers (spe-architecture §1.8, §4.5). */
export interface Vector {
  readonly fp?: true;
  readonly simd?: true;
}

export const FP: Vector = { fp: true };
export const SIMD: Vector = { simd: true };
export const SIMD_FP: Vector = { fp: true, simd: true };

export interface Access {
  /** Bytes of one register's access; 'sf' = 4 or 8 as the field says; of a structure, of one element (one lane) or of the vectors at most. */
  readonly bytes: 1 | 2 | 4 | 8 | 16 | 'sf';
  /** LD1 … LD4, ST1 … ST4: elements of a structure, registers; `lane`: one element of each register; `replicate`: to all of them. */
  readonly structure?: { readonly registers: number; readonly elements: number; readonly lane?: true; readonly replicate?: true };
  /** Two registers, adjacent in memory. */
  readonly pair?: true;
  readonly signed?: true;
  /** Load-acquire or store-release, exclusive, as the instruction is defined. */
  readonly acquire?: true;
  readonly release?: true;
  readonly exclusive?: true;
  /** LDTR, STTR: with EL0's permissions. */
  readonly unprivileged?: true;
}

export interface Branch {
  readonly conditional?: true;
  readonly indirect?: true;
  readonly link?: true;
  readonly return?: true;
}

export interface A64Row {
  /** Unique: the manual's name with the variant, `ADD_immediate`. */
  readonly id: string;
  /** As objdump prints it without aliases; `b.` is followed by the condition. */
  readonly mnemonic: string;
  readonly pattern: BitPattern;
  readonly operands: readonly Operand[];
  readonly spe: SpeKind;
  readonly access?: Access;
  readonly branch?: Branch;
  /** It uses SIMD&FP registers, FPCR or FPSR: it traps while they are disabled. */
  readonly vector?: Vector;
  /** FEAT_…; absent: Armv8.0. */
  readonly feature?: string;
  /** True for words that match the pattern but are not allocated (the manual's "UNDEFINED" lines). */
  readonly unallocated?: (word: number) => boolean;
}

type Options = Partial<Omit<A64Row, 'id' | 'mnemonic' | 'pattern' | 'operands'>>;

/**
 * A row; `operands` is a list separated by blanks. The mnemonic is the id up to the first `_`, in small letters, unless given. Pattern and
 * operands are read when they are first asked for: there are more than a thousand rows.
 */
export function row(id: string, pattern: string, operands: string, options: Options & { mnemonic?: string } = {}): A64Row {
  const { mnemonic, ...rest } = options;
  let readPattern: BitPattern | null = null;
  let readOperands: readonly Operand[] | null = null;
  return {
    id,
    mnemonic: mnemonic ?? id.split('_', 1)[0].toLowerCase(),
    get pattern() {
      readPattern ??= bitPattern(pattern, 32);
      return readPattern;
    },
    get operands() {
      readOperands ??= operands === '' ? [] : (operands.split(' ') as Operand[]);
      return readOperands;
    },
    spe: 'other',
    ...rest,
  };
}

/** Bits high:low of a word, unsigned. */
export function bits(word: number, high: number, low: number): number {
  return (word >>> low) & ((1 << (high - low + 1)) - 1);
}
