// The payload byte of the Operation type packet: Arm ARM DDI 0487 M.a.a, D18.2.7, and the words perf has for it. A row is a pattern of the
// byte, for one class and the perf versions it holds in; the first row that matches gives the words.
import { type BitPattern, bitPattern, fieldOf } from '../../base/bits.ts';
import { PERF_VERSIONS, type PerfVersion } from './perf.ts';

/** Operation classes, the index of the packet. */
export const OTHER = 0;
export const LOAD_STORE = 1;
export const BRANCH = 2;

/** A literal word, or what a field of the pattern says. */
type Word = string | { readonly field: string; readonly word: (value: number) => string };

export interface OperationRow {
  readonly class: number;
  readonly pattern: BitPattern;
  readonly perf: readonly PerfVersion[];
  readonly words: readonly Word[];
}

const flag = (field: string, on: string, off = ''): Word => ({ field, word: (value) => (value === 1 ? on : off) });
/** Effective vector length in bits: 32 for 0, each step doubles. */
const evlen: Word = { field: 'evl', word: (value) => `EVLEN ${32 << value}` };
const callOrReturn: Word = { field: 'cr', word: (value) => ['', 'CR-BL', 'CR-RET', 'CR-NON-BL-RET'][value] };

const ALL = PERF_VERSIONS;
const BEFORE_7_3 = PERF_VERSIONS.slice(0, 2);
const SINCE_6_12 = PERF_VERSIONS.slice(1);
const ONLY_6_1 = PERF_VERSIONS.slice(0, 1);
const ONLY_7_3 = PERF_VERSIONS.slice(2);

const row = (operationClass: number, perf: readonly PerfVersion[], pattern: string, ...words: Word[]): OperationRow => ({
  class: operationClass,
  pattern: bitPattern(pattern, 8),
  perf,
  words,
});

export const OPERATIONS: readonly OperationRow[] = [
  row(OTHER, ALL, '0 evl:3 1 p:1 f:1 0', 'SVE-OTHER', evlen, flag('f', 'FP'), flag('p', 'PRED')),
  row(OTHER, ONLY_7_3, '00000 a:1 f:1 c:1', 'OTHER', flag('a', 'ASE'), flag('f', 'FP'), flag('c', 'COND-SELECT', 'INSN-OTHER')),
  row(OTHER, BEFORE_7_3, 'xxxxxxx c:1', 'OTHER', flag('c', 'COND-SELECT', 'INSN-OTHER')),
  ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((high) =>
    [0, 1].map((low) =>
      row(
        OTHER,
        ONLY_7_3,
        `1 ${high.toString(2).padStart(3, '0')} 1 ${low} f:1 0`,
        'SME-OTHER',
        `ETS ${128 << (high * 2 + low)}`,
        flag('f', 'FP'),
      ),
    ),
  ),

  row(LOAD_STORE, ALL, '0000000 s:1', flag('s', 'ST', 'LD'), 'GP-REG'),
  row(LOAD_STORE, ALL, '0000010 s:1', flag('s', 'ST', 'LD'), 'SIMD-FP'),
  row(LOAD_STORE, ALL, '0001000 s:1', flag('s', 'ST', 'LD'), 'UNSPEC-REG'),
  row(LOAD_STORE, ALL, '0011000 s:1', flag('s', 'ST', 'LD'), 'NV-SYSREG'),
  row(LOAD_STORE, SINCE_6_12, '0001010 s:1', flag('s', 'ST', 'LD'), 'MTE-TAG'),
  row(LOAD_STORE, SINCE_6_12, '0010000 s:1', flag('s', 'ST', 'LD'), 'MEMCPY'),
  row(LOAD_STORE, SINCE_6_12, '00100101', 'ST', 'MEMSET'),
  row(LOAD_STORE, ONLY_7_3, '01000 m:1 0 s:1', flag('s', 'ST', 'LD'), 'GCS', flag('m', 'COMM')),
  row(LOAD_STORE, ALL, '000 ar:1 x:1 at:1 1 s:1', flag('s', 'ST', 'LD'), flag('at', 'AT'), flag('x', 'EXCL'), flag('ar', 'AR')),
  row(LOAD_STORE, BEFORE_7_3, 'g:1 evl:3 1 p:1 0 s:1', flag('s', 'ST', 'LD'), evlen, flag('p', 'PRED'), flag('g', 'SG')),
  row(LOAD_STORE, ONLY_7_3, 'g:1 evl:3 1 p:1 0 s:1', flag('s', 'ST', 'LD'), 'SVE-SME-REG', evlen, flag('p', 'PRED'), flag('g', 'SG')),
  row(LOAD_STORE, ALL, 'xxxxxxx s:1', flag('s', 'ST', 'LD')),

  row(BRANCH, ONLY_6_1, '0000001 c:1', 'B', flag('c', 'COND'), 'IND'),
  row(BRANCH, ONLY_6_1, 'xxxxxxx c:1', 'B', flag('c', 'COND')),
  row(BRANCH, SINCE_6_12, 'xxx cr:2 g:1 i:1 c:1', 'B', flag('c', 'COND'), flag('i', 'IND'), flag('g', 'GCS'), callOrReturn),
];

/** The words of an Operation type packet; '' where perf 7.3 has none (reserved values of class 0). */
export function operationWords(operationClass: number, subclass: number, perf: PerfVersion): string {
  if (operationClass > BRANCH) return `OP-TYPE 0x${subclass.toString(16)} (${operationClass})`;
  for (const r of OPERATIONS) {
    if (r.class !== operationClass || !r.perf.includes(perf) || (subclass & r.pattern.mask) !== r.pattern.value) continue;
    return r.words
      .map((w) => wordOf(w, r.pattern, subclass))
      .filter((w) => w !== '')
      .join(' ');
  }
  return '';
}

function wordOf(word: Word, pattern: BitPattern, subclass: number): string {
  if (typeof word === 'string') return word;
  const f = pattern.fields.find((x) => x.name === word.field);
  if (f === undefined) throw new Error(`pattern '${pattern.text}' has no field ${word.field}`);
  return word.word(fieldOf(subclass, f));
}
