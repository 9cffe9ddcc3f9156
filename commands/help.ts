// help: what there is, from the command table (language.md §3, group shell).
import { type Explanation, explain as explainWord } from '../src/session/explain.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { helpOverview, helpPage, helpTopics } from '../src/shell/help.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { commandsData } from '../src/shell/reference.ts';
import type { ShellState } from '../src/shell/state.ts';
import { showExplanation } from './explain.ts';

export const help = (state: ShellState) =>
  family({
    name: 'help',
    group: 'shell',
    summary: 'what there is, and how each command is written',
    details: [
      'In a usage line, words in capitals are yours to fill in, […] may be left out, a|b is one of them, … repeats. The notebook of each command stands beside its module in commands/. A register’s name shows what explain shows.',
      'For programs: `spesh --json help` has every form of every command in data.commands, with its usage and whether it only reads.',
    ],
    see: ['apropos'],
    forms: [
      {
        id: 'help',
        syntax: 'help [<topic:TEXT>]',
        about: 'List everything, or show one command or topic.',
        effect: 'pure',
        run: (context, args) => {
          const topic = context.word(args['topic']);
          if (topic !== '' && helpPage(state.table, topic, { pages: state.pages, notebook: state.names.notebook }) === null) {
            const found = explainWord(context.world.world.host, topic);
            if (found?.kind === 'register' || found?.kind === 'frame') return done({ topic, register: found });
            return unmet(
              'no-topic',
              `there is no help on '${topic}'`,
              didYouMean(
                topic,
                helpTopics(state.table, state.pages).map(({ name }) => name),
              ) ?? `apropos ${topic}`,
            );
          }
          const commands = commandsData(state.table, topic === '' ? null : topic.split(' ')[0]);
          return done({ topic: topic === '' ? null : topic, ...(commands.length === 0 ? {} : { commands }) });
        },
        show: ({ data }) => {
          const topic = data?.['topic'];
          const register = data?.['register'];
          if (register !== undefined) return showExplanation(register as Explanation);
          return typeof topic === 'string'
            ? (helpPage(state.table, topic, { pages: state.pages, notebook: state.names.notebook }) ?? [])
            : helpOverview(state.table, state.pages);
        },
      },
    ],
    complete: (slot) => (slot === 'topic' ? helpTopics(state.table, state.pages).map(({ name, about }) => ({ text: name, about })) : []),
  });
