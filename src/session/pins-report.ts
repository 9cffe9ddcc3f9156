// What is pinned in the host for the buffers of a VM, and RLIMIT_MEMLOCK (kvm-spe-abi.md §5.1).
import { hex } from '../base/hex.ts';
import { payerOf, pinnedBytes } from '../kernel/spe/pinned.ts';
import type { MountedWorld, Vm } from '../kernel/world.ts';
import { vcpuName } from './vmm.ts';

const PAGE = 4096;

export interface PinsData {
  readonly vcpus: readonly {
    readonly vcpu: string;
    readonly on: boolean;
    readonly data: number;
    readonly tables: number;
    readonly bytes: number;
    readonly ranges: readonly { readonly gpa: string; readonly pages: number; readonly kind: 'data' | 'table' }[];
  }[];
  /** Memory slots that KVM_CAP_ARM_LOCK_USER_MEMORY_REGION locked (rfc-v4, rfc-v5). */
  readonly slots: readonly { readonly slot: number; readonly gpa: string; readonly bytes: number; readonly access: 'read' | 'write' }[];
  /** Pages of 4 KiB and bytes of this VM, all vCPUs together. */
  readonly pages: number;
  readonly bytes: number;
  /** The process that pays: its limit, and what it has locked for all its VMs. */
  readonly memlock: number | 'unlimited';
  readonly locked: number;
  /** Host pages that stage 2 does not map now. */
  readonly unmapped: readonly string[];
}

export function pinsData(mw: MountedWorld, vm: Vm): PinsData {
  const payer = payerOf(mw, vm);
  const vcpus = vm.vcpus.map((v) => ({
    vcpu: vcpuName(vm.index, v.id),
    on: v.spe.on,
    data: pinnedBytes(v.spe.pinned, 'data') / PAGE,
    tables: pinnedBytes(v.spe.pinned, 'table') / PAGE,
    bytes: pinnedBytes(v.spe.pinned),
    ranges: v.spe.pinned.map(({ gpa, size, kind }) => ({ gpa: hex(gpa), pages: size / PAGE, kind })),
  }));
  const slots = vm.memslots.flatMap((s) =>
    s.locked === undefined ? [] : [{ slot: s.slot, gpa: hex(s.gpa), bytes: s.size, access: s.locked }],
  );
  const bytes = vcpus.reduce((sum, v) => sum + v.bytes, 0) + slots.reduce((sum, s) => sum + s.bytes, 0);
  return {
    vcpus,
    slots,
    pages: bytes / PAGE,
    bytes,
    memlock: payer.rlimitMemlock === null ? 'unlimited' : Number(payer.rlimitMemlock),
    locked: Number(payer.lockedBytes),
    unmapped: vm.unmapped.map((gpa) => hex(gpa)),
  };
}
