// KVM_ENABLE_CAP on a VM: what may be switched on (KVM's kvm_vm_ioctl_enable_cap), and in rfc-v4 and rfc-v5 the locking of memory slots
// (kvm-spe-abi.md §5.2; RFC v5 02/38, 03/38, 09/38).

import { LOCK, LOCK_READ, LOCK_WRITE, UNLOCK, UNLOCK_ALL } from '../../abi/features.ts';
import { getField, readStructField, structField } from '../../abi/struct.ts';
import { KVM_ENABLE_CAP } from '../../abi/structs.ts';
import { note, type Request, type VmCall } from '../call-state.ts';
import { capabilityOf } from '../capability.ts';
import type { Host } from '../host.ts';
import { perHost } from '../per-host.ts';
import { faultIn } from '../stage2.ts';
import { type Check, does, endsWhen, fails, mainline, type Step, type Steps, steps, v4, v5, walk } from '../steps.ts';
import { vcpusBusy } from '../vgic/attr-state.ts';
import type { Memslot } from '../world.ts';
import { readsStruct, type StructScratch, structScratch } from './user.ts';

type Call = VmCall & StructScratch;

const PLACE = 'kvm_vm_ioctl_enable_cap';
const NISV_TO_USER = 177;
const MTE = 205;
const SYSTEM_SUSPEND = 216;
const MAX_SLOTS = 32767n;
/** KVM_MEM_LOG_DIRTY_PAGES and KVM_MEM_READONLY. */
const NO_WRITES = 3;

const cap = (s: Call): number => Number(getField(KVM_ENABLE_CAP, s.bytes, 'cap'));
const flags = (s: Call): number => Number(getField(KVM_ENABLE_CAP, s.bytes, 'flags'));
const arg = (s: Call, n: number): bigint => readStructField(s.bytes, structField(KVM_ENABLE_CAP, 'args'), n);

const isOld = (host: Host): boolean => host.kernel.revision === 'rfc-v4' || host.kernel.revision === 'rfc-v5';

/** What a VM can switch on under a host's kernel. */
const switchable = (host: Host): readonly number[] => (isOld(host) ? [NISV_TO_USER, MTE] : [NISV_TO_USER, MTE, SYSTEM_SUSPEND]);

/** The list of every capability but the locking of memory. */
function enableSteps(host: Host): Steps<Call> {
  return steps('KVM_ENABLE_CAP', [
    fails(
      'EINVAL',
      'flags are not zero',
      {
        when: (s) => flags(s) !== 0 && (!isOld(host) || cap(s) === NISV_TO_USER),
        saw: (s) => `flags=${flags(s)}`,
        wouldPass: () => 'flags=0',
      },
      mainline(PLACE),
    ),
    fails(
      'EINVAL',
      'the VM has no such capability to enable',
      { when: (s) => !switchable(host).includes(cap(s)), saw: (s) => `capability ${cap(s)}`, wouldPass: () => switchable(host).join(', ') },
      mainline(PLACE),
    ),
    fails(
      'EINVAL',
      'the host has no memory tagging',
      { when: (s) => cap(s) === MTE, saw: (s) => (cap(s) === MTE ? 'no FEAT_MTE2' : 'not asked for') },
      mainline(PLACE),
    ),
    does(
      'remember the capability',
      (s) => {
        if (!s.vm.capabilities.includes(cap(s))) s.vm.capabilities = [...s.vm.capabilities, cap(s)].sort((a, b) => a - b);
      },
      mainline(PLACE),
    ),
  ]);
}

// --- KVM_CAP_ARM_LOCK_USER_MEMORY_REGION ---

const slotOf = (s: Call): Memslot | undefined => s.vm.memslots.find((slot) => BigInt(slot.slot) === arg(s, 0));
const writes = (s: Call): boolean => (arg(s, 1) & BigInt(LOCK_WRITE)) !== 0n;
const ran = (s: Call): string => s.vm.vcpus.flatMap((v) => (v.hasRanOnce ? [`vcpu${v.id}`] : [])).join(', ');

