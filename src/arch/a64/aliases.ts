// Aliases: other words for an encoding, preferred when its fields are so. DDI 0487 C6.2 ("alias conditions" of each instruction);
// where several hold, the first row is the one that objdump (binutils 2.40) prints.
import { decodeBitmask } from './bitmask.ts';
import { type Fields, widthOf } from './operand-form.ts';
import { isSystemOperation } from './operands-system.ts';

export interface A64Alias {
  readonly mnemonic: string;
  /** Id of the row it stands for. */
  readonly of: string;
  /** Fields that have these values: a condition when printing, what to encode when assembling. */
  readonly fixed: (f: Fields) => Fields;
  /** A further condition. */
  readonly when: (f: Fields) => boolean;
  /** Forms of the operands, by name: those of rows-form.ts, and a few that only aliases have. */
  readonly operands: readonly string[];
}

type Options = { fixed?: Fields | ((f: Fields) => Fields); when?: (f: Fields) => boolean };

function alias(mnemonic: string, of: string, operands: string, { fixed = {}, when = () => true }: Options): A64Alias {
  return {
    mnemonic,
    of,
    operands: operands === '' ? [] : operands.split(' '),
    fixed: typeof fixed === 'function' ? fixed : () => fixed,
    when,
  };
}

const toOrFromStack = (f: Fields): boolean => f['rd'] === 31 || f['rn'] === 31;
const top = (f: Fields): Fields => ({ imms: widthOf(f) - 1 });
const inserts = (f: Fields): boolean => f['imms'] < f['immr'];
const extracts = (f: Fields): boolean => f['imms'] >= f['immr'];
const sameSource = (f: Fields): Fields => ({ rm: f['rn'] });
const ordinaryCondition = (f: Fields): boolean => f['cond'] < 14;

/** MOVZ or MOVN could give the value: then ORR (immediate) is not called MOV. */
function isWide(value: bigint, width: number): boolean {
  for (let at = 0; at < width; at += 16) if ((value & ~(0xffffn << BigInt(at))) === 0n) return true;
  return false;
}

/** The stack pointer has no other MOV of an immediate. */
function isMoveOfBitmask(f: Fields): boolean {
  if (f['rd'] === 31) return true;
  const width = widthOf(f);
  const value = decodeBitmask(f['n'], f['imms'], f['immr'], width);
  return value !== null && !isWide(value, width) && !isWide(BigInt.asUintN(width, ~value), width);
}

const notShiftedZero = (f: Fields): boolean => f['imm'] !== 0 || f['hw'] === 0;

const ARITHMETIC: readonly A64Alias[] = [
  alias('mov', 'ADD_immediate', 'Rd|SP Rn|SP', { fixed: { sh: 0, imm: 0 }, when: toOrFromStack }),
  alias('cmn', 'ADDS_immediate', 'Rn|SP imm12.sh', { fixed: { rd: 31 } }),
  alias('cmp', 'SUBS_immediate', 'Rn|SP imm12.sh', { fixed: { rd: 31 } }),
  alias('cmn', 'ADDS_extended', 'Rn|SP Rm.extend', { fixed: { rd: 31 } }),
  alias('cmp', 'SUBS_extended', 'Rn|SP Rm.extend', { fixed: { rd: 31 } }),
  alias('cmn', 'ADDS_register', 'Rn Rm.shift', { fixed: { rd: 31 } }),
  alias('cmp', 'SUBS_register', 'Rn Rm.shift', { fixed: { rd: 31 } }),
  alias('neg', 'SUB_register', 'Rd Rm.shift', { fixed: { rn: 31 } }),
  alias('negs', 'SUBS_register', 'Rd Rm.shift', { fixed: { rn: 31 } }),
  alias('ngc', 'SBC', 'Rd Rm', { fixed: { rn: 31 } }),
  alias('ngcs', 'SBCS', 'Rd Rm', { fixed: { rn: 31 } }),
  alias('mul', 'MADD', 'Rd Rn Rm', { fixed: { ra: 31 } }),
  alias('mneg', 'MSUB', 'Rd Rn Rm', { fixed: { ra: 31 } }),
  alias('smull', 'SMADDL', 'Xd Wn Wm', { fixed: { ra: 31 } }),
  alias('smnegl', 'SMSUBL', 'Xd Wn Wm', { fixed: { ra: 31 } }),
  alias('umull', 'UMADDL', 'Xd Wn Wm', { fixed: { ra: 31 } }),
  alias('umnegl', 'UMSUBL', 'Xd Wn Wm', { fixed: { ra: 31 } }),
];

const LOGICAL: readonly A64Alias[] = [
  alias('tst', 'ANDS_immediate', 'Rn bitmask', { fixed: { rd: 31 } }),
  alias('mov', 'MOVZ', 'Rd wide', { when: notShiftedZero }),
  alias('mov', 'MOVN', 'Rd wide.inverted', { when: (f) => notShiftedZero(f) && (f['sf'] === 1 || f['imm'] !== 0xffff) }),
  alias('mov', 'ORR_immediate', 'Rd|SP bitmask.value', { fixed: { rn: 31 }, when: isMoveOfBitmask }),
  alias('mov', 'ORR_register', 'Rd Rm', { fixed: { rn: 31, shift: 0, imm6: 0 } }),
  alias('mvn', 'ORN', 'Rd Rm.shift', { fixed: { rn: 31 } }),
  alias('tst', 'ANDS_register', 'Rn Rm.shift', { fixed: { rd: 31 } }),
  alias('lsl', 'LSLV', 'Rd Rn Rm', {}),
  alias('lsr', 'LSRV', 'Rd Rn Rm', {}),
  alias('asr', 'ASRV', 'Rd Rn Rm', {}),
  alias('ror', 'RORV', 'Rd Rn Rm', {}),
  alias('ror', 'EXTR', 'Rd Rn lsb', { fixed: sameSource }),
];

