// Checked host fixtures, kept beside the bundle: reading one again needs neither zod nor TOML, which take longer to load than the rest of
// a small command to run. An entry counts only for exactly the same text; a build throws all of them away. Part of main.
import { join } from 'node:path';
import { readText, writeBytes } from './io/files.ts';
import type { Host } from './kernel/host.ts';

export interface HostCache {
  /** The host that these texts (the fixture, and what it extends) were checked to be. */
  get(name: string, texts: readonly string[]): Host | undefined;
  put(name: string, texts: readonly string[], host: Host): void;
}

/** Running from source, nothing is kept. */
export const NO_CACHE: HostCache = { get: () => undefined, put: () => {} };

const BIGINT = /^bigint:(0x[0-9a-f]+)$/;
const write = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `bigint:0x${value.toString(16)}` : value);

function read(_key: string, value: unknown): unknown {
  if (typeof value === 'string') {
    const digits = BIGINT.exec(value)?.[1];
    return digits === undefined ? value : BigInt(digits);
  }
  return typeof value === 'object' ? Object.freeze(value) : value;
}

export function hostCache(directory: string): HostCache {
  const pathOf = (name: string): string => join(directory, `${name}.json`);
  return {
    get: (name, texts) => {
      try {
        const entry = JSON.parse(readText(pathOf(name)).unwrapOr('null'), read) as { texts: readonly string[]; host: Host } | null;
        const same = entry?.texts.length === texts.length && entry.texts.every((text, i) => text === texts[i]);
        return entry !== null && same ? entry.host : undefined;
      } catch {
        return undefined; // not JSON: written anew
      }
    },
    put: (name, texts, host) => {
      writeBytes(pathOf(name), JSON.stringify({ texts, host }, write));
    },
  };
}
