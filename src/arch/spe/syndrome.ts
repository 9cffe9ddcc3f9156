// What a PMBSR_ELx value says, in words: Arm ARM DDI 0487 M.a.a, D24.7.5; fault status codes as in the table of spe-architecture §3.2.
import { fieldAccess } from '../sysreg/table.ts';

/** PMBSR_ELx.EC. */
export const EC_BUFFER = 0x00;
export const EC_GRANULE_PROTECTION = 0x1e;
export const EC_IMPLEMENTATION_DEFINED = 0x1f;
export const EC_STAGE1 = 0x24;
export const EC_STAGE2 = 0x25;
/** PMBSR_ELx.MSS of EC_BUFFER, bits 5:0: BSC. */
export const BSC_NOT_FILLED = 0x00;
export const BSC_FILLED = 0x01;
export const BSC_TOO_LARGE = 0x04;

const field = (name: string): ((word: bigint) => number) => {
  const f = fieldAccess('PMBSR_EL1', name);
  return (word) => Number(f.get(word));
};
const ec = field('EC');
const dl = field('DL');
const ea = field('EA');
const s = field('S');
const coll = field('COLL');
const mss = field('MSS');
const mss2 = field('MSS2');

/** Codes without a level. */
const FAULTS: Readonly<Record<number, string>> = {
  16: 'synchronous External abort',
  17: 'asynchronous External abort',
  18: 'synchronous External abort on a walk, level -2',
  19: 'synchronous External abort on a walk, level -1',
  27: 'synchronous parity or ECC error on a walk, level -1',
  33: 'alignment fault',
  34: 'granule protection fault on a walk, level -2',
  35: 'granule protection fault on a walk, level -1',
  40: 'granule protection fault',
  41: 'address size fault, level -1',
  42: 'translation fault, level -2',
  43: 'translation fault, level -1',
  44: 'address size fault, level -2',
  48: 'TLB conflict',
  49: 'unsupported atomic hardware update',
};

/** First codes of four, one a level. */
const LEVELLED: readonly (readonly [number, string])[] = [
  [0x00, 'address size fault'],
  [0x04, 'translation fault'],
  [0x08, 'access flag fault'],
  [0x0c, 'permission fault'],
  [0x14, 'synchronous External abort on a walk'],
  [0x1c, 'synchronous parity or ECC error on a walk'],
  [0x24, 'granule protection fault on a walk'],
];

/** A fault status code in words: `translation fault, level 3`. */
export function faultStatusText(fsc: number): string {
  const named = FAULTS[fsc];
  if (named !== undefined) return named;
  const row = LEVELLED.find(([first]) => fsc >= first && fsc < first + 4);
  return row === undefined ? `reserved fault status 0x${fsc.toString(16)}` : `${row[1]}, level ${fsc - row[0]}`;
}

function bufferStatusText(code: number, lost: boolean): string {
  if (code === BSC_FILLED) return 'buffer filled';
  if (code === BSC_TOO_LARGE) return 'buffer size too large';
  if (code !== BSC_NOT_FILLED) return `reserved buffer status 0x${code.toString(16)}`;
  return lost ? 'access not allowed' : 'stopped by software, or collection not stopped by the buffer';
}

/** The management event alone. */
function eventText(word: bigint): string {
  switch (ec(word)) {
    case EC_BUFFER:
      return bufferStatusText(mss(word) & 63, dl(word) !== 0);
    case EC_STAGE1:
      return `stage 1: ${faultStatusText(mss(word) & 63)}`;
    case EC_STAGE2:
      return `stage 2: ${faultStatusText(mss(word) & 63)}`;
    case EC_GRANULE_PROTECTION:
      return 'granule protection check fault';
    case EC_IMPLEMENTATION_DEFINED:
      return `IMPLEMENTATION DEFINED event, MSS 0x${mss(word).toString(16)}, MSS2 0x${mss2(word).toString(16)}`;
    default:
      return `reserved event class 0x${ec(word).toString(16)}`;
  }
}

/** A PMBSR_ELx value in words: `stopped: buffer filled`, `running; collisions since it was cleared`. */
export function syndromeText(word: bigint): string {
  const parts = [s(word) === 1 ? `stopped: ${eventText(word)}` : 'running'];
  if (dl(word) === 1) parts.push('part of a record may be lost');
  if (ea(word) === 1) parts.push('External abort');
  if (coll(word) === 1) parts.push('collisions since it was cleared');
  return parts.join('; ');
}
