// `npm run reference`: writes the reference of all commands into README.md; with --check it only says whether it is up to date (exit code 1
// where it is not). Part of main.
import { join } from 'node:path';
import { families } from '../commands/table.ts';
import { readText, writeBytes } from './io/files.ts';
import { withReference } from './shell/reference.ts';
import { newShellState } from './shell/state.ts';

const path = join(import.meta.dirname, '..', 'README.md');
const before = readText(path)._unsafeUnwrap();
const after = withReference(before, newShellState(families).table);
if (after === null) throw new Error('README.md has no markers <!-- reference:begin --> and <!-- reference:end -->');
if (after !== before && process.argv.includes('--check')) {
  process.stderr.write('README.md: the reference of commands is not up to date\n  hint: npm run reference\n');
  process.exitCode = 1;
} else if (after !== before) writeBytes(path, after)._unsafeUnwrap();
