// catch: where a run stops for what calls, guests and hardware do (language.md §3, group stops).

import { EXIT_REASONS } from '../src/abi/exits.ts';
import { requestCandidates } from '../src/session/candidates.ts';
import { CATCHABLE, type Catchable, PSCI } from '../src/session/catches.ts';
import type { Argument } from '../src/session/command.ts';
import { done } from '../src/session/outcome.ts';
import type { Context } from '../src/session/session.ts';
import { type Candidate, type Form, family, type GrammarFault } from '../src/shell/family.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { text } from '../src/view/doc.ts';

const word = (argument: Argument | undefined): string | null => (argument?.kind === 'word' ? argument.text : null);

/** Where the names are a list, the name is one of them. */
function wrongName({ what, names, prefix }: Catchable, name: string | null): GrammarFault | null {
  if (names === null || name === null || names.includes(name) || names.includes(prefix + name)) return null;
  const hint = didYouMean(name, [...names, ...names.map((one) => one.slice(prefix.length))]) ?? `Tab behind 'catch ${what}' lists them`;
  return { slot: what, message: `no ${what} is called '${name}'`, expected: names, hint };
}

const form = (row: Catchable): Form => ({
  id: `catch.${row.what}`,
  syntax: `catch ${row.what} [<${row.what}:NAME>]`,
  about: `Stop where ${row.about}.`,
  effect: 'session',
  check: (args) => wrongName(row, word(args[row.what])),
  run: (context, args) => {
    const id = context.stops.next++;
    const name = word(args[row.what]);
    context.stops.list.push({ kind: 'catch', id, commands: [], what: row.what, name });
    return done({ catch: id, what: row.what, name });
  },
  show: ({ data }) => {
    if (data === null) return [];
    const name = data['name'] === null ? '' : ` ${String(data['name'])}`;
    return [text(`catch ${String(data['catch'])}: ${String(data['what'])}${name}`)];
  },
});

/** Names that only the session knows: interrupts and vCPUs of the VM in use, registers that KVM traps. */
function openNames(context: Context, what: string): readonly Candidate[] {
  const vcpus = context.world.world.kernel.vms[context.vm]?.vcpus ?? [];
  if (what === 'record') return vcpus.map((vcpu) => ({ text: `vcpu${vcpu.id}`, about: `thread on CPU ${vcpu.thread.cpu}` }));
  if (what === 'trap')
    return [...BUFFER_REGISTERS.map((text) => ({ text, about: 'a trapped write' })), { text: PSCI, about: 'a call by HVC' }];
  return vcpus.flatMap((vcpu) => [
    { text: String(vcpu.spe.irq), about: `buffer interrupt of vcpu${vcpu.id}` },
    ...(vcpu.pmu.irq === null ? [] : [{ text: String(vcpu.pmu.irq), about: `PMU interrupt of vcpu${vcpu.id}` }]),
  ]);
}

/** What an exit is, where the names are exits. */
const EXITS = new Map(EXIT_REASONS.map(({ name, about }) => [name, about]));
const BUFFER_REGISTERS = ['PMBLIMITR_EL1', 'PMBPTR_EL1', 'PMBSR_EL1'];

export const catchCommand = family({
  name: 'catch',
  group: 'stops',
  summary: 'stop at a call, an exit, a trap, an interrupt, a record, a pin or a fault',
  details: [
    'continue, sample and until stop behind what NAME names, or behind any without NAME; run and step do not. A command that does not run the guest tells at its end what was caught, so that `on N` can look there too.',
    'NAME of an ioctl and an exit may stand without KVM_ and KVM_EXIT_; of a trap it is a register, or PSCI; of an irq the INTID; of a record the vCPU, `vcpu0`.',
  ],
  see: ['on', 'break', 'info', 'delete'],
  forms: CATCHABLE.map(form),
  complete: (slot, context) => {
    const row = CATCHABLE.find(({ what }) => what === slot);
    if (row === undefined) return [];
    return (
      (row.what === 'ioctl' ? requestCandidates() : row.names?.map((name) => ({ text: name, about: EXITS.get(name) ?? row.about }))) ??
      openNames(context, row.what)
    );
  },
});
