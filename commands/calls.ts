// calls: the session's ioctls as strace prints them (language.md §3, group why).
import { callCounts, callLog } from '../src/session/call-log.ts';
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { type Doc, type Line, text } from '../src/view/doc.ts';

interface ShownCall {
  readonly n: number;
  readonly on: string;
  readonly ioctl: string;
  readonly ret: number;
  readonly errno: string | null;
  readonly strace: string;
}

export const calls = family({
  name: 'calls',
  group: 'why',
  summary: 'the strace log of the session',
  details: [
    'Every ioctl since the host booted, in order, as strace prints it; --failed shows those that were refused, -c counts them by request as strace -c does.',
  ],
  see: ['why', 'explain'],
  forms: [
    {
      id: 'calls',
      syntax: 'calls [--failed] [-c]',
      about: 'List the calls, or count them.',
      words: { '--failed': 'only those that were refused', '-c': 'counts by request, as strace -c' },
      effect: 'pure',
      run: (context, args) => {
        const failed = args['failed'] !== undefined;
        const log = context.log.calls.filter((call) => !failed || call.errno !== null);
        if (args['c'] !== undefined) return done({ counts: callCounts(log) });
        const list = callLog(log).map(({ on, ioctl, ret, errno, strace }, i): ShownCall => ({ n: i + 1, on, ioctl, ret, errno, strace }));
        return done({ calls: list });
      },
      show: ({ data }): Doc => {
        const counts = data?.['counts'] as ReturnType<typeof callCounts> | undefined;
        if (counts !== undefined) {
          const sum = (key: 'calls' | 'errors'): number => counts.reduce((n, c) => n + c[key], 0);
          const row = (name: string, n: number, errors: number): Line[] => [String(n), errors === 0 ? '' : String(errors), name];
          return [
            {
              kind: 'table',
              columns: [{ title: 'calls', align: 'right' }, { title: 'errors', align: 'right' }, { title: 'ioctl' }],
              rows: [...counts.map((c) => row(c.ioctl, c.calls, c.errors)), row('total', sum('calls'), sum('errors'))],
            },
          ];
        }
        const list = (data?.['calls'] ?? []) as readonly ShownCall[];
        return list.length === 0 ? [text('no calls')] : [text(...list.map((c) => c.strace))];
      },
    },
  ],
});
