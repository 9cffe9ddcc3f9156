// Traces to columns and records: the vectors of spe-architecture §1.14, real traces, and the laws for any bytes.
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHexBytes } from '../../src/base/hex.ts';
import {
  decodeChunk,
  decodeColumns,
  decodeTrace,
  dropRows,
  endBuffer,
  newTraceDecoder,
  type TraceDecoder,
} from '../../src/trace/decode.ts';
import { recordsOf, type TraceRecord } from '../../src/trace/records.ts';
import { RECORD_FIELDS, RECORD_VECTORS } from '../arch/spe-vectors.ts';

const hex = (text: string): Uint8Array => parseHexBytes(text) ?? new Uint8Array(0);

/** The fields of a `record:` line under our names. */
function fieldsOf(line: string): Partial<TraceRecord> {
  const out: Record<string, string | number> = {};
  for (const [, key, value] of line.matchAll(/(\w+)=(\S+)/g)) {
    switch (key) {
      case 'ip':
        out['pc'] = value;
        break;
      case 'virt_addr':
        out['va'] = value;
        break;
      case 'phys_addr':
        out['pa'] = value;
        break;
      case 'to_ip':
        out['target'] = value;
        break;
      case 'context_id':
        out['context'] = Number(value);
        break;
      case 'latency':
        out['total'] = Number(value);
        break;
      case 'source':
        out['source'] = Number(value);
        break;
      case 'timestamp':
        out['ts'] = `0x${BigInt(value).toString(16)}`;
        break;
      default:
        throw new Error(key);
    }
  }
  return out;
}

describe('record vectors', () => {
  for (const { id, hex: text } of RECORD_VECTORS) {
    test(`${id} has the fields that perf gives its users`, () => {
      const [record, ...more] = recordsOf(decodeColumns(hex(text)));
      expect(more).toEqual([]);
      expect(record).toMatchObject(fieldsOf(RECORD_FIELDS[id]));
      expect(record.partial).toBe(id === 'R11' ? true : undefined);
    });
  }

  test('R1 whole: what `records` prints', () => {
    expect(recordsOf(decodeColumns(hex(RECORD_VECTORS[0].hex)))).toEqual([
      {
        pc: '0xffffba66eda1c2d0',
        el: 2,
        ns: 1,
        op: 'LD GP-REG',
        events: 'RETIRED L1D-ACCESS TLB-ACCESS',
        issue: 4,
        total: 12,
        xlat: 1,
        va: '0xffff0e3703096b28',
        source: 0,
        context: 24448,
        ts: '0xa6a2f652e',
      },
    ]);
  });

  test('what has no packet is absent (R9)', () => {
    expect(recordsOf(decodeColumns(hex('42 00 01 00')))).toEqual([{ events: '' }]);
  });

  test('a user address keeps its low 56 bits only (V73), a kernel one is filled up', () => {
    expect(recordsOf(decodeColumns(hex('b2 00 10 00 00 aa aa 00 3c 01')))[0].va).toBe('0xaaaa00001000');
    expect(recordsOf(decodeColumns(hex('b2 28 6b 09 03 37 0e ff 00 01')))[0].va).toBe('0xffff0e3703096b28');
  });
});

test('code at EL1 in the lower half: perf takes it for the upper half, the canonical form keeps it', () => {
  const columns = decodeColumns(hex('b0 50 13 00 40 00 00 00 a0 b1 00 14 00 40 00 00 00 a0 01'));
  expect(recordsOf(columns)).toEqual([{ pc: '0xff00000040001350', el: 1, ns: 1, target: '0xff00000040001400' }]);
  expect(recordsOf(columns, undefined, 'canonical')).toEqual([{ pc: '0x40001350', el: 1, ns: 1, target: '0x40001400' }]);
});

test('the two forms agree on addresses that a kernel uses', () => {
  for (const { id, hex: text } of RECORD_VECTORS.filter((v) => v.id !== 'R7')) {
    const columns = decodeColumns(hex(text));
    expect(recordsOf(columns, undefined, 'canonical'), id).toEqual(recordsOf(columns));
  }
});

