// Inside KVM_RUN with real guest code: traps, PSCI, MMIO, and the rows of kvm-spe-abi.md §7.8 and §7.9 that need a guest.
import { describe, expect, test } from 'vitest';
import { GRP_LEVEL_INFO } from '../../src/abi/vgic-attributes.ts';
import { setPerfmonCapability } from '../../src/kernel/process.ts';
import { completeMmio } from '../../src/kernel/run.ts';
import { migrateThread } from '../../src/kernel/thread.ts';
import * as vmm from '../../src/session/vmm.ts';
import { type Bench, exit, hash, hostOf, init, must, run, set, vcpuOf, vgicAttr } from './bench.ts';
import { BUFFER, go, guest, kinds, mov, msr, profile, program, RAM, reg } from './guests.ts';

const MIB = 1024 * 1024;
const read = (register: string): string => `mrs x0, ${register.toLowerCase()}\nloop: b loop`;
const S = 1n << 17n;

describe('registers as the guest sees them', () => {
  test('REG-03 without the feature, reading PMSCR_EL1 is undefined', () => {
    const b = guest(`${msr('VBAR_EL1', RAM + 0x800)}\n${read('PMSCR_EL1')}`, { plan: { features: ['pmu-v3', 'psci-0.2'] }, spe: false });
    const done = go(b, 4);
    expect(kinds(done)).toContain('guest.undefined');
    expect(reg(b, 'ESR_EL1') >> 26n).toBe(0n);
    expect(reg(b, 'ELR_EL1')).toBe(BigInt(RAM + 12));
  });
  test('a unit that the host’s driver did not take is there all the same: its registers trap, and KVM injects', () => {
    for (const [host, traps] of [
      ['kpti', true],
      ['no-spe', false],
    ] as const) {
      const b = guest(read('PMSCR_EL1'), { plan: { features: ['pmu-v3', 'psci-0.2'] }, spe: false, host: hostOf(host) });
      const told = go(b, 1).events.find((e) => e.kind === 'guest.undefined');
      expect([host, told?.['register']]).toEqual([host, traps ? 'PMSCR_EL1' : undefined]);
    }
  });
  test('REG-04 without the feature, PMSVer reads 0', () => {
    const b = guest(read('ID_AA64DFR0_EL1'), { plan: { features: ['pmu-v3', 'psci-0.2'] }, spe: false });
    go(b, 1);
    expect((reg(b, 'x0') >> 32n) & 15n).toBe(0n);
  });
  test('REG-05 PMSVer is the SPU’s', () => {
    for (const [host, version] of [
      ['two-spu', 2n],
      ['spe-v1p2', 3n],
    ] as const) {
      const b = guest(read('ID_AA64DFR0_EL1'), { host: hostOf(host) });
      go(b, 1);
      expect((reg(b, 'x0') >> 32n) & 15n).toBe(version);
    }
  });
  test('REG-07 without FnE, PMSNEVFR_EL1 is undefined', () => {
    const b = guest(`${msr('VBAR_EL1', RAM + 0x800)}\n${read('PMSNEVFR_EL1')}`);
    // The unit has no such register: the CPU takes the exception, nothing traps to KVM.
    const told = go(b, 4).events.filter((e) => e.kind === 'guest.undefined');
    expect(told.map((e) => e['word'])).toEqual(['0xd5389920']);
    expect([reg(b, 'ESR_EL1') >> 26n, reg(b, 'ELR_EL1')]).toEqual([0n, BigInt(RAM + 12)]);
  });
  test('with FnE, PMSNEVFR_EL1 is the register, with and without fine-grained traps', () => {
    const host = hostOf('spe-v1p2');
    for (const fgt of [true, false]) {
      const b = guest(`${msr('PMSNEVFR_EL1', 0x80)}\n${read('PMSNEVFR_EL1')}`, {
        host: { ...host, features: { ...host.features, fgt } },
      });
      expect(kinds(go(b, 4))).not.toContain('guest.undefined');
      expect(reg(b, 'x0')).toBe(0x80n);
    }
  });
  test('without the feature and without fine-grained traps, PMBIDR_EL1.P reads 1: EL2 owns the buffer', () => {
    const b = guest(read('PMBIDR_EL1'), {
      plan: { features: ['pmu-v3', 'psci-0.2'] },
      spe: false,
      host: hostOf('n1-metal'),
    });
    go(b, 1);
    expect(reg(b, 'x0')).toBe(0x16n);
  });
  /** PMSCR_EL2 of a guest whose VM was created with or without CAP_PERFMON; the capability may change afterwards. */
  const pmscrEl2 = (atCreation: boolean, later = atCreation): bigint => {
    const b = guest('loop: b loop', {
      booted: (fresh) => setPerfmonCapability(fresh.mw.world.kernel.processes[0], atCreation),
      before: (fresh) => setPerfmonCapability(fresh.mw.world.kernel.processes[0], later),
    });
    go(b, 1);
    return reg(b, 'PMSCR_EL2');
  };
  test('REG-08 the creator of the VM has CAP_PERFMON: PMSCR_EL2.PCT is set', () => {
    expect(pmscrEl2(true)).toBe(0x40n);
    expect(pmscrEl2(true, false)).toBe(0x40n);
  });
  test('REG-09 it has not: 0, virtual time', () => expect(pmscrEl2(false)).toBe(0n));
  test('REG-10 a capability gained after the VM was created changes nothing', () => expect(pmscrEl2(false, true)).toBe(0n));
  test('MBS-15 PMBIDR_EL1 shows the maximum buffer size', () => {
    const b = guest(read('PMBIDR_EL1'), {
      before: (fresh) => {
        set(fresh, 0, 'spe.spu', 10);
        expect(set(fresh, 0, 'spe.max-buffer-size', 4 * MIB)).toBe('ok');
      },
    });
    go(b, 1);
    expect((reg(b, 'x0') >> 32n) & 0xffffn).toBe(0x0400n);
    expect((reg(b, 'x0') >> 4n) & 1n).toBe(0n); // P
  });
  test('MBS-16 PMBIDR_EL1 shows the limit of the hardware', () => {
    const b = guest(read('PMBIDR_EL1'), { host: hostOf('limited-buffer') });
    go(b, 1);
    expect((reg(b, 'x0') >> 32n) & 0xffffn).toBe(0x0100n);
  });
  test('registers read back what was written', () => {
    const b = guest(`${msr('PMBPTR_EL1', BUFFER)}\n${msr('PMSIRR_EL1', 0x40001)}\nmrs x0, pmbptr_el1\nmrs x1, pmsirr_el1\nloop: b loop`);
    go(b, 20);
    expect([reg(b, 'x0'), reg(b, 'x1')]).toEqual([BigInt(BUFFER), 0x40001n]);
  });
});

