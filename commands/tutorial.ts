// tutorial: a notebook gone through by hand (language.md §3, group shell).
import { PATH_HINT } from '../src/session/hints.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import type { ShellState } from '../src/shell/state.ts';
import { readTutorial, stepLines } from '../src/shell/tutorial.ts';
import { type Doc, text } from '../src/view/doc.ts';

const lines = ({ data }: Outcome): Doc => (Array.isArray(data?.['lines']) ? [text(...data['lines'].map(String))] : []);

export const tutorial = (state: ShellState) =>
  family({
    name: 'tutorial',
    group: 'shell',
    summary: 'learn spesh by typing',
    details: [
      'It tells what to type, looks at what you typed and what came of it, and goes on. Other commands may be tried in between. `tutorial skip` goes to the next step, `tutorial stop` ends it. With FILE.md any notebook is a tutorial: its prose is told, its commands are the steps.',
    ],
    see: ['help'],
    forms: [
      {
        id: 'tutorial.skip',
        syntax: 'tutorial skip',
        about: 'On to the next step.',
        effect: 'session',
        run: () => {
          const lesson = state.tutorial;
          if (lesson === null) return unmet('no-tutorial', 'no tutorial is under way', 'tutorial');
          lesson.at += 1;
          if (lesson.at >= lesson.steps.length) state.tutorial = null;
          return done({ lines: stepLines(lesson) });
        },
        show: lines,
      },
      {
        id: 'tutorial.stop',
        syntax: 'tutorial stop',
        about: 'End it.',
        effect: 'session',
        run: () => {
          state.tutorial = null;
          return done();
        },
      },
      {
        id: 'tutorial',
        syntax: 'tutorial [<file:FILE>]',
        about: 'Begin: spesh in ten steps, or the notebook FILE.',
        effect: 'session',
        run: (context, args) => {
          const file = context.word(args['file']);
          const asset = context.asset(file);
          const source = file === '' ? state.names.tutorial() : asset && new TextDecoder().decode(asset.bytes);
          if (source === undefined) return unmet('no-file', 'the tutorial is not there', PATH_HINT);
          const read = readTutorial(file === '' ? 'tutorial.md' : file, source, state.table);
          if (read.isErr()) return unmet('does-not-parse', read.error, 'commands/tutorial.md shows the form');
          state.tutorial = read.value;
          return done({ lines: stepLines(read.value).slice(1), steps: read.value.steps.length });
        },
        show: lines,
      },
    ],
  });
