// KVM_SET_USER_MEMORY_REGION: memory slots (kvm-spe-abi.md §2.9, kvm_set_memory_region).

import { getField } from '../../abi/struct.ts';
import { KVM_USERSPACE_MEMORY_REGION } from '../../abi/structs.ts';
import { allocateFrames, PAGE_SIZE, releaseFrames } from '../../machine/memory.ts';
import { note, type Request, type VmCall } from '../call-state.ts';
import type { Host } from '../host.ts';
import { perHost } from '../per-host.ts';
import { releasePinsOf } from '../spe/pinned.ts';
import { changeStage2 } from '../stage2.ts';
import { type Check, does, fails, mainline, steps, v5, walk } from '../steps.ts';
import type { Memslot } from '../world.ts';
import { readsStruct, type StructScratch, structScratch } from './user.ts';

type Call = VmCall & StructScratch;

const PLACE = 'kvm_set_memory_region';
const MAX_SLOTS = 32767;
/** KVM_MEM_LOG_DIRTY_PAGES and KVM_MEM_READONLY. */
const KNOWN_FLAGS = 3;
const LOG_DIRTY_PAGES = 1;
const READONLY = 2;
const USER_END = 1n << 48n;

const member = (s: Call, name: string): bigint => getField(KVM_USERSPACE_MEMORY_REGION, s.bytes, name);
const slotNumber = (s: Call): number => Number(member(s, 'slot'));
const flags = (s: Call): number => Number(member(s, 'flags'));
const gpa = (s: Call): bigint => member(s, 'guest_phys_addr');
const size = (s: Call): bigint => member(s, 'memory_size');
const user = (s: Call): bigint => member(s, 'userspace_addr');
const existing = (s: Call): Memslot | undefined => s.vm.memslots.find((m) => m.slot === slotNumber(s));
const aligned = (value: bigint): boolean => value % BigInt(PAGE_SIZE) === 0n;
const hex = (value: bigint): string => `0x${value.toString(16)}`;

function overlapping(s: Call): Memslot | undefined {
  return s.vm.memslots.find((m) => m.slot !== slotNumber(s) && gpa(s) < BigInt(m.gpa + m.size) && BigInt(m.gpa) < gpa(s) + size(s));
}

const invalid = (why: string, when: (s: Call) => boolean, saw: (s: Call) => string, wouldPass?: string): Check<Call> =>
  fails('EINVAL', why, { when, saw, ...(wouldPass === undefined ? {} : { wouldPass: () => wouldPass }) }, mainline(PLACE));

function remove(s: Call, slot: Memslot): void {
  releaseFrames(s.mw.mounted.memory, slot.frame, slot.size / PAGE_SIZE);
  s.vm.memslots = s.vm.memslots.filter((m) => m !== slot);
  s.vm.unmapped = s.vm.unmapped.filter((page) => page < slot.gpa || page >= slot.gpa + slot.size);
  releasePinsOf(s.mw, s.vm, slot.gpa, slot.size, s.events);
  note(s, 'memslot.removed', { vm: s.vm.index, slot: slot.slot, gpa: hex(BigInt(slot.gpa)), size: slot.size });
}

/** A locked slot may only start to log dirty pages, and only where it is locked for reads (rfc-v4 and rfc-v5). */
function changesLocked(s: Call): boolean {
  const old = existing(s);
  if (old?.locked === undefined) return false;
  const onlyFlags = BigInt(old.gpa) === gpa(s) && BigInt(old.size) === size(s);
  return !(onlyFlags && (flags(s) & LOG_DIRTY_PAGES) !== 0 && old.locked === 'read');
}

const lockedChecks = (host: Host): readonly Check<Call>[] =>
  host.kernel.revision === 'rfc-v4' || host.kernel.revision === 'rfc-v5'
    ? [
        fails(
          'EBUSY',
          'the slot is locked',
          {
            when: changesLocked,
            saw: (s) => existing(s)?.locked ?? 'not locked',
            wouldPass: () => 'unlock the slot first (KVM_ENABLE_CAP)',
          },
          v5('kvm_arch_prepare_memory_region'),
        ),
      ]
    : [];

