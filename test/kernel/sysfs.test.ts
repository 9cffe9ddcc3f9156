// sysfs against spe-architecture §6.1-6.4 and the N1-like tree of §6.12; kvm-spe-abi.md §6.1.
import { describe, expect, test } from 'vitest';
import { entryNames, lookup } from '../../src/kernel/sysfs.ts';
import { hostOf } from './bench.ts';

const cat = (host: string, path: string): string | null => {
  const found = lookup(hostOf(host), path);
  return found?.node.kind === 'file' ? found.node.text : null;
};
const ls = (host: string, path: string): readonly string[] | null => {
  const found = lookup(hostOf(host), path);
  return found === null ? null : entryNames(found.node);
};

/** §6.12, with the fixture's own cpumask. */
const N1: Readonly<Record<string, string>> = {
  type: '9\n',
  cpumask: '0-63\n',
  perf_event_mux_interval_ms: '4\n',
  'caps/arch_inst': '0\n',
  'caps/count_size': '12\n',
  'caps/ernd': '0\n',
  'caps/min_interval': '1024\n',
  'format/branch_filter': 'config:32\n',
  'format/event_filter': 'config1:0-63\n',
  'format/jitter': 'config:16\n',
  'format/load_filter': 'config:33\n',
  'format/min_latency': 'config2:0-11\n',
  'format/pa_enable': 'config:1\n',
  'format/pct_enable': 'config:2\n',
  'format/store_filter': 'config:34\n',
  'format/ts_enable': 'config:0\n',
  uevent: '',
};

describe('n1-metal', () => {
  test.each(Object.entries(N1))('%s', (path, text) => {
    expect(cat('n1-metal', `/sys/devices/arm_spe_0/${path}`)).toBe(text);
    expect(cat('n1-metal', `/sys/bus/event_source/devices/arm_spe_0/${path}`)).toBe(text);
  });
  test('the directory has exactly what a Graviton lists', () => {
    expect(ls('n1-metal', '/sys/devices/arm_spe_0')).toEqual([
      'caps',
      'cpumask',
      'format',
      'perf_event_mux_interval_ms',
      'power',
      'subsystem',
      'type',
      'uevent',
    ]);
    expect(ls('n1-metal', '/sys/devices/arm_spe_0/caps')).toEqual(['arch_inst', 'count_size', 'ernd', 'min_interval']);
    expect(ls('n1-metal', '/sys/devices/arm_spe_0/format')).toHaveLength(9);
  });
});

describe('two-spu', () => {
  test('two units with their own types and CPUs', () => {
    const read = (n: number, name: string): string | null => cat('two-spu', `/sys/devices/arm_spe_${n}/${name}`);
    expect([read(0, 'type'), read(0, 'cpumask'), read(1, 'type'), read(1, 'cpumask')]).toEqual(['10\n', '0-3\n', '11\n', '4-7\n']);
  });
  test('the CPU PMUs have `cpus`, not `cpumask`', () => {
    expect(cat('two-spu', '/sys/bus/event_source/devices/armv8_pmuv3_1/type')).toBe('9\n');
    expect(cat('two-spu', '/sys/bus/event_source/devices/armv8_pmuv3_1/cpus')).toBe('4-7\n');
    expect(cat('two-spu', '/sys/bus/event_source/devices/armv8_pmuv3_1/cpumask')).toBeNull();
  });
  test('the bus holds links', () => {
    expect(lookup(hostOf('two-spu'), '/sys/bus/event_source/devices/arm_spe_1', false)?.node).toEqual({
      kind: 'link',
      target: '../../../devices/arm_spe_1',
    });
    expect(lookup(hostOf('two-spu'), '/sys/bus/event_source/devices/arm_spe_1/type')?.path).toBe('/sys/devices/arm_spe_1/type');
    expect(ls('two-spu', '/sys/devices/arm_spe_0/subsystem/devices')).toEqual(['arm_spe_0', 'arm_spe_1', 'armv8_pmuv3_0', 'armv8_pmuv3_1']);
  });
  test('6.18 publishes the event filter', () => {
    expect(cat('two-spu', '/sys/devices/arm_spe_0/caps/event_filter')).toMatch(/^0x[0-9a-f]+\n$/);
  });
  test('there is nothing else', () => {
    expect(lookup(hostOf('two-spu'), '/sys/devices/arm_spe_2')).toBeNull();
    expect(lookup(hostOf('two-spu'), '/sys/devices/arm_spe_0/type/x')).toBeNull();
    expect(lookup(hostOf('two-spu'), '/sys/devices/constructor')).toBeNull();
  });
});

test.each([
  [100, '10\n'],
  [250, '4\n'],
  [300, '3\n'],
  [1000, '1\n'],
] as const)('perf_event_mux_interval_ms at CONFIG_HZ=%i is 1000 / HZ, a decimal number (§6.1)', (hz, content) => {
  const host = hostOf('two-spu', {}, { kernel: { ...hostOf('two-spu').kernel, hz } });
  expect(lookup(host, '/sys/devices/arm_spe_0/perf_event_mux_interval_ms')?.node).toMatchObject({ text: content });
});

test('SPEv1p2 adds the inverted event filter and discard, and caps/ernd', () => {
  expect(cat('spe-v1p2', '/sys/devices/arm_spe_0/format/inv_event_filter')).toBe('config3:0-63\n');
  expect(cat('spe-v1p2', '/sys/devices/arm_spe_0/format/discard')).toBe('config:35\n');
  expect(cat('spe-v1p2', '/sys/devices/arm_spe_0/caps/ernd')).toBe('1\n');
});

test('without an SPU, or with kernel page-table isolation, there is no device', () => {
  for (const host of ['no-spe', 'kpti']) expect(ls(host, '/sys/bus/event_source/devices')).toEqual(['armv8_pmuv3_0', 'armv8_pmuv3_1']);
});
