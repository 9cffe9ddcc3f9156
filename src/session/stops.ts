// Where a run stops: breakpoints, and catches of what calls, guests and hardware do. Session state, not world.
import type { Command } from './command.ts';
import type { Expression } from './expression.ts';

interface AnyStop {
  readonly id: number;
  /** What `on N 'CMD'` runs where it stops, in order. */
  readonly commands: readonly Command[];
}

export interface Breakpoint extends AnyStop {
  readonly kind: 'break';
  readonly address: bigint;
  readonly text: string;
  readonly condition?: Expression;
  readonly conditionText?: string;
}

/** `catch WHAT [NAME]` (catches.ts). */
export interface Catch extends AnyStop {
  readonly kind: 'catch';
  readonly what: string;
  /** Null: any. */
  readonly name: string | null;
}

export type Stop = Breakpoint | Catch;

export interface Stops {
  next: number;
  /** Each is replaced whole, never written. */
  list: Stop[];
}

export const noStops = (): Stops => ({ next: 1, list: [] });
export const copyStops = ({ next, list }: Stops): Stops => ({ next, list: [...list] });
export const breakpointsOf = (stops: Stops): Breakpoint[] => stops.list.filter((stop) => stop.kind === 'break');
export const catchesOf = (stops: Stops): Catch[] => stops.list.filter((stop) => stop.kind === 'catch');
