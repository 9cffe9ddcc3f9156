// The form of a coverage table: one row a rule of a reference text, what spesh has of it, and the tests that show it. README.md prints the tables.
import type { Support } from './call-state.ts';

export interface ReferenceRow {
  /** Section of the reference: `4.7`. */
  readonly section: string;
  readonly what: string;
  readonly support: Support;
  /** Test files below test/, without `.test.ts`; a notebook by its path. None where nothing is modelled. */
  readonly tests: readonly string[];
}

/** A rule that holds, and the tests that show it. */
export const full = (section: string, what: string, ...tests: string[]): ReferenceRow => ({ section, what, support: 'full', tests });

/** A rule that holds in part: `why` says what is missing, and the reason. */
export const partial = (section: string, what: string, why: string, ...tests: string[]): ReferenceRow => ({
  section,
  what,
  support: { partial: why },
  tests,
});

/** A rule that nothing models, with its reason. */
export const none = (section: string, what: string, why: string): ReferenceRow => ({ section, what, support: { none: why }, tests: [] });

const supportText = (support: Support): string => (typeof support === 'string' ? support : Object.entries(support)[0].join(': '));

/** The rows as a Markdown table. */
export function referenceMarkdown(rows: readonly ReferenceRow[]): string {
  const cells = rows.map((r) => `| ${r.section} | ${r.what} | ${supportText(r.support)} | ${r.tests.map((t) => `\`${t}\``).join(', ')} |`);
  return ['| § | What | Support | Shown by |', '|---|---|---|---|', ...cells].join('\n');
}
