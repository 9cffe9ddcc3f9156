// The profiling buffer through time, from the event log: on and off, pages pinned and unpinned, S set and by whom, the interrupt taken, and
// the blackout windows between (kvm-spe-abi.md §4.3, §8.3). A tick is one operation of any vCPU.
import { readField } from '../arch/sysreg/define.ts';
import { REGISTERS, registerIndex } from '../arch/sysreg/table.ts';
import { hex } from '../base/hex.ts';
import { eventsUntilNow } from './interrupt-events.ts';
import type { SessionEvent } from './outcome.ts';
import type { Context } from './session.ts';
import { vcpuName } from './vmm.ts';

export interface TimelineEntry {
  readonly tick: number;
  /** vCPU as printed; `host` for what the host did. */
  readonly vcpu: string;
  /**
   * `on`, `off`, `pin`, `unpin`, `S set`, `S cleared`, `exit`, `RLIMIT`, `COLL`, `filter`, what the host did; of the buffer's interrupt
   * `line high`, `line low`, `LR0`, `PPI taken`, `PPI dropped`, `PPI ended`, `PPI again`.
   */
  readonly what: string;
  readonly detail: string;
}

/** Profiling stood still from S set on, though the guest wanted it. */
export interface BlackoutWindow {
  readonly vcpu: string;
  /** Tick when S was set. */
  readonly from: number;
  readonly cause: string;
  /** Ticks when the guest acknowledged the interrupt, and when the buffer was on again; null = not yet. */
  readonly taken: number | null;
  readonly on: number | null;
  /** Operations from S to the interrupt taken, and to the buffer on again; null = not yet. */
  readonly operations: number | null;
  readonly untilOn: number | null;
}

export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  readonly windows: readonly BlackoutWindow[];
}

const BSC: Readonly<Record<number, string>> = { 0: 'access not allowed', 1: 'buffer full', 4: 'buffer too large' };
const CLASSES: Readonly<Record<number, string>> = { 31: 'implementation defined', 36: 'stage 1 fault', 37: 'stage 2 fault' };

const PMBSR = REGISTERS[registerIndex('PMBSR_EL1')];
const field = (word: bigint, name: string): number => {
  const row = PMBSR.fields.find((f) => f.name === name);
  if (row === undefined) throw new Error(`PMBSR_EL1 has no field ${name}`);
  return Number(readField(word, row));
};

/** A PMBSR_EL1 with S set in words: `buffer full (0x20001)`. */
export function syndromeText(pmbsr: bigint): string {
  const ec = field(pmbsr, 'EC');
  const code = field(pmbsr, 'MSS') & 0x3f;
  const fault = ec === 0x24 || ec === 0x25 ? `, FSC ${hex(code, 2)}` : '';
  const what = ec === 0 ? (BSC[code] ?? `BSC ${hex(code)}`) : `${CLASSES[ec] ?? `EC ${hex(ec)}`}${fault}`;
  const external = field(pmbsr, 'EA') === 1 ? 'external abort, ' : '';
  return `${external}${what} (${hex(pmbsr)})`;
}

const count = (n: unknown): string => Number(n).toLocaleString('en-US');
const plural = (n: unknown, one: string, more: string): string => `${count(n)} ${Number(n) === 1 ? one : more}`;

function pages(e: SessionEvent): string {
  const tables = Number(e['tables']) > 0 ? `, ${plural(e['tables'], 'table page', 'table pages')}` : '';
  return `${plural(e['data'], 'page', 'pages')}${tables}: ${count(e['bytes'])} bytes, ${count(e['locked'])} locked`;
}

/** Why the unit or KVM set S; null for events that are no cause. */
function causeOf(e: SessionEvent): string | null {
  switch (e.kind) {
    case 'spe.event': {
      const shown = BigInt(String(e['pmbsr']));
      const hardware = syndromeText(BigInt(String(e['hardware'])));
      if (field(shown, 'S') === 0) return null;
      return e['hardware'] === e['pmbsr'] ? `by the SPU: ${hardware}` : `by the SPU: ${hardware}, shown as ${hex(shown)}`;
    }
    case 'spe.too-large':
      return `by KVM: ${count(e['size'])} bytes, the maximum is ${count(e['max'])} (${String(e['pmbsr'])})`;
    case 'spe.unmapped':
    case 'spe.unbacked':
      return `by KVM: ${syndromeText(BigInt(String(e['pmbsr'])))}${e.kind === 'spe.unbacked' ? `, no memory slot at ${String(e['gpa'])}` : ''}`;
    default:
      return null;
  }
}

