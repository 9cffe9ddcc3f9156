// Every A64 encoding spesh knows, one row each. See rows-form.ts for the form and its source.
import { ATOMIC_ROWS } from './rows-atomic.ts';
import { BRANCH_ROWS } from './rows-branch.ts';
import type { A64Row } from './rows-form.ts';
import { IMMEDIATE_ROWS } from './rows-immediate.ts';
import { LOAD_STORE_ROWS } from './rows-load-store.ts';
import { REGISTER_ROWS } from './rows-register.ts';

export const ROWS: readonly A64Row[] = [...IMMEDIATE_ROWS, ...REGISTER_ROWS, ...LOAD_STORE_ROWS, ...ATOMIC_ROWS, ...BRANCH_ROWS];
