// assert: an expression that must not be zero (language.md §3, group check).
import { hex } from '../src/base/hex.ts';
import type { Expression } from '../src/session/expression.ts';
import { done, unmet } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';

const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>='];

/** An operand's value for the message; literals and errno names say it themselves. */
function sideText(context: Context, e: Expression, name: string): string | null {
  if (e.kind === 'number') return null;
  if (e.kind === 'variable' && e.name === '?') return `${name} is ${context.lastErrno}`;
  return context.evaluate(e).match(
    (value) => `${name} is ${value < 10n ? value : hex(value)}`,
    () => null,
  );
}

function valueText(context: Context, e: Expression): string {
  if (e.kind !== 'binary' || !COMPARISONS.includes(e.operator)) return '0';
  const names = e.left.kind === 'variable' && e.left.name === '?';
  const sides = [sideText(context, e.left, 'the left side'), names ? null : sideText(context, e.right, 'the right side')].filter(
    (s) => s !== null,
  );
  return sides.length === 0 ? '0' : sides.join(', ');
}

export const assert = family({
  name: 'assert',
  group: 'check',
  summary: 'an expression that must hold',
  details: ['The expression takes the rest of the command; zero fails. `$? == EINVAL` compares errno names.'],
  see: ['expect', 'print'],
  forms: [
    {
      id: 'assert',
      syntax: 'assert <condition:REST>',
      about: 'Fail where EXPR is zero.',
      effect: 'pure',
      run: (context, args) => {
        const condition = args['condition'];
        if (condition?.kind !== 'expression') throw new Error('assert without its expression');
        const value = context.evaluate(condition.expression);
        if (value.isErr()) return unmet(value.error.code, value.error.message, value.error.hint);
        const held = value.value !== 0n;
        return done(null, { ok: held, expected: condition.text, got: held ? 'it holds' : valueText(context, condition.expression) });
      },
    },
  ],
});
