// A thread of `spesh explore`: runs transitions for the search in the main thread. It boots the host and runs the set-up itself; what crosses
// are numbers and hashes. Part of main.
import { openExplorer, readExploration } from './explore-open.ts';
import { openHome } from './home.ts';
import { NO_CACHE } from './host-cache.ts';
import type { CommonOptions } from './io/arguments.ts';
import { serveRequests } from './io/workers.ts';
import { type Batch, batches } from './session/explore/executor.ts';

/** What a thread begins with. */
export interface ThreadData {
  readonly root: string;
  readonly options: CommonOptions;
  readonly path: string;
  readonly host: string;
}

await serveRequests<ThreadData, Int32Array, Batch>(async ({ root, options, path, host }) => {
  const home = openHome(root, options, NO_CACHE);
  const explorer = readExploration(path).andThen((file) => openExplorer(home, path, file, host));
  // The main thread has opened the same: what fails here only is our bug.
  if (explorer.isErr()) throw new Error(`${path} could be opened in the main thread only`);
  return batches(explorer.value);
});
