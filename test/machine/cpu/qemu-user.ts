// The differential oracle: the same instructions under qemu-aarch64 (oracle.S) and on the interpreter.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FLAG_C,
  FLAG_N,
  FLAG_V,
  FLAG_Z,
  getPc,
  getSys,
  getX,
  MONITOR,
  setPc,
  setPstate,
  setSys,
  setX,
} from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { writePhysical } from '../../../src/machine/memory.ts';
import { type Bare, bareMachine, mapIdentity, NO_STOPS, putWords, RAM_BASE } from './bare.ts';
import type { Case, State } from './random-cases.ts';

/** Where oracle.S stands when linked at TEXT; the tests check that it does. */
const TEXT = 0x40010000;
const SLOT = 0x40011000;
export const SCRATCH = 0x40012000;
const RECORD = 1032;
/** FPSR's bits that both know: QEMU keeps 31:28, which are of AArch32. */
const FPSR_BITS = 0x0800009fn;

/** Why the oracle cannot run; null when it can. */
export function missingTool(): string | null {
  for (const tool of ['aarch64-linux-gnu-gcc', 'qemu-aarch64']) {
    if (spawnSync(tool, ['--version']).status !== 0) return `${tool} is not installed`;
  }
  return null;
}

/** What QEMU makes of the cases. Throws when it cannot be built or dies. */
export function underQemu(cases: readonly Case[]): State[] {
  const folder = mkdtempSync(join(tmpdir(), 'spesh-oracle-'));
  try {
    const program = join(folder, 'oracle');
    const source = join(import.meta.dirname, 'oracle.S');
    const flags = [
      '-nostdlib',
      '-static',
      `-Wl,-Ttext=0x${TEXT.toString(16)}`,
      '-Wl,--build-id=none',
      '-Wl,-N',
      '-Wl,--no-warn-rwx-segments',
      '-w',
    ];
    const built = spawnSync('aarch64-linux-gnu-gcc', [...flags, '-o', program, source], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    const input = new Uint8Array(cases.length * RECORD);
    const view = new DataView(input.buffer);
    for (const [i, c] of cases.entries()) {
      const at = i * RECORD;
      view.setUint32(at, c.word, true);
      for (let r = 0; r < 29; r++) view.setBigUint64(at + 8 + 8 * r, c.before.x[r], true);
      view.setUint32(at + 240, c.before.nzcv, true);
      input.set(c.before.memory, at + 248);
      view.setUint32(at + 504, c.before.fpcr, true);
      view.setUint32(at + 512, c.before.fpsr, true);
      for (let h = 0; h < 64; h++) view.setBigUint64(at + 520 + 8 * h, c.before.v[h], true);
    }
    const ran = spawnSync('qemu-aarch64', ['-cpu', 'max', program], { input, maxBuffer: cases.length * RECORD + 1024 });
    const out = new Uint8Array(ran.stdout);
    if (out.length !== input.length) {
      const died = cases[Math.floor(out.length / RECORD)];
      throw new Error(`qemu-aarch64 ended (${ran.signal ?? ran.status}) at ${died?.row.id} 0x${died?.word.toString(16)}`);
    }
    const result = new DataView(out.buffer, out.byteOffset);
    return cases.map((_, i) => {
      const at = i * RECORD;
      return {
        x: BigUint64Array.from({ length: 29 }, (_unused, r) => result.getBigUint64(at + 8 + 8 * r, true)),
        nzcv: result.getUint32(at + 240, true),
        memory: out.slice(at + 248, at + 504),
        fellThrough: result.getUint32(at, true) === 1,
        fpcr: result.getUint32(at + 504, true),
        fpsr: result.getUint32(at + 512, true) & Number(FPSR_BITS),
        v: BigUint64Array.from({ length: 64 }, (_unused, h) => result.getBigUint64(at + 520 + 8 * h, true)),
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A machine for `onInterpreter`, at EL0. */
export function oracleMachine(): Bare {
  const b = bareMachine({ megabytes: 1 });
  mapIdentity(b, RAM_BASE, true);
  setPstate(b.cpu.context, 0n); // EL0, as a Linux program
  setSys(b.cpu.context, 'CPACR_EL1', 3n << 20n);
  return b;
}

/** What the interpreter makes of a case. */
export function onInterpreter(b: Bare, c: Case): State {
  const { context } = b.cpu;
  const pa = b.ram + SCRATCH - RAM_BASE;
  putWords(b, SLOT, [c.word]);
  writePhysical(b.m.memory, pa, c.before.memory);
  for (let r = 0; r < 29; r++) setX(context, r, c.before.x[r]);
  const k = context.core;
  k[MONITOR] = 0;
  k[FLAG_N] = c.before.nzcv >>> 31;
  k[FLAG_Z] = (c.before.nzcv >>> 30) & 1;
  k[FLAG_C] = (c.before.nzcv >>> 29) & 1;
  k[FLAG_V] = (c.before.nzcv >>> 28) & 1;
  setSys(context, 'FPCR', BigInt(c.before.fpcr));
  setSys(context, 'FPSR', BigInt(c.before.fpsr));
  context.v.set(c.before.v);
  setPc(context, BigInt(SLOT));
  stepCpu(b.m, b.cpu, 1, NO_STOPS);
  return {
    x: BigUint64Array.from({ length: 29 }, (_, r) => getX(context, r)),
    nzcv: ((k[FLAG_N] << 31) | (k[FLAG_Z] << 30) | (k[FLAG_C] << 29) | (k[FLAG_V] << 28)) >>> 0,
    memory: b.m.memory.u8.slice(pa, pa + 256),
    fellThrough: getPc(context) === BigInt(SLOT + 4),
    fpcr: Number(getSys(context, 'FPCR')),
    fpsr: Number(getSys(context, 'FPSR') & FPSR_BITS),
    v: context.v.slice(),
  };
}

/** How a state prints in a failing test: what changed. */
export function describeState(before: State, after: State): string {
  const parts: string[] = [];
  for (let r = 0; r < 29; r++) if (after.x[r] !== before.x[r]) parts.push(`x${r}=0x${after.x[r].toString(16)}`);
  if (after.nzcv !== before.nzcv) parts.push(`nzcv=${(after.nzcv >>> 28).toString(2)}`);
  for (let i = 0; i < 256; i++) if (after.memory[i] !== before.memory[i]) parts.push(`[${i}]=${after.memory[i].toString(16)}`);
  for (let r = 0; r < 32; r++) {
    const [low, high] = [after.v[2 * r], after.v[2 * r + 1]];
    if (low !== before.v[2 * r] || high !== before.v[2 * r + 1]) parts.push(`v${r}=0x${((high << 64n) | low).toString(16)}`);
  }
  if (after.fpcr !== before.fpcr) parts.push(`fpcr=0x${after.fpcr.toString(16)}`);
  if (after.fpsr !== before.fpsr) parts.push(`fpsr=0x${after.fpsr.toString(16)}`);
  if (!after.fellThrough) parts.push('branch taken');
  return parts.join(' ');
}

/** The cases on which both differ, told apart by what each changed; at most `limit`. */
export function differences(cases: readonly Case[], limit = 20): string[] {
  const expected = underQemu(cases);
  const b = oracleMachine();
  const found: string[] = [];
  for (const [i, c] of cases.entries()) {
    const [theirs, ours] = [expected[i], onInterpreter(b, c)].map((state) => describeState(c.before, state));
    if (theirs !== ours) found.push(`${c.row.id} 0x${c.word.toString(16)}: qemu ${theirs} · here ${ours}`);
    if (found.length === limit) break;
  }
  return found;
}
