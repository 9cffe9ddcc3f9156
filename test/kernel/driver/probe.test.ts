// How the driver probes a unit: what it gives up for, in its order, and what it prints (spe-architecture §6.5, §6.6).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bootWorld } from '../../../src/kernel/boot.ts';
import { probedSpus, speUnavailable } from '../../../src/kernel/capability.ts';
import { probeLog, probeUnit } from '../../../src/kernel/driver/probe.ts';
import type { Host } from '../../../src/kernel/host.ts';
import { parseHost } from '../../../src/kernel/host-schema.ts';
import { lookup } from '../../../src/kernel/sysfs.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, `../../../fixtures/hosts/${name}.toml`), 'utf8');
const named = (name: string): Host => parseHost(`${name}.toml`, fixture(name), fixture)._unsafeUnwrap();

/** `one-spu` with members of its unit, or of its kernel, over. */
function host(spu: Readonly<Record<string, unknown>>, kernel: Partial<Host['kernel']> = {}): Host {
  const base = named('one-spu');
  return { ...base, kernel: { ...base.kernel, ...kernel }, spus: [{ ...base.spus[0], ...spu }] };
}

describe('what the driver prints', () => {
  const rows: [string, Host, string | null, string[]][] = [
    ['a unit', host({}), null, ['arm_spe_pmu arm,spe-v1: probed SPEv1.1 for CPUs 0-7 [max_record_sz 64, align 64, features 0x17]']],
    [
      'KPTI: once, EPERM',
      host({}, { kpti: true }),
      'EPERM',
      ['arm_spe_pmu arm,spe-v1: profiling buffer inaccessible. Try passing "kpti=off" on the kernel command line'],
    ],
    ['no interrupt: silence, ENXIO', host({ interrupt: 0 }), 'ENXIO', []],
    ['not a PPI', host({ interrupt: 37 }), 'EINVAL', ['arm_spe_pmu arm,spe-v1: expected PPI but got SPI (37)']],
    ['no PMSVer', host({ pmsver: 0 }), 'ENXIO', ['arm_spe_pmu arm,spe-v1: unsupported ID_AA64DFR0_EL1.PMSVer [0] on CPU 0']],
    [
      'owned by a higher EL',
      host({ pmbidr: 0x36n }),
      'ENXIO',
      ['arm_spe_pmu arm,spe-v1: profiling buffer owned by higher exception level'],
    ],
    ['Align 12', host({ pmbidr: 0x2cn }), 'ENXIO', ['arm_spe_pmu arm,spe-v1: unsupported PMBIDR.Align [12] on CPU 0']],
    ['MaxSize 12', host({ pmsidr: 0x2c417n }), 'ENXIO', ['arm_spe_pmu arm,spe-v1: unsupported PMSIDR_EL1.MaxSize [12] on CPU 0']],
    [
      'an interval and a counter size nobody knows: warnings',
      host({ pmsidr: 0x46917n }),
      null,
      [
        'arm_spe_pmu arm,spe-v1: unknown PMSIDR_EL1.Interval [9]; assuming 8',
        'arm_spe_pmu arm,spe-v1: unknown PMSIDR_EL1.CountSize [4]; assuming 2',
        'arm_spe_pmu arm,spe-v1: probed SPEv1.1 for CPUs 0-7 [max_record_sz 64, align 64, features 0x17]',
      ],
    ],
    [
      'features that the kernel does not know are not among them',
      host({ pmsver: 6, pmsidr: 0xf0374ffn, pmbidr: 0x226n }, { version: '6.12' }),
      null,
      ['arm_spe_pmu arm,spe-v1: probed SPEv1.5 for CPUs 0-7 [max_record_sz 128, align 64, features 0x7f]'],
    ],
    [
      'and with 6.19 all of them are',
      host({ pmsver: 6, pmsidr: 0xf0374ffn, pmbidr: 0x226n }, { version: '6.19' }),
      null,
      ['arm_spe_pmu arm,spe-v1: probed SPEv1.5 for CPUs 0-7 [max_record_sz 128, align 64, features 0x3ff]'],
    ],
  ];
  for (const [name, h, errno, lines] of rows) {
    test(name, () => {
      expect(probeUnit(h, h.spus[0]).errno).toBe(errno);
      expect(probeLog(h)).toEqual(lines);
      expect(probedSpus(h)).toHaveLength(errno === null ? 1 : 0);
      expect(bootWorld(h, 0).kernel.log.slice(0, lines.length)).toEqual(lines);
      expect(lookup(h, '/sys/devices/arm_spe_0') === null).toBe(errno !== null);
    });
  }
});

test('its lines name the platform device: the one of ACPI where all CPUs have the unit, else the node of the devicetree', () => {
  const prefixes = (name: string): string[] => probeLog(named(name)).map((line) => line.replace(/: probed.*/, ''));
  expect(prefixes('n1-metal')).toEqual(['arm_spe_pmu arm,spe-v1']);
  expect(prefixes('partial-spe')).toEqual(['arm_spe_pmu spe-pmu']);
  expect(prefixes('two-spu')).toEqual(['arm_spe_pmu spe-pmu-0', 'arm_spe_pmu spe-pmu-1']);
});

test('checks come in the driver’s order', () => {
  const order = [
    { pmsidr: 0x2c417n },
    { pmbidr: 0x2cn, pmsidr: 0x2c417n },
    { pmbidr: 0x3cn, pmsidr: 0x2c417n },
    { pmsver: 0, pmbidr: 0x3cn },
    { interrupt: 40, pmsver: 0 },
    { interrupt: 0, pmsver: 0 },
  ].map(
    (over) =>
      probeLog(host(over))[0]
        ?.replace(/^.*: /, '')
        .replace(/ \[.*| \(.*/, '') ?? '',
  );
  expect(order).toEqual([
    'unsupported PMSIDR_EL1.MaxSize',
    'unsupported PMBIDR.Align',
    'profiling buffer owned by higher exception level',
    'unsupported ID_AA64DFR0_EL1.PMSVer',
    'expected PPI but got SPI',
    '',
  ]);
});

test('the KPTI warning is printed once for all units, and KVM says why it has none', () => {
  const h = named('kpti');
  expect(bootWorld(h, 0).kernel.log).toEqual([
    'arm_spe_pmu spe-pmu-0: profiling buffer inaccessible. Try passing "kpti=off" on the kernel command line',
    `kvm: SPE is not available to virtual machines: ${speUnavailable(h)}`,
  ]);
});

test('of two units one may be there', () => {
  const text = fixture('two-spu').replace('pmbidr = 0x26 #', 'pmbidr = 0x36 #');
  const h = parseHost('half.toml', text)._unsafeUnwrap();
  expect(probedSpus(h).map((s) => s.name)).toEqual(['arm_spe_1']);
  expect(lookup(h, '/sys/bus/event_source/devices/arm_spe_1/cpumask')?.node).toMatchObject({ text: '4-7\n' });
});

test('a fixture may name the interrupt', () => {
  const text = `${fixture('one-spu')}`.replace('layout = "n1-slots"', 'layout = "n1-slots"\ninterrupt = 40');
  expect(parseHost('x.toml', text, fixture)._unsafeUnwrap().spus[0].interrupt).toBe(40);
  expect(named('one-spu').spus[0].interrupt).toBe(21);
});
