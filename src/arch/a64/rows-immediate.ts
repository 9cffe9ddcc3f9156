// Data processing (immediate): DDI 0487 C4.1.93.
import { type A64Row, bits, row } from './rows-form.ts';

/** A logical immediate is reserved when N:~imms names no element size or every bit of the element is one; N = 1 needs sf = 1. */
const badBitmask = (w: number): boolean => {
  const n = bits(w, 22, 22);
  const imms = bits(w, 15, 10);
  if (n === 1) return bits(w, 31, 31) === 0 || imms === 63;
  const element = [32, 16, 8, 4, 2].find((size) => (~imms & size) !== 0);
  if (element === undefined) return true;
  return (imms & (element - 1)) === element - 1;
};

/** sf = 0 needs N = 0 and both immediates below 32; sf = 1 needs N = 1. */
const badBitfield = (w: number): boolean =>
  bits(w, 31, 31) !== bits(w, 22, 22) || (bits(w, 31, 31) === 0 && (bits(w, 21, 21) === 1 || bits(w, 15, 15) === 1));

const badHw = (w: number): boolean => bits(w, 31, 31) === 0 && bits(w, 22, 22) === 1;

export const immediateRows = (): readonly A64Row[] => [
  row('ADR', '0 immlo:2 10000 immhi:19 rd:5', 'Xd label21'),
  row('ADRP', '1 immlo:2 10000 immhi:19 rd:5', 'Xd page21'),
  row('ADD_immediate', 'sf:1 00 100010 sh:1 imm:12 rn:5 rd:5', 'Rd|SP Rn|SP imm12.sh'),
  row('ADDS_immediate', 'sf:1 01 100010 sh:1 imm:12 rn:5 rd:5', 'Rd Rn|SP imm12.sh'),
  row('SUB_immediate', 'sf:1 10 100010 sh:1 imm:12 rn:5 rd:5', 'Rd|SP Rn|SP imm12.sh'),
  row('SUBS_immediate', 'sf:1 11 100010 sh:1 imm:12 rn:5 rd:5', 'Rd Rn|SP imm12.sh'),
  row('AND_immediate', 'sf:1 00 100100 n:1 immr:6 imms:6 rn:5 rd:5', 'Rd|SP Rn bitmask', { unallocated: badBitmask }),
  row('ORR_immediate', 'sf:1 01 100100 n:1 immr:6 imms:6 rn:5 rd:5', 'Rd|SP Rn bitmask', { unallocated: badBitmask }),
  row('EOR_immediate', 'sf:1 10 100100 n:1 immr:6 imms:6 rn:5 rd:5', 'Rd|SP Rn bitmask', { unallocated: badBitmask }),
  row('ANDS_immediate', 'sf:1 11 100100 n:1 immr:6 imms:6 rn:5 rd:5', 'Rd Rn bitmask', { unallocated: badBitmask }),
  row('MOVN', 'sf:1 00 100101 hw:2 imm:16 rd:5', 'Rd imm16.hw', { unallocated: badHw }),
  row('MOVZ', 'sf:1 10 100101 hw:2 imm:16 rd:5', 'Rd imm16.hw', { unallocated: badHw }),
  row('MOVK', 'sf:1 11 100101 hw:2 imm:16 rd:5', 'Rd imm16.hw', { unallocated: badHw }),
  row('SBFM', 'sf:1 00 100110 n:1 immr:6 imms:6 rn:5 rd:5', 'Rd Rn immr imms', { unallocated: badBitfield }),
  row('BFM', 'sf:1 01 100110 n:1 immr:6 imms:6 rn:5 rd:5', 'Rd Rn immr imms', { unallocated: badBitfield }),
  row('UBFM', 'sf:1 10 100110 n:1 immr:6 imms:6 rn:5 rd:5', 'Rd Rn immr imms', { unallocated: badBitfield }),
  row('EXTR', 'sf:1 00 100111 n:1 0 rm:5 imms:6 rn:5 rd:5', 'Rd Rn Rm lsb', {
    unallocated: (w) => bits(w, 31, 31) !== bits(w, 22, 22) || (bits(w, 31, 31) === 0 && bits(w, 15, 15) === 1),
  }),
];