describe('the buffer management interrupt', () => {
  test('INT-01, INT-02: writing PMBSR_EL1.S moves the PPI', () => {
    const b = guest(`${msr('PMBSR_EL1', S)}\nnop\n${msr('PMBSR_EL1', 0)}\nloop: b loop`);
    expect(kinds(go(b, 4))).toContain('spe.irq-high');
    expect(vcpuOf(b, 0).vgic?.privates.line[21]).toBe(1);
    expect(kinds(go(b, 4))).toContain('spe.irq-low');
    expect(vcpuOf(b, 0).vgic?.privates.line[21]).toBe(0);
  });
  test('INT-03: the SPU fills the buffer: PMBSR 0x20001, PPI high, sampling stops', () => {
    const b = guest(profile(4096));
    const done = go(b, 80_000);
    expect(kinds(done)).toContain('spe.irq-high');
    expect(reg(b, 'PMBSR_EL1')).toBe(0x20001n);
    expect(reg(b, 'PMBPTR_EL1')).toBe(BigInt(BUFFER + 4096));
    expect(b.mw.world.machine.cpus[1].spu?.completed).toHaveLength(64);
    expect(vcpuOf(b, 0).vgic?.privates.line[21]).toBe(1);
    go(b, 10_000);
    expect(b.mw.world.machine.cpus[1].spu?.completed).toHaveLength(64);
  });
  test('INT-06: enabling while S = 1 stores the value and leaves the buffer off', () => {
    const b = guest(`${msr('PMBSR_EL1', S)}\n${profile(4096)}`);
    const done = go(b, 5_000);
    expect(kinds(done)).not.toContain('spe.on');
    expect(reg(b, 'PMBLIMITR_EL1')).toBe(BigInt(BUFFER + 4096) | 1n);
    expect(b.mw.world.machine.cpus[1].spu?.completed).toHaveLength(0);
  });
  test('INT-07: clearing PMBSR_EL1 while E = 1 enables the buffer', () => {
    const b = guest(
      [msr('PMBPTR_EL1', BUFFER), msr('PMBSR_EL1', S), msr('PMBLIMITR_EL1', BUFFER + 4097), msr('PMBSR_EL1', 0), 'loop: b loop'].join('\n'),
    );
    expect(kinds(go(b, 20))).toContain('spe.on');
  });
  test('INT-08: a buffer larger than the maximum: PMBSR 0x20004, PPI high, nothing enabled', () => {
    const b = guest(profile(2 * MIB), {
      before: (fresh) => {
        set(fresh, 0, 'spe.spu', 10);
        set(fresh, 0, 'spe.max-buffer-size', MIB);
      },
    });
    const done = go(b, 5_000);
    expect(kinds(done)).toEqual(expect.arrayContaining(['spe.too-large', 'spe.irq-high']));
    expect(reg(b, 'PMBSR_EL1')).toBe(0x20004n);
    expect(b.mw.world.machine.cpus[1].spu?.completed).toHaveLength(0);
  });
  test('INT-09: LIMIT == PTR: buffer full at the first sample', () => {
    const b = guest(profile(0));
    go(b, 5_000);
    expect(reg(b, 'PMBSR_EL1')).toBe(0x20001n);
  });
  test.each([0n, S])('the line that user space restored follows PMBSR_EL1.S from the next entry on: PMBSR_EL1 = %i', (pmbsr) => {
    const b = guest(`${msr('PMBSR_EL1', pmbsr)}\nloop: b loop`);
    const line = (): number | undefined => vcpuOf(b, 0).vgic?.privates.line[21];
    const is = pmbsr === 0n ? 0 : 1;
    go(b, 10);
    for (const restored of [1 - is, is]) {
      go(b, 1, { signal: true });
      expect(vgicAttr(b, GRP_LEVEL_INFO, 0, BigInt(restored) << 21n)).toBe('ok');
      expect(line()).toBe(restored);
      expect(run(b, 0)).toBe('ok');
      go(b, 5);
      expect(line()).toBe(is);
    }
  });
  test('INT-12: sampling only at EL0: the buffer is on at EL1, without records', () => {
    const b = guest(profile(4096).replace(msr('PMSCR_EL1', 0x23), msr('PMSCR_EL1', 0x21)));
    expect(kinds(go(b, 5_000))).toContain('spe.on');
    expect(b.mw.world.machine.cpus[1].spu?.completed).toHaveLength(0);
  });
});

