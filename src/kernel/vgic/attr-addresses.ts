// KVM_DEV_ARM_VGIC_GRP_ADDR: where the frames lie. Orders: vgic.md §1.4 (KVM's kvm_vgic_addr, vgic_v3_alloc_redist_region,
// vgic_check_iorange). Tests that no value can fail (a region field is always aligned and cannot wrap) are left out.

import { ADDR_DIST, ADDR_REDIST, ADDR_REDIST_REGION } from '../../abi/vgic-attributes.ts';
import { DISTRIBUTOR_SIZE } from '../../arch/gic/frames.ts';
import { hex } from '../../base/hex.ts';
import type { Host } from '../host.ts';
import { does, type Evidence, fails, mainline } from '../steps.ts';
import { addRegion, ipaLimit, overlapsDistributor, overlapsRegion, regionSize } from './addresses.ts';
import {
  type AttrCheck,
  type AttrStep,
  distOf,
  isOldKernel,
  noSuchAttribute,
  readsAddr,
  type Verb,
  type VgicAttrCall,
  writesAddr,
} from './attr-state.ts';

const ADDR = mainline('kvm_vgic_addr');
const RANGE = mainline('vgic_check_iorange');
const ALLOC = mainline('vgic_v3_alloc_redist_region');
const PLACE = mainline('vgic_register_all_redist_iodevs');

const UNDEFINED = 0xffff_ffff_ffff_ffffn;
const FRAME_ALIGNMENT = 0x10000n;
const END_OF_MEMORY = 1n << 64n;

/** A range that an attribute asks for, bytes. */
interface Range {
  readonly base: bigint;
  readonly size: bigint;
}
type RangeOf = (s: VgicAttrCall) => Range;

const distributorRange: RangeOf = (s) => ({ base: s.value, size: BigInt(DISTRIBUTOR_SIZE) });
const legacyRange: RangeOf = (s) => ({ base: s.value, size: BigInt(regionSize(s.vm, 0)) });

const countOf = (s: VgicAttrCall): number => Number(s.value >> 52n);
const baseOf = (s: VgicAttrCall): bigint => s.value & 0x000f_ffff_ffff_0000n;
const flagsOf = (s: VgicAttrCall): number => Number((s.value >> 12n) & 15n);
/** KVM keeps eight bits of the twelve. */
const indexOf = (s: VgicAttrCall): number => Number(s.value & 0xffn);
const regionRange: RangeOf = (s) => ({ base: baseOf(s), size: BigInt(regionSize(s.vm, countOf(s))) });

const text = ({ base, size }: Range): string => `${hex(base)} to ${hex(base + size)}`;

const invalid = (
  why: string,
  range: RangeOf,
  when: (s: VgicAttrCall, r: Range) => boolean,
  evidence: Evidence,
  wouldPass?: string,
): AttrCheck =>
  fails(
    'EINVAL',
    why,
    { when: (s) => when(s, range(s)), saw: (s) => text(range(s)), ...(wouldPass ? { wouldPass: () => wouldPass } : {}) },
    evidence,
  );

const unaligned = (range: RangeOf): AttrCheck =>
  invalid('the address is not 64 KiB aligned', range, (_s, { base }) => base % FRAME_ALIGNMENT !== 0n, RANGE, 'a multiple of 0x10000');
const wraps = (range: RangeOf, evidence: Evidence): AttrCheck =>
  invalid('the frames run past the end of memory', range, (_s, { base, size }) => base + size >= END_OF_MEMORY, evidence);
const beyondIpa = (range: RangeOf): AttrCheck =>
  fails(
    'E2BIG',
    'the frames lie beyond the IPA space',
    {
      when: (s) => range(s).base + range(s).size > BigInt(ipaLimit(s.vm)),
      saw: (s) => text(range(s)),
      wouldPass: (s) => `below ${hex(BigInt(ipaLimit(s.vm)))} (${s.vm.ipaBits} bits)`,
    },
    RANGE,
  );
const meetsDistributor = (range: RangeOf, evidence: Evidence): AttrCheck =>
  invalid(
    'the redistributors overlap the distributor',
    range,
    (s, { base, size }) => overlapsDistributor(distOf(s), Number(base), Number(size)),
    evidence,
  );
const meetsRegion = (range: RangeOf): AttrCheck =>
  invalid(
    'the region overlaps another one',
    range,
    (s, { base, size }) => overlapsRegion(s.vm, distOf(s), Number(base), Number(size)),
    ALLOC,
  );

const lastRegion = (s: VgicAttrCall) => distOf(s).regions.at(-1);
const regionsSeen = (s: VgicAttrCall): string => {
  const last = lastRegion(s);
  return last === undefined
    ? 'no region yet'
    : `the last region is ${last.count === 0 ? 'open-ended' : `index ${last.index}, ${last.count} redistributors`}`;
};

