// console: what the guest wrote to its UART (language.md §3, group guest).
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

export const consoleCommand = family({
  name: 'console',
  group: 'guest',
  summary: "the guest's UART",
  details: ['Every byte the guest of the VM in use has written to the pl011 since it was created. Nothing can be typed into it.'],
  see: ['run', 'up'],
  forms: [
    {
      id: 'console',
      syntax: 'console',
      about: 'Show what the guest printed.',
      effect: 'pure',
      run: (context) => {
        const bytes = context.log.console.filter((c) => c.vm === context.vm).map((c) => c.byte);
        const printed = new TextDecoder().decode(Uint8Array.from(bytes)).replace(/\r\n/g, '\n');
        return done({ text: printed, bytes: bytes.length });
      },
      show: ({ data }) => {
        const printed = String(data?.['text'] ?? '').replace(/\n$/, '');
        return printed === '' ? [] : [text(...printed.split('\n'))];
      },
    },
  ],
});
