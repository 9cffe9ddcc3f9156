// Exclusive, ordered and atomic loads and stores: DDI 0487 C4.1.94 (load/store exclusive, compare and swap, atomic memory operations).
import { type A64Row, type Access, bits, row } from './rows-form.ts';

/** Suffix, size bits, register width, bytes. */
const SIZES = [
  ['B', '00', 'W', 1],
  ['H', '01', 'W', 2],
  ['', '1 sf:1', 'R', 'sf'],
] as const;

const ANY = 'xxxxx'; // should-be-one fields: other values are CONSTRAINED UNPREDICTABLE

function exclusives(): A64Row[] {
  const rows: A64Row[] = [];
  for (const [suffix, size, r, bytes] of SIZES) {
    const load = (name: string, o: string, o0: string, access: Partial<Access>, feature?: string) =>
      row(name + suffix, `${size} 001000 ${o} ${ANY} ${o0} ${ANY} rn:5 rt:5`, `${r}t []`, {
        spe: 'load',
        access: { bytes, ...access },
        ...(feature ? { feature } : {}),
      });
    const store = (name: string, o: string, o0: string, access: Partial<Access>, feature?: string) =>
      row(name + suffix, `${size} 001000 ${o} ${ANY} ${o0} ${ANY} rn:5 rt:5`, `${r}t []`, {
        spe: 'store',
        access: { bytes, ...access },
        ...(feature ? { feature } : {}),
      });
    const storeX = (name: string, o0: string, access: Partial<Access>) =>
      row(name + suffix, `${size} 001000 000 rs:5 ${o0} ${ANY} rn:5 rt:5`, `Ws ${r}t []`, {
        spe: 'store',
        access: { bytes, exclusive: true, ...access },
      });
    rows.push(
      storeX('STXR', '0', {}),
      storeX('STLXR', '1', { release: true }),
      load('LDXR', '010', '0', { exclusive: true }),
      load('LDAXR', '010', '1', { exclusive: true, acquire: true }),
      store('STLLR', '100', '0', { release: true }, 'FEAT_LOR'),
      store('STLR', '100', '1', { release: true }),
      load('LDLAR', '110', '0', { acquire: true }, 'FEAT_LOR'),
      load('LDAR', '110', '1', { acquire: true }),
      row(`LDAPR${suffix}`, `${size} 111 0 00 10 1 ${ANY} 1 100 00 rn:5 rt:5`, `${r}t []`, {
        spe: 'load',
        access: { bytes, acquire: true },
        feature: 'FEAT_LRCPC',
      }),
    );
  }
  const pair = { bytes: 'sf', pair: true, exclusive: true } as const;
  rows.push(
    row('STXP', '1 sf:1 001000 001 rs:5 0 rt2:5 rn:5 rt:5', 'Ws Rt Rt2 []', { spe: 'store', access: pair }),
    row('STLXP', '1 sf:1 001000 001 rs:5 1 rt2:5 rn:5 rt:5', 'Ws Rt Rt2 []', { spe: 'store', access: { ...pair, release: true } }),
    row('LDXP', `1 sf:1 001000 011 ${ANY} 0 rt2:5 rn:5 rt:5`, 'Rt Rt2 []', { spe: 'load', access: pair }),
    row('LDAXP', `1 sf:1 001000 011 ${ANY} 1 rt2:5 rn:5 rt:5`, 'Rt Rt2 []', { spe: 'load', access: { ...pair, acquire: true } }),
  );
  return rows;
}

/** Suffix of the ordering with its acquire and release bits. */
const ORDERS = [
  ['', '0', '0'],
  ['A', '1', '0'],
  ['L', '0', '1'],
  ['AL', '1', '1'],
] as const;

/** LD<op>, SWP: o3:opc. */
const OPERATIONS = [
  ['LDADD', '0 000'],
  ['LDCLR', '0 001'],
  ['LDEOR', '0 010'],
  ['LDSET', '0 011'],
  ['LDSMAX', '0 100'],
  ['LDSMIN', '0 101'],
  ['LDUMAX', '0 110'],
  ['LDUMIN', '0 111'],
  ['SWP', '1 000'],
] as const;

const oddPair = (w: number): boolean => bits(w, 16, 16) === 1 || bits(w, 0, 0) === 1;

function atomics(): A64Row[] {
  const rows: A64Row[] = [];
  for (const [order, a, r] of ORDERS) {
    const ordered: Partial<Access> = { ...(a === '1' ? { acquire: true } : {}), ...(r === '1' ? { release: true } : {}) };
    for (const [suffix, size, w, bytes] of SIZES) {
      const options = { spe: 'atomic', access: { bytes, ...ordered }, feature: 'FEAT_LSE' } as const;
      for (const [name, opc] of OPERATIONS) {
        rows.push(row(name + order + suffix, `${size} 111 0 00 ${a} ${r} 1 rs:5 ${opc} 00 rn:5 rt:5`, `${w}s ${w}t []`, options));
      }
      rows.push(row(`CAS${order}${suffix}`, `${size} 001000 1 ${a} 1 rs:5 ${r} 11111 rn:5 rt:5`, `${w}s ${w}t []`, options));
    }
    rows.push(
      row(`CASP${order}`, `0 sf:1 001000 0 ${a} 1 rs:5 ${r} 11111 rn:5 rt:5`, 'Rs Rs+1 Rt Rt+1 []', {
        spe: 'atomic',
        access: { bytes: 'sf', pair: true, ...ordered },
        feature: 'FEAT_LSE',
        unallocated: oddPair,
      }),
    );
  }
  return rows;
}

export const atomicRows = (): readonly A64Row[] => [...exclusives(), ...atomics()];
