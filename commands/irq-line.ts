// irq-line: user space drives an interrupt line, KVM_IRQ_LINE (language.md §3, group vgic; vgic.md §1.8).
import { IRQ_TYPE_CPU, IRQ_TYPE_PPI, IRQ_TYPE_SPI, irqLineWord } from '../src/abi/irq-line.ts';
import type { Arguments } from '../src/session/command.ts';
import { refuse } from '../src/session/enter.ts';
import { issue } from '../src/session/issue.ts';
import { numbersOf } from '../src/session/numbers.ts';
import type { Outcome } from '../src/session/outcome.ts';
import { currentVm } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { irqLine as prepareIrqLine } from '../src/session/vmm.ts';
import { family } from '../src/shell/family.ts';

const TYPES: Readonly<Record<string, number>> = { cpu: IRQ_TYPE_CPU, ppi: IRQ_TYPE_PPI };

/** Makes the call; numbers are cut to their fields, as a VMM's shifts and masks would. */
function drive(context: Context, args: Arguments, type: number): Outcome {
  const vm = currentVm(context);
  if (vm.isErr()) return refuse(vm.error);
  const numbers = numbersOf(context, args, 'vcpu', 'number', 'level');
  if (numbers.isErr()) return refuse(numbers.error);
  const { vcpu = 0n, number = 0n, level = 0n } = numbers.value;
  const word = irqLineWord({ type, vcpu: Number(vcpu & 0xfffn), number: Number(number & 0xffffn) });
  return issue(context, prepareIrqLine(context, vm.value.index, word, Number(BigInt.asUintN(32, level))));
}

export const irqLine = family({
  name: 'irq-line',
  group: 'vgic',
  summary: 'drive an interrupt line from user space (KVM_IRQ_LINE)',
  details: [
    'With an in-kernel vGIC the line of a PPI of one vCPU, or of an SPI; without one the IRQ pin (0) or FIQ pin (1) of a vCPU. A level other than 0 asserts it.',
    'An interrupt that a device owns (SPE, PMU, a timer) is left alone: the call succeeds and nothing moves. `vgic irq` shows the owner; `vgic attr set level-info` moves the line all the same.',
  ],
  see: ['vgic', 'mask', 'why'],
  forms: [
    {
      id: 'irq-line',
      syntax: 'irq-line <type:cpu|ppi> <vcpu:VCPU> <number:EXPR> <level:EXPR>',
      about: 'Drive a PPI of a vCPU, or without a vGIC one of its pins.',
      words: { cpu: 'IRQ or FIQ pin, without a vGIC', ppi: 'a PPI of one vCPU' },
      effect: 'world',
      run: (context, args) => drive(context, args, TYPES[context.word(args['type'])]),
    },
    {
      id: 'irq-line.spi',
      syntax: 'irq-line spi <number:EXPR> <level:EXPR>',
      about: 'Drive an SPI.',
      effect: 'world',
      run: (context, args) => drive(context, args, IRQ_TYPE_SPI),
    },
  ],
});
