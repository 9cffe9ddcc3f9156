// The SYS encodings with names of their own: cache, address translation and TLB maintenance. DDI 0487 C5.3-C5.6.

export interface SystemOperation {
  /** `dc`, `ic`, `at`, `tlbi`, `cfp`, `dvp`, `cpp`. */
  readonly mnemonic: string;
  readonly name: string;
  /** op1 << 11 | CRn << 7 | CRm << 3 | op2, as in the word from bit 5 up. */
  readonly key: number;
  /** False where Rt must be 31 and is not written. */
  readonly takesRegister: boolean;
}

export const systemKey = (op1: number, crn: number, crm: number, op2: number): number => (op1 << 11) | (crn << 7) | (crm << 3) | op2;

/** CRn 7: name, op1, CRm, op2. */
const CACHE_AND_TRANSLATION: Readonly<Record<string, readonly (readonly [string, number, number, number])[]>> = {
  ic: [
    ['ialluis', 0, 1, 0],
    ['iallu', 0, 5, 0],
    ['ivau', 3, 5, 1],
  ],
  dc: [
    ['ivac', 0, 6, 1],
    ['isw', 0, 6, 2],
    ['csw', 0, 10, 2],
    ['cisw', 0, 14, 2],
    ['zva', 3, 4, 1],
    ['cvac', 3, 10, 1],
    ['cvau', 3, 11, 1],
    ['cvap', 3, 12, 1],
    ['cvadp', 3, 13, 1],
    ['civac', 3, 14, 1],
    // FEAT_MTE: allocation tags, alone (g) and with data (gd)
    ['igvac', 0, 6, 3],
    ['igsw', 0, 6, 4],
    ['igdvac', 0, 6, 5],
    ['igdsw', 0, 6, 6],
    ['cgsw', 0, 10, 4],
    ['cgdsw', 0, 10, 6],
    ['cigsw', 0, 14, 4],
    ['cigdsw', 0, 14, 6],
    ['gva', 3, 4, 3],
    ['gzva', 3, 4, 4],
    ['cgvac', 3, 10, 3],
    ['cgdvac', 3, 10, 5],
    ['cgvap', 3, 12, 3],
    ['cgdvap', 3, 12, 5],
    ['cgvadp', 3, 13, 3],
    ['cgdvadp', 3, 13, 5],
    ['cigvac', 3, 14, 3],
    ['cigdvac', 3, 14, 5],
    // FEAT_RME: to the point of physical aliasing
    ['cipapa', 6, 14, 1],
    ['cigdpapa', 6, 14, 5],
  ],
  at: [
    ['s1e1r', 0, 8, 0],
    ['s1e1w', 0, 8, 1],
    ['s1e0r', 0, 8, 2],
    ['s1e0w', 0, 8, 3],
    ['s1e1rp', 0, 9, 0],
    ['s1e1wp', 0, 9, 1],
    ['s1e2r', 4, 8, 0],
    ['s1e2w', 4, 8, 1],
    ['s12e1r', 4, 8, 4],
    ['s12e1w', 4, 8, 5],
    ['s12e0r', 4, 8, 6],
    ['s12e0w', 4, 8, 7],
    ['s1e3r', 6, 8, 0],
    ['s1e3w', 6, 8, 1],
  ],
  cfp: [['rctx', 3, 3, 4]],
  dvp: [['rctx', 3, 3, 5]],
  cpp: [['rctx', 3, 3, 7]],
};

/** TLBI by one address, ASID or all: the domain is CRm (1 outer, 3 inner, 7 none), by range: 5, 2, 6. */
const DOMAINS = [
  ['', 7, 6],
  ['is', 3, 2],
  ['os', 1, 5],
] as const;

/** Name, op1, op2; with `range`, `r` before the name gives the operation on a range; `all`: no register. */
const TLBI: readonly (readonly [string, number, number, ('range' | 'all')?])[] = [
  ['vmalle1', 0, 0, 'all'],
  ['vae1', 0, 1, 'range'],
  ['aside1', 0, 2],
  ['vaae1', 0, 3, 'range'],
  ['vale1', 0, 5, 'range'],
  ['vaale1', 0, 7, 'range'],
  ['alle2', 4, 0, 'all'],
  ['vae2', 4, 1, 'range'],
  ['alle1', 4, 4, 'all'],
  ['vale2', 4, 5, 'range'],
  ['vmalls12e1', 4, 6, 'all'],
  ['alle3', 6, 0, 'all'],
  ['vae3', 6, 1, 'range'],
  ['vale3', 6, 5, 'range'],
];

/** The rest: stage 2 by IPA (op1 4) and FEAT_RME (op1 6), whose domains are coded otherwise: name, op1, CRm, op2, all. */
const TLBI_IRREGULAR: readonly (readonly [string, number, number, number, 'all'?])[] = [
  ['ipas2e1is', 4, 0, 1],
  ['ripas2e1is', 4, 0, 2],
  ['ipas2le1is', 4, 0, 5],
  ['ripas2le1is', 4, 0, 6],
  ['ipas2e1os', 4, 4, 0],
  ['ipas2e1', 4, 4, 1],
  ['ripas2e1', 4, 4, 2],
  ['ripas2e1os', 4, 4, 3],
  ['ipas2le1os', 4, 4, 4],
  ['ipas2le1', 4, 4, 5],
  ['ripas2le1', 4, 4, 6],
  ['ripas2le1os', 4, 4, 7],
  ['paallos', 6, 1, 4, 'all'],
  ['rpaos', 6, 4, 3],
  ['rpalos', 6, 4, 7],
  ['paall', 6, 7, 4, 'all'],
];

function operations(): SystemOperation[] {
  const out: SystemOperation[] = [];
  const add = (mnemonic: string, name: string, key: number, takesRegister = true) => out.push({ mnemonic, name, key, takesRegister });
  for (const [mnemonic, rows] of Object.entries(CACHE_AND_TRANSLATION)) {
    for (const [name, op1, crm, op2] of rows) add(mnemonic, name, systemKey(op1, 7, crm, op2), !name.startsWith('iallu'));
  }
  for (const [name, op1, op2, kind] of TLBI) {
    for (const [domain, crm, rangeCrm] of DOMAINS) {
      add('tlbi', name + domain, systemKey(op1, 8, crm, op2), kind !== 'all');
      if (kind === 'range') add('tlbi', `r${name}${domain}`, systemKey(op1, 8, rangeCrm, op2));
    }
  }
  for (const [name, op1, crm, op2, kind] of TLBI_IRREGULAR) add('tlbi', name, systemKey(op1, 8, crm, op2), kind !== 'all');
  return out;
}

export const SYSTEM_OPERATIONS: readonly SystemOperation[] = operations();
const byKey = new Map(SYSTEM_OPERATIONS.map((o) => [o.key, o]));
const byName = new Map(SYSTEM_OPERATIONS.map((o) => [`${o.mnemonic} ${o.name}`, o]));

/** The operation of an encoding, or undefined. */
export function systemOperation(key: number): SystemOperation | undefined {
  return byKey.get(key);
}

/** The operation `tlbi vmalle1`, or undefined. */
export function systemOperationNamed(mnemonic: string, name: string): SystemOperation | undefined {
  return byName.get(`${mnemonic} ${name}`);
}
