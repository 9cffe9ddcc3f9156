// mrs: a system register read as the guest would read it (language.md §3, group inspect).
import { accessByName } from '../src/session/register-access.ts';
import { family } from '../src/shell/family.ts';
import { showAccess } from '../src/shell/show-access.ts';

export const mrs = family({
  name: 'mrs',
  group: 'inspect',
  summary: 'read a system register as the guest would',
  details: [
    'The focused vCPU executes MRS where it stands, at its Exception level, inside KVM_RUN or outside: the CPU decides whether the access is allowed, UNDEFINED, or a trap, and KVM answers what traps to EL2, as for an instruction of the guest. Reads with an effect have it: ICC_IAR1_EL1 acknowledges an interrupt.',
    'PC, the general registers and memory stay, no tick passes, nothing is sampled, breakpoints are left alone. An exception that the guest would take at EL1 is told with its syndrome and vector, and not delivered: the command is refused, and the guest goes on as if nothing had been asked.',
    'NAME is a register of the tables or an encoding, S3_0_C9_C10_3. The debugger’s own look, without traps, is `reg`.',
  ],
  see: ['msr', 'reg', 'regs', 'explain'],
  forms: [
    {
      id: 'mrs',
      syntax: 'mrs <name:SYSREG>',
      about: 'Read a system register as the guest would, traps and all.',
      effect: 'world',
      run: (context, args) => accessByName(context, context.word(args['name']), null),
      show: showAccess,
    },
  ],
});
