// source: the commands of a file, in this session (language.md §3, group notebook). The shell's driver runs them behind this one.
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

export const source = family({
  name: 'source',
  group: 'notebook',
  summary: 'run the commands of a file here',
  details: [
    'A script (.spe), or a notebook (.md), whose recorded output is not looked at. The file is read whole first: where it does not parse, nothing of it runs. It stops at the first failure.',
  ],
  see: ['load', 'save'],
  forms: [
    {
      id: 'source',
      syntax: 'source <file:FILE>',
      about: 'Run the commands of FILE in this session.',
      effect: 'session',
      run: (context, args) => done({ file: context.word(args['file']) }),
    },
  ],
});