const restNotZero: Check<Call> = fails(
  'EINVAL',
  'args[2] and args[3] are not zero',
  { when: (s) => arg(s, 2) !== 0n || arg(s, 3) !== 0n, saw: (s) => `args[2]=${arg(s, 2)}, args[3]=${arg(s, 3)}` },
  v5('kvm_lock_user_memory_region_ioctl'),
);
const slotTooLarge = (unless: (s: Call) => boolean, place: string): Check<Call> =>
  fails(
    'EINVAL',
    'the slot number is too large',
    { when: (s) => !unless(s) && arg(s, 0) >= MAX_SLOTS, saw: (s) => `slot ${arg(s, 0)}` },
    v5(place),
  );

const locksMemory = (host: Host): Steps<Call> =>
  steps('KVM_CAP_ARM_LOCK_USER_MEMORY_REGION lock', [
    restNotZero,
    slotTooLarge(() => false, 'kvm_mmu_lock_memslot'),
    fails(
      'EINVAL',
      'the memory is not locked for reads',
      {
        when: (s) => (arg(s, 1) & BigInt(LOCK_READ)) === 0n,
        saw: (s) => `args[1]=${arg(s, 1)}`,
        wouldPass: () => 'READ 1, or READ and WRITE 3',
      },
      v5('kvm_mmu_lock_memslot'),
    ),
    vcpusBusy(v5('kvm_lock_all_vcpus')),
    ...(host.kernel.revision === 'rfc-v4'
      ? [
          fails<Call>(
            'EBUSY',
            'a vCPU of this VM has already run',
            { when: (s) => ran(s) !== '', saw: (s) => ran(s) || 'none ran' },
            v4('kvm_mmu_lock_memslot'),
          ),
        ]
      : []),
    fails(
      'EINVAL',
      'there is no such slot',
      { when: (s) => slotOf(s) === undefined, saw: (s) => `slot ${arg(s, 0)}` },
      v5('kvm_mmu_lock_memslot'),
    ),
    fails(
      'EPERM',
      'a slot that is read-only, or whose dirty pages are logged, is to be locked for writes',
      {
        when: (s) => writes(s) && ((slotOf(s)?.flags ?? 0) & NO_WRITES) !== 0,
        saw: (s) => `slot flags ${slotOf(s)?.flags ?? 0}, args[1]=${arg(s, 1)}`,
      },
      v5('kvm_mmu_lock_memslot'),
    ),
    fails(
      'EBUSY',
      'the slot is already locked',
      { when: (s) => slotOf(s)?.locked !== undefined, saw: (s) => slotOf(s)?.locked ?? 'not locked' },
      v5('kvm_mmu_lock_memslot'),
    ),
    fails(
      'ENOMEM',
      'the slot would exceed RLIMIT_MEMLOCK',
      {
        when: (s) => s.process.rlimitMemlock !== null && s.process.lockedBytes + BigInt(slotOf(s)?.size ?? 0) > s.process.rlimitMemlock,
        saw: (s) => `${slotOf(s)?.size ?? 0} bytes, ${s.process.lockedBytes} locked, limit ${s.process.rlimitMemlock ?? 'unlimited'}`,
      },
      v5('lock_memslot'),
    ),
    does(
      'pin the memory of the slot and map it at stage 2',
      (s) => {
        const slot = slotOf(s);
        if (slot === undefined) throw new Error('a checked slot is gone');
        setLocked(s, slot, writes(s) ? 'write' : 'read');
        faultIn(s.mw, s.vm, slot.gpa, slot.size);
      },
      v5('lock_memslot'),
    ),
  ]);

const unlocksAll = (s: Call): boolean => (arg(s, 1) & BigInt(UNLOCK_ALL)) !== 0n;

