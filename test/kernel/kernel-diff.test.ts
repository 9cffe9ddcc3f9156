// Revisions compared, attribute by attribute and call by call, in sentences (design.md §4).
import { expect, test } from 'vitest';
import type { Revision } from '../../src/abi/attributes.ts';
import { kernelDiff } from '../../src/session/kernel-diff.ts';
import { hostOf } from './bench.ts';

const between = (a: Revision, b: Revision) => kernelDiff(hostOf('two-spu'), a, b);
const only = (mark: '-' | '+', a: Revision, b: Revision, list: string): readonly string[] =>
  between(a, b)
    .lists.find((l) => l.list.startsWith(list))
    ?.lines.flatMap((line) => (line.mark === mark ? [line.text] : [])) ?? [];

test('v5 to v6: the attribute that came, the one that went, the ones that moved', () => {
  const names = between('rfc-v5', 'rfc-v6').lists.map((l) => l.list);
  expect(names).toEqual(
    expect.arrayContaining([
      'KVM_ARM_VCPU_SPE_SPU set (none -> 3/1)',
      'KVM_ARM_VCPU_SPE_STOP set (3/2 -> none)',
      'KVM_ARM_VCPU_SPE_INIT set (3/1 -> 3/3)',
    ]),
  );
  expect(only('+', 'rfc-v5', 'rfc-v6', 'KVM_ARM_VCPU_SPE_SPU set')).toContain('-EINVAL a different SPU is already set');
});

test('v5 to v6: a wrong CPU, locked memory, pinning', () => {
  expect(only('-', 'rfc-v5', 'rfc-v6', 'KVM_RUN, the first')).toEqual(['-ENOEXEC the vCPU may not run on the CPU of its thread']);
  expect(only('-', 'rfc-v5', 'rfc-v6', 'KVM_CAP_ARM_LOCK_USER_MEMORY_REGION, LOCK')).toContain(
    '-ENOMEM the slot would exceed RLIMIT_MEMLOCK',
  );
  expect(only('-', 'rfc-v5', 'rfc-v6', 'KVM_SET_USER_MEMORY_REGION')).toEqual(['-EBUSY the slot is locked']);
  expect(only('-', 'rfc-v5', 'rfc-v6', 'KVM_ARM_VCPU_INIT')).toEqual(['with SPE: supported_cpus &= the CPUs of every SPU']);
  expect(only('+', 'rfc-v5', 'rfc-v6', 'when the guest enables its buffer')).toHaveLength(6);
});

test('v4 to v5: the list of CPUs went, locking after a run came', () => {
  expect(only('-', 'rfc-v4', 'rfc-v5', 'KVM_ARM_VCPU_SUPPORTED_CPUS')).toContain('-ERANGE a CPU of the list cannot be');
  expect(only('-', 'rfc-v4', 'rfc-v5', 'KVM_CAP_ARM_LOCK_USER_MEMORY_REGION, LOCK')).toEqual(['-EBUSY a vCPU of this VM has already run']);
  expect(only('-', 'rfc-v4', 'rfc-v5', 'what the guest is shown')).toEqual(['ID_AA64DFR0_EL1.PMSVer is 2 (SPEv1p1) at most']);
});

test('mainline has no attribute of SPE, and every revision equals itself', () => {
  expect(between('mainline', 'rfc-v6').lists.some((l) => l.list.includes('KVM_ARM_VCPU_SPE_SPU'))).toBe(true);
  for (const revision of ['rfc-v6', 'rfc-v5', 'rfc-v4', 'mainline'] as const)
    expect(between(revision, revision)).toEqual({ lists: [], knobs: [] });
});
