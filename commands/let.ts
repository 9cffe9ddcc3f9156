// let: variables of the shell (language.md §2).
import { hex } from '../src/base/hex.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

const NAME = /^[A-Za-z_]\w*$/;

export const letCommand = family({
  name: 'let',
  group: 'shell',
  summary: 'name a value',
  details: ['$NAME stands for the value from then on, in every expression; a variable hides the register of that name ($pc, $x0).'],
  see: ['print', 'expressions'],
  forms: [
    {
      id: 'let',
      syntax: 'let <name:NAME> = <value:REST>',
      about: 'Keep the value of EXPR as $NAME.',
      effect: 'session',
      check: (args) => {
        const name = args['name'];
        if (name?.kind !== 'word' || (NAME.test(name.text) && name.text !== '_')) return null;
        return {
          slot: 'name',
          message: `'${name.text}' is no name of a variable`,
          hint: 'a name begins with a letter; letters, digits and _ follow',
        };
      },
      run: (context, args) => {
        const value = context.number(args['value']);
        if (value.isErr()) return unmet(value.error.code, value.error.message, value.error.hint);
        const name = context.word(args['name']);
        context.setVariable(name, value.value ?? 0n);
        return done({ name, value: hex(value.value ?? 0n) });
      },
    },
  ],
});
