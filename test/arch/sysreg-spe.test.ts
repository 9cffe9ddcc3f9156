// The rows of the SPE registers against the tables of spe-architecture §3.1, §3.2 and §3.4: encodings, access, fields, reset, what is said.
import { describe, expect, test } from 'vitest';
import { EVENTS_BY_BIT } from '../../src/arch/spe/events.ts';
import { SPE_REGISTERS } from '../../src/arch/sysreg/spe.ts';
import { fieldAccess } from '../../src/arch/sysreg/table.ts';

const row = (name: string) => {
  const found = SPE_REGISTERS.find((r) => r.name === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found;
};

// op0,op1,CRn,CRm,op2 and access, as §3.1 lists them.
const ENCODINGS: readonly (readonly [string, string, 'rw' | 'ro'])[] = [
  ['PMSCR_EL1', '3,0,9,9,0', 'rw'],
  ['PMSNEVFR_EL1', '3,0,9,9,1', 'rw'],
  ['PMSICR_EL1', '3,0,9,9,2', 'rw'],
  ['PMSIRR_EL1', '3,0,9,9,3', 'rw'],
  ['PMSFCR_EL1', '3,0,9,9,4', 'rw'],
  ['PMSEVFR_EL1', '3,0,9,9,5', 'rw'],
  ['PMSLATFR_EL1', '3,0,9,9,6', 'rw'],
  ['PMSIDR_EL1', '3,0,9,9,7', 'ro'],
  ['PMBLIMITR_EL1', '3,0,9,10,0', 'rw'],
  ['PMBPTR_EL1', '3,0,9,10,1', 'rw'],
  ['PMBSR_EL1', '3,0,9,10,3', 'rw'],
  ['PMSDSFR_EL1', '3,0,9,10,4', 'rw'],
  ['PMBMAR_EL1', '3,0,9,10,5', 'rw'],
  ['PMBIDR_EL1', '3,0,9,10,7', 'ro'],
  ['PMSCR_EL2', '3,4,9,9,0', 'rw'],
  ['PMSCR_EL12', '3,5,9,9,0', 'rw'],
  ['PMBSR_EL2', '3,4,9,10,3', 'rw'],
  ['PMBSR_EL12', '3,5,9,10,3', 'rw'],
  ['PMBSR_EL3', '3,6,9,10,3', 'rw'],
];

test('encodings and access (§3.1): every register, and no other', () => {
  expect(SPE_REGISTERS.map((r) => [r.name, r.encoding.join(), r.access])).toEqual(ENCODINGS);
});

// Fields of §3.2, high to low; reserved bits are what is left.
const FIELDS: Readonly<Record<string, string>> = {
  PMSCR_EL1: '11 EnVM, 10 KE, 9:8 EE, 7:6 PCT, 5 TS, 4 PA, 3 CX, 1 E1SPE, 0 E0SPE',
  PMSCR_EL2: '11 EnVM, 10 KE, 9:8 EE, 7:6 PCT, 5 TS, 4 PA, 3 CX, 1 E2SPE, 0 E0HSPE',
  PMSICR_EL1: '63:56 ECOUNT, 31:0 COUNT',
  PMSIRR_EL1: '31:8 INTERVAL, 0 RND',
  PMSFCR_EL1: '52 SIMDm, 51 FPm, 50 STm, 49 LDm, 48 Bm, 20 SIMD, 19 FP, 18 ST, 17 LD, 16 B, 4 FDS, 3 FnE, 2 FL, 1 FT, 0 FE',
  PMSLATFR_EL1: '15:0 MINLAT',
  PMSIDR_EL1:
    '32 SME, 31:28 ALTCLK, 27 FPF, 26 EFT, 25 CRR, 24 PBT, 23:20 Format, 19:16 CountSize, 15:12 MaxSize, 11:8 Interval, 7 FDS, 6 FnE, 5 ERnd, 4 LDS, 3 ArchInst, 2 FL, 1 FT, 0 FE',
  PMBLIMITR_EL1: '63:12 LIMIT, 7 nVM, 5 PMFZ, 2:1 FM, 0 E',
  PMBPTR_EL1: '63:0 PTR',
  PMBSR_EL1: '55:32 MSS2, 31:26 EC, 19 DL, 18 EA, 17 S, 16 COLL, 15:0 MSS',
  PMBIDR_EL1: '47:32 MaxBuffSize, 11:8 EA, 7:6 AddrMode, 5 F, 4 P, 3:0 Align',
  PMBMAR_EL1: '9:8 SH, 7:0 Attr',
  PMSDSFR_EL1: '63:0 S',
};

describe('fields (§3.2)', () => {
  for (const [name, want] of Object.entries(FIELDS)) {
    test(name, () => {
      const fields = row(name).fields.filter((f) => !f.name.startsWith('RES'));
      expect(fields.map((f) => `${f.high === f.low ? f.high : `${f.high}:${f.low}`} ${f.name}`).join(', ')).toBe(want);
    });
  }
  test('event filters: bits 63:48, 31:17, 15:1, each with its event’s name', () => {
    for (const name of ['PMSEVFR_EL1', 'PMSNEVFR_EL1']) {
      expect(row(name).writable).toBe(0xffff_0000_fffe_fffen);
      for (const e of EVENTS_BY_BIT.filter((x) => x.bit !== 0 && x.bit !== 16)) {
        expect(row(name).fields.find((f) => f.name === `E${e.bit}`)?.about).toContain(e.name);
      }
    }
  });
  test('the syndrome is the same at EL1, EL2 and EL3', () => {
    for (const name of ['PMBSR_EL2', 'PMBSR_EL12', 'PMBSR_EL3']) expect(row(name).fields).toBe(row('PMBSR_EL1').fields);
  });
});

test('every field says what it is', () => {
  for (const r of SPE_REGISTERS) {
    for (const f of r.fields.filter((x) => !x.name.startsWith('RES'))) expect(f.about ?? f.values, `${r.name}.${f.name}`).toBeDefined();
  }
});

test('enumerated values (§3.2)', () => {
  const values = (name: string, field: string): string => Object.keys(row(name).fields.find((f) => f.name === field)?.values ?? {}).join();
  expect(values('PMBSR_EL1', 'EC')).toBe('0,30,31,36,37');
  expect(values('PMSIDR_EL1', 'Interval')).toBe('0,2,3,4,5,6,7,8');
  expect(values('PMSIDR_EL1', 'CountSize')).toBe('2,3');
  expect(values('PMSIDR_EL1', 'MaxSize')).toBe('4,5,6,7,8,9,10,11');
  expect(values('PMBLIMITR_EL1', 'FM')).toBe('0,2');
  expect(values('PMSCR_EL1', 'PCT')).toBe('0,1,3');
  expect(values('PMBMAR_EL1', 'SH')).toBe('0,2,3');
});

test('reset (§3.4): PMBLIMITR_EL1.E is 0; what is UNKNOWN is 0 here', () => {
  expect(fieldAccess('PMBLIMITR_EL1', 'E').get(row('PMBLIMITR_EL1').reset)).toBe(0n);
  for (const r of SPE_REGISTERS) expect([r.name, r.reset, r.ones]).toEqual([r.name, 0n, 0n]);
});

describe('what traps each register (§3.3) is said in its notes', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['PMBLIMITR_EL1', 'bit 23 = 1; else MDCR_EL2.E2PB<0> = 0'],
    ['PMBPTR_EL1', 'bit 24 = 1; else MDCR_EL2.E2PB<0> = 0'],
    ['PMBSR_EL1', 'bit 25 = 1; else MDCR_EL2.E2PB<0> = 0'],
    ['PMSCR_EL1', 'bit 26 = 1; else MDCR_EL2.TPMS = 1'],
    ['PMSEVFR_EL1', 'bit 27 = 1; else MDCR_EL2.TPMS = 1'],
    ['PMSFCR_EL1', 'bit 28 = 1; else MDCR_EL2.TPMS = 1'],
    ['PMSICR_EL1', 'bit 29 = 1; else MDCR_EL2.TPMS = 1'],
    ['PMSIDR_EL1', 'HDFGRTR_EL2 bit 30 = 1; else MDCR_EL2.TPMS = 1'],
    ['PMSIRR_EL1', 'bit 31 = 1; else MDCR_EL2.TPMS = 1'],
    ['PMSLATFR_EL1', 'bit 32 = 1; else MDCR_EL2.TPMS = 1'],
    ['PMSNEVFR_EL1', 'bit 62 = 0; else MDCR_EL2.TPMS = 1'],
    ['PMSDSFR_EL1', 'HDFGWTR2_EL2 bit 19 = 0; else MDCR_EL2.TPMS = 1'],
    ['PMBMAR_EL1', 'HDFGWTR2_EL2 bit 24 = 0; else MDCR_EL2.E2PB<0> = 0'],
    ['PMBIDR_EL1', 'HDFGRTR_EL2 bit 63 = 1.'],
  ];
  for (const [name, words] of rows) test(name, () => expect(row(name).notes?.join(' ')).toContain(words));
});
