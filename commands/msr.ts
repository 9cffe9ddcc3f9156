// msr: a system register written as the guest would write it (language.md §3, group inspect).
import { refuse } from '../src/session/enter.ts';
import { accessByName } from '../src/session/register-access.ts';
import { family } from '../src/shell/family.ts';
import { showAccess } from '../src/shell/show-access.ts';

export const msr = family({
  name: 'msr',
  group: 'inspect',
  summary: 'write a system register as the guest would',
  details: [
    'The focused vCPU executes MSR where it stands, as `mrs` does, and what the write does besides is done: PMBLIMITR_EL1 pins and unpins the buffer’s pages and turns the unit on and off, PMBSR_EL1 moves the interrupt, TTBR0_EL1 retires translations, DAIF masks interrupts. `holds` is what the register keeps of the value where that is less.',
    'A write that is not done changes nothing: an exception that the guest would take at EL1, and an exit that KVM_RUN would end with (KVM_EXIT_RLIMIT), are told and not delivered; the command is refused. The debugger’s own hand, without traps and effects, is `reg NAME=VALUE`.',
  ],
  see: ['mrs', 'reg', 'buffer', 'explain'],
  forms: [
    {
      id: 'msr',
      syntax: 'msr <name:SYSREG> <value:EXPR>',
      about: 'Write a system register as the guest would, traps and all.',
      effect: 'world',
      run: (context, args) => {
        const value = context.number(args['value']);
        return value.isErr() ? refuse(value.error) : accessByName(context, context.word(args['name']), value.value ?? 0n);
      },
      show: showAccess,
    },
  ],
});
