// Exception syndromes as ESR_ELx holds them: Arm ARM DDI 0487, D24.2.40 (ESR_EL1).

/** Exception classes: ESR_ELx.EC. */
export const EC_UNKNOWN = 0x00;
export const EC_WFX = 0x01;
export const EC_FP_ACCESS = 0x07;
export const EC_PSB_CSYNC = 0x0a; // HFGITR_EL2 traps of instructions without a class of their own
export const EC_ILLEGAL_STATE = 0x0e;
export const EC_SVC = 0x15;
export const EC_HVC = 0x16;
export const EC_SMC = 0x17;
export const EC_SYSREG = 0x18;
export const EC_INSTRUCTION_ABORT_LOWER = 0x20;
export const EC_INSTRUCTION_ABORT = 0x21;
export const EC_PC_ALIGNMENT = 0x22;
export const EC_DATA_ABORT_LOWER = 0x24;
export const EC_DATA_ABORT = 0x25;
export const EC_SP_ALIGNMENT = 0x26;
export const EC_BREAKPOINT_LOWER = 0x30;
export const EC_STEP_LOWER = 0x32;
export const EC_WATCHPOINT_LOWER = 0x34;
export const EC_BRK = 0x3c;

/** Names for events and `explain`. */
export const EC_NAMES: Readonly<Record<number, string>> = {
  [EC_UNKNOWN]: 'unknown reason',
  [EC_WFX]: 'WFI or WFE',
  [EC_FP_ACCESS]: 'access to SVE, Advanced SIMD or floating point',
  [EC_PSB_CSYNC]: 'trapped instruction',
  [EC_ILLEGAL_STATE]: 'illegal execution state',
  [EC_SVC]: 'SVC',
  [EC_HVC]: 'HVC',
  [EC_SMC]: 'SMC',
  [EC_SYSREG]: 'MSR, MRS or system instruction',
  [EC_INSTRUCTION_ABORT_LOWER]: 'instruction abort from a lower Exception level',
  [EC_INSTRUCTION_ABORT]: 'instruction abort',
  [EC_PC_ALIGNMENT]: 'PC alignment fault',
  [EC_DATA_ABORT_LOWER]: 'data abort from a lower Exception level',
  [EC_DATA_ABORT]: 'data abort',
  [EC_SP_ALIGNMENT]: 'SP alignment fault',
  [EC_BRK]: 'BRK',
};

/** Fault status codes (xFSC), to which the level 0-3 is added where the name ends in LEVEL. */
export const FSC_ADDRESS_SIZE_LEVEL = 0x00;
export const FSC_TRANSLATION_LEVEL = 0x04;
export const FSC_ACCESS_FLAG_LEVEL = 0x08;
export const FSC_PERMISSION_LEVEL = 0x0c;
export const FSC_EXTERNAL = 0x10;
export const FSC_EXTERNAL_WALK_LEVEL = 0x14;
export const FSC_ALIGNMENT = 0x21;
export const FSC_UNSUPPORTED_ATOMIC = 0x31;
export const FSC_UNSUPPORTED_EXCLUSIVE = 0x35;

/** ISS bits of aborts. */
export const ISS_ISV = 1 << 24;
export const ISS_FNV = 1 << 10;
export const ISS_CM = 1 << 8; // cache maintenance or address translation
export const ISS_S1PTW = 1 << 7; // stage 2 fault on a stage 1 walk
export const ISS_WNR = 1 << 6;

/** CV and COND of classes that have them: an A64 instruction has no condition but "always". */
export const ISS_ALWAYS = (1 << 24) | (0xe << 20);

/** ESR of class `ec` for a 32-bit instruction: EC, IL = 1, ISS. */
export function syndrome(ec: number, iss: number): bigint {
  return (BigInt(ec) << 26n) | (1n << 25n) | BigInt(iss >>> 0);
}

/** The instruction part of a data abort's ISS (bits 24:14): size log2 bytes, sign extension, register, 64-bit register, acquire/release. */
export function instructionSyndrome(sizeLog2: number, signed: boolean, register: number, wide: boolean, ordered: boolean): number {
  return ISS_ISV | (sizeLog2 << 22) | (signed ? 1 << 21 : 0) | (register << 16) | (wide ? 1 << 15 : 0) | (ordered ? 1 << 14 : 0);
}

/** The same, read: null without ISV. */
export function readInstructionSyndrome(
  iss: number,
): { size: number; signed: boolean; register: number; wide: boolean; ordered: boolean; write: boolean } | null {
  if ((iss & ISS_ISV) === 0) return null;
  return {
    size: 1 << ((iss >>> 22) & 3),
    signed: ((iss >>> 21) & 1) !== 0,
    register: (iss >>> 16) & 31,
    wide: ((iss >>> 15) & 1) !== 0,
    ordered: ((iss >>> 14) & 1) !== 0,
    write: (iss & ISS_WNR) !== 0,
  };
}

/** ISS of a trapped MSR, MRS or system instruction: Op0, Op2, Op1, CRn, Rt, CRm, direction (1 = read). */
export function systemSyndrome(op0: number, op1: number, crn: number, crm: number, op2: number, rt: number, read: boolean): number {
  return (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (rt << 5) | (crm << 1) | (read ? 1 : 0);
}

/** The same, read; `key` as `sysregKey` makes it. */
export function readSystemSyndrome(iss: number): {
  key: number;
  op0: number;
  op1: number;
  crn: number;
  crm: number;
  op2: number;
  rt: number;
  read: boolean;
} {
  const op0 = (iss >>> 20) & 3;
  const op2 = (iss >>> 17) & 7;
  const op1 = (iss >>> 14) & 7;
  const crn = (iss >>> 10) & 15;
  const crm = (iss >>> 1) & 15;
  const key = (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
  return { key, op0, op1, crn, crm, op2, rt: (iss >>> 5) & 31, read: (iss & 1) !== 0 };
}
