// What an errno, a register, an attribute, an exit or a knob is, from the rows and the kernel's own lists.
import { type DeviceAttribute, VCPU_ATTRIBUTES, vcpuAttribute, vcpuAttributeByName } from '../abi/attributes.ts';
import { ERRNOS } from '../abi/errno.ts';
import { EXIT_REASONS } from '../abi/exits.ts';
import { VGIC_ATTRIBUTES, type VgicAttribute, vgicAttributeByName } from '../abi/vgic-attributes.ts';
import type { RegisterField, SystemRegister } from '../arch/sysreg/define.ts';
import { REGISTERS, registerIndex } from '../arch/sysreg/table.ts';
import { hex } from '../base/hex.ts';
import { vcpuAttrSteps } from '../kernel/attr/lists.ts';
import { firstRunSteps } from '../kernel/calls/run.ts';
import type { Host } from '../kernel/host.ts';
import { KNOBS, knobByName } from '../kernel/knobs.ts';
import { oneRegByName } from '../kernel/one-reg.ts';
import { checksOf, evidenceInFull, type Step, type Steps } from '../kernel/steps.ts';
import { vgicAttrSteps } from '../kernel/vgic/attr.ts';
import { type Access, mappedRegister, REGISTER_MAP } from '../kernel/vgic/register-map.ts';

export interface ExplainedStep {
  readonly kind: 'check' | 'deed' | 'end';
  readonly errno: string | null;
  readonly text: string;
  readonly evidence: string;
}

export interface ExplainedList {
  readonly name: string;
  readonly steps: readonly ExplainedStep[];
}

export interface Answerer {
  readonly list: string;
  readonly check: number;
  readonly of: number;
  readonly why: string;
  readonly evidence: string;
}

export type Explanation =
  | {
      readonly kind: 'errno';
      readonly name: string;
      readonly number: number;
      readonly text: string;
      readonly about: string;
      readonly from: readonly Answerer[];
    }
  | { readonly kind: 'exit'; readonly name: string; readonly number: number; readonly about: string }
  | {
      readonly kind: 'register';
      readonly name: string;
      readonly title: string;
      readonly encoding: string;
      readonly access: string;
      readonly oneReg: string | null;
      readonly source: string;
      readonly fields: readonly { readonly bits: string; readonly name: string; readonly about: string }[];
      readonly notes: readonly string[];
    }
  | {
      readonly kind: 'frame';
      readonly name: string;
      readonly title: string;
      readonly frame: string;
      readonly offset: string;
      readonly sizes: readonly number[];
      readonly reset: string | null;
      readonly guest: Access;
      readonly user: Access | null;
    }
  | {
      readonly kind: 'knob';
      readonly name: string;
      readonly value: string;
      readonly values: readonly string[] | null;
      readonly about: string;
    }
  | {
      readonly kind: 'attribute';
      readonly name: string;
      readonly short: string;
      readonly group: string;
      readonly numbers: string;
      readonly value: string;
      readonly about: string;
      /** The revisions of the kernel that have it; null: every one. */
      readonly revisions: readonly string[] | null;
      readonly lists: readonly ExplainedList[];
    };

const VERBS = ['set', 'get', 'has'] as const;

const explainStep = <S>(step: Step<S>): ExplainedStep => ({
  kind: step.kind,
  errno: step.kind === 'check' ? step.errno : null,
  text: step.kind === 'check' ? step.why : step.what,
  evidence: evidenceInFull(step.evidence),
});
const explainList = <S>(list: Steps<S>): ExplainedList => ({ name: list.name, steps: list.steps.map(explainStep) });

/** Every check of a list that answers with the errno. */
function answerers<S>(errno: string, list: Steps<S>): Answerer[] {
  const checks = checksOf(list);
  return checks.flatMap((c, i) =>
    c.errno === errno ? [{ list: list.name, check: i + 1, of: checks.length, why: c.why, evidence: evidenceInFull(c.evidence) }] : [],
  );
}

function errno(host: Host, name: string): Explanation | null {
  const row = ERRNOS.find((e) => e.name === name);
  if (row === undefined) return null;
  const attributes = VCPU_ATTRIBUTES.filter((a) => a.revisions.includes(host.kernel.revision));
  const from = [
    ...attributes.flatMap((a) => VERBS.flatMap((verb) => answerers(name, vcpuAttrSteps(host, verb, a.group, BigInt(a.attr))))),
    ...VGIC_ATTRIBUTES.flatMap((a) => VERBS.flatMap((verb) => answerers(name, vgicAttrSteps(host, verb, a.group, BigInt(a.attr))))),
    ...answerers(name, firstRunSteps(host)),
  ];
  return { kind: 'errno', ...row, from };
}

const valuesText = (f: RegisterField): string =>
  Object.entries(f.values ?? {})
    .map(([value, meaning]) => `${value} ${meaning}`)
    .join('; ');

