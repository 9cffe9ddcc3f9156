// timeline: the profiling buffer through time, and its blackout windows (language.md §3, group spe; kvm-spe-abi.md §4.3, §8.3).
import { refuse } from '../src/session/enter.ts';
import { numbersOf } from '../src/session/numbers.ts';
import { done } from '../src/session/outcome.ts';
import { type BlackoutWindow, type TimelineEntry, timelineOf } from '../src/session/timeline.ts';
import { family } from '../src/shell/family.ts';
import { type Doc, text } from '../src/view/doc.ts';

const SHOWN = 20n;
const count = (n: number): string => n.toLocaleString('en-US');

interface TimelineData {
  readonly earlier: number;
  readonly entries: readonly TimelineEntry[];
  readonly windows: readonly BlackoutWindow[];
}

/** Windows that ended, measured one way: how many, operations in all, the longest. */
function sum(windows: readonly BlackoutWindow[], of: (w: BlackoutWindow) => number | null): string {
  const lengths = windows.flatMap((w) => of(w) ?? []);
  if (lengths.length === 0) return 'no end yet';
  const all = lengths.reduce((a, b) => a + b, 0);
  const left = windows.length - lengths.length;
  return `${count(all)} operations, the longest ${count(Math.max(...lengths))}${left === 0 ? '' : `, ${left} without an end yet`}`;
}

function show(d: TimelineData): Doc {
  if (d.entries.length === 0) return [text('no guest enabled its buffer')];
  const columns = [{ title: 'tick', align: 'right' }, { title: '' }, { title: '' }, { title: '' }] as const;
  const rows = d.entries.map((e) => [count(e.tick), e.vcpu, e.what, e.detail]);
  const n = d.windows.length;
  return [
    ...(d.earlier === 0 ? [] : [text(`${count(d.earlier)} earlier: timeline ${d.earlier + d.entries.length} shows all`)]),
    { kind: 'table', header: true, columns, rows },
    text(
      n === 0
        ? 'no blackout window'
        : `${n === 1 ? '1 blackout window' : `${count(n)} blackout windows`}: from S to the interrupt: ${sum(d.windows, (w) => w.operations)}`,
      ...(n === 0 ? [] : [`  until the buffer was on again: ${sum(d.windows, (w) => w.untilOn)}`]),
    ),
  ];
}

export const timeline = family({
  name: 'timeline',
  group: 'spe',
  summary: 'the profiling buffer through time, and its blackout windows',
  details: [
    'On and off, pages pinned and unpinned, S set in PMBSR_EL1 and by whom, the buffer management interrupt step by step, what the host did to the pages. A blackout window begins when S is set: profiling stands still until the guest has handled the interrupt. Windows are counted in operations, which are ticks: those of every vCPU.',
  ],
  see: ['pins', 'buffer', 'vgic', 'host'],
  forms: [
    {
      id: 'timeline',
      syntax: 'timeline [<count:EXPR>]',
      about: `The last ${SHOWN} entries, or as many as COUNT says, and all blackout windows together.`,
      effect: 'pure',
      run: (context, args) => {
        const numbers = numbersOf(context, args, 'count');
        if (numbers.isErr()) return refuse(numbers.error);
        const { entries, windows } = timelineOf(context);
        const shown = entries.slice(-Number(numbers.value.count ?? SHOWN) || entries.length);
        return done({ earlier: entries.length - shown.length, entries: shown, windows });
      },
      show: ({ data }) => (data === null ? [] : show(data as unknown as TimelineData)),
    },
  ],
});
