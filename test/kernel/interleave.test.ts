// Two vCPU threads in the kernel at once (kvm-spe-abi.md §2.3): what their orders can leave that no order of whole calls leaves.
import { expect, test } from 'vitest';
import { vcpuAttributeByName } from '../../src/abi/attributes.ts';
import { vcpuAttrSteps } from '../../src/kernel/attr/lists.ts';
import type { AttrCall } from '../../src/kernel/attr/state.ts';
import type { VcpuCall } from '../../src/kernel/call-state.ts';
import { firstRunSteps } from '../../src/kernel/calls/run.ts';
import { type InProgress, interleavings } from '../../src/kernel/interleave.ts';
import type { KnobValue } from '../../src/kernel/knobs.ts';
import * as vmm from '../../src/session/vmm.ts';
import { type Bench, b0, configure, hostOf, mask, set, vcpuOf, vmOf } from './bench.ts';

/** A set of an attribute by the thread of a vCPU, its value in memory. */
function setting(b: Bench, vcpu: number, name: string, value: number): InProgress<AttrCall> {
  const row = vcpuAttributeByName('rfc-v6', name);
  if (row === undefined) throw new Error(name);
  const addr = vmm.place(b.hands, vmm.SCRATCH + 0x1000 + 8 * vcpu, new Uint8Array(Int32Array.of(value).buffer));
  return {
    list: vcpuAttrSteps(b.mw.world.host, 'set', row.group, BigInt(row.attr)),
    state: { ...called(b, vcpu), attr: { flags: 0, group: row.group, attr: BigInt(row.attr), addr }, value: 0n },
  };
}
function called(b: Bench, vcpu: number): VcpuCall {
  const { host, kernel } = b.mw.world;
  const call = { process: 1, fd: 0, request: 0, argument: 0n, thread: vcpu };
  return { mw: b.mw, host, call, process: kernel.processes[0], events: [], ret: 0, vm: vmOf(b), vcpu: vcpuOf(b, vcpu) };
}
const running = (b: Bench, vcpu: number): InProgress<VcpuCall> => ({ list: firstRunSteps(b.mw.world.host), state: called(b, vcpu) });

/** Distinct ends of two calls, as text, over every order. */
function ends(
  make: (b: Bench) => { first: InProgress<AttrCall>; second: InProgress<AttrCall> | InProgress<VcpuCall> },
  left: (b: Bench) => string,
  knobs: Record<string, KnobValue> = {},
  before: (b: Bench) => void = () => {},
): string[] {
  let b: Bench = b0();
  const fresh = () => {
    b = b0({}, hostOf('two-spu', knobs));
    before(b);
    return make(b) as { first: InProgress<AttrCall>; second: InProgress<AttrCall> };
  };
  const all = interleavings(fresh, () => left(b));
  return [...new Set(all.map((o) => `${o.first} ${o.second}: ${o.left}`))].sort();
}
const shown = (b: Bench): string => `mask '${mask(b)}'`;

test('SPU on one thread, PMU of the other cluster on another: one narrowing can be lost', () => {
  expect(ends((b) => ({ first: setting(b, 0, 'spe.spu', 10), second: setting(b, 1, 'pmu.set-pmu', 9) }), shown)).toEqual([
    "ok ok: mask ''", // as whole calls, either way
    "ok ok: mask '0-3'", // the PMU's narrowing is lost
    "ok ok: mask '4-7'", // the SPU's is
  ]);
});

test('the same cluster: nothing can be lost that shows', () => {
  expect(ends((b) => ({ first: setting(b, 0, 'spe.spu', 10), second: setting(b, 1, 'pmu.set-pmu', 8) }), shown)).toEqual([
    "ok ok: mask '0-3'",
  ]);
});

test('two choices of an SPU hold one lock: as whole calls, one is refused', () => {
  expect(ends((b) => ({ first: setting(b, 0, 'spe.spu', 10), second: setting(b, 1, 'spe.spu', 11) }), shown)).toEqual([
    "EINVAL ok: mask '4-7'",
    "ok EINVAL: mask '0-3'",
  ]);
});

test('the SPU chosen while another vCPU runs for the first time: it can be set though the VM has run', () => {
  const spu = (b: Bench): string => `SPU ${vmOf(b).spu}, ran ${vmOf(b).hasRanOnce}, ${shown(b)}`;
  const found = ends(
    (b) => ({ first: setting(b, 1, 'spe.spu', 10), second: running(b, 0) }),
    spu,
    { spuRequired: 'never' },
    (b) => {
      for (const [name, value] of [
        ['pmu.irq', 23],
        ['pmu.init', 'NULL'],
        ['spe.irq', 21],
        ['spe.init', 'NULL'],
      ] as const)
        set(b, 0, name, value);
    },
  );
  expect(found).toEqual(["EBUSY ok: SPU null, ran true, mask '0-7'", "ok ok: SPU 10, ran true, mask '0-3'"]);
});

test('orders of whole calls are among the orders', () => {
  let b = b0();
  const all = interleavings(
    () => {
      b = b0();
      configure(b, 0);
      return { first: setting(b, 1, 'spe.irq', 21), second: running(b, 0) };
    },
    () => `${vcpuOf(b, 1).spe.irq} ${vcpuOf(b, 0).run.place}`,
  );
  expect(all.length).toBeGreaterThan(100);
  expect(new Set(all.map((o) => o.left))).toEqual(new Set(['21 guest']));
});
