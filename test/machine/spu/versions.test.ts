// Feature versions SPEv1p0 to SPEv1p5: what a unit may say of itself, its write masks, its events, its operation types (spe-architecture §2.1,
// §3.2, §5), for every unit of the project's host fixtures and for random ones.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/arch/a64/assemble.ts';
import { decodeWord } from '../../../src/arch/a64/decode.ts';
import { SPE_FEATURES, speFeatureNames, speIdentityFaults } from '../../../src/arch/spe/features.ts';
import { packetsOf } from '../../../src/arch/spe/packet.ts';
import { packetWords } from '../../../src/arch/spe/words.ts';
import { fieldAccess, indexOfRegister } from '../../../src/arch/sysreg/table.ts';
import { parseHost } from '../../../src/kernel/host-schema.ts';
import { operationKind } from '../../../src/machine/cpu/profile.ts';
import { constructRecord } from '../../../src/machine/spu/record.ts';
import { implementedBits } from '../../../src/machine/spu/registers.ts';
import type { SpuDescription } from '../../../src/machine/spu/state.ts';
import { unitOf } from '../../../src/machine/spu/unit.ts';
import { aCpu, aLoad, N1_LIKE } from './a-cpu.ts';

const HOSTS = join(import.meta.dirname, '../../../fixtures/hosts');
const hostText = (name: string): string => readFileSync(join(HOSTS, `${name}.toml`), 'utf8');
const names = readdirSync(HOSTS).map((file) => file.replace(/\.toml$/, ''));
const hosts = names.map((name) => parseHost(`${name}.toml`, hostText(name), hostText)._unsafeUnwrap());
const profile = (name: string): SpuDescription => {
  const spu = hosts.find((h) => h.name === name)?.spus[0];
  if (spu === undefined) throw new Error(`no SPU on ${name}`);
  return spu;
};

describe('every unit of a fixture could be built', () => {
  for (const host of hosts) {
    test(host.name, () => {
      for (const spu of host.spus) expect([spu.name, ...speIdentityFaults(spu)]).toEqual([spu.name]);
    });
  }
});

test('what no unit can say of itself is told', () => {
  const faults = (over: Partial<SpuDescription>): string => speIdentityFaults({ ...N1_LIKE, ...over }).join('; ');
  expect(faults({})).toBe('');
  expect(faults({ pmsver: 3 })).toBe('PMSVer 3 has FEAT_SPE_FnE');
  expect(faults({ pmsidr: 0x1026417n })).toBe('FEAT_SPE_PBT needs PMSVer 3 or later');
  expect(faults({ pmsver: 5, pmsidr: 0x8026457n, pmbidr: 0x226n })).toBe('FEAT_SPE_FPF and FEAT_SPE_EFT come together');
  expect(faults({ pmsver: 5, pmsidr: 0x4026457n, pmbidr: 0x226n })).toBe('FEAT_SPE_FPF and FEAT_SPE_EFT come together');
  expect(faults({ pmsver: 5, pmsidr: 0xc026457n, pmbidr: 0x226n })).toBe('');
  expect(faults({ pmsidr: 0x25417n })).toMatch(/MaxSize is 6/);
  expect(faults({ pmsidr: 0x26416n })).toBe('PMSIDR_EL1.FE is 1 in every unit');
  expect(faults({ pmsidr: 0x16417n })).toMatch(/CountSize/);
  expect(faults({ pmsidr: 0x26117n })).toMatch(/Interval/);
  expect(faults({ pmsidr: 0x126417n })).toMatch(/Format/);
  expect(faults({ pmbidr: 0x27n })).toMatch(/at most PMSIDR_EL1.MaxSize/);
  expect(faults({ pmsver: 4, pmsidr: 0x26457n, pmbidr: 0x6n })).toMatch(/F is 1 from SPEv1p3 on; PMBIDR_EL1.EA is 1 or 2/);
  expect(faults({ pmsver: 0, pmsidr: 0n })).toBe('');
});

