// Advanced SIMD arithmetic, vector and scalar: DDI 0487 C4.1.97, C7.2. A table of names and opcodes for each encoding class of the manual.
// Without rows: half precision and cryptography, which are extensions. What saturates is in rows-simd-saturating.ts.
import { type A64Row, bits, row, SIMD, SIMD_FP } from './rows-form.ts';

const size = (w: number): number => bits(w, 23, 22);
const isHalf = (w: number): boolean => bits(w, 30, 30) === 0;
/** Sizes of elements that an instruction has: all but 1D; none of 64 bits; bytes; bytes and halfwords. */
const NOT_1D = (w: number): boolean => size(w) === 3 && isHalf(w);
const BHS = (w: number): boolean => size(w) === 3;
const BH = (w: number): boolean => size(w) > 1;
const B = (w: number): boolean => size(w) !== 0;
/** Of floating point: 2S, 4S and 2D. */
const NOT_1D_FP = (w: number): boolean => bits(w, 22, 22) === 1 && isHalf(w);
/** Across lanes: 4S needs four. */
const ACROSS = (w: number): boolean => size(w) === 3 || (size(w) === 2 && isHalf(w));

const simd = { vector: SIMD } as const;
const fp = { vector: SIMD_FP } as const;
const lower = (name: string): string => name.toLowerCase();

type Sizes = (word: number) => boolean;

/** Three registers of the same arrangement: name, U, opcode, sizes. */
const SAME: readonly [name: string, u: string, opcode: string, sizes: Sizes][] = [
  ['SHADD', '0', '00000', BHS],
  ['UHADD', '1', '00000', BHS],
  ['SQADD', '0', '00001', NOT_1D],
  ['UQADD', '1', '00001', NOT_1D],
  ['SRHADD', '0', '00010', BHS],
  ['URHADD', '1', '00010', BHS],
  ['SHSUB', '0', '00100', BHS],
  ['UHSUB', '1', '00100', BHS],
  ['SQSUB', '0', '00101', NOT_1D],
  ['UQSUB', '1', '00101', NOT_1D],
  ['CMGT', '0', '00110', NOT_1D],
  ['CMHI', '1', '00110', NOT_1D],
  ['CMGE', '0', '00111', NOT_1D],
  ['CMHS', '1', '00111', NOT_1D],
  ['SSHL', '0', '01000', NOT_1D],
  ['USHL', '1', '01000', NOT_1D],
  ['SRSHL', '0', '01010', NOT_1D],
  ['URSHL', '1', '01010', NOT_1D],
  ['SMAX', '0', '01100', BHS],
  ['UMAX', '1', '01100', BHS],
  ['SMIN', '0', '01101', BHS],
  ['UMIN', '1', '01101', BHS],
  ['SABD', '0', '01110', BHS],
  ['UABD', '1', '01110', BHS],
  ['SABA', '0', '01111', BHS],
  ['UABA', '1', '01111', BHS],
  ['ADD', '0', '10000', NOT_1D],
  ['SUB', '1', '10000', NOT_1D],
  ['CMTST', '0', '10001', NOT_1D],
  ['CMEQ', '1', '10001', NOT_1D],
  ['MLA', '0', '10010', BHS],
  ['MLS', '1', '10010', BHS],
  ['MUL', '0', '10011', BHS],
  ['SMAXP', '0', '10100', BHS],
  ['UMAXP', '1', '10100', BHS],
  ['SMINP', '0', '10101', BHS],
  ['UMINP', '1', '10101', BHS],
  ['ADDP', '0', '10111', NOT_1D],
];

/** Of those, the ones that exist on D registers. */
const SAME_SCALAR: ReadonlySet<string> = new Set('CMGT CMHI CMGE CMHS SSHL USHL SRSHL URSHL ADD SUB CMTST CMEQ'.split(' '));