describe('the way through the vGIC', () => {
  test('a full buffer interrupts the guest, which acknowledges 21; clearing S and ending it leaves nothing', () => {
    const vectors = RAM + 0x800;
    const b = guest(
      [
        msr('VBAR_EL1', vectors),
        mov('x5', 0x0800_0000), // GICD_CTLR: ARE, group 1
        mov('x6', 0x12),
        'str w6, [x5]',
        mov('x5', 0x080b_0100), // GICR_ISENABLER0: PPI 21
        mov('x6', 1 << 21),
        'str w6, [x5]',
        msr('ICC_PMR_EL1', 0xf0),
        msr('ICC_IGRPEN1_EL1', 1),
        'msr daifclr, #2',
        profile(4096),
      ].join('\n'),
    );
    const pc = reg(b, 'pc');
    program(
      b,
      [
        'mrs x20, icc_iar1_el1',
        'mrs x21, pmbsr_el1',
        'msr pmbsr_el1, xzr',
        'msr icc_eoir1_el1, x20',
        'add x22, x22, #1',
        'mrs x23, icc_iar1_el1',
        'here: b here',
      ].join('\n'),
      0,
      vectors + 0x280,
    );
    vcpuOf(b, 0).context.core[0] = Number(pc); // `program` moved the pc: back to the start
    const seen: string[] = [];
    while (reg(b, 'x23') === 0n) seen.push(...kinds(go(b, 100)));
    expect(seen).toEqual(expect.arrayContaining(['irq.raised', 'irq.delivered', 'irq.acknowledged', 'irq.lowered', 'irq.ended']));
    expect([reg(b, 'x20'), reg(b, 'x21'), reg(b, 'x22'), reg(b, 'x23')]).toEqual([21n, 0x20001n, 1n, 1023n]);
    expect(vcpuOf(b, 0).vgic?.privates.line[21]).toBe(0);
  });
});

