// Records of branches, loads and stores.
import type { A64Row, Access } from '../../arch/a64/rows-form.ts';
import { bits } from '../../arch/a64/rows-form.ts';
import { BRANCH_CALL, BRANCH_DIRECT, BRANCH_INDIRECT, BRANCH_INDIRECT_CALL, BRANCH_RETURN } from '../timing/predictor.ts';
import { SINK, ZERO } from './context.ts';
import * as op from './operations.ts';
import { type Fields, readRegister, type Words } from './predecode-data.ts';

const RECORD_STEP = 8;

/** X and Y of a branch: distance to the target's record when it lies in the same page (0: it does not), and its offset in bytes. */
function target(pageOffset: number, offset: number): readonly [number, number] {
  const to = pageOffset + offset;
  return [to >= 0 && to < 4096 ? (offset >> 2) * RECORD_STEP : 0, offset];
}

const signed = (value: number, width: number): number => (value << (32 - width)) >> (32 - width);

/** Records of rows with `branch` that the loop executes itself; ERET is a system operation. */
export function branchWords(f: Fields, pageOffset: number): Words | null {
  const { word, row } = f;
  const t = bits(word, 4, 0);
  switch (row.id) {
    case 'B':
    case 'BL': {
      const kind = row.id === 'B' ? BRANCH_DIRECT : BRANCH_CALL;
      return [op.OP_B, 0, 0, kind, ...target(pageOffset, signed(word & 0x3ffffff, 26) << 2)];
    }
    case 'B_cond':
      return [op.OP_B_EQ + Math.min(bits(word, 3, 0), 14), 0, 0, 0, ...target(pageOffset, signed(bits(word, 23, 5), 19) << 2)];
    case 'CBZ':
    case 'CBNZ': {
      const operation = row.id === 'CBZ' ? op.OP_B_ZERO : op.OP_B_NOT_ZERO;
      return [operation, readRegister(t), 0, 0, ...target(pageOffset, signed(bits(word, 23, 5), 19) << 2), -1, f.wide ? -1 : 0];
    }
    case 'TBZ':
    case 'TBNZ': {
      const operation = row.id === 'TBZ' ? op.OP_B_ZERO : op.OP_B_NOT_ZERO;
      const mask = 1 << bits(word, 23, 19);
      const high = bits(word, 31, 31) === 1;
      return [
        operation,
        readRegister(t),
        0,
        0,
        ...target(pageOffset, signed(bits(word, 18, 5), 14) << 2),
        high ? 0 : mask,
        high ? mask : 0,
      ];
    }
    case 'BR':
      return [op.OP_B_REGISTER, 0, readRegister(bits(word, 9, 5)), BRANCH_INDIRECT];
    case 'BLR':
      return [op.OP_B_REGISTER, 0, readRegister(bits(word, 9, 5)), BRANCH_INDIRECT_CALL];
    case 'RET':
      return [op.OP_B_REGISTER, 0, readRegister(bits(word, 9, 5)), BRANCH_RETURN];
    default:
      return null;
  }
}

/** log2 of the bytes of one register's access. */
export function accessSizeLog2(access: Access, wide: boolean): number {
  return access.bytes === 'sf' ? (wide ? 3 : 2) : 31 - Math.clz32(access.bytes);
}

/** ACCESS_… of a row. `wide`: the register is X. */
function accessNumber(row: A64Row, access: Access, wide: boolean): number {
  const store = row.spe === 'store';
  const size = accessSizeLog2(access, wide);
  if (access.pair) {
    if (store) return size === 3 ? op.ACCESS_STP_64 : op.ACCESS_STP_32;
    return access.signed ? op.ACCESS_LDPSW : size === 3 ? op.ACCESS_LDP_64 : op.ACCESS_LDP_32;
  }
  if (access.signed) return wide ? op.ACCESS_LDRSB_64 + size : op.ACCESS_LDRSB_32 + size;
  return (store ? op.ACCESS_STRB : op.ACCESS_LDRB) + size;
}

/** Records of rows with `access`. */
export function memoryWords(f: Fields): Words {
  const { word, row } = f;
  const access = row.access!;
  if (access.exclusive || access.unprivileged || row.spe === 'atomic') return [op.OP_MEMORY_SPECIAL, 0, 0, 0, 0, 0, 0, word];
  if (row.spe === 'other') return [op.OP_NOP]; // PRFM
  const store = row.spe === 'store';
  const register = (r: number): number => (r === 31 ? (store ? readRegister(31) : SINK) : r);
  const d = register(bits(word, 4, 0));
  const second = register(bits(word, 14, 10));
  const base = bits(word, 9, 5); // 31 is SP
  const size = accessSizeLog2(access, f.wide);
  const ordered = access.acquire || access.release ? op.ACCESS_ALIGNED : 0;
  const bytes = (access.pair ? 2 : 1) << size;
  const number = accessNumber(row, access, f.wide) | ordered | (bytes << op.ACCESS_BYTES);
  const compared = -4096 | ((1 << size) - 1);
  const form = row.operands[row.operands.length - 1];
  const imm9 = signed(bits(word, 20, 12), 9);
  const imm7 = signed(bits(word, 21, 15), 7) << size;
  const offset = (value: number): Words => [op.OP_MEMORY, d, base, second, value, 0, number, compared];
  switch (form) {
    case '[imm12]':
      return offset(bits(word, 21, 10) << size);
    case '[imm9]':
      return offset(imm9);
    case '[imm7]':
      return offset(imm7);
    case '[]':
      return offset(0);
    case '[imm9]!':
      return [op.OP_MEMORY_WRITEBACK, d, base, second, imm9, imm9, number, compared];
    case '[],imm9':
      return [op.OP_MEMORY_WRITEBACK, d, base, second, 0, imm9, number, compared];
    case '[imm7]!':
      return [op.OP_MEMORY_WRITEBACK, d, base, second, imm7, imm7, number, compared];
    case '[],imm7':
      return [op.OP_MEMORY_WRITEBACK, d, base, second, 0, imm7, number, compared];
    case '[Rm]':
      return [op.OP_MEMORY_REGISTER, d, base, f.m, bits(word, 15, 13), bits(word, 12, 12) === 1 ? size : 0, number, compared];
    default: // label19
      return [op.OP_MEMORY_LITERAL, d, ZERO, 0, signed(bits(word, 23, 5), 19) << 2, 0, number, compared];
  }
}
