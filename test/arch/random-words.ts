// Instruction words for the tests of printing and assembling: every row with fields drawn at random, ends of their ranges more often.
import type { A64Row } from '../../src/arch/a64/rows-form.ts';
import { nextRandom } from '../../src/base/prng.ts';

/** `count` words of the row, should-be-one bits one (should-be-zero: zero); the same for the same seed. */
export function randomWords(row: A64Row, count: number, seed: number): number[] {
  let state = (seed ^ row.pattern.value) >>> 0;
  const draw = (limit: number): number => {
    const next = nextRandom(state);
    state = next.state;
    return next.draw % limit;
  };
  const words: number[] = [];
  for (let index = 0; index < count; index++) {
    const values: Record<string, number> = {};
    for (const { name, width } of row.pattern.fields) {
      const limit = 2 ** width;
      const kind = draw(10);
      values[name] = kind === 0 ? 0 : kind === 1 ? limit - 1 : draw(limit);
    }
    if (draw(6) === 0 && 'rm' in values && 'rn' in values) values['rm'] = values['rn'];
    const shouldBeZero = row.id.endsWith('FLAG') || row.id === 'CFINV';
    let word = shouldBeZero ? row.pattern.value : (row.pattern.value | ~row.pattern.mask) >>> 0;
    for (const { name, shift, width } of row.pattern.fields) {
      word = ((word & ~((2 ** width - 1) << shift)) | (values[name] << shift)) >>> 0;
    }
    words.push(word);
  }
  return words;
}
