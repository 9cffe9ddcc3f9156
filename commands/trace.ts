// trace: a trace file in the session (language.md §3, group trace): between open and close `records`, `stat` and `buffer dump` speak of it.
import { PATH_HINT } from '../src/session/hints.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import { traceOf } from '../src/session/records.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';
import { exportFormOf, exportTrace } from '../src/trace/export.ts';
import { readAtBytes } from '../src/trace/perf-data/read-at.ts';
import { auxSize, buffersOf, openTrace, TRACE_HINT, type TraceSource } from '../src/trace/trace.ts';
import { type Doc, text } from '../src/view/doc.ts';

function open(context: Context, path: string): Outcome {
  const asset = context.asset(path);
  if (asset === undefined) return unmet('no-file', `${path}: not read`, PATH_HINT);
  const source = openTrace(readAtBytes(asset.bytes));
  if (source.isErr()) {
    const { message, offset } = source.error;
    return unmet('invalid-trace', `${path}: byte ${offset}: ${message}`, TRACE_HINT);
  }
  context.setTrace(asset);
  const { perfData } = source.value;
  return done({
    file: path,
    kind: perfData === null ? 'aux' : 'perf.data',
    buffers: [...buffersOf(source.value)].length,
    bytes: auxSize(source.value),
    warnings: perfData?.warnings.map(({ message, offset }) => `byte ${offset}: ${message}`) ?? [],
  });
}

/** The open trace, or the bytes that the SPUs wrote. */
function sourceOf(context: Context): TraceSource | Outcome {
  if (context.trace === null) {
    if (context.log.records.length === 0) return unmet('no-records', 'there is no trace', 'trace open FILE, or run a guest');
    return { file: readAtBytes(traceOf(context.log.records)), perfData: null };
  }
  const { path, bytes } = context.trace;
  return openTrace(readAtBytes(bytes)).match(
    (source) => source,
    (e) => unmet('invalid-trace', `${path}: ${e.message}`, TRACE_HINT),
  );
}

function exported(context: Context, path: string): Outcome {
  const form = exportFormOf(path);
  if (form === null) return unmet('file-kind', `${path}: no format has this ending`, 'endings are .data .csv .ndjson .aux');
  if (form === 'parquet' || form === 'svg') {
    return unmet('file-kind', `a session writes no .${form}`, `trace export x.data, then: spesh export x.data -o ${path}`);
  }
  const source = sourceOf(context);
  if ('ok' in source) return source;
  const parts = [...exportTrace(source, form)].map((part) => part.slice());
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return done({ file: path, bytes: bytes.length }, { writes: [{ path, bytes }] });
}

const count = (value: unknown): string => Number(value).toLocaleString('en-US');

export const trace = family({
  name: 'trace',
  group: 'trace',
  summary: 'a trace file in the session',
  details: [
    'A raw AUX file or a perf.data with Arm SPE. Between `trace open` and `trace close` the commands `records`, `stat` and `buffer dump` speak of the file, addresses as perf prints them. `trace export` writes the open trace, or else what the SPUs wrote, in the form that the ending of OUT says: .data (perf.data), .csv, .ndjson, .aux.',
    'For files larger than memory, and for Parquet: `spesh records`, `stat`, `dump` and `export` from the command line.',
  ],
  see: ['records', 'stat', 'buffer', 'perf'],
  forms: [
    {
      id: 'trace.open',
      syntax: 'trace open <file:FILE>',
      about: 'Speak of this file.',
      effect: 'session',
      run: (context, args) => open(context, context.word(args['file'])),
      show: ({ data }): Doc => {
        if (data === null) return [];
        const buffers = Number(data['buffers']) === 1 ? '1 buffer' : `${count(data['buffers'])} buffers`;
        const kind = data['kind'] === 'aux' ? 'raw AUX bytes' : 'perf.data';
        const warnings = data['warnings'] as readonly string[];
        return [text(`${String(data['file'])}: ${kind}, ${buffers}, ${count(data['bytes'])} bytes`, ...warnings.map((w) => `  ${w}`))];
      },
    },
    {
      id: 'trace.close',
      syntax: 'trace close',
      about: 'Speak of what the SPUs write again.',
      effect: 'session',
      run: (context) => {
        if (context.trace === null) return unmet('no-trace', 'no trace is open', 'trace open FILE');
        context.setTrace(null);
        return done();
      },
    },
    {
      id: 'trace.export',
      syntax: 'trace export <file:OUT>',
      about: 'Write the open trace, or what the SPUs wrote, in another form.',
      effect: 'pure',
      run: (context, args) => exported(context, context.word(args['file'])),
      show: ({ data }): Doc => (data === null ? [] : [text(`${count(data['bytes'])} bytes in ${String(data['file'])}`)]),
    },
  ],
});
