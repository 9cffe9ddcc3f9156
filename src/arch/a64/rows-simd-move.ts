// Advanced SIMD shifts by immediates, operations with one element, permutations, copies and modified immediates: DDI 0487 C4.1.97, C7.2.
import { type A64Row, bits, row, SIMD, SIMD_FP } from './rows-form.ts';

const isHalf = (w: number): boolean => bits(w, 30, 30) === 0;
const simd = { vector: SIMD } as const;
const fp = { vector: SIMD_FP } as const;

/** Elements of 8 to 64 bits: how immh:immb and imm5 name them. */
const ELEMENTS: readonly [letter: 'b' | 'h' | 's' | 'd', shift: string, imm5: string][] = [
  ['b', '0001 imm:3', 'imm:4 1'],
  ['h', '001 imm:4', 'imm:3 10'],
  ['s', '01 imm:5', 'imm:2 100'],
  ['d', '1 imm:6', 'imm:1 1000'],
];
/** The one 64-bit element of a D register is no vector. */
const not1d = (letter: string): { unallocated?: (w: number) => boolean } => (letter === 'd' ? { unallocated: isHalf } : {});

const SHIFTS: readonly [name: string, u: string, opcode: string, amount: 'imm.right' | 'imm.left'][] = [
  ['SSHR', '0', '00000', 'imm.right'],
  ['USHR', '1', '00000', 'imm.right'],
  ['SSRA', '0', '00010', 'imm.right'],
  ['USRA', '1', '00010', 'imm.right'],
  ['SRSHR', '0', '00100', 'imm.right'],
  ['URSHR', '1', '00100', 'imm.right'],
  ['SRSRA', '0', '00110', 'imm.right'],
  ['URSRA', '1', '00110', 'imm.right'],
  ['SRI', '1', '01000', 'imm.right'],
  ['SHL', '0', '01010', 'imm.left'],
  ['SLI', '1', '01010', 'imm.left'],
];

const WIDER = { b: 'h', h: 's', s: 'd' } as const;
const arrangement = (letter: string, q: string): string => `${(q === '1' ? 16 : 8) / { b: 1, h: 2, s: 4, d: 8 }[letter]!}${letter}`;

/** Shifts between elements of different sizes; the immediate belongs to the narrow one. `2`: the upper half. */
function unequalShifts(letter: 'b' | 'h' | 's', shift: string): A64Row[] {
  const wide = arrangement(WIDER[letter], '1');
  return (['0', '1'] as const).flatMap((q) => {
    const two = q === '1' ? '2' : '';
    const narrow = arrangement(letter, q);
    const long = (name: string, u: string): A64Row =>
      row(`${name}${two}_${letter}`, `0 ${q} ${u} 011110 ${shift} 10100 1 rn:5 rd:5`, `Vd.${wide} Vn.${narrow} imm.left`, simd);
    const short = (name: string, opcode: string): A64Row =>
      row(`${name}${two}_${letter}`, `0 ${q} 0 011110 ${shift} ${opcode} 1 rn:5 rd:5`, `Vd.${narrow} Vn.${wide} imm.right`, simd);
    return [long('SSHLL', '0'), long('USHLL', '1'), short('SHRN', '10000'), short('RSHRN', '10001')];
  });
}

const FIXED_POINT: readonly [name: string, u: string, opcode: string][] = [
  ['SCVTF', '0', '11100'],
  ['UCVTF', '1', '11100'],
  ['FCVTZS', '0', '11111'],
  ['FCVTZU', '1', '11111'],
];

function shifts(): A64Row[] {
  const rows: A64Row[] = [];
  for (const [letter, shift] of ELEMENTS) {
    for (const [name, u, opcode, amount] of SHIFTS) {
      const operands = `Vd.${letter} Vn.${letter} ${amount}`;
      rows.push(row(`${name}_${letter}`, `0 q:1 ${u} 011110 ${shift} ${opcode} 1 rn:5 rd:5`, operands, { ...simd, ...not1d(letter) }));
      if (letter === 'd') rows.push(row(`${name}_scalar`, `01 ${u} 111110 ${shift} ${opcode} 1 rn:5 rd:5`, `Dd Dn ${amount}`, simd));
    }
    if (letter !== 'd') rows.push(...unequalShifts(letter, shift));
    if (letter === 'b' || letter === 'h') continue;
    const scalar = letter.toUpperCase();
    for (const [name, u, opcode] of FIXED_POINT) {
      const tail = `${shift} ${opcode} 1 rn:5 rd:5`;
      rows.push(
        row(`${name}_fixed_${letter}`, `0 q:1 ${u} 011110 ${tail}`, `Vd.${letter} Vn.${letter} imm.right`, { ...fp, ...not1d(letter) }),
        row(`${name}_fixed_scalar_${letter}`, `01 ${u} 111110 ${tail}`, `${scalar}d ${scalar}n imm.right`, fp),
      );
    }
  }
  return rows;
}

