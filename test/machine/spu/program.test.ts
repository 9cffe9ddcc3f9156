// A small program run by the CPU with profiling on: which operations are sampled, and that each record tells the truth of its operation.
import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/arch/a64/assemble.ts';
import { getSys, setPc, setSys } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { writePhysical } from '../../../src/machine/memory.ts';
import type { CompletedRecord } from '../../../src/machine/spu/state.ts';
import { newTimingModel } from '../../../src/machine/timing/model.ts';
import { decodeColumns } from '../../../src/trace/decode.ts';
import { recordsOf } from '../../../src/trace/records.ts';
import { aCpu, type OneCpu } from './a-cpu.ts';

const CODE = 0x13000;
const DATA = 0x12800;
/** Loads, a store, a taken and a not taken branch, a select, a call and a return: 13 operations a round, or 12. */
const PROGRAM = `
  movz x1, #0x1
  movz x2, #0x2800
  movk x2, #1, lsl #16
  movz x5, #0
loop:
  ldr x3, [x2]
  add x3, x3, x1
  str x3, [x2, #8]
  ldrb w4, [x2, #64]
  tbz x5, #0, even
  csel x6, x1, x3, eq
even:
  add x5, x5, #1
  bl leaf
  subs x7, x5, #10
  b.ne loop
  b loop
leaf:
  ret
`;

function running(registers: Record<string, bigint>): OneCpu {
  const c = aCpu({}, { PMBLIMITR_EL1: 0x12001n, ...registers });
  c.cpu.timing = newTimingModel();
  const words = assemble(PROGRAM, BigInt(CODE))._unsafeUnwrap().words;
  writePhysical(c.m.memory, c.pa + CODE - 0x10000, new Uint8Array(Uint32Array.from(words).buffer));
  setPc(c.cpu.context, BigInt(CODE));
  c.m.machine.tick = 0;
  return c;
}

const NO_STOPS = { breakpoints: new Set<bigint>(), skipFirst: false, afterRecord: false };

/** The ticks of the operations sampled in `operations`, stepped `part` at a time. */
function sampledTicks(c: OneCpu, operations: number, part = operations): number[] {
  for (let left = operations; left > 0; left -= part) stepCpu(c.m, c.cpu, Math.min(part, left), NO_STOPS);
  return c.spu.completed.map((r) => r.truth.tick + 1);
}

describe('which operations are sampled (§4.2), numbered from 1', () => {
  test('INTERVAL 1: 257, 514, 771, 1028', () => {
    expect(sampledTicks(running({ PMSIRR_EL1: 0x100n }), 1100)).toEqual([257, 514, 771, 1028]);
  });
  test('INTERVAL 1 from COUNT 10: 10, 267, 524', () => {
    expect(sampledTicks(running({ PMSIRR_EL1: 0x100n, PMSICR_EL1: 10n }), 600)).toEqual([10, 267, 524]);
  });
  test('stepping in parts of 7, or one by one, samples the same operations, with jitter too', () => {
    for (const reload of [0x100n, 0x101n]) {
      const whole = sampledTicks(running({ PMSIRR_EL1: reload }), 3000);
      expect(whole.length).toBeGreaterThan(6);
      expect(sampledTicks(running({ PMSIRR_EL1: reload }), 3000, 7)).toEqual(whole);
      expect(sampledTicks(running({ PMSIRR_EL1: reload }), 3000, 1)).toEqual(whole);
    }
  });
  test('every operation counts once', () => {
    const c = running({ PMSIRR_EL1: 0x100n });
    sampledTicks(c, 1000);
    expect(c.spu.counts).toMatchObject({ SAMPLE_POP: 1000, SAMPLE_FEED: 3, SAMPLE_FILTRATE: 3 });
    expect(getSys(c.cpu.context, 'PMSICR_EL1')).toBe(256n - (1000n - 772n));
  });
});

/** What the record says against what was true. */
function expectTruth({ bytes, truth }: CompletedRecord): void {
  const [record] = recordsOf(decodeColumns(bytes), undefined, 'canonical');
  const hexOrAbsent = (v: bigint | number | null): string | undefined => (v === null ? undefined : `0x${v.toString(16)}`);
  expect(record.pc).toBe(`0x${truth.pc.toString(16)}`);
  expect(record).toMatchObject({ el: 1, ns: 1, issue: truth.issueLatency, total: truth.totalLatency });
  expect(record.va).toBe(hexOrAbsent(truth.va));
  expect(record.target).toBe(hexOrAbsent(truth.target));
  expect(record.xlat).toBe(truth.translationLatency < 0 ? undefined : truth.translationLatency);
  expect(record.source).toBe(truth.source < 0 ? undefined : truth.source);
  expect(record.events?.split(' ')).toContain('RETIRED');
}

test('every record is true of its operation: kind, address, direction, target', () => {
  const c = running({ PMSIRR_EL1: 0x100n });
  const kinds = new Map<number, Set<string>>();
  for (let i = 0; i < 100; i++) {
    sampledTicks(c, 257);
    const done = c.spu.completed.splice(0);
    expect(done).toHaveLength(1);
    expectTruth(done[0]);
    const [record] = recordsOf(decodeColumns(done[0].bytes), undefined, 'canonical');
    const at = Number(done[0].truth.pc) - CODE;
    const said = `${record.op}${record.va === undefined ? '' : ` ${record.va}`}${record.events?.includes('NOT-TAKEN') ? ' not taken' : ''}${record.target === undefined ? '' : ` to ${record.target}`}`;
    kinds.set(at, (kinds.get(at) ?? new Set()).add(said));
    if (c.cpu.hostLines !== 0) {
      // The buffer is full: begin again.
      setSys(c.cpu.context, 'PMBSR_EL1', 0n);
      setSys(c.cpu.context, 'PMBPTR_EL1', 0x10000n);
      c.cpu.hostLines = 0;
    }
  }
  const want: [number, string[]][] = [
    [0x10, [`LD GP-REG 0x${DATA.toString(16)}`]],
    [0x14, ['OTHER INSN-OTHER']],
    [0x18, [`ST GP-REG 0x${(DATA + 8).toString(16)}`]],
    [0x1c, [`LD GP-REG 0x${(DATA + 64).toString(16)}`]],
    [0x20, ['B COND to 0x13028', 'B COND not taken to 0x13024']],
    [0x24, ['OTHER COND-SELECT', 'OTHER COND-SELECT not taken']],
    [0x28, ['OTHER INSN-OTHER']],
    [0x2c, ['B to 0x1303c']],
    [0x30, ['OTHER INSN-OTHER']],
    [0x34, ['B COND to 0x13010', 'B COND not taken to 0x13038']],
    [0x38, ['B to 0x13010']],
    [0x3c, ['B IND to 0x13030']],
  ];
  for (const [at, may] of want) for (const said of kinds.get(at) ?? []) expect(may, `at +0x${at.toString(16)}`).toContain(said);
  expect(kinds.size).toBeGreaterThan(9);
});

test('when the buffer is full the host is told at once', () => {
  const c = running({ PMSIRR_EL1: 0x100n, PMBLIMITR_EL1: 0x11001n });
  const done = stepCpu(c.m, c.cpu, 100_000, NO_STOPS);
  expect(done).toMatchObject({ executed: 64 * 257, stop: 'host-irq' });
  expect(getSys(c.cpu.context, 'PMBSR_EL1')).toBe(0x20001n);
});
