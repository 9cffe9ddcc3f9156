// What spesh has of KVM's vGICv3: one row a rule of vgic.md §2 to §4 and §8 (the reference that the sections of the comments name), with the
// tests that show it. README.md prints it. Its §1, what user space calls, is in kernel/coverage.ts, from the lists of checks themselves.
import { full, none, partial, type ReferenceRow } from '../reference-coverage.ts';
import { QUIRKS } from './quirks.ts';

const VECTORS = 'kernel/vgic-state-machine';
const TRANSITIONS = 'kernel/vgic-transitions';
const MMIO = 'kernel/vgic-mmio';
const VCPUS = 'kernel/vgic-vcpus';
const QUIRK_TESTS = 'kernel/vgic-quirks';
const ERRNOS = 'kernel/vgic-errnos';
const MIGRATION = 'kernel/vgic-migration';
const LAWS = 'kernel/vgic-laws';
const MODEL = 'kernel/vgic-model';
const INTERFACE = 'machine/gic-interface';
const TIMER = 'kernel/timer';
const DAY = 'fixtures/sessions/interrupt.md';
const NO_LPI = 'no ITS, and so no LPIs';

const ONE_INTERRUPT: readonly ReferenceRow[] = [
  full(
    '2.1',
    'the state of an interrupt: enable, configuration, group, priority, latch, line, active, target, list, owner; at reset',
    MMIO,
    VECTORS,
  ),
  full('2.1', 'pending() and route(): which vCPU must have it, if any', VECTORS, LAWS),
  full('2.1', 'interrupts mapped to the host’s: the timers’ PPIs; PMU and SPE are not mapped', TIMER, VECTORS),
  full('2.2', 'injection: the order of its checks, silence for a wrong owner and for no change', TRANSITIONS, ERRNOS),
  full('2.3', 'queueing, and which vCPU is kicked', TRANSITIONS, VECTORS),
  full('2.3', 'what ends a WFI', QUIRK_TESTS, TIMER),
  full(
    '2.4',
    'entry: a list register for each interrupt that goes to this vCPU: level, edge, mapped; group and priority of now',
    TRANSITIONS,
    VECTORS,
    TIMER,
  ),
  full(
    '2.4',
    'more interrupts than list registers (knob vgic.lrs, 1 to 16): pending first, then by priority; exits on underflow, nothing pending, EOIcount',
    QUIRK_TESTS,
    MODEL,
  ),
  full('2.5', 'exit: fold, then prune; the order inside KVM_RUN', TRANSITIONS, VECTORS, LAWS),
  none('2.5', 'irqfd resamplers are told of the end of a level SPI', 'KVM_IRQFD is not modelled: `irq-line spi` drives the same lines'),
  full('2.6', 'the maintenance interrupt, and an interrupt whose line is still high at its end', VECTORS, LAWS, DAY),
  full('2.7', 'transitions T1 to T25', TRANSITIONS, MODEL),
  full('2.8', 'faithful stepping: list registers are copies, filled at entry and folded at exit; stale ones can be acknowledged', VECTORS),
  none('2.8', 'simple stepping, where every step is an exit and an entry', 'a choice: list registers are modelled instead'),
  full('2.9', 'vectors V1 to V66', VECTORS),
];

const CPU_INTERFACE: readonly ReferenceRow[] = [
  full('3', 'ICC_*_EL1: encodings, directions, what is UNDEFINED, fixed bits, resets', INTERFACE),
  full('3', 'the candidate, HPPIR, the signalled IRQ, the acknowledge, RPR', INTERFACE, VECTORS, MODEL),
  full('3', 'group priorities by BPR0 and BPR1, CBPR', INTERFACE, VECTORS, MODEL),
  full('3', 'EOIR with both EOImodes, order of ends, EOIcount; DIR, from another vCPU too', INTERFACE, TRANSITIONS, QUIRK_TESTS, VCPUS),
  full('3', 'group 0: FIQ, IAR0, EOIR0, IGRPEN0', INTERFACE, TRANSITIONS),
  full('3', 'SGI1R, SGI0R, ASGI1R: target list, IRM, affinities that nobody has, the group rule', MMIO, VECTORS),
  full('3', 'reset of a vCPU leaves the CPU interface as it is; CTRL_INIT resets it', ERRNOS),
  partial(
    '3',
    'five priority bits and five preemption bits, 16-bit INTIDs',
    'every host here has as many; KVM takes the numbers from the host',
    INTERFACE,
  ),
];

const FRAMES: readonly ReferenceRow[] = [
  full('4', 'access sizes; what is misaligned, of another size, unknown or beyond NR_IRQS reads 0 and is not written; no abort', MMIO),
  full('4', 'any vCPU may access any redistributor; active bits stop the vCPUs they may be of', MMIO, VCPUS),
  full('4.1', 'the distributor as the guest reads and writes it: defaults and effects', MMIO, TRANSITIONS),
  full('4.1', 'the distributor as user space does: latches, GICD_CTLR, IIDR, TYPER2', ERRNOS, MIGRATION),
  none('4.1', 'GICD_TYPER with an ITS, nASSGIreq and nASSGIcap', `${NO_LPI}; no GICv4.1`),
  full('4.2', 'the redistributor’s RD frame: CTLR by revision, TYPER with Last, WAKER, PROPBASER, PENDBASER', MMIO, ERRNOS),
  none('4.2', 'EnableLPIs, PLPIS, INVLPIR, INVALLR, SYNCR beyond reading 0', NO_LPI),
  full('4.3', 'the SGI frame as the guest sees it', MMIO, TRANSITIONS, VECTORS),
  full('4.3', 'the SGI frame as user space sees it: ISPENDR is the latch, assigned whole; ICPENDR nothing', ERRNOS, TRANSITIONS, MIGRATION),
  full('4.3', 'a guest’s bring-up, in the order that works with KVM', 'program/guests', DAY),
];

/** One row a quirk, with the name of its knob. */
const quirkRows: readonly ReferenceRow[] = Object.values(QUIRKS).map((q) => {
  const tests = { Q11: [ERRNOS], Q14: [MMIO] }[q.id as string] ?? [QUIRK_TESTS];
  return full('8', `${q.id}: ${q.kvm} (knob \`${q.knob}\`${q.standard ? '' : ', off by default'})`, ...tests);
});

export const VGIC_COVERAGE: readonly ReferenceRow[] = [...ONE_INTERRUPT, ...CPU_INTERFACE, ...FRAMES, ...quirkRows];