/** Floating point: U, bit 23, opcode; the scalar form, where there is one, has the same. */
const SAME_FP: readonly [name: string, u: string, a: string, opcode: string, scalar: boolean][] = [
  ['FMAXNM', '0', '0', '11000', false],
  ['FMLA', '0', '0', '11001', false],
  ['FADD', '0', '0', '11010', false],
  ['FMULX', '0', '0', '11011', true],
  ['FCMEQ', '0', '0', '11100', true],
  ['FMAX', '0', '0', '11110', false],
  ['FRECPS', '0', '0', '11111', true],
  ['FMINNM', '0', '1', '11000', false],
  ['FMLS', '0', '1', '11001', false],
  ['FSUB', '0', '1', '11010', false],
  ['FMIN', '0', '1', '11110', false],
  ['FRSQRTS', '0', '1', '11111', true],
  ['FMAXNMP', '1', '0', '11000', false],
  ['FADDP', '1', '0', '11010', false],
  ['FMUL', '1', '0', '11011', false],
  ['FCMGE', '1', '0', '11100', true],
  ['FACGE', '1', '0', '11101', true],
  ['FMAXP', '1', '0', '11110', false],
  ['FDIV', '1', '0', '11111', false],
  ['FMINNMP', '1', '1', '11000', false],
  ['FABD', '1', '1', '11010', true],
  ['FCMGT', '1', '1', '11100', true],
  ['FACGT', '1', '1', '11101', true],
  ['FMINP', '1', '1', '11110', false],
];

const LOGICAL: readonly [name: string, u: string, size: string][] = [
  ['AND', '0', '00'],
  ['BIC', '0', '01'],
  ['ORR', '0', '10'],
  ['ORN', '0', '11'],
  ['EOR', '1', '00'],
  ['BSL', '1', '01'],
  ['BIT', '1', '10'],
  ['BIF', '1', '11'],
];

/** Two registers, and a comparison's zero. */
const MISCELLANEOUS: readonly [name: string, u: string, opcode: string, operands: string, sizes: Sizes][] = [
  ['REV64', '0', '00000', 'Vd.T Vn.T', BHS],
  ['REV32', '1', '00000', 'Vd.T Vn.T', BH],
  ['REV16', '0', '00001', 'Vd.T Vn.T', B],
  ['SADDLP', '0', '00010', 'Vd.P Vn.T', BHS],
  ['UADDLP', '1', '00010', 'Vd.P Vn.T', BHS],
  ['CLS', '0', '00100', 'Vd.T Vn.T', BHS],
  ['CLZ', '1', '00100', 'Vd.T Vn.T', BHS],
  ['CNT', '0', '00101', 'Vd.T Vn.T', B],
  ['SADALP', '0', '00110', 'Vd.P Vn.T', BHS],
  ['UADALP', '1', '00110', 'Vd.P Vn.T', BHS],
  ['CMGT', '0', '01000', 'Vd.T Vn.T 0', NOT_1D],
  ['CMGE', '1', '01000', 'Vd.T Vn.T 0', NOT_1D],
  ['CMEQ', '0', '01001', 'Vd.T Vn.T 0', NOT_1D],
  ['CMLE', '1', '01001', 'Vd.T Vn.T 0', NOT_1D],
  ['CMLT', '0', '01010', 'Vd.T Vn.T 0', NOT_1D],
  ['ABS', '0', '01011', 'Vd.T Vn.T', NOT_1D],
  ['NEG', '1', '01011', 'Vd.T Vn.T', NOT_1D],
];

