// kernel: the host's kernel, what it printed, and how revisions of the SPE series differ (language.md §3, group host).
import type { Revision } from '../src/abi/attributes.ts';
import { type KernelData, kernelData } from '../src/session/host-report.ts';
import { type KnobDiff, kernelDiff, type ListDiff } from '../src/session/kernel-diff.ts';
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { showKernel } from '../src/shell/show-kernel.ts';
import { type Doc, type Line, text } from '../src/view/doc.ts';

const ROLES = { '-': 'bad', '+': 'good', ' ': 'plain' } as const;
const REVISIONS = 'rfc-v6|rfc-v5|rfc-v4|mainline';

export const kernel = family({
  name: 'kernel',
  group: 'host',
  summary: 'the host kernel: profile, log, differences between revisions',
  details: [
    'A kernel is a revision of the KVM SPE series (rfc-v6, rfc-v5, rfc-v4) or mainline without it, with knobs where the evidence is thin. Each call is an ordered list of checks; `kernel diff` compares the lists, sentence by sentence.',
  ],
  see: ['host', 'cap', 'explain'],
  forms: [
    {
      id: 'kernel.show',
      syntax: 'kernel',
      about: 'Show the profile.',
      effect: 'pure',
      run: (context) => done(kernelData(context.world.world.host)),
      show: ({ data }) => (data === null ? [] : showKernel(data as unknown as KernelData)),
    },
    {
      id: 'kernel.log',
      syntax: 'kernel log',
      about: 'Show what the host kernel printed.',
      effect: 'pure',
      run: (context) => done({ log: [...context.world.world.kernel.log] }),
      show: ({ data }) => [text(...((data?.['log'] ?? []) as readonly string[]))],
    },
    {
      id: 'kernel.diff',
      syntax: `kernel diff <before:${REVISIONS}> <after:${REVISIONS}>`,
      about: 'Compare the checks of two revisions on this machine.',
      effect: 'pure',
      run: (context, args) => {
        const [before, after] = [context.word(args['before']), context.word(args['after'])] as [Revision, Revision];
        return done({ before, after, ...kernelDiff(context.world.world.host, before, after) });
      },
      show: ({ data }): Doc => {
        if (data === null) return [];
        const lists = data['lists'] as readonly ListDiff[];
        const knobs = data['knobs'] as readonly KnobDiff[];
        if (lists.length === 0 && knobs.length === 0) return [text('no differences')];
        const lines = lists.flatMap((l): Line[] => [
          [{ text: l.list, role: 'heading' }],
          ...l.lines.map((line): Line => [{ text: `  ${line.mark} ${line.text}`, role: ROLES[line.mark] }]),
        ]);
        return [
          ...(lines.length === 0 ? [] : [text(...lines)]),
          { kind: 'diff', rows: knobs.map((k) => ({ ...k, name: `knob ${k.name}` })) },
        ];
      },
    },
  ],
});
