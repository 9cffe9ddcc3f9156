// Why a guest's profiling buffer stopped, or could not be enabled: the checks of the kernel or the rule of the unit, from the event that told
// it (kvm-spe-abi.md §3.7, §4.2, §8.3).
import { hex } from '../base/hex.ts';
import type { CheckTrace } from '../kernel/call.ts';
import { evidenceInFull } from '../kernel/steps.ts';
import type { CheckReport, SessionEvent } from './outcome.ts';
import { syndromeText } from './timeline.ts';

const STOPS = new Set(['spe.event', 'spe.too-large', 'spe.unmapped', 'spe.unbacked', 'spe.rlimit']);

/** An event that stopped a buffer, with the number of calls that were logged before it: refusals behind them are newer. */
export const stamped = (event: SessionEvent, calls: number): SessionEvent => (STOPS.has(event.kind) ? { ...event, calls } : event);

export interface BufferStop {
  readonly vcpu: string;
  readonly tick: number;
  /** Calls logged before it. */
  readonly calls: number;
  /** PMBSR_EL1 as the guest finds it; null: an exit to user space. */
  readonly pmbsr: string | null;
  /** `vcpu0 at tick 16,584: PMBSR_EL1: buffer too large (0x20004)`. */
  readonly head: string;
  readonly checks: readonly CheckReport[];
}

const reported = (trace: CheckTrace): CheckReport => ({
  errno: trace.errno,
  why: trace.why,
  saw: trace.saw,
  result: trace.result,
  evidence: evidenceInFull(trace.evidence),
  ...(trace.wouldPass === undefined ? {} : { wouldPass: trace.wouldPass }),
});

/** What made the unit stop, by the class of its syndrome; what would not have. */
const RULES: Readonly<Record<string, readonly [string, string]>> = {
  'buffer full': ['less than a largest record was left below LIMIT', 'the guest drains the buffer and sets the pointer back'],
  'access not allowed': [
    'PMBPTR_EL1 breaks a rule of the buffer',
    'a multiple of 1 << PMBIDR_EL1.Align, with bits 63:56 of LIMIT, no nearer to it than a largest record',
  ],
  'stage 1 fault': ['stage 1 refused the write of a record', 'the page mapped and writable at EL1 while the buffer is on'],
  'stage 2 fault': ['stage 2 did not map the page of a record', 'the host leaves the pages of the buffer alone'],
};

/**
 * The rule of the unit behind a hardware event, and what KVM makes of it where it shows something else. `reason`: of the unit, as it stopped:
 * `buffer filled: 0 bytes are left before LIMIT`.
 */
function unitChecks(e: SessionEvent, reason: string | null): CheckReport[] {
  const hardware = BigInt(String(e['hardware']));
  const shown = BigInt(String(e['pmbsr']));
  const words = syndromeText(hardware);
  const rule = Object.entries(RULES).find(([name]) => words.includes(name))?.[1];
  const checks: CheckReport[] = [
    {
      errno: `PMBSR ${hex(hardware)}`,
      why: rule?.[0] ?? `the unit stopped: ${words}`,
      saw: `${reason?.replace(/^[^:]*: /, '') ?? `PMBPTR_EL1 ${String(e['pointer'])}`}; PMBLIMITR_EL1 ${String(e['limitr'])}`,
      result: 'failed',
      evidence: 'arch: Arm ARM D17.7, D17.8',
      ...(rule === undefined ? {} : { wouldPass: rule[1] }),
    },
  ];
  if (hardware === shown) return checks;
  return [
    ...checks,
    {
      errno: `PMBSR ${hex(shown)}`,
      why: 'the event is the host’s business: the guest is shown what the knob s2FaultPolicy says',
      saw: words,
      result: 'failed',
      evidence: 'v5: kvm_spe_sync_hwstate; inferred (L): v6 unknown',
    },
  ];
}

function stopOf(e: SessionEvent, reason: string | null): BufferStop {
  const pmbsr = typeof e['pmbsr'] === 'string' ? e['pmbsr'] : null;
  const vcpu = String(e['vcpu']);
  const tick = `${vcpu} at tick ${e.tick.toLocaleString('en-US')}`;
  const traces = e['checks'] as readonly CheckTrace[] | undefined;
  return {
    vcpu,
    tick: e.tick,
    calls: Number(e['calls'] ?? 0),
    pmbsr,
    head:
      pmbsr === null
        ? `${tick}: KVM_EXIT_RLIMIT, ${String(e['excess'])} bytes over the limit`
        : `${tick}: PMBSR_EL1: ${syndromeText(BigInt(pmbsr))}`,
    checks: traces === undefined ? unitChecks(e, reason) : traces.map(reported),
  };
}

/** The newest of them; null when there is none. Events that KVM hid from the guest are not counted. */
export function lastBufferStop(events: readonly SessionEvent[]): BufferStop | null {
  const hidden = (e: SessionEvent): boolean => e.kind === 'spe.event' && (BigInt(String(e['pmbsr'])) & (1n << 17n)) === 0n;
  const event = events.findLast((e) => STOPS.has(e.kind) && !hidden(e));
  if (event === undefined) return null;
  const unit = events.findLast((e) => e.kind === 'spe.stop' && e['vcpu'] === event['vcpu'] && e.tick <= event.tick);
  return stopOf(event, unit === undefined ? null : String(unit['why']));
}