/** Floating point on two registers: U, bit 23, opcode; `zero`: compared with 0.0; `scalar`: exists on scalar registers too. */
const MISCELLANEOUS_FP: readonly [name: string, u: string, a: string, opcode: string, zero: boolean, scalar: boolean][] = [
  ['FRINTN', '0', '0', '11000', false, false],
  ['FRINTM', '0', '0', '11001', false, false],
  ['FCVTNS', '0', '0', '11010', false, true],
  ['FCVTMS', '0', '0', '11011', false, true],
  ['FCVTAS', '0', '0', '11100', false, true],
  ['SCVTF', '0', '0', '11101', false, true],
  ['FCMGT', '0', '1', '01100', true, true],
  ['FCMEQ', '0', '1', '01101', true, true],
  ['FCMLT', '0', '1', '01110', true, true],
  ['FABS', '0', '1', '01111', false, false],
  ['FRINTP', '0', '1', '11000', false, false],
  ['FRINTZ', '0', '1', '11001', false, false],
  ['FCVTPS', '0', '1', '11010', false, true],
  ['FCVTZS', '0', '1', '11011', false, true],
  ['FRECPE', '0', '1', '11101', false, true],
  ['FRINTA', '1', '0', '11000', false, false],
  ['FRINTX', '1', '0', '11001', false, false],
  ['FCVTNU', '1', '0', '11010', false, true],
  ['FCVTMU', '1', '0', '11011', false, true],
  ['FCVTAU', '1', '0', '11100', false, true],
  ['UCVTF', '1', '0', '11101', false, true],
  ['FCMGE', '1', '1', '01100', true, true],
  ['FCMLE', '1', '1', '01101', true, true],
  ['FNEG', '1', '1', '01111', false, false],
  ['FRINTI', '1', '1', '11001', false, false],
  ['FCVTPU', '1', '1', '11010', false, true],
  ['FCVTZU', '1', '1', '11011', false, true],
  ['FRSQRTE', '1', '1', '11101', false, true],
  ['FSQRT', '1', '1', '11111', false, false],
];

const ACROSS_LANES: readonly [name: string, u: string, opcode: string, operands: string][] = [
  ['SADDLV', '0', '00011', 'Gd Vn.T'],
  ['UADDLV', '1', '00011', 'Gd Vn.T'],
  ['SMAXV', '0', '01010', 'Ed Vn.T'],
  ['UMAXV', '1', '01010', 'Ed Vn.T'],
  ['SMINV', '0', '11010', 'Ed Vn.T'],
  ['UMINV', '1', '11010', 'Ed Vn.T'],
  ['ADDV', '0', '11011', 'Ed Vn.T'],
];

/** Across lanes, and of a pair: bit 23 and opcode. FADDP is of a pair only. */
const REDUCTIONS_FP: readonly [name: string, a: string, opcode: string, across: boolean][] = [
  ['FMAXNM', '0', '01100', true],
  ['FMINNM', '1', '01100', true],
  ['FADD', '0', '01101', false],
  ['FMAX', '0', '01111', true],
  ['FMIN', '1', '01111', true],
];

/** Registers of different arrangements: long (both sources narrow), wide (one), narrow (the result). `2`: the upper halves. */
const DIFFERENT: readonly [name: string, u: string, opcode: string, form: 'long' | 'wide' | 'narrow'][] = [
  ['SADDL', '0', '0000', 'long'],
  ['UADDL', '1', '0000', 'long'],
  ['SADDW', '0', '0001', 'wide'],
  ['UADDW', '1', '0001', 'wide'],
  ['SSUBL', '0', '0010', 'long'],
  ['USUBL', '1', '0010', 'long'],
  ['SSUBW', '0', '0011', 'wide'],
  ['USUBW', '1', '0011', 'wide'],
  ['ADDHN', '0', '0100', 'narrow'],
  ['RADDHN', '1', '0100', 'narrow'],
  ['SABAL', '0', '0101', 'long'],
  ['UABAL', '1', '0101', 'long'],
  ['SUBHN', '0', '0110', 'narrow'],
  ['RSUBHN', '1', '0110', 'narrow'],
  ['SABDL', '0', '0111', 'long'],
  ['UABDL', '1', '0111', 'long'],
  ['SMLAL', '0', '1000', 'long'],
  ['UMLAL', '1', '1000', 'long'],
  ['SMLSL', '0', '1010', 'long'],
  ['UMLSL', '1', '1010', 'long'],
  ['SMULL', '0', '1100', 'long'],
  ['UMULL', '1', '1100', 'long'],
];

