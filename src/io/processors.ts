// What is to be known before there are threads (node:worker_threads brings Node's streams, which take longer than a short trace).
import { availableParallelism } from 'node:os';

/** CPUs that this process may use. */
export const cpuCount = (): number => availableParallelism();

/** Where a module of src/ that a thread runs is: beside the bundle, or as it is. */
export function threadModule(name: string): URL {
  return import.meta.filename.endsWith('.ts') ? new URL(`../${name}.ts`, import.meta.url) : new URL(`./${name}.js`, import.meta.url);
}
