// Lock-step with qemu-system-aarch64: its state before every instruction (-d cpu, one instruction a block) beside the interpreter's.
// Masked are only the deviations that are known: identification registers are the model's own, and QEMU clears NZCV when it takes an exception.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseElf } from '../../../src/abi/elf.ts';
import { decodeWord } from '../../../src/arch/a64/decode.ts';
import { FLAG_C, FLAG_N, FLAG_V, FLAG_Z, getPc, getPstate, getX, PC_HI, PC_LO, SP, setSys } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { answerTrap, type Bare, bareMachine, loadImage, NO_STOPS, RAM_BASE } from './bare.ts';

export const noQemuSystem = spawnSync('qemu-system-aarch64', ['--version']).status === 0 ? null : 'qemu-system-aarch64 is not installed';

/** A state as QEMU prints it: 33 values of 16 digits (PC, X0-X30, SP) and PSTATE of 8. */
const VALUES = 33;
const PSTATE_BITS = 0xf00003cf; // NZCV, DAIF, EL, SP: the others are not of this CPU

const DIGIT = new Int8Array(128).fill(-1);
for (let i = 0; i < 16; i++) DIGIT['0123456789abcdef'.charCodeAt(i)] = i;

function parse32(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 8; i++) value = (value << 4) | DIGIT[bytes[at + i]];
  return value;
}

interface Layout {
  readonly length: number;
  readonly values: readonly number[];
  readonly pstate: number;
}

/** Where the values of a state stand: every state prints alike. */
function layoutOf(text: string): Layout {
  const end = text.indexOf('\n', text.indexOf('PSTATE=')) + 1;
  const values = [...text.slice(0, end).matchAll(/=([0-9a-f]{16})/g)].map((m) => m.index + 1);
  if (values.length !== VALUES) throw new Error(`cannot read a state of QEMU: ${text.slice(0, end)}`);
  return { length: end, values, pstate: text.indexOf('PSTATE=') + 7 };
}

/** What differs between a state of QEMU and the interpreter's; null = nothing. Also NZCV alone, as `nzcv`. */
function difference(b: Bare, state: Uint8Array, layout: Layout): string | null {
  const c = b.cpu.context;
  const wrong: string[] = [];
  for (let i = 0; i < VALUES; i++) {
    const hi = parse32(state, layout.values[i]);
    const lo = parse32(state, layout.values[i] + 8);
    const ours = i === 0 ? [c.core[PC_LO], c.core[PC_HI]] : i === VALUES - 1 ? [c.lo[SP], c.hi[SP]] : [c.lo[i - 1], c.hi[i - 1]];
    if (ours[0] !== lo || ours[1] !== hi) wrong.push(i === 0 ? 'pc' : i === VALUES - 1 ? 'sp' : `x${i - 1}`);
  }
  const k = c.core;
  const nzcv = (k[FLAG_N] << 31) | (k[FLAG_Z] << 30) | (k[FLAG_C] << 29) | (k[FLAG_V] << 28);
  const theirs = parse32(state, layout.pstate) & PSTATE_BITS;
  if (((nzcv ^ theirs) & 0xf0000000) !== 0) wrong.push('nzcv');
  if (((Number(getPstate(c)) ^ theirs) & 0x3cf) !== 0) wrong.push('pstate');
  return wrong.length === 0 ? null : wrong.join(' ');
}

/** Takes a known deviation over from QEMU. False: it is none. */
function isKnown(b: Bare, what: string, previous: { word: number; excepted: boolean }, state: Uint8Array, layout: Layout): boolean {
  const c = b.cpu.context;
  if (what === 'nzcv' && previous.excepted) {
    const theirs = parse32(state, layout.pstate);
    for (const [i, flag] of [FLAG_N, FLAG_Z, FLAG_C, FLAG_V].entries()) c.core[flag] = (theirs >>> (31 - i)) & 1;
    return true;
  }
  const isIdentification = decodeWord(previous.word)?.id === 'MRS' && ((previous.word >>> 12) & 15) === 0;
  const register = previous.word & 31;
  if (!isIdentification || what !== `x${register}`) return false;
  c.hi[register] = parse32(state, layout.values[register + 1]);
  c.lo[register] = parse32(state, layout.values[register + 1] + 8);
  return true;
}

/** Runs a guest beside QEMU for at most `limit` operations. Answers how many were compared, and the first difference. */
export function lockstep(path: string, limit: number): { readonly operations: number; readonly difference: string | null } {
  const folder = mkdtempSync(join(tmpdir(), 'spesh-lockstep-'));
  const pipe = join(folder, 'states');
  execFileSync('mkfifo', [pipe]);
  const machine = [
    '-nodefaults',
    '-machine',
    'virt,gic-version=3',
    '-cpu',
    'cortex-a57',
    '-m',
    '64',
    '-display',
    'none',
    '-serial',
    'null',
  ];
  const qemu = spawn('qemu-system-aarch64', ['-singlestep', '-d', 'nochain,cpu', '-D', pipe, ...machine, '-kernel', path], {
    stdio: 'ignore',
  });
  const file = openSync(pipe, 'r');
  try {
    const bytes = new Uint8Array(readFileSync(path));
    const elf = parseElf(bytes)._unsafeUnwrap();
    const b = bareMachine({ megabytes: 64 });
    const part = (s: { offset: number | bigint; fileSize: number | bigint }): Uint8Array =>
      bytes.subarray(Number(s.offset), Number(s.offset) + Number(s.fileSize));
    setSys(b.cpu.context, 'SCTLR_EL1', 0xc50838n); // its reset value is the model's own
    loadImage(
      b,
      elf.segments.map((s) => ({ address: s.address, bytes: part(s) })),
      elf.entry,
    );

    const buffer = new Uint8Array(1 << 20);
    let filled = 0;
    let layout: Layout | null = null;
    let operations = 0;
    let previous = { word: 0, excepted: true }; // the first state: QEMU starts with Z set
    while (operations < limit) {
      const got = readSync(file, buffer, filled, buffer.length - filled, null);
      if (got === 0) break;
      filled += got;
      layout ??= filled > 2048 ? layoutOf(Buffer.from(buffer.subarray(0, 2048)).toString('latin1')) : null;
      if (layout === null) continue;
      let at = 0;
      for (; at + layout.length <= filled && operations < limit; at += layout.length) {
        const state = buffer.subarray(at, at + layout.length);
        const what = difference(b, state, layout);
        if (what !== null && !isKnown(b, what, previous, state, layout)) {
          const text = Buffer.from(state).toString('latin1');
          const here = `pc=${getPc(b.cpu.context).toString(16)} ${what.replace(/x(\d+)/g, (m, r) => `${m}=${getX(b.cpu.context, Number(r)).toString(16)}`)}`;
          return {
            operations,
            difference: `after ${operations} operations (last 0x${previous.word.toString(16)}): here ${here}\nqemu${text}`,
          };
        }
        const { context } = b.cpu;
        const pc = Number(getPc(context));
        const word = b.m.memory.i32[(b.ram + pc - RAM_BASE) >> 2] >>> 0;
        const stepped = stepCpu(b.m, b.cpu, 1, NO_STOPS);
        previous = { word, excepted: stepped.stop === 'count' && Number(getPc(context)) - pc !== 4 };
        operations += 1;
        if (stepped.stop === 'trap' && 'ended' in answerTrap(b)) return { operations, difference: null };
      }
      buffer.copyWithin(0, at, filled);
      filled -= at;
    }
    return { operations, difference: null };
  } finally {
    closeSync(file);
    qemu.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
