// The command table as the shell uses it: families by name, forms by first word, syntax lines compiled when first needed.
import type { Family, Form } from './family.ts';
import { compileSyntax, firstWordOf, type Syntax } from './syntax.ts';

export interface TableForm {
  readonly form: Form;
  readonly family: Family;
  readonly syntax: Syntax;
}

export interface CommandTable {
  readonly families: readonly Family[];
  /** Every form by its id: what the session runs. */
  readonly behaviours: ReadonlyMap<string, Form>;
  readonly firstWords: readonly string[];
  /** The forms that begin with this word, compiled. */
  formsOf(firstWord: string): readonly TableForm[];
  form(id: string): TableForm | undefined;
  family(name: string): Family | undefined;
}

/** Fixed short forms of first words (language.md §2). */
export const SHORT_FORMS: Readonly<Record<string, string>> = {
  v: 'vcpu',
  s: 'step',
  c: 'continue',
  b: 'break',
  p: 'print',
  i: 'info',
  r: 'run',
  u: 'until',
  bt: 'backtrace',
};

/** What commands of other debuggers and shells are called here: an unknown word is answered with them. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  exit: 'quit',
  bye: 'quit',
  logout: 'quit',
  si: 'step',
  stepi: 'step',
  n: 'step',
  next: 'step',
  ni: 'step',
  nexti: 'step',
  tbreak: 'break',
  disassemble: 'dis',
  disas: 'dis',
  where: 'backtrace',
  list: 'info line',
  man: 'help',
};

/** Builds the table. Throws (our bug) when two forms share an id or two families a name. */
export function commandTable(families: readonly Family[]): CommandTable {
  const behaviours = new Map<string, Form>();
  const names = new Map<string, Family>();
  const byWord = new Map<string, { form: Form; family: Family }[]>();
  const home = new Map<string, Family>();
  for (const family of families) {
    if (names.has(family.name)) throw new Error(`two command families are called ${family.name}`);
    names.set(family.name, family);
    for (const form of family.forms) {
      if (behaviours.has(form.id)) throw new Error(`two command forms have the id ${form.id}`);
      behaviours.set(form.id, form);
      home.set(form.id, family);
      const word = firstWordOf(form.syntax);
      const list = byWord.get(word);
      if (list === undefined) byWord.set(word, [{ form, family }]);
      else list.push({ form, family });
    }
  }
  const compiled = new Map<string, readonly TableForm[]>();
  const formsOf = (word: string): readonly TableForm[] => {
    let list = compiled.get(word);
    if (list === undefined) {
      list = (byWord.get(word) ?? []).map((x) => ({ ...x, syntax: compileSyntax(x.form.syntax) }));
      compiled.set(word, list);
    }
    return list;
  };
  return {
    families,
    behaviours,
    firstWords: [...byWord.keys()].sort(),
    formsOf,
    form: (id) => {
      const form = behaviours.get(id);
      return form && formsOf(firstWordOf(form.syntax)).find((f) => f.form === form);
    },
    family: (name) => names.get(name),
  };
}
