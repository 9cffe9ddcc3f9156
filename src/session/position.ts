// Where a session stands: its world, what it knows of it, and how far its histories went. A position is kept, and gone back to, whole, so that
// the same commands from there do, show and number the same (design.md §7).
import { clonePlain, copySharing, type Page } from '../base/plain.ts';
import { mountWorld, settleWorld } from '../kernel/kernel.ts';
import type { MountedWorld, World } from '../kernel/world.ts';
import type { Image } from './image.ts';
import type { MutableLog, PerfLog } from './log.ts';
import type { Asset, JournalEntry } from './session.ts';
import { copyStops, type Stops } from './stops.ts';

/** What a running session holds. */
export interface SessionState {
  world: MountedWorld;
  vm: number;
  focus: number;
  stops: Stops;
  log: MutableLog;
  lastErrno: string;
  image: Image | null;
  trace: Asset | null;
  readonly variables: Map<string, bigint>;
  values: (number | string)[];
  /** The commands that led here. */
  journal: JournalEntry[];
}

/** The first `length` entries of a history. Histories only grow at their end, so that is what it was. */
interface Cut<T> {
  readonly list: readonly T[];
  readonly length: number;
}

const cut = <T>(list: readonly T[]): Cut<T> => ({ list, length: list.length });
const taken = <T>({ list, length }: Cut<T>): T[] => list.slice(0, length);

/** Nobody writes it. */
export interface Position {
  /** Shares with the position before it what did not change. */
  readonly world: World;
  readonly vm: number;
  readonly focus: number;
  readonly stops: Stops;
  readonly calls: Cut<MutableLog['calls'][number]>;
  readonly records: Cut<MutableLog['records'][number]>;
  readonly events: Cut<MutableLog['events'][number]>;
  readonly console: Cut<MutableLog['console'][number]>;
  readonly perf: readonly PerfLog[];
  readonly lastErrno: string;
  readonly image: Image | null;
  readonly trace: Asset | null;
  readonly variables: ReadonlyMap<string, bigint>;
  readonly values: Cut<number | string>;
  readonly journal: Cut<JournalEntry>;
}

const copyPerf = (perf: readonly PerfLog[]): PerfLog[] =>
  perf.map((one) => ({ ...one, streams: one.streams.map((stream) => ({ ...stream, pieces: [...stream.pieces] })) }));

/** The position now; `before`: an earlier one, to share with. */
export function positionOf(state: SessionState, before: Position | null): Position {
  settleWorld(state.world);
  const { log } = state;
  return {
    world: copySharing(state.world.world, before?.world),
    vm: state.vm,
    focus: state.focus,
    stops: copyStops(state.stops),
    calls: cut(log.calls),
    records: cut(log.records),
    events: cut(log.events),
    console: cut(log.console),
    perf: copyPerf(log.perf),
    lastErrno: state.lastErrno,
    image: state.image,
    trace: state.trace,
    variables: new Map(state.variables),
    values: cut(state.values),
    journal: cut(state.journal),
  };
}

/** Goes there: the world is mounted afresh, every history is a list of its own, so that those of other positions stay as they are. */
export function takePosition(state: SessionState, p: Position): void {
  state.world = mountWorld(clonePlain(p.world));
  state.vm = p.vm;
  state.focus = p.focus;
  state.stops = copyStops(p.stops);
  state.log = {
    calls: taken(p.calls),
    records: taken(p.records),
    events: taken(p.events),
    console: taken(p.console),
    perf: copyPerf(p.perf),
  };
  state.lastErrno = p.lastErrno;
  state.image = p.image;
  state.trace = p.trace;
  state.variables.clear();
  for (const [name, value] of p.variables) state.variables.set(name, value);
  state.values = taken(p.values);
  state.journal = taken(p.journal);
}

/** Did a command change what the session knows, apart from the world and its histories? */
export function knowsOther(state: SessionState, p: Position): boolean {
  const { stops, variables } = state;
  return (
    state.vm !== p.vm ||
    state.focus !== p.focus ||
    state.image !== p.image ||
    state.trace !== p.trace ||
    stops.next !== p.stops.next ||
    stops.list.length !== p.stops.list.length ||
    stops.list.some((stop, i) => stop !== p.stops.list[i]) ||
    variables.size !== p.variables.size ||
    [...variables].some(([name, value]) => p.variables.get(name) !== value)
  );
}

const PAGE_BYTES = 4096;
const EVENT_BYTES = 200; // about

/** Bytes, about, that a position keeps beside the one before it. */
export function weightOf(p: Position, before: Position | null): number {
  const pages = p.world.machine.memory.pages;
  const old: { readonly [frame: string]: Page } = before?.world.machine.memory.pages ?? {};
  let bytes = pages === old ? 0 : Object.keys(pages).reduce((sum, frame) => (pages[frame] === old[frame] ? sum : sum + PAGE_BYTES), 0);
  // A list that is another one was shortened since (log.ts), and holds what the other has lost.
  for (const history of ['calls', 'events'] as const)
    if (p[history].list !== before?.[history].list) bytes += p[history].length * EVENT_BYTES;
  return bytes;
}