describe('damage', () => {
  const load = 'b0 44 10 40 00 00 00 00 80 49 00 52 16 00';
  const ts = '71 01 00 00 00 00 00 00 00';

  test('one bad byte closes the record it stands in, and what follows is decoded', () => {
    const d = decodeTrace(hex(`${load} 06 98 0c 00 ${ts} ${load} ${ts}`));
    expect([d.records, d.partialRecords, d.badBytes]).toEqual([2, 1, 1]);
    const [first, rest, second] = recordsOf(d.columns);
    expect(first).toMatchObject({ pc: '0x401044', partial: true });
    expect(rest).toEqual({ total: 12, ts: '0x1' });
    expect(second).toMatchObject({ pc: '0x401044', ts: '0x1' });
  });

  test('padding inside a record does not close it', () => {
    expect(recordsOf(decodeColumns(hex(`${load} 00 00 00 ${ts}`)))).toHaveLength(1);
  });

  test('offsets are those of the first packet', () => {
    expect([...decodeColumns(hex(`00 00 ${load} ${ts} 00 01`)).offset.subarray(0, 2)]).toEqual([2, 26]);
  });

  test('a record goes on in the next buffer, a packet does not (perf-data §4)', () => {
    const d = newTraceDecoder();
    decodeChunk(d, hex(`${load} 98`));
    endBuffer(d, false);
    decodeChunk(d, hex(ts));
    endBuffer(d);
    expect([d.records, d.partialRecords, d.badBytes]).toEqual([1, 1, 1]);
    const whole = newTraceDecoder();
    decodeChunk(whole, hex(load));
    endBuffer(whole, false);
    decodeChunk(whole, hex(ts));
    endBuffer(whole);
    expect(recordsOf(whole.columns)).toHaveLength(1);
  });
});

const accounted = (d: TraceDecoder): number => d.packetBytes + d.paddingBytes + d.badBytes;

describe('any bytes', () => {
  test('never throw, end, and every byte is a packet, padding or bad', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400, size: 'max' }), (bytes) => {
        const d = decodeTrace(bytes);
        expect(accounted(d)).toBe(bytes.length);
        expect(d.columns.rows).toBe(d.records + d.partialRecords);
        expect(recordsOf(d.columns)).toHaveLength(d.columns.rows);
      }),
      { numRuns: 500 },
    );
  });

  test('chunks of any size, drained or not, give the same records', () => {
    const record = fc.constantFrom(...RECORD_VECTORS.map((v) => hex(v.hex)), hex('06'), hex('b0 44 10'));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30, size: 'max' }), fc.integer({ min: 1, max: 90 }), (parts, size) => {
        const bytes = new Uint8Array(parts.flatMap((p) => [...p]));
        const d = newTraceDecoder(1);
        const records: TraceRecord[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          decodeChunk(d, bytes.subarray(at, at + size));
          records.push(...recordsOf(d.columns));
          dropRows(d);
        }
        endBuffer(d);
        records.push(...recordsOf(d.columns));
        expect(records).toEqual(recordsOf(decodeColumns(bytes)));
        expect(accounted(d)).toBe(bytes.length);
      }),
    );
  });
});

const REAL = new URL('../../../shared/traces/real/', import.meta.url);

test.skipIf(!existsSync(REAL))('real traces hold the records that MANIFEST.tsv says (skipped where shared/traces/real is missing)', () => {
  const rows = readFileSync(new URL('MANIFEST.tsv', REAL), 'utf8').trim().split('\n').slice(1);
  for (const row of rows) {
    const [file, bytes, records] = row.split('\t');
    const data = readFileSync(new URL(file, REAL));
    const d = decodeTrace(data);
    expect([file, data.length, d.records]).toEqual([file, Number(bytes), Number.parseInt(records, 10)]);
  }
});
