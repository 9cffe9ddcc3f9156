// Errno, ioctl, capability and exit numbers and struct layouts, against the kernel's headers of this machine as far as they do not depend on the
// architecture (skipped where gcc or linux/kvm.h is missing), and the numbers of kvm-spe-abi.md §2.1.
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { vcpuAttribute } from '../../src/abi/attributes.ts';
import { ERRNOS } from '../../src/abi/errno.ts';
import { EXIT_REASONS } from '../../src/abi/exits.ts';
import { CAPABILITIES } from '../../src/abi/features.ts';
import { IOCTLS, ioctlNumber } from '../../src/abi/ioctls.ts';
import { packStruct, readStructField, struct, structField } from '../../src/abi/struct.ts';
import * as STRUCTS from '../../src/abi/structs.ts';

const GCC = 'gcc';
const hasGcc = spawnSync(GCC, ['-x', 'c', '-fsyntax-only', '-'], { input: '#include <errno.h>\n#include <linux/kvm.h>\n' }).status === 0;
/** Requests whose struct only the arm64 headers have, and one that never was merged. */
const ARM_ONLY = ['KVM_ARM_VCPU_INIT', 'KVM_ARM_PREFERRED_TARGET', 'KVM_ARM_VCPU_SUPPORTED_CPUS'];

/** Values of C constant expressions: compiled to data, read from the assembly. Macros that are not defined are absent. */
function constants(expressions: readonly string[]): Map<string, bigint> {
  const known = expressions.filter((e) => /[(]/.test(e) || macros().has(e));
  const source = [
    '#include <errno.h>',
    '#include <stddef.h>',
    '#include <linux/kvm.h>',
    ...known.map((e, i) => `const unsigned long long value_${i} = (unsigned long long)(${e});`),
  ].join('\n');
  const assembly = execFileSync(GCC, ['-x', 'c', '-S', '-o', '-', '-'], { input: source, encoding: 'utf8' });
  const values = new Map<string, bigint>();
  for (const [, index, value] of assembly.matchAll(/value_(\d+):\s+\.(?:quad|xword)\s+(-?\d+)/g))
    values.set(known[Number(index)], BigInt.asUintN(64, BigInt(value)));
  for (const [, index] of assembly.matchAll(/value_(\d+):\s+\.zero\s+8/g)) values.set(known[Number(index)], 0n);
  return values;
}
let defined: ReadonlySet<string> | null = null;
function macros(): ReadonlySet<string> {
  if (defined === null) {
    const text = execFileSync(GCC, ['-x', 'c', '-E', '-dM', '-'], {
      input: '#include <errno.h>\n#include <linux/kvm.h>\n',
      encoding: 'utf8',
    });
    defined = new Set([...text.matchAll(/^#define (\w+)/gm)].map((m) => m[1]));
  }
  return defined;
}

describe.skipIf(!hasGcc)('against the headers of this machine', () => {
  test('errnos', () => {
    const values = constants(ERRNOS.map((e) => e.name));
    expect(values.size).toBe(ERRNOS.length);
    for (const e of ERRNOS) expect([e.name, BigInt(e.number)]).toEqual([e.name, values.get(e.name)]);
  });
  test('ioctl requests', () => {
    const generic = IOCTLS.filter((i) => !ARM_ONLY.includes(i.name));
    const values = constants(generic.map((i) => i.name));
    expect(values.size).toBe(generic.length);
    for (const i of generic) expect([i.name, BigInt(i.number)]).toEqual([i.name, BigInt.asUintN(32, values.get(i.name) ?? -1n)]);
  });
  test('capabilities and exits that these headers know', () => {
    const rows = [...CAPABILITIES.map((c) => [c.name, c.number] as const), ...EXIT_REASONS.map((e) => [e.name, e.number] as const)];
    const values = constants(rows.map(([name]) => name));
    expect(values.size).toBeGreaterThan(15);
    for (const [name, number] of rows) if (values.has(name)) expect([name, BigInt(number)]).toEqual([name, values.get(name)]);
  });
  test('struct layouts', () => {
    const layouts = [
      STRUCTS.KVM_DEVICE_ATTR,
      STRUCTS.KVM_CREATE_DEVICE,
      STRUCTS.KVM_USERSPACE_MEMORY_REGION,
      STRUCTS.KVM_ONE_REG,
      STRUCTS.KVM_IRQ_LEVEL,
      STRUCTS.KVM_ENABLE_CAP,
    ];
    const sizes = layouts.map((s) => [`sizeof(struct ${s.name})`, s.size] as const);
    const offsets = layouts.flatMap((s) => s.fields.map((f) => [`offsetof(struct ${s.name}, ${f.name})`, f.offset] as const));
    const values = constants([...sizes, ...offsets].map(([e]) => e));
    for (const [expression, number] of [...sizes, ...offsets])
      expect([expression, BigInt(number)]).toEqual([expression, values.get(expression)]);
  });
});

test('errno texts are glibc’s', () => {
  const text = (name: string): string | undefined => ERRNOS.find((e) => e.name === name)?.text;
  expect([text('EINVAL'), text('ENXIO'), text('EFAULT'), text('EBUSY'), text('ENODEV')]).toEqual([
    'Invalid argument',
    'No such device or address',
    'Bad address',
    'Device or resource busy',
    'No such device',
  ]);
});

test('requests have the numbers of kvm-spe-abi.md §2.1', () => {
  expect(['KVM_SET_DEVICE_ATTR', 'KVM_ARM_VCPU_INIT', 'KVM_RUN', 'KVM_GET_REG_LIST', 'KVM_CREATE_DEVICE'].map(ioctlNumber)).toEqual([
    0x4018aee1, 0x4020aeae, 0xae80, 0xc008aeb0, 0xc00caee0,
  ]);
});

test('attribute 3/1 is SPU in v6 and INIT in v5 and v4; attr is compared as 64 bits', () => {
  expect(vcpuAttribute('rfc-v6', 3, 1n)?.short).toBe('spe.spu');
  expect(vcpuAttribute('rfc-v5', 3, 1n)?.short).toBe('spe.init');
  expect(vcpuAttribute('rfc-v6', 3, 1n + (1n << 32n))).toBeUndefined();
});

test('a struct that does not add up is our bug', () => {
  expect(() => struct('short', 8, ['u32 a'])).toThrow('4 bytes instead of 8');
});

test('values go in and out of a struct', () => {
  const bytes = packStruct(STRUCTS.KVM_DEVICE_ATTR, { group: 3, attr: (1n << 32n) + 1n, addr: 0x7fff_0000_0000n });
  expect(readStructField(bytes, structField(STRUCTS.KVM_DEVICE_ATTR, 'attr'))).toBe((1n << 32n) + 1n);
  expect(readStructField(packStruct(STRUCTS.INT, { value: -1 }), structField(STRUCTS.INT, 'value'))).toBe(-1n);
});
