// Where KVM's vGIC differs from the architecture, each as a knob of the host fixture. Source: vgic.md 8.
// `true` is KVM's behaviour; only Q9 is off by default, since the virtual CPU interface of real hardware follows the architecture there.
import type { Host } from '../host.ts';

export interface QuirkRow {
  readonly id: string;
  readonly knob: string;
  readonly standard: boolean;
  readonly kvm: string;
  readonly architecture: string;
}

export const QUIRKS = {
  levelLatchSurvivesAck: {
    id: 'Q1',
    knob: 'vgic.levelLatchSurvivesAck',
    standard: true,
    kvm: 'the latch of a level interrupt survives the acknowledge and is cleared at deactivation',
    architecture: 'activation clears it',
  },
  pendWhileActiveLost: {
    id: 'Q2',
    knob: 'vgic.pendWhileActiveLost',
    standard: true,
    kvm: 'ISPENDR of an active level interrupt is lost at its end',
    architecture: 'it stays pending after deactivation',
  },
  noActivePendingLevel: {
    id: 'Q3',
    knob: 'vgic.noActivePendingLevel',
    standard: true,
    kvm: 'a list register never holds a level interrupt active and pending',
    architecture: 'active and pending exists',
  },
  reraiseNeedsExit: {
    id: 'Q4',
    knob: 'vgic.reraiseNeedsExit',
    standard: true,
    kvm: 'a line still high after the end of the interrupt is seen again after the maintenance exit',
    architecture: 'it is pending again at once',
  },
  noRetract: {
    id: 'Q5',
    knob: 'vgic.noRetract',
    standard: true,
    kvm: "a line that drops is not taken back from a running vCPU's list register",
    architecture: 'it is retracted in finite time',
  },
  prunedWhileOff: {
    id: 'Q6',
    knob: 'vgic.prunedWhileOff',
    standard: true,
    kvm: 'switching GICD_CTLR on does not queue again what was pruned while it was off',
    architecture: 'pending interrupts become deliverable',
  },
  fixedConfig: {
    id: 'Q7',
    knob: 'vgic.fixedConfig',
    standard: true,
    kvm: 'PPIs are level-sensitive for good',
    architecture: 'implementation defined; here: ICFGR1 is writable',
  },
  statusrAllOnes: {
    id: 'Q8',
    knob: 'vgic.statusrAllOnes',
    standard: true,
    kvm: 'GICD_STATUSR reads all ones',
    architecture: 'error bits, none set',
  },
  eoiSpecialDrops: {
    id: 'Q9',
    knob: 'vgic.eoiSpecialDrops',
    standard: false,
    kvm: 'EOIR of 1020-1023 drops the running priority (trap emulation)',
    architecture: 'it is ignored',
  },
  ownerMismatchSilent: {
    id: 'Q10',
    knob: 'vgic.ownerMismatchSilent',
    standard: true,
    kvm: 'driving an interrupt that a device owns answers success and does nothing',
    architecture: 'not applicable; here: -EINVAL',
  },
  irqs1024Refused: {
    id: 'Q11',
    knob: 'vgic.irqs1024Refused',
    standard: true,
    kvm: 'NR_IRQS of 1024 is refused',
    architecture: 'the documentation allows it',
  },
  wfiIgnoresGroups: {
    id: 'Q12',
    knob: 'vgic.wfiIgnoresGroups',
    standard: true,
    kvm: 'WFI ends whatever the group enables and the running priority say',
    architecture: 'allowed; here: only for an interrupt that would be signalled',
  },
  changesAtNextEntry: {
    id: 'Q13',
    knob: 'vgic.changesAtNextEntry',
    standard: true,
    kvm: 'IROUTER and priority changes act when the vCPU next enters the guest',
    architecture: 'in finite time; here: the vCPU is kicked',
  },
  noRangeSelector: {
    id: 'Q14',
    knob: 'vgic.noRangeSelector',
    standard: true,
    kvm: 'SGI range selectors are ignored',
    architecture: 'optional; here: RS other than 0 names affinities that no vCPU has',
  },
} as const satisfies Readonly<Record<string, QuirkRow>>;

/** Which of KVM's behaviours are on. Frozen: clones of the world share it. */
export type Quirks = { readonly [name in keyof typeof QUIRKS]: boolean };

const names = Object.keys(QUIRKS) as (keyof typeof QUIRKS)[];

/** The quirks of a host, frozen; a knob that the fixture does not carry has its standard value. */
export function quirksOf(host: Pick<Host, 'knobs'>): Quirks {
  const out: Partial<Record<keyof Quirks, boolean>> = {};
  for (const name of names) {
    const row: QuirkRow = QUIRKS[name];
    const own = host.knobs[row.knob];
    out[name] = typeof own === 'boolean' ? own : row.standard;
  }
  return Object.freeze(out as Quirks);
}

/** List registers of the host: the knob `vgic.lrs`, 1 to 16. */
export function listRegistersOf(host: Pick<Host, 'knobs'>): number {
  const own = host.knobs['vgic.lrs'];
  return typeof own === 'number' ? Math.min(Math.max(own, 1), 16) : 16;
}
