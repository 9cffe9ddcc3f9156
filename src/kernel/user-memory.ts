// User pointers: the kernel's copy_from_user and copy_to_user over a process's memory, page by page.
// A process has the pages where its VMM places structs and values (scratch), and its guests' RAM at each memslot's userspace address.
// An address in neither is unmapped: the copy fails, which is -EFAULT.

import { PAGE_SIZE, writePhysical } from '../machine/memory.ts';
import type { MountedWorld, Process } from './world.ts';

const USER_END = 1n << 48n;

/** Where one byte range inside a single page lies; null when it is not mapped. */
function locate(mw: MountedWorld, process: Process, address: number): { bytes: Uint8Array; at: number; pa: number } | null {
  const page = Math.floor(address / PAGE_SIZE);
  const scratch = process.scratch[page];
  if (scratch !== undefined) return { bytes: scratch, at: address - page * PAGE_SIZE, pa: -1 };
  for (const vm of mw.world.kernel.vms) {
    if (vm.process !== process.id || vm.destroyed) continue;
    for (const slot of vm.memslots) {
      const offset = address - Number(slot.userAddress);
      if (offset >= 0 && offset < slot.size) {
        const pa = slot.frame * PAGE_SIZE + offset;
        return { bytes: mw.mounted.memory.u8, at: pa, pa };
      }
    }
  }
  return null;
}

/** The page-sized pieces of a range; null when the range leaves user addresses. */
function* pieces(address: bigint, length: number): Generator<{ address: number; from: number; length: number } | null> {
  if (address < 0n || address + BigInt(length) > USER_END) {
    yield null;
    return;
  }
  let at = Number(address);
  for (let from = 0; from < length; ) {
    const run = Math.min(length - from, PAGE_SIZE - (at % PAGE_SIZE));
    yield { address: at, from, length: run };
    at += run;
    from += run;
  }
}

/** `length` bytes at a user address; null when any of them is unmapped (-EFAULT). */
export function copyFromUser(mw: MountedWorld, process: Process, address: bigint, length: number): Uint8Array<ArrayBuffer> | null {
  const out = new Uint8Array(length);
  for (const piece of pieces(address, length)) {
    const place = piece === null ? null : locate(mw, process, piece.address);
    if (piece === null || place === null) return null;
    out.set(place.bytes.subarray(place.at, place.at + piece.length), piece.from);
  }
  return out;
}

/** True when every byte of the range is mapped. */
export function userRangeMapped(mw: MountedWorld, process: Process, address: bigint, length: number): boolean {
  for (const piece of pieces(address, length)) {
    if (piece === null || locate(mw, process, piece.address) === null) return false;
  }
  return true;
}

/** Writes bytes at a user address; false, and nothing written, when any byte is unmapped (-EFAULT). */
export function copyToUser(mw: MountedWorld, process: Process, address: bigint, bytes: Uint8Array): boolean {
  if (!userRangeMapped(mw, process, address, bytes.length)) return false;
  for (const piece of pieces(address, bytes.length)) {
    const place = piece === null ? null : locate(mw, process, piece.address);
    if (piece === null || place === null) return false;
    const part = bytes.subarray(piece.from, piece.from + piece.length);
    if (place.pa >= 0) writePhysical(mw.mounted.memory, place.pa, part);
    else place.bytes.set(part, place.at);
  }
  return true;
}

/** Maps zeroed pages of scratch memory over [address, address + length). */
export function mapScratch(process: Process, address: number, length: number): void {
  for (let page = Math.floor(address / PAGE_SIZE); page * PAGE_SIZE < address + length; page++) {
    process.scratch[page] ??= new Uint8Array(PAGE_SIZE);
  }
}
