// Assembled programs on a bare machine.
import { assemble } from '../../../src/arch/a64/assemble.ts';
import { getPc, getSys, setPc } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import type { StepResult } from '../../../src/machine/machine.ts';
import { type Bare, NO_STOPS, putWords, RAM_BASE } from './bare.ts';

/** Where programs stand unless they say otherwise. */
export const CODE = RAM_BASE + 0x1000;
/** A vector table of these tests. */
export const VECTORS = RAM_BASE + 0x8000;

/** Assembles, writes at `at`, and answers the labels. Does not move PC. */
export function put(b: Bare, text: string, at = CODE): ReadonlyMap<string, bigint> {
  const made = assemble(text, BigInt(at));
  if (made.isErr()) throw new Error(`line ${made.error.line}: ${made.error.message}`);
  putWords(b, at, [...made.value.words]);
  return made.value.labels;
}

/** Puts a program and starts it. */
export function start(b: Bare, text: string, at = CODE): ReadonlyMap<string, bigint> {
  const labels = put(b, text, at);
  setPc(b.cpu.context, BigInt(at));
  return labels;
}

export const step = (b: Bare, operations = 1): StepResult => stepCpu(b.m, b.cpu, operations, NO_STOPS);
export const pc = (b: Bare): number => Number(getPc(b.cpu.context));
/** Exception class and ISS of ESR_EL1. */
export const esr = (b: Bare): { ec: number; iss: number } => {
  const word = Number(getSys(b.cpu.context, 'ESR_EL1'));
  return { ec: Math.floor(word / 2 ** 26), iss: word & 0x1ffffff };
};
