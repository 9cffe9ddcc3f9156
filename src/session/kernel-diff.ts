// Two kernel revisions compared: the ordered checks of each attribute call and of KVM_RUN, sentence by sentence (design.md §4).
import { type DeviceAttribute, type Revision, VCPU_ATTRIBUTES } from '../abi/attributes.ts';
import { vcpuAttrSteps } from '../kernel/attr/lists.ts';
import { runningSentences, shownSentences } from '../kernel/behaviour.ts';
import { enableCapSteps } from '../kernel/calls/enable-cap.ts';
import { setMemorySteps } from '../kernel/calls/memory.ts';
import { firstRunSteps } from '../kernel/calls/run.ts';
import { supportedCpusSteps } from '../kernel/calls/supported-cpus.ts';
import { vcpuInitSteps } from '../kernel/calls/vcpu-init.ts';
import type { Host } from '../kernel/host.ts';
import { fillKnobs } from '../kernel/knobs.ts';
import { enablingSteps } from '../kernel/spe/enabling.ts';
import type { Step } from '../kernel/steps.ts';
import { refusesWrongCpu } from '../kernel/supported-cpus.ts';

export interface DiffLine {
  readonly mark: '-' | '+' | ' ';
  readonly text: string;
}

export interface ListDiff {
  /** `KVM_ARM_VCPU_SPE_IRQ set (3/0)`; both numbers where they differ. */
  readonly list: string;
  readonly lines: readonly DiffLine[];
}

export interface KnobDiff {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** The same machine under another kernel revision, with that revision's knobs. */
function underRevision(host: Host, revision: Revision): Host {
  return { ...host, kernel: { ...host.kernel, revision }, knobs: fillKnobs(revision, {}) };
}

function stepText<S>(step: Step<S>): string {
  if (step.kind === 'check') return `${/^E[A-Z0-9]+$/.test(step.errno) ? '-' : ''}${step.errno} ${step.why}`;
  return step.kind === 'end' ? `0 ${step.what}` : step.what;
}
const sentences = <S>(steps: readonly Step<S>[]): string[] => steps.map(stepText);

/** Lines of a longest common subsequence, with what only one side has. */
function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const longest = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      longest[i][j] = before[i] === after[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ mark: ' ', text: before[i] });
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && longest[i + 1][j] >= longest[i][j + 1]))
      lines.push({ mark: '-', text: before[i++] });
    else lines.push({ mark: '+', text: after[j++] });
  }
  return lines;
}

const VERBS = ['set', 'get', 'has'] as const;

const hasLocks = (host: Host): boolean => refusesWrongCpu(host);

/** What differs beside attributes: calls by their lists, the rest in sentences. */
const CALLS: readonly (readonly [string, (host: Host) => readonly string[]])[] = [
  ['KVM_ARM_VCPU_INIT', (host) => sentences(vcpuInitSteps(host).steps)],
  ['KVM_ARM_VCPU_SUPPORTED_CPUS', (host) => (host.kernel.revision === 'rfc-v4' ? sentences(supportedCpusSteps.steps) : [])],
  ['KVM_SET_USER_MEMORY_REGION', (host) => sentences(setMemorySteps(host).steps)],
  ['KVM_ENABLE_CAP', (host) => sentences(enableCapSteps(host).enable.steps)],
  ['KVM_CAP_ARM_LOCK_USER_MEMORY_REGION, LOCK', (host) => (hasLocks(host) ? sentences(enableCapSteps(host).lock.steps) : [])],
  ['KVM_CAP_ARM_LOCK_USER_MEMORY_REGION, UNLOCK', (host) => (hasLocks(host) ? sentences(enableCapSteps(host).unlock.steps) : [])],
  ['KVM_RUN, the first', (host) => sentences(firstRunSteps(host).steps)],
  ['inside KVM_RUN', runningSentences],
  ['when the guest enables its buffer', (host) => (host.kernel.revision === 'mainline' ? [] : sentences(enablingSteps(host).steps))],
  ['what the guest is shown', shownSentences],
];

/** The lists and knobs in which the revisions differ. */
export function kernelDiff(host: Host, before: Revision, after: Revision): { lists: ListDiff[]; knobs: KnobDiff[] } {
  const a = underRevision(host, before);
  const b = underRevision(host, after);
  const lists: ListDiff[] = [];
  const add = (list: string, from: readonly string[], to: readonly string[]): void => {
    const lines = diffLines(from, to);
    if (lines.some((line) => line.mark !== ' ')) lists.push({ list, lines });
  };
  for (const name of new Set(VCPU_ATTRIBUTES.map((row) => row.name))) {
    const rowIn = (revision: Revision): DeviceAttribute | undefined =>
      VCPU_ATTRIBUTES.find((row) => row.name === name && row.revisions.includes(revision));
    const rowA = rowIn(before);
    const rowB = rowIn(after);
    const numbers = [rowA, rowB].map((row) => (row === undefined ? 'none' : `${row.group}/${row.attr}`));
    for (const verb of VERBS) {
      const checks = (of: Host, row: DeviceAttribute | undefined): string[] =>
        row === undefined ? [] : sentences(vcpuAttrSteps(of, verb, row.group, BigInt(row.attr)).steps);
      add(`${name} ${verb} (${numbers[0] === numbers[1] ? numbers[0] : numbers.join(' -> ')})`, checks(a, rowA), checks(b, rowB));
    }
  }
  for (const [name, of] of CALLS) add(name, of(a), of(b));
  const knobs = Object.entries(a.knobs).flatMap(([name, value]) =>
    b.knobs[name] === value ? [] : [{ name, before: String(value), after: String(b.knobs[name]) }],
  );
  return { lists, knobs };
}
