// `spesh stat`: counts of a trace, and what its records say together. Part of main.
import { type Elf, nearestSymbol, parseElf } from './abi/elf.ts';
import type { CommonOptions, Invocation } from './io/arguments.ts';
import { readBytes } from './io/files.ts';
import { EXIT } from './shell/exit-code.ts';
import { newColumns } from './trace/columns.ts';
import type { TraceDecoder } from './trace/decode.ts';
import { addPartCounts, countsOf, noPartCounts, type PartCounts } from './trace/parts.ts';
import { chooseRows, type RowTest } from './trace/row-values.ts';
import { addRows, newStatistics, type Statistics, type StatisticsSummary, summarise } from './trace/statistics.ts';
import { auxSize, buffersOf, decodeSource } from './trace/trace.ts';
import { startProgress, type TraceFile, type TracePort } from './trace-file.ts';
import { workInThreads } from './trace-threads.ts';
import type { Block } from './view/doc.ts';
import { escapeControls } from './view/width.ts';

type StatInvocation = Extract<Invocation, { mode: 'stat' }>;

/** Counts, and unless they are all that is asked for, the statistics. The exit code. */
export async function runStat(
  file: TraceFile,
  invocation: StatInvocation,
  options: CommonOptions,
  test: RowTest | null,
  port: TracePort,
  threads: number,
): Promise<number> {
  const elf = invocation.symbols === null ? null : readSymbols(invocation.symbols, port);
  if (typeof elf === 'number') return elf;
  const statistics = invocation.counts ? null : newStatistics();
  const all = { ...(await countTrace(file, statistics, test, port, threads)), ...lossesOf(file) };
  if (statistics === null) {
    port.out(options.json ? `${JSON.stringify(all)}\n` : port.render(countBlocks(all), 'out'));
    return EXIT.ok;
  }
  const { records: matched, partial: matchedPartial, ...rest } = summarise(statistics);
  const among: Record<string, number> = test === null ? {} : { matched: matched + matchedPartial };
  const details = elf === null ? rest : withSymbols(rest, elf);
  const about = { ...among, ...recordedBy(file) };
  if (options.json) {
    port.out(`${JSON.stringify({ ...all, ...about, ...details })}\n`);
    return EXIT.ok;
  }
  const { statisticsBlocks } = await import('../commands/stat.ts');
  port.out(port.render([...countBlocks({ ...all, ...about }), ...statisticsBlocks(details)], 'out'));
  return EXIT.ok;
}

const countBlocks = (counts: Readonly<Record<string, number | string>>): Block[] => [
  { kind: 'pairs', rows: Object.entries(counts).map(([name, value]) => ({ name, value: String(value) })) },
];

/** Decodes the trace; counts everything, and adds the rows, or those that are asked for, to `statistics` where it is given. */
export async function countTrace(
  file: TraceFile,
  statistics: Statistics | null,
  test: RowTest | null,
  port: TracePort,
  threads: number,
): Promise<PartCounts> {
  const { source, open } = file;
  const progress = startProgress(auxSize(source), port);
  const sum = noPartCounts();
  if (statistics === null && open !== null && source.perfData === null) {
    addPartCounts(sum, await workInThreads(open, buffersOf(source), { kind: 'counts' }, threads, () => {}, progress.add));
  } else {
    const decoders = new Set<TraceDecoder>();
    const chosen = newColumns(64);
    for (const piece of decodeSource(source)) {
      decoders.add(piece.decoder);
      if (test !== null) chooseRows(chosen, piece.decoder.columns, test, piece);
      if (statistics !== null) addRows(statistics, test === null ? piece.decoder.columns : chosen, piece);
      progress.add(piece.bytes);
    }
    for (const d of decoders) addPartCounts(sum, countsOf(d));
  }
  progress.end();
  return sum;
}

/** What the file says was lost. */
function lossesOf({ source }: TraceFile): Record<string, number> {
  const c = source.perfData?.counts;
  return {
    buffers: c?.buffers ?? 1,
    lostEvents: Number(c?.lostEvents ?? 0n),
    truncatedBuffers: c?.truncated ?? 0,
    partialBuffers: c?.partial ?? 0,
    collidedBuffers: c?.collided ?? 0,
  };
}

/** Who recorded it, as the file says. */
function recordedBy({ source }: TraceFile): Record<string, string> {
  if (source.perfData === null) return {};
  const { features, events } = source.perfData;
  const names = events.map((e) => e.name).filter((name) => name !== '');
  return {
    ...(names.length === 0 ? {} : { event: names.join(', ') }),
    ...(features.hostname === undefined ? {} : { hostname: features.hostname }),
    ...(features.command === undefined ? {} : { command: features.command.join(' ') }),
  };
}

function readSymbols(path: string, port: TracePort): Elf | number {
  const name = escapeControls(path);
  const read = readBytes(path);
  if (read.isErr()) {
    port.err(`spesh: ${name}: ${read.error.message}\n`);
    return EXIT.usage;
  }
  const elf = parseElf(read.value.bytes);
  if (elf.isOk()) return elf.value;
  port.err(`${name}: invalid [image]: ${elf.error.message}\n  hint: symbols are read from an ELF\n`);
  return EXIT.invalid;
}

type Details = Omit<StatisticsSummary, 'records' | 'partial'>;

/** Code by its symbols. perf's addresses of privileged code have a top byte that the image has not. */
function withSymbols(details: Details, elf: Elf): Details {
  const named = (address: string): string => {
    const value = BigInt(address);
    const found = nearestSymbol(elf, value) ?? nearestSymbol(elf, BigInt.asUintN(56, value));
    if (found === undefined) return address;
    return `${address} <${found.name}${found.offset === 0n ? '' : `+${found.offset}`}>`;
  };
  return {
    ...details,
    hot: details.hot.map(({ name, count }) => ({ name: named(name), count })),
    mispredictions: details.mispredictions.map((b) => ({ ...b, pc: named(b.pc) })),
  };
}
