// A VM with a vGIC and vCPUs, without the ioctl front end: what the vGIC's tests play on (the setup of vgic.md §2.9).
import { GIC_REGISTERS } from '../../src/arch/sysreg/gic.ts';
import type { Host } from '../../src/kernel/host.ts';
import { addRegion } from '../../src/kernel/vgic/addresses.ts';
import type { VgicEvent } from '../../src/kernel/vgic/events.ts';
import { flushVcpu } from '../../src/kernel/vgic/flush.ts';
import { attachVcpu, initialiseVgic, mapResources } from '../../src/kernel/vgic/init.ts';
import { injectInterrupt } from '../../src/kernel/vgic/inject.ts';
import { findIrq } from '../../src/kernel/vgic/irq.ts';
import { vgicMmio } from '../../src/kernel/vgic/mmio.ts';
import { setOwner } from '../../src/kernel/vgic/owner.ts';
import { listRegistersOf, quirksOf } from '../../src/kernel/vgic/quirks.ts';
import { dirHaltsGuest, writeTrappedIcc } from '../../src/kernel/vgic/sgi.ts';
import { newVgicDistributor, type VgicDistributor } from '../../src/kernel/vgic/state.ts';
import { syncVcpu } from '../../src/kernel/vgic/sync.ts';
import { newVcpu, newVm } from '../../src/kernel/vm.ts';
import type { Process, Vm } from '../../src/kernel/world.ts';
import {
  newVirtualInterface,
  peekIcc,
  readIcc,
  trapsToHypervisor,
  type VirtualInterface,
  writeIcc,
} from '../../src/machine/gic/interface.ts';

export const GICD = 0x0800_0000;
export const GICR = 0x080a_0000;
/** The SGI frame of vCPU n. */
export const sgiFrame = (n: number): number => GICR + n * 0x2_0000 + 0x1_0000;

export function hostWith(knobs: Host['knobs'] = {}): Host {
  return {
    name: 'test',
    about: '',
    cpus: 8,
    midr: 0x413fd0c1n,
    cntfrq: 1_000_000,
    spus: [],
    pmus: [],
    features: { fgt: true, sve: true, ptrauth: true, aarch32El1: true, nestedVirtualisation: false },
    kernel: { version: '6.18', revision: 'rfc-v6', configSpe: true, mode: 'vhe', kpti: false, hz: 250 },
    knobs,
    timing: {},
  };
}

const key = (name: string): number => {
  const row = GIC_REGISTERS.find((r) => r.name === `ICC_${name}_EL1`);
  if (row === undefined) throw new Error(`no register ${name}`);
  return row.key;
};

export interface Scene {
  readonly vm: Vm;
  readonly dist: VgicDistributor;
  readonly ich: readonly VirtualInterface[];
  readonly events: VgicEvent[];
  tick: number;
  /** Exit of vCPU n, the deed, entry. */
  exit(deed?: () => void, n?: number): void;
  sync(n?: number): void;
  flush(n?: number): void;
  /** A guest's store and load, while the vCPU is out. */
  store(address: number, value: number | bigint, size?: number): void;
  load(address: number, size?: number): number;
  /** MSR and MRS inside the guest; a write that traps exits and enters. */
  msr(name: string, value: number | bigint, n?: number): void;
  mrs(name: string, n?: number): number;
  peek(name: string, n?: number): number;
  spe(level: boolean): string | null;
  line(intid: number, level: boolean, n?: number): string | null;
}

