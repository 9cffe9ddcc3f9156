// Floating-point data processing on scalar registers: DDI 0487 C4.1.97 (data processing, scalar floating-point), C7.2.
// Single and double precision; half precision arithmetic (FEAT_FP16) has no rows, conversions to and from half precision do.
import { type A64Row, bits, FP, row } from './rows-form.ts';

const HEAD = '000 11110 0 t:1 1';
const vector = { vector: FP } as const;
const select = { vector: FP, spe: 'select' } as const;

const ONE_SOURCE: readonly [name: string, opcode: string][] = [
  ['FMOV', '000000'],
  ['FABS', '000001'],
  ['FNEG', '000010'],
  ['FSQRT', '000011'],
  ['FRINTN', '001000'],
  ['FRINTP', '001001'],
  ['FRINTM', '001010'],
  ['FRINTZ', '001011'],
  ['FRINTA', '001100'],
  ['FRINTX', '001110'],
  ['FRINTI', '001111'],
];

const TWO_SOURCES: readonly [name: string, opcode: string][] = [
  ['FMUL', '0000'],
  ['FDIV', '0001'],
  ['FADD', '0010'],
  ['FSUB', '0011'],
  ['FMAX', '0100'],
  ['FMIN', '0101'],
  ['FMAXNM', '0110'],
  ['FMINNM', '0111'],
  ['FNMUL', '1000'],
];

const THREE_SOURCES: readonly [name: string, o1: string, o0: string][] = [
  ['FMADD', '0', '0'],
  ['FMSUB', '0', '1'],
  ['FNMADD', '1', '0'],
  ['FNMSUB', '1', '1'],
];

/** Between precisions: type and opcode bits 1:0 name the formats. */
const PRECISIONS: readonly [id: string, type: string, opcode: string, operands: string][] = [
  ['FCVT_single_double', '00', '01', 'Dd Sn'],
  ['FCVT_single_half', '00', '11', 'Hd Sn'],
  ['FCVT_double_single', '01', '00', 'Sd Dn'],
  ['FCVT_double_half', '01', '11', 'Hd Dn'],
  ['FCVT_half_single', '11', '00', 'Sd Hn'],
  ['FCVT_half_double', '11', '01', 'Dd Hn'],
];

/** rmode and opcode of the conversions to and from integers. */
const TO_INTEGER: readonly [name: string, rounding: string][] = [
  ['FCVTNS', '00 000'],
  ['FCVTNU', '00 001'],
  ['FCVTAS', '00 100'],
  ['FCVTAU', '00 101'],
  ['FCVTPS', '01 000'],
  ['FCVTPU', '01 001'],
  ['FCVTMS', '10 000'],
  ['FCVTMU', '10 001'],
  ['FCVTZS', '11 000'],
  ['FCVTZU', '11 001'],
];
const FROM_INTEGER: readonly [name: string, rounding: string][] = [
  ['SCVTF', '00 010'],
  ['UCVTF', '00 011'],
];

/** A W register holds 32 fraction bits at most: scale is 64 less their number. */
const tooManyBits = (w: number): boolean => bits(w, 31, 31) === 0 && bits(w, 15, 15) === 0;

const TO_FIXED = TO_INTEGER.slice(-2);

export const floatingPointRows = (): readonly A64Row[] => [
  ...ONE_SOURCE.map(([name, opcode]) => row(`${name}_scalar`, `${HEAD} ${opcode} 10000 rn:5 rd:5`, 'Fd Fn', vector)),
  ...PRECISIONS.map(([id, type, opcode, operands]) =>
    row(id, `000 11110 ${type} 1 0001${opcode} 10000 rn:5 rd:5`, operands, { ...vector, mnemonic: 'fcvt' }),
  ),
  ...TWO_SOURCES.map(([name, opcode]) => row(`${name}_scalar`, `${HEAD} rm:5 ${opcode} 10 rn:5 rd:5`, 'Fd Fn Fm', vector)),
  ...THREE_SOURCES.map(([name, o1, o0]) => row(name, `000 11111 0 t:1 ${o1} rm:5 ${o0} ra:5 rn:5 rd:5`, 'Fd Fn Fm Fa', vector)),
  row('FCMP', `${HEAD} rm:5 00 1000 rn:5 00000`, 'Fn Fm', vector),
  row('FCMP_zero', `${HEAD} 00000 00 1000 rn:5 01000`, 'Fn 0.0', vector),
  row('FCMPE', `${HEAD} rm:5 00 1000 rn:5 10000`, 'Fn Fm', vector),
  row('FCMPE_zero', `${HEAD} 00000 00 1000 rn:5 11000`, 'Fn 0.0', vector),
  row('FCCMP', `${HEAD} rm:5 cond:4 01 rn:5 0 nzcv:4`, 'Fn Fm nzcv cond', select),
  row('FCCMPE', `${HEAD} rm:5 cond:4 01 rn:5 1 nzcv:4`, 'Fn Fm nzcv cond', select),
  row('FCSEL', `${HEAD} rm:5 cond:4 11 rn:5 rd:5`, 'Fd Fn Fm cond', select),
  row('FMOV_immediate', `${HEAD} abc:3 defgh:5 100 00000 rd:5`, 'Fd fimm8', vector),
  ...TO_INTEGER.map(([name, rounding]) => row(`${name}_general`, `sf:1 00 11110 0 t:1 1 ${rounding} 000000 rn:5 rd:5`, 'Rd Fn', vector)),
  ...FROM_INTEGER.map(([name, rounding]) => row(`${name}_general`, `sf:1 00 11110 0 t:1 1 ${rounding} 000000 rn:5 rd:5`, 'Fd Rn', vector)),
  ...TO_FIXED.map(([name, rounding]) =>
    row(`${name}_general_fixed`, `sf:1 00 11110 0 t:1 0 ${rounding} scale:6 rn:5 rd:5`, 'Rd Fn fbits', {
      ...vector,
      unallocated: tooManyBits,
    }),
  ),
  ...FROM_INTEGER.map(([name, rounding]) =>
    row(`${name}_general_fixed`, `sf:1 00 11110 0 t:1 0 ${rounding} scale:6 rn:5 rd:5`, 'Fd Rn fbits', {
      ...vector,
      unallocated: tooManyBits,
    }),
  ),
  row('FMOV_to_W', '0 00 11110 00 1 00 110 000000 rn:5 rd:5', 'Wd Sn', vector),
  row('FMOV_from_W', '0 00 11110 00 1 00 111 000000 rn:5 rd:5', 'Sd Wn', vector),
  row('FMOV_to_X', '1 00 11110 01 1 00 110 000000 rn:5 rd:5', 'Xd Dn', vector),
  row('FMOV_from_X', '1 00 11110 01 1 00 111 000000 rn:5 rd:5', 'Dd Xn', vector),
  row('FMOV_to_X_top', '1 00 11110 10 1 01 110 000000 rn:5 rd:5', 'Xd Vn.d[1]', vector),
  row('FMOV_from_X_top', '1 00 11110 10 1 01 111 000000 rn:5 rd:5', 'Vd.d[1] Xn', vector),
];
