// break: where continue, sample and until stop (language.md §3, group stops).
import { hex } from '../src/base/hex.ts';
import { symbolCandidates } from '../src/session/candidates.ts';
import { refuse } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

export const breakCommand = family({
  name: 'break',
  group: 'stops',
  summary: 'stop at an address',
  details: [
    'The address is a virtual address of the guest: a symbol, an expression. continue, sample and until stop before the operation there is executed; run and step do not.',
    'With a condition the stop is taken only where COND is not zero.',
  ],
  see: ['on', 'catch', 'info', 'delete', 'continue'],
  forms: [
    {
      id: 'break',
      syntax: 'break <address:EXPR> [if <condition:REST>]',
      about: 'Set a breakpoint.',
      effect: 'session',
      run: (context, args) => {
        const address = context.number(args['address']);
        if (address.isErr()) return refuse(address.error);
        const condition = args['condition'];
        const id = context.stops.next++;
        const at = address.value ?? 0n;
        const condText = condition?.kind === 'expression' ? condition.text : null;
        context.stops.list.push({
          kind: 'break',
          id,
          commands: [],
          address: at,
          text: context.word(args['address']),
          ...(condition?.kind === 'expression' ? { condition: condition.expression, conditionText: condition.text } : {}),
        });
        return done({ breakpoint: id, address: hex(at), symbol: symbolAt(context, at), condition: condText });
      },
      show: ({ data }) => {
        if (data === null) return [];
        const symbol = data['symbol'] === null ? '' : ` <${String(data['symbol'])}>`;
        const condition = data['condition'] === null ? '' : ` if ${String(data['condition'])}`;
        return [text(`breakpoint ${String(data['breakpoint'])} at ${String(data['address'])}${symbol}${condition}`)];
      },
    },
  ],
  complete: (slot, context) => (slot === 'address' ? symbolCandidates(context) : []),
});
