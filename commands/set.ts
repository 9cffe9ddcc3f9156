// set: options of the shell (language.md §3, group shell).
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { SETTINGS, type ShellState } from '../src/shell/state.ts';

export const set = (state: ShellState) =>
  family({
    name: 'set',
    group: 'shell',
    summary: 'change an option of the shell',
    details: SETTINGS.map((s) => `${s.name}: ${s.about}; ${s.values}.`),
    see: ['show', 'display'],
    forms: [
      {
        id: 'set',
        syntax: 'set <name:NAME> <value:WORD>',
        about: 'Set option NAME.',
        effect: 'session',
        run: (context, args) => {
          const name = context.word(args['name']);
          const value = context.word(args['value']);
          const setting = SETTINGS.find((s) => s.name === name);
          if (setting === undefined)
            return unmet(
              'no-option',
              `there is no option '${name}'`,
              didYouMean(
                name,
                SETTINGS.map((s) => s.name),
              ) ?? 'show lists them',
            );
          if (!setting.accepts(value)) return unmet('option-value', `'${value}' is no ${name}`, setting.values);
          state.settings.set(name, value);
          return done({ name, value });
        },
      },
    ],
    complete: (slot, _context, _typed, before) =>
      slot === 'name'
        ? SETTINGS.map((s) => ({ text: s.name, about: s.about }))
        : SETTINGS.filter((s) => s.name === before.at(-1)).flatMap((s) => s.words.map((text) => ({ text, about: s.about }))),
  });
