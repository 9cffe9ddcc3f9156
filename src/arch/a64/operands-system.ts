// Operands of system instructions: registers, PSTATE fields, barriers, prefetch operations. DDI 0487 C5, C6.2.
import { sysregKey } from '../sysreg/define.ts';
import { REGISTERS, registerByKey, registerIndex } from '../sysreg/table.ts';
import { type Fields, type OperandForm, put, readImmediate } from './operand-form.ts';
import { systemKey, systemOperation, systemOperationNamed } from './system-operations.ts';

/** op1:op2 of MSR (immediate), and how many bits of CRm the field takes. */
const PSTATE_FIELDS: readonly { readonly name: string; readonly op1: number; readonly op2: number; readonly limit: number }[] = [
  { name: 'uao', op1: 0, op2: 3, limit: 2 },
  { name: 'pan', op1: 0, op2: 4, limit: 2 },
  { name: 'spsel', op1: 0, op2: 5, limit: 2 },
  { name: 'allint', op1: 1, op2: 0, limit: 2 },
  { name: 'ssbs', op1: 3, op2: 1, limit: 2 },
  { name: 'dit', op1: 3, op2: 2, limit: 2 },
  { name: 'tco', op1: 3, op2: 4, limit: 2 },
  { name: 'daifset', op1: 3, op2: 6, limit: 16 },
  { name: 'daifclr', op1: 3, op2: 7, limit: 16 },
];

const pstateField = (f: Fields) => PSTATE_FIELDS.find((p) => p.op1 === f['op1'] && p.op2 === f['op2'] && f['crm'] < p.limit);

/** CRm of DMB and DSB; the others have no name. */
const BARRIERS: Readonly<Record<number, string>> = {
  1: 'oshld',
  2: 'oshst',
  3: 'osh',
  5: 'nshld',
  6: 'nshst',
  7: 'nsh',
  9: 'ishld',
  10: 'ishst',
  11: 'ish',
  13: 'ld',
  14: 'st',
  15: 'sy',
};

/** `pldl1keep`: type in bits 4:3, target cache in 2:1, policy in 0; the reserved ones are written as numbers. */
function prefetchName(operation: number): string | undefined {
  const type = ['pld', 'pli', 'pst'][operation >> 3];
  const target = (operation >> 1) & 3;
  return type !== undefined && target < 3 ? `${type}l${target + 1}${operation & 1 ? 'strm' : 'keep'}` : undefined;
}

/** An operand with names for some values, and `#0x0n` for the others. */
const named = (field: string, limit: number, nameOf: (value: number) => string | undefined): OperandForm => ({
  print: ({ fields }) => nameOf(fields[field]) ?? `#0x${fields[field].toString(16).padStart(2, '0')}`,
  read: ({ fields, parts, at }) => {
    const immediate = readImmediate(parts[at]);
    for (let value = 0; value < limit; value++) {
      if (immediate === null ? nameOf(value) !== parts[at] : BigInt(value) !== immediate) continue;
      return put(fields, field, value) ? 1 : -1;
    }
    return -1;
  },
});

/** A CRm that is left out when it is 15. */
const optionalCrm: OperandForm = {
  print: ({ fields }) => (fields['crm'] === 15 ? '' : `#0x${fields['crm'].toString(16)}`),
  read: (r) => {
    if (r.parts[r.at] === undefined || r.parts[r.at] === 'sy') {
      r.fields['crm'] = 15;
      return r.parts.length - r.at;
    }
    return named('crm', 16, () => undefined).read(r);
  },
};

const generic = (op0: number, f: Fields): string => `s${op0}_${f['op1']}_c${f['crn'] ?? 4}_c${f['crm']}_${f['op2']}`;

