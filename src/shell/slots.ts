// What stands in a slot of a command, by the slot's type (family.ts): each reader takes text from one position on, or leaves a fault.
import { err, ok, type Result } from 'neverthrow';
import type { Argument } from '../session/command.ts';
import { parseExpression, parseExpressionIn } from './expression.ts';
import { fault, type Matching, skipBlanks } from './matching.ts';
import { didYouMean, type Misread, misread } from './misread.ts';
import type { Slot } from './syntax.ts';
import { regexEnd, scanWord, type Word } from './words.ts';

export interface SlotRead {
  readonly at: number;
  readonly argument: Argument;
  /** As the stored command writes it. */
  readonly text: string;
}

/** Commands inside commands: `expect ok expect …` ends somewhere. */
export const DEEPEST_COMMAND = 16;

const word = (text: string): Argument => ({ kind: 'word', text });

/** Reads the slot at `at`; null leaves what was wrong in `m.furthest`. `inOption`: one word, whatever the type. */
export function readSlot(m: Matching, slot: Slot, at: number, inOption: boolean): SlotRead | null {
  if (at >= m.chars.length) return null;
  switch (slot.type) {
    case 'REST':
      return inOption ? keep(m, quotedExpression(m, slot, at)) : keep(m, restExpression(m, at));
    case 'COMMAND':
      return command(m, at);
    case 'REGEX':
      return keep(m, regex(m, at));
    case 'TEXT':
      if (!inOption) return rest(m, at);
      break;
    case 'VCPU':
      return keep(m, vcpu(m, slot, at));
    case 'ERRNO':
      if (m.chars[at] === '/') return null; // a regular expression, or one that is not closed
      break;
    default:
      break;
  }
  const found = scanWord(m.chars, at, slot.stop);
  if (found.fault !== undefined) {
    fault(
      m,
      misread(found.fault.code, found.fault.at, found.fault.end, found.fault.message, found.fault.hint ? { hint: found.fault.hint } : {}),
    );
    return null;
  }
  if (found.end === at) return null;
  return keep(m, oneWord(m, slot, found));
}

function keep(m: Matching, result: Result<SlotRead, Misread> | null): SlotRead | null {
  if (result === null) return null;
  if (result.isOk()) return result.value;
  fault(m, result.error);
  return null;
}

const PLAIN: Readonly<Record<string, { readonly form: RegExp; readonly what: string; readonly hint: string }>> = {
  NAME: { form: /^[\p{L}\p{N}_.-]+$/u, what: 'a name', hint: 'a name has letters, digits, _ . -' },
  LIST: { form: /^\d+(-\d+)?(,\d+(-\d+)?)*$/, what: 'a CPU list', hint: 'a CPU list is 0-3,5' },
  ATTR: {
    form: /^([A-Za-z][\w.-]*|[\dA-Fa-fx]+\/[\dA-Fa-fx]+)$/,
    what: 'an attribute',
    hint: 'an attribute is spe.irq, KVM_ARM_VCPU_SPE_IRQ or GROUP/ATTR in numbers, 3/0',
  },
  REGISTER: { form: /^[A-Za-z_]\w*(\.\w+)?$/, what: 'a register', hint: 'a register is PMBPTR_EL1, PMBSR_EL1.S, x0, pc' },
  SYSREG: { form: /^[A-Za-z_]\w*$/, what: 'a system register', hint: 'a whole one: PMBSR_EL1, or by its encoding S3_0_C9_C10_3' },
  ERRNO: { form: /^E[A-Z0-9]+$/, what: 'an errno', hint: 'an errno is EINVAL, ENXIO, EBUSY, …' },
};

function oneWord(m: Matching, slot: Slot, found: Word): Result<SlotRead, Misread> | null {
  const made = (argument: Argument): Result<SlotRead, Misread> => ok({ at: found.end, argument, text: found.raw });
  switch (slot.type) {
    case 'EXPR':
      return parseExpressionIn(m.chars, found.at, found.end).andThen((expression) =>
        made({ kind: 'expression', expression, text: found.raw }),
      );
    case 'QUOTED':
      return quotedCommand(m, found);
    case 'CHOICE': {
      const whole = m.expansions.get(found.at) ?? found.value;
      if (slot.choices.includes(whole)) return ok({ at: found.end, argument: word(whole), text: whole });
      return null;
    }
    default: {
      const plain = PLAIN[slot.type];
      if (plain !== undefined && !plain.form.test(found.value)) {
        return err(
          misread('word', found.at, found.end, `'${found.value}' is not ${plain.what}`, { expected: [plain.what], hint: plain.hint }),
        );
      }
      return made(word(found.value));
    }
  }
}

