// The long form of test/machine/cpu/compiled.test.ts. `npm run fuzz -- compiled`
import { expect, test } from 'vitest';
import { compareTiers } from '../machine/cpu/random-loops.ts';

const FIRST = 1000;
const LOOPS = 3000;

test(`${LOOPS} random loops end in the same world under both tiers`, () => {
  let compiled = 0;
  for (let seed = FIRST; seed < FIRST + LOOPS; seed++) {
    const loop = compareTiers(seed);
    compiled += loop.compiled ? 1 : 0;
    expect(loop.different, `seed ${seed}`).toEqual([]);
  }
  console.log(`${LOOPS} loops, ${compiled} of them compiled, 0 different`);
});
