// The guests of fixtures/guests: what each prints, and how one runs under QEMU.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const FOLDER = new URL('../../fixtures/guests/', import.meta.url).pathname;

/** The lines of the work, which QEMU prints too, and those that only a unit brings about; none where a guest does not look for one. */
export interface Expected {
  readonly work: readonly string[];
  readonly spe: readonly string[];
}

export const EXPECTED: Readonly<Record<string, Expected>> = {
  'pointer-chase': { work: ['pointer-chase: checksum=8ff1fd50'], spe: ['spe: records=2191 interrupts=17'] },
  branchy: { work: ['branchy: checksum=b3b7c256'], spe: ['spe: records=2342 interrupts=18'] },
  memcpy: { work: ['memcpy: checksum=7f4ccaebecc77ea5'], spe: ['spe: records=639 interrupts=4'] },
  divide: { work: ['divide: checksum=dfeff3ff2731b54c'], spe: ['spe: records=1815 interrupts=14'] },
  sieve: { work: ['sieve: primes=17984 sum=1709600813'], spe: ['spe: records=2568 interrupts=20'] },
  float: { work: ['float: checksum=bc852c8d810c6055'], spe: ['spe: records=393 interrupts=3'] },
  mix: { work: ['mix: checksum=d97fd12484d17872 kinds=2156,723,1432,1689'], spe: ['spe: records=2950 interrupts=23'] },
  atomics: { work: ['atomics: cpus=1 exclusive=12000 add=12000 swap=12000'], spe: ['spe: records=211 interrupts=1'] },
  ticks: { work: ['ticks: virtual=5 physical=5 early=0 others=0'], spe: [] },
  el0: { work: ['el0: calls=1203 checksum=97b825237ad52e32', 'EXIT: STATUS=1'], spe: ['spe: user=144 kernel=87 both=232'] },
  processes: { work: ['processes: checksums=264ff393d3a46609,96dcfd4f4866a0f2', 'EXIT: STATUS=1'], spe: ['spe: records=51,51'] },
  'event-full': { work: ['event-full: checksum=efdbaf02d01bbab7', 'EXIT: STATUS=1'], spe: ['spe: full=10'] },
  'event-service': { work: ['event-service: checksum=dba9995c673288ac', 'EXIT: STATUS=1'], spe: ['spe: interrupts=8'] },
  'event-stage1': { work: ['event-stage1: checksum=9f64459c274a04e4', 'EXIT: STATUS=1'], spe: ['spe: fault=90020007 full=3'] },
  'event-external': { work: ['event-external: checksum=d7ed115cb553f968', 'EXIT: STATUS=1'], spe: ['spe: abort=90060010 full=7'] },
  sweep: {
    work: ['sweep: checksum=4fd9095b4f34ca5c', 'EXIT: STATUS=1'],
    spe: [
      'sweep: least interval 1024',
      'sweep: interval=1024 random=0 records=234 collision=0',
      'sweep: interval=1024 random=1 records=209 collision=0',
      'sweep: interval=2048 random=0 records=117 collision=0',
      'sweep: interval=2048 random=1 records=110 collision=0',
      'sweep: interval=4096 random=0 records=58 collision=0',
      'sweep: interval=4096 random=1 records=56 collision=0',
      'sweep: interval=16384 random=0 records=14 collision=0',
      'sweep: interval=256 random=0 records=933 collision=0',
    ],
  },
};

/** All images: `forever` never ends. */
export const GUESTS: readonly string[] = [...Object.keys(EXPECTED), 'forever'];

export const imageOf = (guest: string): string => join(FOLDER, `${guest}.elf`);

const isNote = (line: string): boolean => line.startsWith('spe: ') || /^sweep: (interval|least)/.test(line);
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
export const workOf = (text: string): string[] => linesOf(text).filter((line) => !isNote(line));
export const noteOf = (text: string): string[] => linesOf(text).filter(isNote);

/** The first line a command prints; '' where there is no such command. */
export const firstLine = (command: string, ...args: string[]): string =>
  spawnSync(command, args, { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '';

/** Why nothing runs under QEMU here; null where it does. */
export const noQemu: string | null = firstLine('qemu-system-aarch64', '--version') === '' ? 'needs qemu-system-aarch64' : null;

/** The console of the guest under QEMU's `virt` board, and how QEMU ended: 0 by PSCI SYSTEM_OFF. */
export function underQemu(guest: string, cpus = 1): { readonly status: number | null; readonly text: string } {
  const board = ['-nodefaults', '-machine', 'virt,gic-version=3', '-cpu', 'max', '-m', '64', '-smp', `${cpus}`];
  const run = spawnSync('qemu-system-aarch64', [...board, '-display', 'none', '-serial', 'stdio', '-kernel', imageOf(guest)], {
    encoding: 'utf8',
    input: '',
    timeout: 50_000,
  });
  return { status: run.status, text: run.stdout.replaceAll('\r', '') };
}
