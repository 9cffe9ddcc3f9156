// How a vCPU's state reads.
import type { VcpuData } from '../session/vcpu-report.ts';
import type { Doc } from '../view/doc.ts';

const PLACES = { out: 'outside KVM_RUN', guest: 'in the guest, inside KVM_RUN', blocked: 'waits inside KVM_RUN' } as const;

/** Doc of a vCPU. */
export function showVcpu(d: VcpuData): Doc {
  const irq = (n: number | null): string => (n === null || n === 0 ? 'irq unset' : `irq ${n}`);
  const initialised = (is: boolean): string => (is ? 'initialised' : 'not initialised');
  const exit =
    d.exit === null
      ? 'none yet'
      : [
          String(d.exit['name']),
          ...Object.entries(d.exit)
            .filter(([key]) => key !== 'name' && key !== 'reason')
            .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`),
        ].join(' ');
  return [
    {
      kind: 'pairs',
      rows: [
        { name: d.vcpu, value: PLACES[d.place] },
        { name: 'features', value: d.initialised ? d.features.join(', ') : 'not initialised: KVM_ARM_VCPU_INIT' },
        { name: 'power', value: d.poweredOff ? 'off' : 'on' },
        { name: 'thread', value: `on CPU ${d.thread.cpu}, may run on ${d.thread.affinity}` },
        { name: 'CPU', value: d.supported ? 'in supported_cpus' : 'not in supported_cpus: KVM_RUN would end with KVM_EXIT_FAIL_ENTRY' },
        { name: 'SPE', value: `${irq(d.spe.irq)}, ${initialised(d.spe.initialised)}, line ${d.spe.level ? 'high' : 'low'}` },
        { name: 'PMU', value: `${irq(d.pmu.irq)}, ${initialised(d.pmu.initialised)}` },
        { name: 'has run', value: d.hasRun ? 'yes' : 'no' },
        { name: 'last exit', value: exit },
      ],
    },
  ];
}
