// How a host's kernel profile reads.
import type { KernelData } from '../session/host-report.ts';
import type { Doc } from '../view/doc.ts';

const MODES: Readonly<Record<KernelData['mode'], string>> = {
  vhe: 'VHE',
  nvhe: 'nVHE: KVM runs without VHE',
  protected: 'protected KVM',
  nested: 'VHE with nested virtualisation',
};

const REVISIONS: Readonly<Record<KernelData['revision'], string>> = {
  'rfc-v6': 'KVM SPE series, RFC v6',
  'rfc-v5': 'KVM SPE series, v5',
  'rfc-v4': 'KVM SPE series, v4',
  mainline: 'without the KVM SPE series',
};

/** Doc of a kernel. */
export function showKernel(k: KernelData): Doc {
  return [
    {
      kind: 'pairs',
      rows: [
        { name: 'kernel', value: `${k.version}, ${k.revision}`, note: REVISIONS[k.revision] },
        { name: 'KVM', value: MODES[k.mode] },
        { name: 'CONFIG_KVM_ARM_SPE', value: k.configSpe ? 'y' : 'n' },
        { name: 'CONFIG_HZ', value: String(k.hz) },
        { name: 'page-table isolation', value: k.kpti ? 'on' : 'off' },
        { name: 'SPE in VMs', value: k.spe ? 'offered' : 'not offered', ...(k.unavailable === null ? {} : { note: k.unavailable }) },
        ...Object.entries(k.knobs).map(([name, value]) => ({ name: `knob ${name}`, value: String(value) })),
      ],
    },
  ];
}
