// export: this session as a document to look at (language.md §3, group notebook).
import { done, unmet } from '../src/session/outcome.ts';
import { EXPORT_KINDS, exportText } from '../src/shell/export.ts';
import { family } from '../src/shell/family.ts';
import type { ShellState } from '../src/shell/state.ts';

export const exportCommand = (state: ShellState) =>
  family({
    name: 'export',
    group: 'notebook',
    summary: 'this session as HTML, picture, cast, Markdown or JSON',
    details: [
      'The ending of FILE says what is written: .html a page, .svg a picture, .cast a recording for asciinema (v3), .md Markdown with its tables, .json the JSON object of each command. `save` writes the notebook that can be checked and run again.',
    ],
    see: ['save', 'history'],
    forms: [
      {
        id: 'export',
        syntax: 'export <file:OUT>',
        about: 'Write the session to FILE.html, .svg, .cast, .md or .json.',
        effect: 'session',
        run: (context, args) => {
          const path = context.word(args['file']);
          const kind = EXPORT_KINDS.find((ending) => path.endsWith(`.${ending}`));
          if (kind === undefined)
            return unmet('file-kind', `no document ends like ${path}`, `endings are ${EXPORT_KINDS.map((k) => `.${k}`).join(', ')}`);
          return done({ file: path }, { writes: [{ path, bytes: new TextEncoder().encode(exportText(state, kind)) }] });
        },
      },
    ],
  });
