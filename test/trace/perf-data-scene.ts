// Recordings and files for the tests of perf.data.
import { plainRecording } from '../../src/trace/perf-data/defaults.ts';
import { openPerfData, type PerfData } from '../../src/trace/perf-data/open.ts';
import { readAtBytes } from '../../src/trace/perf-data/read-at.ts';
import { type PerfRecording, type RecordedBuffer, wholeAux } from '../../src/trace/perf-data/recording.ts';
import { auxStreams } from '../../src/trace/perf-data/streams.ts';
import { writePerfData, writePerfPipe } from '../../src/trace/perf-data/write.ts';

/** A recording of streams, each of several buffers, which alternate in the file. */
export function recordingOf(streams: readonly (readonly Uint8Array[])[], more: Partial<PerfRecording> = {}): PerfRecording {
  const plain = plainRecording(streams.map(() => readAtBytes(new Uint8Array(0))));
  const most = Math.max(0, ...streams.map((s) => s.length));
  const buffers: RecordedBuffer[] = [];
  for (let i = 0; i < most; i++) {
    for (const [stream, parts] of streams.entries()) {
      if (i >= parts.length) continue;
      const bytes = readAtBytes(parts[i]);
      buffers.push({ stream, bytes, auxOffset: null, aux: wholeAux(bytes) });
    }
  }
  return { ...plain, buffers, ...more };
}

export const fileOf = (r: PerfRecording): Uint8Array => new Uint8Array(Buffer.concat([...writePerfData(r)]));
export const pipeOf = (r: PerfRecording): Uint8Array => new Uint8Array(Buffer.concat([...writePerfPipe(r)]));

export function opened(bytes: Uint8Array): PerfData {
  return openPerfData(readAtBytes(bytes))._unsafeUnwrap();
}

/** The joined bytes of each stream, and the gaps that were met, in stream order. */
export function streamsOf(p: PerfData, piece = 1 << 20): { readonly bytes: Map<number, Uint8Array>; readonly gaps: bigint[] } {
  const parts = new Map<number, Uint8Array[]>();
  const gaps: bigint[] = [];
  for (const s of auxStreams(p, piece)) {
    parts.set(s.queue, [...(parts.get(s.queue) ?? []), s.bytes]);
    if (s.gap !== 0n) gaps.push(s.gap);
  }
  return { bytes: new Map([...parts].map(([queue, list]) => [queue, new Uint8Array(Buffer.concat(list))])), gaps };
}