const DIFFERENT_OPERANDS = {
  long: (q: string): string => `Vd.W Vn.T${q} Vm.T${q}`,
  wide: (q: string): string => `Vd.W Vn.W Vm.T${q}`,
  narrow: (q: string): string => `Vd.T${q} Vn.W Vm.W`,
} as const;

/** Rows of an instruction and of its `2` form, which takes the upper halves. */
const halves = (make: (suffix: '' | '2', q: '0' | '1') => A64Row): A64Row[] => [make('', '0'), make('2', '1')];

/** Narrowing moves. */
const NARROW: readonly [name: string, u: string, opcode: string][] = [
  ['XTN', '0', '10010'],
  ['SQXTUN', '1', '10010'],
  ['SQXTN', '0', '10100'],
  ['UQXTN', '1', '10100'],
];

const sameRows = (): A64Row[] =>
  SAME.flatMap(([name, u, opcode, unallocated]) => [
    row(`${name}_vector`, `0 q:1 ${u} 01110 size:2 1 rm:5 ${opcode} 1 rn:5 rd:5`, 'Vd.T Vn.T Vm.T', { ...simd, unallocated }),
    ...(SAME_SCALAR.has(name) ? [row(`${name}_scalar`, `01 ${u} 11110 11 1 rm:5 ${opcode} 1 rn:5 rd:5`, 'Dd Dn Dm', simd)] : []),
  ]);

const sameFpRows = (): A64Row[] =>
  SAME_FP.flatMap(([name, u, a, opcode, scalar]) => [
    row(`${name}_vector`, `0 q:1 ${u} 01110 ${a} t:1 1 rm:5 ${opcode} 1 rn:5 rd:5`, 'Vd.F Vn.F Vm.F', { ...fp, unallocated: NOT_1D_FP }),
    ...(scalar ? [row(`${name}_scalar`, `01 ${u} 11110 ${a} t:1 1 rm:5 ${opcode} 1 rn:5 rd:5`, 'Fd Fn Fm', fp)] : []),
  ]);

const miscellaneousRows = (): A64Row[] =>
  MISCELLANEOUS.flatMap(([name, u, opcode, operands, unallocated]) => {
    const id = operands.endsWith(' 0') ? `${name}_zero` : name;
    const scalar = unallocated === NOT_1D;
    return [
      row(`${id}_vector`, `0 q:1 ${u} 01110 size:2 10000 ${opcode} 10 rn:5 rd:5`, operands, { ...simd, unallocated }),
      ...(scalar ? [row(`${id}_scalar`, `01 ${u} 11110 11 10000 ${opcode} 10 rn:5 rd:5`, operands.replace(/V(.)\.T/g, 'D$1'), simd)] : []),
    ];
  });

const miscellaneousFpRows = (): A64Row[] =>
  MISCELLANEOUS_FP.flatMap(([name, u, a, opcode, zero, scalar]) => {
    const id = zero ? `${name}_zero` : name;
    const last = zero ? ' 0.0' : '';
    return [
      row(`${id}_vector`, `0 q:1 ${u} 01110 ${a} t:1 10000 ${opcode} 10 rn:5 rd:5`, `Vd.F Vn.F${last}`, { ...fp, unallocated: NOT_1D_FP }),
      ...(scalar
        ? [
            row(
              zero ? `${name}_zero_scalar` : `${name}_simd_scalar`,
              `01 ${u} 11110 ${a} t:1 10000 ${opcode} 10 rn:5 rd:5`,
              `Fd Fn${last}`,
              fp,
            ),
          ]
        : []),
    ];
  });

