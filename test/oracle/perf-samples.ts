// Samples as lines, perf's and ours, to be compared.
import type { PerfVersion } from '../../src/arch/spe/perf.ts';
import { decodeTrace } from '../../src/trace/decode.ts';
import { timeText } from '../../src/trace/perf-data/clock.ts';
import type { PerfRecording } from '../../src/trace/perf-data/recording.ts';
import { sampleAt } from '../../src/trace/perf-data/samples.ts';

/** `tid cpu time ip addr phys weight data_src`. */
export type SampleLine = string;

/** `perf script` that prints what these lines hold; kernel addresses are not looked up in this machine's kernel. */
export const SCRIPT: readonly string[] = [
  'script',
  '--itrace=i1i',
  '--ns',
  '-F',
  'tid,cpu,time,event,ip,addr,phys_addr,weight,data_src',
  '--kallsyms=/dev/null',
];
export const SCRIPT_TIMELESS: readonly string[] = SCRIPT.map((word) => word.replace('tid,cpu,time,event', 'tid,event'));

const WITH_TIME =
  /^\s*(-?\d+)\s+\[(-?\d+)\]\s+([\d.]+):\s+instructions:\s+([0-9a-f]+)\s+([0-9a-f]+) \|.*?\s+(\d+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s*$/;
const TIMELESS = /^\s*(-?\d+)()()\s+instructions:\s+([0-9a-f]+)\s+([0-9a-f]+) \|.*?\s+(\d+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s*$/;

/**
 * 7.3 gives an instruction the address of its branch target, and data sources from more events: these two are then left out, on both sides.
 */
export function theirSamples(stdout: string, perf: PerfVersion): SampleLine[] {
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const m = WITH_TIME.exec(line) ?? TIMELESS.exec(line);
      if (m === null) return `? ${line}`;
      const [, tid, cpu, time, addr, source, weight, ip, phys] = m;
      return sampleLine(perf, [tid, `${cpu === '' ? -1 : Number(cpu)}`, time, ip, addr, phys, weight, source]);
    });
}

/** The fields in one line. */
export function sampleLine(perf: PerfVersion, fields: readonly string[]): SampleLine {
  return fields.filter((_, i) => perf !== '7.3' || (i !== ADDR && i !== DATA_SRC)).join(' ');
}
const ADDR = 4;
const DATA_SRC = 7;

export const cpuOf = (line: SampleLine): number => Number(line.split(' ')[1]);

export interface OwnOptions {
  readonly perf: PerfVersion;
  /** The CPU of the bytes; -1: a thread's. */
  readonly cpu: number;
  /** The thread where no context packet says it: at a counter value. */
  readonly tid?: (counter: bigint) => number;
}

/** The samples of one stream: the thread is that of the last context packet, which a recording without times does not heed. */
export function ourSamples(r: PerfRecording, bytes: Uint8Array, { perf, cpu, tid: given }: OwnOptions): SampleLine[] {
  const { columns } = decodeTrace(bytes);
  let tid = -1;
  const hex = (value: bigint): string => value.toString(16);
  return Array.from({ length: columns.rows }, (_, row) => {
    const s = sampleAt(columns, row, { clock: r.clock, midr: Number(r.machine.cpus[0].midr), perf: perf === '6.1' ? '6.1' : '6.12' });
    if (s.context !== null && r.clock !== null) tid = s.context | 0;
    const counter = (BigInt(columns.timestampHi[row]) << 32n) | BigInt(columns.timestampLo[row]);
    const time = s.time === null ? '' : timeText(s.time);
    const thread = given === undefined ? tid : given(counter);
    return sampleLine(perf, [
      `${thread}`,
      `${cpu}`,
      time,
      hex(s.ip),
      hex(s.addr),
      hex(s.physicalAddress),
      `${s.weight}`,
      hex(s.dataSource),
    ]);
  });
}

/** What the same bytes in a real recording make perf say, too: the default itrace set, no context packets, address packets it does not know;
 * perf 7.3 says of every recording of 6.12 and before that its metadata is old. */
const EXPECTED =
  /^Only instruction-based sampling period is currently supported by Arm SPE\.$|^Warning:$|^Arm SPE CONTEXT packets not found in the traces\.$|^Matching of TIDs to SPE events could be inaccurate\.$|unsupported address packet index: 0x[0-9a-f]+$|^Old SPE metadata, re-record to improve decode accuracy$/;

export const unexpected = (complaints: readonly string[]): string[] => complaints.filter((line) => !EXPECTED.test(line.trim()));

/** Buffers in a perf.data are filled up to 8 bytes. */
export function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
  out.set(bytes);
  return out;
}
