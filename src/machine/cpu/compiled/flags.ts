// Conditions over flags that are kept as what made them (emit.ts), and the function that computes them. Source of the meanings: Arm ARM
// DDI 0487, C1.2.4 (condition code), shared pseudocode AddWithCarry and ConditionHolds.

import * as w from '../../../base/wasm.ts';
import type { Emitter } from './emit.ts';
import * as e from './emit.ts';

/** Of SUBS by condition code: the comparison of its operands; 0 = not one (MI, PL, VS, VC). */
const AFTER_SUB = [
  w.I64_EQ,
  w.I64_NE,
  w.I64_GE_U,
  w.I64_LT_U,
  0,
  0,
  0,
  0,
  w.I64_GT_U,
  w.I64_LE_U,
  w.I64_GE_S,
  w.I64_LT_S,
  w.I64_GT_S,
  w.I64_LE_S,
];
/** The same of 32 bits stands 11 numbers before. */
const TO_32 = 11;
/** Of a logical operation: the comparison of its result with zero; C and V are 0. */
const AFTER_LOGICAL = [w.I64_EQ, w.I64_NE, 0, -1, w.I64_LT_S, w.I64_GE_S, 0, -1, 0, -1, w.I64_GE_S, w.I64_LT_S, w.I64_GT_S, w.I64_LE_S];

/** Pushes bit `bit` of NZCV, inverted when `invert`. */
function pushFlag(b: Emitter, bit: number, invert: boolean): void {
  e.pushNzcv(b);
  e.i32(b, 1 << bit);
  b.code.push(w.I32_AND);
  if (invert) b.code.push(w.I32_EQZ);
}

/** Pushes 1 when the condition holds, 0 or nothing else when it does not (any non-zero number counts as holding). */
function pushFromFlags(b: Emitter, condition: number): void {
  const invert = (condition & 1) === 1;
  const pair = condition >> 1;
  if (pair < 4) {
    pushFlag(b, [2, 1, 3, 0][pair], invert);
    return;
  }
  e.pushNzcv(b);
  e.local(b, w.LOCAL_SET, e.OFFSET); // free until the exit
  const bit = (n: number): void => {
    e.local(b, w.LOCAL_GET, e.OFFSET);
    if (n !== 0) {
      e.i32(b, n);
      b.code.push(w.I32_SHR_U);
    }
  };
  if (pair === 4) {
    // HI: C and not Z
    bit(0);
    e.i32(b, 6);
    b.code.push(w.I32_AND);
    e.i32(b, 2);
    b.code.push(w.I32_EQ);
  } else {
    // GE: N = V; GT: and not Z
    bit(3);
    bit(0);
    b.code.push(w.I32_XOR);
    if (pair === 6) {
      bit(2);
      b.code.push(w.I32_OR);
    }
    e.i32(b, 1);
    b.code.push(w.I32_AND, w.I32_EQZ);
  }
  if (invert) b.code.push(w.I32_EQZ);
}

/** Pushes a number that is not zero exactly when the condition holds. */
export function pushCondition(b: Emitter, condition: number): void {
  const subtraction = b.flags === e.FLAGS_SUB_64 || b.flags === e.FLAGS_SUB_32 ? AFTER_SUB[condition] : 0;
  if (condition >= 14) e.i32(b, 1);
  else if (subtraction !== 0) {
    const narrow = b.flags === e.FLAGS_SUB_32;
    for (const operand of [e.FLAG_A, e.FLAG_B]) {
      e.local(b, w.LOCAL_GET, operand);
      if (narrow) b.code.push(w.I32_WRAP_I64);
    }
    b.code.push(narrow ? subtraction - TO_32 : subtraction);
  } else if (b.flags === e.FLAGS_LOGICAL) {
    const compare = AFTER_LOGICAL[condition];
    if (compare <= 0) e.i32(b, -compare);
    else {
      e.local(b, w.LOCAL_GET, e.FLAG_A);
      e.i64(b, 0, 0);
      b.code.push(compare);
    }
  } else pushFromFlags(b, condition);
}

/** Body of the function NZCV (kind, a, b): the flags in bits 3:0. Locals 3: result, 4: c and v so far. */
export function nzcvBody(): w.Body {
  const code: w.Code = [];
  const get = (index: number): void => {
    code.push(w.LOCAL_GET, index);
  };
  const number = (value: number): void => {
    code.push(w.I32_CONST);
    w.signed(code, value);
  };
  const [KIND, A, B, RESULT, CARRY] = [0, 1, 2, 3, 4];
  /** When the kind is `kind`: returns RAW's flags, or sets RESULT and CARRY (C in bit 1, V in bit 0). */
  const when = (kind: number, then: () => void): void => {
    get(KIND);
    number(kind);
    code.push(w.I32_EQ, w.IF, w.VOID);
    then();
    code.push(w.END);
  };
  /** 32-bit operands stand in the upper halves: then the carries and signs are those of 64 bits. */
  const widen = (): void => {
    for (const operand of [A, B]) {
      get(operand);
      code.push(w.I64_CONST, 32, w.I64_SHL, w.LOCAL_SET, operand);
    }
  };
  /** V in bit 0 from the signs of two differences, joined to the C on the stack. */
  const overflow = (x: number, y: number): void => {
    get(A);
    get(x);
    code.push(w.I64_XOR);
    get(y);
    get(RESULT);
    code.push(w.I64_XOR, w.I64_AND, w.I64_CONST, 0, w.I64_LT_S, w.I32_OR, w.LOCAL_SET, CARRY);
  };
  const sub = (): void => {
    get(A);
    get(B);
    code.push(w.I64_SUB, w.LOCAL_SET, RESULT);
    get(A);
    get(B);
    code.push(w.I64_GE_U, w.I32_CONST, 1, w.I32_SHL);
    overflow(B, A);
  };
  const add = (): void => {
    get(A);
    get(B);
    code.push(w.I64_ADD, w.LOCAL_TEE, RESULT);
    get(A);
    code.push(w.I64_LT_U, w.I32_CONST, 1, w.I32_SHL);
    overflow(RESULT, B);
  };
  const RETURN = 0x0f;
  when(e.FLAGS_RAW, () => {
    get(A);
    code.push(w.I32_WRAP_I64, RETURN);
  });
  when(e.FLAGS_SUB_64, sub);
  when(e.FLAGS_SUB_32, () => {
    widen();
    sub();
  });
  when(e.FLAGS_ADD_64, add);
  when(e.FLAGS_ADD_32, () => {
    widen();
    add();
  });
  when(e.FLAGS_LOGICAL, () => {
    get(A);
    code.push(w.LOCAL_SET, RESULT);
  });
  get(RESULT);
  code.push(w.I64_CONST, 0, w.I64_LT_S);
  number(3);
  code.push(w.I32_SHL);
  get(RESULT);
  code.push(w.I64_EQZ);
  number(2);
  code.push(w.I32_SHL, w.I32_OR);
  get(CARRY);
  code.push(w.I32_OR);
  return { type: 4, locals: [w.I64, w.I32], code };
}
