// Sets of CPUs: as bits in the world, as the kernel's CPU-list text (`0-3,8`) for people and sysfs.

/** The set of a CPU list; null when the text is not one. '' is the empty set. */
export function parseCpuList(text: string): bigint | null {
  let mask = 0n;
  if (text.trim() === '') return mask;
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part);
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first) return null;
    mask |= allCpus(last - first + 1) << BigInt(first);
  }
  return mask;
}

/** `0-3,8` of a set; '' when it is empty. */
export function cpuListText(mask: bigint): string {
  const runs: string[] = [];
  for (let cpu = 0; mask >> BigInt(cpu) !== 0n; cpu++) {
    if (!hasCpu(mask, cpu)) continue;
    const first = cpu;
    while (hasCpu(mask, cpu + 1)) cpu++;
    runs.push(first === cpu ? `${first}` : `${first}-${cpu}`);
  }
  return runs.join(',');
}

export const hasCpu = (mask: bigint, cpu: number): boolean => ((mask >> BigInt(cpu)) & 1n) === 1n;

/** The lowest CPU of a set; -1 when it is empty. */
export function lowestCpu(mask: bigint): number {
  if (mask === 0n) return -1;
  let cpu = 0;
  while (!hasCpu(mask, cpu)) cpu++;
  return cpu;
}

/** CPUs 0 to count - 1. */
export const allCpus = (count: number): bigint => (1n << BigInt(count)) - 1n;
