// spu: what a Statistical Profiling unit is and where it stands (language.md §3, group spe).
import { speFeatureNames, speIdentityFaults } from '../src/arch/spe/features.ts';
import { hex } from '../src/base/hex.ts';
import { cpuListText } from '../src/kernel/cpu-list.ts';
import { type CpuUnitView, unitsInUse } from '../src/kernel/spe/unit-view.ts';
import { spuCounts } from '../src/kernel/view.ts';
import { spuCandidates } from '../src/session/candidates.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import type { Block, Doc } from '../src/view/doc.ts';

interface Unit {
  readonly name: string;
  readonly type: number;
  readonly cpus: string;
  readonly version: string;
  readonly pmsidr: string;
  readonly pmbidr: string;
  readonly layout: string;
  readonly minimumInterval: number;
  readonly largestRecord: number;
  /** FEAT_SPE and what else it has. */
  readonly features: readonly string[];
  /** What no unit of the architecture could say of itself, one sentence each. */
  readonly faults: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** Where it stands on each CPU that has a vCPU's registers; `counter` is hexadecimal. */
  readonly inUse: readonly (Omit<CpuUnitView, 'counter'> & { readonly counter: string })[];
}

const operations = (n: number): string => `${n.toLocaleString('en-US')} ${n === 1 ? 'operation' : 'operations'}`;

/** One CPU's interval counter and sample in flight, in words. */
function standing(u: Unit['inUse'][number]): { name: string; value: string; note: string } {
  const next = u.untilSample === null ? 'no sample to come' : `the next sample in ${operations(u.untilSample)}`;
  const flight = u.inFlight === 0 ? 'no sample in flight' : `the sample in flight is complete in ${operations(u.inFlight)}`;
  return {
    name: `  CPU ${u.cpu}, ${u.vcpu}`,
    value: `PMSICR ${u.counter}`,
    note: u.profiling ? `${next}; ${flight}` : 'profiling is off: the counter stands still',
  };
}

const INTERVALS: Readonly<Record<number, number>> = { 0: 256, 2: 512, 3: 768, 4: 1024, 5: 1536, 6: 2048, 7: 3072, 8: 4096 };

export const spu = family({
  name: 'spu',
  group: 'spe',
  summary: 'the profiling units',
  details: [
    'Name, perf type, CPUs, version, identification registers and features of each unit; on the CPUs that a vCPU is on, the interval counter and the sample in flight; and how many operations its CPUs counted, sampled, kept and lost (the SAMPLE_* PMU events).',
  ],
  see: ['regs', 'buffer', 'sysfs'],
  forms: [
    {
      id: 'spu',
      syntax: 'spu [<name:WORD>]',
      about: 'Show the SPUs, or one.',
      effect: 'pure',
      run: (context, args) => {
        const name = context.word(args['name']);
        const host = context.world.world.host;
        const found = host.spus.filter((s) => name === '' || s.name === name);
        if (found.length === 0) {
          return name === ''
            ? done({ spus: [] })
            : unmet('no-spu', `no SPU '${name}'`, host.spus.length === 0 ? 'this host has none' : host.spus.map((s) => s.name).join(', '));
        }
        const spus = found.map(
          (s): Unit => ({
            name: s.name,
            type: s.type,
            cpus: cpuListText(s.cpus),
            version: `SPEv1p${s.pmsver - 1} (PMSVer ${s.pmsver})`,
            pmsidr: hex(s.pmsidr),
            pmbidr: hex(s.pmbidr),
            layout: s.layout,
            minimumInterval: INTERVALS[Number((s.pmsidr >> 8n) & 15n)] ?? 4096,
            largestRecord: 1 << Number((s.pmsidr >> 12n) & 15n),
            features: speFeatureNames(s),
            faults: speIdentityFaults(s),
            counts: spuCounts(context.world, s.cpus),
            inUse: unitsInUse(context.world, s.cpus).map((u) => ({ ...u, counter: hex(u.counter) })),
          }),
        );
        return done({ spus });
      },
      show: ({ data }): Doc =>
        ((data?.['spus'] ?? []) as readonly Unit[]).map(
          (u): Block => ({
            kind: 'pairs',
            rows: [
              { name: u.name, value: `type ${u.type}`, note: `CPUs ${u.cpus}, ${u.version}` },
              {
                name: '  PMSIDR_EL1',
                value: u.pmsidr,
                note: `minimum interval ${u.minimumInterval}, records up to ${u.largestRecord} bytes`,
              },
              { name: '  PMBIDR_EL1', value: u.pmbidr, note: `layout ${u.layout}` },
              { name: '  features', value: '', note: u.features.map((f) => f.replace('FEAT_SPE_', '').replace('FEAT_', '')).join(', ') },
              ...u.faults.map((why) => ({ name: '  impossible', value: '', note: why })),
              ...u.inUse.map(standing),
              ...Object.entries(u.counts)
                .filter(([, n]) => n > 0)
                .map(([name, n]) => ({ name: `  ${name}`, value: n.toLocaleString('en-US') })),
            ],
          }),
        ),
    },
  ],
  complete: (slot, context) => (slot === 'name' ? spuCandidates(context) : []),
});
