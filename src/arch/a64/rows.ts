// Every A64 encoding spesh knows, one row each. See rows-form.ts for the form and its source.
import { atomicRows } from './rows-atomic.ts';
import { branchRows } from './rows-branch.ts';
import type { A64Row } from './rows-form.ts';
import { floatingPointRows } from './rows-fp.ts';
import { immediateRows } from './rows-immediate.ts';
import { loadStoreRows } from './rows-load-store.ts';
import { registerRows } from './rows-register.ts';
import { simdRows } from './rows-simd.ts';
import { simdLoadStoreRows } from './rows-simd-load-store.ts';
import { simdMoveRows } from './rows-simd-move.ts';
import { simdSaturatingRows } from './rows-simd-saturating.ts';

let made: readonly A64Row[] | null = null;

/** All of them. They are made when they are first asked for: many runs of the program look at none. */
export function a64Rows(): readonly A64Row[] {
  made ??= [
    ...immediateRows(),
    ...registerRows(),
    ...loadStoreRows(),
    ...atomicRows(),
    ...branchRows(),
    ...floatingPointRows(),
    ...simdLoadStoreRows(),
    ...simdRows(),
    ...simdMoveRows(),
    ...simdSaturatingRows(),
  ];
  return made;
}
