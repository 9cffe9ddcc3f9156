// Loads and stores of SIMD&FP registers: DDI 0487 C4.1.94, C7.2. Scalar registers count as floating point for the Statistical Profiling
// Extension, Q registers and structures as Advanced SIMD (spe-architecture §4.5).
import { type A64Row, type Access, bits, FP, row, SIMD, type Vector } from './rows-form.ts';

interface Scalar {
  readonly register: string;
  readonly size: string; // bits 31:30
  readonly q: string; // bit 23
  readonly bytes: 1 | 2 | 4 | 8 | 16;
  readonly vector: Vector;
}

const SCALARS: readonly Scalar[] = [
  { register: 'B', size: '00', q: '0', bytes: 1, vector: FP },
  { register: 'H', size: '01', q: '0', bytes: 2, vector: FP },
  { register: 'S', size: '10', q: '0', bytes: 4, vector: FP },
  { register: 'D', size: '11', q: '0', bytes: 8, vector: FP },
  { register: 'Q', size: '00', q: '1', bytes: 16, vector: SIMD },
];

/** Register offset: option<1> = 0 is unallocated. */
const badOption = (w: number): boolean => bits(w, 14, 14) === 0;

function singles(): A64Row[] {
  const rows: A64Row[] = [];
  for (const { register, size, q, bytes, vector } of SCALARS) {
    for (const [name, l] of [
      ['STR', '0'],
      ['LDR', '1'],
    ] as const) {
      const options = { spe: l === '1' ? 'load' : 'store', access: { bytes }, vector } as const;
      const head = `${size} 111 1`;
      const unscaled = l === '1' ? 'LDUR' : 'STUR';
      rows.push(
        row(`${name}_${register}_unsigned`, `${head} 01 ${q}${l} imm:12 rn:5 rt:5`, `${register}t [imm12]`, options),
        row(`${name}_${register}_post`, `${head} 00 ${q}${l} 0 imm:9 01 rn:5 rt:5`, `${register}t [],imm9`, options),
        row(`${name}_${register}_pre`, `${head} 00 ${q}${l} 0 imm:9 11 rn:5 rt:5`, `${register}t [imm9]!`, options),
        row(`${name}_${register}_register`, `${head} 00 ${q}${l} 1 rm:5 option:3 s:1 10 rn:5 rt:5`, `${register}t [Rm]`, {
          ...options,
          unallocated: badOption,
        }),
        row(`${unscaled}_${register}`, `${head} 00 ${q}${l} 0 imm:9 00 rn:5 rt:5`, `${register}t [imm9]`, options),
      );
    }
  }
  return rows;
}

const WIDE: readonly [register: string, opc: string, bytes: 4 | 8 | 16, vector: Vector][] = [
  ['S', '00', 4, FP],
  ['D', '01', 8, FP],
  ['Q', '10', 16, SIMD],
];

function pairs(): A64Row[] {
  const rows: A64Row[] = [];
  for (const [register, opc, bytes, vector] of WIDE) {
    for (const [kind, l] of [
      ['ST', '0'],
      ['LD', '1'],
    ] as const) {
      const options = { spe: l === '1' ? 'load' : 'store', access: { bytes, pair: true }, vector } as const;
      const tail = `${l} imm:7 rt2:5 rn:5 rt:5`;
      const registers = `${register}t ${register}t2`;
      rows.push(
        row(`${kind}NP_${register}`, `${opc} 101 1 000 ${tail}`, `${registers} [imm7]`, options),
        row(`${kind}P_${register}_post`, `${opc} 101 1 001 ${tail}`, `${registers} [],imm7`, options),
        row(`${kind}P_${register}_offset`, `${opc} 101 1 010 ${tail}`, `${registers} [imm7]`, options),
        row(`${kind}P_${register}_pre`, `${opc} 101 1 011 ${tail}`, `${registers} [imm7]!`, options),
      );
    }
  }
  return rows;
}

const literals = (): A64Row[] =>
  WIDE.map(([register, opc, bytes, vector]) =>
    row(`LDR_${register}_literal`, `${opc} 011 1 00 imm:19 rt:5`, `${register}t label19`, { spe: 'load', access: { bytes }, vector }),
  );