/** Newer kernels find an overlap with the distributor when the region is made, older ones when a redistributor is placed. */
const atAllocation = (host: Host, range: RangeOf): readonly AttrCheck[] => (isOldKernel(host) ? [] : [meetsDistributor(range, ALLOC)]);
const atPlacement = (host: Host, range: RangeOf): readonly AttrCheck[] =>
  isOldKernel(host)
    ? [
        invalid(
          'the redistributors overlap the distributor',
          range,
          (s, r) => s.vm.vcpus.length > 0 && overlapsDistributor(distOf(s), Number(r.base), Number(r.size)),
          PLACE,
        ),
      ]
    : [];

const setDistributor: readonly AttrStep[] = [
  fails(
    'EEXIST',
    "the distributor's address is already set",
    { when: (s) => distOf(s).base !== null, saw: (s) => (distOf(s).base === null ? 'unset' : hex(distOf(s).base ?? 0)) },
    RANGE,
  ),
  unaligned(distributorRange),
  wraps(distributorRange, RANGE),
  beyondIpa(distributorRange),
  does(
    "remember the distributor's address",
    (s) => {
      distOf(s).base = Number(s.value);
    },
    ADDR,
  ),
];

const placeRegion = (range: RangeOf, index: (s: VgicAttrCall) => number, count: (s: VgicAttrCall) => number): AttrStep =>
  does(
    'add the region; vCPUs without a redistributor get theirs in it',
    (s) => {
      const failed = addRegion(s.vm, distOf(s), index(s), Number(range(s).base), count(s));
      if (failed !== null) throw new Error(`a checked region was refused: ${failed}`);
    },
    PLACE,
  );

const setLegacy = (host: Host): readonly AttrStep[] => [
  wraps(legacyRange, ALLOC),
  fails(
    'EINVAL',
    'sized regions are in use',
    { when: (s) => (lastRegion(s)?.count ?? 0) !== 0, saw: regionsSeen, wouldPass: () => 'REDIST_REGION' },
    ALLOC,
  ),
  fails('EEXIST', "the redistributors' address is already set", { when: (s) => lastRegion(s) !== undefined, saw: regionsSeen }, ALLOC),
  ...atAllocation(host, legacyRange),
  unaligned(legacyRange),
  beyondIpa(legacyRange),
  ...atPlacement(host, legacyRange),
  placeRegion(
    legacyRange,
    () => 0,
    () => 0,
  ),
];

const setRegion = (host: Host): readonly AttrStep[] => [
  fails('EINVAL', 'the count is zero', { when: (s) => countOf(s) === 0, saw: (s) => `count ${countOf(s)}` }, ADDR),
  fails('EINVAL', 'a flag is set', { when: (s) => flagsOf(s) !== 0, saw: (s) => `flags ${flagsOf(s)}`, wouldPass: () => 'flags 0' }, ADDR),
  fails(
    'EINVAL',
    'the index is not the next one',
    {
      when: (s) => indexOf(s) !== (lastRegion(s)?.index ?? -1) + 1,
      saw: (s) => `index ${indexOf(s)}; ${regionsSeen(s)}`,
      wouldPass: (s) => `index ${(lastRegion(s)?.index ?? -1) + 1}`,
    },
    ALLOC,
  ),
  ...atAllocation(host, regionRange),
  meetsRegion(regionRange),
  beyondIpa(regionRange),
  ...atPlacement(host, regionRange),
  placeRegion(regionRange, indexOf, countOf),
];

const findRegion = (s: VgicAttrCall) => distOf(s).regions.find((r) => r.index === indexOf(s));

const getRegion: readonly AttrStep[] = [
  ...readsAddr('u64', ADDR),
  fails(
    'ENOENT',
    'there is no region with that index',
    { when: (s) => findRegion(s) === undefined, saw: (s) => `index ${indexOf(s)}` },
    ADDR,
  ),
  ...writesAddr(
    'u64',
    (s) => {
      const region = findRegion(s);
      return region === undefined ? 0n : (BigInt(region.count) << 52n) | BigInt(region.base) | BigInt(region.index);
    },
    ADDR,
  ),
];

const addressOr = (address: number | null | undefined): bigint => (address === null || address === undefined ? UNDEFINED : BigInt(address));

/** The list behind an attribute of the group; a has is answered by existence alone. */
export function addressSteps(host: Host, verb: Verb, attr: bigint): readonly AttrStep[] {
  const known = attr === BigInt(ADDR_DIST) || attr === BigInt(ADDR_REDIST) || attr === BigInt(ADDR_REDIST_REGION);
  const unknown = noSuchAttribute('a GICv3 has no such address', verb === 'has' ? mainline('vgic_v3_has_attr') : ADDR);
  if (verb === 'has') return known ? [] : [unknown];
  if (verb === 'set') {
    const body = { [ADDR_DIST]: setDistributor, [ADDR_REDIST]: setLegacy(host), [ADDR_REDIST_REGION]: setRegion(host) }[String(attr)];
    return [...readsAddr('u64', ADDR), ...(body ?? [unknown])];
  }
  if (attr === BigInt(ADDR_DIST)) return writesAddr('u64', (s) => addressOr(distOf(s).base), ADDR);
  if (attr === BigInt(ADDR_REDIST)) return writesAddr('u64', (s) => addressOr(distOf(s).regions[0]?.base), ADDR);
  return known ? getRegion : [unknown];
}