describe('exits', () => {
  test('a store nobody backs is KVM_EXIT_MMIO; the next KVM_RUN goes on behind it', () => {
    const b = guest(`${mov('x0', 0x0900_0000)}\nmov w1, #0x41\nstrb w1, [x0]\nldr w2, [x0, #24]\nloop: b loop`);
    expect(go(b, 100).state).toBe('exited');
    expect(vcpuOf(b, 0).run.exit).toEqual({ reason: 6, name: 'KVM_EXIT_MMIO', phys_addr: '0x9000000', len: 1, is_write: 1, data: '0x41' });
    expect(run(b, 0)).toBe('ok');
    expect(go(b, 100).state).toBe('exited');
    expect(vcpuOf(b, 0).run.exit).toEqual({ reason: 6, name: 'KVM_EXIT_MMIO', phys_addr: '0x9000018', len: 4, is_write: 0 });
    completeMmio(b.mw, 0, 0, 0x90n);
    run(b, 0);
    go(b, 10);
    expect(reg(b, 'x2')).toBe(0x90n);
  });
  test('PSCI SYSTEM_OFF is KVM_EXIT_SYSTEM_EVENT', () => {
    const b = guest(`${mov('x0', 0x8400_0008)}\nhvc #0\nloop: b loop`);
    const done = go(b, 100);
    expect([done.state, done.answer?.isOk()]).toEqual(['exited', true]);
    expect(vcpuOf(b, 0).run.exit).toMatchObject({ reason: 24, name: 'KVM_EXIT_SYSTEM_EVENT', type: 1 });
  });
  test('PSCI VERSION, FEATURES, and a function nobody has', () => {
    const b = guest(
      [
        mov('x0', 0x8400_0000),
        'hvc #0',
        'mov x10, x0',
        mov('x0', 0x8400_000a),
        mov('x1', 0x8400_0008),
        'hvc #0',
        'mov x11, x0',
        mov('x0', 1337),
        'hvc #0',
        'mov x12, x0',
        'loop: b loop',
      ].join('\n'),
    );
    go(b, 60);
    expect([reg(b, 'x10'), reg(b, 'x11'), reg(b, 'x12')]).toEqual([0x10001n, 0n, (1n << 64n) - 1n]);
  });
  test('PSCI CPU_ON starts a powered-off vCPU; AFFINITY_INFO tells', () => {
    const b = guest(
      [
        mov('x0', 0xc400_0004),
        mov('x1', 1),
        'mov x2, #0',
        'hvc #0',
        'mov x10, x0',
        mov('x0', 0xc400_0003),
        mov('x1', 1),
        mov('x2', RAM + 0x400),
        mov('x3', 0x77),
        'hvc #0',
        'mov x11, x0',
        mov('x0', 0xc400_0004),
        mov('x1', 1),
        'mov x2, #0',
        'hvc #0',
        'mov x12, x0',
        'loop: b loop',
      ].join('\n'),
      {
        before: (fresh) => {
          init(fresh, 1, ['spe', 'pmu-v3', 'psci-0.2', 'power-off']);
          for (const [name, value] of [
            ['pmu.irq', 23],
            ['pmu.init', 'NULL'],
            ['spe.irq', 21],
            ['spe.spu', 10],
            ['spe.init', 'NULL'],
          ] as const)
            set(fresh, 1, name, value);
        },
      },
    );
    program(b, 'nop', 1, RAM + 0x400);
    must(b, vmm.runCall(b.hands, 0, 1));
    expect(go(b, 100, {}, 1)).toMatchObject({ state: 'blocked', executed: 0 });
    go(b, 100);
    expect([reg(b, 'x10'), reg(b, 'x11'), reg(b, 'x12')]).toEqual([1n, 0n, 0n]);
    vcpuOf(b, 1).thread.cpu = 2;
    go(b, 1, {}, 1);
    expect([reg(b, 'pc', 1), reg(b, 'x0', 1)]).toEqual([BigInt(RAM + 0x404), 0x77n]);
  });
  test('a signal ends KVM_RUN with -EINTR and KVM_EXIT_INTR, and the guest goes on later', () => {
    const b = guest('loop: add x0, x0, #1\nb loop');
    go(b, 100);
    const done = go(b, 0, { signal: true });
    expect([done.state, done.answer?._unsafeUnwrapErr().errno, exit(b, 0)]).toEqual(['exited', 'EINTR', 'KVM_EXIT_INTR']);
    expect(reg(b, 'x0')).toBe(50n);
    run(b, 0);
    go(b, 100);
    expect(reg(b, 'x0')).toBe(100n);
  });
  test('RUN-15: migrated in mid-run to CPU 5: exit 9 at the next load; back on CPU 2 it goes on', () => {
    const b = guest('loop: add x0, x0, #1\nb loop');
    go(b, 100);
    migrateThread(b.mw, 0, 0, 5);
    expect(go(b, 100)).toMatchObject({ state: 'exited', executed: 0 });
    expect(vcpuOf(b, 0).run.exit).toMatchObject({ reason: 9, hardware_entry_failure_reason: 1, cpu: 5 });
    migrateThread(b.mw, 0, 0, 2);
    run(b, 0);
    go(b, 100);
    expect(reg(b, 'x0')).toBe(100n);
  });
  test('fetching where no memory is gets an external abort', () => {
    const b = guest(`${msr('VBAR_EL1', RAM + 0x800)}\n${mov('x0', 0x1000)}\nbr x0`);
    go(b, 6);
    expect(reg(b, 'ESR_EL1')).toBe((0x21n << 26n) | (1n << 25n) | 0x10n);
    expect(reg(b, 'FAR_EL1')).toBe(0x1000n);
  });
  test('a VM without memory runs until the budget is spent', () => {
    const b = guest('nop');
    must(b, vmm.setMemory(b.hands, 0, 0, 0n, 0n));
    expect(go(b, 1000)).toMatchObject({ state: 'running', executed: 1000 });
  });
});