/** Operations with one element of Vm: its register and index, by size. Of halfwords, rm has four bits. */
const INDEXED: readonly [letter: 'h' | 's', head: string, high: string, element: string][] = [
  ['h', '01 l:1 m:1 rm:4', 'h:1', 'Vm.h[h:l:m]'],
  ['s', '10 l:1 rm:5', 'h:1', 'Vm.s[h:l]'],
];
const BY_ELEMENT: readonly [name: string, u: string, opcode: string][] = [
  ['MLA', '1', '0000'],
  ['MLS', '1', '0100'],
  ['MUL', '0', '1000'],
];
const BY_ELEMENT_LONG: readonly [name: string, u: string, opcode: string][] = [
  ['SMLAL', '0', '0010'],
  ['UMLAL', '1', '0010'],
  ['SMLSL', '0', '0110'],
  ['UMLSL', '1', '0110'],
  ['SMULL', '0', '1010'],
  ['UMULL', '1', '1010'],
];
const BY_ELEMENT_FP: readonly [name: string, u: string, opcode: string][] = [
  ['FMLA', '0', '0001'],
  ['FMLS', '0', '0101'],
  ['FMUL', '0', '1001'],
  ['FMULX', '1', '1001'],
];

function byElement(): A64Row[] {
  const rows: A64Row[] = [];
  for (const [letter, head, high, element] of INDEXED) {
    for (const [name, u, opcode] of BY_ELEMENT) {
      const operands = `Vd.${letter} Vn.${letter} ${element}`;
      rows.push(row(`${name}_element_${letter}`, `0 q:1 ${u} 01111 ${head} ${opcode} ${high} 0 rn:5 rd:5`, operands, simd));
    }
    for (const [name, u, opcode] of BY_ELEMENT_LONG) {
      for (const q of ['0', '1']) {
        const id = `${name}${q === '1' ? '2' : ''}_element_${letter}`;
        const operands = `Vd.${arrangement(WIDER[letter], '1')} Vn.${arrangement(letter, q)} ${element}`;
        rows.push(row(id, `0 ${q} ${u} 01111 ${head} ${opcode} ${high} 0 rn:5 rd:5`, operands, simd));
      }
    }
  }
  for (const [name, u, opcode] of BY_ELEMENT_FP) {
    rows.push(
      row(`${name}_element_s`, `0 q:1 ${u} 01111 10 l:1 rm:5 ${opcode} h:1 0 rn:5 rd:5`, 'Vd.s Vn.s Vm.s[h:l]', fp),
      row(`${name}_element_d`, `0 1 ${u} 01111 11 0 rm:5 ${opcode} h:1 0 rn:5 rd:5`, 'Vd.2d Vn.2d Vm.d[h]', fp),
      row(`${name}_element_scalar_s`, `01 ${u} 11111 10 l:1 rm:5 ${opcode} h:1 0 rn:5 rd:5`, 'Sd Sn Vm.s[h:l]', fp),
      row(`${name}_element_scalar_d`, `01 ${u} 11111 11 0 rm:5 ${opcode} h:1 0 rn:5 rd:5`, 'Dd Dn Vm.d[h]', fp),
    );
  }
  return rows;
}

const PERMUTATIONS: readonly [name: string, opcode: string][] = [
  ['UZP1', '001'],
  ['TRN1', '010'],
  ['ZIP1', '011'],
  ['UZP2', '101'],
  ['TRN2', '110'],
  ['ZIP2', '111'],
];

const permutations = (): readonly A64Row[] => [
  ...PERMUTATIONS.map(([name, opcode]) =>
    row(name, `0 q:1 001110 size:2 0 rm:5 0 ${opcode} 10 rn:5 rd:5`, 'Vd.T Vn.T Vm.T', {
      ...simd,
      unallocated: (w) => bits(w, 23, 22) === 3 && isHalf(w),
    }),
  ),
  row('EXT', '0 q:1 101110 000 rm:5 0 imm:4 0 rn:5 rd:5', 'Vd.b Vn.b Vm.b imm.decimal', {
    ...simd,
    unallocated: (w) => isHalf(w) && bits(w, 14, 14) === 1,
  }),
  row('TBL', '0 q:1 001110 000 rm:5 0 len:2 0 00 rn:5 rd:5', 'Vd.b {Vn.16b*len} Vm.b', simd),
  row('TBX', '0 q:1 001110 000 rm:5 0 len:2 1 00 rn:5 rd:5', 'Vd.b {Vn.16b*len} Vm.b', simd),
];