const BITFIELD: readonly A64Alias[] = [
  alias('asr', 'SBFM', 'Rd Rn immr', { fixed: top }),
  alias('sxtb', 'SBFM', 'Rd Wn', { fixed: (f) => ({ n: f['sf'], immr: 0, imms: 7 }) }),
  alias('sxth', 'SBFM', 'Rd Wn', { fixed: (f) => ({ n: f['sf'], immr: 0, imms: 15 }) }),
  alias('sxtw', 'SBFM', 'Xd Wn', { fixed: { sf: 1, n: 1, immr: 0, imms: 31 } }),
  alias('sbfiz', 'SBFM', 'Rd Rn lsb.insert width.insert', { when: inserts }),
  alias('sbfx', 'SBFM', 'Rd Rn immr width.extract', { when: extracts }),
  alias('bfc', 'BFM', 'Rd lsb.insert width.insert', { fixed: { rn: 31 }, when: inserts }),
  alias('bfi', 'BFM', 'Rd Rn lsb.insert width.insert', { when: inserts }),
  alias('bfxil', 'BFM', 'Rd Rn immr width.extract', { when: extracts }),
  alias('lsr', 'UBFM', 'Rd Rn immr', { fixed: top }),
  alias('lsl', 'UBFM', 'Rd Rn shift.left', { when: (f) => f['imms'] + 1 === f['immr'] }),
  alias('uxtb', 'UBFM', 'Wd Wn', { fixed: { sf: 0, n: 0, immr: 0, imms: 7 } }),
  alias('uxth', 'UBFM', 'Wd Wn', { fixed: { sf: 0, n: 0, immr: 0, imms: 15 } }),
  alias('ubfiz', 'UBFM', 'Rd Rn lsb.insert width.insert', { when: inserts }),
  alias('ubfx', 'UBFM', 'Rd Rn immr width.extract', { when: extracts }),
];

const SELECT: readonly A64Alias[] = [
  alias('cset', 'CSINC', 'Rd cond.inverted', { fixed: { rn: 31, rm: 31 }, when: ordinaryCondition }),
  alias('cinc', 'CSINC', 'Rd Rn cond.inverted', { fixed: sameSource, when: ordinaryCondition }),
  alias('csetm', 'CSINV', 'Rd cond.inverted', { fixed: { rn: 31, rm: 31 }, when: ordinaryCondition }),
  alias('cinv', 'CSINV', 'Rd Rn cond.inverted', { fixed: sameSource, when: ordinaryCondition }),
  alias('cneg', 'CSNEG', 'Rd Rn cond.inverted', { fixed: sameSource, when: ordinaryCondition }),
];

const SYSTEM: readonly A64Alias[] = [
  alias('ret', 'RET', '', { fixed: { rn: 30 } }),
  alias('dcps1', 'DCPS1', '', { fixed: { imm: 0 } }),
  alias('dcps2', 'DCPS2', '', { fixed: { imm: 0 } }),
  alias('dcps3', 'DCPS3', '', { fixed: { imm: 0 } }),
  alias('udf', 'UDF', 'imm16.decimal', {}),
  alias('clearbhb', 'HINT', '', { fixed: { imm: 22 } }),
  alias('msr', 'MSR_immediate', 'pstate pstate.value', {}),
  ...['dc', 'ic', 'at', 'tlbi', 'cfp', 'dvp', 'cpp'].flatMap((mnemonic) => [
    alias(mnemonic, 'SYS', `sys.${mnemonic} Xt`, { when: (f) => isSystemOperation(f, mnemonic, true) }),
    alias(mnemonic, 'SYS', `sys.${mnemonic} Xt.unwritten`, { when: (f) => isSystemOperation(f, mnemonic, false) }),
  ]),
];

/** ST<op> = LD<op> without acquire whose result nobody reads. */
const ATOMIC: readonly A64Alias[] = ['ADD', 'CLR', 'EOR', 'SET', 'SMAX', 'SMIN', 'UMAX', 'UMIN'].flatMap((operation) =>
  ['', 'L'].flatMap((order) =>
    ['', 'B', 'H'].map((size) =>
      alias(`st${operation}${order}${size}`.toLowerCase(), `LD${operation}${order}${size}`, `${size === '' ? 'R' : 'W'}s []`, {
        fixed: { rt: 31 },
      }),
    ),
  ),
);

const NARROW_SHAPES = [
  ['b', '8h', '8b', '16b'],
  ['h', '4s', '4h', '8h'],
  ['s', '2d', '2s', '4s'],
] as const;

/** ORR of one register; lengthening shifts by nothing. */
const VECTOR: readonly A64Alias[] = [
  alias('mov', 'ORR_vector', 'Vd.b Vn.b', { fixed: sameSource }),
  ...NARROW_SHAPES.flatMap(([letter, wide, lower, upper]) =>
    ['S', 'U'].flatMap((sign) => [
      alias(`${sign}xtl`.toLowerCase(), `${sign}SHLL_${letter}`, `Vd.${wide} Vn.${lower}`, { fixed: { imm: 0 } }),
      alias(`${sign}xtl2`.toLowerCase(), `${sign}SHLL2_${letter}`, `Vd.${wide} Vn.${upper}`, { fixed: { imm: 0 } }),
    ]),
  ),
];

/** In order of preference among those of one row. */
export const ALIASES: readonly A64Alias[] = [...ARITHMETIC, ...LOGICAL, ...BITFIELD, ...SELECT, ...SYSTEM, ...ATOMIC, ...VECTOR];