describe('sleep', () => {
  test('WFI without an interrupt blocks', () => {
    const b = guest('wfi\nmov x0, #1\nloop: b loop');
    expect(go(b, 100)).toMatchObject({ state: 'blocked', executed: 1 });
    expect(go(b, 100)).toMatchObject({ state: 'blocked', executed: 0 });
  });
  test('WFI with a timer armed: time jumps to the deadline, and the PPI wakes it', () => {
    const b = guest(
      [
        mov('x5', 0x0800_0000),
        mov('x6', 0x12),
        'str w6, [x5]',
        mov('x5', 0x080b_0100),
        mov('x6', 1 << 27),
        'str w6, [x5]',
        msr('ICC_PMR_EL1', 0xf0),
        msr('ICC_IGRPEN1_EL1', 1),
        mov('x0', 1_000_000),
        'msr cntv_cval_el0, x0',
        'mov x0, #1',
        'msr cntv_ctl_el0, x0',
        'wfi',
        'mrs x10, cntvct_el0',
        'mrs x11, icc_iar1_el1',
        'loop: b loop',
      ].join('\n'),
    );
    const done = go(b, 60);
    expect(done.state).toBe('running');
    expect(reg(b, 'x10')).toBeGreaterThanOrEqual(1_000_000n);
    expect(reg(b, 'x11')).toBe(27n);
  });
});

