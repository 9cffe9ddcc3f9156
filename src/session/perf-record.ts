// perf record in a Linux guest: the event is opened on the vCPUs, their driver programs the unit, perf reads the AUX buffers while the guests
// run (language.md §3, group perf; spe-architecture §6.7, §6.8, §6.11). What it read is in the session's log for `perf data`.
import { err, ok, type Result } from 'neverthrow';
import { parseCpuList } from '../kernel/cpu-list.ts';
import type { DriverDevice, EventAttributes, OpenEvent } from '../kernel/driver/event.ts';
import { openEvent, term } from '../kernel/driver/event.ts';
import { eventFaultLines, type ParsedEvent, parseEvent } from '../kernel/driver/event-text.ts';
import type { GuestEvent } from '../kernel/driver/guest-event.ts';
import { type SpePmu, spePmus } from '../kernel/driver/pmus.ts';
import { type AuxArea, attachEvent, detachEvent, drainPieces, guestDevice, isMapped, unitInUse } from '../kernel/driver/service.ts';
import { walk } from '../kernel/steps.ts';
import type { Vcpu, Vm } from '../kernel/world.ts';
import { syscallReport } from './calls.ts';
import type { Running } from './command.ts';
import type { PerfLog } from './log.ts';
import type { CallReport, Outcome, Unmet } from './outcome.ts';
import { unmet } from './outcome.ts';
import { startRun } from './run.ts';
import type { Context } from './session.ts';
import { stopOutcome } from './stop-report.ts';
import { vcpuName } from './vmm.ts';

export interface PerfRecordOptions {
  readonly event: string;
  readonly period: bigint | null;
  readonly frequency: bigint | null;
  /** Bytes of each AUX buffer; null: perf's default. */
  readonly size: bigint | null;
  readonly operations: number;
  /** vCPUs by id, as a list; '' = all. */
  readonly cpus: string;
  readonly perThread: boolean;
  readonly snapshot: boolean;
  readonly privileged: boolean;
  /** Operations from a wake-up to perf's reading. */
  readonly lag: number;
}

const PAGE = 4096n;
const LEAST_AUX = 8n * 1024n;
const AUX_PRIVILEGED = 4n * 1024n * 1024n;
const AUX_OTHERS = 128n * 1024n;
/** Kept free at the top of RAM: the device tree lies there. */
const TOP_RESERVE = 64n * 1024n;

const fault = (code: string, message: string, hint: string): Unmet => ({ code, message, hint });

/** The attributes perf makes of its command line: its own defaults where nothing is said. */
function attributesOf(parsed: ParsedEvent, pmu: SpePmu, o: PerfRecordOptions): EventAttributes {
  const timestamps = !o.perThread && !parsed.given.includes('ts_enable') ? pmu.formats.find((f) => f.name === 'ts_enable') : undefined;
  const config =
    timestamps === undefined
      ? parsed.config
      : parsed.config.map((w, i) => (i === timestamps.word ? w | (1n << BigInt(timestamps.low)) : w));
  return {
    type: pmu.type,
    config,
    period: o.period ?? parsed.period ?? pmu.minInterval,
    frequency: parsed.frequency !== null,
    excludeUser: parsed.excludeUser,
    excludeKernel: parsed.excludeKernel,
    excludeIdle: parsed.excludeIdle,
  };
}

/** The vCPUs to record, by the list of ids. */
function chosen(vm: Vm, list: string): Result<readonly Vcpu[], Unmet> {
  if (list === '') return ok(vm.vcpus);
  const ids = parseCpuList(list);
  const found = vm.vcpus.filter((v) => ids !== null && ((ids >> BigInt(v.id)) & 1n) === 1n);
  return found.length === 0 ? err(fault('no-vcpu', `no vCPU in '${list}'`, `vCPUs ${vm.vcpus.map((v) => v.id).join(',')}`)) : ok(found);
}

/** Bytes of one AUX buffer; 0 where there is none (discard mode). */
function auxSize(a: EventAttributes, o: PerfRecordOptions): Result<bigint, Unmet> {
  if (term(a, 'discard') !== 0n) return ok(0n);
  const size = o.size ?? (o.privileged ? AUX_PRIVILEGED : AUX_OTHERS);
  if (size < LEAST_AUX || (size & (size - 1n)) !== 0n || size % PAGE !== 0n) {
    return err(fault('perf-mmap', 'Invalid mmap size for ARM SPE: must be at least 8KiB and a power of 2', '-m 64KiB'));
  }
  return ok(size);
}

