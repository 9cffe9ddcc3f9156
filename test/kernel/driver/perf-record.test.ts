// perf record through the session: a Linux guest's driver on the vCPUs of a guest that runs; AUX records, wrapping, truncation, collisions,
// several vCPUs, overwrite and discard mode, and what is refused (spe-architecture §6.7, §6.8, §6.11).
import { describe, expect, test } from 'vitest';
import { PERF_SAMPLE_CPU, PERF_SAMPLE_TIME } from '../../../src/abi/perf-data-attributes.ts';
import { HEADER_NUMA_TOPOLOGY } from '../../../src/abi/perf-data-features.ts';
import { AUX_COLLISION, AUX_OVERWRITE, AUX_TRUNCATED } from '../../../src/kernel/driver/aux-ring.ts';
import { decodeColumns } from '../../../src/trace/decode.ts';
import { exportAux } from '../../../src/trace/export.ts';
import type { PerfData } from '../../../src/trace/perf-data/open.ts';
import { readAtBytes } from '../../../src/trace/perf-data/read-at.ts';
import { type AuxExtent, auxBuffers, auxStreams } from '../../../src/trace/perf-data/streams.ts';
import { openTrace } from '../../../src/trace/trace.ts';
import { newShell } from '../../commands/shell.ts';
import { readSideBand } from '../../trace/side-band.ts';

interface Report {
  readonly registers: Record<string, string>;
  readonly period: number;
  readonly auxSize: number;
  readonly streams: readonly {
    readonly vcpu: string;
    readonly wakeups: number;
    readonly bytes: number;
    readonly aux: readonly { readonly offset: number; readonly size: number; readonly flags: number }[];
    readonly log: readonly string[];
  }[];
}

type Shell = ReturnType<typeof newShell>;

/** A booted guest under perf record. */
function recorded(
  command: string,
  host = 'two-spu',
  up: string | readonly string[] = 'up pointer-chase',
): { shell: Shell; report: Report } {
  const shell = newShell(host);
  shell.all(...[up].flat());
  const { outcome } = shell.run(command);
  expect(outcome.unmet, outcome.unmet?.message).toBeUndefined();
  return { shell, report: outcome.data?.['perf'] as Report };
}

