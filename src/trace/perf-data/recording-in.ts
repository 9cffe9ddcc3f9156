// A perf.data as a recording that can be written again: what spesh reads of it, with the AUX bytes left where they are.
import { MIDR_NEOVERSE_N1, plainEvent, plainMachine } from './defaults.ts';
import { midrOf, type PerfData } from './open.ts';
import { readAtPart } from './read-at.ts';
import type { Moment, PerfRecording, RecordedBuffer, RecordedEvent, RecordedMachine, SideBand } from './recording.ts';
import { NO_MOMENT } from './recording.ts';
import type { SampleId } from './sample-id.ts';
import { type ReadSideBand, readSideBand } from './side-band-in.ts';
import { type AuxExtent, auxBuffers } from './streams.ts';

/** The recording of an opened file, with metadata of the version asked for (that of the file where it is not said). */
export function recordingOfPerfData(p: PerfData, metadata: 1 | 2 = p.info?.version ?? 1): PerfRecording {
  const extents = [...auxBuffers(p)];
  const queues = new Map<number, { stream: number; first: AuxExtent }>();
  for (const first of extents) if (!queues.has(first.queue)) queues.set(first.queue, { stream: queues.size, first });
  const firsts = [...queues.values()].map((q) => q.first);
  const byThread = firsts.some((f) => f.cpu < 0);
  const said = [...readSideBand(p)];
  return {
    machine: machineOf(p, byThread ? [] : firsts.map((f) => f.cpu)),
    event: eventOf(p),
    command: p.features.command ?? [],
    metadata,
    clock: byThread ? null : p.clock,
    streams: byThread ? { by: 'thread', tids: firsts.map((f) => f.tid) } : { by: 'cpu', cpus: firsts.map((f) => f.cpu) },
    traced: byThread ? firsts.map((f) => ({ tid: f.tid, comm: '' })) : [],
    kernel: null,
    sideBand: said.flatMap(sideBandOf),
    buffers: buffersOf(p, extents, queues, said),
    buildIds: [],
  };
}

function eventOf(p: PerfData): RecordedEvent {
  const type = p.info?.pmuType;
  const e = p.events.find((x) => x.type === type);
  const plain = plainEvent(type);
  if (e === undefined) return plain;
  const { config, config1, config2 } = e;
  return { ...plain, name: e.name === '' ? plain.name : e.name, config, config1, config2, period: Number(e.period) };
}

function machineOf(p: PerfData, cpus: readonly number[]): RecordedMachine {
  const f = p.features;
  const count = Math.max(f.cpus ?? 0, 1 + Math.max(-1, ...cpus));
  const plain = plainMachine(Math.min(count, MOST_CPUS), BigInt(midrOf(p, -1) ?? MIDR_NEOVERSE_N1), p.info?.pmuType);
  return {
    ...plain,
    hostname: f.hostname ?? plain.hostname,
    release: f.release ?? plain.release,
    perfVersion: f.perfVersion ?? plain.perfVersion,
    description: f.cpuDescription ?? plain.description,
    pmus: f.pmus ?? plain.pmus,
    cpus: plain.cpus.map((c) => {
      const own = p.info?.cpus.get(c.cpu);
      return own === undefined ? c : { ...c, ...own, eventFilter: own.eventFilter ?? 0n };
    }),
  };
}

/** CPUs that a machine may have: arm64 Linux builds for at most 4096. */
const MOST_CPUS = 4096;

const momentOf = (at: SampleId | null): Moment => (at === null ? NO_MOMENT : { pid: at.pid, tid: at.tid, time: at.time, cpu: at.cpu });

function sideBandOf(s: ReadSideBand): SideBand[] {
  const at = momentOf(s.at);
  switch (s.kind) {
    case 'switch':
      return s.out && s.otherTid !== -1 ? [{ kind: 'switch', at, nextPid: s.otherPid, nextTid: s.otherTid }] : [];
    case 'aux':
      return [];
    default: {
      const { offset: _, ...rest } = s;
      return [{ ...rest, at }];
    }
  }
}

/** Each buffer with the flags and the time of the AUX records that begin in it. */
function buffersOf(
  p: PerfData,
  extents: readonly AuxExtent[],
  queues: ReadonlyMap<number, { readonly stream: number }>,
  said: readonly ReadSideBand[],
): RecordedBuffer[] {
  const aux = new Map<number, { auxOffset: bigint; size: bigint; flags: number; at: Moment }[]>();
  const streamOfId = new Map(p.events.flatMap((e) => e.ids.map((id, i) => [id, i] as const)));
  for (const s of said) {
    if (s.kind !== 'aux') continue;
    const queue = streamOfId.get(s.at?.id ?? 0n);
    if (queue === undefined) continue;
    const { auxOffset, size, flags } = s;
    const list = aux.get(queue);
    if (list === undefined) aux.set(queue, [{ auxOffset, size, flags, at: momentOf(s.at) }]);
    else list.push({ auxOffset, size, flags, at: momentOf(s.at) });
  }
  return extents.map((x) => {
    const own = takeInside(aux.get(x.queue) ?? [], x.auxOffset, x.auxOffset + BigInt(x.size));
    const last = own.at(-1);
    const end = last === undefined ? x.auxOffset + BigInt(x.size) : last.auxOffset + last.size;
    const filling = Number(x.auxOffset + BigInt(x.size) - end);
    return {
      stream: queues.get(x.queue)?.stream ?? 0,
      bytes: readAtPart(p.file, x.offset, filling > 0 && filling < 8 ? x.size - filling : x.size),
      auxOffset: x.auxOffset,
      flags: own.reduce((all, a) => all | a.flags, 0),
      time: last?.at.time ?? 0n,
      pid: last?.at.pid ?? 0,
      tid: last?.at.tid ?? 0,
    };
  });
}

/** Takes from the front of a list what begins before `end`; those are in the order of the stream. */
function takeInside<T extends { readonly auxOffset: bigint }>(list: T[], start: bigint, end: bigint): T[] {
  let count = 0;
  while (count < list.length && list[count].auxOffset < end) count++;
  return list.splice(0, count).filter((a) => a.auxOffset >= start);
}
