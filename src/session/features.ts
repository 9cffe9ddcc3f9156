// vCPU features by name as the words of KVM_ARM_VCPU_INIT's bitmap, under a host's kernel (kvm-spe-abi.md §1.1, §1.3).
import { VCPU_FEATURES } from '../abi/features.ts';
import { featureBit } from '../kernel/capability.ts';
import type { Host } from '../kernel/host.ts';

const rowOf = (name: string) => VCPU_FEATURES.find((f) => f.short === name || f.name === name);

export const isFeatureName = (name: string): boolean => rowOf(name) !== undefined;

/** features[0], features[1] … with the bits of the names and of `mask`. A feature that the kernel does not know has its bit of today. */
export function featureWords(host: Host, names: readonly string[], mask: bigint): number[] {
  let bits = mask;
  for (const name of names) {
    const row = rowOf(name);
    if (row === undefined) throw new Error(`no vCPU feature ${name}`);
    const bit = featureBit(host, row.short);
    bits |= 1n << BigInt(bit < 0 ? row.bit : bit);
  }
  const words = [Number(bits & 0xffff_ffffn)];
  for (let rest = bits >> 32n; rest !== 0n; rest >>= 32n) words.push(Number(rest & 0xffff_ffffn));
  return words;
}
