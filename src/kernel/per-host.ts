// Lists of steps depend on the host's kernel and knobs alone: they are built once a host, and kept outside the world.
import type { Host } from './host.ts';

/** What `build` makes of a host, made once. */
export function perHost<T>(build: (host: Host) => T): (host: Host) => T {
  const built = new WeakMap<Host, { readonly made: T }>();
  return (host) => {
    let entry = built.get(host);
    if (entry === undefined) built.set(host, (entry = { made: build(host) }));
    return entry.made;
  };
}
