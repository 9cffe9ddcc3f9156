// A session for tests of the interactive shell: a handful of commands whose output one can predict, one that never ends, one that throws.
import type { Command, Running } from '../../src/session/command.ts';
import { done, type Outcome, unmet } from '../../src/session/outcome.ts';
import type { ShellPort } from '../../src/ui/port.ts';

const WORDS = ['records', 'reg', 'regs', 'run', 'step', 'sample', 'say', 'sysfs', 'symbols', 'spu', 'stat', 'snap', 'save'];

export interface FakePort extends ShellPort {
  /** Every command that was executed, in order. */
  readonly executed: string[];
  /** Files that were saved, by name. */
  readonly saved: Map<string, string>;
}

/** `say TEXT` prints TEXT; `big N` N lines; `up`; `forever` never ends; `refuse`; `bug` throws, `crash` a little later, `vanish` ends the process; `source N` shows N lines as it goes; `quit [CODE]`; anything else is a misread. */
export function fakePort(): FakePort {
  const executed: string[] = [];
  const saved = new Map<string, string>();
  let tick = 0;
  let dirty = false;
  let shown: string[] = [];
  const at = (outcome: Outcome): Running => ({
    advance() {
      shown.push(outcome.unmet?.message ?? String(outcome.data?.['text'] ?? ''));
      return outcome;
    },
    interrupt: () => outcome,
  });
  const run = ({ text }: Command): Running => {
    executed.push(text);
    const [word, ...rest] = text.split(' ');
    if (word === 'forever') {
      const interrupted = done({ text: '' }, { interrupted: true });
      return {
        advance(operations) {
          const until = performance.now() + Math.min(8, operations / 5_000);
          while (performance.now() < until);
          tick += operations;
          return null;
        },
        interrupt: () => interrupted,
      };
    }
    if (word === 'source') {
      let left = Number(rest[0]);
      return {
        advance() {
          shown.push(`sourced ${left}`);
          return left-- > 1 ? null : done();
        },
        interrupt: () => done(null, { interrupted: true }),
      };
    }
    if (word === 'crash')
      setTimeout(() => {
        throw new Error('a crash on purpose');
      });
    if (word === 'vanish') process.exit(9);
    if (word === 'bug') throw new Error('a bug on purpose');
    if (word === 'refuse') return at(unmet('refused', 'no, thank you', 'ask again'));
    if (word === 'quit') return at(done(null, { quit: Number(rest[0] ?? 0) }));
    if (word === 'up') dirty = true;
    if (word === 'step') tick++;
    const lines = word === 'big' ? Array.from({ length: Number(rest[0]) }, (_, i) => `line ${i + 1}`) : [rest.join(' ')];
    return at(done({ text: word === 'step' ? `stepped to ${tick}` : word === 'up' ? 'up' : lines.join('\n') }));
  };
  return {
    executed,
    saved,
    prompt: () => 'spe> ',
    read(line) {
      const parts = line.replace(/\\\n/g, '').split(';');
      const commands: Command[] = [];
      for (const part of parts) {
        const text = part.trim();
        if (text === '' || text.startsWith('#')) continue;
        if (!/^(say|big|up|forever|refuse|bug|quit|step|source|crash|vanish)\b/.test(text)) {
          return {
            ok: false,
            at: line.indexOf(text),
            end: line.indexOf(text) + text.split(' ')[0].length,
            code: 'unknown',
            message: `unknown word ${text.split(' ')[0]}`,
            hint: 'did you mean say?',
          };
        }
        commands.push({ form: text.split(' ')[0], args: {}, text });
      }
      return { ok: true, commands };
    },
    execute: run,
    news() {
      const text = shown.filter((one) => one !== '').join('\n');
      shown = [];
      return text;
    },
    complete(line, cursor) {
      const typed = /\S*$/.exec(line.slice(0, cursor))?.[0] ?? '';
      const first = line.slice(0, cursor) === typed;
      const items =
        first && typed !== ''
          ? WORDS.filter((word) => word.startsWith(typed)).map((word) => ({
              label: word,
              insert: word,
              detail: `about ${word}, a word of the small session that the tests have`,
            }))
          : [];
      return { replace: [cursor - typed.length, cursor], items, signature: line.startsWith('say ') ? 'say TEXT' : undefined };
    },
    again: () => (executed.at(-1) === 'step' ? 'step' : undefined),
    tick: () => tick,
    unsaved: () => dirty,
    save(path) {
      if (path.includes('/nowhere/')) return { ok: false, message: `${path}: no such directory` };
      saved.set(path, executed.join('\n'));
      dirty = false;
      return { ok: true, message: `saved ${path}` };
    },
  };
}
