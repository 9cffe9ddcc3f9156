// The ioctls of the vGIC as rows of the dispatch tables: on its own file, and KVM_CREATE_DEVICE and KVM_IRQ_LINE on the VM's.
import { getField } from '../../abi/struct.ts';
import { KVM_IRQ_LEVEL } from '../../abi/structs.ts';
import type { Verb } from '../attr/state.ts';
import type { CallState, Request, VmCall } from '../call-state.ts';
import { attrRequest } from '../calls/device-attr.ts';
import { readsStruct, type StructScratch, structScratch } from '../calls/user.ts';
import { mainline, steps, walk } from '../steps.ts';
import { vgicAttrSteps } from './attr.ts';
import { createDeviceSteps } from './create.ts';
import { irqLineSteps } from './irq-line.ts';

const VERBS: readonly Verb[] = ['set', 'get', 'has'];

/** Requests of the vGIC's file. */
export const VGIC_REQUESTS: readonly Request<VmCall>[] = VERBS.map((verb) =>
  attrRequest<VmCall>(verb, (s) => vgicAttrSteps(s.host, verb, s.attr.group, s.attr.attr)),
);

/** The word of KVM_IRQ_LINE for an SPI: its list is the longest. */
const SPI_TYPE = 1 << 24;

const READ_IRQ_LEVEL = steps<CallState & StructScratch>('KVM_IRQ_LINE', readsStruct(KVM_IRQ_LEVEL, mainline('kvm_vm_ioctl')));

/** Requests of the VM's file that are about interrupt controllers. */
export const VM_VGIC_REQUESTS: readonly Request<VmCall>[] = [
  {
    ioctl: 'KVM_CREATE_DEVICE',
    support: { partial: 'GICv3 only: the hosts have no GICv2 interface and there is no ITS' },
    lists: (host) => [createDeviceSteps(host)],
    run: (state) => walk(createDeviceSteps(state.host), Object.assign(state, structScratch())),
  },
  {
    ioctl: 'KVM_IRQ_LINE',
    support: 'full',
    lists: () => [READ_IRQ_LEVEL, irqLineSteps(SPI_TYPE)],
    run: (state) => {
      const s = Object.assign(state, structScratch());
      return walk(READ_IRQ_LEVEL, s).andThen(() => walk(irqLineSteps(Number(getField(KVM_IRQ_LEVEL, s.bytes, 'irq'))), s));
    },
  },
];
