// up: from nothing to the guest's first instruction (language.md §3, group guest).

import { spuCandidates } from '../src/session/candidates.ts';
import { refuse } from '../src/session/enter.ts';
import { unmet } from '../src/session/outcome.ts';
import { up as makeGuest } from '../src/session/up.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

const DEFAULT_PPI = 21n;
const PMU_PPI = 23n;
const DEFAULT_GUEST = 'pointer-chase';

export const up = family({
  name: 'up',
  group: 'guest',
  summary: 'a VM with SPE, ready to run',
  details: [
    'Everything a VMM does to get a guest to its first instruction, each call shown: VM, memory, vGIC, vCPUs with spe, pmu-v3, psci-0.2 (and power-off for the secondaries), the PMU of the SPU’s cluster, the SPE attributes, the image, its devicetree, the entry registers. It stops at the first call that is refused.',
    'GUEST is the name of a guest of fixtures/guests (pointer-chase) or a file. Defaults: the first SPU, PPI 21, PMU PPI 23, one vCPU, each thread on one of the SPU’s CPUs in order.',
    '`--bare`: no guest and no attribute set, two vCPUs with spe and pmu-v3, the vGIC initialised (baseline B0 of kvm-spe-abi §7).',
  ],
  see: ['run', 'vm', 'vcpu', 'guest'],
  forms: [
    {
      id: 'up.bare',
      syntax: 'up --bare',
      about: 'A VM with two vCPUs and nothing configured.',
      words: { '--bare': 'two vCPUs, nothing configured, no guest' },
      effect: 'world',
      run: (context) => makeGuest(context, { image: null, vcpus: 2, spu: null, ppi: DEFAULT_PPI, pmuPpi: PMU_PPI, maxBuffer: null }),
    },
    {
      id: 'up',
      syntax: 'up [<guest:GUEST>] [--vcpus <vcpus:EXPR>] [--spu <spu:WORD>] [--ppi <ppi:EXPR>] [--max-buffer <size:EXPR>]',
      about: 'A VM with a guest at its first instruction.',
      words: {
        '--vcpus': 'how many vCPUs (1)',
        '--spu': 'the SPU they use (the first)',
        '--ppi': 'buffer interrupt (21)',
        '--max-buffer': 'largest buffer, bytes',
      },
      effect: 'world',
      defaults: { guest: DEFAULT_GUEST },
      run: (context, args) => {
        const vcpus = context.number(args['vcpus']);
        if (vcpus.isErr()) return refuse(vcpus.error);
        const ppi = context.number(args['ppi']);
        if (ppi.isErr()) return refuse(ppi.error);
        const size = context.number(args['size']);
        if (size.isErr()) return refuse(size.error);
        if (vcpus.value === 0n) return unmet('no-vcpu', 'a VM without vCPUs runs nothing', '--vcpus 1');
        const guest = context.word(args['guest']) || DEFAULT_GUEST;
        const asset = context.asset(guest);
        if (asset === undefined) return unmet('no-guest', `no guest '${guest}'`, 'a name of fixtures/guests, or a file');
        return makeGuest(context, {
          image: { path: guest, bytes: asset.bytes },
          vcpus: Number(vcpus.value ?? 1n),
          spu: context.word(args['spu']) || null,
          ppi: ppi.value ?? DEFAULT_PPI,
          pmuPpi: PMU_PPI,
          maxBuffer: size.value ?? null,
        });
      },
      show: ({ data }) => {
        if (data === null || data['guest'] === null) return [];
        const guest = data['guest'] as { path: string; entry: string; size: number };
        return [
          text(
            `${guest.path}: ${guest.size.toLocaleString('en-US')} bytes loaded, entry ${guest.entry}; vcpu0 on CPU ${(data['threads'] as number[])[0]}, ${String(data['spu'])}`,
          ),
        ];
      },
    },
  ],
  complete: (slot, context) => (slot === 'spu' ? spuCandidates(context) : []),
});