describe('profiles', () => {
  const rows: [string, string[]][] = [
    ['n1-metal', ['FEAT_SPE', 'FEAT_SPE_LDS']],
    ['two-spu', ['FEAT_SPE', 'FEAT_SPE_LDS', 'FEAT_SPEv1p1']],
    ['spe-v1p2', ['FEAT_SPE', 'FEAT_SPE_ERnd', 'FEAT_SPE_LDS', 'FEAT_SPEv1p1', 'FEAT_SPEv1p2', 'FEAT_SPE_FnE', 'FEAT_SPE_PBT']],
    ['spe-v1p3', ['FEAT_SPE', 'FEAT_SPE_LDS', 'FEAT_SPEv1p1', 'FEAT_SPEv1p2', 'FEAT_SPE_FnE', 'FEAT_SPEv1p3']],
  ];
  for (const [name, features] of rows) test(name, () => expect(speFeatureNames(profile(name))).toEqual(features));

  test('spe-v1p4 and spe-v1p5 have FDS, CRR, 16-bit counters and records of up to 128 bytes; v1p5 the type masks', () => {
    expect(profile('spe-v1p4').pmsidr).toBe(0x30374f7n);
    expect(profile('spe-v1p4').pmbidr).toBe(0x226n);
    expect(unitOf(profile('spe-v1p4'))).toMatchObject({ largestRecord: 128, largestCount: 0xffff, sourceFilter: true, callReturn: true });
    expect(unitOf(profile('spe-v1p5'))).toMatchObject({ typeMasks: true, callReturn: true, externalAborts: 'SError' });
    expect(speFeatureNames(profile('spe-v1p5'))).toEqual(expect.arrayContaining(['FEAT_SPEv1p5', 'FEAT_SPE_EFT', 'FEAT_SPE_FPF']));
  });

  test('spe-unaligned: records of any length up to 2 KiB, at any address', () => {
    expect(unitOf(profile('spe-unaligned'))).toMatchObject({ alignment: 1, largestRecord: 2048, slots: false });
  });
});

describe('write masks by version (§3.2)', () => {
  const bits = (name: string, register: string, offsets = false): string | undefined =>
    implementedBits(profile(name), indexOfRegister(register), offsets)?.toString(16);
  const rows: [string, Record<string, string | undefined>][] = [
    [
      'n1-metal',
      { PMSFCR_EL1: '70007', PMSEVFR_EL1: 'aa', PMSNEVFR_EL1: undefined, PMSDSFR_EL1: undefined, PMBLIMITR_EL1: 'fffffffffffff001' },
    ],
    ['two-spu', { PMSFCR_EL1: '70007', PMSEVFR_EL1: '608aa', PMSICR_EL1: 'ffffffff', PMSLATFR_EL1: 'fff', PMBSR_EL1: 'fffffffc0fffff' }],
    ['spe-v1p2', { PMSFCR_EL1: '7000f', PMSNEVFR_EL1: '608ea', PMSICR_EL1: 'ff000000ffffffff', PMBLIMITR_EL1: 'fffffffffffff027' }],
    ['spe-v1p3', { PMSNEVFR_EL1: '608ea', PMBSR_EL1: 'fffffffc0bffff' }],
    ['spe-v1p4', { PMSFCR_EL1: '7001f', PMSEVFR_EL1: 'fe0ffe', PMSDSFR_EL1: 'ffffffffffffffff', PMSLATFR_EL1: 'ffff' }],
    ['spe-v1p5', { PMSFCR_EL1: '1f0000001f001f', PMBMAR_EL1: undefined, PMBSR_EL2: undefined }],
  ];
  for (const [name, want] of rows) {
    test(name, () => expect(Object.fromEntries(Object.keys(want).map((r) => [r, bits(name, r)]))).toEqual(want));
  }
  test('PMSCR_EL1.PCT has its second bit with FEAT_ECV', () => {
    expect([bits('two-spu', 'PMSCR_EL1'), bits('two-spu', 'PMSCR_EL1', true)]).toEqual(['7b', 'fb']);
  });
});

const words = (device: SpuDescription, op: Parameters<typeof aLoad>[0]): string[] => {
  const { m, cpu, spu } = aCpu(device, { PMSCR_EL1: 0x23n });
  return packetsOf(constructRecord(m, cpu, spu, aLoad(op)))
    .map(({ packet }) => (typeof packet === 'string' ? packet : packetWords(packet, { perf: '7.3' })))
    .filter((w) => w !== 'PAD');
};

test('events of later versions are not in records of earlier ones; the packet has one size a unit', () => {
  const events = 0xf80816 | 1;
  const of = (name: string): string | undefined => words(profile(name), { events }).find((w) => w.startsWith('EV'));
  expect(of('n1-metal')).toBe('EV EXCEPTION-GEN RETIRED L1D-ACCESS TLB-ACCESS');
  expect(of('two-spu')).toBe('EV EXCEPTION-GEN RETIRED L1D-ACCESS TLB-ACCESS ALIGNMENT');
  expect(of('spe-v1p4')).toBe('EV EXCEPTION-GEN RETIRED L1D-ACCESS TLB-ACCESS ALIGNMENT L2D-ACCESS L2D-MISS HITM LFB SNOOPED');
  const size = (name: string, e: number): number =>
    packetsOf(constructRecord(...recordParts(profile(name), e))).reduce((n, { packet }) => {
      return typeof packet !== 'string' && packet.kind === 'events' ? packet.bytes : n;
    }, 0);
  for (const e of [2, 0x216, 0xf80816]) expect([size('two-spu', e), size('spe-v1p4', e)]).toEqual([2, 4]);
});

