// Advanced SIMD arithmetic that saturates, and products of polynomials: DDI 0487 C4.1.97, C7.2. A table of names and opcodes for each encoding
// class of the manual, with its vector and its scalar form; the narrowing moves' vector forms and those of SQADD and its kin are in rows-simd.ts.
import { type A64Row, bits, row, SIMD } from './rows-form.ts';

const size = (w: number): number => bits(w, 23, 22);
const isHalf = (w: number): boolean => bits(w, 30, 30) === 0;
const NOT_1D = (w: number): boolean => size(w) === 3 && isHalf(w);
const BHS = (w: number): boolean => size(w) === 3;
/** Halfwords and words: what can be doubled and multiplied. */
const HS = (w: number): boolean => size(w) === 0 || size(w) === 3;
const simd = { vector: SIMD } as const;

/** Three registers: name, U, opcode; the sizes of elements that the vector form has, null where it is elsewhere, and of the scalar one. */
const SAME: readonly [name: string, u: string, opcode: string, vector: ((w: number) => boolean) | null, scalar?: typeof HS][] = [
  ['SQADD', '0', '00001', null],
  ['UQADD', '1', '00001', null],
  ['SQSUB', '0', '00101', null],
  ['UQSUB', '1', '00101', null],
  ['SQSHL', '0', '01001', NOT_1D],
  ['UQSHL', '1', '01001', NOT_1D],
  ['SQRSHL', '0', '01011', NOT_1D],
  ['UQRSHL', '1', '01011', NOT_1D],
  ['SQDMULH', '0', '10110', HS, HS],
  ['SQRDMULH', '1', '10110', HS, HS],
];

/** Two registers. */
const MISCELLANEOUS: readonly [name: string, u: string, opcode: string][] = [
  ['SUQADD', '0', '00011'],
  ['USQADD', '1', '00011'],
  ['SQABS', '0', '00111'],
  ['SQNEG', '1', '00111'],
];

/** A scalar half as wide. */
const NARROW: readonly [name: string, u: string, opcode: string][] = [
  ['SQXTUN', '1', '10010'],
  ['SQXTN', '0', '10100'],
  ['UQXTN', '1', '10100'],
];

/** Long: the product, or added to and subtracted from what is there; opcodes with registers and with an element. */
const LONG: readonly [name: string, opcode: string, element: string][] = [
  ['SQDMLAL', '1001', '0011'],
  ['SQDMLSL', '1011', '0111'],
  ['SQDMULL', '1101', '1011'],
];

const HIGH_BY_ELEMENT: readonly [name: string, opcode: string][] = [
  ['SQDMULH', '1100'],
  ['SQRDMULH', '1101'],
];

const SHIFTS_LEFT: readonly [name: string, u: string, opcode: string][] = [
  ['SQSHLU', '1', '01100'],
  ['SQSHL', '0', '01110'],
  ['UQSHL', '1', '01110'],
];

const SHIFTS_NARROW: readonly [name: string, u: string, opcode: string][] = [
  ['SQSHRUN', '1', '10000'],
  ['SQRSHRUN', '1', '10001'],
  ['SQSHRN', '0', '10010'],
  ['SQRSHRN', '0', '10011'],
  ['UQSHRN', '1', '10010'],
  ['UQRSHRN', '1', '10011'],
];

/** How immh:immb names the elements; the scalar's letter, and what is twice as wide. */
const ELEMENTS = [
  ['b', '0001 imm:3', 'h'],
  ['h', '001 imm:4', 's'],
  ['s', '01 imm:5', 'd'],
  ['d', '1 imm:6', null],
] as const;

/** The element of Vm, by size: where its register and its index stand. */
const INDEXED = [
  ['h', 's', '01 l:1 m:1 rm:4', 'Vm.h[h:l:m]'],
  ['s', 'd', '10 l:1 rm:5', 'Vm.s[h:l]'],
] as const;

const upper = (letter: string): string => letter.toUpperCase();
const arrangement = (letter: string, q: string): string => `${(q === '1' ? 16 : 8) / { b: 1, h: 2, s: 4, d: 8 }[letter]!}${letter}`;

/** Rows of an instruction and of its `2` form, which takes the upper halves. */
const halves = (make: (suffix: '' | '2', q: '0' | '1') => A64Row): A64Row[] => [make('', '0'), make('2', '1')];

const sameRows = (): A64Row[] =>
  SAME.flatMap(([name, u, opcode, vector, scalar]) => [
    ...(vector === null
      ? []
      : [
          row(`${name}_vector`, `0 q:1 ${u} 01110 size:2 1 rm:5 ${opcode} 1 rn:5 rd:5`, 'Vd.T Vn.T Vm.T', { ...simd, unallocated: vector }),
        ]),
    row(`${name}_scalar`, `01 ${u} 11110 size:2 1 rm:5 ${opcode} 1 rn:5 rd:5`, 'Ed En Em', {
      ...simd,
      ...(scalar === undefined ? {} : { unallocated: scalar }),
    }),
  ]);

