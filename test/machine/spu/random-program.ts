// Random programs whose every instruction says of itself what the Statistical Profiling Extension must say of it: operation type, filter flags,
// the address it accesses as a function of the registers, when its condition fails. They run at EL1 or EL0 with handlers for SVC and aborts.
import fc from 'fast-check';
import { assemble } from '../../../src/arch/a64/assemble.ts';

export const CODE = 0x4000_2000;
export const VECTORS = 0x4000_1000;
export const DATA = 0x4020_0000; // 2 MiB: EL0 may read and write
export const BUFFER = 0x4040_0000; // 2 MiB: EL1 only
/** Where nothing is mapped. */
export const NOWHERE = 0x9000_0000n;

/** NZCV as four numbers 0 or 1. */
export interface Flags {
  readonly n: number;
  readonly z: number;
  readonly c: number;
  readonly v: number;
}

/** Registers before the instruction: x[31] is SP, as a base. */
export type Registers = readonly bigint[];

export interface Instruction {
  readonly text: string;
  /** Class of the operation type packet, its payload with every feature, and the filter flags (1 B, 2 LD, 4 ST, 8 FP, 16 SIMD). */
  readonly class: 0 | 1 | 2;
  readonly subclass: number;
  readonly types: number;
  /** What it accesses; `size` bytes. `writes`: it takes the line. */
  readonly access?: (x: Registers) => { readonly va: bigint; readonly size: number } | null;
  readonly writes?: boolean;
  /** A conditional select or compare: its condition. */
  readonly condition?: string;
  /** How the branch predictor sees it. */
  readonly branch?: 'conditional' | 'direct' | 'call' | 'return' | 'indirect' | 'indirect-call' | 'exception-return';
}

const other = (text: string): Instruction => ({ text, class: 0, subclass: 0, types: 0 });
const select = (text: string, condition: string): Instruction => ({ text, class: 0, subclass: 1, types: 0, condition });
const branch = (text: string, kind: Instruction['branch'], subclass: number): Instruction => ({
  text,
  class: 2,
  subclass,
  types: 1,
  branch: kind,
});

type At = (x: Registers) => bigint;
const load = (text: string, size: number, at: At, subclass = 0): Instruction => ({
  text,
  class: 1,
  subclass,
  types: 2,
  access: (x) => ({ va: BigInt.asUintN(64, at(x)), size }),
});
const store = (text: string, size: number, at: At, subclass = 1): Instruction => ({
  ...load(text, size, at, subclass),
  types: 4,
  writes: true,
});
const atomic = (text: string, size: number, at: At, subclass: number): Instruction => ({
  ...load(text, size, at, subclass),
  types: 6,
  writes: true,
});

/** Operation types: AT 4, EXCL 8, AR 16, the extended form's bit 1, and LDST. */
const AT = 4;
const EXCL = 8;
const AR = 16;
const EXTENDED = 2;

