// Which list answers for a vCPU attribute under a host's kernel: group, then revision (kvm-spe-abi.md §2.1).
import { PMU_GROUP, PVTIME_GROUP, SPE_GROUP, TIMER_GROUP } from '../../abi/attributes.ts';
import type { Host } from '../host.ts';
import { perHost } from '../per-host.ts';
import { fails, inferred, mainline, type Steps, steps } from '../steps.ts';
import { pmuSteps } from './pmu.ts';
import { pvtimeSteps } from './pvtime.ts';
import { speStepsV6 } from './spe.ts';
import { speStepsOld } from './spe-old.ts';
import type { AttrCall, Verb } from './state.ts';
import { timerSteps } from './timer.ts';

const noGroup = steps<AttrCall>('device attribute', [
  fails(
    'ENXIO',
    'the vCPU has no such attribute group',
    { when: () => true, saw: (s) => `group ${s.attr.group}` },
    mainline('kvm_arm_vcpu_arch_set_attr'),
  ),
]);

const stub = steps<AttrCall>('KVM_ARM_VCPU_SPE_CTRL', [
  fails('ENXIO', 'the kernel was built without CONFIG_KVM_ARM_SPE', { when: () => true, saw: () => '' }, inferred('M', 'stubs as in v5')),
]);

function build(host: Host, verb: Verb, group: number, attr: bigint): Steps<AttrCall> {
  if (group === PMU_GROUP) return pmuSteps(host, verb, attr);
  if (group === TIMER_GROUP) return timerSteps(host, verb, attr);
  if (group === PVTIME_GROUP) return pvtimeSteps(verb, attr);
  if (group !== SPE_GROUP || host.kernel.revision === 'mainline') return noGroup;
  if (!host.kernel.configSpe) return stub;
  return host.kernel.revision === 'rfc-v6' ? speStepsV6(host, verb, attr) : speStepsOld(host, verb, attr);
}

const listsOf = perHost(() => new Map<string, Steps<AttrCall>>());

/** The list of checks of one verb on one vCPU attribute; `attr` as 64 bits. */
export function vcpuAttrSteps(host: Host, verb: Verb, group: number, attr: bigint): Steps<AttrCall> {
  const lists = listsOf(host);
  const known = attr < 16n;
  const key = `${verb} ${group} ${known ? attr : 'other'}`;
  let list = known ? lists.get(key) : undefined;
  if (list === undefined) {
    list = build(host, verb, group, attr);
    if (known) lists.set(key, list);
  }
  return list;
}