const miscellaneousRows = (): A64Row[] => [
  ...MISCELLANEOUS.flatMap(([name, u, opcode]) => [
    row(`${name}_vector`, `0 q:1 ${u} 01110 size:2 10000 ${opcode} 10 rn:5 rd:5`, 'Vd.T Vn.T', { ...simd, unallocated: NOT_1D }),
    row(`${name}_scalar`, `01 ${u} 11110 size:2 10000 ${opcode} 10 rn:5 rd:5`, 'Ed En', simd),
  ]),
  ...NARROW.map(([name, u, opcode]) =>
    row(`${name}_scalar`, `01 ${u} 11110 size:2 10000 ${opcode} 10 rn:5 rd:5`, 'Ed Gn', { ...simd, unallocated: BHS }),
  ),
];

const longRows = (): A64Row[] =>
  LONG.flatMap(([name, opcode]) => [
    ...halves((two, q) =>
      row(`${name}${two}_vector`, `0 ${q} 0 01110 size:2 1 rm:5 ${opcode} 00 rn:5 rd:5`, `Vd.W Vn.T${q} Vm.T${q}`, {
        ...simd,
        unallocated: HS,
      }),
    ),
    row(`${name}_scalar`, `01 0 11110 size:2 1 rm:5 ${opcode} 00 rn:5 rd:5`, 'Gd En Em', { ...simd, unallocated: HS }),
  ]);

const byElement = (): A64Row[] =>
  INDEXED.flatMap(([letter, wide, head, element]) => {
    const tail = (opcode: string): string => `${head} ${opcode} h:1 0 rn:5 rd:5`;
    return [
      ...HIGH_BY_ELEMENT.flatMap(([name, opcode]) => [
        row(`${name}_element_${letter}`, `0 q:1 0 01111 ${tail(opcode)}`, `Vd.${letter} Vn.${letter} ${element}`, simd),
        row(`${name}_element_scalar_${letter}`, `01 0 11111 ${tail(opcode)}`, `${upper(letter)}d ${upper(letter)}n ${element}`, simd),
      ]),
      ...LONG.flatMap(([name, , opcode]) => [
        ...halves((two, q) => {
          const operands = `Vd.${arrangement(wide, '1')} Vn.${arrangement(letter, q)} ${element}`;
          return row(`${name}${two}_element_${letter}`, `0 ${q} 0 01111 ${tail(opcode)}`, operands, simd);
        }),
        row(`${name}_element_scalar_${letter}`, `01 0 11111 ${tail(opcode)}`, `${upper(wide)}d ${upper(letter)}n ${element}`, simd),
      ]),
    ];
  });

const shifts = (): A64Row[] =>
  ELEMENTS.flatMap(([letter, shift, wide]) => [
    ...SHIFTS_LEFT.flatMap(([name, u, opcode]) => [
      row(`${name}_immediate_${letter}`, `0 q:1 ${u} 011110 ${shift} ${opcode} 1 rn:5 rd:5`, `Vd.${letter} Vn.${letter} imm.left`, {
        ...simd,
        ...(letter === 'd' ? { unallocated: isHalf } : {}),
      }),
      row(
        `${name}_immediate_scalar_${letter}`,
        `01 ${u} 111110 ${shift} ${opcode} 1 rn:5 rd:5`,
        `${upper(letter)}d ${upper(letter)}n imm.left`,
        simd,
      ),
    ]),
    ...(wide === null
      ? []
      : SHIFTS_NARROW.flatMap(([name, u, opcode]) => [
          ...halves((two, q) => {
            const operands = `Vd.${arrangement(letter, q)} Vn.${arrangement(wide, '1')} imm.right`;
            return row(`${name}${two}_${letter}`, `0 ${q} ${u} 011110 ${shift} ${opcode} 1 rn:5 rd:5`, operands, simd);
          }),
          row(
            `${name}_scalar_${letter}`,
            `01 ${u} 111110 ${shift} ${opcode} 1 rn:5 rd:5`,
            `${upper(letter)}d ${upper(wide)}n imm.right`,
            simd,
          ),
        ])),
  ]);

export const simdSaturatingRows = (): readonly A64Row[] => [
  ...sameRows(),
  ...miscellaneousRows(),
  ...longRows(),
  ...byElement(),
  ...shifts(),
  row('PMUL', '0 q:1 1 01110 00 1 rm:5 10011 1 rn:5 rd:5', 'Vd.b Vn.b Vm.b', simd),
  ...halves((two, q) => {
    const narrow = arrangement('b', q);
    return row(`PMULL${two}`, `0 ${q} 0 01110 00 1 rm:5 1110 00 rn:5 rd:5`, `Vd.8h Vn.${narrow} Vm.${narrow}`, simd);
  }),
];
