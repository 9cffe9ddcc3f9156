// What enabling the guest's profiling buffer asks of the host (kvm-spe-abi.md §3.7): its size against the maximum; pinning of its pages
// and of the stage 1 tables that map them. Here guest memory never leaves the host's, so the pages need no pin yet; the size check stands.
import { PMBLIMITR_EL1, PMBLIMITR_LIMIT, PMBPTR_EL1, PMBSR_EL1 } from '../../machine/spu/registers.ts';
import { type GuestExit, tell } from '../guest/exit-state.ts';
import type { Exit } from '../world.ts';
import { maxBufferSizeOf } from './buffer-size.ts';
import { guestPmbidr, PMBIDR_EL1, trapsIdentification } from './identification.ts';

/** PMBSR_EL1 with S and BSC 4: the buffer is larger than PMBIDR_EL1.MaxBuffSize. */
export const BUFFER_TOO_LARGE = 0x2_0004n;
const PAGE = 4096n;

/** Bytes from the page of PTR to LIMIT; 0 when LIMIT is not above it. */
export function bufferSize(g: GuestExit): bigint {
  const { sys } = g.vcpu.context;
  const start = (sys[PMBPTR_EL1] / PAGE) * PAGE;
  const limit = sys[PMBLIMITR_EL1] & PMBLIMITR_LIMIT;
  return limit > start ? limit - start : 0n;
}

/** The largest buffer of the guest; 0 = no limit. */
const limitOf = (g: GuestExit): bigint =>
  g.vm.maxBufferSize !== null && trapsIdentification(g.host)
    ? g.vm.maxBufferSize
    : maxBufferSizeOf(guestPmbidr(g.host, g.vm, g.cpu.context.sys[PMBIDR_EL1]));

/** The buffer became enabled. An exit: user space must act first (RLIMIT_MEMLOCK), and the register write is not done. */
export function enableBuffer(g: GuestExit): Exit | null {
  const size = bufferSize(g);
  const max = limitOf(g);
  if (max !== 0n && size > max) {
    g.vcpu.context.sys[PMBSR_EL1] = BUFFER_TOO_LARGE;
    tell(g, 'spe.too-large', { size: Number(size), max: Number(max) });
    return null;
  }
  tell(g, 'spe.on', { size: Number(size) });
  return null;
}

/** The buffer is no longer enabled. */
export function disableBuffer(g: GuestExit): void {
  tell(g, 'spe.off');
}
