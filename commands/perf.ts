// perf: what perf makes of a session (language.md §3, group perf).
import { Result } from 'neverthrow';
import { hex } from '../src/base/hex.ts';
import { AUX_COLLISION, AUX_OVERWRITE, AUX_PARTIAL, AUX_TRUNCATED } from '../src/kernel/driver/aux-ring.ts';
import type { PerfPiece } from '../src/kernel/driver/guest-event.ts';
import type { SpuDevice } from '../src/kernel/host.ts';
import { fieldOfRegister, readGuestRegister } from '../src/kernel/view.ts';
import { eventCandidates } from '../src/session/candidates.ts';
import type { Argument, Arguments, Running } from '../src/session/command.ts';
import { FOREVER, refuse } from '../src/session/enter.ts';
import type { PerfLog } from '../src/session/log.ts';
import { done, type Outcome, type Unmet, unmet } from '../src/session/outcome.ts';
import { perfRecord } from '../src/session/perf-record.ts';
import { type SampleRecord, traceOf } from '../src/session/records.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';
import { showStop } from '../src/shell/show-stop.ts';
import { decodeColumns } from '../src/trace/decode.ts';
import { plainEvent, plainMachine } from '../src/trace/perf-data/defaults.ts';
import { type GuestBuffer, type GuestStream, guestRecording } from '../src/trace/perf-data/guest-recording.ts';
import { readAtBytes } from '../src/trace/perf-data/read-at.ts';
import type { RecordedEvent, RecordedMachine } from '../src/trace/perf-data/recording.ts';
import { writePerfData } from '../src/trace/perf-data/write.ts';
import { type Doc, text } from '../src/view/doc.ts';

/** The VMM's process, and its threads: one a vCPU, named as QEMU names them. */
const VMM_PID = 4000;

/** Controls of the SPE PMU's `format/` files (reference perf-data §1.2.1) and the register fields that hold them. */
const CONTROLS: readonly (readonly [format: string, bit: bigint, register: string, field: string])[] = [
  ['ts_enable', 0n, 'PMSCR_EL1', 'TS'],
  ['pa_enable', 1n, 'PMSCR_EL1', 'PA'],
  ['jitter', 16n, 'PMSIRR_EL1', 'RND'],
  ['branch_filter', 32n, 'PMSFCR_EL1', 'B'],
  ['load_filter', 33n, 'PMSFCR_EL1', 'LD'],
  ['store_filter', 34n, 'PMSFCR_EL1', 'ST'],
];

function machineOf(context: Context, spus: readonly SpuDevice[]): RecordedMachine {
  const { host } = context.world.world;
  const plain = plainMachine(host.cpus, host.midr);
  // A socket is a node; the first has the memory that `plain` has.
  const perSocket = Number(host.timing['socketCpus'] ?? 0) || host.cpus;
  const nodes = Array.from({ length: Math.ceil(host.cpus / perSocket) }, (_, node) =>
    node === 0 ? plain.nodes[0] : { node, totalKiB: 0, freeKiB: 0 },
  );
  return {
    ...plain,
    nodes,
    cpus: plain.cpus.map((c) => {
      const socket = Math.floor(c.cpu / perSocket);
      return { ...c, socket, node: socket, pmuType: spus.find((s) => (s.cpus >> BigInt(c.cpu)) & 1n)?.type ?? null };
    }),
    pmus: [{ type: 1, name: 'software' }, ...[...host.pmus, ...spus].map(({ type, name }) => ({ type, name }))],
  };
}

/** The event as perf would have been asked for what the guest programmed. */
function eventOf(context: Context, spu: SpuDevice): RecordedEvent {
  const register = (name: string): bigint => readGuestRegister(context.world, context.vm, context.focus, name) ?? 0n;
  const on = CONTROLS.filter(([, , name, field]) => (fieldOfRegister(name, field, register(name)) ?? 0n) !== 0n);
  const filter = register('PMSEVFR_EL1');
  const latency = register('PMSLATFR_EL1') & 0xfffn;
  const terms = [
    ...on.map(([format]) => `${format}=1`),
    ...(filter === 0n ? [] : [`event_filter=${hex(filter)}`]),
    ...(latency === 0n ? [] : [`min_latency=${latency}`]),
  ];
  return {
    ...plainEvent(spu.type),
    name: `${spu.name}/${terms.join(',')}/`,
    config: on.reduce((all, [, bit]) => all | (1n << bit), 0n),
    config1: filter,
    config2: latency,
    period: Number(register('PMSIRR_EL1') & 0xffff_ff00n) || 1024,
  };
}

/** One AUX stream for each CPU that ran a vCPU; where several did, the thread is that of the first. */
function streamsOf(records: readonly SampleRecord[]): GuestStream[] {
  const byCpu = new Map<number, SampleRecord[]>();
  for (const r of records) {
    const list = byCpu.get(r.cpu);
    if (list === undefined) byCpu.set(r.cpu, [r]);
    else list.push(r);
  }
  return [...byCpu].map(([cpu, own]) => {
    return threadStream(cpu, own[0].vcpu, traceOf(own));
  });
}