function restExpression(m: Matching, at: number): Result<SlotRead, Misread> {
  const end = trimmedEnd(m);
  const text = m.chars.slice(at, end).join('');
  return parseExpressionIn(m.chars, at, end).map((expression) => ({
    at: m.chars.length,
    argument: { kind: 'expression', expression, text },
    text,
  }));
}

const trimmedEnd = (m: Matching): number => {
  let end = m.chars.length;
  while (end > 0 && (m.chars[end - 1] === ' ' || m.chars[end - 1] === '\t')) end -= 1;
  return end;
};

/** `--where 'x > 3'`: the expression is the content of the quotes; without quotes it is the word. */
function quotedExpression(m: Matching, slot: Slot, at: number): Result<SlotRead, Misread> {
  const found = scanWord(m.chars, at, slot.stop);
  if (found.fault !== undefined) return err(misread(found.fault.code, found.fault.at, found.fault.end, found.fault.message));
  return parseExpression(found.value)
    .mapErr((e) => ({
      ...e,
      at: found.origins[e.at] ?? found.end - 1,
      end: found.origins[e.end - 1] === undefined ? found.end : found.origins[e.end - 1] + 1,
    }))
    .map((expression) => ({ at: found.end, argument: { kind: 'expression', expression, text: found.value }, text: found.raw }));
}

function rest(m: Matching, at: number): SlotRead {
  const text = m.chars.slice(at, trimmedEnd(m)).join('');
  return { at: m.chars.length, argument: word(text), text };
}

function command(m: Matching, at: number): SlotRead | null {
  if (m.depth <= 0) {
    fault(m, misread('nesting', at, at + 1, `commands stand inside one another more than ${DEEPEST_COMMAND} deep`));
    return null;
  }
  const match = m.matchCommand({ ...m, depth: m.depth - 1 }, at);
  if (match === null) return null;
  return { at: m.chars.length, argument: { kind: 'command', command: match.command }, text: match.command.text };
}

function quotedCommand(m: Matching, found: Word): Result<SlotRead, Misread> {
  if (!found.quoted) {
    return err(
      misread('quote', found.at, found.end, 'the command stands in quotes here', { expected: ["'CMD'"], hint: `write '${found.raw} …'` }),
    );
  }
  return m
    .readQuoted(found.value)
    .mapErr((e) => ({ ...e, at: found.origins[e.at] ?? found.end - 1, end: found.end - 1 }))
    .map((inner) => ({ at: found.end, argument: { kind: 'command', command: inner }, text: found.raw }));
}

function regex(m: Matching, at: number): Result<SlotRead, Misread> | null {
  if (m.chars[at] !== '/') return null;
  const end = regexEnd(m.chars, at);
  if (end < 0)
    return err(misread('regex', at, m.chars.length, 'this /…/ is not closed', { hint: 'close it with /; a slash inside is \\/' }));
  const source = m.chars.slice(at + 1, end - 1).join('');
  try {
    new RegExp(source, 'u');
  } catch (problem) {
    const why = problem instanceof Error ? problem.message.replace(/^.*: /, '') : 'not a regular expression';
    return err(misread('regex', at, end, `not a regular expression: ${why}`, { hint: 'the syntax is that of JavaScript' }));
  }
  return ok({ at: end, argument: word(source), text: m.chars.slice(at, end).join('') });
}

/** A vCPU's number: `0`, `$i`, `(1+1)`; `vcpu0` and `vcpu 0` are the same word everywhere. */
function vcpu(m: Matching, slot: Slot, at: number): Result<SlotRead, Misread> | null {
  let from = at;
  const first = scanWord(m.chars, at, slot.stop);
  if (/^vcpu\d*$/.test(first.raw)) from = first.raw === 'vcpu' ? skipBlanks(m.chars, first.end) : at + 4;
  const found = scanWord(m.chars, from, slot.stop);
  if (found.fault !== undefined) return err(misread(found.fault.code, found.fault.at, found.fault.end, found.fault.message));
  if (!/^[\d$(]/.test(found.raw)) {
    if (from === at) return null;
    return err(
      misread('word', from, found.end, `'${found.raw}' is no number of a vCPU`, {
        expected: ['a number'],
        hint: didYouMean(found.raw, ['vcpu0']) ?? 'write vcpu 0',
      }),
    );
  }
  return parseExpressionIn(m.chars, found.at, found.end).map((expression) => ({
    at: found.end,
    argument: { kind: 'expression', expression, text: found.raw },
    text: found.raw,
  }));
}
