// Branches, exceptions, system instructions, hints, barriers: DDI 0487 C4.1.92; UDF: C4.1.1.
import { type A64Row, type Branch, row } from './rows-form.ts';

const branch = (kind: Branch = {}) => ({ spe: 'branch', branch: kind }) as const;

/** CRm:op2 of HINT with a name of its own. Those that the CPU does not implement execute as NOP. */
const HINTS: readonly [string, number, string?][] = [
  ['NOP', 0],
  ['YIELD', 1],
  ['WFE', 2],
  ['WFI', 3],
  ['SEV', 4],
  ['SEVL', 5],
  ['DGH', 6, 'FEAT_DGH'],
  ['XPACLRI', 7, 'FEAT_PAuth'],
  ['PACIA1716', 8, 'FEAT_PAuth'],
  ['PACIB1716', 10, 'FEAT_PAuth'],
  ['AUTIA1716', 12, 'FEAT_PAuth'],
  ['AUTIB1716', 14, 'FEAT_PAuth'],
  ['ESB', 16, 'FEAT_RAS'],
  ['PSB_CSYNC', 17, 'FEAT_SPE'],
  ['TSB_CSYNC', 18, 'FEAT_TRF'],
  ['CSDB', 20],
  ['PACIAZ', 24, 'FEAT_PAuth'],
  ['PACIASP', 25, 'FEAT_PAuth'],
  ['PACIBZ', 26, 'FEAT_PAuth'],
  ['PACIBSP', 27, 'FEAT_PAuth'],
  ['AUTIAZ', 28, 'FEAT_PAuth'],
  ['AUTIASP', 29, 'FEAT_PAuth'],
  ['AUTIBZ', 30, 'FEAT_PAuth'],
  ['AUTIBSP', 31, 'FEAT_PAuth'],
  ['BTI', 32, 'FEAT_BTI'],
  ['BTI_c', 34, 'FEAT_BTI'],
  ['BTI_j', 36, 'FEAT_BTI'],
  ['BTI_jc', 38, 'FEAT_BTI'],
];

const hintRow = ([id, imm, feature]: readonly [string, number, string?]): A64Row =>
  row(id, `1101010100 0 00 011 0010 ${imm.toString(2).padStart(7, '0')} 11111`, '', {
    mnemonic: id.toLowerCase().replace('_', ' '),
    ...(feature ? { feature } : {}),
  });

export const branchRows = (): readonly A64Row[] => [
  row('B', '0 00101 imm:26', 'label26', branch()),
  row('BL', '1 00101 imm:26', 'label26', branch({ link: true })),
  row('B_cond', '0101010 0 imm:19 0 cond:4', 'label19', { ...branch({ conditional: true }), mnemonic: 'b.' }),
  row('CBZ', 'sf:1 011010 0 imm:19 rt:5', 'Rt label19', branch({ conditional: true })),
  row('CBNZ', 'sf:1 011010 1 imm:19 rt:5', 'Rt label19', branch({ conditional: true })),
  row('TBZ', 'b5:1 011011 0 b40:5 imm:14 rt:5', 'Rt.b5 bit label14', branch({ conditional: true })),
  row('TBNZ', 'b5:1 011011 1 b40:5 imm:14 rt:5', 'Rt.b5 bit label14', branch({ conditional: true })),
  row('BR', '1101011 0 0 00 11111 000000 rn:5 00000', 'Xn', branch({ indirect: true })),
  row('BLR', '1101011 0 0 01 11111 000000 rn:5 00000', 'Xn', branch({ indirect: true, link: true })),
  row('RET', '1101011 0 0 10 11111 000000 rn:5 00000', 'Xn', branch({ indirect: true, return: true })),
  row('ERET', '1101011 0100 11111 000000 11111 00000', '', branch({ indirect: true })),
  row('DRPS', '1101011 0101 11111 000000 11111 00000', '', branch({ indirect: true })),

  row('SVC', '11010100 000 imm:16 00001', 'imm16'),
  row('HVC', '11010100 000 imm:16 00010', 'imm16'),
  row('SMC', '11010100 000 imm:16 00011', 'imm16'),
  row('BRK', '11010100 001 imm:16 00000', 'imm16'),
  row('HLT', '11010100 010 imm:16 00000', 'imm16'),
  row('DCPS1', '11010100 101 imm:16 00001', 'imm16'),
  row('DCPS2', '11010100 101 imm:16 00010', 'imm16'),
  row('DCPS3', '11010100 101 imm:16 00011', 'imm16'),
  row('UDF', '0000000000000000 imm:16', 'imm16'),

  ...HINTS.map(hintRow),
  row('HINT', '1101010100 0 00 011 0010 imm:7 11111', 'imm7'),
  row('CLREX', '1101010100 0 00 011 0011 crm:4 010 11111', 'crm'),
  row('DSB', '1101010100 0 00 011 0011 crm:4 100 11111', 'barrier'),
  row('SSBB', '1101010100 0 00 011 0011 0000 100 11111', ''),
  row('PSSBB', '1101010100 0 00 011 0011 0100 100 11111', ''),
  row('DMB', '1101010100 0 00 011 0011 crm:4 101 11111', 'barrier'),
  row('ISB', '1101010100 0 00 011 0011 crm:4 110 11111', 'isb'),
  row('SB', '1101010100 0 00 011 0011 0000 111 11111', '', { feature: 'FEAT_SB' }),

  row('CFINV', '1101010100 0 00 000 0100 xxxx 000 11111', '', { feature: 'FEAT_FlagM' }),
  row('XAFLAG', '1101010100 0 00 000 0100 xxxx 001 11111', '', { feature: 'FEAT_FlagM2' }),
  row('AXFLAG', '1101010100 0 00 000 0100 xxxx 010 11111', '', { feature: 'FEAT_FlagM2' }),
  row('MSR_immediate', '1101010100 0 00 op1:3 0100 crm:4 op2:3 11111', 'pstate crm'),
  row('SYS', '1101010100 0 01 op1:3 crn:4 crm:4 op2:3 rt:5', 'sys Xt?'),
  row('SYSL', '1101010100 1 01 op1:3 crn:4 crm:4 op2:3 rt:5', 'Xt sys'),
  row('MSR_register', '1101010100 0 1 op0:1 op1:3 crn:4 crm:4 op2:3 rt:5', 'sysreg Xt'),
  row('MRS', '1101010100 1 1 op0:1 op1:3 crn:4 crm:4 op2:3 rt:5', 'Xt sysreg'),
];
