// The register map of vgic.md §4 as a guest sees it: defaults, access sizes, what does not exist, and the hazards of §5.
import { describe, expect, test } from 'vitest';
import { DISTRIBUTOR_REGISTERS, REDISTRIBUTOR_REGISTERS, registerName } from '../../src/arch/gic/frames.ts';
import { frameAt } from '../../src/kernel/vgic/addresses.ts';
import { mmioHaltsGuest, mmioRegisterName, readUserRegister, vgicMmio, writeUserRegister } from '../../src/kernel/vgic/mmio.ts';
import { type MappedRegister, mappedRegister, REGISTER_MAP } from '../../src/kernel/vgic/register-map.ts';
import { sgiTargets } from '../../src/kernel/vgic/sgi.ts';
import { GICD, GICR, listRegisterOf, prepared, scene, sgiFrame, stateOf } from './vgic-scene.ts';

const SGI = sgiFrame(0);

describe('defaults (vgic.md 4.1)', () => {
  test.each([
    ['GICD_CTLR off', 0x0000, 0x50],
    ['GICD_TYPER of 64 INTIDs', 0x0004, 0x00480001],
    ['GICD_IIDR', 0x0008, 0x4b00343b],
    ['GICD_TYPER2', 0x000c, 0],
    ['GICD_STATUSR', 0x0010, 0xffffffff],
    ['GICD_SETSPI_NSR', 0x0040, 0],
    ['GICD_IGROUPR0', 0x0080, 0],
    ['GICD_IGROUPR1', 0x0084, 0xffffffff],
    ['GICD_ISENABLER1', 0x0104, 0],
    ['GICD_IPRIORITYR8', 0x0420, 0],
    ['GICD_ITARGETSR8', 0x0820, 0],
    ['GICD_ICFGR0', 0x0c00, 0],
    ['GICD_ICFGR2', 0x0c08, 0xaaaaaaaa],
    ['GICD_IROUTER40', 0x6140, 0],
    ['GICD_IGRPMODR1', 0x0d04, 0],
    ['GICD_NSACR2', 0x0e08, 0],
    ['GICD_SGIR', 0x0f00, 0],
    ['GICD_PIDR2', 0xffe8, 0x3b],
    ['GICD_PIDR4', 0xffd0, 0],
  ])('%s', (_name, offset, value) => {
    expect(scene().load(GICD + offset)).toBe(value);
  });

  test('GICD_TYPER of 256 and 992 INTIDs', () => {
    expect(scene(1, {}, 256).load(GICD + 4)).toBe(0x00480007);
    expect(scene(1, {}, 992).load(GICD + 4)).toBe(0x0048001e);
  });
});

describe('defaults (vgic.md 4.2, 4.3)', () => {
  test.each([
    ['GICR_CTLR', 0x0000, 0x6],
    ['GICR_IIDR', 0x0004, 0x4b00043b],
    ['GICR_STATUSR', 0x0010, 0],
    ['GICR_WAKER', 0x0014, 0],
    ['GICR_PROPBASER', 0x0070, 0],
    ['GICR_PENDBASER: inner shareable, read-allocate write-back', 0x0078, 0x580],
    ['GICR_INVLPIR', 0x00a0, 0],
    ['GICR_INVALLR', 0x00b0, 0],
    ['GICR_SYNCR', 0x00c0, 0],
    ['GICR_PIDR2', 0xffe8, 0x3b],
    ['GICR_IGROUPR0', 0x10080, 0xffffffff],
    ['GICR_ISENABLER0', 0x10100, 0x0000ffff],
    ['GICR_ICENABLER0', 0x10180, 0x0000ffff],
    ['GICR_ISPENDR0', 0x10200, 0],
    ['GICR_ICPENDR0', 0x10280, 0],
    ['GICR_ISACTIVER0', 0x10300, 0],
    ['GICR_IPRIORITYR0', 0x10400, 0],
    ['GICR_ICFGR0', 0x10c00, 0xaaaaaaaa],
    ['GICR_ICFGR1', 0x10c04, 0],
    ['GICR_IGRPMODR0', 0x10d00, 0],
    ['GICR_NSACR', 0x10e00, 0],
  ])('%s', (_name, offset, value) => {
    expect(scene().load(GICR + offset)).toBe(value);
  });

  test('GICR_TYPER in 64 bits: affinity, number, Last', () => {
    const s = scene(3);
    expect([0, 1, 2].map((n) => s.load(GICR + n * 0x20000 + 8, 8))).toEqual([0, 0x1_0000_0100, 0x2_0000_0210]);
    expect(s.load(GICR + 0x40000 + 12)).toBe(2);
  });
});

