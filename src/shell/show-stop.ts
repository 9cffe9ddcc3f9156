// How the end of a run reads: one sentence, then the next instruction, as gdb shows a stop.
import type { Outcome } from '../session/outcome.ts';
import type { StopData } from '../session/stop-report.ts';
import { type Doc, type Line, text } from '../view/doc.ts';

const count = (n: number, one: string, many: string): string => `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;

/** The sentence of a stop. */
function sentence(d: StopData): string {
  const where = d.vcpu;
  switch (d.stop) {
    case 'breakpoint':
      return `${where}: breakpoint ${d.breakpoint}`;
    case 'catch':
      return `${where}: ${caughtText(d)}`;
    case 'records':
      return `${where}: ${count(d.records, 'record', 'records')} written`;
    case 'until':
      return `${where}: the condition holds`;
    case 'returned':
      return `${where}: returned`;
    case 'budget':
      return `${where}: stopped`;
    case 'blocked':
      return `${where}: waits for an interrupt, and nothing can raise one`;
    case 'interrupted':
      return `${where}: interrupted at tick ${d.tick.toLocaleString('en-US')}`;
    case 'exit':
      return `${where}: ${d.caught === undefined ? '' : `${caughtText(d)}: `}${d.exit === null ? 'KVM_RUN came back' : exitText(d.exit)}`;
    default:
      return where;
  }
}

/** `catch 2, trap.write PMBLIMITR_EL1`. */
const caughtText = ({ caught = [] }: StopData): string => caught.map(({ number, what }) => `catch ${number}, ${what}`).join('; ');

/** `KVM_EXIT_RLIMIT {rlimit=8, excess=4096}`. */
export function exitText(exit: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(exit)
    .filter(([key]) => key !== 'reason' && key !== 'name')
    .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return `${String(exit['name'])} ${members.length === 0 ? '' : `{${members.join(', ')}}`}`.trimEnd();
}

/** Doc of a run's outcome. */
export function showStop(outcome: Outcome): Doc {
  if (outcome.data === null || outcome.unmet !== undefined) return [];
  const d = outcome.data as unknown as StopData;
  if (d.stop === 'refused') return [];
  const lines: Line[] = [
    [
      { text: sentence(d), role: 'strong' },
      { text: ` after ${count(d.executed, 'operation', 'operations')}`, role: 'plain' },
      { text: d.stop !== 'records' && d.records > 0 ? `, ${count(d.records, 'record', 'records')}` : '', role: 'plain' },
      { text: d.status === null ? '' : `, status ${d.status}`, role: 'plain' },
    ],
  ];
  if (d.next !== null) {
    const symbol = d.next.symbol === null ? '' : ` <${d.next.symbol}>`;
    lines.push([{ text: `=> ${d.next.address}${symbol}:`, role: 'address' }, { text: `  ${d.next.text}` }]);
  }
  return [text(...lines)];
}
