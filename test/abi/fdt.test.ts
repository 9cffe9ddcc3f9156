import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { flattenDevicetree } from '../../src/abi/fdt.ts';
import { type VirtMachine, virtDevicetreeBlob } from '../../src/abi/fdt-virt.ts';
import { hexBytes } from '../../src/base/hex.ts';

const machine: VirtMachine = {
  memory: { base: 0x40000000n, size: 16n << 20n },
  cpus: [0, 1],
  gic: { distributor: 0x08000000n, redistributor: 0x080a0000n },
  uart: 0x09000000n,
  spe: 21,
  pmu: 23,
  arguments: 'spe-buffer',
};

test('the smallest tree, byte for byte (Devicetree Specification 5.2, 5.4)', () => {
  const blob = flattenDevicetree({ name: '', properties: { a: [1] } });
  expect(hexBytes(blob)).toBe(
    [
      'd0 0d fe ed 00 00 00 5a 00 00 00 38 00 00 00 58 00 00 00 28', // magic, total, structure, strings, reservations
      '00 00 00 11 00 00 00 10 00 00 00 00 00 00 00 02 00 00 00 20', // versions, boot CPU, sizes
      '00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00', // no reservations
      '00 00 00 01 00 00 00 00', // begin ''
      '00 00 00 03 00 00 00 04 00 00 00 00 00 00 00 01', // a = <1>
      '00 00 00 02 00 00 00 09', // end of node, end
      '61 00', // "a"
    ].join(' '),
  );
});

test('the machine of one more CPU is about a hundred bytes larger', () => {
  const more = virtDevicetreeBlob({ ...machine, cpus: [0, 1, 2] }).length - virtDevicetreeBlob(machine).length;
  expect(more).toBeGreaterThan(60);
  expect(more).toBeLessThan(160);
  expect(virtDevicetreeBlob(machine).length).toBeLessThan(2048);
});

const dtc = spawnSync('dtc', ['--version']);
const missing = dtc.error !== undefined;

describe.skipIf(missing)(`dtc reads it${missing ? ' (skipped: needs device-tree-compiler)' : ''}`, () => {
  const decompile = (blob: Uint8Array) => spawnSync('dtc', ['-I', 'dtb', '-O', 'dts', '-q'], { input: blob, encoding: 'utf8' });

  test('without complaint', () => {
    const run = spawnSync('dtc', ['-I', 'dtb', '-O', 'dts', '-o', '/dev/null'], { input: virtDevicetreeBlob(machine), encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([0, '']);
  });

  test('with the nodes that a guest asks for', () => {
    const text = decompile(virtDevicetreeBlob(machine)).stdout;
    expect(text).toContain('bootargs = "spe-buffer";');
    expect(text).toMatch(/spe \{\s*compatible = "arm,statistical-profiling-extension-v1";\s*interrupts = <0x01 0x05 0x04>;/);
    expect(text).toMatch(/pmu \{[^}]*interrupts = <0x01 0x07 0x04>;/);
    expect(text).toMatch(/memory@40000000 \{[^}]*reg = <0x00 0x40000000 0x00 0x1000000>;/);
    expect(text).toMatch(/intc@8000000 \{[^}]*reg = <0x00 0x8000000 0x00 0x10000 0x00 0x80a0000 0x00 0x40000>;/);
    expect(text).toMatch(/timer \{[^}]*interrupts = <0x01 0x0d 0x04 0x01 0x0e 0x04 0x01 0x0b 0x04 0x01 0x0a 0x04>;/);
  });

  test('of every size: eight CPUs, an initial RAM disk, timers elsewhere, quotes in the arguments', () => {
    const large = {
      ...machine,
      cpus: [0, 1, 2, 3, 4, 5, 6, 7],
      initrd: { start: 0x4100_0000n, end: 0x4100_1234n },
      timers: { physical: 20, virtual: 22 },
      arguments: 'a "b" c',
    };
    const run = spawnSync('dtc', ['-I', 'dtb', '-O', 'dts'], { input: virtDevicetreeBlob(large), encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toMatch(/linux,initrd-end = <0x00 0x41001234>;/);
    expect(run.stdout).toContain('cpu@7 {');
    expect(run.stdout).toMatch(/timer \{[^}]*interrupts = <0x01 0x0d 0x04 0x01 0x04 0x04 0x01 0x06 0x04 0x01 0x0a 0x04>;/);
  });

  test('without the units that it does not have', () => {
    const text = decompile(virtDevicetreeBlob({ ...machine, spe: null, pmu: null })).stdout;
    expect(text).not.toMatch(/spe \{|pmu \{/);
  });
});
