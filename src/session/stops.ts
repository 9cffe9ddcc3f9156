// Breakpoints and the like: session state, not world.
import type { Expression } from './expression.ts';

export interface Breakpoint {
  readonly id: number;
  readonly address: bigint;
  readonly text: string;
  readonly condition?: Expression;
  readonly conditionText?: string;
}

export interface Stops {
  next: number;
  breakpoints: Breakpoint[];
}
