// Numbers of the interpreter's operations and the layout of a decoded record, eight 32-bit words (word 5 is its heat, code.ts; the last two
// are not used):
//   0 operation | D << 8 | N << 14 | M << 20 · 1 X · 2 Y · 3 Z · 4 W.   D is the destination or transferred register.
// Where X and Y are an operand's halves, M is the register that reads as zero, and the other way round: the operand is (M ^ X, M ^ Y).
// `mask` is -1 for 64-bit and 0 for 32-bit operations: it clears the high half.
// run.ts switches on the numbers themselves (V8 makes a jump table of literals only); test/machine/cpu checks that both agree.

export const OP_UNDECODED = 0;
export const OP_PAGE_END = 1;
export const OP_SYSTEM = 2; // leaves the loop: system instructions, exceptions, unallocated words

// Data processing.
export const OP_NOP = 3;
export const OP_CONSTANT = 4; // D = X,Y
export const OP_KEEP = 5; // D = D & Z,W | X,Y (MOVK)
export const OP_ADR = 6; // D = (PC & Z) + X,Y
export const OP_ADD = 7; // D = N + operand; mask Z
export const OP_SUB = 8;
export const OP_ADDS_64 = 9;
export const OP_ADDS_32 = 10;
export const OP_SUBS_64 = 11;
export const OP_SUBS_32 = 12;
export const OP_AND = 13; // D = N and operand; mask Z
export const OP_ORR = 14;
export const OP_EOR = 15;
export const OP_ANDS = 16;
export const OP_MOVE = 17; // D = M; mask Z
export const OP_BITFIELD_32 = 18; // D = ROR(N, X) & Y
export const OP_BITFIELD_LOW = 19; // D = ROR(N, X) & Y,Z; X < 32
export const OP_BITFIELD_HIGH = 20; // the same, rotated by X + 32
export const OP_SIGN_EXTEND = 21; // D = (N << X) >> Y of the low half, its sign into the high half; mask Z
export const OP_ASR_64 = 22; // D = N >> X, 0 < X < 32
export const OP_EXTRACT = 23; // D = (N:M) >> X, 64-bit
export const OP_SELECT = 24; // D = condition X ? N : M; Y: 0 CSEL 1 CSINC 2 CSINV 3 CSNEG; mask Z
export const OP_MADD_32 = 25; // D = X + N * M, or - when Y; X is a register
export const OP_MADD_64 = 26; // D = X + N * M
export const OP_SHIFT_LEFT_64 = 27; // D = N << M, N >> M
export const OP_SHIFT_RIGHT_64 = 28;
export const OP_RARE = 30; // rare.ts; Z says what; flags untouched
export const OP_RARE_FLAGS = 31;
/** First number that is not data processing. X = distance to the target's record (0: it lies in another page); Y = offset in bytes. */
export const OP_B = 40; // M is the predictor's kind: B, BL
export const OP_B_REGISTER = 41; // to N; M is the predictor's kind: BR, BLR, RET
export const OP_B_EQ = 42; // + condition: 42-55, 56 always
export const OP_B_ZERO = 57; // (D & Z,W) = 0: CBZ, TBZ
export const OP_B_NOT_ZERO = 58;
/** First number of loads and stores. D, M: registers; Z: an access; W: the bits of the address that the fast path compares. */
export const OP_MEMORY = 70; // [N + X]
export const OP_MEMORY_WRITEBACK = 71; // [N + X], then N += Y
export const OP_MEMORY_REGISTER = 72; // [N + extend(M, X) << Y]
export const OP_MEMORY_LITERAL = 73; // [PC + X]
export const OP_MEMORY_SPECIAL = 74; // exclusives, atomics, unprivileged, SIMD&FP: special.ts, by the instruction word W

/**
 * Added to a data processing operation whose operand is shifted or extended first. W = register | type << 8 | amount << 12; types 0 LSL, 1 LSR,
 * 2 ASR, 3 ROR of 64 bits, 4-7 the same of 32 bits, 8-15 UXTB … SXTX with a left shift. M is then `OPERAND`, where the result stands.
 */
export const SHIFTED = 128;

/** Kinds of access: low five bits of Z in OP_MEMORY_*. Stores are below 8. */
export const ACCESS_STRB = 0;
export const ACCESS_STRH = 1;
export const ACCESS_STR_32 = 2;
export const ACCESS_STR_64 = 3;
export const ACCESS_STP_32 = 4;
export const ACCESS_STP_64 = 5;
export const ACCESS_LDRB = 8;
export const ACCESS_LDRH = 9;
export const ACCESS_LDR_32 = 10;
export const ACCESS_LDR_64 = 11;
export const ACCESS_LDRSB_64 = 12;
export const ACCESS_LDRSH_64 = 13;
export const ACCESS_LDRSW = 14;
export const ACCESS_LDRSB_32 = 15;
export const ACCESS_LDRSH_32 = 16;
export const ACCESS_LDP_32 = 17;
export const ACCESS_LDP_64 = 18;
export const ACCESS_LDPSW = 19;
/** Added to an access: it must be aligned (acquire, release). Bytes in all stand above: access >> ACCESS_BYTES. */
export const ACCESS_ALIGNED = 32;
export const ACCESS_BYTES = 8;

/** Why the loop ended. */
export const EXIT_COUNT = 0; // as many operations as asked
export const EXIT_SYSTEM = 1; // the operation at PC is for the slow path; it was not executed
export const EXIT_FAULT = 2; // the operation at PC faulted (core.fault…); it changed nothing
export const EXIT_FETCH = 3; // no operation could be fetched at PC (core.fault…)
export const EXIT_HOT = 5; // a region begins at PC: core.hotAt, core.hotFrame
export const EXIT_PAGE = 4; // PC came to another page and the caller wants to look