/** Where the AUX buffers lie: below the top of the highest memory slot, one for each vCPU. */
function auxAreas(context: Context, vm: Vm, vcpus: readonly Vcpu[], size: bigint, snapshot: boolean): Result<readonly AuxArea[], Unmet> {
  if (size === 0n) return ok(vcpus.map(() => ({ base: 0n, size: 0, snapshot: false })));
  const slot = [...vm.memslots].sort((a, b) => b.gpa - a.gpa)[0];
  const all = size * BigInt(vcpus.length);
  const top = slot === undefined ? 0n : ((BigInt(slot.gpa + slot.size) - TOP_RESERVE) / size) * size;
  const base = top - all;
  if (slot === undefined || base < BigInt(slot.gpa))
    return err(fault('perf-mmap', 'failed to mmap with 12 (Cannot allocate memory)', '-m SIZE'));
  for (const v of vcpus) {
    if (!isMapped(context.world, vm.index, v.index, base, Number(all))) {
      return err(
        fault(
          'perf-mmap',
          `${vcpuName(vm.index, v.id)} does not map the AUX buffer's memory`,
          'its driver takes the top of RAM, mapped to itself',
        ),
      );
    }
  }
  return ok(vcpus.map((_, n) => ({ base: base + size * BigInt(n), size: Number(size), snapshot })));
}

/** How strace would print the call. */
function openText(open: OpenEvent): string {
  const a = open.attributes;
  const words = a.config.flatMap((w, i) => (w === 0n && i > 0 ? [] : [`config${i === 0 ? '' : i}=0x${w.toString(16)}`]));
  const excluded = [
    a.excludeUser ? 'exclude_user=1' : '',
    a.excludeKernel ? 'exclude_kernel=1' : '',
    a.excludeIdle ? 'exclude_idle=1' : '',
  ];
  const members = [`type=${a.type}`, ...words, `sample_period=${a.period}`, a.frequency ? 'freq=1' : '', ...excluded, 'disabled=1'];
  const target = open.cpu < 0 ? '0, -1' : `-1, ${open.cpu}`;
  return `perf_event_open({${members.filter((m) => m !== '').join(', ')}}, ${target}, -1, PERF_FLAG_FD_CLOEXEC)`;
}

interface Prepared {
  readonly vm: Vm;
  readonly pmu: SpePmu;
  readonly vcpus: readonly Vcpu[];
  readonly opens: readonly OpenEvent[];
  readonly areas: readonly AuxArea[];
}

/** Everything before the first call. */
function prepare(context: Context, o: PerfRecordOptions): Result<Prepared, Unmet> {
  const vm = context.world.world.kernel.vms[context.vm];
  if (vm === undefined) return err(fault('no-vm', 'there is no VM', 'up GUEST'));
  const pmus = spePmus(context.world, vm.index);
  const parsed = parseEvent(o.event, pmus);
  if (parsed.isErr()) {
    const [first, pointer, , help] = eventFaultLines(parsed.error);
    return err(
      fault(
        'perf-event',
        `${first}\n${pointer}`,
        help ?? `sysfs tree /sys/bus/event_source/devices/${pmus[0]?.name ?? 'arm_spe_0'}/format`,
      ),
    );
  }
  if (parsed.value.notPlayed.length > 0) {
    const { notPlayed } = parsed.value;
    return err(
      fault(
        'perf-term',
        `${notPlayed.join(', ')}: perf's own, and not played here`,
        'the terms of format/, config to config3, period, name',
      ),
    );
  }
  if (o.frequency !== null) {
    return err(
      fault(
        'perf-freq',
        'Arm SPE: Frequency is not supported. Set period with -c option or PMU parameter (-e arm_spe_0/period=NUM/).',
        '-c PERIOD',
      ),
    );
  }
  const device: DriverDevice | null = guestDevice(context.world, vm.index);
  const word = parsed.value.pmu;
  const pmu = pmus.find((p) => p.name === word || p.name.startsWith(`${word}_`));
  if (device === null || pmu === undefined)
    return err(fault('perf-event', `Cannot find PMU \`${word}'. Missing kernel support?`, 'sysfs ls /sys/bus/event_source/devices'));
  const attributes = attributesOf(parsed.value, pmu, o);
  return chosen(vm, o.cpus).andThen((vcpus) =>
    auxSize(attributes, o)
      .andThen((size) => auxAreas(context, vm, vcpus, size, o.snapshot))
      .andThen((areas) => {
        for (const v of vcpus) {
          const used = unitInUse(context.world, vm.index, v.index);
          if (used !== null)
            return err(
              fault('perf-busy', `the unit of ${vcpuName(vm.index, v.id)} is in use: ${used}`, 'run on to its end, or another vCPU by -C'),
            );
        }
        const opener = { privileged: o.privileged, pidInContextidr: false };
        const opens = vcpus.map((v): OpenEvent => ({ device, attributes, opener, cpu: o.perThread ? -1 : v.thread.cpu }));
        return ok({ vm, pmu, vcpus, opens, areas });
      }),
  );
}