/** What vCPU 1 needs beside vCPU 0. */
function configureSecond(b: Bench): void {
  init(b, 1, ['spe', 'pmu-v3', 'psci-0.2']);
  for (const [name, value] of [
    ['pmu.irq', 23],
    ['pmu.init', 'NULL'],
    ['spe.irq', 21],
    ['spe.spu', 10],
    ['spe.init', 'NULL'],
  ] as const) {
    if (set(b, 1, name, value) !== 'ok') throw new Error(name);
  }
}

describe('two vCPUs', () => {
  const counting = (register: string, step: number): string => `loop: add ${register}, ${register}, #${step}\nb loop`;

  test('on one CPU, in turns: each has its own registers, whatever the turns are', () => {
    const results = [1, 7, 50, 1000].map((turn) => {
      const b = guest(counting('x0', 1), { before: configureSecond });
      program(b, counting('x0', 2), 1, RAM + 0x400);
      vcpuOf(b, 1).thread.cpu = 1;
      must(b, vmm.runCall(b.hands, 0, 1));
      for (let done = 0; done < 1000; done += turn) {
        go(b, Math.min(turn, 1000 - done), {}, 0);
        go(b, Math.min(turn, 1000 - done), {}, 1);
      }
      return [reg(b, 'x0', 0), reg(b, 'x0', 1)];
    });
    for (const each of results) expect(each).toEqual([500n, 1000n]);
  });

  test('on one CPU, both profiling: each fills its own buffer', () => {
    const second = BUFFER + 0x10_0000;
    const b = guest(profile(4096), { before: configureSecond });
    program(b, profile(4096, second), 1, RAM + 0x400);
    vcpuOf(b, 1).thread.cpu = 1;
    must(b, vmm.runCall(b.hands, 0, 1));
    for (let i = 0; i < 90; i++) {
      go(b, 900, {}, 0);
      go(b, 900, {}, 1);
    }
    expect([reg(b, 'PMBSR_EL1', 0), reg(b, 'PMBSR_EL1', 1)]).toEqual([0x20001n, 0x20001n]);
    expect([reg(b, 'PMBPTR_EL1', 0), reg(b, 'PMBPTR_EL1', 1)]).toEqual([BigInt(BUFFER + 4096), BigInt(second + 4096)]);
    const addresses = b.mw.world.machine.cpus[1].spu?.completed.map((r) => r.address >= BigInt(second)) ?? [];
    expect([addresses.filter((x) => x).length, addresses.filter((x) => !x).length]).toEqual([64, 64]);
  });

  test('an SGI of one reaches the other', () => {
    const gic = [mov('x5', 0x0800_0000), mov('x6', 0x12), 'str w6, [x5]', msr('ICC_PMR_EL1', 0xf0), msr('ICC_IGRPEN1_EL1', 1)].join('\n');
    const b = guest(`${gic}\n${mov('x0', (5 << 24) | 2)}\nmsr icc_sgi1r_el1, x0\nloop: b loop`, { before: configureSecond });
    program(b, `${gic}\nwfi\nmrs x10, icc_iar1_el1\nloop: b loop`, 1, RAM + 0x400);
    vcpuOf(b, 1).thread.cpu = 2;
    must(b, vmm.runCall(b.hands, 0, 1));
    expect(go(b, 100, {}, 1).state).toBe('blocked');
    expect(kinds(go(b, 100, {}, 0))).toContain('irq.pended');
    go(b, 10, {}, 1);
    expect(reg(b, 'x10', 1)).toBe(5n);
  });
});

test('one long run and many short ones end in the same world', () => {
  const ends = [70_000, 997, 64, 1].map((slice) => {
    const b = guest(profile(4096));
    for (let done = 0; done < 70_000; done += slice) go(b, Math.min(slice, 70_000 - done));
    return hash(b);
  });
  expect(new Set(ends).size).toBe(1);
});
