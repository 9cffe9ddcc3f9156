// spesh as it is built, once for all tests that start it, in a directory of its own. Vitest calls `setup` before the first of them.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The bundle's main.js. */
    readonly spesh: string;
  }
}

export function setup(project: TestProject): () => void {
  const root = join(import.meta.dirname, '../..');
  const directory = join(root, 'node_modules', '.cache', `spesh-test-${process.pid}`);
  const built = spawnSync(process.execPath, [join(root, 'src', 'build.mjs'), directory], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`spesh does not build: ${built.stderr}`);
  project.provide('spesh', join(directory, 'main.js'));
  return () => rmSync(directory, { recursive: true, force: true });
}