/** One event as an entry; null when it is none of the buffer's. */
function entryOf(e: SessionEvent): Pick<TimelineEntry, 'what' | 'detail'> | null {
  switch (e.kind) {
    case 'spe.on':
      return { what: 'on', detail: `${count(e['size'])} bytes` };
    case 'spe.off':
      return { what: 'off', detail: '' };
    case 'spe.irq-low':
      return { what: 'S cleared', detail: '' };
    case 'pin':
    case 'unpin':
      return { what: e.kind, detail: pages(e) };
    case 'spe.rlimit':
      return { what: 'RLIMIT', detail: `${count(e['bytes'])} bytes wanted, ${count(e['excess'])} over the limit of ${count(e['limit'])}` };
    case 'spe.event':
    case 'spe.too-large':
    case 'spe.unmapped':
    case 'spe.unbacked': {
      const cause = causeOf(e);
      if (cause !== null) return { what: 'S set', detail: cause };
      return { what: 'hidden', detail: `${syndromeText(BigInt(String(e['hardware'])))}: pinned again, the guest is not told` };
    }
    case 'spe.collision':
      return { what: 'COLL', detail: String(e['why']) };
    case 'spe.filter':
      return { what: 'filter', detail: String(e['why']) };
    default:
      return null;
  }
}

interface Lane {
  /** The last cause of S that no interrupt has followed. */
  cause: string | null;
  /** The buffer management interrupt; -1 until its line first went high. */
  intid: number;
  window: { -readonly [K in keyof BlackoutWindow]: BlackoutWindow[K] } | null;
}

/** What the vGIC told of the buffer's interrupt, but its acknowledge; null for what `vgic irq` alone shows. */
function stepOfInterrupt(e: SessionEvent): Pick<TimelineEntry, 'what' | 'detail'> | null {
  const intid = String(e['intid']);
  switch (e.kind) {
    case 'irq.raised':
      return { what: 'line high', detail: intid };
    case 'irq.lowered':
      return { what: 'line low', detail: intid };
    case 'irq.delivered':
      return { what: `LR${String(e['listRegister'])}`, detail: `${intid} pending` };
    case 'irq.dropped':
      return { what: 'PPI dropped', detail: `${intid}: its priority; it is active until ICC_DIR_EL1 says otherwise` };
    case 'irq.ended':
      return { what: 'PPI ended', detail: intid };
    case 'irq.reraised':
      return { what: 'PPI again', detail: `${intid}: the maintenance interrupt took the vCPU out, and the line is still high` };
    default:
      return null;
  }
}

/** What the log says of every vCPU's buffer, oldest first. */
export function timelineOf(context: Context): Timeline {
  const entries: TimelineEntry[] = [];
  const windows: BlackoutWindow[] = [];
  const lanes = new Map<string, Lane>();
  const laneOf = (vcpu: string): Lane => {
    const lane = lanes.get(vcpu) ?? { cause: null, intid: -1, window: null };
    lanes.set(vcpu, lane);
    return lane;
  };
  const nameOf = (vm: number, index: number): string => vcpuName(vm, context.world.world.kernel.vms[vm]?.vcpus[index]?.id ?? index);
  const add = (tick: number, vcpu: string, what: string, detail: string): void => void entries.push({ tick, vcpu, what, detail });

  for (const e of eventsUntilNow(context)) {
    if (e.kind === 'host.event') {
      add(e.tick, 'host', String(e['event']), `${String(e['gpa'])}, ${count(e['size'])} bytes: ${String(e['effect'])}`);
      continue;
    }
    if (e.kind.startsWith('irq.')) {
      const vcpu = nameOf(Number(e['vm']), Number(e['vcpu']));
      const { window, intid } = laneOf(vcpu);
      if (e['intid'] !== intid) continue;
      const step = stepOfInterrupt(e);
      if (step !== null) add(e.tick, vcpu, step.what, step.detail);
      if (e.kind !== 'irq.acknowledged' || window === null) continue;
      const after = e.tick - window.from;
      const again = window.taken === null ? '' : ' again';
      window.taken ??= e.tick;
      window.operations ??= after;
      add(e.tick, vcpu, 'PPI taken', `${intid}${again}, ${plural(after, 'operation', 'operations')} after S`);
      continue;
    }
    const vcpu = String(e['vcpu'] ?? '');
    const lane = laneOf(vcpu);
    if (e.kind === 'spe.irq-high') {
      lane.intid = Number(e['intid']);
      const cause = lane.cause ?? 'by the guest';
      if (lane.cause === null) add(e.tick, vcpu, 'S set', cause);
      lane.window = { vcpu, from: e.tick, cause, taken: null, on: null, operations: null, untilOn: null };
      windows.push(lane.window);
      lane.cause = null;
      continue;
    }
    const entry = entryOf(e);
    if (entry === null) continue;
    lane.cause = causeOf(e) ?? lane.cause;
    add(e.tick, vcpu, entry.what, entry.detail);
    if (e.kind === 'spe.event') add(e.tick, vcpu, 'exit', 'PMBIRQ of the CPU: the host takes the vCPU out of the guest');
    if (e.kind === 'spe.on' && lane.window !== null) {
      lane.window.on = e.tick;
      lane.window.untilOn = e.tick - lane.window.from;
      lane.window = null;
    }
  }
  return { entries, windows };
}
