// quit: the end of the session (language.md §1, §3).
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

const LARGEST = 255n;

export const quit = family({
  name: 'quit',
  group: 'shell',
  summary: 'end the session',
  details: ['CODE (0) becomes the exit code. At the prompt, Ctrl-D on an empty line does the same.'],
  see: ['save', 'exit-codes'],
  forms: [
    {
      id: 'quit',
      syntax: 'quit [<code:EXPR>]',
      about: 'End with CODE.',
      effect: 'session',
      run: (context, args) => {
        const code = context.number(args['code']);
        if (code.isErr()) return unmet(code.error.code, code.error.message, code.error.hint);
        const value = code.value ?? 0n;
        if (value > LARGEST) return unmet('exit-code', `${value} is no exit code`, 'exit codes are 0 to 255');
        return done(null, { quit: Number(value) });
      },
    },
  ],
});