/** The bytes that perf read of a stream. */
function dataOf(shell: Shell, stream = 0): Uint8Array {
  const pieces = shell.session.context.log.perf.at(-1)?.streams[stream].pieces ?? [];
  const parts = pieces.flatMap((p) => (p.kind === 'data' ? [p.bytes] : []));
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

const recordsIn = (bytes: Uint8Array): number => decodeColumns(bytes).rows;

describe('a guest of one vCPU', () => {
  test('the registers as the driver writes them, and perf’s defaults: period from min_interval, timestamps on', () => {
    const { report } = recorded('perf record -e arm_spe_0/load_filter=1,min_latency=20/ -m 64KiB --ops 100000');
    expect(Object.keys(report.registers)).toEqual([
      'PMBPTR_EL1',
      'PMBLIMITR_EL1',
      'PMSFCR_EL1',
      'PMSEVFR_EL1',
      'PMSLATFR_EL1',
      'PMSIRR_EL1',
      'PMSICR_EL1',
      'PMSCR_EL1',
    ]);
    expect(report.registers).toMatchObject({ PMSFCR_EL1: '0x20006', PMSLATFR_EL1: '0x14', PMSIRR_EL1: '0x400', PMSCR_EL1: '0x23' });
    expect(BigInt(report.registers['PMBLIMITR_EL1']) - BigInt(report.registers['PMBPTR_EL1'])).toBe(0x8001n); // half of it, and E
  });

  test('the period as given is the first count; the reload value is the driver’s', () => {
    const { report } = recorded('perf record -e arm_spe_0// -c 1500 -m 64KiB --ops 10000');
    expect(report.registers).toMatchObject({ PMSICR_EL1: '0x5dc', PMSIRR_EL1: '0x500' });
  });

  test('what perf read are the records the unit wrote; the guest’s own code finds no unit', () => {
    const { shell, report } = recorded('perf record -e arm_spe_0// -m 16KiB');
    const { records } = shell.session.context.log;
    expect(records.length).toBeGreaterThan(2000);
    expect(recordsIn(dataOf(shell))).toBe(records.length);
    expect(report.streams[0].bytes).toBe(records.length * 64);
    expect(shell.run('console').out.join('\n')).toMatch(/checksum=8ff1fd50\nspe: not here/);
    // 8 KiB a time: a wake-up each; the AUX records follow each other without a gap.
    expect(report.streams[0].wakeups).toBe(Math.floor(report.streams[0].bytes / 8192));
    let next = 0;
    for (const { offset, size, flags } of report.streams[0].aux) {
      expect([offset, flags]).toEqual([next, 0]);
      next += size;
    }
  });

  test('the records are those of the guest’s own driver with the same period: being perf changes nothing', () => {
    const { shell } = recorded('perf record -e arm_spe_0/load_filter=1/ -c 1024 -m 8KiB');
    for (const { truth } of shell.session.context.log.records) expect(truth.types & 2).toBe(2);
  });

  test('a reader that is too slow: TRUNCATED, the event is disabled until it has read, then it goes on', () => {
    const { report, shell } = recorded('perf record -e arm_spe_0// -m 8KiB --lag 300000');
    const flags = report.streams[0].aux.map((a) => a.flags);
    expect(flags).toContain(AUX_TRUNCATED);
    expect(flags.lastIndexOf(0)).toBeGreaterThan(flags.indexOf(AUX_TRUNCATED));
    expect(recordsIn(dataOf(shell))).toBe(shell.session.context.log.records.length);
    expect(shell.run('perf record -e arm_spe_9//').outcome.unmet?.code).toBe('perf-event');
  });

  test('a short period collides: the flag, and the warning', () => {
    const shell = newShell('far-memory');
    shell.all('up pointer-chase');
    const { outcome, out } = shell.run('perf record -e arm_spe_0// -c 256 -m 16KiB');
    const report = outcome.data?.['perf'] as Report;
    expect(report.streams[0].aux.some((a) => (a.flags & AUX_COLLISION) !== 0)).toBe(true);
    expect(out.join('\n')).toMatch(/AUX data detected collision \d+ times out of \d+/);
  });

  test('overwrite mode: read once, at the end; the newest half at least', () => {
    const { report, shell } = recorded('perf record -e arm_spe_0// -m 16KiB --snapshot');
    const { records } = shell.session.context.log;
    expect(report.streams[0].aux.every((a) => (a.flags & AUX_OVERWRITE) !== 0)).toBe(true);
    const bytes = dataOf(shell);
    expect(bytes).toHaveLength(16384);
    const rows = recordsIn(bytes);
    expect(rows).toBeGreaterThanOrEqual(128);
    expect(rows).toBeLessThan(records.length);
    // The last one perf has is the last one written.
    expect([...bytes.subarray(-64)]).toEqual([...(records.at(-1)?.bytes ?? [])]);
  });

  test('discard mode: no buffer, no records, the SAMPLE_* events count', () => {
    const { report, shell } = recorded('perf record -e arm_spe_0/discard=1,load_filter=1/', 'spe-v1p2');
    expect(report).toMatchObject({ auxSize: 0, registers: { PMBLIMITR_EL1: '0x5', PMSFCR_EL1: '0x20002' } });
    expect(Object.keys(report.registers)).not.toContain('PMBPTR_EL1');
    expect(shell.session.context.log.records).toHaveLength(0);
    const counts = shell.run('spu arm_spe_0').outcome.data?.['spus'] as { counts: Record<string, number> }[];
    expect(counts[0].counts['SAMPLE_FILTRATE']).toBeGreaterThan(100);
    expect(counts[0].counts['SAMPLE_FEED_LD']).toBe(counts[0].counts['SAMPLE_FILTRATE']);
  });

  test('variable records of an unaligned unit: padding makes the buffer wrap', () => {
    const { shell, report } = recorded('perf record -e arm_spe_0// -m 16KiB', 'spe-unaligned');
    expect(report.streams[0].bytes).toBeGreaterThan(3 * 16384);
    expect(recordsIn(dataOf(shell))).toBe(shell.session.context.log.records.length);
  });

  test('afterwards the unit is off, and the guest’s own driver may have it', () => {
    const { shell } = recorded('perf record -e arm_spe_0// -m 64KiB --ops 50000');
    expect(shell.run('print PMBLIMITR_EL1').outcome.value).toBe('0x0');
    expect(shell.run('print PMSCR_EL1').outcome.value).toBe('0x0');
    expect(shell.run('print PMBSR_EL1').outcome.value).toBe('0x0');
    expect(shell.run('perf record -e arm_spe_0// -m 64KiB --ops 50000').outcome.ok).toBe(true);
  });
});

describe('several vCPUs: one event and one buffer each', () => {
  test('all of them, or those of -C', () => {
    const { report } = recorded('perf record -e arm_spe_0// -m 16KiB --ops 20000', 'two-spu', 'up pointer-chase --vcpus 2');
    expect(report.streams.map((s) => s.vcpu)).toEqual(['vcpu0', 'vcpu1']);
    const one = recorded('perf record -e arm_spe_0// -C 0 -m 16KiB --ops 20000', 'two-spu', 'up pointer-chase --vcpus 2');
    expect(one.report.streams.map((s) => s.vcpu)).toEqual(['vcpu0']);
  });
});

describe('what is refused', () => {
  const shell = newShell();
  shell.all('up pointer-chase');
  const rows: [string, string, RegExp][] = [
    ['perf record -e arm_spe_0/foo=1/', 'perf-event', /unknown term 'foo' for pmu 'arm_spe_0'/],
    ['perf record -e arm_spe_0/ts_enable=2/', 'perf-event', /value too big for format \(ts_enable\), maximum is 1/],
    ['perf record -e arm_spe_0/inv_event_filter=1/', 'perf-event', /unknown term 'inv_event_filter'/],
    ['perf record -e cycles', 'perf-event', /parser error/],
    ['perf record -e arm_spe_0// -F 100', 'perf-freq', /Frequency is not supported/],
    ['perf record -e arm_spe_0// -m 4KiB', 'perf-mmap', /at least 8KiB and a power of 2/],
    ['perf record -e arm_spe_0// -m 24KiB', 'perf-mmap', /at least 8KiB and a power of 2/],
    ['perf record -e arm_spe_0// -m 1GiB', 'perf-mmap', /Cannot allocate memory/],
    ['perf record -e arm_spe_0// -C 3', 'no-vcpu', /no vCPU in '3'/],
  ];
  for (const [command, code, message] of rows) {
    test(command, () => {
      const { outcome } = shell.run(command);
      expect([outcome.ok, outcome.unmet?.code]).toEqual([false, code]);
      expect(`${outcome.unmet?.message}\n${outcome.unmet?.hint}`).toMatch(message);
    });
  }
  test('by the kernel: an errno with its check', () => {
    expect(shell.run('perf record -e arm_spe_0/event_filter=0x1/').outcome.call).toMatchObject({
      ioctl: 'perf_event_open',
      errno: 'EOPNOTSUPP',
      check: 3,
    });
    expect(shell.run('perf record -e arm_spe_0/pa_enable=1/ --unprivileged').outcome.call).toMatchObject({ errno: 'EACCES' });
    expect(shell.run('perf record -e arm_spe_0/freq=100/').outcome.call).toMatchObject({ errno: 'EINVAL' });
    expect(shell.run('perf record -e arm_spe_1//').outcome.call).toMatchObject({ errno: 'ENOENT', why: 'the event is not of this PMU' });
    expect(shell.run('why').out.join('\n')).toMatch(/not of this PMU/);
  });
  test('a guest that has programmed the unit itself', () => {
    const own = newShell();
    own.all('up pointer-chase', 'run --ops 200000');
    expect(own.run('perf record -e arm_spe_0//').outcome.unmet).toMatchObject({ code: 'perf-busy' });
  });
  test('a host without SPE has no such PMU', () => {
    const none = newShell('no-spe');
    none.all('vm create', 'vcpu create 0');
    expect(none.run('perf record -e arm_spe_0//').outcome.unmet?.message).toMatch(/Cannot find PMU `arm_spe_0'/);
  });
});

describe('perf data of it', () => {
  /** The file, opened, and the buffers in it. */
  function fileOf(shell: Shell): { readonly data: PerfData; readonly buffers: readonly AuxExtent[]; readonly bytes: Uint8Array } {
    const [file] = shell.run('perf data x.data').outcome.writes ?? [];
    const source = openTrace(readAtBytes(file.bytes as Uint8Array))._unsafeUnwrap();
    const { perfData } = source;
    if (perfData === null) throw new Error('not a perf.data');
    return { data: perfData, buffers: [...auxBuffers(perfData)], bytes: new Uint8Array(Buffer.concat([...exportAux(source)])) };
  }
  const place = (b: { readonly offset: number | bigint; readonly size: number | bigint; readonly flags: number }): string =>
    `${b.offset} ${b.size} ${b.flags}`;

  test('a buffer for each time perf read, the driver’s padding in it; an AUX record for each that the driver wrote', () => {
    const { shell, report } = recorded('perf record -e arm_spe_0// -c 1024 -m 8KiB --lag 400000', 'spe-unaligned');
    const { data, buffers, bytes } = fileOf(shell);
    const read = shell.session.context.log.perf.at(-1)?.streams[0].pieces.flatMap((p) => (p.kind === 'data' ? [p] : [])) ?? [];
    expect(read.length).toBeGreaterThan(2);
    expect(buffers.map((b) => b.auxOffset)).toEqual(read.map((p) => BigInt(p.offset)));
    expect(buffers.every((b) => b.cpu === 0 && b.tid === -1)).toBe(true);
    expect(bytes).toEqual(dataOf(shell));
    const aux = [...readSideBand(data)].flatMap((s) => (s.kind === 'aux' ? [s] : []));
    expect(aux.map((a) => place({ ...a, offset: a.auxOffset }))).toEqual(report.streams[0].aux.map(place));
    expect(aux.some((a) => (a.flags & AUX_TRUNCATED) !== 0)).toBe(true);
    // No bytes are missing between two buffers.
    expect([...auxStreams(data)].every((piece) => piece.gap === 0n)).toBe(true);
  });

  test('the sockets of the host are those of the file', () => {
    const { shell } = recorded('perf record -e arm_spe_0// --ops 20000', 'four-sockets');
    const { data } = fileOf(shell);
    const numa = data.header.features.get(HEADER_NUMA_TOPOLOGY);
    const text = Buffer.from(data.file.read(numa?.offset ?? 0, numa?.size ?? 0)).toString('latin1');
    expect(text.match(/\d-\d/g)).toEqual(['0-1', '2-3', '4-5', '6-7']);
  });

  test('in overwrite mode one snapshot, and the AUX records that led to it', () => {
    const { shell, report } = recorded('perf record -e arm_spe_0// --snapshot -m 16KiB');
    const { data, bytes } = fileOf(shell);
    expect([data.counts.buffers, data.counts.overwritten]).toEqual([1, report.streams[0].aux.length]);
    expect(bytes).toEqual(dataOf(shell));
  });

  test('vCPUs that share a CPU have a buffer each, which names its thread', () => {
    const { shell } = recorded('perf record -e arm_spe_0// -c 4096 -m 64KiB --ops 200000', 'two-spu', [
      'up sweep --vcpus 2',
      'thread vcpu1 cpu 0',
    ]);
    const { data, buffers } = fileOf(shell);
    expect(new Set(buffers.map((b) => `${b.queue} ${b.cpu} ${b.tid}`))).toEqual(new Set(['0 0 4001']));
    expect([...readSideBand(data)].some((s) => s.kind === 'switch')).toBe(false);
  });

  test('per thread: a stream of the thread, of no CPU, without times', () => {
    const { shell } = recorded('perf record -e arm_spe_0// --per-thread -m 64KiB');
    const { data, buffers } = fileOf(shell);
    expect(buffers.every((b) => b.cpu === -1 && b.tid === 4001)).toBe(true);
    expect(data.clock).toBeNull();
    expect(data.events.every((e) => (e.sampleType & (PERF_SAMPLE_TIME | PERF_SAMPLE_CPU)) === 0n)).toBe(true);
  });
});
