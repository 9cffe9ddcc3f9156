// How `mrs` and `msr` read: the value, or who heard of the access instead.
import type { Outcome } from '../session/outcome.ts';
import type { AccessData, Syndrome } from '../session/register-access.ts';
import { type Doc, type Line, text } from '../view/doc.ts';
import { exitText } from './show-stop.ts';

const syndromeText = (register: string, s: Syndrome): string => `EC ${s.ec} (${s.class}), ${register} ${s.esr}`;

/** What was read or written, and what the register made of it. */
function doneText(d: AccessData, value: Outcome['value']): string {
  if (d.written === null) return `${d.name} = ${String(value)}`;
  return `${d.name} <- ${d.written}${d.holds === null || d.holds === d.written ? '' : `, holds ${d.holds}`}`;
}

/** KVM's answer to a trap. */
function answerText(d: AccessData): string {
  if (d.exception !== null) return 'KVM injects UNDEFINED';
  return d.exit === null ? 'KVM emulates it' : 'KVM asks user space first';
}

/** Doc of an access; a line each for what was done, the trap to EL2, the exception and the exit. */
export function showAccess({ data, value }: Outcome): Doc {
  if (data === null) return [];
  const d = data as unknown as AccessData;
  const lines: Line[] = [];
  if (d.written !== null || value !== null) lines.push([{ text: doneText(d, value) }]);
  if (d.trap !== null) lines.push([{ text: `  trap to EL2: ${syndromeText('ESR_EL2', d.trap)}: ${answerText(d)}`, role: 'dim' }]);
  if (d.exception !== null) {
    const what = d.exception.ec === '0x00' ? `UNDEFINED at EL${d.el}` : `exception at EL${d.el}`;
    const head = `${what}: the guest would take ${syndromeText('ESR_EL1', d.exception)}, at ${d.exception.vector}`;
    lines.push([{ text: head, role: 'bad' }, { text: '; not delivered' }]);
  }
  if (d.exit !== null) lines.push([{ text: `KVM_RUN would end with ${exitText(d.exit)}`, role: 'bad' }, { text: '; not delivered' }]);
  return [text(...lines)];
}
