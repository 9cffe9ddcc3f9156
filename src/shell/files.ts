// Which files a command names, so that io can read them before it runs (design.md §1.3).
import type { Argument, Command } from '../session/command.ts';
import type { Slot, SlotType, Syntax } from './syntax.ts';
import type { CommandTable } from './table.ts';

export type FileKind = 'FILE' | 'DIR' | 'HOST' | 'GUEST';

export interface NamedFile {
  readonly kind: FileKind;
  /** The argument as it stands: the name under which the session knows the bytes. */
  readonly name: string;
}

const KINDS: readonly string[] = ['FILE', 'DIR', 'HOST', 'GUEST'] satisfies FileKind[];
const isFile = (type: SlotType | 'CHOICE'): type is FileKind => KINDS.includes(type);

function slotsOf(syntax: Syntax): Slot[] {
  const inElements = (elements: Syntax['elements']): Slot[] =>
    elements.flatMap((e) => (e.kind === 'slot' ? [e] : e.kind === 'optional' ? inElements(e.elements) : []));
  return [...inElements(syntax.elements), ...syntax.options.flatMap((o) => (o.slot === null ? [] : [o.slot]))];
}

const words = (argument: Argument | undefined): string[] =>
  argument?.kind === 'word' ? [argument.text] : argument?.kind === 'many' ? argument.items.flatMap(words) : [];

/** The files a command names, those of a command inside it too. */
export function filesOf(command: Command, table: CommandTable): NamedFile[] {
  const form = table.form(command.form);
  if (form === undefined) return [];
  const out: NamedFile[] = [];
  for (const slot of slotsOf(form.syntax)) {
    const argument = command.args[slot.name];
    if (argument?.kind === 'command') out.push(...filesOf(argument.command, table));
    else if (isFile(slot.type)) {
      const otherwise = form.form.defaults?.[slot.name];
      const names = argument === undefined && otherwise !== undefined ? [otherwise] : words(argument);
      for (const name of names) out.push({ kind: slot.type, name });
    }
  }
  return out;
}
