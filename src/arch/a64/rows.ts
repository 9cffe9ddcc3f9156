// Every A64 encoding spesh knows, one row each. See rows-form.ts for the form and its source.
import { ATOMIC_ROWS } from './rows-atomic.ts';
import { BRANCH_ROWS } from './rows-branch.ts';
import type { A64Row } from './rows-form.ts';
import { FP_ROWS } from './rows-fp.ts';
import { IMMEDIATE_ROWS } from './rows-immediate.ts';
import { LOAD_STORE_ROWS } from './rows-load-store.ts';
import { REGISTER_ROWS } from './rows-register.ts';
import { SIMD_ROWS } from './rows-simd.ts';
import { SIMD_LOAD_STORE_ROWS } from './rows-simd-load-store.ts';
import { SIMD_MOVE_ROWS } from './rows-simd-move.ts';

export const ROWS: readonly A64Row[] = [
  ...IMMEDIATE_ROWS,
  ...REGISTER_ROWS,
  ...LOAD_STORE_ROWS,
  ...ATOMIC_ROWS,
  ...BRANCH_ROWS,
  ...FP_ROWS,
  ...SIMD_LOAD_STORE_ROWS,
  ...SIMD_ROWS,
  ...SIMD_MOVE_ROWS,
];
