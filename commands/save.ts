// save: this session as a notebook or a script (language.md §3, group notebook): a session is a script is a document.
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { sessionNotebook, sessionScript } from '../src/shell/save.ts';
import type { ShellState } from '../src/shell/state.ts';

export const save = (state: ShellState) =>
  family({
    name: 'save',
    group: 'notebook',
    summary: 'keep this session in a file',
    details: [
      'FILE.md is a notebook with every command and what it showed, which `spesh check` verifies; FILE.spe is the commands alone. The file is written under another name and then renamed.',
    ],
    see: ['load', 'source', 'history'],
    forms: [
      {
        id: 'save',
        syntax: 'save <file:OUT>',
        about: 'Write the session to FILE.md or FILE.spe.',
        effect: 'session',
        run: (context, args) => {
          const path = context.word(args['file']);
          const text = path.endsWith('.md') ? sessionNotebook(state) : path.endsWith('.spe') ? sessionScript(state) : null;
          if (text === null) return unmet('file-kind', `${path} is neither a notebook nor a script`, 'the name ends in .md or .spe');
          return done({ file: path, commands: state.transcript.length }, { writes: [{ path, bytes: new TextEncoder().encode(text) }] });
        },
      },
    ],
  });
