// The dump against what `perf report -D` printed for real hardware's bytes, and the laws of a dump for any bytes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packetsOf } from '../../src/arch/spe/packet.ts';
import type { PerfVersion } from '../../src/arch/spe/perf.ts';
import { packetWords } from '../../src/arch/spe/words.ts';
import { parseHexBytes } from '../../src/base/hex.ts';
import { dumpChunk, dumpText, endDump, newDump } from '../../src/trace/dump.ts';
import { newText, putDecimal, putHex, putSigned64 } from '../../src/trace/text.ts';

const REAL = new URL('../../../shared/traces/real/', import.meta.url);
const traces = existsSync(REAL) ? readdirSync(REAL).filter((f) => f.endsWith('.aux')) : [];
const hex = (text: string): Uint8Array => parseHexBytes(text) ?? new Uint8Array(0);

describe.skipIf(traces.length === 0)('real traces (shared/traces/real; skipped where that folder is missing)', () => {
  for (const file of traces) {
    for (const perf of ['6.1', '7.3'] as const) {
      test(`${file} is dumped as perf ${perf} does`, () => {
        const want = readFileSync(new URL(file.replace('.aux', `.perf${perf}.txt`), REAL), 'utf8');
        expect(dumpText(readFileSync(new URL(file, REAL)), { perf })).toBe(want);
      });
    }
  }
});

describe('lines', () => {
  test('offset, bytes in 16 columns, words at column 62; R4 of spe-architecture §1.14', () => {
    const lines = dumpText(hex('b0 f4 d3 29 10 00 80 ff a0 99 0b 00 98 0d 00 52 16 00 49 00 06 00 71 a5 1f b3 20 14 00 00 00'), {
      perf: '6.1',
    });
    expect(lines).toBe(
      [
        '.  00000000:  b0 f4 d3 29 10 00 80 ff a0                      PC 0xff80001029d3f4 el1 ns=1',
        '.  00000009:  99 0b 00                                        LAT 11 ISSUE',
        '.  0000000c:  98 0d 00                                        LAT 13 TOT',
        '.  0000000f:  52 16 00                                        EV RETIRED L1D-ACCESS TLB-ACCESS',
        '.  00000012:  49 00                                           LD GP-REG',
        '.  00000014:  06                                              Bad packet!',
        '.  00000015:  00                                              PAD',
        '.  00000016:  71 a5 1f b3 20 14 00 00 00                      TS 86447955877',
        '.  0000001f:  00                                              PAD', // to a multiple of 8, as in a perf.data
        '',
      ].join('\n'),
    );
  });

  test('perf 7.3 has no words for reserved class 0 operations and shows those of the packet before', () => {
    expect(dumpText(hex('98 0c 00 06 48 10 48 10'), { perf: '7.3' })).toBe(
      [
        '.  00000000:  98 0c 00                                        LAT 12 TOT',
        '.  00000003:  06                                              Bad packet!',
        '.  00000004:  48 10                                           LAT 12 TOT',
        '.  00000006:  48 10                                           LAT 12 TOT',
        '',
      ].join('\n'),
    );
  });

  test('timestamps and 8-byte data sources are signed, counters without a name end in a blank', () => {
    const lines = dumpText(hex('71 ff ff ff ff ff ff ff ff 73 91 91 91 91 91 91 91 91 9c 07 00'), { perf: '6.1' }).split('\n');
    expect(lines.slice(0, 3).map((l) => l.slice(62))).toEqual(['TS -1', 'DATA-SOURCE -7957419012188434031', 'LAT 7 ']);
  });

  test('the old alignment header goes to the next multiple of its address', () => {
    const bytes = hex('21 00 01 01 01 01 01 01');
    expect(dumpText(bytes, { perf: '6.1' }).split('\n')[0]).toBe('.  00000000:  21 00 01 01                                     PAD');
    expect(dumpText(bytes, { perf: '6.1', base: 1 }).split('\n')[0]).toBe(
      '.  00000000:  21 00 01                                        PAD',
    );
  });
});

/** Bytes that are often packets and often not. */
const traceBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        hex('b0 44 10 40 00 00 00 00 80'),
        hex('52 16 00'),
        hex('48 10'),
        hex('49 00'),
        hex('00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00'),
        hex('71 2e 65 2f 6a 0a 00 00 00'),
        hex('01'),
        hex('22 b0 01 00 00 00 00 00 00 00'),
        hex('23 00'),
      ),
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((parts) => new Uint8Array(parts.flatMap((p) => [...p])));

describe('any bytes', () => {
  const versions: PerfVersion[] = ['6.1', '6.12', '7.3'];

  test('the lines say what the packet objects say', () => {
    fc.assert(
      fc.property(traceBytes, fc.constantFrom(...versions), (parts, perf) => {
        const bytes = new Uint8Array(Math.ceil(parts.length / 8) * 8);
        bytes.set(parts);
        let said = '';
        const want = packetsOf(bytes).map(({ packet }) => {
          if (typeof packet === 'string') return 'Bad packet!';
          said = packetWords(packet, { perf }) || said;
          return said;
        });
        const lines = dumpText(bytes, { perf }).split('\n').slice(0, -1);
        expect(lines.map((l) => l.slice(62))).toEqual(want);
        const shown = lines.flatMap((l) =>
          l
            .slice(13, 61)
            .trim()
            .split(' ')
            .map((b) => Number.parseInt(b, 16)),
        );
        expect(shown).toEqual([...bytes]);
      }),
      { numRuns: 300 },
    );
  });

  test('chunks of any size give the same text', () => {
    fc.assert(
      fc.property(traceBytes, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (bytes, sizes) => {
        const d = newDump({ perf: '7.3' });
        const decoder = new TextDecoder();
        let text = '';
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length];
          for (const piece of dumpChunk(d, bytes.subarray(at, at + size))) text += decoder.decode(piece);
          at += size;
        }
        text += decoder.decode(endDump(d));
        expect(text).toBe(dumpText(bytes, { perf: '7.3' }));
      }),
      { numRuns: 300 },
    );
  });
});

test('numbers as bytes are the numbers', () => {
  const text = (put: (t: ReturnType<typeof newText>) => void): string => {
    const t = newText(64);
    put(t);
    return new TextDecoder().decode(t.bytes.subarray(0, t.length));
  };
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.integer({ min: 0, max: 64 }), (value, shift) => {
      const v = value >> BigInt(shift);
      const high = Number(v >> 32n);
      const low = Number(v & 0xffff_ffffn);
      expect(text((t) => putHex(t, high, low))).toBe(v.toString(16));
      expect(text((t) => putSigned64(t, high, low))).toBe(BigInt.asIntN(64, v).toString());
      if (v < 1n << 53n) expect(text((t) => putDecimal(t, Number(v)))).toBe(v.toString());
    }),
  );
});
