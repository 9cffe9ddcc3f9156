// What enabling the guest's Profiling Buffer asks of the host, and what disabling it gives back (kvm-spe-abi.md §3.7, §5.1): its size against
// the maximum, a walk of the guest's stage 1, RLIMIT_MEMLOCK, then the pages are pinned and stage 2 maps them. rfc-v4 and rfc-v5 pin nothing
// here: there the whole memory was locked beforehand.
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { hex } from '../../base/hex.ts';
import { PMBSR_EL1, PMBSR_S } from '../../machine/spu/registers.ts';
import type { Refusal } from '../call.ts';
import { exitOf } from '../exits.ts';
import { type GuestExit, tell } from '../guest/exit-state.ts';
import { knobOf } from '../knobs.ts';
import { faultIn } from '../stage2.ts';
import { walk } from '../steps.ts';
import type { Exit } from '../world.ts';
import { bufferEnabled } from './enabled.ts';
import { type Enabling, enablingOf, enablingSteps, largestBuffer, OVER_LIMIT, wantedBytes } from './enabling.ts';
import { payerOf, pinnedBytes, pinPages, unpinPages } from './pinned.ts';
import { unbackedSyndrome } from './syndrome.ts';

/** PMBSR_EL1 with S and BSC 4: the buffer is larger than PMBIDR_EL1.MaxBuffSize. */
export const BUFFER_TOO_LARGE = 0x2_0004n;
/** RLIMIT_MEMLOCK's number: kvm_run says which limit it was. */
const RLIMIT_MEMLOCK = 8;

const EC = fieldAccess('PMBSR_EL1', 'EC');
const MSS = fieldAccess('PMBSR_EL1', 'MSS');
const EC_STAGE1 = 0x24n;

/** What the guest or user space gets when a check refused: a syndrome, or an exit with nothing done. */
function refused(s: Enabling, refusal: Refusal): Exit | null {
  const { g, size, found } = s;
  const { checks } = refusal;
  if (refusal.errno === OVER_LIMIT) {
    const { rlimitMemlock, lockedBytes } = payerOf(g.mw, g.vm);
    const excess = Number(wantedBytes(s) - (rlimitMemlock ?? 0n));
    const bytes = found === null || found.kind === 'stage1' ? 0 : pinnedBytes(found.ranges);
    tell(g, 'spe.rlimit', { bytes, locked: Number(lockedBytes), limit: Number(rlimitMemlock), excess, checks });
    return { ...exitOf('KVM_EXIT_RLIMIT', { rlimit: RLIMIT_MEMLOCK, excess }), reason: Number(knobOf(g.host, 'numbers.exitRlimit')) };
  }
  const set = (kind: string, pmbsr: bigint, members: Readonly<Record<string, unknown>>): null => {
    g.vcpu.context.sys[PMBSR_EL1] = pmbsr;
    tell(g, kind, { size, ...members, pmbsr: hex(pmbsr), checks });
    if (g.vcpu.spe.on) disableBuffer(g);
    return null;
  };
  if (found?.kind === 'stage1') {
    return set('spe.unmapped', PMBSR_S | MSS.put(EC.put(0n, EC_STAGE1), BigInt(found.fsc)), { fsc: found.fsc, va: hex(found.va) });
  }
  if (found?.kind === 'unbacked') return set('spe.unbacked', unbackedSyndrome(g, found.gpa), { gpa: hex(found.gpa) });
  return set('spe.too-large', BUFFER_TOO_LARGE, { max: Number(largestBuffer(g)) });
}

/**
 * The buffer of a loaded vCPU became enabled, or moved. An exit: user space must act first (RLIMIT_MEMLOCK), and nothing was done.
 * What the guest did wrong is in its PMBSR_EL1 afterwards.
 */
export function enableBuffer(g: GuestExit): Exit | null {
  const { mw, vm, vcpu, events } = g;
  const enabling = enablingOf(g, (found) => {
    if (found.kind !== 'pages') throw new Error('a buffer that cannot be pinned is pinned');
    unpinPages(mw, vm, vcpu, events);
    pinPages(mw, vm, vcpu, found.ranges, events);
    for (const { gpa, size } of found.ranges) faultIn(mw, vm, gpa, size);
  });
  const result = walk(enablingSteps(g.host), enabling);
  if (result.isErr()) return refused(enabling, result.error);
  vcpu.spe.on = true;
  tell(g, 'spe.on', { size: enabling.size });
  return null;
}

/** The buffer is no longer enabled. */
export function disableBuffer(g: GuestExit): void {
  unpinPages(g.mw, g.vm, g.vcpu, g.events);
  g.vcpu.spe.on = false;
  tell(g, 'spe.off');
}

/** Brings what KVM holds for the buffer to what the registers say: `moved`: the limit changed under an enabled buffer. As `enableBuffer`. */
export function settleBuffer(g: GuestExit, moved = false): Exit | null {
  const { on } = g.vcpu.spe;
  if (bufferEnabled(g.vcpu)) return on && !moved ? null : enableBuffer(g);
  if (on) disableBuffer(g);
  return null;
}
