// perf: what perf makes of a session (language.md §3, group perf).
import { hex } from '../src/base/hex.ts';
import type { SpuDevice } from '../src/kernel/host.ts';
import { fieldOfRegister, readGuestRegister } from '../src/kernel/view.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import { type SampleRecord, traceOf } from '../src/session/records.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';
import { plainEvent, plainMachine } from '../src/trace/perf-data/defaults.ts';
import { type GuestStream, guestRecording } from '../src/trace/perf-data/guest-recording.ts';
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
  return {
    ...plain,
    cpus: plain.cpus.map((c) => ({ ...c, pmuType: spus.find((s) => (s.cpus >> BigInt(c.cpu)) & 1n)?.type ?? null })),
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
    const vcpu = Number(/(\d+)$/.exec(own[0].vcpu)?.[1] ?? 0);
    return { cpu, pid: VMM_PID, tid: VMM_PID + 1 + vcpu, comm: `CPU ${vcpu}/KVM`, bytes: readAtBytes(traceOf(own)), flags: 0 };
  });
}

function perfData(context: Context, path: string): Outcome {
  const { records } = context.log;
  if (records.length === 0) return unmet('no-records', 'nothing was recorded', 'run a guest that programs its SPU, or perf record');
  const { host } = context.world.world;
  const spu = host.spus.find((s) => (s.cpus >> BigInt(records[0].cpu)) & 1n);
  if (spu === undefined) return unmet('no-spu', `CPU ${records[0].cpu} has no SPU`);
  const image = context.image;
  const file = image === null ? undefined : context.asset(image.path);
  const elf = image?.elf ?? null;
  const event = eventOf(context, spu);
  const recording = guestRecording({
    machine: machineOf(context, host.spus),
    event,
    frequency: BigInt(host.cntfrq),
    streams: streamsOf(records),
    image: elf === null || file?.absolute === undefined ? null : { elf, path: file.absolute },
    command: ['perf', 'record', '-e', event.name],
  });
  const parts = [...writePerfData(recording)].map((part) => part.slice());
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const data = { file: path, records: records.length, bytes: bytes.length, event: event.name };
  return done(data, { writes: [{ path, bytes }] });
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
});
