// How a command family is declared (one module in commands/): parser, help, completion, JSON and example tests come from it.
import type { Behaviour } from '../session/command.ts';
import type { Outcome } from '../session/outcome.ts';
import type { Context } from '../session/session.ts';
import type { Doc } from '../view/doc.ts';

export type Group =
  | 'host' | 'process' | 'vm' | 'vcpu' | 'attr' | 'one-reg' | 'vgic' | 'ioctl' | 'guest' | 'run' | 'stops' | 'inspect' | 'spe' | 'perf'
  | 'trace' | 'why' | 'time' | 'check' | 'notebook' | 'shell';

/**
 * One form of a command. `syntax` is both the grammar and the usage line:
 *   vcpu <vcpu:VCPU> attr set <attr:ATTR> [<value:EXPR>] [--addr <addr:WORD>] [--flags <flags:EXPR>]
 * literal words; `<name:TYPE>` a slot; `<name:a|b|c>` one of these words; `[…]` optional; `…` after a slot: one or more of it.
 * Options (`--x`, `--x <slot:TYPE>`) stand in any order after the form's literal words.
 * TYPE: EXPR (an expression without blanks outside brackets) · REST (an expression that takes the rest of the command) · WORD · NAME ·
 * VCPU (expression; `vcpu0` = `vcpu 0`) · LIST (CPU list) · ATTR · PATH (sysfs) · FILE (read by io beforehand) · OUT (file to write) ·
 * COMMAND (the rest is a command) · QUOTED (a command as one quoted string) · REGEX (`/…/`) · TEXT (rest of the command as it stands) ·
 * REGISTER (system, general or field name) · SYMBOL.
 */
export interface Form extends Behaviour {
  readonly syntax: string;
  readonly about: string;
  /** Data to Doc. Strace lines of calls, `check` lines and Unmet are shown by the shell before it; default: nothing more. */
  show?(outcome: Outcome): Doc;
}

export interface Family {
  /** First word, also the help topic and the notebook's name. */
  readonly name: string;
  readonly group: Group;
  readonly summary: string;
  /** Paragraphs of help, with sources. */
  readonly details?: readonly string[];
  readonly see?: readonly string[];
  readonly forms: readonly Form[];
  /** Candidates for a slot at the prompt; the fixed ones come from the syntax. */
  complete?(slot: string, context: Context): readonly { readonly text: string; readonly about?: string }[];
}

/** Writes a family with its types checked. */
export const family = (f: Family): Family => f;
