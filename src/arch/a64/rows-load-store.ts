// Loads and stores of general-purpose registers, prefetch: DDI 0487 C4.1.94.
// Encodings repeat regularly over sizes and address forms; the loops write them as the manual's tables do.
import { type A64Row, type Access, bits, row } from './rows-form.ts';

interface Kind {
  readonly name: string; // LDR, LDRB, LDRSW …
  readonly size: string; // bits 31:30; `sf` where one bit chooses W or X
  readonly opc: string; // bits 23:22
  readonly register: string; // operand
  readonly access: Access;
}

/** One line a mnemonic: size, opc, register and access. A signed load to X and to W are two encodings with one mnemonic. */
const KINDS: readonly Kind[] = [
  { name: 'STRB', size: '00', opc: '00', register: 'Wt', access: { bytes: 1 } },
  { name: 'LDRB', size: '00', opc: '01', register: 'Wt', access: { bytes: 1 } },
  { name: 'LDRSB_64', size: '00', opc: '10', register: 'Xt', access: { bytes: 1, signed: true } },
  { name: 'LDRSB_32', size: '00', opc: '11', register: 'Wt', access: { bytes: 1, signed: true } },
  { name: 'STRH', size: '01', opc: '00', register: 'Wt', access: { bytes: 2 } },
  { name: 'LDRH', size: '01', opc: '01', register: 'Wt', access: { bytes: 2 } },
  { name: 'LDRSH_64', size: '01', opc: '10', register: 'Xt', access: { bytes: 2, signed: true } },
  { name: 'LDRSH_32', size: '01', opc: '11', register: 'Wt', access: { bytes: 2, signed: true } },
  { name: 'STR', size: '1 sf:1', opc: '00', register: 'Rt', access: { bytes: 'sf' } },
  { name: 'LDR', size: '1 sf:1', opc: '01', register: 'Rt', access: { bytes: 'sf' } },
  { name: 'LDRSW', size: '10', opc: '10', register: 'Xt', access: { bytes: 4, signed: true } },
];

const isStore = (name: string): boolean => name.startsWith('ST');
const mnemonicOf = (name: string): string => name.replace(/_.*$/, '').toLowerCase();
/** Register offset: option<1> = 0 is unallocated. */
const badOption = (w: number): boolean => bits(w, 14, 14) === 0;

function singles(): A64Row[] {
  const rows: A64Row[] = [];
  for (const k of KINDS) {
    const spe = isStore(k.name) ? 'store' : 'load';
    const options = { spe, access: k.access, mnemonic: mnemonicOf(k.name) } as const;
    const head = `${k.size} 111 0`;
    rows.push(
      row(`${k.name}_unsigned`, `${head} 01 ${k.opc} imm:12 rn:5 rt:5`, `${k.register} [imm12]`, options),
      row(`${k.name}_post`, `${head} 00 ${k.opc} 0 imm:9 01 rn:5 rt:5`, `${k.register} [],imm9`, options),
      row(`${k.name}_pre`, `${head} 00 ${k.opc} 0 imm:9 11 rn:5 rt:5`, `${k.register} [imm9]!`, options),
      row(`${k.name}_register`, `${head} 00 ${k.opc} 1 rm:5 option:3 s:1 10 rn:5 rt:5`, `${k.register} [Rm]`, {
        ...options,
        unallocated: badOption,
      }),
    );
    const unscaled = k.name.replace(/^(LD|ST)R/, '$1UR');
    rows.push(
      row(unscaled, `${head} 00 ${k.opc} 0 imm:9 00 rn:5 rt:5`, `${k.register} [imm9]`, { ...options, mnemonic: mnemonicOf(unscaled) }),
    );
    const user = k.name.replace(/^(LD|ST)R/, '$1TR');
    rows.push(
      row(user, `${head} 00 ${k.opc} 0 imm:9 10 rn:5 rt:5`, `${k.register} [imm9]`, {
        ...options,
        mnemonic: mnemonicOf(user),
        access: { ...k.access, unprivileged: true },
      }),
    );
    const ordered = isStore(k.name) ? k.name.replace(/^STR/, 'STLUR') : k.name.replace(/^LDR/, 'LDAPUR');
    rows.push(
      row(ordered, `${k.size} 011001 ${k.opc} 0 imm:9 00 rn:5 rt:5`, `${k.register} [imm9]`, {
        ...options,
        mnemonic: mnemonicOf(ordered),
        access: { ...k.access, ...(isStore(k.name) ? { release: true } : { acquire: true }) },
        feature: 'FEAT_LRCPC2',
      }),
    );
  }
  return rows;
}

function pairs(): A64Row[] {
  const rows: A64Row[] = [];
  const kinds: readonly [string, string, string, string, Access][] = [
    ['STP', 'sf:1 0', '0', 'Rt Rt2', { bytes: 'sf', pair: true }],
    ['LDP', 'sf:1 0', '1', 'Rt Rt2', { bytes: 'sf', pair: true }],
    ['LDPSW', '01', '1', 'Xt Xt2', { bytes: 4, pair: true, signed: true }],
  ];
  for (const [name, opc, l, registers, access] of kinds) {
    const options = { spe: isStore(name) ? 'store' : 'load', access } as const;
    const tail = `${l} imm:7 rt2:5 rn:5 rt:5`;
    if (name !== 'LDPSW') {
      const plain = name === 'STP' ? 'STNP' : 'LDNP';
      rows.push(row(plain, `${opc} 101 0 000 ${tail}`, `${registers} [imm7]`, options));
    }
    rows.push(
      row(`${name}_post`, `${opc} 101 0 001 ${tail}`, `${registers} [],imm7`, options),
      row(`${name}_offset`, `${opc} 101 0 010 ${tail}`, `${registers} [imm7]`, options),
      row(`${name}_pre`, `${opc} 101 0 011 ${tail}`, `${registers} [imm7]!`, options),
    );
  }
  return rows;
}

const literal = { spe: 'load' } as const;

export const loadStoreRows = (): readonly A64Row[] => [
  ...singles(),
  ...pairs(),
  row('LDR_literal', '0 sf:1 011 0 00 imm:19 rt:5', 'Rt label19', { ...literal, access: { bytes: 'sf' } }),
  row('LDRSW_literal', '10 011 0 00 imm:19 rt:5', 'Xt label19', { ...literal, access: { bytes: 4, signed: true } }),
  row('PRFM_literal', '11 011 0 00 imm:19 rt:5', 'prfop label19'),
  row('PRFM_unsigned', '11 111 0 01 10 imm:12 rn:5 rt:5', 'prfop [imm12]', { access: { bytes: 8 } }),
  row('PRFM_register', '11 111 0 00 10 1 rm:5 option:3 s:1 10 rn:5 rt:5', 'prfop [Rm]', { access: { bytes: 8 }, unallocated: badOption }),
  row('PRFUM', '11 111 0 00 10 0 imm:9 00 rn:5 rt:5', 'prfop [imm9]', { access: { bytes: 8 } }),
];
