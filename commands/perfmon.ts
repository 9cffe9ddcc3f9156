// perfmon: CAP_PERFMON of the VMM (language.md §3, group process; kvm-spe-abi.md §3.5).
import { setPerfmonCapability } from '../src/kernel/process.ts';
import { done } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

const processOf = (context: Context) => context.world.world.kernel.processes[(context.process ?? 1) - 1];

export const perfmon = family({
  name: 'perfmon',
  group: 'process',
  summary: 'CAP_PERFMON of the VMM',
  details: [
    'Read once, when a VM is created: with it the guest may stamp records with the physical counter (PMSCR_EL2.PCT), without it they have virtual time. Off at first; a change does not reach VMs that exist.',
  ],
  see: ['vm', 'rlimit'],
  forms: [
    {
      id: 'perfmon',
      syntax: 'perfmon [<state:on|off>]',
      about: 'Give or take CAP_PERFMON, or show it.',
      effect: 'world',
      run: (context, args) => {
        const state = context.word(args['state']);
        if (state !== '') setPerfmonCapability(processOf(context), state === 'on');
        const vms = context.world.world.kernel.vms
          .filter((v) => !v.destroyed)
          .map((v) => ({ vm: v.index, perfmonCapable: v.perfmonCapable }));
        return done({ perfmonCapable: processOf(context).perfmonCapable, vms });
      },
      show: ({ data }) => (data === null ? [] : [text(`CAP_PERFMON ${data['perfmonCapable'] === true ? 'on' : 'off'}`)]),
    },
  ],
});
