// load: a saved session, from its beginning (language.md §3, group notebook). The shell's driver runs its commands behind this one.
import { PATH_HINT } from '../src/session/hints.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { frontMatterOf } from '../src/shell/notebook.ts';
import type { ShellState } from '../src/shell/state.ts';

export const load = (state: ShellState) =>
  family({
    name: 'load',
    group: 'notebook',
    summary: 'start over with a saved session',
    details: [
      'Boots the host afresh (the one that the notebook names, else the one this session began with) and runs the commands of the file. What this session did is gone unless it was saved.',
    ],
    see: ['save', 'source'],
    forms: [
      {
        id: 'load',
        syntax: 'load <file:FILE>',
        about: 'Boot afresh and run the commands of FILE.',
        effect: 'world',
        run: (context, args) => {
          const file = context.word(args['file']);
          const asset = context.asset(file);
          if (asset === undefined) return unmet('no-file', `${file}: not read`, PATH_HINT);
          const name = (file.endsWith('.md') ? frontMatterOf(new TextDecoder().decode(asset.bytes)).host : undefined) ?? state.host;
          const host = context.hosts.get(name);
          if (host === undefined) return unmet('no-host', `there is no host '${name}'`, 'host list');
          context.boot(host);
          state.host = name;
          state.stale.clear();
          return done({ file, host: name });
        },
      },
    ],
  });