/** Copies of elements. The bits of imm4 below an index do not matter. */
function copies(): A64Row[] {
  const rows: A64Row[] = [];
  for (const [at, [letter, , imm5]] of ELEMENTS.entries()) {
    const from = `Vn.${letter}[imm]`;
    const to = `Vd.${letter}[imm]`;
    const general = letter === 'd' ? 'X' : 'W';
    rows.push(
      row(`DUP_element_${letter}`, `0 q:1 0 01110000 ${imm5} 0 0000 1 rn:5 rd:5`, `Vd.${letter} ${from}`, { ...simd, ...not1d(letter) }),
      row(`DUP_scalar_${letter}`, `01 0 11110000 ${imm5} 0 0000 1 rn:5 rd:5`, `${letter.toUpperCase()}d ${from}`, {
        ...simd,
        mnemonic: 'mov',
      }),
      row(
        `DUP_general_${letter}`,
        `0 q:1 0 01110000 ${'x'.repeat(4 - at)}1${'0'.repeat(at)} 0 0001 1 rn:5 rd:5`,
        `Vd.${letter} ${general}n`,
        {
          ...simd,
          ...not1d(letter),
        },
      ),
      row(`INS_general_${letter}`, `0 1 0 01110000 ${imm5} 0 0011 1 rn:5 rd:5`, `${to} ${general}n`, { ...simd, mnemonic: 'mov' }),
      row(
        `INS_element_${letter}`,
        `0 1 1 01110000 ${imm5} 0 index:${4 - at} ${'x'.repeat(at)} 1 rn:5 rd:5`.replace('  ', ' '),
        `${to} Vn.${letter}[index]`,
        { ...simd, mnemonic: 'mov' },
      ),
      row(`UMOV_${letter}`, `0 ${letter === 'd' ? '1' : '0'} 0 01110000 ${imm5} 0 0111 1 rn:5 rd:5`, `${general}d ${from}`, {
        ...simd,
        mnemonic: at < 2 ? 'umov' : 'mov',
      }),
    );
    if (letter === 'd') continue;
    if (letter !== 's') rows.push(row(`SMOV_W_${letter}`, `0 0 0 01110000 ${imm5} 0 0101 1 rn:5 rd:5`, `Wd ${from}`, simd));
    rows.push(row(`SMOV_X_${letter}`, `0 1 0 01110000 ${imm5} 0 0101 1 rn:5 rd:5`, `Xd ${from}`, simd));
  }
  return rows;
}

/** cmode of the modified immediates; bit 29 says the inverted or clearing instruction. */
const immediate = (op: string, cmode: string, q = 'q:1'): string => `0 ${q} ${op} 0111100000 abc:3 ${cmode} 01 defgh:5 rd:5`;

const immediates = (): readonly A64Row[] => [
  row('MOVI_s', immediate('0', '0 hw:2 0'), 'Vd.s imm8.lsl', simd),
  row('MVNI_s', immediate('1', '0 hw:2 0'), 'Vd.s imm8.lsl', simd),
  row('ORR_immediate_s', immediate('0', '0 hw:2 1'), 'Vd.s imm8.lsl', simd),
  row('BIC_immediate_s', immediate('1', '0 hw:2 1'), 'Vd.s imm8.lsl', simd),
  row('MOVI_h', immediate('0', '10 hw:1 0'), 'Vd.h imm8.lsl', simd),
  row('MVNI_h', immediate('1', '10 hw:1 0'), 'Vd.h imm8.lsl', simd),
  row('ORR_immediate_h', immediate('0', '10 hw:1 1'), 'Vd.h imm8.lsl', simd),
  row('BIC_immediate_h', immediate('1', '10 hw:1 1'), 'Vd.h imm8.lsl', simd),
  row('MOVI_msl', immediate('0', '110 hw:1'), 'Vd.s imm8.msl', simd),
  row('MVNI_msl', immediate('1', '110 hw:1'), 'Vd.s imm8.msl', simd),
  row('MOVI_b', immediate('0', '1110'), 'Vd.b imm8', simd),
  row('MOVI_scalar', immediate('1', '1110', '0'), 'Dd imm64', simd),
  row('MOVI_d', immediate('1', '1110', '1'), 'Vd.2d imm64', simd),
  row('FMOV_immediate_s', immediate('0', '1111'), 'Vd.s fimm8', fp),
  row('FMOV_immediate_d', immediate('1', '1111', '1'), 'Vd.2d fimm8', fp),
];

export const simdMoveRows = (): readonly A64Row[] => [...shifts(), ...byElement(), ...permutations(), ...copies(), ...immediates()];