const register: OperandForm = {
  print: ({ fields: f }) => {
    const index = registerByKey(sysregKey(2 + f['op0'], f['op1'], f['crn'], f['crm'], f['op2']));
    return index === -1 ? generic(2 + f['op0'], f) : REGISTERS[index].name.toLowerCase();
  },
  read: ({ fields, parts, at }) => {
    const found = /^s([23])_([0-7])_c(\d+)_c(\d+)_([0-7])$/i.exec(parts[at] ?? '');
    const index = registerIndex(parts[at] ?? '');
    if (found === null && index === -1) return -1;
    const [op0, op1, crn, crm, op2] = found ? found.slice(1).map(Number) : REGISTERS[index].encoding;
    Object.assign(fields, { op0: op0 - 2, op1, crn, crm, op2 });
    return crn < 16 && crm < 16 ? 1 : -1;
  },
};

/** MSR (immediate): the field's name; an encoding without one is written as the MSR it would be. */
const pstate: OperandForm = {
  print: ({ fields }) => pstateField(fields)?.name ?? generic(0, fields),
  read: ({ fields, parts, at }) => {
    const found = PSTATE_FIELDS.find((p) => p.name === parts[at]);
    const unnamed = /^s0_([0-7])_c4_c(\d+)_([0-7])$/.exec(parts[at] ?? '');
    if (found) Object.assign(fields, { op1: found.op1, op2: found.op2 });
    else if (unnamed) Object.assign(fields, { op1: Number(unnamed[1]), crm: Number(unnamed[2]), op2: Number(unnamed[3]) });
    return found || unnamed ? 1 : -1;
  },
};

const pstateValue: OperandForm = {
  print: ({ fields }) => (pstateField(fields) ? `#0x${fields['crm'].toString(16)}` : 'xzr'),
  read: (r) => (r.parts[r.at] === 'xzr' && r.fields['crm'] !== undefined ? 1 : named('crm', 16, () => undefined).read(r)),
};

/** `#op1, Cn, Cm, #op2` of SYS and SYSL. */
const sys: OperandForm = {
  print: ({ fields: f }) => `#${f['op1']}, C${f['crn']}, C${f['crm']}, #${f['op2']}`,
  read: ({ fields, parts, at }) => {
    const found = /^#?([0-7]) C(\d+) C(\d+) #?([0-7])$/i.exec(parts.slice(at, at + 4).join(' '));
    if (found === null) return -1;
    Object.assign(fields, { op1: Number(found[1]), crn: Number(found[2]), crm: Number(found[3]), op2: Number(found[4]) });
    return fields['crn'] < 16 && fields['crm'] < 16 ? 4 : -1;
  },
};

const operationOf = (f: Fields) => systemOperation(systemKey(f['op1'], f['crn'], f['crm'], f['op2']));

/** True when the fields of a SYS have that mnemonic, and want a register or not. */
export function isSystemOperation(f: Fields, mnemonic: string, takesRegister: boolean): boolean {
  const operation = operationOf(f);
  return operation?.mnemonic === mnemonic && operation.takesRegister === takesRegister;
}

const operationName = (mnemonic: string): OperandForm => ({
  print: ({ fields }) => operationOf(fields)?.name ?? '',
  read: ({ fields, parts, at }) => {
    const found = systemOperationNamed(mnemonic, parts[at] ?? '');
    if (found === undefined) return -1;
    const { key } = found;
    Object.assign(fields, { op1: key >> 11, crn: (key >> 7) & 15, crm: (key >> 3) & 15, op2: key & 7 });
    return 1;
  },
});

/** Rt of an operation that takes no register: whatever it is, it is not written; 31 when assembled. */
const unwritten: OperandForm = {
  print: () => '',
  read: ({ fields }) => (put(fields, 'rt', 31) ? 0 : -1),
};

export const SYSTEM_FORMS: Readonly<Record<string, OperandForm>> = {
  prfop: named('rt', 32, prefetchName),
  barrier: named('crm', 16, (crm) => BARRIERS[crm]),
  isb: optionalCrm,
  crm: optionalCrm,
  pstate,
  'pstate.value': pstateValue,
  sysreg: register,
  sys,
  'Xt.unwritten': unwritten,
  'sys.dc': operationName('dc'),
  'sys.ic': operationName('ic'),
  'sys.at': operationName('at'),
  'sys.tlbi': operationName('tlbi'),
  'sys.cfp': operationName('cfp'),
  'sys.dvp': operationName('dvp'),
  'sys.cpp': operationName('cpp'),
};