const fieldRow = (f: RegisterField) => ({
  bits: f.high === f.low ? `${f.high}` : `${f.high}:${f.low}`,
  name: f.name,
  about: [f.about ?? '', valuesText(f)].filter((part) => part !== '').join(': '),
});

function register(word: string): Explanation | null {
  const [name, field] = word.split('.');
  const row: SystemRegister | undefined = REGISTERS[registerIndex(name)];
  if (row === undefined) return null;
  const fields = row.fields.filter((f) => (field === undefined ? !/^RES[01]$/.test(f.name) : f.name.toLowerCase() === field.toLowerCase()));
  if (fields.length === 0 && field !== undefined) return null;
  const [op0, op1, crn, crm, op2] = row.encoding;
  const id = oneRegByName(row.name)?.id;
  return {
    kind: 'register',
    name: row.name,
    title: row.title,
    encoding: `S${op0}_${op1}_C${crn}_C${crm}_${op2}`,
    access: row.access,
    oneReg: id === undefined ? null : hex(id),
    source: row.source,
    fields: fields.map(fieldRow),
    notes: field === undefined ? (row.notes ?? []) : [],
  };
}

function frameRegister(word: string): Explanation | null {
  const row = mappedRegister(word);
  if (row === undefined) return null;
  const { name, title, frame, offset, sizes, reset, guest, user } = row;
  return { kind: 'frame', name, title, frame, offset: hex(offset, 4), sizes, reset: reset === null ? null : hex(reset), guest, user };
}

function knob(host: Host, word: string): Explanation | null {
  const row = knobByName(word);
  if (row === undefined) return null;
  const values = row.values === 'integer' ? null : row.values.map(String);
  return { kind: 'knob', name: row.name, value: String(host.knobs[row.name] ?? row.standard), values, about: row.about };
}

function vcpuAttributeOf(host: Host, word: string): DeviceAttribute | undefined {
  const numbers = /^(\d+)\/(\d+)$/.exec(word);
  if (numbers !== null) return vcpuAttribute(host.kernel.revision, Number(numbers[1]), BigInt(numbers[2]));
  return vcpuAttributeByName(host.kernel.revision, word);
}

function attribute(host: Host, word: string): Explanation | null {
  const row = vcpuAttributeOf(host, word);
  if (row !== undefined) {
    const lists = VERBS.map((verb) => explainList(vcpuAttrSteps(host, verb, row.group, BigInt(row.attr))));
    return explained(row, row.revisions, lists);
  }
  const vgic = vgicAttributeByName(word);
  if (vgic === undefined) return null;
  return explained(
    vgic,
    null,
    VERBS.map((verb) => explainList(vgicAttrSteps(host, verb, vgic.group, BigInt(vgic.attr)))),
  );
}

const explained = (
  row: DeviceAttribute | VgicAttribute,
  revisions: readonly string[] | null,
  lists: readonly ExplainedList[],
): Explanation => ({
  kind: 'attribute',
  name: row.name,
  short: row.short,
  group: row.groupName,
  numbers: `${row.group}/${row.attr}`,
  value: row.value,
  about: row.about,
  revisions,
  lists,
});

function exit(host: Host, word: string): Explanation | null {
  const row = EXIT_REASONS.find((e) => e.name === word || e.name === `KVM_EXIT_${word}`);
  if (row === undefined) return null;
  const number = row.name === 'KVM_EXIT_RLIMIT' ? Number(host.knobs['numbers.exitRlimit'] ?? row.number) : row.number;
  return { kind: 'exit', ...row, number };
}

/** What a word is under this host's kernel; null when it is nothing known. */
export function explain(host: Host, word: string): Explanation | null {
  return (
    errno(host, word.toUpperCase().replace(/^-/, '')) ??
    register(word) ??
    attribute(host, word) ??
    exit(host, word.toUpperCase()) ??
    frameRegister(word) ??
    knob(host, word)
  );
}

/** Every word that `explain` knows, and what it is in a line. An attribute that revisions number otherwise stands more than once. */
export const explainable = (): { readonly word: string; readonly about: string }[] => [
  ...ERRNOS.map((e) => ({ word: e.name, about: e.text })),
  ...[...VCPU_ATTRIBUTES, ...VGIC_ATTRIBUTES].flatMap(({ short, name, about }) => [
    { word: short, about },
    { word: name, about },
  ]),
  ...EXIT_REASONS.map((e) => ({ word: e.name, about: e.about })),
  ...REGISTERS.map((r) => ({ word: r.name, about: r.title })),
  ...REGISTER_MAP.map((r) => ({ word: r.name, about: 'register of the vGIC' })),
  ...KNOBS.map((k) => ({ word: k.name, about: k.about })),
];
