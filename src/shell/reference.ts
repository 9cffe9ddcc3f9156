// The reference of all commands as Markdown, from the command table: what README.md holds between its markers.

import { GROUPS } from './help.ts';
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

/** The text with the reference between its markers; null where they are not there. */
export function withReference(text: string, table: CommandTable): string | null {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END, from);
  return from < 0 || to < 0 ? null : `${text.slice(0, from + BEGIN.length)}\n${referenceMarkdown(table)}${text.slice(to)}`;
}
