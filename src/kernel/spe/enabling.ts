// What a guest's buffer must pass before it is enabled, as an ordered list (kvm-spe-abi.md §3.7): the first check that fails is what the guest
// finds in PMBSR_EL1, or what user space gets from KVM_RUN. rfc-v4 and rfc-v5 check nothing: there the whole memory was locked beforehand.
import { hex } from '../../base/hex.ts';
import type { GuestExit } from '../guest/exit-state.ts';
import { chosenBy } from '../knobs.ts';
import { perHost } from '../per-host.ts';
import { type Check, does, fails, inferred, type Steps, steps, v5, v6Review } from '../steps.ts';
import { knobWord } from '../vm.ts';
import { type BufferPages, bufferExtent, pagesOfBuffer } from './buffer-pages.ts';
import { maxBufferSizeOf } from './buffer-size.ts';
import { guestPmbidr, PMBIDR_EL1, trapsIdentification } from './identification.ts';
import { payerOf, pinnedBytes } from './pinned.ts';
import { POLICY_SYNDROMES } from './syndrome.ts';

/** A buffer about to be enabled: what the checks find on the way. */
export interface Enabling {
  readonly g: GuestExit;
  /** Bytes from the pointer's page to LIMIT. */
  readonly size: number;
  /** The guest's pages, once its stage 1 was walked. */
  found: BufferPages | null;
  /** Does the pinning. */
  readonly pin: (found: BufferPages) => void;
}

export const TOO_LARGE = 'PMBSR 0x20004';
export const STAGE1 = 'PMBSR EC 0x24';
export const OVER_LIMIT = 'KVM_EXIT_RLIMIT';

export const enablingOf = (g: GuestExit, pin: Enabling['pin']): Enabling => ({
  g,
  size: Number(bufferExtent(g.vcpu).size),
  found: null,
  pin,
});

/** The largest buffer of the guest, bytes; 0 = no limit. */
export const largestBuffer = (g: GuestExit): bigint =>
  g.vm.maxBufferSize !== null && trapsIdentification(g.host)
    ? g.vm.maxBufferSize
    : maxBufferSizeOf(guestPmbidr(g.host, g.vm, g.cpu.context.sys[PMBIDR_EL1]));

/** Bytes that the process would have locked with this buffer; what the vCPU has pinned now is given back first. */
export function wantedBytes({ g, found }: Enabling): bigint {
  const ranges = found === null || found.kind === 'stage1' ? [] : found.ranges;
  return payerOf(g.mw, g.vm).lockedBytes + BigInt(pinnedBytes(ranges) - pinnedBytes(g.vcpu.spe.pinned));
}
const limit = ({ g }: Enabling): bigint | null => payerOf(g.mw, g.vm).rlimitMemlock;

const tooLarge: Check<Enabling> = fails(
  TOO_LARGE,
  'the buffer is larger than the maximum',
  {
    when: (s) => largestBuffer(s.g) !== 0n && BigInt(s.size) > largestBuffer(s.g),
    saw: (s) => `${s.size} bytes, ${largestBuffer(s.g) === 0n ? 'no maximum' : `maximum ${largestBuffer(s.g)}`}`,
    wouldPass: (s) => `at most ${largestBuffer(s.g)} bytes from the page of PMBPTR_EL1 to LIMIT`,
  },
  v6Review('14/35; PMBSR_EL1.BSC 4'),
);

const unmapped: Check<Enabling> = fails(
  STAGE1,
  'stage 1 does not map a page of the buffer for EL1 to write',
  {
    when: (s) => s.found?.kind === 'stage1',
    saw: (s) => (s.found?.kind === 'stage1' ? `FSC ${hex(s.found.fsc, 2)} at ${hex(s.found.va)}` : `${s.size} bytes mapped`),
    wouldPass: () => 'every page mapped and writable at EL1',
  },
  v6Review('mapping the buffer at stage 1 is the guest’s duty'),
);

const overLimit: Check<Enabling> = fails(
  OVER_LIMIT,
  'its pages would exceed RLIMIT_MEMLOCK',
  {
    when: (s) => limit(s) !== null && wantedBytes(s) > (limit(s) ?? 0n),
    saw: (s) => `${wantedBytes(s)} bytes locked with it, limit ${limit(s) ?? 'unlimited'}`,
    wouldPass: (s) => `rlimit memlock ${wantedBytes(s)}, then KVM_RUN again: the write is retried`,
  },
  v6Review('32/35, 33/35'),
);

const unbacked = (policy: string): Check<Enabling> =>
  fails(
    `PMBSR ${hex(POLICY_SYNDROMES[policy] ?? POLICY_SYNDROMES['extAbort'])}`,
    'no memory slot backs a page of it for writing',
    {
      when: (s) => s.found?.kind === 'unbacked',
      saw: (s) => (s.found?.kind === 'unbacked' ? `guest physical address ${hex(s.found.gpa)}, policy ${policy}` : 'every page has a slot'),
      wouldPass: () => 'a buffer within a memory slot that is not read-only',
    },
    inferred('L', 'what v6 does is not known'),
  );

const walk = does<Enabling>(
  'walk the guest’s stage 1 tables for every page of the buffer',
  (s) => {
    s.found = pagesOfBuffer(s.g);
  },
  v6Review('28/35'),
);

const pin = does<Enabling>(
  'pin its pages and those of the stage 1 tables that map it, map them at stage 2',
  (s) => {
    if (s.found !== null) s.pin(s.found);
  },
  v6Review('pin_user_pages; 29/35'),
);

/** The list under a host's kernel. */
export const enablingSteps = perHost(
  (host): Steps<Enabling> =>
    host.kernel.revision === 'rfc-v6'
      ? steps('enabling the profiling buffer', [
          tooLarge,
          walk,
          unmapped,
          overLimit,
          chosenBy(host, 's2FaultPolicy', unbacked(knobWord(host, 's2FaultPolicy'))),
          pin,
        ])
      : steps('enabling the profiling buffer', [
          does('nothing is checked and nothing is pinned: the memory was locked beforehand', () => {}, v5('kvm_spe_write_sysreg')),
        ]),
);
