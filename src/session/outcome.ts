// What became of a command: plain data, one object, which is also the JSON line (language.md §6) and the notebook's record.
import type { Command } from './command.ts';

/** One ioctl as strace sees it, and after a refusal the check that failed. */
export interface CallReport {
  /** Request name, `KVM_SET_DEVICE_ATTR`, or the number as text when it has none. */
  readonly ioctl: string;
  /** `vcpu0`, `vm`, `kvm`, `vgic`; for further VMs `vm1/vcpu0`. */
  readonly on: string;
  /** The whole line in strace's form. */
  readonly strace: string;
  readonly ret: number;
  /** Name without the minus; null on success. */
  readonly errno: string | null;
  readonly number: number;
  /** Sentence of the check that failed. */
  readonly why?: string;
  readonly check?: number;
  readonly of?: number;
  /** Evidence tag (`seed`, `v5`, `mainline`, `inferred`…) and, behind it, the place: `seed: kvm_spe_set_spu`. */
  readonly evidence?: string;
  readonly evidenceText?: string;
  /** Every check in order, what each saw: `why` prints it. */
  readonly checks?: readonly CheckReport[];
}

export interface CheckReport {
  readonly errno: string;
  readonly why: string;
  /** What it saw, in words: `irq 32`. */
  readonly saw: string;
  readonly result: 'passed' | 'failed' | 'not reached';
  readonly evidence: string;
  /** What would have passed, where the check can say it. */
  readonly wouldPass?: string;
}

/** A hint is never missing (language.md §1). */
export interface Unmet {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Something that happened while a command ran. `kind` as in design.md §10: 'spe.record', 'irq.raised', 'vcpu.exit', 'pin', … */
export interface SessionEvent {
  readonly kind: string;
  readonly tick: number;
  readonly [member: string]: unknown;
}

export interface FileWrite {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface Displayed {
  readonly n: number;
  readonly expression: string;
  readonly value: string;
  /** Its value when it was shown last, where that was another one. */
  readonly was?: string;
}

/** What `set context` shows where a run stopped. */
export interface StopContext {
  readonly sections: readonly string[];
  /** Registers that the command changed. */
  readonly changes: StopContext['registers'];
  readonly registers: readonly { readonly name: string; readonly value: string; readonly was?: string }[];
  readonly code: readonly { readonly address: string; readonly symbol: string | null; readonly text: string }[];
}

/** A breakpoint or catch that stopped a command, and what it saw. */
export interface StopTaken {
  readonly number: number;
  readonly what: string;
}

/** A command that `on N 'CMD'` ran there. */
export interface RanOnStop {
  readonly stop: number;
  readonly command: Command;
  readonly outcome: Outcome;
}

export interface Outcome {
  readonly ok: boolean;
  readonly call?: CallReport;
  readonly calls?: readonly CallReport[];
  /** What get, print, mrs, reg, cap, x read: a number, or a string "0x…" for addresses, register values, masks; hex bytes for x. */
  readonly value: number | string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly events: readonly SessionEvent[];
  readonly unmet?: Unmet;
  /** An expectation: what was expected and what came. */
  readonly expected?: string;
  readonly got?: string;
  readonly writes?: readonly FileWrite[];
  /** Expressions that `display` shows where a run stopped; a value that cannot be read is its reason. */
  readonly displays?: readonly Displayed[];
  readonly context?: StopContext;
  /** What the shell adds behind it: the next step of a tutorial. */
  readonly notes?: readonly string[];
  /** The stops that ended it; of a run, also where there were none. */
  readonly stopped?: readonly StopTaken[];
  readonly onStop?: readonly RanOnStop[];
  /** The session went back or forth in time: the journal is that of where it is now. */
  readonly rewound?: true;
  /** `quit`: the exit code asked for. */
  readonly quit?: number;
  /** Commands that it brought and that did not run, for one before them had failed. */
  readonly notRun?: number;
  /** Ctrl-C ended it. */
  readonly interrupted?: boolean;
}

export const done = (data: Outcome['data'] = null, more: Partial<Outcome> = {}): Outcome => ({
  ok: true,
  value: null,
  data,
  events: [],
  ...more,
});

export const unmet = (code: string, message: string, hint: string): Outcome => ({
  ok: false,
  value: null,
  data: null,
  events: [],
  unmet: { code, message, hint },
});
