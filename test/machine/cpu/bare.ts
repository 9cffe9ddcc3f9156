// A machine for the tests of the CPU: no kernel, one stage 2 range of RAM, and a few lines of hypervisor that answer a guest's device accesses.
import { EC_DATA_ABORT_LOWER, EC_HVC, EC_SYSREG, EC_WFX, readInstructionSyndrome } from '../../../src/arch/esr.ts';
import { mountCode } from '../../../src/machine/cpu/code.ts';
import { getPc, getX, newContext, setPc, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { newVirtualInterface } from '../../../src/machine/gic/interface.ts';
import type { Machine, Mounted, PhysicalCpu, StepStops } from '../../../src/machine/machine.ts';
import { allocateFrames, mountMemory, newHostMemory, writePhysical } from '../../../src/machine/memory.ts';
import { newSpuState, type SpuDescription } from '../../../src/machine/spu/state.ts';
import { newTimingModel } from '../../../src/machine/timing/model.ts';

export const RAM_BASE = 0x40000000;
export const NO_STOPS: StepStops = { breakpoints: new Set(), skipFirst: false, afterRecord: false };
/** HCR_EL2 as KVM has it for a guest without nested virtualisation: VM, IMO, FMO, AMO, TWI, TWE, TSC, RW. */
export const GUEST_HCR = 0x8008_6039n;

export interface Bare {
  readonly m: Mounted;
  readonly cpu: PhysicalCpu;
  /** Host physical address of RAM_BASE. */
  readonly ram: number;
}

const N1: SpuDescription = { pmsver: 1, pmsidr: 0x26417n, pmbidr: 0x26n, layout: 'n1-slots' };

/** A machine of `cpus` CPUs with guests that share `megabytes` of RAM; CPU 0 is returned. */
export function bareMachine(options: { megabytes?: number; cpus?: number; timing?: boolean; spu?: boolean } = {}): Bare {
  const host = newHostMemory();
  const memory = mountMemory(host);
  const size = (options.megabytes ?? 16) * 1024 * 1024;
  const ram = allocateFrames(memory, size / 4096) * 4096;
  const cpus: PhysicalCpu[] = [];
  for (let number = 0; number < (options.cpus ?? 1); number++) {
    const context = newContext();
    setSys(context, 'HCR_EL2', GUEST_HCR);
    setSys(context, 'VMPIDR_EL2', 0x80000000n + BigInt(number));
    setSys(context, 'VTTBR_EL2', 1n << 48n);
    setSys(context, 'PMSCR_EL2', 0xf0n);
    if (options.spu) setSys(context, 'ID_AA64DFR0_EL1', 0x110305006n);
    cpus.push({
      number,
      context,
      inGuest: true,
      stage2: [{ ipa: RAM_BASE, size, pa: ram, writable: true }],
      trap: { ec: 0, iss: 0, far: 0n, ipa: 0 },
      tlb: null,
      timing: options.timing ? newTimingModel() : null,
      spu: options.spu ? newSpuState(N1) : null,
      ich: { ...newVirtualInterface(), enabled: true, systemRegisters: true },
      hostLines: 0,
    });
  }
  const machine: Machine = { tick: 0, random: 1, cpus, memory: host };
  const m: Mounted = { machine, memory, code: mountCode() };
  return { m, cpu: cpus[0], ram };
}

/** Writes instruction words at an address of RAM. */
export function putWords(b: Bare, address: number, words: readonly number[]): void {
  writePhysical(b.m.memory, b.ram + address - RAM_BASE, new Uint8Array(Uint32Array.from(words, (w) => w >>> 0).buffer));
}

/**
 * Turns the MMU on with an identity map of the 1 GiB around RAM in one block: Normal memory, so that unaligned accesses are allowed,
 * executable; EL1 only, or EL0 too. The table takes the page at `table`.
 */
export function mapIdentity(b: Bare, table: number, user = false): void {
  const entry = BigInt(RAM_BASE) | (user ? 0x741n : 0x701n); // AF, inner shareable, AP, AttrIndx 0, block
  writePhysical(b.m.memory, b.ram + table - RAM_BASE + 8, new Uint8Array(BigUint64Array.of(entry).buffer));
  const c = b.cpu.context;
  setSys(c, 'MAIR_EL1', 0xffn);
  setSys(c, 'TCR_EL1', 0x2_0080_3519n); // T0SZ 25, 4 KiB, EPD1, IPS 40 bits
  setSys(c, 'TTBR0_EL1', BigInt(table));
  setSys(c, 'SCTLR_EL1', 0x30d0_0981n);
}

/** Loads segments (`address` is guest physical) and points PC at `entry`. */
export function loadImage(b: Bare, segments: readonly { address: bigint; bytes: Uint8Array }[], entry: bigint): void {
  for (const s of segments) writePhysical(b.m.memory, b.ram + Number(s.address) - RAM_BASE, s.bytes);
  setPc(b.cpu.context, entry);
}

/** What ended a run of `runGuest`. */
export interface GuestEnd {
  readonly console: string;
  readonly reason: 'off' | 'limit' | 'wait' | 'trap';
  readonly operations: number;
}

/**
 * Answers the trap of a guest as a small hypervisor: the pl011 prints, other devices read as zero, SGIs go nowhere. Answers what was printed,
 * or why the guest ended.
 */
export function answerTrap(b: Bare): { readonly printed: string } | { readonly ended: 'off' | 'wait' | 'trap' } {
  const c = b.cpu.context;
  const { ec, iss, ipa } = b.cpu.trap;
  let printed = '';
  if (ec === EC_HVC) return { ended: 'off' };
  if (ec === EC_WFX) return { ended: 'wait' };
  if (ec === EC_DATA_ABORT_LOWER) {
    const access = readInstructionSyndrome(iss);
    if (access === null) return { ended: 'trap' };
    if (access.write && ipa === 0x09000000) printed = String.fromCharCode(Number(getX(c, access.register) & 0xffn));
    if (!access.write && access.register !== 31) setX(c, access.register, 0n);
  } else if (ec !== EC_SYSREG) return { ended: 'trap' };
  setPc(c, getPc(c) + 4n);
  return { printed };
}

/** Runs until SYSTEM_OFF or the limit; `onHostIrq` after each host interrupt. */
export function runGuest(b: Bare, limit: number, slice: number | (() => number) = 1_000_000, onHostIrq?: (b: Bare) => void): GuestEnd {
  let console = '';
  let operations = 0;
  while (operations < limit) {
    const result = stepCpu(b.m, b.cpu, Math.min(typeof slice === 'number' ? slice : slice(), limit - operations), NO_STOPS);
    operations += result.executed;
    if (result.stop === 'host-irq') onHostIrq?.(b);
    if (result.stop !== 'trap') continue;
    const answer = answerTrap(b);
    if ('ended' in answer) return { console, reason: answer.ended, operations };
    console += answer.printed;
  }
  return { console, reason: 'limit', operations };
}
