// The event that a user gives perf: `arm_spe_0/ts_enable=1,load_filter=1/u`. Terms are those of the PMU's format/ files and perf's own; what is
// wrong is said in perf's words, with the place (perf 6.12, tools/perf: parse-events, pmu; perf 6.1 leaves the name out of "value too big").
import { err, ok, type Result } from 'neverthrow';
import { type FormatField, formatMaximum, withFormat } from './format.ts';

/** What perf makes of the text. */
export interface ParsedEvent {
  readonly text: string;
  /** The PMU as written: a name, or `arm_spe` for every PMU whose name goes on with `_`. */
  readonly pmu: string;
  /** config, config1 to config4. */
  readonly config: readonly bigint[];
  /** Names of the format terms that were given. */
  readonly given: readonly string[];
  readonly period: bigint | null;
  readonly frequency: bigint | null;
  readonly excludeUser: boolean;
  readonly excludeKernel: boolean;
  readonly excludeHypervisor: boolean;
  readonly excludeIdle: boolean;
}

export interface EventFault {
  readonly text: string;
  /** Where in the text, from 0. */
  readonly at: number;
  readonly message: string;
  readonly help?: string;
}

/** perf's own terms that set a number here, and those that it knows besides. */
const OWN_TERMS = ['config', 'config1', 'config2', 'config3', 'name', 'period', 'freq'];
const MODIFIERS = 'ukhGHIpPDSWe';
const CONFIG_WORDS = 5;

/** A PMU as far as its terms go. */
export interface EventPmu {
  readonly name: string;
  readonly formats: readonly FormatField[];
}

const isPmuOf = (pmu: EventPmu, word: string): boolean => pmu.name === word || pmu.name.startsWith(`${word}_`);

/** Reads an event for one of the PMUs; the first fault, as perf stops at it. */
export function parseEvent(text: string, pmus: readonly EventPmu[]): Result<ParsedEvent, EventFault> {
  const fault = (at: number, message: string, help?: string): Result<never, EventFault> =>
    err({ text, at, message, ...(help === undefined ? {} : { help }) });
  const open = text.indexOf('/');
  const word = open < 0 ? text : text.slice(0, open);
  if (!/^[A-Za-z_][\w.-]*$/.test(word)) return fault(0, 'parser error');
  if (open < 0) return fault(0, 'parser error');
  const close = text.indexOf('/', open + 1);
  if (close < 0) return fault(open, 'parser error');
  const modifiers = text.slice(close + 1);
  for (const [i, letter] of [...modifiers].entries()) {
    if (letter === ',') return fault(close + 1 + i, 'an exclusive PMU counts one event at a time');
    if (!MODIFIERS.includes(letter)) return fault(close + 1 + i, 'parser error');
  }
  const pmu = pmus.find((p) => isPmuOf(p, word));
  if (pmu === undefined) return fault(0, `Cannot find PMU \`${word}'. Missing kernel support?`);

  let config: bigint[] = new Array<bigint>(CONFIG_WORDS).fill(0n);
  const given: string[] = [];
  let period: bigint | null = null;
  let frequency: bigint | null = null;
  let at = open + 1;
  for (const term of close === at ? [] : text.slice(at, close).split(',')) {
    const m = /^([A-Za-z][\w-]*)(?:=(.*))?$/.exec(term);
    if (m === null) return fault(at, 'parser error');
    const [, name, valueText] = m;
    const valueAt = valueText === undefined ? at : at + name.length + 1;
    if (valueText === '' || valueText?.startsWith('-')) return fault(valueAt, 'parser error');
    const number = valueText === undefined ? 1n : /^(0x[0-9a-fA-F]+|\d+)$/.test(valueText) ? BigInt(valueText) : null;
    const field = pmu.formats.find((f) => f.name === name);
    if (field === undefined && !OWN_TERMS.includes(name)) {
      const known = [...pmu.formats.map((f) => f.name).sort(), ...OWN_TERMS];
      return fault(at, `unknown term '${name}' for pmu '${pmu.name}'`, `valid terms: ${known.join(',')}`);
    }
    if (name !== 'name') {
      if (number === null) return fault(valueAt, 'expected numeric value');
      const maximum = field === undefined ? (1n << 64n) - 1n : formatMaximum(field);
      if (number > maximum) {
        return fault(valueAt, field === undefined ? 'parser error' : `value too big for format (${name}), maximum is ${maximum}`);
      }
      if (field !== undefined) {
        config = withFormat(config, field, number);
        given.push(name);
      } else if (name === 'period') period = number;
      else if (name === 'freq') frequency = number;
      else config[name === 'config' ? 0 : Number(name.slice(6))] = number;
    }
    at += term.length + 1;
  }
  const levels = ['u', 'k', 'h'].filter((letter) => modifiers.includes(letter));
  const excludes = (letter: string): boolean => levels.length > 0 && !levels.includes(letter);
  return ok({
    text,
    pmu: word,
    config,
    given,
    period,
    frequency,
    excludeUser: excludes('u'),
    excludeKernel: excludes('k'),
    excludeHypervisor: excludes('h'),
    excludeIdle: modifiers.includes('I'),
  });
}

/** perf moves the text to the left so that the place is not further in than this. */
const INDENT = 13;
const PREFIX = 'event syntax error: ';

/** A fault as perf prints it: the text, cut at its beginning where the place lies far in, and a pointer below. */
export function eventFaultLines(f: EventFault): string[] {
  const cut = Math.max(0, f.at - INDENT);
  const shown = cut === 0 ? f.text : `..${f.text.slice(cut + 2)}`;
  const lines = [`${PREFIX}'${shown}'`, `${' '.repeat(PREFIX.length + f.at - cut + 1)}\\___ ${f.message}`];
  return f.help === undefined ? lines : [...lines, '', f.help];
}
