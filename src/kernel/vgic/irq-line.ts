// KVM_IRQ_LINE: user space drives an interrupt line. Orders: vgic.md §1.8 (KVM's kvm_vm_ioctl_irq_line).
import { IRQ_TYPE_CPU, IRQ_TYPE_PPI, IRQ_TYPE_SPI, IRQ_TYPES, type IrqLineWord, readIrqLine } from '../../abi/irq-line.ts';
import { getField } from '../../abi/struct.ts';
import { KVM_IRQ_LEVEL } from '../../abi/structs.ts';
import type { VmCall } from '../call-state.ts';
import type { StructScratch } from '../calls/user.ts';
import { type Check, does, fails, mainline, type Step, type Steps, steps } from '../steps.ts';
import type { Vcpu } from '../world.ts';
import { initText, noteOf } from './attr-state.ts';
import { vgicInitialised } from './init.ts';
import { injectInterrupt } from './inject.ts';
import { FIRST_PPI, FIRST_SPI, interruptCount } from './state.ts';

export type IrqLineCall = VmCall & StructScratch;

const PLACE = mainline('kvm_vm_ioctl_irq_line');
const INJECT = mainline('kvm_vgic_inject_irq');

const wordOf = (s: IrqLineCall): IrqLineWord => readIrqLine(Number(getField(KVM_IRQ_LEVEL, s.bytes, 'irq')));
const levelOf = (s: IrqLineCall): boolean => getField(KVM_IRQ_LEVEL, s.bytes, 'level') !== 0n;
const numberOf = (s: IrqLineCall): number => wordOf(s).number;
const targetOf = (s: IrqLineCall): Vcpu | undefined => s.vm.vcpus.find((v) => v.id === wordOf(s).vcpu);

const vgicSeen = (s: IrqLineCall): string => (s.vm.vgic === null ? 'no vGIC' : 'a vGICv3');
const withoutVgic: Check<IrqLineCall> = fails(
  'ENXIO',
  'there is no in-kernel vGIC',
  { when: (s) => s.vm.vgic === null, saw: vgicSeen },
  PLACE,
);
const withVgic: Check<IrqLineCall> = fails(
  'ENXIO',
  'the in-kernel vGIC drives the pins',
  { when: (s) => s.vm.vgic !== null, saw: vgicSeen },
  PLACE,
);
const noVcpu: Check<IrqLineCall> = fails(
  'EINVAL',
  'there is no such vCPU',
  { when: (s) => targetOf(s) === undefined, saw: (s) => `vCPU id ${wordOf(s).vcpu}` },
  PLACE,
);
const uninitialised: Check<IrqLineCall> = fails(
  'EBUSY',
  'the vGIC is not initialised',
  {
    when: (s) => !vgicInitialised(s.vm),
    saw: (s) => initText(vgicInitialised(s.vm)),
    wouldPass: () => 'KVM_DEV_ARM_VGIC_CTRL_INIT first',
  },
  INJECT,
);
const badNumber = (why: string, when: (s: IrqLineCall) => boolean, wouldPass: string, evidence = PLACE): Check<IrqLineCall> =>
  fails('EINVAL', why, { when, saw: (s) => `${numberOf(s)}`, wouldPass: () => wouldPass }, evidence);

const inject = (vcpu: (s: IrqLineCall) => number): Step<IrqLineCall> =>
  does(
    'drive the line as user space; an interrupt that a device owns is left alone',
    (s) => {
      injectInterrupt(s.vm, vcpu(s), numberOf(s), levelOf(s), null, noteOf(s));
    },
    INJECT,
  );

const LISTS: Readonly<Record<number, readonly Step<IrqLineCall>[]>> = {
  [IRQ_TYPE_CPU]: [
    withVgic,
    noVcpu,
    badNumber('there are only the IRQ and the FIQ pin', (s) => numberOf(s) > 1, '0 (IRQ) or 1 (FIQ)'),
    does(
      'drive the pin',
      (s) => {
        const v = targetOf(s);
        if (v === undefined) return;
        const bit = 1 << numberOf(s);
        v.pins = levelOf(s) ? (v.pins ?? 0) | bit : (v.pins ?? 0) & ~bit;
      },
      mainline('vcpu_interrupt_line'),
    ),
  ],
  [IRQ_TYPE_SPI]: [
    withoutVgic,
    badNumber('the number is below the SPIs', (s) => numberOf(s) < FIRST_SPI, 'from 32 on'),
    uninitialised,
    badNumber('there is no such SPI', (s) => s.vm.vgic !== null && numberOf(s) >= interruptCount(s.vm.vgic), 'below NR_IRQS', INJECT),
    inject(() => -1),
  ],
  [IRQ_TYPE_PPI]: [
    withoutVgic,
    noVcpu,
    badNumber('the number is not a PPI', (s) => numberOf(s) < FIRST_PPI || numberOf(s) >= FIRST_SPI, '16 to 31'),
    uninitialised,
    inject((s) => targetOf(s)?.index ?? -1),
  ],
};

const unknownType: Check<IrqLineCall> = fails(
  'EINVAL',
  'the type is not CPU, SPI or PPI',
  { when: () => true, saw: (s) => `type ${wordOf(s).type}` },
  PLACE,
);

/** The list of the type in `irq`, once struct kvm_irq_level was read. */
export function irqLineSteps(irq: number): Steps<IrqLineCall> {
  const { type } = readIrqLine(irq);
  return steps(`KVM_IRQ_LINE ${IRQ_TYPES[type] ?? `type ${type}`}`, LISTS[type] ?? [unknownType]);
}