const unlocksMemory = (host: Host): Steps<Call> =>
  steps('KVM_CAP_ARM_LOCK_USER_MEMORY_REGION unlock', [
    restNotZero,
    slotTooLarge(unlocksAll, 'kvm_mmu_unlock_memslot'),
    fails(
      'EINVAL',
      'there is no such slot',
      { when: (s) => !unlocksAll(s) && slotOf(s) === undefined, saw: (s) => `slot ${arg(s, 0)}` },
      v5('kvm_mmu_unlock_memslot'),
    ),
    ...(host.kernel.revision === 'rfc-v5'
      ? [
          fails<Call>(
            'EINVAL',
            'the slot is not locked',
            { when: (s) => !unlocksAll(s) && slotOf(s)?.locked === undefined, saw: (s) => slotOf(s)?.locked ?? 'not locked' },
            v5('kvm_mmu_unlock_memslot'),
          ),
        ]
      : []),
    endsWhen(
      'a slot that was not locked: nothing is unpinned',
      (s) => !unlocksAll(s) && slotOf(s)?.locked === undefined,
      v4('unlock_memslot'),
    ),
    does(
      'unpin the memory; stage 2 keeps it mapped',
      (s) => {
        for (const slot of s.vm.memslots)
          if (slot.locked !== undefined && (unlocksAll(s) || slot === slotOf(s))) setLocked(s, slot, undefined);
      },
      v5('unlock_memslot'),
    ),
  ]);

/** Locks or unlocks a slot: the process pays for all of it. */
function setLocked(s: Call, slot: Memslot, locked: Memslot['locked']): void {
  const { locked: before, ...rest } = slot;
  const now: Memslot = locked === undefined ? rest : { ...rest, locked };
  s.vm.memslots = s.vm.memslots.map((m) => (m === slot ? now : m));
  s.process.lockedBytes += BigInt(before === undefined ? slot.size : -slot.size);
  note(s, locked === undefined ? 'memslot.unlocked' : 'memslot.locked', {
    vm: s.vm.index,
    slot: slot.slot,
    bytes: slot.size,
    locked: Number(s.process.lockedBytes),
  });
}

const NO_ACTION: Steps<Call> = steps('KVM_CAP_ARM_LOCK_USER_MEMORY_REGION', [
  restNotZero,
  fails(
    'EINVAL',
    'flags are neither LOCK nor UNLOCK',
    { when: () => true, saw: (s) => `flags=${flags(s)}`, wouldPass: () => `LOCK ${LOCK} or UNLOCK ${UNLOCK}` },
    v5('kvm_lock_user_memory_region_ioctl'),
  ),
]);

export const enableCapSteps = perHost((host) => ({ enable: enableSteps(host), lock: locksMemory(host), unlock: unlocksMemory(host) }));

const READ = steps<Call>('KVM_ENABLE_CAP', readsStruct(KVM_ENABLE_CAP, mainline('kvm_vm_ioctl')) as readonly Step<Call>[]);

function listOf(s: Call): Steps<Call> {
  const lists = enableCapSteps(s.host);
  if (capabilityOf(s.host, cap(s))?.short !== 'arm-lock-user-memory-region') return lists.enable;
  if (flags(s) === LOCK) return lists.lock;
  return flags(s) === UNLOCK ? lists.unlock : NO_ACTION;
}

export const ENABLE_CAP: Request<VmCall> = {
  ioctl: 'KVM_ENABLE_CAP',
  support: {
    partial:
      'NISV_TO_USER and SYSTEM_SUSPEND are taken and change nothing; MTE is refused, no host has it; locking of memory (rfc-v4, rfc-v5) is whole',
  },
  lists: (host) => {
    const { enable, lock, unlock } = enableCapSteps(host);
    return isOld(host) ? [enable, lock, unlock] : [enable];
  },
  run: (state) => {
    const s = Object.assign(state, structScratch());
    return walk(READ, s).andThen(() => walk(listOf(s), s));
  },
};
