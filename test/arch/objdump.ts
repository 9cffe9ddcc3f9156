// The oracle of the disassembler: aarch64-linux-gnu-objdump.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeWord } from '../../src/arch/a64/decode.ts';
import { disassemble } from '../../src/arch/a64/print.ts';

const OBJDUMP = 'aarch64-linux-gnu-objdump';
const version = spawnSync(OBJDUMP, ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '';

/** Why the oracle cannot be asked; null when it can. Other versions write some operands differently. */
export const noObjdump: string | null = / 2\.40$/.test(version) ? null : `needs ${OBJDUMP} 2.40, found: ${version || 'none'}`;

/** Runs of blanks as one: objdump pads and uses tabs. */
export const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** What objdump prints for the words, the first of which lies at `origin`. */
export function objdump(words: readonly number[], origin: bigint): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'spesh-objdump-'));
  try {
    const file = join(folder, 'words.bin');
    writeFileSync(file, new Uint8Array(Uint32Array.from(words).buffer));
    const args = ['-D', '-z', '-b', 'binary', '-m', 'aarch64', `--adjust-vma=0x${origin.toString(16)}`, file];
    return instructionLines(execFileSync(OBJDUMP, args, { encoding: 'utf8', maxBuffer: 1 << 28 }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The instructions of objdump's output. */
export function instructionLines(output: string): string[] {
  const rows = output.split('\n').map((line) => line.split('\t'));
  return rows.filter((row) => row.length >= 3).map((row) => plain(row.slice(2).join(' ')));
}

/**
 * Where the two differ on purpose: objdump refuses some CONSTRAINED UNPREDICTABLE forms of LDPSW that CPUs execute, and version 2.40
 * does not know DGH, flag operations with a CRm that should be zero, and the registers added to the manual after it. It knows SME's PSTATE
 * fields, which spesh has no use for.
 */
export function differsOnPurpose(word: number, theirs: string): boolean {
  const row = decodeWord(word);
  if (row === null) return false;
  if (row.id.startsWith('LDPSW')) return theirs.startsWith('.inst');
  if (row.id === 'DGH') return theirs === 'hint #0x6';
  if (row.id === 'CFINV' || row.id.endsWith('FLAG')) return /^msr s0_0_c4_/.test(theirs);
  if (row.id === 'MSR_immediate') return /^sm(start|stop)\b/.test(theirs);
  if (row.id === 'MRS' || row.id === 'MSR_register') {
    const ours = disassemble(word, 0n).text;
    return /\bs[23]_\d_c\d+_c\d+_\d\b/.test(ours) !== /\bs[23]_\d_c\d+_c\d+_\d\b/.test(theirs);
  }
  return false;
}