const reductionRows = (): A64Row[] =>
  REDUCTIONS_FP.flatMap(([name, a, opcode, across]) => [
    row(`${name}P_pair`, `01 1 11110 ${a} t:1 11000 ${opcode} 10 rn:5 rd:5`, 'Fd Vn.M0', fp),
    ...(across ? [row(`${name}V`, `0 1 1 01110 ${a} 0 11000 ${opcode} 10 rn:5 rd:5`, 'Sd Vn.4s', fp)] : []),
  ]);

export const simdRows = (): readonly A64Row[] => [
  ...sameRows(),
  ...sameFpRows(),
  ...LOGICAL.map(([name, u, s]) => row(`${name}_vector`, `0 q:1 ${u} 01110 ${s} 1 rm:5 00011 1 rn:5 rd:5`, 'Vd.b Vn.b Vm.b', simd)),
  ...miscellaneousRows(),
  ...miscellaneousFpRows(),
  row('NOT', '0 q:1 1 01110 00 10000 00101 10 rn:5 rd:5', 'Vd.b Vn.b', { ...simd, mnemonic: 'mvn' }),
  row('RBIT_vector', '0 q:1 1 01110 01 10000 00101 10 rn:5 rd:5', 'Vd.b Vn.b', simd),
  ...NARROW.flatMap(([name, u, opcode]) =>
    halves((two, q) =>
      row(`${name}${two}`, `0 ${q} ${u} 01110 size:2 10000 ${opcode} 10 rn:5 rd:5`, `Vd.T${q} Vn.W`, { ...simd, unallocated: BHS }),
    ),
  ),
  ...halves((two, q) =>
    row(`SHLL${two}`, `0 ${q} 1 01110 size:2 10000 10011 10 rn:5 rd:5`, `Vd.W Vn.T${q} imm.bits`, { ...simd, unallocated: BHS }),
  ),
  ...halves((two, q) => row(`FCVTN${two}`, `0 ${q} 0 01110 0 t:1 10000 10110 10 rn:5 rd:5`, `Vd.N${q} Vn.M`, fp)),
  ...halves((two, q) => row(`FCVTXN${two}`, `0 ${q} 1 01110 01 10000 10110 10 rn:5 rd:5`, `Vd.${q === '1' ? 4 : 2}s Vn.2d`, fp)),
  row('FCVTXN_scalar', '01 1 11110 01 10000 10110 10 rn:5 rd:5', 'Sd Dn', fp),
  row('FRECPX_scalar', '01 0 11110 1 t:1 10000 11111 10 rn:5 rd:5', 'Fd Fn', fp),
  row('URECPE', '0 q:1 0 01110 10 10000 11100 10 rn:5 rd:5', 'Vd.s Vn.s', simd),
  row('URSQRTE', '0 q:1 1 01110 10 10000 11100 10 rn:5 rd:5', 'Vd.s Vn.s', simd),
  ...halves((two, q) => row(`FCVTL${two}`, `0 ${q} 0 01110 0 t:1 10000 10111 10 rn:5 rd:5`, `Vd.M Vn.N${q}`, fp)),
  ...ACROSS_LANES.map(([name, u, opcode, operands]) =>
    row(name, `0 q:1 ${u} 01110 size:2 11000 ${opcode} 10 rn:5 rd:5`, operands, { ...simd, unallocated: ACROSS }),
  ),
  row('ADDP_pair', '01 0 11110 11 11000 11011 10 rn:5 rd:5', 'Dd Vn.2d', simd),
  ...reductionRows(),
  ...DIFFERENT.flatMap(([name, u, opcode, form]) =>
    halves((two, q) =>
      row(`${name}${two}_vector`, `0 ${q} ${u} 01110 size:2 1 rm:5 ${opcode} 00 rn:5 rd:5`, DIFFERENT_OPERANDS[form](q), {
        ...simd,
        mnemonic: lower(name + two),
        unallocated: BHS,
      }),
    ),
  ),
];
