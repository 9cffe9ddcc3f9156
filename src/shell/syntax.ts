// The grammar of one form of a command, compiled from the `syntax` line of its declaration (family.ts describes the notation).

/** What a slot takes. `match.ts` reads each; `family.ts` says what each means. */
export const SLOT_TYPES = [
  'EXPR',
  'REST',
  'WORD',
  'NAME',
  'VCPU',
  'LIST',
  'ATTR',
  'PATH',
  'FILE',
  'DIR',
  'GUEST',
  'HOST',
  'OUT',
  'COMMAND',
  'QUOTED',
  'REGEX',
  'TEXT',
  'REGISTER',
  'SYSREG',
  'SYMBOL',
  'ERRNO',
] as const;
export type SlotType = (typeof SLOT_TYPES)[number];

export interface Slot {
  readonly kind: 'slot';
  readonly name: string;
  readonly type: SlotType | 'CHOICE';
  /** The words of a CHOICE. */
  readonly choices: readonly string[];
  readonly many: boolean;
  /** A mark that may follow without a blank and ends the slot's word. */
  readonly stop?: string;
  readonly attached: boolean;
}

export type Element =
  | { readonly kind: 'word'; readonly text: string; readonly stop?: string; readonly attached: boolean }
  | { readonly kind: 'mark'; readonly text: string; readonly attached: boolean }
  | Slot
  | { readonly kind: 'optional'; readonly elements: readonly Element[]; readonly attached: boolean };

export interface Option {
  /** As typed: `--addr`, `-o`. */
  readonly flag: string;
  /** Its key among the arguments when it has no slot: `immediate-exit`. */
  readonly key: string;
  readonly slot: Slot | null;
  readonly required: boolean;
}

export interface Syntax {
  readonly source: string;
  readonly firstWord: string;
  readonly elements: readonly Element[];
  readonly options: readonly Option[];
}

const TOKEN = /\s+|\[|\]|<[a-zA-Z_][\w-]*:[^<>]+>|…|\.\.\.|--?[a-zA-Z][\w-]*|[a-zA-Z0-9_][\w.-]*|[=/,]/y;

interface Token {
  readonly text: string;
  readonly attached: boolean;
}

function tokens(source: string): Token[] {
  const out: Token[] = [];
  let attached = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const from = TOKEN.lastIndex;
    const m = TOKEN.exec(source);
    if (m === null) throw new Error(`syntax '${source}': cannot read from '${source.slice(from)}'`);
    if (m[0].trim() === '') attached = false;
    else {
      const own: boolean = attached && out.length > 0;
      out.push({ text: m[0] === '...' ? '…' : m[0], attached: own });
      attached = m[0] === '[' ? own : true;
    }
  }
  return out;
}

/** Compiles a syntax line. Throws (our bug) when the line is not well formed. */
export function compileSyntax(source: string): Syntax {
  const list = tokens(source);
  const options: Option[] = [];
  let i = 0;
  const bad = (what: string): never => {
    throw new Error(`syntax '${source}': ${what}`);
  };

  const slot = (token: Token): Slot => {
    const [, name, type] = /^<([^:]+):(.+)>$/.exec(token.text) ?? bad(`${token.text} is no slot`);
    const many = list[i]?.text === '…';
    if (many) i += 1;
    const known = (SLOT_TYPES as readonly string[]).includes(type);
    if (!known && /^[A-Z]+$/.test(type)) bad(`there is no slot type ${type}`);
    return {
      kind: 'slot',
      name,
      type: known ? (type as SlotType) : 'CHOICE',
      choices: known ? [] : type.split('|'),
      many,
      attached: token.attached,
    };
  };

  const sequence = (inside: boolean): Element[] => {
    const out: Element[] = [];
    for (;;) {
      const token = list[i];
      if (token === undefined) return inside ? bad('a [ is not closed') : out;
      i += 1;
      if (token.text === ']') return inside ? out : bad('a ] too many');
      if (token.text === '[') {
        const before = options.length;
        const elements = sequence(true);
        if (options.length > before) {
          if (elements.length > 0) bad('an option shares its brackets');
          for (let k = before; k < options.length; k++) options[k] = { ...options[k], required: false };
        } else out.push({ kind: 'optional', elements, attached: token.attached });
        const first = elements[0];
        if (token.attached && first?.kind === 'mark') stopBefore(out, first.text, options.length > before ? 0 : 1);
      } else if (token.text === '…') {
        bad('… stands behind a slot');
      } else if (token.text.startsWith('-')) {
        const next = list[i];
        const takes = next?.text.startsWith('<') === true;
        if (takes) i += 1;
        options.push({ flag: token.text, key: token.text.replace(/^-+/, ''), slot: takes ? slot(next) : null, required: true });
      } else if (token.text.startsWith('<')) out.push(slot(token));
      else if (/^[=/,]$/.test(token.text)) {
        stopBefore(out, token.text, 0);
        out.push({ kind: 'mark', text: token.text, attached: token.attached });
      } else out.push({ kind: 'word', text: token.text, attached: token.attached });
    }
  };

  /** The element before the last `skip` ones ends at `mark`. */
  const stopBefore = (out: Element[], mark: string, skip: number): void => {
    const at = out.length - 1 - skip;
    const before = out[at];
    if (before?.kind === 'word' || before?.kind === 'slot') out[at] = { ...before, stop: mark };
  };

  const elements = sequence(false);
  const first = elements[0];
  if (first?.kind !== 'word') return bad('the first element is no word');
  return { source, firstWord: first.text, elements, options };
}

/** The first word of a syntax line, without compiling it. */
export function firstWordOf(source: string): string {
  return /^[a-zA-Z0-9_][\w-]*/.exec(source)?.[0] ?? '';
}

const slotUsage = (s: Slot): string => (s.type === 'CHOICE' ? s.choices.join('|') : s.name.toUpperCase()) + (s.many ? '…' : '');

function elementUsage(e: Element): string {
  const glue = (list: readonly Element[]): string => list.map((x, i) => (i > 0 && !x.attached ? ' ' : '') + elementUsage(x)).join('');
  return e.kind === 'slot' ? slotUsage(e) : e.kind === 'optional' ? `[${glue(e.elements)}]` : e.text;
}

/** The usage line that help shows: `vcpu [VCPU] attr set ATTR [VALUE] [--addr ADDR]`. */
export function usage(s: Syntax): string {
  const words = s.elements.map((e, i) => (i > 0 && !e.attached ? ' ' : '') + elementUsage(e)).join('');
  const options = s.options.map((o) => {
    const text = o.slot === null ? o.flag : `${o.flag} ${slotUsage(o.slot)}`;
    return o.required ? ` ${text}` : ` [${text}]`;
  });
  return words + options.join('');
}
