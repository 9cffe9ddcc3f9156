// spesh. The rest is behind one dynamic import, so that V8's compile cache (kept beside the bundle) is on before it is compiled: that halves
// the start. Where the cache cannot be written, spesh starts without it.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

if (import.meta.filename.endsWith('.js')) enableCompileCache(join(import.meta.dirname, '.compile-cache'));
const { runSpesh } = await import('./modes.ts');
process.exitCode = await runSpesh(process.argv.slice(2));
