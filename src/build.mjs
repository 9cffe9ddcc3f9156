// Bundles main (and, behind dynamic imports, the Ink shell) into dist/, and links the bin so that `npx spesh` works from a checkout.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Loaded on first use. */
const ON_DEMAND = /\/kernel\/host-schema\.ts$/;

/** The names that a source imports from a module; null where it takes the whole (`import *`, `require`). */
function importedNames(source, module) {
  const quoted = module.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const names = new Set();
  for (const [, clause] of source.matchAll(new RegExp(`import\\s+((?:(?!import\\s)[^;'"])*?)\\s*from\\s*['"]${quoted}['"]`, 'g'))) {
    if (clause.includes('*')) return null;
    for (const part of (/\{([^}]*)\}/.exec(clause)?.[1] ?? '').split(',')) {
      const name = part.trim().split(/\s+as\s+/)[0];
      if (name !== '' && !name.startsWith('type ')) names.add(name);
    }
  }
  return names.size === 0 && !/import\s+\w+/.test(source) ? null : [...names];
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Tests bundle into a directory of their own.
const outdir = process.argv[2] ?? join(root, 'dist');
rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ['src/kernel/host-schema.ts'],
  outfile: join(outdir, 'host-schema.cjs'),
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node22',
  minify: true,
  logLevel: 'warning',
});
const modules = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  jsx: 'automatic',
  minify: true,
  sourcemap: 'linked',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: { js: "const require=globalThis.process.getBuiltinModule('node:module').createRequire(import.meta.url);" },
  plugins: [
    {
      // `import process from 'node:process'` makes an ES module of the builtin, which reads every getter it has: standard input and output
      // are opened, and some ten milliseconds gone. Here a builtin is taken as it is, and only the names that the importer names are read.
      name: 'builtins-as-they-are',
      setup(b) {
        b.onResolve({ filter: /^node:/ }, (a) => ({
          path: a.path,
          namespace: 'builtin',
          pluginData: a.importer,
          suffix: `?${a.importer}`,
        }));
        b.onLoad({ filter: /.*/, namespace: 'builtin' }, (a) => {
          // Commander spawns executables for sub-commands; spesh has none.
          if (a.path === 'node:child_process' && /[\\/]commander[\\/]/.test(a.pluginData)) return { contents: 'export default {}' };
          const names = importedNames(readFileSync(a.pluginData, 'utf8'), a.path);
          const taken = `globalThis.process.getBuiltinModule(${JSON.stringify(a.path)})`;
          if (names === null) return { contents: `module.exports = ${taken}` };
          return { contents: [`const m = ${taken};`, 'export default m;', ...names.map((n) => `export const ${n} = m.${n};`)].join('\n') };
        });
      },
    },
    {
      // zod and TOML are needed only where a fixture is new (checked hosts are kept beside the bundle): they are a file of their own,
      // loaded when one of the module's functions is first called.
      name: 'on-demand',
      setup(b) {
        b.onResolve({ filter: ON_DEMAND }, (a) => ({ path: join(a.resolveDir, a.path), namespace: 'on-demand' }));
        b.onResolve({ filter: /\.cjs$/ }, (a) => ({ path: a.path, external: true }));
        b.onLoad({ filter: /.*/, namespace: 'on-demand' }, (a) => {
          const source = readFileSync(a.path, 'utf8');
          if (/^export (const|let|class|\*|\{)/m.test(source))
            throw new Error(`${a.path}: a module loaded on demand exports functions only`);
          const names = [...source.matchAll(/^export function\*? *(\w+)/gm)].map((m) => m[1]);
          const shims = names.map((n) => `export const ${n} = (...a) => (m ??= require('./host-schema.cjs')).${n}(...a);`);
          return { contents: ['let m;', ...shims].join('\n'), resolveDir: dirname(a.path) };
        });
      },
    },
    {
      // A mode for traces is over in a few hundred milliseconds, and each file of a module takes Node about one to find, read and link: what
      // they need is one file, a build of its own.
      name: 'trace-mode-apart',
      setup(b) {
        b.onResolve({ filter: /\/trace-mode\.ts$/ }, (a) =>
          a.kind === 'dynamic-import' ? { path: './trace-mode.js', external: true } : undefined,
        );
      },
    },
    {
      // Ink imports react-devtools-core only when DEV=true; a hoisted import of a package that is not there would fail at start. And where it
      // hid a cursor, restore-cursor writes to standard error at the end, whatever that is; the shell gives the cursor back itself.
      name: 'left-out',
      setup(b) {
        b.onResolve({ filter: /^(react-devtools-core|restore-cursor)$/ }, (a) => ({ path: a.path, namespace: 'empty' }));
        b.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default () => {}' }));
      },
    },
  ],
};
await Promise.all([
  build({ ...modules, entryPoints: ['src/main.ts', 'src/explore-worker.ts'], splitting: true }),
  build({ ...modules, entryPoints: ['src/trace-mode.ts', 'src/trace-worker.ts'] }),
]);

const binDir = join(root, 'node_modules', '.bin');
const link = join(binDir, 'spesh');
if (process.platform !== 'win32') {
  mkdirSync(binDir, { recursive: true });
  if (!existsSync(link)) {
    rmSync(link, { force: true });
    symlinkSync(join('..', '..', 'src', 'launch.sh'), link);
  }
}