describe('accesses', () => {
  test('what is no register, of the wrong size, or unaligned reads zero and writes nothing', () => {
    const s = scene();
    for (const [offset, size] of [
      [0x44, 4],
      [0x84, 1],
      [0x104, 2],
      [0x102, 4],
      [0x420, 8],
      [0x108, 4],
      [0x84, 8],
    ] as const) {
      s.store(GICD + offset, 0xffffffff, size);
      expect(s.load(GICD + offset, size)).toBe(0);
    }
    expect(s.load(GICD + 0x104)).toBe(0);
  });

  test('an address outside the frames, or before the first run, is not the vGIC', () => {
    const s = scene();
    expect(vgicMmio(s.vm, 0, GICD + 0x10000, 4, null)).toBeNull();
    expect(vgicMmio(s.vm, 0, GICR + 0x20000, 4, null)).toBeNull();
    s.dist.ready = false;
    expect(vgicMmio(s.vm, 0, GICD, 4, null)).toBeNull();
  });

  test('priorities by byte and by word, five bits', () => {
    const s = scene();
    s.store(SGI + 0x415, 0xff, 1);
    expect([s.load(SGI + 0x414), s.load(SGI + 0x415, 1)]).toEqual([0xf800, 0xf8]);
    s.store(GICD + 0x400 + 32, 0x10a7_ff09);
    expect(s.load(GICD + 0x400 + 32)).toBe(0x10a0_f808);
    s.store(GICD + 0x400 + 21, 0xff, 1);
    expect(s.load(GICD + 0x400 + 20)).toBe(0);
  });

  test('interrupt 21 in the registers of the SGI frame', () => {
    const s = scene();
    s.store(SGI + 0x100, 0x00200000);
    expect(s.load(SGI + 0x100)).toBe(0x0020ffff);
    s.store(SGI + 0x180, 0x00200001);
    expect(s.load(SGI + 0x180)).toBe(0x0000fffe);
  });

  test('IROUTER: low word only; no vCPU, no target', () => {
    const s = scene(2);
    s.store(GICD + 0x6000 + 8 * 40, 0xffff_ffff_0000_0001n, 8);
    expect(s.load(GICD + 0x6000 + 8 * 40, 8)).toBe(1);
    expect(s.dist.spis.target[8]).toBe(1);
    s.store(GICD + 0x6000 + 8 * 40, 0x8000_0007);
    expect([s.load(GICD + 0x6000 + 8 * 40), s.dist.spis.target[8]]).toEqual([7, -1]);
    s.store(GICD + 0x6000 + 8 * 40 + 4, 0x55);
    expect(s.load(GICD + 0x6000 + 8 * 40 + 4)).toBe(0);
  });

  test('SPI configuration: bit 2n+1, edge or level; a level SPI follows its line', () => {
    const s = prepared();
    expect(s.load(GICD + 0xc08)).toBe(0);
    s.store(GICD + 0xc08, 0xffffffff);
    expect(s.load(GICD + 0xc08)).toBe(0xaaaaaaaa);
  });

  test('any vCPU can access any redistributor', () => {
    const s = prepared(2);
    s.store(sgiFrame(1) + 0x100, 1 << 21);
    expect([stateOf(s, 21, 0), stateOf(s, 21, 1)]).toEqual(['0/0/0/0/0', '1/0/0/0/0']);
  });

  test('GICR_PROPBASER keeps what is written but RES0; GICR_PENDBASER.PTZ reads zero', () => {
    const s = scene();
    s.store(GICR + 0x70, 0xffff_ffff_ffff_ffffn, 8);
    s.store(GICR + 0x78, 0x4000_0000_1234_0400n, 8);
    expect(vgicMmio(s.vm, 0, GICR + 0x70, 8, null)).toBe(0x070f_ffff_ffff_ff9fn);
    expect(vgicMmio(s.vm, 0, GICR + 0x78, 8, null)).toBe(0x0000_0000_1234_0400n);
  });

  test('a library that walks IGROUPR in byte steps up to 256 interrupts enables every SPI, and nothing breaks', () => {
    const s = scene(1, {}, 256);
    for (let offset = 0; offset < 256; offset += 4) s.store(GICD + 0x80 + offset, 0xffffffff);
    expect(s.load(GICD + 0x104)).toBe(0xffffffff);
    expect(s.load(SGI + 0x100)).toBe(0x0000ffff);
  });

  test('which accesses stop every vCPU: active bits of SPIs, and of other vCPUs', () => {
    const s = prepared(2);
    const addresses = [GICD + 0x304, GICD + 0x300, GICD + 0x204, sgiFrame(0) + 0x380, sgiFrame(1) + 0x300];
    expect(addresses.map((a) => mmioHaltsGuest(s.vm, 0, a))).toEqual([true, false, false, false, true]);
  });
});

