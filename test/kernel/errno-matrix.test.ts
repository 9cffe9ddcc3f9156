// The errno matrices against their golden files, and what they are for: exchanging two checks that can fail together is noticed.
// SPESH_UPDATE=1 writes the golden files anew; a missing one is a failure.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checksOf, walk } from '../../src/kernel/steps.ts';
import { hostOf } from './bench.ts';
import { exchanges, matrixText, OLD_SUBJECTS, type Subject, stateOf, V6_SUBJECTS } from './errno-matrix.ts';

const golden = (name: string): URL => new URL(`../../fixtures/errnos/${name}.txt`, import.meta.url);
const update = process.env['SPESH_UPDATE'] === '1';

function against(host: string, prefix: string, subject: Subject): void {
  const text = matrixText(hostOf(host), subject);
  const file = golden(`${prefix}${subject.name}`);
  if (update) writeFileSync(file, text);
  expect(existsSync(file), `${file.pathname} is missing`).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe.each([
  ['limited-buffer', '', V6_SUBJECTS],
  ['rfc-v5', 'rfc-v5-', OLD_SUBJECTS],
  ['rfc-v4', 'rfc-v4-', OLD_SUBJECTS],
] as const)('%s', (host, prefix, subjects) => {
  test.each(subjects.map((s) => [s.name, s] as const))('%s: each check answers before all later ones', (_name, subject) => {
    against(host, prefix, subject);
  });

  test.each(subjects.map((s) => [s.name, s] as const))('%s: exchanged checks are noticed', (_name, subject) => {
    let pairs = 0;
    for (const { row, list, state } of exchanges(hostOf(host), subject)) {
      const refused = walk(list, state());
      const same = refused.isErr() && refused.error.why === row.why;
      expect(same, `${list.name}: check ${row.check} (${row.why}) exchanged with another is not noticed`).toBe(false);
      pairs++;
    }
    expect(pairs > 0 || checksOf(subject.list(hostOf(host))).length < 3).toBe(true);
  });

  test.each(subjects.filter((s) => !s.name.endsWith('INIT.get')).map((s) => [s.name, s] as const))(
    '%s: succeeds when nothing is wrong',
    (_name, subject) => {
      const s = stateOf(hostOf(host), subject);
      expect(walk(subject.list(hostOf(host)), s).isOk()).toBe(true);
    },
  );
});