/** Opens the event on every vCPU: the reports of the calls; the last one is a refusal when it was refused. */
function openAll(context: Context, p: Prepared): readonly CallReport[] {
  const calls: CallReport[] = [];
  for (const [n, open] of p.opens.entries()) {
    const on = vcpuName(p.vm.index, p.vcpus[n].id);
    const answer = walk(openEvent, open);
    const report = syscallReport({ name: 'perf_event_open', on, text: openText(open) }, answer, n + 3);
    calls.push(report);
    context.returned(report);
    if (answer.isErr()) break;
  }
  return calls;
}

/** `perf record`: runs the vCPUs with the event on. */
export function perfRecord(context: Context, o: PerfRecordOptions): Outcome | Running {
  const prepared = prepare(context, o);
  if (prepared.isErr()) return unmet(prepared.error.code, prepared.error.message, prepared.error.hint);
  const p = prepared.value;
  const calls = openAll(context, p);
  const refused = calls.find((c) => c.errno !== null);
  if (refused !== undefined) return { ok: false, call: refused, value: null, data: null, events: [] };

  const from = context.log.events.length;
  const events: GuestEvent[] = p.vcpus.map((v, n) => attachEvent(context.world, p.vm.index, v.index, p.opens[n], p.areas[n], o.lag));
  const log: PerfLog = {
    event: o.event,
    pmu: p.pmu.name,
    attributes: p.opens[0].attributes,
    perThread: o.perThread,
    streams: p.vcpus.map((v) => ({ vcpu: vcpuName(p.vm.index, v.id), index: v.index, cpu: v.thread.cpu, pieces: [], wakeups: 0 })),
  };
  context.writableLog.perf.push(log);

  const end = (outcome: Outcome): Outcome => {
    for (const [n, v] of p.vcpus.entries()) {
      const stream = log.streams[n];
      stream.pieces.push(...drainPieces(context.world, p.vm.index, v.index));
      const done = detachEvent(context.world, p.vm.index, v.index);
      for (const event of done.events) context.note(event);
      stream.pieces.push(...done.event.pieces);
      stream.wakeups = done.event.wakeups;
    }
    const all = [...calls, ...(outcome.calls ?? [])];
    return { ...outcome, calls: all, data: { ...outcome.data, perf: reportOf(context, from, log, events[0], p.areas) } };
  };
  const plan = { vcpus: p.vm.vcpus.map((v) => v.index), operations: o.operations, stops: true, reenter: true, spent: 'stay' } as const;
  return startRun(context, plan, (stop) => end(stopOutcome(context, stop)));
}

/** The recording as data: addresses and register values as text. */
function reportOf(context: Context, from: number, log: PerfLog, event: GuestEvent, areas: readonly AuxArea[]): Record<string, unknown> {
  const hex = (value: bigint): string => `0x${value.toString(16)}`;
  const started = context.log.events.slice(from).find((e) => e.kind === 'perf.start');
  const { registers: r } = event;
  // In the order in which the driver writes them.
  const written: [string, string | null][] = [
    ['PMBPTR_EL1', r.discard ? null : hex(areas[0].base)],
    ['PMBLIMITR_EL1', r.discard ? '0x5' : started === undefined ? null : String(started['limit'])],
    ...(['PMSFCR_EL1', 'PMSEVFR_EL1', 'PMSNEVFR_EL1', 'PMSDSFR_EL1', 'PMSLATFR_EL1', 'PMSIRR_EL1'] as const).map(
      (name): [string, string | null] => {
        const value = r[name];
        return [name, value === null ? null : hex(value)];
      },
    ),
    ['PMSICR_EL1', hex(event.open.attributes.period)],
    ['PMSCR_EL1', hex(r.PMSCR_EL1)],
  ];
  const registers: Record<string, string> = {};
  for (const [name, value] of written) if (value !== null) registers[name] = value;
  const streams = log.streams.map((s) => ({
    vcpu: s.vcpu,
    cpu: s.cpu,
    wakeups: s.wakeups,
    bytes: s.pieces.reduce((sum, piece) => sum + (piece.kind === 'data' ? piece.bytes.length : 0), 0),
    aux: s.pieces.flatMap((piece) =>
      piece.kind === 'aux' ? [{ tick: piece.tick, offset: piece.offset, size: piece.size, flags: piece.flags }] : [],
    ),
    log: s.pieces.flatMap((piece) => (piece.kind === 'log' ? [piece.text] : [])),
  }));
  return {
    event: log.event,
    pmu: log.pmu,
    type: log.attributes.type,
    config: log.attributes.config.map(hex),
    period: Number(log.attributes.period),
    auxSize: areas[0].size,
    registers,
    streams,
  };
}
