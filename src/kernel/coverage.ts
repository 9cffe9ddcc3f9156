// What spesh models of the kernel, row by row, with the evidence of every check: from the dispatch tables themselves. README.md prints it.
import { VCPU_ATTRIBUTES } from '../abi/attributes.ts';
import { VGIC_ATTRIBUTES } from '../abi/vgic-attributes.ts';
import { vcpuAttrSteps } from './attr/lists.ts';
import { VERBS } from './attr/state.ts';
import { attributeSupport } from './attr/support.ts';
import type { ListFacts, Support } from './call-state.ts';
import { SYSTEM_REQUESTS } from './calls/system.ts';
import { VCPU_REQUESTS } from './calls/vcpu.ts';
import { VM_REQUESTS } from './calls/vm.ts';
import type { Host } from './host.ts';
import { enablingSteps } from './spe/enabling.ts';
import type { Evidence } from './steps.ts';
import { vgicAttrSteps } from './vgic/attr.ts';
import { VGIC_REQUESTS } from './vgic/requests.ts';

export interface CoverageRow {
  /** `/dev/kvm`, `VM`, `vCPU`, `vGIC`; for what is no call, `kernel`. */
  readonly on: string;
  /** Constant of the request or attribute, or a sentence. */
  readonly what: string;
  /** `3/1`; '' for what is no attribute. */
  readonly number: string;
  readonly support: Support;
  /** Only these revisions have it; '' = all. */
  readonly revisions: string;
  /** Checks that can fail, all verbs together. */
  readonly checks: number;
  /** Evidence of the steps by tag, most frequent first: `seed 9, inferred (M) 2`. */
  readonly evidence: string;
}

const tagOf = (e: Evidence): string => (e.tag === 'inferred' ? `inferred (${e.confidence})` : e.tag);