/** One structure load or store: `group` is bits 28:24, `r` bit 21, `tail` the bits between the registers, `list` the register list. */
interface Structure {
  readonly id: string;
  readonly mnemonic: string;
  readonly group: '00110 0' | '00110 1';
  readonly r: string;
  readonly tail: string;
  readonly list: string;
  readonly access: Access;
  readonly unallocated?: (w: number) => boolean;
}

/** The three address forms of a structure, to load and to store: no offset, post-index by the bytes transferred or by a register. */
function structureRows(s: Structure, l: '0' | '1'): A64Row[] {
  const options = {
    spe: l === '1' ? 'load' : 'store',
    access: s.access,
    vector: SIMD,
    mnemonic: s.mnemonic,
    ...(s.unallocated ? { unallocated: s.unallocated } : {}),
  } as const;
  const head = (post: string): string => `0 q:1 ${s.group}${post} ${l} ${s.r}`;
  return [
    row(s.id, `${head('0')} 00000 ${s.tail} rn:5 rt:5`, `${s.list} []`, options),
    row(`${s.id}_post`, `${head('1')} 11111 ${s.tail} rn:5 rt:5`, `${s.list} [],total`, options),
    row(`${s.id}_post_register`, `${head('1')} rm:5 ${s.tail} rn:5 rt:5`, `${s.list} [],Xm`, options),
  ];
}

/** Multiple structures: structure elements, registers, opcode. One-element structures come in 1 to 4 registers. */
const MULTIPLE: readonly [elements: 1 | 2 | 3 | 4, registers: 1 | 2 | 3 | 4, opcode: string][] = [
  [1, 1, '0111'],
  [1, 2, '1010'],
  [1, 3, '0110'],
  [1, 4, '0010'],
  [2, 2, '1000'],
  [3, 3, '0100'],
  [4, 4, '0000'],
];

/** Interleaved 1D registers are reserved. */
const interleaved1d = (w: number): boolean => bits(w, 30, 30) === 0 && bits(w, 11, 10) === 3;

/** One element of each register: opcode<2:1> and the index bits behind q, by element bytes. */
const LANES: readonly [letter: string, bytes: 1 | 2 | 4 | 8, opcode: string, index: string][] = [
  ['b', 1, '00', 'low:3'],
  ['h', 2, '01', 'low:2 0'],
  ['s', 4, '10', 'low:1 00'],
  ['d', 8, '10', '001'],
];

function structures(): A64Row[] {
  const rows: A64Row[] = [];
  for (const [kind, l] of [
    ['ST', '0'],
    ['LD', '1'],
  ] as const) {
    for (const [elements, registers, opcode] of MULTIPLE) {
      const access: Access = { bytes: 16, structure: { registers, elements } };
      const id = elements === 1 ? `${kind}1_${registers}` : `${kind}${elements}`;
      const form = { id, mnemonic: `${kind}${elements}`.toLowerCase(), group: '00110 0', r: '0', access } as const;
      const tail = `${opcode} size:2`;
      rows.push(
        ...structureRows({ ...form, tail, list: `{Vt.T*${registers}}`, ...(elements > 1 ? { unallocated: interleaved1d } : {}) }, l),
      );
    }
    for (const elements of [1, 2, 3, 4] as const) {
      const r = elements % 2 === 0 ? '1' : '0';
      const high = elements > 2 ? '1' : '0';
      const mnemonic = `${kind}${elements}`;
      const structure = { registers: elements, elements };
      for (const [letter, bytes, opcode, index] of LANES) {
        const access: Access = { bytes, structure: { ...structure, lane: true } };
        const form = { id: `${mnemonic}_lane_${letter}`, mnemonic: mnemonic.toLowerCase(), group: '00110 1', r, access } as const;
        rows.push(
          ...structureRows(
            { ...form, tail: `${opcode}${high} ${index}`, list: `{Vt.${letter}*${elements}}[${letter === 'd' ? 'q' : 'q:low'}]` },
            l,
          ),
        );
      }
      if (l === '0') continue;
      const access: Access = { bytes: 16, structure: { ...structure, replicate: true } };
      const form = { id: `${mnemonic}R`, mnemonic: `${mnemonic}r`.toLowerCase(), group: '00110 1', r, access } as const;
      rows.push(...structureRows({ ...form, tail: `11${high} 0 size:2`, list: `{Vt.T*${elements}}` }, l));
    }
  }
  return rows;
}

export const simdLoadStoreRows = (): readonly A64Row[] => [...singles(), ...pairs(), ...literals(), ...structures()];
