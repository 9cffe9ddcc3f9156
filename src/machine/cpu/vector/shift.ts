// Shifts of elements by immediates. Source: Arm ARM DDI 0487, C7.2.
import type { A64Row } from '../../../arch/a64/rows-form.ts';
import { countOf, type Executor, half, immediateShape, putNarrow, rd, rn, signed as s, unsigned as u } from './elements.ts';
import { getElements, setElements } from './registers.ts';

/** A shift by an immediate: `amount` is what immh:immb makes of it. */
type Shift = (d: bigint, a: bigint, amount: bigint, width: number) => bigint;

const shiftRight = (value: bigint, amount: bigint, rounded: boolean): bigint => (rounded ? value + (1n << (amount - 1n)) : value) >> amount;

const RIGHT: Readonly<Record<string, Shift>> = {
  SSHR: (_, a, n, w) => shiftRight(s(a, w), n, false),
  USHR: (_, a, n) => shiftRight(a, n, false),
  SSRA: (d, a, n, w) => d + shiftRight(s(a, w), n, false),
  USRA: (d, a, n) => d + shiftRight(a, n, false),
  SRSHR: (_, a, n, w) => shiftRight(s(a, w), n, true),
  URSHR: (_, a, n) => shiftRight(a, n, true),
  SRSRA: (d, a, n, w) => d + shiftRight(s(a, w), n, true),
  URSRA: (d, a, n) => d + shiftRight(a, n, true),
  SRI: (d, a, n, w) => (a >> n) | (d & ~u(-1n, w - Number(n))),
};
const LEFT: Readonly<Record<string, Shift>> = {
  SHL: (_, a, n) => a << n,
  SLI: (d, a, n) => (a << n) | u(d, Number(n)),
};

const shift =
  (operation: Shift, right: boolean): Executor =>
  (core, word, row) => {
    const { size, imm } = immediateShape(word);
    const count = row.id.endsWith('_scalar') ? 1 : countOf(word, size);
    const width = 8 << size;
    const amount = BigInt(right ? 2 * width - imm : imm - width);
    const d = getElements(core.vector, rd(word), size, count);
    const a = getElements(core.vector, rn(word), size, count);
    setElements(core.vector, rd(word), size, d.map((x, i) => operation(x, a[i], amount, width))); // biome-ignore format: one line
  };

const shiftLong =
  (signed: boolean): Executor =>
  (core, word) => {
    const { size, imm } = immediateShape(word);
    const width = 8 << size;
    const a = half(core, rn(word), size, word);
    setElements(core.vector, rd(word), size + 1, a.map((x) => (signed ? s(x, width) : x) << BigInt(imm - width))); // biome-ignore format: one line
  };

const shiftNarrow =
  (rounded: boolean): Executor =>
  (core, word) => {
    const { size, imm } = immediateShape(word);
    const a = getElements(core.vector, rn(word), size + 1, 8 >> size);
    putNarrow(core, word, size, a.map((x) => shiftRight(x, BigInt((16 << size) - imm), rounded))); // biome-ignore format: one line
  };

/** The executor of a row that shifts by an immediate; null: it is not of this file. */
export function shiftExecutor(row: A64Row): Executor | null {
  if (!/^[A-Z]+2?_([bhsd]|scalar)$/.test(row.id)) return null;
  const name = row.id.replace(/_.*$/, '');
  const base = name.replace(/2$/, '');
  if (RIGHT[name] !== undefined) return shift(RIGHT[name], true);
  if (LEFT[name] !== undefined) return shift(LEFT[name], false);
  if (base === 'SSHLL' || base === 'USHLL') return shiftLong(base === 'SSHLL');
  return base === 'SHRN' || base === 'RSHRN' ? shiftNarrow(base === 'RSHRN') : null;
}