const R = fc.integer({ min: 0, max: 7 }); // registers of values
const BASE = fc.constantFrom(10, 11, 9); // two pointers to data, one to nowhere
const GOOD = fc.constantFrom(10, 11);
const CONDITIONS = ['eq', 'ne', 'cs', 'cc', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le'];
const CONDITION = fc.constantFrom(...CONDITIONS);

/** Does a condition hold (Arm ARM C1.2.4)? */
export function conditionOf(condition: string, { n, z, c, v }: Flags): boolean {
  const base = [z === 1, c === 1, n === 1, v === 1, c === 1 && z === 0, n === v, n === v && z === 0][CONDITIONS.indexOf(condition) >> 1];
  return CONDITIONS.indexOf(condition) % 2 === 0 ? base : !base;
}

const arithmetic: fc.Arbitrary<Instruction> = fc.oneof(
  fc
    .tuple(fc.constantFrom('add', 'sub', 'adds', 'subs', 'eor', 'ands', 'orr'), R, R, R)
    .map(([op, d, n, m]) => other(`${op} x${d}, x${n}, x${m}`)),
  fc.tuple(R, R, R, R).map(([d, n, m, a]) => other(`madd x${d}, x${n}, x${m}, x${a}`)),
  fc.tuple(R, R, R).map(([d, n, m]) => other(`udiv x${d}, x${n}, x${m}`)),
  fc.tuple(R, fc.integer({ min: 0, max: 65535 })).map(([d, i]) => other(`movz x${d}, #${i}`)),
  fc.constant(other('nop')),
  fc.constant(other('dmb ish')),
);

const selects: fc.Arbitrary<Instruction> = fc.oneof(
  fc
    .tuple(fc.constantFrom('csel', 'csinc', 'csneg'), R, R, R, CONDITION)
    .map(([op, d, n, m, c]) => select(`${op} x${d}, x${n}, x${m}, ${c}`, c)),
  fc.tuple(R, R, CONDITION).map(([n, m, c]) => select(`ccmp x${n}, x${m}, #5, ${c}`, c)),
);

const memory: fc.Arbitrary<Instruction> = fc.oneof(
  fc
    .tuple(R, BASE, fc.integer({ min: 0, max: 500 }))
    .map(([t, n, i]) => load(`ldr x${t}, [x${n}, #${i * 8}]`, 8, (x) => x[n] + BigInt(i * 8))),
  fc.tuple(R, GOOD, fc.integer({ min: -256, max: 255 })).map(([t, n, i]) => load(`ldur w${t}, [x${n}, #${i}]`, 4, (x) => x[n] + BigInt(i))),
  fc.tuple(R, GOOD, fc.integer({ min: 0, max: 4095 })).map(([t, n, i]) => load(`ldrb w${t}, [x${n}, #${i}]`, 1, (x) => x[n] + BigInt(i))),
  fc.tuple(R, GOOD).map(([t, n]) => load(`ldrsw x${t}, [x${n}, x12, lsl #2]`, 4, (x) => x[n] + x[12] * 4n)),
  fc.tuple(R, GOOD).map(([t, n]) => load(`ldr x${t}, [x${n}, x12]`, 8, (x) => x[n] + x[12])),
  fc
    .tuple(R, BASE, fc.integer({ min: 0, max: 500 }))
    .map(([t, n, i]) => store(`str x${t}, [x${n}, #${i * 8}]`, 8, (x) => x[n] + BigInt(i * 8))),
  fc.tuple(R, GOOD).map(([t, n]) => store(`strh w${t}, [x${n}, x12]`, 2, (x) => x[n] + x[12])),
  fc
    .tuple(GOOD, fc.integer({ min: -32, max: 31 }))
    .map(([n, i]) => load(`ldp x6, x7, [x${n}, #${i * 8}]`, 16, (x) => x[n] + BigInt(i * 8))),
  fc.tuple(GOOD, fc.integer({ min: -32, max: 31 })).map(([n, i]) => load(`ldp w6, w7, [x${n}, #${i * 4}]`, 8, (x) => x[n] + BigInt(i * 4))),
  fc
    .tuple(GOOD, fc.integer({ min: -32, max: 31 }))
    .map(([n, i]) => store(`stp x1, x2, [x${n}, #${i * 8}]`, 16, (x) => x[n] + BigInt(i * 8))),
  fc.constant(store('str x1, [x13], #8', 8, (x) => x[13])),
  fc.constant(load('ldr x2, [x13, #-8]!', 8, (x) => x[13] - 8n)),
);

const ordered: fc.Arbitrary<Instruction> = fc.oneof(
  R.map((t) => load(`ldar x${t}, [x10]`, 8, (x) => x[10], AR | EXTENDED)),
  R.map((t) => store(`stlr x${t}, [x10]`, 8, (x) => x[10], AR | EXTENDED | 1)),
  R.map((t) => load(`ldxr x${t}, [x11]`, 8, (x) => x[11], EXCL | EXTENDED)),
  R.map((t) => load(`ldaxr w${t}, [x11]`, 4, (x) => x[11], EXCL | AR | EXTENDED)),
  fc
    .tuple(fc.constantFrom('ldadd', 'ldset', 'ldeor', 'ldclr', 'ldumax', 'swp'), R, R)
    .map(([op, s, t]) => atomic(`${op} x${s}, x${t}, [x10]`, 8, (x) => x[10], AT | EXTENDED)),
  fc.tuple(R, R).map(([s, t]) => atomic(`ldaddal w${s}, w${t}, [x11]`, 4, (x) => x[11], AT | AR | EXTENDED)),
  fc.tuple(R, R).map(([s, t]) => atomic(`cas x${s}, x${t}, [x10]`, 8, (x) => x[10], AT | EXTENDED)),
  R.map((s) => ({ ...store(`ldadd x${s}, xzr, [x10]`, 8, (x) => x[10], AT | EXTENDED | 1) })),
);

/** Bits of class 0: floating point and Advanced SIMD; of class 1: SIMD&FP registers. Filter flags. */
const F = 2;
const A = 4;
const SIMD_FP = 4;
const FP = 8;
const SIMD = 16;
const V = fc.integer({ min: 0, max: 3 });
const vectors: fc.Arbitrary<Instruction> = fc.oneof(
  fc.tuple(V, V).map(([d, n]) => ({ ...other(`fadd d${d}, d${n}, d1`), subclass: F, types: FP })),
  fc.tuple(V, R).map(([d, n]) => ({ ...other(`scvtf d${d}, x${n}`), subclass: F, types: FP })),
  fc.tuple(V, V, CONDITION).map(([d, n, c]) => ({ ...select(`fcsel d${d}, d${n}, d2, ${c}`, c), subclass: F | 1, types: FP })),
  fc.tuple(V, V).map(([d, n]) => ({ ...other(`add v${d}.4s, v${n}.4s, v3.4s`), subclass: A, types: SIMD })),
  fc.tuple(V, V).map(([d, n]) => ({ ...other(`fmul v${d}.2d, v${n}.2d, v3.2d`), subclass: A | F, types: FP | SIMD })),
  V.map((t) => ({ ...load(`ldr d${t}, [x10, x12]`, 8, (x) => x[10] + x[12], SIMD_FP), types: 2 | FP })),
  V.map((t) => ({ ...load(`ldr q${t}, [x11, #16]`, 16, (x) => x[11] + 16n, SIMD_FP), types: 2 | SIMD })),
  V.map((t) => ({ ...store(`str s${t}, [x10, #4]`, 4, (x) => x[10] + 4n, SIMD_FP | 1), types: 4 | FP })),
  V.map((t) => ({ ...store(`st1 {v${t}.16b}, [x11]`, 16, (x) => x[11], SIMD_FP | 1), types: 4 | SIMD })),
);

/** At EL1; UNDEFINED at EL0. */
const context = R.map((t) => other(`msr contextidr_el1, x${t}`));

/** What stands between a label of its own and the next piece. */
type Piece = readonly (Instruction | string)[];
const one = (arbitrary: fc.Arbitrary<Instruction>): fc.Arbitrary<Piece> => arbitrary.map((i) => [i]);

/** Labels get their piece's number in place of `@`. */
const branches: fc.Arbitrary<Piece> = fc.oneof(
  CONDITION.map((c): Piece => [branch(`b.${c} skip@`, 'conditional', 1), other('add x0, x0, #1'), 'skip@:']),
  fc
    .tuple(fc.constantFrom('cbz', 'cbnz'), R)
    .map(([op, t]): Piece => [branch(`${op} x${t}, skip@`, 'conditional', 1), other('nop'), 'skip@:']),
  fc
    .tuple(fc.constantFrom('tbz', 'tbnz'), R, fc.integer({ min: 0, max: 63 }))
    .map(([op, t, bit]): Piece => [branch(`${op} x${t}, #${bit}, skip@`, 'conditional', 1), other('nop'), 'skip@:']),
  fc.constant<Piece>([branch('bl leaf', 'call', 0)]),
  fc.constant<Piece>([branch('blr x14', 'indirect-call', 2)]),
  fc.constant<Piece>([branch('b skip@', 'direct', 0), other('nop'), 'skip@:']),
  fc.constant<Piece>([other('adr x15, skip@'), branch('br x15', 'indirect', 2), other('nop'), 'skip@:']),
  fc.constant<Piece>([other('svc #1')]),
);

const pieces = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: one(arithmetic) },
    { weight: 2, arbitrary: one(selects) },
    { weight: 8, arbitrary: one(memory) },
    { weight: 2, arbitrary: one(ordered) },
    { weight: 5, arbitrary: one(vectors) },
    { weight: 1, arbitrary: one(context) },
    { weight: 2, arbitrary: branches },
  ),
  {
    minLength: 4,
    maxLength: 40,
  },
);

