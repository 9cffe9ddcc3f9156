// Outcome to the JSON object of language.md §6: one object a command, one line.
import { hex, hexBytes } from '../base/hex.ts';
import type { CallReport, Outcome } from '../session/outcome.ts';
import type { Misread } from './misread.ts';

export const JSON_VERSION = 1;

/** 64-bit numbers are "0x…", bytes are hex digits. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return hex(value);
  if (value instanceof Uint8Array) return hexBytes(value, '');
  return value;
}

function callObject(call: CallReport): Record<string, unknown> {
  const { ioctl, on, ret, errno, number, why, check, of, evidence } = call;
  return { ioctl, on, ret, errno, number, why, check, of, evidence, strace: call.strace };
}

/** What the object of a command says of its outcome. */
function outcomeObject(command: string, outcome: Outcome): Record<string, unknown> {
  const { ok, call, calls, value, data, events, unmet, expected, got, interrupted, displays, context, notes, stopped, onStop } = outcome;
  return {
    command,
    ok: ok && unmet === undefined,
    ...(call === undefined ? {} : { call: callObject(call) }),
    ...(calls === undefined ? {} : { calls: calls.map(callObject) }),
    value,
    data,
    events,
    ...(unmet === undefined ? {} : { unmet }),
    ...(expected === undefined ? {} : { expected, got: got ?? null }),
    ...(displays === undefined ? {} : { displays }),
    ...(context === undefined ? {} : { context }),
    ...(stopped === undefined || stopped.length === 0 ? {} : { stopped }),
    ...(onStop === undefined ? {} : { on: onStop.map((one) => ({ stop: one.stop, ...outcomeObject(one.command.text, one.outcome) })) }),
    ...(notes === undefined ? {} : { notes }),
    ...(interrupted === true ? { interrupted } : {}),
  };
}

/** One line, without its newline. `n` is the command's number in its session, `tick` the tick after it. */
export function outcomeJson(command: string, outcome: Outcome, n: number, tick: number): string {
  return JSON.stringify({ v: JSON_VERSION, n, tick, ...outcomeObject(command, outcome) }, plain);
}

/** A command that does not parse. `at` is its 0-based code point in the command. */
export function misreadJson(
  command: string,
  m: Misread,
  place: { readonly file: string; readonly line: number; readonly column: number },
): string {
  const { at, expected, message, code, hint } = m;
  return JSON.stringify({
    v: JSON_VERSION,
    command,
    ok: false,
    misread: { at, expected, message, code, ...(hint === undefined ? {} : { hint }), ...place },
  });
}
