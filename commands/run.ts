// run: the guest to its end (language.md §3, group run).
import { counted, enter, FOREVER, INSIDE } from '../src/session/enter.ts';
import { family } from '../src/shell/family.ts';
import { showStop } from '../src/shell/show-stop.ts';

export const run = family({
  name: 'run',
  group: 'run',
  summary: 'run the guest to its end',
  details: [
    'Enters KVM_RUN for every vCPU of the VM and runs them round robin, 1,000 operations a turn. The built-in VMM completes MMIO for the UART and re-enters; SYSTEM_OFF, FAIL_ENTRY and other exits end the run.',
    'Breakpoints are ignored: continue honours them.',
  ],
  see: ['continue', 'step', 'sample', 'console'],
  forms: [
    {
      id: 'run',
      syntax: 'run [--ops <ops:EXPR>]',
      about: 'Run all vCPUs, stops ignored, until SYSTEM_OFF or an exit that the built-in VMM does not complete.',
      words: { '--ops': 'operations at most' },
      effect: 'world',
      run: (context, args) =>
        counted(context, args['ops'], FOREVER, (operations) => enter(context, { ...INSIDE, stops: false, vcpus: 'all', operations })),
      show: showStop,
    },
  ],
});
