// KVM_IRQ_LINE (vgic.md §1.8): user space drives an SPI, an unowned PPI, or without an in-kernel vGIC a vCPU's IRQ and FIQ pins.
import { getField } from '../../abi/struct.ts';
import { KVM_IRQ_LEVEL } from '../../abi/structs.ts';
import { note, type Request, request, type VmCall } from '../call-state.ts';
import { type Check, does, fails, mainline, type Step, steps } from '../steps.ts';
import { vgicInitialised } from '../vgic/init.ts';
import { injectInterrupt } from '../vgic/inject.ts';
import { FIRST_SPI, interruptCount } from '../vgic/state.ts';
import type { Vcpu } from '../world.ts';
import { readsStruct, type StructScratch, structScratch } from './user.ts';

type Call = VmCall & StructScratch;

/** Types of the irq field, bits 27:24. */
const CPU = 0;
const SPI = 1;
const PPI = 2;
const TYPES = ['CPU', 'SPI', 'PPI'];

const PLACE = 'kvm_vm_ioctl_irq_line';
const irq = (s: Call): number => Number(getField(KVM_IRQ_LEVEL, s.bytes, 'irq'));
const type = (s: Call): number => (irq(s) >>> 24) & 15;
const number = (s: Call): number => irq(s) & 0xffff;
/** vcpu + 256 * vcpu2. */
const vcpuId = (s: Call): number => ((irq(s) >>> 16) & 0xff) + 256 * ((irq(s) >>> 28) & 15);
const vcpu = (s: Call): Vcpu | undefined => s.vm.vcpus.find((v) => v.id === vcpuId(s));
const raised = (s: Call): boolean => getField(KVM_IRQ_LEVEL, s.bytes, 'level') !== 0n;
const inKernel = (s: Call): boolean => s.vm.vgic !== null;
const seen = (s: Call): string => `${TYPES[type(s)] ?? `type ${type(s)}`}, number ${number(s)}`;

const check = (errno: string, why: string, when: (s: Call) => boolean, saw = seen): Check<Call> =>
  fails(errno, why, { when, saw }, mainline(PLACE));

const LIST: readonly Step<Call>[] = [
  ...readsStruct<Call>(KVM_IRQ_LEVEL, mainline('kvm_vm_ioctl')),
  check('EINVAL', 'the type is not CPU, SPI or PPI', (s) => type(s) > PPI),
  check('ENXIO', 'the pins belong to the in-kernel vGIC', (s) => type(s) === CPU && inKernel(s)),
  check(
    'ENXIO',
    'there is no in-kernel vGIC',
    (s) => type(s) !== CPU && !inKernel(s),
    (s) => (inKernel(s) ? 'a vGIC' : 'no vGIC'),
  ),
  check(
    'EINVAL',
    'there is no such vCPU',
    (s) => type(s) !== SPI && vcpu(s) === undefined,
    (s) => `vCPU id ${vcpuId(s)}`,
  ),
  check('EINVAL', 'the number is not in the range of its type', (s) =>
    type(s) === CPU ? number(s) > 1 : type(s) === SPI ? number(s) < FIRST_SPI : number(s) < 16 || number(s) >= FIRST_SPI,
  ),
  check(
    'EBUSY',
    'the vGIC is not initialised',
    (s) => type(s) !== CPU && !vgicInitialised(s.vm),
    (s) => (vgicInitialised(s.vm) ? 'initialised' : 'not initialised'),
  ),
  check('EINVAL', 'the vGIC has no such SPI', (s) => type(s) === SPI && s.vm.vgic !== null && number(s) >= interruptCount(s.vm.vgic)),
  does(
    'drive the line; a PPI that a device owns does not move',
    (s) => {
      const target = vcpu(s);
      if (type(s) === CPU) {
        if (target === undefined) return;
        const bit = 1 << number(s);
        const pins = target.pins ?? 0;
        target.pins = raised(s) ? pins | bit : pins & ~bit;
        return;
      }
      injectInterrupt(s.vm, type(s) === SPI ? -1 : (target?.index ?? -1), number(s), raised(s), null, (event) => {
        const { kind, tick, ...members } = event;
        note(s, kind, { vm: s.vm.index, ...members });
      });
    },
    mainline('kvm_vgic_inject_irq'),
  ),
];

export const IRQ_LINE: Request<VmCall> = request('KVM_IRQ_LINE', 'full', structScratch(), steps('KVM_IRQ_LINE', LIST));
