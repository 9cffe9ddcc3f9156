// What enabling the guest's Profiling Buffer asks of the host, and what disabling it gives back (kvm-spe-abi.md §3.7, §5.1): its size against
// the maximum, a walk of the guest's stage 1, RLIMIT_MEMLOCK, then the pages are pinned and stage 2 maps them. rfc-v4 and rfc-v5 pin nothing
// here: there the whole memory was locked beforehand.
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { hex } from '../../base/hex.ts';
import { PMBSR_EL1, PMBSR_S } from '../../machine/spu/registers.ts';
import { exitOf } from '../exits.ts';
import { type GuestExit, tell } from '../guest/exit-state.ts';
import { knobOf } from '../knobs.ts';
import { faultIn } from '../stage2.ts';
import type { Exit, PinnedRange } from '../world.ts';
import { bufferExtent, pagesOfBuffer } from './buffer-pages.ts';
import { maxBufferSizeOf } from './buffer-size.ts';
import { bufferEnabled } from './enabled.ts';
import { guestPmbidr, PMBIDR_EL1, trapsIdentification } from './identification.ts';
import { payerOf, pinnedBytes, pinPages, unpinPages } from './pinned.ts';
import { unbackedSyndrome } from './syndrome.ts';

/** PMBSR_EL1 with S and BSC 4: the buffer is larger than PMBIDR_EL1.MaxBuffSize. */
export const BUFFER_TOO_LARGE = 0x2_0004n;
/** RLIMIT_MEMLOCK's number: kvm_run says which limit it was. */
const RLIMIT_MEMLOCK = 8;

const EC = fieldAccess('PMBSR_EL1', 'EC');
const MSS = fieldAccess('PMBSR_EL1', 'MSS');
const EC_STAGE1 = 0x24n;

/** The largest buffer of the guest; 0 = no limit. */
const limitOf = (g: GuestExit): bigint =>
  g.vm.maxBufferSize !== null && trapsIdentification(g.host)
    ? g.vm.maxBufferSize
    : maxBufferSizeOf(guestPmbidr(g.host, g.vm, g.cpu.context.sys[PMBIDR_EL1]));

/** KVM_EXIT_RLIMIT while the pages would exceed the limit; what the vCPU has pinned now is given back first. */
function overLimit(g: GuestExit, ranges: readonly PinnedRange[]): Exit | null {
  const { rlimitMemlock, lockedBytes } = payerOf(g.mw, g.vm);
  const wanted = lockedBytes + BigInt(pinnedBytes(ranges) - pinnedBytes(g.vcpu.spe.pinned));
  if (rlimitMemlock === null || wanted <= rlimitMemlock) return null;
  const excess = Number(wanted - rlimitMemlock);
  tell(g, 'spe.rlimit', { bytes: pinnedBytes(ranges), locked: Number(lockedBytes), limit: Number(rlimitMemlock), excess });
  return { ...exitOf('KVM_EXIT_RLIMIT', { rlimit: RLIMIT_MEMLOCK, excess }), reason: Number(knobOf(g.host, 'numbers.exitRlimit')) };
}

/** The buffer cannot be enabled: the guest finds a syndrome, with S set. */
function refuse(g: GuestExit, kind: string, pmbsr: bigint, members: Readonly<Record<string, unknown>>): null {
  g.vcpu.context.sys[PMBSR_EL1] = pmbsr;
  tell(g, kind, { ...members, pmbsr: hex(pmbsr) });
  if (g.vcpu.spe.on) disableBuffer(g);
  return null;
}

/**
 * The buffer of a loaded vCPU became enabled, or moved. An exit: user space must act first (RLIMIT_MEMLOCK), and nothing was done.
 * What the guest did wrong is in its PMBSR_EL1 afterwards.
 */
export function enableBuffer(g: GuestExit): Exit | null {
  const { mw, vm, vcpu, events } = g;
  const size = Number(bufferExtent(vcpu).size);
  if (g.host.kernel.revision === 'rfc-v6') {
    const max = limitOf(g);
    if (max !== 0n && size > max) return refuse(g, 'spe.too-large', BUFFER_TOO_LARGE, { size, max: Number(max) });
    const found = pagesOfBuffer(g);
    if (found.kind === 'stage1') {
      return refuse(g, 'spe.unmapped', PMBSR_S | MSS.put(EC.put(0n, EC_STAGE1), BigInt(found.fsc)), { size, fsc: found.fsc });
    }
    const exit = overLimit(g, found.ranges);
    if (exit !== null) return exit;
    if (found.kind === 'unbacked') return refuse(g, 'spe.unbacked', unbackedSyndrome(g, found.gpa), { size, gpa: hex(found.gpa) });
    unpinPages(mw, vm, vcpu, events);
    pinPages(mw, vm, vcpu, found.ranges, events);
    for (const { gpa, size: bytes } of found.ranges) faultIn(mw, vm, gpa, bytes);
  }
  vcpu.spe.on = true;
  tell(g, 'spe.on', { size });
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