export const setMemorySteps = perHost((host) =>
  steps<Call>('KVM_SET_USER_MEMORY_REGION', [
    ...readsStruct<Call>(KVM_USERSPACE_MEMORY_REGION, mainline('kvm_vm_ioctl')),
    invalid(
      'the flags are unknown',
      (s) => (flags(s) & ~KNOWN_FLAGS) !== 0,
      (s) => `0x${flags(s).toString(16)}`,
      'LOG_DIRTY_PAGES 1, READONLY 2',
    ),
    invalid(
      'the size is not a multiple of the page size',
      (s) => !aligned(size(s)),
      (s) => hex(size(s)),
      'a multiple of 4096',
    ),
    invalid(
      'the guest address is not page-aligned',
      (s) => !aligned(gpa(s)),
      (s) => hex(gpa(s)),
      'a multiple of 4096',
    ),
    invalid(
      'the userspace address is not page-aligned',
      (s) => !aligned(user(s)),
      (s) => hex(user(s)),
      'a multiple of 4096',
    ),
    invalid(
      'the userspace range is no user memory',
      (s) => user(s) + size(s) > USER_END,
      (s) => hex(user(s)),
    ),
    invalid(
      'the slot number is too large',
      (s) => slotNumber(s) >= MAX_SLOTS,
      (s) => `slot ${slotNumber(s)}`,
      `below ${MAX_SLOTS}`,
    ),
    invalid(
      'the range wraps',
      (s) => gpa(s) + size(s) > 1n << 64n,
      (s) => hex(gpa(s)),
    ),
    invalid(
      'there is no such slot to delete',
      (s) => size(s) === 0n && existing(s) === undefined,
      (s) => `slot ${slotNumber(s)}, size ${size(s)}`,
    ),
    invalid(
      "an existing slot's size, userspace address or READONLY cannot change",
      (s) => {
        const old = existing(s);
        return (
          size(s) !== 0n &&
          old !== undefined &&
          (BigInt(old.size) !== size(s) || old.userAddress !== user(s) || ((old.flags ^ flags(s)) & READONLY) !== 0)
        );
      },
      (s) => (existing(s) === undefined ? 'a new slot' : `slot ${slotNumber(s)} of ${existing(s)?.size} bytes`),
      'delete the slot first (size 0)',
    ),
    fails(
      'EEXIST',
      'the range overlaps another slot',
      {
        when: (s) => size(s) !== 0n && overlapping(s) !== undefined,
        saw: (s) => (overlapping(s) === undefined ? hex(gpa(s)) : `slot ${overlapping(s)?.slot}`),
      },
      mainline(PLACE),
    ),
    ...lockedChecks(host),
    fails(
      'EFAULT',
      'the range lies beyond the IPA size',
      {
        when: (s) => size(s) !== 0n && gpa(s) + size(s) > 1n << BigInt(s.vm.ipaBits),
        saw: (s) => `${hex(gpa(s) + size(s))}, ${s.vm.ipaBits} bits`,
      },
      mainline('kvm_arch_prepare_memory_region'),
    ),
    fails(
      'ENOMEM',
      'the emulated host has no more memory',
      { when: (s) => existing(s) === undefined && !fits(s), saw: (s) => `${size(s)} bytes` },
      mainline(PLACE),
    ),
    does(
      'delete, move or create the slot',
      (s) => {
        const old = existing(s);
        if (size(s) === 0n) {
          if (old !== undefined) remove(s, old);
          changeStage2(s.mw, s.vm);
          return;
        }
        const slot = { slot: slotNumber(s), gpa: Number(gpa(s)), size: Number(size(s)), userAddress: user(s), flags: flags(s) };
        const frame = old?.frame ?? allocateFrames(s.mw.mounted.memory, slot.size / PAGE_SIZE);
        const locked = old?.locked === undefined ? {} : { locked: old.locked };
        s.vm.memslots = [...s.vm.memslots.filter((m) => m !== old), { ...slot, frame, ...locked }].sort((a, b) => a.slot - b.slot);
        changeStage2(s.mw, s.vm);
        note(s, 'memslot.added', { vm: s.vm.index, slot: slot.slot, gpa: hex(gpa(s)), size: slot.size });
      },
      mainline(PLACE),
    ),
  ]),
);

/** Host memory is one 32-bit buffer. */
const HOST_LIMIT = 4 * 1024 * 1024 * 1024;
const fits = (s: Call): boolean => s.mw.mounted.memory.host.next * PAGE_SIZE + Number(size(s)) <= HOST_LIMIT;

export const SET_MEMORY: Request<VmCall> = {
  ioctl: 'KVM_SET_USER_MEMORY_REGION',
  support: 'full',
  lists: (host) => [setMemorySteps(host)],
  run: (state) => walk(setMemorySteps(state.host), Object.assign(state, structScratch())),
};