function evidenceOf(all: readonly Evidence[]): string {
  const counts = new Map<string, number>();
  for (const e of all) counts.set(tagOf(e), (counts.get(tagOf(e)) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([tag, count]) => `${tag} ${count}`)
    .join(', ');
}

const facts = (lists: readonly ListFacts[]): Pick<CoverageRow, 'checks' | 'evidence'> => {
  const steps = lists.flatMap((list) => list.steps);
  return { checks: steps.filter((s) => s.kind === 'check').length, evidence: evidenceOf(steps.map((s) => s.evidence)) };
};

/** Requests of a file; the three verbs of device attributes are one row. */
function requestRows(
  on: string,
  host: Host,
  requests: readonly { ioctl: string; support: Support; revisions?: readonly string[]; lists: (host: Host) => readonly ListFacts[] }[],
): CoverageRow[] {
  const verbs = /^KVM_(SET|GET|HAS)_DEVICE_ATTR$/;
  const rows = requests
    .filter((r) => !verbs.test(r.ioctl))
    .map((r) => ({
      on,
      what: r.ioctl,
      number: '',
      support: r.support,
      revisions: r.revisions?.join(', ') ?? '',
      ...facts(r.lists(host)),
    }));
  const attributes = requests.filter((r) => verbs.test(r.ioctl));
  if (attributes.length === 0) return rows;
  const lists = attributes.flatMap((r) => r.lists(host));
  return [...rows, { on, what: 'KVM_SET/GET/HAS_DEVICE_ATTR', number: '', support: 'full', revisions: '', ...facts(lists) }];
}

const NUMBER_OF_REVISIONS = 4;

/** vCPU attributes: each under the newest revision that has it. `hostOf` gives the host of a revision. */
function vcpuAttributeRows(hostOf: (revision: Host['kernel']['revision']) => Host): CoverageRow[] {
  return VCPU_ATTRIBUTES.map((row) => {
    const host = hostOf(row.revisions[0]);
    const lists = VERBS.map((verb) => vcpuAttrSteps(host, verb, row.group, BigInt(row.attr)));
    const revisions = row.revisions.length === NUMBER_OF_REVISIONS ? '' : row.revisions.join(', ');
    return {
      on: 'vCPU',
      what: row.name,
      number: `${row.group}/${row.attr}`,
      support: attributeSupport(row.name),
      revisions,
      ...facts(lists),
    };
  });
}

function vgicAttributeRows(host: Host): CoverageRow[] {
  return VGIC_ATTRIBUTES.map((row) => {
    const lists = VERBS.map((verb) => vgicAttrSteps(host, verb, row.group, BigInt(row.attr)));
    return {
      on: 'vGIC',
      what: row.name,
      number: `${row.group}/${row.attr}`,
      support: attributeSupport(row.name),
      revisions: '',
      ...facts(lists),
    };
  });
}

/** What is no call: sentence, support, revisions, evidence. */
const BESIDE: readonly (readonly [string, Support, string, string])[] = [
  ['first KVM_RUN, run loop, exits FAIL_ENTRY, MMIO, INTR, SYSTEM_EVENT', 'full', '', 'mainline'],
  ['KVM_EXIT_RLIMIT with the excess in bytes, the write retried', 'full', 'rfc-v6', 'v6-review, inferred (L)'],
  ['world switch of the SPE state, traps (E2PB, TPMS, fine-grained traps)', 'full', '', 'v5, v6-title'],
  [
    'a host that profiles itself while its guests do',
    { partial: "the host's work is a loop of 1,000 operations at EL2 at every exit; KVM's own code is not modelled" },
    '',
    'v5, v6-title',
  ],
  [
    'the race of two vCPU threads on supported_cpus, which two locks guard',
    { partial: 'interleavings of two calls, step by step (src/kernel/interleave.ts); a session and explore make one call at a time' },
    '',
    'seed, mainline, inferred (H)',
  ],
  [
    'SPE without VHE, or under protected KVM',
    { none: 'rfc-v6 leaves it out; the older revisions run here as with VHE' },
    'rfc-v5, rfc-v4',
    'v4',
  ],
  [
    'MMU notifier events: unmap, migrate, NUMA hint',
    { partial: 'stage 2 maps a memory slot from the start; the first touch of a page is not modelled' },
    '',
    'v6-title, inferred (M)',
  ],
  ['2 MiB host pages (knob memory.hugetlb)', 'full', '', 'v6-review, inferred (M)'],
  ['MTE tags of pinned pages sanitised', { none: 'no host here has FEAT_MTE2: KVM_CAP_ARM_MTE is 0' }, 'rfc-v6', 'v6-title'],
  ['stage 2 faults of the buffer (knob s2FaultPolicy)', 'full', '', 'v5, inferred (L)'],
  ['locked memory slots (KVM_CAP_ARM_LOCK_USER_MEMORY_REGION)', 'full', 'rfc-v5, rfc-v4', 'v5, v4'],
  ['PSCI 1.1 by HVC', { partial: 'CPU_SUSPEND is a WFI; no SYSTEM_SUSPEND, no firmware registers' }, '', 'mainline'],
];

/** Every row. `hostOf` gives the same machine under each revision. */
export function coverageRows(hostOf: (revision: Host['kernel']['revision']) => Host): readonly CoverageRow[] {
  const host = hostOf('rfc-v6');
  return [
    ...requestRows('/dev/kvm', host, SYSTEM_REQUESTS),
    ...requestRows('VM', host, VM_REQUESTS),
    ...requestRows('vCPU', host, VCPU_REQUESTS),
    ...requestRows('vGIC', host, VGIC_REQUESTS),
    ...vcpuAttributeRows(hostOf),
    ...vgicAttributeRows(host),
    {
      on: 'kernel',
      what: 'enabling the buffer: its size, the walk of stage 1, RLIMIT_MEMLOCK, pinning of its pages and of the tables that map it',
      number: '',
      support: 'full',
      revisions: 'rfc-v6',
      ...facts([enablingSteps(host)]),
    },
    ...BESIDE.map(([what, support, revisions, evidence]) => ({ on: 'kernel', what, number: '', support, revisions, checks: 0, evidence })),
  ];
}

const supportText = (s: Support): string => (s === 'full' ? 'full' : 'partial' in s ? `partial: ${s.partial}` : `none: ${s.none}`);
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The rows as a Markdown table. */
export function coverageMarkdown(rows: readonly CoverageRow[]): string {
  const lines = rows.map((r) => {
    const what = /^[A-Z0-9_/]+$/.test(r.what) ? `\`${r.what}\`` : r.what;
    const where = [what, r.number === '' ? '' : ` ${r.number}`, r.revisions === '' ? '' : ` (${r.revisions})`].join('');
    return `| ${r.on} | ${cell(where)} | ${cell(supportText(r.support))} | ${r.checks === 0 ? '' : r.checks} | ${cell(r.evidence)} |`;
  });
  return ['| On | What | Support | Checks | Evidence of its steps |', '|---|---|---|---|---|', ...lines].join('\n');
}
