// Device attributes of the vGIC's file: which list answers which group, verb and attribute (vgic.md §1.3; KVM's vgic-kvm-device.c).
import * as abi from '../../abi/vgic-attributes.ts';
import type { Host } from '../host.ts';
import { mainline, type Steps, steps } from '../steps.ts';
import { addressSteps } from './attr-addresses.ts';
import { controlSteps, maintenanceSteps, nrIrqsSteps } from './attr-control.ts';
import { registerSteps } from './attr-registers.ts';
import { type AttrStep, noSuchAttribute, type Verb, type VgicAttrCall } from './attr-state.ts';

export type { VgicAttrCall } from './attr-state.ts';

function stepsOf(host: Host, verb: Verb, group: number, attr: bigint): readonly AttrStep[] {
  switch (group) {
    case abi.GRP_ADDR:
      return addressSteps(host, verb, attr);
    case abi.GRP_NR_IRQS:
      return nrIrqsSteps(verb);
    case abi.GRP_CTRL:
      return controlSteps(verb, attr);
    case abi.GRP_DIST_REGS:
    case abi.GRP_REDIST_REGS:
    case abi.GRP_CPU_SYSREGS:
    case abi.GRP_LEVEL_INFO:
      return registerSteps(host, verb, group, attr);
    case abi.GRP_MAINT_IRQ:
      return maintenanceSteps(verb);
    default:
      return [noSuchAttribute('a GICv3 has no such attribute group', mainline(`vgic_v3_${verb}_attr`))];
  }
}

/** The checks and deeds of a call on an attribute under this host's kernel; `attr` is compared as 64 bits. */
export function vgicAttrSteps(host: Host, verb: Verb, group: number, attr: bigint): Steps<VgicAttrCall> {
  const name =
    abi.vgicAttribute(group, attr)?.name ?? `${abi.vgicGroupName(group) ?? `vGIC group ${group}`} attribute 0x${attr.toString(16)}`;
  return steps(`${name} ${verb}`, stepsOf(host, verb, group, attr));
}