function recordParts(device: SpuDescription, events: number): Parameters<typeof constructRecord> {
  const { m, cpu, spu } = aCpu(device, { PMSCR_EL1: 0x23n });
  return [m, cpu, spu, aLoad({ events })];
}

describe('FEAT_SPE_FPF: floating point and Advanced SIMD (§1.8)', () => {
  const rows: [string, string, string][] = [
    ['fadd d0, d1, d2', 'OTHER FP INSN-OTHER', 'OTHER INSN-OTHER'],
    ['fcsel d0, d1, d2, eq', 'OTHER FP COND-SELECT', 'OTHER COND-SELECT'],
    ['add v0.4s, v1.4s, v2.4s', 'OTHER ASE INSN-OTHER', 'OTHER INSN-OTHER'],
    ['fadd v0.4s, v1.4s, v2.4s', 'OTHER ASE FP INSN-OTHER', 'OTHER INSN-OTHER'],
    ['ldr q0, [x0]', 'LD SIMD-FP', 'LD SIMD-FP'],
    ['st1 {v0.4s}, [x0]', 'ST SIMD-FP', 'ST SIMD-FP'],
  ];
  for (const [line, with1p5, before] of rows) {
    test(line, () => {
      const word = assemble(line, 0n)._unsafeUnwrap().words[0];
      const { class: operationClass, subclass, types } = operationKind(decodeWord(word), word);
      const op = { word, class: operationClass, subclass, types, va: null, pa: null, source: -1, translationLatency: -1, target: null };
      expect(words(profile('spe-v1p5'), op)).toContain(with1p5);
      expect(words(profile('two-spu'), op)).toContain(before);
    });
  }
});

describe('FEAT_SPE_CRR: call, return, neither (§1.9)', () => {
  const rows: [string, number, string][] = [
    ['bl . + 8', 0, 'B CR-BL'],
    ['blr x3', 2, 'B IND CR-BL'],
    ['ret', 2, 'B IND CR-RET'],
    ['br x3', 2, 'B IND CR-NON-BL-RET'],
    ['b.eq . + 8', 1, 'B COND CR-NON-BL-RET'],
    ['b . + 8', 0, 'B CR-NON-BL-RET'],
    ['eret', 2, 'B IND CR-NON-BL-RET'],
  ];
  for (const [line, subclass, want] of rows) {
    test(line, () => {
      const text = `${line.replace('. + 8', 'there')}\nnop\nthere: nop`;
      const word = assemble(text, 0n)._unsafeUnwrap().words[0];
      const op = {
        word,
        class: 2 as const,
        subclass,
        types: 1,
        va: null,
        pa: null,
        source: -1,
        translationLatency: -1,
        target: 8n,
        taken: true,
      };
      expect(words(profile('spe-v1p5'), op)).toContain(want);
      expect(words(profile('two-spu'), op).find((w) => w.startsWith('B'))).not.toMatch(/CR-/);
    });
  }
});

test('a random unit that could be built has consistent masks: what is filterable is recorded, and needs its feature', () => {
  const field = (register: string, name: string, max: number): fc.Arbitrary<bigint> =>
    fc.integer({ min: 0, max }).map((v) => fieldAccess(register, name).put(0n, BigInt(v)));
  const idBits = ['ERnd', 'LDS', 'ArchInst', 'FnE', 'FDS', 'CRR', 'PBT', 'EFT', 'FPF'].map((name) => field('PMSIDR_EL1', name, 1));
  const join = (words: readonly bigint[]): bigint => words.reduce((all, w) => all | w, 0n);
  const anyUnit = fc.record({
    pmsver: fc.integer({ min: 1, max: 6 }),
    pmsidr: fc
      .tuple(
        ...idBits,
        fc.integer({ min: 6, max: 11 }).map((n) => BigInt(n) << 12n),
      )
      .map((words) => join(words) | 0x20007n),
    pmbidr: fc.tuple(field('PMBIDR_EL1', 'Align', 6), field('PMBIDR_EL1', 'EA', 2)).map((words) => join(words) | 0x20n),
    layout: fc.constantFrom('n1-slots' as const, 'architectural' as const),
  });
  fc.assert(
    fc.property(anyUnit, (device) => {
      if (speIdentityFaults(device).length !== 0) return;
      const unit = unitOf(device);
      expect(unit.filterable & ~unit.events).toBe(0);
      expect(unit.eventBytes === 2 ? unit.events & ~0xffff & ~0x60000 : 0).toBe(0);
      expect(speFeatureNames(device).length).toBeLessThanOrEqual(SPE_FEATURES.length);
    }),
  );
});