/** A walk of the index register x12 through the data, so that lines and pages come and go. */
const walk = fc
  .tuple(fc.constantFrom(1, 3, 8, 24, 64, 200, 4096, 4100), fc.integer({ min: 10, max: 17 }))
  .map(
    ([stride, bits]): Piece => [
      other(`add x12, x12, #${stride > 4095 ? 4095 : stride}`),
      other(`and x12, x12, #${(1 << bits) - 1}`),
      other('mov x13, x10'),
    ],
  );

/** A branch that nobody can predict: by a bit of an xorshift generator in x8; and a call through a register. */
const CHANCE: readonly (Instruction | string)[] = [
  other('eor x8, x8, x8, lsl #13'),
  other('eor x8, x8, x8, lsr #7'),
  other('eor x8, x8, x8, lsl #17'),
  branch('tbz x8, #9, again', 'conditional', 1),
  branch('blr x14', 'indirect-call', 2),
  'again:',
];

export interface RandomProgram {
  readonly text: string;
  readonly words: Uint32Array;
  readonly vectorWords: Uint32Array;
  /** By address. */
  readonly at: ReadonlyMap<number, Instruction>;
  readonly values: readonly bigint[];
  /** Exception level it runs at. */
  readonly el: 0 | 1;
}

/** The handler of both synchronous vectors: aborts are stepped over, SVC returns behind itself. */
const HANDLER: readonly (Instruction | string)[] = [
  other('mrs x17, elr_el1'),
  other('mrs x16, esr_el1'),
  other('lsr x16, x16, #26'),
  other('subs x16, x16, #21'),
  branch('b.eq back', 'conditional', 1),
  other('add x17, x17, #4'),
  other('msr elr_el1, x17'),
  'back:',
  branch('eret', 'exception-return', 2),
];

