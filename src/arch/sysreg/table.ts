// Every system register spesh knows, in one table with a dense index: the index is where a context keeps its value.
import type { SystemRegister } from './define.ts';
import { withField } from './define.ts';
import { EL1_REGISTERS } from './el1.ts';
import { EL2_REGISTERS } from './el2.ts';
import { GIC_REGISTERS } from './gic.ts';
import { ID_REGISTERS } from './id.ts';
import { SPE_REGISTERS } from './spe.ts';

export const REGISTERS: readonly SystemRegister[] = [
  ...ID_REGISTERS,
  ...EL1_REGISTERS,
  ...EL2_REGISTERS,
  ...SPE_REGISTERS,
  ...GIC_REGISTERS,
];

const byName = new Map<string, number>();
const byUpperName = new Map<string, number>(); // CurrentEL, SPSel
const byKey = new Map<number, number>();
for (const [index, row] of REGISTERS.entries()) {
  if (byName.has(row.name) || byKey.has(row.key)) throw new Error(`system register ${row.name} stands twice`);
  byName.set(row.name, index);
  byUpperName.set(row.name.toUpperCase(), index);
  byKey.set(row.key, index);
}

/** The dense index of a register by its printed name (any case); -1 when there is none. */
export function registerIndex(name: string): number {
  return byName.get(name) ?? byUpperName.get(name.toUpperCase()) ?? -1;
}

/** The dense index of a name that stands in the source code. Throws (our bug) when it is unknown. */
export function indexOfRegister(name: string): number {
  const index = byName.get(name);
  if (index === undefined) throw new Error(`no system register ${name}`);
  return index;
}

/** The dense index of an MSR/MRS encoding key; -1 when there is none. */
export function registerByKey(key: number): number {
  return byKey.get(key) ?? -1;
}

/** A field accessor checked when the module loads: `fieldAccess('PMBSR_EL1', 'S')`. */
export function fieldAccess(
  register: string,
  name: string,
): { get(word: bigint): bigint; put(word: bigint, value: bigint): bigint; mask: bigint } {
  const row = REGISTERS[indexOfRegister(register)];
  const f = row.fields.find((x) => x.name === name);
  if (f === undefined) throw new Error(`${register} has no field ${name}`);
  const mask = withField(0n, f, -1n);
  const others = ~mask;
  const low = BigInt(f.low);
  return { get: (w) => (w & mask) >> low, put: (w, v) => (w & others) | ((v << low) & mask), mask };
}
