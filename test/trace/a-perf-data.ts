// A small perf.data with SPE buffers, as reference perf-data §1-§4 lays it out (metadata version 1 or 2), for reading back and for real perf.
import {
  HEADER_CPUID,
  PERF_AUX,
  PERF_AUXTRACE,
  PERF_AUXTRACE_ARM_SPE,
  PERF_AUXTRACE_INFO,
  PERF_EVENT_HEADER,
  PERF_FILE_HEADER,
  PERF_FILE_SECTION,
  PERF_LOST,
  PERF_MAGIC,
  PERF_RECORD_AUX,
  PERF_RECORD_AUXTRACE,
  PERF_RECORD_AUXTRACE_INFO,
  PERF_RECORD_LOST,
} from '../../src/abi/perf-data.ts';
import { packStruct, type Struct } from '../../src/abi/struct.ts';

const PMU_TYPE = 21;
const ATTR_SIZE = 128;
const SAMPLE_TYPE = 0x18087; // IP TID TIME CPU DATA_SRC IDENTIFIER

export interface BuiltBuffer {
  readonly bytes: Uint8Array;
  readonly queue: number;
  readonly cpu: number;
}

const concat = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(parts.flatMap((p) => [...p]));

const words = (...values: (bigint | number)[]): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(values.length * 8);
  const view = new DataView(out.buffer);
  values.forEach((v, i) => {
    view.setBigUint64(i * 8, BigInt.asUintN(64, BigInt(v)), true);
  });
  return out;
};

function record(type: number, s: Struct, members: Record<string, bigint | number>, more = new Uint8Array(0)): Uint8Array {
  const body = concat(packStruct(s, members), more);
  body.set(packStruct(PERF_EVENT_HEADER, { type, misc: 0, size: body.length }));
  return body;
}

/** Payloads are filled up to a multiple of 8 with zeros. `midrs`: by CPU, metadata version 2; else one MIDR for all, version 1. */
export function aPerfData(buffers: readonly BuiltBuffer[], midr: number, midrs?: readonly number[]): Uint8Array {
  const info =
    midrs === undefined
      ? words(PMU_TYPE, 0)
      : concat(words(2, 4, PMU_TYPE, midrs.length), ...midrs.map((m, cpu) => words(0x1010101010101010n, cpu, 4, m, PMU_TYPE, 1024, 0)));
  const offsets = new Map<number, number>();
  const timeConv = concat(
    packStruct(PERF_EVENT_HEADER, { type: 79, misc: 0, size: 56 }),
    words(24, 167772160, 0, 0, 0xff_ffff_ffff_ffffn, 0x101),
  );
  const data = concat(
    timeConv,
    record(PERF_RECORD_AUXTRACE_INFO, PERF_AUXTRACE_INFO, { type: PERF_AUXTRACE_ARM_SPE }, info),
    ...buffers.flatMap(({ bytes, queue, cpu }) => {
      const payload = concat(bytes, new Uint8Array((8 - (bytes.length % 8)) % 8));
      const offset = offsets.get(queue) ?? 0;
      offsets.set(queue, offset + payload.length);
      return [record(PERF_RECORD_AUXTRACE, PERF_AUXTRACE, { size: payload.length, offset, idx: queue, tid: 0xffff_ffff, cpu }), payload];
    }),
  );
  const ids = words(100);
  const attr = new Uint8Array(ATTR_SIZE);
  attr.set(words(PMU_TYPE | (ATTR_SIZE * 2 ** 32), 1, 1024, SAMPLE_TYPE, 4, 1 << 18));
  const idsAt = PERF_FILE_HEADER.size;
  const attrsAt = idsAt + ids.length;
  const dataAt = attrsAt + ATTR_SIZE + 16;
  const featuresAt = dataAt + data.length;
  const cpuid = concat(
    new Uint8Array([64, 0, 0, 0]),
    new TextEncoder().encode(`0x${midr.toString(16).padStart(16, '0')}`.padEnd(64, '\0')),
  );
  const header = packStruct(PERF_FILE_HEADER, {
    magic: PERF_MAGIC,
    size: PERF_FILE_HEADER.size,
    attr_size: ATTR_SIZE + 16,
    attrs_offset: attrsAt,
    attrs_size: ATTR_SIZE + 16,
    data_offset: dataAt,
    data_size: data.length,
    adds_features: [1 << HEADER_CPUID],
  });
  const section = packStruct(PERF_FILE_SECTION, { offset: featuresAt + PERF_FILE_SECTION.size, size: cpuid.length });
  return concat(header, ids, attr, words(idsAt, ids.length), data, section, cpuid);
}

/** A pipe: the same records behind the short header. */
export function aPerfPipe(buffers: readonly BuiltBuffer[]): Uint8Array {
  return concat(
    words(PERF_MAGIC, 16),
    record(PERF_RECORD_LOST, PERF_LOST, { id: 1, lost: 5 }),
    record(PERF_RECORD_AUX, PERF_AUX, { flags: 9 }),
    ...buffers.flatMap(({ bytes, queue, cpu }) => [
      record(PERF_RECORD_AUXTRACE, PERF_AUXTRACE, { size: bytes.length, idx: queue, cpu }),
      bytes,
    ]),
  );
}
