// How a command family is declared (one module in commands/): parser, help, completion, JSON and example tests come from it.
import type { Candidate } from '../session/candidates.ts';
import type { Arguments, Behaviour } from '../session/command.ts';
import type { Outcome } from '../session/outcome.ts';
import type { Context } from '../session/session.ts';
import type { Doc } from '../view/doc.ts';

export type { Candidate };

export type Group =
  | 'host'
  | 'process'
  | 'vm'
  | 'vcpu'
  | 'attr'
  | 'one-reg'
  | 'vgic'
  | 'ioctl'
  | 'guest'
  | 'run'
  | 'stops'
  | 'inspect'
  | 'spe'
  | 'perf'
  | 'trace'
  | 'why'
  | 'time'
  | 'check'
  | 'notebook'
  | 'shell';

/**
 * One form of a command. `syntax` is both the grammar and the usage line:
 *   vcpu [<vcpu:VCPU>] attr set <attr:ATTR> [<value:EXPR>] [--addr <addr:WORD>] [--flags <flags:EXPR>]
 * literal words; `<name:TYPE>` a slot; `<name:a|b|c>` one of these words; `[…]` optional; `…` after a slot: one or more of it (the
 * argument is then `many`). `=`, `/` and `,` are marks; without blanks around them they end the word before: `let <name:NAME> = <value:REST>`,
 * `reg <name:REGISTER>[=<value:EXPR>]`, `x[/<format:WORD>] <address:EXPR>`.
 * Options (`[--x]`, `[--x <slot:TYPE>]`, `[-o <slot:TYPE>]`; without brackets the option is required) stand in any order behind the form's
 * first word. A slot's argument is found under the slot's name, an option without a slot (`flag`) under its letters: `immediate-exit`.
 *
 * TYPE, and the argument it makes:
 *   EXPR      expression: one word, no blanks outside brackets       REST      expression: the rest of the command; behind an option one quoted word
 *   VCPU      expression: `0`, `vcpu0`, `vcpu 0`, `$i`, `(…)`        LIST      word: CPU list `0-3,5`
 *   WORD      word: any, quotes removed                              NAME      word: letters, digits, `_ . -`
 *   ATTR      word: `spe.irq`, `KVM_ARM_VCPU_SPE_SPU`, `3/1`          REGISTER  word: register, or `REGISTER.FIELD`
 *   SYSREG    word: system register, or `S3_0_C9_C10_3`              SYMBOL    word: symbol of the image
 *   ERRNO     word: `EINVAL`
 *   PATH      word: sysfs path                                       FILE      word: path of a file that io reads beforehand
 *   HOST      word: name of a host fixture, or a file as FILE        GUEST     word: name of a guest of the project, or a file as FILE
 *   OUT       word: path of a file to write                          REGEX     word: what stands between the slashes of `/…/`
 *   COMMAND   command: the rest of the line                          QUOTED    command: one quoted string
 *   TEXT      word: the rest as it stands; behind an option one word
 *   DIR       word: path of a directory, read as one asset (base/tree-bytes)
 * The bytes of FILE, DIR, HOST and GUEST arguments are in `context.asset(word)`, under the very text of the argument.
 */
export interface Form extends Behaviour {
  readonly syntax: string;
  readonly about: string;
  /** What the notation cannot say about the arguments together; a string is the Misread's message. Grammar only: no world, no session. */
  check?(args: Arguments): GrammarFault | null;
  /** Data to Doc. Strace lines of calls, `check` lines and Unmet are shown by the shell before it; default: nothing more. */
  show?(outcome: Outcome): Doc;
  /** What the options (`--spu`) and the fixed words of a slot (`va`) mean: a few words each, for completion and help. */
  readonly words?: Readonly<Record<string, string>>;
  /** What an empty FILE, GUEST or HOST slot means, so that io reads those bytes: `{ guest: 'pointer-chase' }`. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** An empty line at the prompt repeats it (`step`, `sample`, `x`, `dis`). */
  readonly repeats?: boolean;
}

/** Why arguments that fit one by one do not fit together. */
export interface GrammarFault {
  /** Slot name to point at; else the end of the command. */
  readonly slot?: string;
  /** Which one, from 0, where the slot takes many. */
  readonly item?: number;
  readonly message: string;
  readonly expected?: readonly string[];
  readonly hint?: string;
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
  /**
   * Candidates for a slot at the prompt, of which `typed` stands there already, behind the words `before`; the fixed ones come from the syntax.
   */
  complete?(slot: string, context: Context, typed: string, before: readonly string[]): readonly Candidate[];
}

/** Writes a family with its types checked. */
export const family = (f: Family): Family => f;
