// Three perf versions whose words spesh prints: 6.1 (Debian 12), 6.12 and 7.3. Each knows more packets than the one before.

export type PerfVersion = '6.1' | '6.12' | '7.3';
export const PERF_VERSIONS: readonly PerfVersion[] = ['6.1', '6.12', '7.3'];

/** `version` is `first` or later. */
export function isSince(version: PerfVersion, first: PerfVersion): boolean {
  return PERF_VERSIONS.indexOf(version) >= PERF_VERSIONS.indexOf(first);
}