export function scene(vcpus = 1, knobs: Host['knobs'] = {}, interrupts = 64): Scene {
  const host = hostWith(knobs);
  const vm = newVm(host, 0, { id: 1, perfmonCapable: true } as Process, 40);
  const dist = newVgicDistributor(quirksOf(host), listRegistersOf(host));
  vm.vgic = dist;
  for (let n = 0; n < vcpus; n++) {
    vm.vcpus.push(newVcpu(host, n, n));
    attachVcpu(vm, n);
  }
  dist.base = GICD;
  dist.spiCount = interrupts - 32;
  addRegion(vm, dist, 0, GICR, 0);
  initialiseVgic(vm, dist);
  if (mapResources(vm) !== null) throw new Error('the scene does not map');
  const ich = vm.vcpus.map(() => newVirtualInterface());
  const events: VgicEvent[] = [];
  const note = (event: VgicEvent): void => void events.push(event);
  const s: Scene = {
    vm,
    dist,
    ich,
    events,
    tick: 0,
    exit(deed = () => {}, n = 0) {
      s.sync(n);
      deed();
      s.flush(n);
    },
    sync: (n = 0) => syncVcpu(vm, n, ich[n], note),
    flush: (n = 0) => flushVcpu(vm, n, ich[n], note),
    store(address, value, size = 4) {
      if (vgicMmio(vm, 0, address, size, BigInt(value), note) === null) throw new Error('not the vGIC');
    },
    load(address, size = 4) {
      const value = vgicMmio(vm, 0, address, size, null, note);
      if (value === null) throw new Error('not the vGIC');
      return Number(value);
    },
    msr(name, value, n = 0) {
      const k = key(name);
      s.tick++;
      if (trapsToHypervisor(ich[n], k)) {
        const halted = dirHaltsGuest(vm, n, k, BigInt(value)) ? vm.vcpus.filter((v) => v.index !== n) : [];
        for (const { index } of halted) s.sync(index);
        s.exit(() => void writeTrappedIcc(vm, n, k, BigInt(value), note), n);
        for (const { index } of halted) s.flush(index);
      } else if (!writeIcc(ich[n], k, BigInt(value), s.tick)) throw new Error(`${name} is UNDEFINED`);
    },
    mrs(name, n = 0) {
      s.tick++;
      const value = readIcc(ich[n], key(name), s.tick);
      if (value === null) throw new Error(`${name} is UNDEFINED`);
      return Number(value);
    },
    peek: (name, n = 0) => Number(peekIcc(ich[n], key(name))),
    spe: (level) => injectInterrupt(vm, 0, 21, level, 'spe', note),
    line: (intid, level, n = 0) => injectInterrupt(vm, intid < 32 ? n : -1, intid, level, null, note),
  };
  return s;
}

/** The setup of vgic.md §2.9: distributor on, PMR F0, IGRPEN1 1, priorities A0, SPE owns 21, SPI 40 level. */
export function prepared(vcpus = 1, knobs: Host['knobs'] = {}): Scene {
  const s = scene(vcpus, knobs);
  s.store(GICD, 2);
  for (let n = 0; n < vcpus; n++) {
    for (let intid = 0; intid < 32; intid += 4) s.store(sgiFrame(n) + 0x400 + intid, 0xa0a0a0a0);
    if (setOwner(s.vm, n, 21, 'spe') !== null) throw new Error('SPE cannot own 21');
    s.flush(n);
    s.msr('PMR', 0xf0, n);
    s.msr('BPR1', 3, n);
    s.msr('IGRPEN1', 1, n);
    s.sync(n);
  }
  s.store(GICD + 0xc00 + 8, 0); // INTIDs 32 to 47 are level-sensitive
  for (let intid = 32; intid < 64; intid += 4) s.store(GICD + 0x400 + intid, 0xa0a0a0a0);
  for (let n = 0; n < vcpus; n++) s.flush(n);
  s.events.length = 0;
  return s;
}

/** `en/lat/line/act/list` of an interrupt of vCPU n; '-' for the line of an edge interrupt. */
export function stateOf(s: Scene, intid: number, n = 0): string {
  const irq = findIrq(s.vm, n, intid);
  if (irq === null) throw new Error(`no interrupt ${intid}`);
  const { table, at } = irq;
  const line = intid < 16 ? '-' : table.line[at];
  return [table.enabled[at], table.latch[at] === 0 ? 0 : 1, line, table.active[at], table.listed[at] === -1 ? 0 : 1].join('/');
}

/** The list register of an interrupt: P, A, A+P, 00 (used, neither), or – when there is none. */
export function listRegisterOf(s: Scene, intid: number, n = 0): string {
  const { lr, used } = s.ich[n];
  for (let i = 0; i < used; i++) if (lr.intid[i] === intid) return ['00', 'P', 'A', 'A+P'][lr.state[i]];
  return '–';
}