function build(list: readonly (Instruction | string)[], base: number, at: Map<number, Instruction>): Uint32Array {
  let address = base;
  for (const item of list) {
    if (typeof item === 'string') continue;
    at.set(address, item);
    address += 4;
  }
  const text = list.map((item) => (typeof item === 'string' ? item : item.text)).join('\n');
  const done = assemble(text, BigInt(base));
  if (done.isErr()) throw new Error(`${done.error.message}\n${text}`);
  return Uint32Array.from(done.value.words);
}

const value = fc.oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.constantFrom(0n, 1n, 0x8000_0000_0000_0000n));

export const randomProgram: fc.Arbitrary<RandomProgram> = fc
  .tuple(walk, pieces, fc.array(value, { minLength: 8, maxLength: 8 }), fc.constantFrom<0 | 1>(0, 1, 1))
  .map(([first, rest, values, el]) => {
    const numbered = rest.flatMap((piece, n) =>
      piece.map((item) => (typeof item === 'string' ? item.replace('@', String(n)) : { ...item, text: item.text.replace('@', String(n)) })),
    );
    const list = [
      'loop:',
      ...first,
      ...numbered,
      ...CHANCE,
      branch('b loop', 'direct', 0),
      'leaf:',
      other('add x1, x1, x2'),
      branch('ret', 'return', 2),
    ];
    const at = new Map<number, Instruction>();
    const leaf = CODE + 4 * (list.filter((i) => typeof i !== 'string').length - 2);
    const words = build(list, CODE, at);
    const vectorWords = new Uint32Array(0x800 / 4);
    const text = list.map((item) => (typeof item === 'string' ? item : item.text)).join('\n');
    for (const offset of [0x200, 0x400]) vectorWords.set(build(HANDLER, VECTORS + offset, at), offset / 4);
    return {
      text,
      words,
      vectorWords,
      at,
      values: [...values, 0x243f6a8885a308d3n, NOWHERE, BigInt(DATA), BigInt(DATA + 0x10000), 0n, BigInt(DATA), BigInt(leaf)],
      el,
    };
  });
