// The search's findings as rows, one JSON object a line, for any engine that reads NDJSON. A row says the same wherever it is found, so that
// the rows of shards merge by dropping those that are there twice.
import { hex } from '../../base/hex.ts';
import type { TransitionRow } from './search.ts';

export interface RowNames {
  /** By call, by slot, by invariant. */
  readonly calls: readonly string[];
  readonly slots: readonly string[];
  readonly invariants: readonly string[];
}

/** A state's name: its world's hash, and the calls left as bits. */
const stateName = (world: bigint, left: number): string => `${hex(world, 16)}/${hex(left)}`;

/** `{"depth":2,"from":"0x…/0x3","call":"spu vcpu=0 spu=11","result":"ok","to":"0x…/0x2","fails":["cpu-left"]}` */
export function transitionRow(row: TransitionRow, names: RowNames): string {
  const fails = names.invariants.filter((_, i) => ((row.fails >>> i) & 1) === 1);
  return JSON.stringify({
    depth: row.depth,
    from: stateName(row.from, row.left),
    call: names.calls[row.call],
    result: row.result,
    to: stateName(row.to, row.toLeft),
    ...(fails.length === 0 ? {} : { fails }),
  });
}

/** `{"depth":2,"state":"0x…/0x2","world":"0x…","left":["irq vcpu=0"]}` */
export function stateRow(depth: number, world: bigint, left: number, names: RowNames): string {
  const slots = names.slots.filter((_, i) => ((left >>> i) & 1) === 1);
  return JSON.stringify({ depth, state: stateName(world, left), world: hex(world, 16), left: slots });
}
