// Address operands: base register with an immediate or a register. DDI 0487 C1.3.3.
import { bytesOf, type Fields, type OperandForm, type Reading, readImmediate, signed, unsigned } from './operand-form.ts';
import { EXTENDS, readModifier, readRegister, registerName } from './operands-register.ts';

/** Where the offset stands and in which units: one row a form. */
interface Offset {
  get(f: Fields, bytes: number): number;
  set(f: Fields, bytes: number, value: number): boolean;
}

const field = (f: Fields, width: number, value: number): boolean => {
  f['imm'] = unsigned(value, width);
  return f['imm'] !== -1;
};

const imm9: Offset = { get: (f) => signed(f['imm'], 9), set: (f, _, value) => field(f, 9, value) };
const imm7: Offset = {
  get: (f, bytes) => signed(f['imm'], 7) * bytes,
  set: (f, bytes, value) => value % bytes === 0 && field(f, 7, value / bytes),
};
const imm12: Offset = {
  get: (f, bytes) => f['imm'] * bytes,
  set: (f, bytes, value) => {
    f['imm'] = value / bytes;
    return value >= 0 && value % bytes === 0 && f['imm'] < 4096;
  },
};
const none: Offset = { get: () => 0, set: (_f, _bytes, value) => value === 0 };

/** The base register and what stands behind it in brackets; null when the part is no such address. */
function readBrackets(r: Reading, after: string): string[] | null {
  const text = r.parts[r.at] ?? '';
  if (!text.startsWith('[') || !text.endsWith(`]${after}`)) return null;
  const inner = text.slice(1, text.length - 1 - after.length).split(/\s*,\s*/);
  const base = readRegister(inner[0]?.trim());
  if (base === null || !base.wide || (base.number === 31 && !base.stack)) return null;
  r.fields['rn'] = base.number;
  return inner.slice(1).map((part) => part.trim());
}

/** [base, #offset] with `!` after it (pre-index), or with a zero offset left out. */
const immediate = (offset: Offset, after: '' | '!'): OperandForm => ({
  print: ({ row, fields }) => {
    const value = offset.get(fields, bytesOf(row, fields));
    const base = registerName(fields['rn'], true, true);
    return value === 0 && after === '' ? `[${base}]` : `[${base}, #${value}]${after}`;
  },
  read: (r) => {
    const inner = readBrackets(r, after);
    if (inner === null || inner.length > 1) return -1;
    const value = inner.length === 0 ? 0n : readImmediate(inner[0]);
    return value !== null && offset.set(r.fields, bytesOf(r.row, r.fields), Number(value)) ? 1 : -1;
  },
});

const postIndex = (offset: Offset): OperandForm => ({
  print: ({ row, fields }) => `[${registerName(fields['rn'], true, true)}], #${offset.get(fields, bytesOf(row, fields))}`,
  read: (r) => {
    const inner = readBrackets(r, '');
    const value = readImmediate(r.parts[r.at + 1]);
    return inner?.length === 0 && value !== null && offset.set(r.fields, bytesOf(r.row, r.fields), Number(value)) ? 2 : -1;
  },
});

const registerOffset: OperandForm = {
  print: ({ row, fields }) => {
    const { rn, rm, option, s } = fields;
    const amount = s === 1 ? ` #${Math.log2(bytesOf(row, fields))}` : '';
    const extend = option === 3 ? (s === 1 ? 'lsl' : '') : EXTENDS[option];
    return `[${registerName(rn, true, true)}, ${registerName(rm, (option & 1) === 1)}${extend === '' ? '' : `, ${extend}${amount}`}]`;
  },
  read: (r) => {
    const inner = readBrackets(r, '');
    const register = readRegister(inner?.[0]);
    if (inner === null || register === null || register.stack || inner.length > 2) return -1;
    const modifier = inner.length === 2 ? readModifier(inner[1]) : { word: 'lsl', amount: null };
    if (modifier === null) return -1;
    const option = modifier.word === 'lsl' ? 3 : EXTENDS.indexOf(modifier.word);
    const shift = Math.log2(bytesOf(r.row, r.fields));
    if (option === -1 || register.wide !== ((option & 1) === 1)) return -1;
    // `lsl #0` and an extension's `#0` say s = 1 for byte accesses only.
    const s = modifier.amount === null || (modifier.amount === 0 && shift !== 0) ? 0 : 1;
    if (s === 1 && modifier.amount !== shift) return -1;
    Object.assign(r.fields, { rm: register.number, option, s });
    return 1;
  },
};

export const ADDRESS_FORMS: Readonly<Record<string, OperandForm>> = {
  '[imm12]': immediate(imm12, ''),
  '[imm9]': immediate(imm9, ''),
  '[imm9]!': immediate(imm9, '!'),
  '[],imm9': postIndex(imm9),
  '[imm7]': immediate(imm7, ''),
  '[imm7]!': immediate(imm7, '!'),
  '[],imm7': postIndex(imm7),
  '[Rm]': registerOffset,
  '[]': immediate(none, ''),
};
