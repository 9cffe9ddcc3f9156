// Numbers of the interpreter's operations and the layout of a decoded record (eight 32-bit words):
//   0 operation · 1 D (destination, transfer register, condition) · 2 N · 3 M · 4, 5, 6 immediates · 7 instruction word
// Each operation says what it keeps in 1-6. `mask` is -1 for 64-bit and 0 for 32-bit operations: it clears the high half.
// run.ts switches on the numbers themselves (V8 makes a jump table of literals only); test/machine/cpu checks that both agree.

export const OP_UNDECODED = 0;
export const OP_PAGE_END = 1;
export const OP_NOP = 2;
export const OP_SYSTEM = 3; // leaves the loop: system instructions, exceptions, unallocated words
export const OP_CONSTANT = 4; // D = 4,5
export const OP_KEEP = 5; // D = D & 2,3 | 4,5 (MOVK)
export const OP_ADR = 6; // D = PC + 4,5
export const OP_ADRP = 7; // D = page of PC + 4,5
export const OP_ADD_IMMEDIATE = 8; // D = N + 4,5; mask 6
export const OP_SUBS_IMMEDIATE_64 = 9; // D = N - 4
export const OP_SUBS_IMMEDIATE_32 = 10;
export const OP_ADDS_IMMEDIATE_64 = 11;
export const OP_ADDS_IMMEDIATE_32 = 12;
export const OP_AND_IMMEDIATE = 13; // D = N op 4,5; mask 6
export const OP_ORR_IMMEDIATE = 14;
export const OP_EOR_IMMEDIATE = 15;
export const OP_ANDS_IMMEDIATE = 16;
export const OP_MOVE = 17; // D = M; mask 6
export const OP_ADD_REGISTER = 18; // D = N + M; mask 6
export const OP_SUB_REGISTER = 19;
export const OP_SUBS_REGISTER_64 = 20;
export const OP_SUBS_REGISTER_32 = 21;
export const OP_ADDS_REGISTER_64 = 22;
export const OP_ADDS_REGISTER_32 = 23;
export const OP_AND_REGISTER = 24; // D = N op (M ^ 5); mask 6
export const OP_ORR_REGISTER = 25;
export const OP_EOR_REGISTER = 26;
export const OP_ANDS_REGISTER = 27;
export const OP_ADD_SHIFTED_64 = 28; // D = N + (M << 4), 0 < 4 < 32
export const OP_BITFIELD_32 = 30; // D = ROR(N, 4) & 5
export const OP_BITFIELD_LOW = 31; // D = ROR(N, 4) & 5,6; 4 < 32
export const OP_BITFIELD_HIGH = 32; // the same, rotated by 4 + 32
export const OP_SIGN_EXTEND = 33; // D = (N << 4) >> 5 of the low half, sign into the high half; mask 6
export const OP_ASR_64 = 34; // D = N >> 4, 0 < 4 < 32
export const OP_INSERT_32 = 35; // D = D & ~5 | ROR(N, 4) & 5
export const OP_SELECT = 36; // D = condition 4 ? N : M; 5: 0 CSEL 1 CSINC 2 CSINV 3 CSNEG; mask 6
export const OP_CONDITIONAL_COMPARE = 37; // condition 1, N, M | 4; 5 = nzcv | subtract << 4 | 64-bit << 5
export const OP_MADD_32 = 38; // D = 4 + N * M, or - when 5
export const OP_MADD_64 = 39;
export const OP_MADD_LONG = 40; // D = 4 + N * M of low halves; 5: 1 signed, 2 subtract
export const OP_UDIV_32 = 41;
export const OP_LSLV_64 = 42;
export const OP_LSRV_64 = 43;
export const OP_LSLV_32 = 44;
export const OP_LSRV_32 = 45;
export const OP_ASRV_32 = 46;
export const OP_EXTR_LOW = 47; // D = (N:M) >> 4, 64-bit, 4 < 32
export const OP_RARE = 48; // data processing in rare.ts, by the word; flags untouched
export const OP_RARE_FLAGS = 49;
export const OP_B = 50; // 4 = distance to the target's record (0: another page); 5,6 = offset in bytes
export const OP_BL = 51;
export const OP_BR = 52; // N
export const OP_BLR = 53;
export const OP_RET = 54;
export const OP_B_EQ = 55; // + condition: 55-68, 69 always; 4, 5, 6 as B
export const OP_CBZ_64 = 70; // D
export const OP_CBNZ_64 = 71;
export const OP_CBZ_32 = 72;
export const OP_CBNZ_32 = 73;
export const OP_TBZ_LOW = 74; // D, bit mask 3
export const OP_TBNZ_LOW = 75;
export const OP_TBZ_HIGH = 76;
export const OP_TBNZ_HIGH = 77;
export const OP_LDR_64 = 80; // D, [N + 4]
export const OP_LDR_32 = 81;
export const OP_LDRB = 82;
export const OP_LDRH = 83;
export const OP_STR_64 = 84;
export const OP_STR_32 = 85;
export const OP_STRB = 86;
export const OP_STRH = 87;
export const OP_LDP_64 = 88; // D, M, [N + 4]
export const OP_STP_64 = 89;
export const OP_MEMORY_OFFSET = 90; // D, M, [N + 4]; access 6
export const OP_MEMORY_WRITEBACK = 91; // D, M, [N + 4], then N += 5; access 6
export const OP_MEMORY_REGISTER = 92; // D, [N + extend(M, 4) << 5]; access 6
export const OP_MEMORY_LITERAL = 93; // D, [PC + 4]; access 6
export const OP_MEMORY_SPECIAL = 94; // exclusives, atomics, unprivileged: special.ts, by the word

/** Accesses in word 6 of OP_MEMORY_*. */
export const ACCESS_STRB = 0;
export const ACCESS_STRH = 1;
export const ACCESS_STR_32 = 2;
export const ACCESS_STR_64 = 3;
export const ACCESS_LDRB = 4;
export const ACCESS_LDRH = 5;
export const ACCESS_LDR_32 = 6;
export const ACCESS_LDR_64 = 7;
export const ACCESS_LDRSB_64 = 8;
export const ACCESS_LDRSH_64 = 9;
export const ACCESS_LDRSW = 10;
export const ACCESS_LDRSB_32 = 11;
export const ACCESS_LDRSH_32 = 12;
export const ACCESS_STP_32 = 13;
export const ACCESS_STP_64 = 14;
export const ACCESS_LDP_32 = 15;
export const ACCESS_LDP_64 = 16;
export const ACCESS_LDPSW = 17;
/** Added to an access: it must be aligned (acquire, release, exclusive, atomic). */
export const ACCESS_ALIGNED = 32;

/** Why the loop ended. */
export const EXIT_COUNT = 0; // as many operations as asked
export const EXIT_SYSTEM = 1; // the operation at PC is for the slow path; it was not executed
export const EXIT_FAULT = 2; // the operation at PC faulted (core.fault…); it changed nothing
export const EXIT_FETCH = 3; // no operation could be fetched at PC (core.fault…)
export const EXIT_PAGE = 4; // PC came to another page and the caller wants to look
