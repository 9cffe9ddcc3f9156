// Random commands for the laws of sessions.
import fc from 'fast-check';
import { guestAsset } from '../session-by-text.ts';

/** Commands of every kind: configuration in any order, runs, stops, writes. Many are refused or unmet, as at a real prompt. */
const COMMANDS = [
  'vcpu 0 attr set spe.irq 21',
  'vcpu 0 attr set spe.irq 32',
  'vcpu 0 attr set spe.spu 10',
  'vcpu 1 attr set spe.spu 11',
  'vcpu 0 attr set spe.init',
  'vcpu 0 attr get spe.spu',
  'vcpu 0 attr set pmu.set-pmu 8',
  'vcpu 0 attr set spe.spu --addr bad',
  'vcpu 0 run --ops 700',
  'up --bare',
  'up pointer-chase',
  'up branchy --vcpus 2',
  'up forever',
  'up float',
  'run --ops 1500',
  'run --ops 40000',
  'step',
  'step 7',
  'sample 2',
  'break chase',
  'continue --ops 30000',
  'delete 1',
  'reg x5=0x77',
  'reg d5=0x3ff8000000000000',
  'w 0x40200000 0x1234',
  'mrs PMSIDR_EL1',
  'msr PMSCR_EL1 3',
  'msr PMBLIMITR_EL1 0',
  'x 0x40080000 16 --as ipa',
  'thread vcpu 0 cpu 2',
  'thread vcpu 0 cpu 6',
  'vcpu 0 kick',
  'irq-line ppi 0 22 1',
  'rlimit memlock 64KiB',
  'perfmon on',
  'vm create --mem 1MiB',
  'let n = 3',
  'focus vcpu 1',
  'records 2',
];

export const GUESTS = ['pointer-chase', 'branchy', 'forever', 'float'].map(guestAsset);
/** A few of them, in any order. */
export const texts = fc.array(fc.constantFrom(...COMMANDS), { minLength: 1, maxLength: 9 });

/** `sample` on a guest that never samples would not end: everything else ends by itself. */
export const ending = (list: readonly string[]): string[] => {
  let guest = '';
  return list.filter((text) => {
    if (text.startsWith('up ') || text.startsWith('vm create')) guest = text;
    return text !== 'sample 2' || /pointer-chase|branchy/.test(guest);
  });
};
