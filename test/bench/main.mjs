// `npm run bench -- NAME [arguments]`: bundles test/bench/NAME.ts as the program itself is bundled, and calls its `run`.
// Measuring the bundle matters: Node's own TypeScript loader detaches buffers, after which V8 compiles slower accesses to typed arrays.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = import.meta.dirname;
const root = join(here, '..', '..');
const [name, ...rest] = process.argv.slice(2);
const names = readdirSync(here).flatMap((file) => (file.endsWith('.ts') ? [file.slice(0, -'.ts'.length)] : []));
const source = join(here, `${name}.ts`);
if (name === undefined || !existsSync(source)) {
  process.stderr.write(`usage: npm run bench -- ${names.join('|')}\n`);
  process.exit(2);
}
const outfile = join(root, 'coverage', 'bench', `${name}.mjs`);
await build({ entryPoints: [source], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' });
const { run } = await import(pathToFileURL(outfile).href);
await run(rest);
