// Every guest of the project under QEMU's `virt` board and under spesh: the same work, the same checksums, on one CPU and on several.
import { expect, test } from 'vitest';
import { bootHere } from '../session/booting.ts';
import { EXPECTED, noQemu, noteOf, underQemu, workOf } from '../session/guest-table.ts';

const why = noQemu === null ? '' : ` (skipped: ${noQemu})`;

test.skipIf(noQemu !== null).each(Object.keys(EXPECTED))(`%s does the same work under QEMU and under spesh${why}`, (guest) => {
  const theirs = underQemu(guest);
  const ours = bootHere({ image: guest });
  expect([theirs.status, ours.status]).toEqual([0, 0]);
  expect(workOf(theirs.text).length).toBeGreaterThan(0);
  expect(workOf(ours.text)).toEqual(workOf(theirs.text));
  expect(noteOf(theirs.text)).toEqual(EXPECTED[guest].spe.length === 0 ? [] : ['spe: not here, work only']);
});

test.skipIf(noQemu !== null).each([2, 3, 4, 8])(`atomics on %i CPUs${why}`, (cpus) => {
  expect(workOf(bootHere({ image: 'atomics', vcpus: cpus }).text)).toEqual(workOf(underQemu('atomics', cpus).text));
});
