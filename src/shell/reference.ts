// The reference of all commands, from the command table: as Markdown, which README.md holds between its markers, and as data for programs.

import { GROUPS } from './help.ts';
import { compileSyntax, usage } from './syntax.ts';
import type { CommandTable } from './table.ts';

const BEGIN = '<!-- reference:begin -->';
const END = '<!-- reference:end -->';

const cell = (text: string): string => text.replace(/[\\|*_<>]/g, (c) => `\\${c}`);

/** Every family, in the groups of `help`: its notebook, which holds its forms in use, and what it is for. */
export function referenceMarkdown(table: CommandTable): string {
  const rows = Object.keys(GROUPS).flatMap((group) =>
    table.families
      .filter((f) => f.group === group)
      .map((f, i) => `| ${i === 0 ? group : ''} | [${f.name}](commands/${f.name}.md) | ${cell(f.summary)} |`),
  );
  return `| Group | Command | What it is for |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** A command as a program reads it. */
export interface CommandData {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  /** `effect`: pure reads only, session changes what spesh knows, world makes calls or runs the guest. */
  readonly forms: readonly {
    readonly usage: string;
    readonly about: string;
    readonly effect: string;
    /** What options and fixed words mean. */
    readonly words?: Readonly<Record<string, string>>;
  }[];
}

/** Every command, or those of one name; in the table's order. */
export const commandsData = (table: CommandTable, name: string | null): CommandData[] =>
  table.families
    .filter((f) => name === null || f.name === name)
    .map(({ name: own, group, summary, forms }) => ({
      name: own,
      group,
      summary,
      forms: forms.map(({ syntax, about, effect, words }) => ({
        usage: usage(compileSyntax(syntax)),
        about,
        effect,
        ...(words === undefined ? {} : { words }),
      })),
    }));

/** The text with the reference between its markers; null where they are not there. */
export function withReference(text: string, table: CommandTable): string | null {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END, from);
  return from < 0 || to < 0 ? null : `${text.slice(0, from + BEGIN.length)}\n${referenceMarkdown(table)}${text.slice(to)}`;
}
