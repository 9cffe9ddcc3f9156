// spesh. The rest is behind one dynamic import, so that V8's compile cache (kept beside the bundle) is on before it is compiled: that halves
// the start. Where the cache cannot be written, spesh starts without it.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

const cache = import.meta.filename.endsWith('.js') ? join(import.meta.dirname, '.cache') : null;
// Node 20 has no compile cache; run without the launcher it is slower, and that is all.
if (cache !== null) (enableCompileCache as typeof enableCompileCache | undefined)?.(cache);
const argv = process.argv.slice(2);
const { isTraceMode } = await import('./trace-mode-words.ts');
process.exitCode = isTraceMode(argv)
  ? await (await import('./trace-mode.ts')).runTraceMode(argv)
  : await (await import('./modes.ts')).runSpesh(argv, cache);
