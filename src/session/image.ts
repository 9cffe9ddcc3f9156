// The guest image in use, as a debugger needs it: where it lies and what its symbols are called.
import type { Elf } from '../abi/elf.ts';

export interface Image {
  readonly path: string;
  /** Physical (and, with the guests' identity map, virtual) address of the first byte loaded. */
  readonly base: bigint;
  readonly entry: bigint;
  readonly size: number;
  /** Symbols and lines; null for a flat image. */
  readonly elf: Elf | null;
}