describe('the map in words (register-map.ts)', () => {
  /** First word that a register speaks of: the distributor has no private interrupts. */
  const firstByte = (r: MappedRegister): number => {
    if (r.frame === 'distributor') return GICD + r.offset;
    return r.frame === 'SGI frame' ? SGI + r.offset : GICR + r.offset;
  };
  test.each(REGISTER_MAP.filter((r) => r.reset !== null).map((r) => [r.name, r] as const))('%s at reset', (_name, r) => {
    expect(scene().load(firstByte(r))).toBe(r.reset);
  });

  test('what the words say nobody writes, nobody writes: guest and user space', () => {
    for (const r of REGISTER_MAP) {
      const s = scene(1, {}, 64);
      const at = firstByte(r) + (r.frame === 'distributor' ? r.bits * 4 : 0);
      const before = s.load(at);
      if (r.guest.writes === 'nothing') {
        s.store(at, 0xffffffff);
        expect([r.name, s.load(at)]).toEqual([r.name, before]);
      }
      if ((r.user ?? r.guest).writes !== 'nothing') continue;
      const vcpu = r.frame === 'distributor' ? -1 : 0;
      writeUserRegister(s.vm, s.dist, vcpu, at - (vcpu === -1 ? GICD : GICR), 0xffffffff);
      expect([r.name, s.load(at)]).toEqual([r.name, before]);
    }
  });

  test('where user space reads something else, the words say so', () => {
    const differs: string[] = [];
    for (const r of REGISTER_MAP) {
      const s = prepared();
      s.sync();
      s.line(22, true); // a line, no latch
      s.line(40, true);
      const vcpu = r.frame === 'distributor' ? -1 : 0;
      const at = firstByte(r) + (r.frame === 'distributor' ? r.bits * 4 : 0);
      if (s.load(at) !== readUserRegister(s.vm, s.dist, vcpu, at - (vcpu === -1 ? GICD : GICR))) differs.push(r.name);
    }
    expect(differs).toEqual(['GICD_ISPENDR', 'GICD_ICPENDR', 'GICR_ISPENDR0', 'GICR_ICPENDR0']);
    const said = REGISTER_MAP.filter((r) => r.user !== null && r.user.reads !== r.guest.reads && /PENDR/.test(r.name)).map((r) => r.name);
    expect(said).toEqual(differs);
  });

  test('by name, with and without a number', () => {
    expect(['GICD_ISENABLER1', 'gicr_ipriorityr5', 'GICR_IGROUPR0', 'GICR_CTLR'].map((n) => mappedRegister(n)?.name)).toEqual([
      'GICD_ISENABLER',
      'GICR_IPRIORITYR',
      'GICR_IGROUPR0',
      'GICR_CTLR',
    ]);
    expect(['GICD_CTLR1', 'GICD_FOO', ''].map((n) => mappedRegister(n))).toEqual([undefined, undefined, undefined]);
  });
});

describe('names', () => {
  test('registers by address', () => {
    const s = prepared(2);
    expect(mmioRegisterName(s.vm, GICD + 0x104)).toBe('GICD_ISENABLER1');
    expect(mmioRegisterName(s.vm, GICD + 0x6000 + 8 * 40)).toBe('GICD_IROUTER40');
    expect(mmioRegisterName(s.vm, sgiFrame(1) + 0xc04)).toBe('GICR_ICFGR1');
    expect(mmioRegisterName(s.vm, sgiFrame(1) + 0x100)).toBe('GICR_ISENABLER0');
    expect(mmioRegisterName(s.vm, GICD + 0x44)).toBe('offset 0x44');
    expect(mmioRegisterName(s.vm, 0x4000_0000)).toBeNull();
    expect(frameAt(s.vm, sgiFrame(1))).toEqual({ vcpu: 1, offset: 0x10000 });
  });

  test('no two rows overlap', () => {
    for (const rows of [DISTRIBUTOR_REGISTERS, REDISTRIBUTOR_REGISTERS]) {
      for (let n = 1; n < rows.length; n++) expect(rows[n].offset).toBeGreaterThanOrEqual(rows[n - 1].offset + rows[n - 1].length);
      expect(registerName(rows, rows[0].offset)).toBe(rows[0].name);
    }
  });
});

describe('SGIs', () => {
  test('targets: list, affinities that no vCPU has, all but self', () => {
    const { vm } = scene(18);
    expect(sgiTargets(vm, 0, 0x0000_8003n)).toEqual([0, 1, 15]);
    expect(sgiTargets(vm, 0, 0x0001_0003n)).toEqual([16, 17]);
    expect(sgiTargets(vm, 0, (1n << 48n) | 1n)).toEqual([]);
    expect(sgiTargets(vm, 0, (1n << 32n) | 1n)).toEqual([]);
    expect(sgiTargets(vm, 17, 1n << 40n)).toEqual([...Array(17).keys()]);
    expect(sgiTargets(vm, 0, (1n << 44n) | 1n)).toEqual([0]);
    expect(sgiTargets(scene(18, { 'vgic.noRangeSelector': false }).vm, 0, (1n << 44n) | 1n)).toEqual([]);
  });

  test('a disabled SGI is pended but not delivered', () => {
    const s = prepared();
    s.exit(() => s.store(SGI + 0x180, 2));
    s.msr('SGI1R', 0x0100_0001n);
    expect([stateOf(s, 1), listRegisterOf(s, 1)]).toEqual(['0/1/-/0/0', '–']);
  });
});
