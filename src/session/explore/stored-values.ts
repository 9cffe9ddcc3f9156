// "A get returns what set stored": the value behind KVM_GET_DEVICE_ATTR follows every successful set, and nothing else moves it.
// In each state the attributes are asked for once; between two states the answers may differ only by what the call set.

import { vcpuAttribute } from '../../abi/attributes.ts';
import { vcpuAttrSteps } from '../../kernel/attr/lists.ts';
import type { Host } from '../../kernel/host.ts';
import { systemCall } from '../../kernel/kernel.ts';
import { checksOf } from '../../kernel/steps.ts';
import type { MountedWorld } from '../../kernel/world.ts';
import { deviceAttr, placedValue } from '../vmm.ts';
import type { CallSeen, Invariant, StoredValue, WorldView } from './seen.ts';

export interface Attribute {
  readonly group: number;
  readonly attr: bigint;
}

export const STORED_VALUES = 'get-returns-set';

interface Asked extends Attribute {
  readonly vm: number;
  readonly vcpu: number;
  /** null: the get was refused. */
  readonly value: bigint | null;
}

/** Groups whose getter does not know the attribute (INIT, SET_PMU). */
function hasGetter(host: Host, { group, attr }: Attribute): boolean {
  const checks = checksOf(vcpuAttrSteps(host, 'get', group, attr));
  return checks.length > 0 && !checks.some((c) => /no such attribute/.test(c.why));
}

function ask(live: MountedWorld, vm: number, vcpu: number, { group, attr }: Attribute): bigint | null {
  const row = vcpuAttribute(live.world.host.kernel.revision, group, attr);
  const size = row?.value === 'u64' ? 8 : 4;
  const { call } = deviceAttr(
    { world: live },
    { verb: 'get', target: { kind: 'vcpu', vm, vcpu }, group, attr, pointer: { kind: 'room', size } },
  );
  return systemCall(live, call).isErr() ? null : placedValue({ world: live }, size, size === 4);
}

function askAll(live: MountedWorld, world: WorldView, attributes: readonly Attribute[]): readonly Asked[] {
  const known = attributes.filter((a) => hasGetter(world.host, a));
  return world.kernel.vms.flatMap(({ index: vm, destroyed, dead, vcpus }) =>
    destroyed || dead ? [] : vcpus.flatMap(({ index: vcpu }) => known.map((a) => ({ ...a, vm, vcpu, value: ask(live, vm, vcpu, a) }))),
  );
}

const same = (a: Attribute, b: Attribute): boolean => a.group === b.group && a.attr === b.attr;
const text = (value: bigint | null | undefined): string => (value === null || value === undefined ? 'nothing' : String(value));

function compare(seen: CallSeen, before: readonly Asked[], after: readonly Asked[]): string | null {
  if (before === after && seen.ioctls.every((i) => i.stored === null)) return null; // the same world
  const stored = seen.ioctls.flatMap((i): StoredValue[] => (i.stored === null ? [] : [i.stored]));
  for (const now of after) {
    const name = `get of ${now.group}/${now.attr} on vCPU ${now.vcpu}`;
    const own = stored.findLast((s) => same(s, now) && s.vm === now.vm && s.vcpu === now.vcpu);
    if (own !== undefined && own.value !== now.value) return `${name} returns ${text(now.value)} after a set of ${own.value}`;
    const then = before.find((b) => same(b, now) && b.vm === now.vm && b.vcpu === now.vcpu)?.value ?? null;
    if (then === null || then === now.value) continue;
    if (stored.some((s) => same(s, now) && s.vm === now.vm && s.value === now.value)) continue;
    return `${name} returned ${then}, now ${text(now.value)}, and no call set it`;
  }
  return null;
}

/** The invariant, over these attributes of every vCPU. */
export const storedValues = (attributes: readonly Attribute[]): Invariant => ({
  name: STORED_VALUES,
  says: 'a get returns what set stored, until a set stores something else',
  evidence: 'seed: kvm_spe_get_attr; mainline: kvm_arm_pmu_v3_get_attr',
  shows: ['why'],
  remember: (live, world) => askAll(live, world, attributes),
  call: (seen, before, after) => compare(seen, before as readonly Asked[], after as readonly Asked[]),
});