function threadStream(cpu: number, name: string, bytes: Uint8Array): GuestStream {
  const vcpu = Number(/(\d+)$/.exec(name)?.[1] ?? 0);
  return { cpu, pid: VMM_PID, tid: VMM_PID + 1 + vcpu, comm: `CPU ${vcpu}/KVM`, bytes: readAtBytes(bytes), buffers: null };
}

/** The name and attributes of what `perf record` was asked for. */
function askedEvent(log: PerfLog): RecordedEvent {
  const { type, config, period, excludeUser, excludeKernel } = log.attributes;
  return {
    ...plainEvent(type),
    name: log.event,
    config: config[0],
    config1: config[1],
    config2: config[2],
    config3: config[3],
    period: Number(period),
    excludeUser,
    excludeKernel,
  };
}

type PerfStream = PerfLog['streams'][number];

/** A stream as perf read it: a buffer for each time it read, with the AUX records that had come until then. */
function readStream(stream: PerfStream): GuestStream {
  const buffers: GuestBuffer[] = [];
  let aux: Extract<PerfPiece, { kind: 'aux' }>[] = [];
  const read = (offset: number, bytes: Uint8Array): void => {
    const records = aux.map(({ tick, offset: at, size, flags }) => ({ start: at - offset, size, flags, counter: BigInt(tick) }));
    buffers.push({ auxOffset: BigInt(offset), bytes: readAtBytes(bytes), aux: records });
    aux = [];
  };
  for (const piece of stream.pieces) {
    if (piece.kind === 'aux') aux.push(piece);
    else if (piece.kind === 'data') read(piece.offset, piece.bytes);
  }
  if (aux.length > 0) read(aux[0].offset, new Uint8Array(0));
  const bytes = joined(stream.pieces.flatMap((p) => (p.kind === 'data' ? [p.bytes] : [])));
  return { ...threadStream(stream.cpu, stream.vcpu, bytes), buffers };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function perfData(context: Context, path: string): Outcome {
  const { records, perf } = context.log;
  const log = perf.at(-1);
  if (records.length === 0 && log === undefined) {
    return unmet('no-records', 'nothing was recorded', 'run a guest that programs its SPU, or perf record');
  }
  const { host } = context.world.world;
  const cpu = log?.streams[0].cpu ?? records[0].cpu;
  const spu = host.spus.find((s) => (s.cpus >> BigInt(cpu)) & 1n);
  if (spu === undefined) return unmet('no-spu', `CPU ${cpu} has no SPU`, 'spu lists the units and their CPUs');
  const image = context.image;
  const file = image === null ? undefined : context.asset(image.path);
  const elf = image?.elf ?? null;
  const event = log === undefined ? eventOf(context, spu) : askedEvent(log);
  const streams = log === undefined ? streamsOf(records) : log.streams.map(readStream);
  const recording = guestRecording({
    machine: machineOf(context, host.spus),
    event,
    frequency: BigInt(host.cntfrq),
    streams,
    by: log?.perThread ? 'thread' : 'cpu',
    image: elf === null || file?.absolute === undefined ? null : { elf, path: file.absolute },
    command: ['perf', 'record', '-e', event.name],
  });
  const bytes = joined([...writePerfData(recording)].map((part) => part.slice()));
  const count = log === undefined ? records.length : recordsIn(streams);
  const data = { file: path, records: count, bytes: bytes.length, event: event.name };
  return done(data, { writes: [{ path, bytes }] });
}

/** How many records the streams hold. */
const recordsIn = (streams: readonly GuestStream[]): number =>
  streams.reduce((sum, s) => sum + decodeColumns(s.bytes.read(0, s.bytes.size)).rows, 0);

const MIB = 1024 * 1024;
const DEFAULT_OPERATIONS = BigInt(FOREVER);

/** What `perf record` shows: the event, the registers in the order in which the driver writes them, and perf's closing lines. */
interface Recorded {
  readonly event: string;
  readonly type: number;
  readonly config: readonly string[];
  readonly period: number;
  readonly auxSize: number;
  readonly registers: Readonly<Record<string, string>>;
  readonly streams: readonly {
    readonly vcpu: string;
    readonly wakeups: number;
    readonly bytes: number;
    readonly aux: readonly { readonly offset: number; readonly size: number; readonly flags: number }[];
    readonly log: readonly string[];
  }[];
}

const FLAGS: readonly (readonly [bit: number, letter: string])[] = [
  [AUX_TRUNCATED, 'T'],
  [AUX_OVERWRITE, 'O'],
  [AUX_PARTIAL, 'P'],
  [AUX_COLLISION, 'C'],
];
const flagLetters = (flags: number): string =>
  FLAGS.filter(([bit]) => (flags & bit) !== 0)
    .map(([, letter]) => letter)
    .join('') || '-';

function showRecorded(r: Recorded): Doc {
  const config = r.config.flatMap((word, i) => (word === '0x0' && i > 0 ? [] : [`config${i === 0 ? '' : i} ${word}`]));
  const aux = r.streams.flatMap((s) => s.aux);
  const bytes = r.streams.reduce((sum, s) => sum + s.bytes, 0);
  const lost = aux.filter((a) => (a.flags & AUX_TRUNCATED) !== 0).length;
  const collided = aux.filter((a) => (a.flags & AUX_COLLISION) !== 0).length;
  const flags = [...new Set(aux.map((a) => flagLetters(a.flags)))].filter((letters) => letters !== '-');
  return [
    text(`${r.event}: type ${r.type}, ${config.join(', ')}, period ${r.period}`),
    { kind: 'pairs', rows: Object.entries(r.registers).map(([name, value]) => ({ name: `  ${name}`, value })) },
    text(
      ...r.streams.flatMap((s) => s.log.map((line) => `${s.vcpu}: ${line}`)),
      ...(lost === 0 ? [] : [`Warning: AUX data lost ${lost} times out of ${aux.length}!`]),
      ...(collided === 0 ? [] : [`Warning: AUX data detected collision ${collided} times out of ${aux.length}!`]),
      `[ perf record: Woken up ${r.streams.reduce((sum, s) => sum + s.wakeups, 0)} times to write data ]`,
      `[ perf record: Captured ${(bytes / MIB).toFixed(3)} MB in ${aux.length} AUX records${flags.length === 0 ? '' : `, flags ${flags.join(' ')}`} ]`,
    ),
  ];
}

/** The value of an optional number slot; Unmet where it has none. */
function optional(context: Context, argument: Argument | undefined): Result<bigint | null, Unmet> {
  return context.number(argument).map((value) => value ?? null);
}

function record(context: Context, args: Arguments): Outcome | Running {
  const numbers = Result.combine([
    optional(context, args['period']),
    optional(context, args['frequency']),
    optional(context, args['size']),
    optional(context, args['ops']),
    optional(context, args['lag']),
  ]);
  if (numbers.isErr()) return refuse(numbers.error);
  const [period, frequency, size, ops, lag] = numbers.value;
  return perfRecord(context, {
    event: context.word(args['event']),
    period,
    frequency,
    size,
    operations: Number(ops ?? DEFAULT_OPERATIONS),
    cpus: context.word(args['cpus']),
    perThread: args['per-thread'] !== undefined,
    snapshot: args['snapshot'] !== undefined,
    privileged: args['unprivileged'] === undefined,
    lag: Number(lag ?? 0n),
  });
}

export const perf = family({
  name: 'perf',
  group: 'perf',
  summary: 'recordings as perf makes and reads them',
  details: [
    '`perf data` writes what was recorded as a perf.data file that the real perf opens: an AUX stream for each CPU that ran a vCPU, the vCPUs’ threads, the clock, and mappings by which perf finds the symbols of the image (reference perf-data §1 to §6).',
  ],
  see: ['records', 'stat', 'trace', 'sample'],
  forms: [
    {
      id: 'perf.record',
      syntax:
        'perf record -e <event:WORD> [-c <period:EXPR>] [-F <frequency:EXPR>] [-m <size:EXPR>] [-C <cpus:LIST>] [--ops <ops:EXPR>] [--per-thread] [--snapshot] [--lag <lag:EXPR>] [--unprivileged]',
      about: 'Run the guests under an event of the SPE PMU, as perf in a Linux guest would.',
      words: {
        '-e': 'the event: arm_spe_0/ts_enable=1/',
        '-c': 'operations between samples',
        '-F': 'samples a second, instead of -c',
        '-m': 'size of the AUX buffer, pages or bytes',
        '-C': 'the CPUs of the guest',
        '--ops': 'operations at most',
        '--per-thread': 'follow the thread, not the CPU',
        '--snapshot': 'overwrite the buffer until the end',
        '--lag': 'operations that perf is late with reading',
        '--unprivileged': 'as a user without CAP_PERFMON',
      },
      effect: 'world',
      run: record,
      show: (outcome): Doc => {
        const recorded = outcome.data?.['perf'];
        return recorded === undefined ? [] : [...showStop(outcome), ...showRecorded(recorded as Recorded)];
      },
    },
    {
      id: 'perf.data',
      syntax: 'perf data <file:OUT>',
      about: 'Write what was recorded as a perf.data.',
      effect: 'pure',
      run: (context, args) => perfData(context, context.word(args['file'])),
      show: ({ data }): Doc => {
        if (data === null) return [];
        const count = (name: string): string => Number(data[name]).toLocaleString('en-US');
        return [text(`${count('records')} records of ${String(data['event'])} in ${String(data['file'])}, ${count('bytes')} bytes`)];
      },
    },
  ],
  complete: (slot, context, typed) => (slot === 'event' ? eventCandidates(context, typed) : []),
});
