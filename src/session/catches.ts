// What `catch` can stop at: an ioctl by its request, or an event of the kernel and the hardware by what it is about.
import { EXIT_REASONS } from '../abi/exits.ts';
import { IOCTLS } from '../abi/ioctls.ts';
import type { CallReport, SessionEvent, StopTaken } from './outcome.ts';
import type { Catch } from './stops.ts';

export interface Catchable {
  readonly what: string;
  readonly about: string;
  /** Kinds of events; empty for calls. */
  readonly kinds: readonly string[];
  /** What NAME is compared with. */
  named(event: SessionEvent): unknown;
  /** NAME may stand without it. */
  readonly prefix: string;
  /** Every NAME there is; null: they are not a list (numbers, vCPUs). */
  readonly names: readonly string[] | null;
}

/** Events of a buffer that was stopped, and of an access that had no memory. */
const FAULTS = ['guest.abort', 'guest.undefined', 'spe.event', 'spe.unmapped', 'spe.unbacked', 'spe.too-large', 'spe.rlimit'];
/** What a trap by HVC is called. */
export const PSCI = 'PSCI';

export const CATCHABLE: readonly Catchable[] = [
  {
    what: 'ioctl',
    about: 'this ioctl was made, refused or not',
    kinds: [],
    named: () => undefined,
    prefix: 'KVM_',
    names: IOCTLS.map((row) => row.name),
  },
  {
    what: 'exit',
    about: 'KVM_RUN comes back with this exit',
    kinds: ['vcpu.exit'],
    named: (e) => e['name'] ?? e['reason'],
    prefix: 'KVM_EXIT_',
    names: EXIT_REASONS.map((row) => row.name),
  },
  {
    what: 'trap',
    about: 'KVM emulates a register write, or a PSCI call',
    kinds: ['trap.write', 'psci'],
    named: (e) => (e.kind === 'psci' ? PSCI : e['register']),
    prefix: '',
    names: null,
  },
  {
    what: 'irq',
    about: 'this INTID becomes pending or is delivered',
    kinds: ['irq.raised', 'irq.pended', 'irq.delivered'],
    named: (e) => e['intid'],
    prefix: '',
    names: null,
  },
  { what: 'record', about: 'a record is written (of this vCPU)', kinds: ['spe.record'], named: (e) => e['vcpu'], prefix: '', names: null },
  {
    what: 'pin',
    about: 'buffer pages are pinned or unpinned',
    kinds: ['pin', 'unpin'],
    named: (e) => e.kind,
    prefix: '',
    names: ['pin', 'unpin'],
  },
  {
    what: 'fault',
    about: 'an access aborts, or a buffer stops',
    kinds: FAULTS,
    named: (e) => e.kind,
    prefix: '',
    names: FAULTS,
  },
];

const rowOf = (what: string): Catchable => {
  const row = CATCHABLE.find((one) => one.what === what);
  if (row === undefined) throw new Error(`nothing catches '${what}'`);
  return row;
};

const isNamed = ({ name, what }: Catch, value: unknown): boolean =>
  name === null || String(value) === name || String(value) === rowOf(what).prefix + name;

export function catchesEvent(stop: Catch, event: SessionEvent): boolean {
  const row = rowOf(stop.what);
  return row.kinds.includes(event.kind) && isNamed(stop, row.named(event));
}

export const catchesCall = (stop: Catch, call: CallReport): boolean => stop.what === 'ioctl' && isNamed(stop, call.ioctl);

/** `vcpu.exit KVM_EXIT_MMIO`; where the kind is the name, the kind. */
export function eventText(stop: Catch, event: SessionEvent): string {
  const value = rowOf(stop.what).named(event);
  return value === event.kind || value === undefined ? event.kind : `${event.kind} ${String(value)}`;
}

/** The first thing that each catch saw in what a command did. */
export function caught(catches: readonly Catch[], calls: readonly CallReport[], events: readonly SessionEvent[]): readonly StopTaken[] {
  return catches.flatMap((stop) => {
    const call = calls.find((one) => catchesCall(stop, one));
    if (call !== undefined) return [{ number: stop.id, what: call.ioctl }];
    const event = events.find((one) => catchesEvent(stop, one));
    return event === undefined ? [] : [{ number: stop.id, what: eventText(stop, event) }];
  });
}
