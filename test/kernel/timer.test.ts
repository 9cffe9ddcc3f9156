// The guest's EL1 timers: PPIs 27 and 30 mapped to the host's interrupts (vgic.md §1.7, §2.4, §2.5), time jumps, the virtual offset;
// and what the way in and out of the guest does to events and exclusives.
import { describe, expect, test } from 'vitest';
import { findIrq } from '../../src/kernel/vgic/irq.ts';
import * as vmm from '../../src/session/vmm.ts';
import { addVm, type Bench, b0, configure, move, must, run, set, vcpuOf, vmOf } from './bench.ts';
import { go, guest, kinds, mov, msr, program, RAM, reg } from './guests.ts';

const GICR = 0x080b_0000;
const store = (address: number, value: number): string => [mov('x5', address), mov('x6', value), 'str w6, [x5]'].join('\n');
const load = (register: string, address: number): string => [mov('x5', address), `ldr ${register}, [x5]`].join('\n');

/** Distributor and CPU interface on, these PPIs enabled. */
const gic = (ppis: number): string =>
  [store(0x0800_0000, 0x12), store(GICR + 0x100, ppis), msr('ICC_PMR_EL1', 0xf0), msr('ICC_IGRPEN1_EL1', 1)].join('\n');
const arm = (timer: 'v' | 'p', at: number): string => [msr(`CNT${timer}_CVAL_EL0`, at), msr(`CNT${timer}_CTL_EL0`, 1)].join('\n');
const HERE = 'here: b here';

/** A guest whose handler, at the vector of IRQs, is `handler`. */
function withHandler(main: readonly string[], handler: readonly string[]): Bench {
  const vectors = RAM + 0x1000;
  const b = guest([msr('VBAR_EL1', vectors), ...main].join('\n'));
  const pc = reg(b, 'pc');
  program(b, handler.join('\n'), 0, vectors + 0x280);
  vcpuOf(b, 0).context.core[0] = Number(pc);
  return b;
}

function line(b: Bench, intid: number): number {
  const irq = findIrq(vmOf(b), 0, intid);
  return irq === null ? -1 : irq.table.line[irq.at];
}

describe('PPIs 27 and 30', () => {
  test.each([
    ['v', 27],
    ['p', 30],
  ] as const)('timer %s raises INTID %i; the list register is mapped (HW, pINTID) and takes the line along', (timer, intid) => {
    const b = guest([gic(1 << intid), arm(timer, 200), HERE].join('\n'));
    expect(kinds(go(b, 400))).toEqual(expect.arrayContaining(['irq.raised', 'irq.queued', 'irq.delivered']));
    const hardware = 1n << 61n;
    const pending = 1n << 62n;
    expect(reg(b, 'ICH_LR0_EL2')).toBe(pending | hardware | (1n << 60n) | (BigInt(intid) << 32n) | BigInt(intid));
    expect(line(b, intid)).toBe(0);
  });

  test('ended while its output is still high, it comes again; ended with the output low, it does not', () => {
    const handler = (quiet: boolean): string[] => [
      'mrs x20, icc_iar1_el1',
      'add x22, x22, #1',
      ...(quiet ? ['msr cntv_ctl_el0, xzr'] : []),
      'msr icc_eoir1_el1, x20',
      'eret',
    ];
    const main = [gic(1 << 27), 'msr daifclr, #2', arm('v', 300), HERE];
    const again = withHandler(main, handler(false));
    go(again, 1000);
    expect(reg(again, 'x20')).toBe(27n);
    expect(reg(again, 'x22')).toBeGreaterThan(50n);
    const once = withHandler(main, handler(true));
    go(once, 1000);
    expect([reg(once, 'x20'), reg(once, 'x22'), line(once, 27)]).toEqual([27n, 1n, 0]);
  });

  test('an active one is shown active, never active and pending; it does not leave the guest again and again', () => {
    const b = withHandler([gic(1 << 27), 'msr daifclr, #2', arm('v', 300), HERE], ['mrs x20, icc_iar1_el1', HERE]);
    go(b, 500);
    const events = kinds(go(b, 1000));
    expect(events).toEqual([]);
    expect(reg(b, 'ICH_LR0_EL2') >> 62n).toBe(2n);
    expect(line(b, 27)).toBe(0);
  });

  test('while one is active its deadline passes unseen, and the other timer still comes in time', () => {
    const again = [mov('x0', 600), 'msr cntv_cval_el0, x0'].join('\n');
    const b = withHandler(
      [gic((1 << 27) | (1 << 30)), 'msr daifclr, #2', arm('p', 900), arm('v', 300), HERE],
      ['mrs x20, icc_iar1_el1', again, HERE],
    );
    const raised = go(b, 1500).events.filter((e) => e.kind === 'irq.raised');
    expect(raised.map((e) => [e['intid'], e.tick])).toEqual([
      [27, 300],
      [30, 900],
    ]);
  });

  test('ISPENDR follows the live line while the interrupt is disabled, and enabling looks at it', () => {
    const pending = load('w10', GICR + 0x200);
    const b = guest(
      [
        gic(0),
        pending,
        arm('v', 0),
        load('w11', GICR + 0x200),
        msr('CNTV_CTL_EL0', 0),
        load('w12', GICR + 0x200),
        msr('CNTV_CTL_EL0', 1),
        store(GICR + 0x100, 1 << 27),
        'mrs x13, icc_hppir1_el1',
        HERE,
      ].join('\n'),
    );
    go(b, 200);
    const bit = 1n << 27n;
    expect([reg(b, 'x10') & bit, reg(b, 'x11') & bit, reg(b, 'x12') & bit]).toEqual([0n, bit, 0n]);
    expect(reg(b, 'x13')).toBe(27n);
  });

  test('IMASK keeps the output low and ISTATUS high', () => {
    const b = guest([gic(1 << 27), msr('CNTV_CVAL_EL0', 0), msr('CNTV_CTL_EL0', 3), 'mrs x10, cntv_ctl_el0', HERE].join('\n'));
    expect(kinds(go(b, 200))).not.toContain('irq.raised');
    expect(reg(b, 'x10')).toBe(7n);
  });

  test('TVAL is a signed distance: written it sets CVAL, read it falls through zero', () => {
    const b = guest(
      [mov('x0', 10), 'msr cntv_tval_el0, x0', ...Array.from({ length: 20 }, () => 'nop'), 'mrs x10, cntv_tval_el0', HERE].join('\n'),
    );
    go(b, 40);
    expect(BigInt.asIntN(32, reg(b, 'x10'))).toBe(-11n);
  });

  test('nobody else may drive them once a vCPU ran, and a device that owns one makes the first KVM_RUN -EINVAL', () => {
    const b = guest(HERE);
    expect(must(b, vmm.irqLine(b.hands, 0, (2 << 24) | 27, 1)).ret).toBe(0);
    expect(line(b, 27)).toBe(0);
    const clash = b0();
    configure(clash, 0, { irq: 30 });
    expect([run(clash, 0), clash.last?.why]).toEqual(['EINVAL', 'another device owns the PPI of a timer']);
  });
});

describe('sleep and time', () => {
  test('time jumps to the first deadline that wakes somebody: a timer whose PPI is disabled does not', () => {
    const b = guest([gic(1 << 30), arm('v', 5000), arm('p', 9000), 'wfi', 'mrs x10, cntpct_el0', HERE].join('\n'));
    go(b, 100);
    expect(reg(b, 'x10')).toBe(9000n);
  });

  test('time does not move when no deadline wakes anybody', () => {
    const b = guest([gic(0), arm('v', 5000), 'wfi', HERE].join('\n'));
    expect(go(b, 100)).toMatchObject({ state: 'blocked' });
    const { tick } = b.mw.world.machine;
    expect(tick).toBeLessThan(100);
    expect(go(b, 100)).toMatchObject({ state: 'blocked', executed: 0 });
    expect(b.mw.world.machine.tick).toBe(tick);
  });

  test.each([0xffff_ffff_ffff_ffffn, 1n << 60n])('a deadline at %s never comes', (at) => {
    const b = guest([gic(1 << 27), msr('CNTV_CVAL_EL0', at), msr('CNTV_CTL_EL0', 1), 'wfi', HERE].join('\n'));
    expect(go(b, 100)).toMatchObject({ state: 'blocked' });
    expect(b.mw.world.machine.tick).toBeLessThan(100);
  });

  test('CNTVOFF_EL2: virtual time begins with the last vCPU created, the same for all of the VM', () => {
    const b = guest(HERE);
    go(b, 1000);
    addVm(b);
    expect([vmOf(b, 0).counterOffset, vmOf(b, 1).counterOffset]).toEqual([0n, 1000n]);
  });

  test('the virtual counter and timer lag by it, the physical ones do not', () => {
    const reads = 'mrs x10, cntpct_el0\nmrs x11, cntvct_el0\nmrs x12, cntv_ctl_el0\nmrs x13, cntp_ctl_el0';
    const b = guest([gic(0), arm('v', 100), arm('p', 100), ...Array.from({ length: 100 }, () => 'nop'), reads, HERE].join('\n'), {
      before: (fresh) => {
        vmOf(fresh).counterOffset = 60n;
      },
    });
    go(b, 160);
    expect(reg(b, 'x10') - reg(b, 'x11')).toBe(59n); // one operation later
    expect([reg(b, 'x12'), reg(b, 'x13')]).toEqual([1n, 5n]);
  });
});

describe('events and exclusives', () => {
  test('WFE gives up the turn; SEV of another vCPU is seen', () => {
    const b = guest(['wfe', 'wfe', 'mov x10, #1', HERE].join('\n'));
    expect(go(b, 100)).toMatchObject({ state: 'running', yielded: true, executed: 2 });
    expect(go(b, 100)).toMatchObject({ state: 'running', executed: 100 });
    expect(reg(b, 'x10')).toBe(1n);
  });

  test('leaving the guest between LDXR and STXR loses the monitor', () => {
    const exclusive = (between: string): string =>
      [mov('x1', RAM + 0x2000), 'ldxr x2, [x1]', between, 'stxr w10, x2, [x1]', HERE].join('\n');
    const stays = guest(exclusive('nop'));
    go(stays, 20);
    const leaves = guest(exclusive(`${mov('x0', 0x8400_0000)}\nhvc #0`));
    go(leaves, 20);
    expect([reg(stays, 'x10'), reg(leaves, 'x10')]).toEqual([0n, 1n]);
  });
});

test('two vCPUs on one CPU: each sees its own timer', () => {
  const b = guest([gic(1 << 27), arm('v', 400), 'msr daifclr, #2', HERE].join('\n'), {
    before: (fresh) => {
      for (const [name, value] of [
        ['pmu.irq', 23],
        ['pmu.init', 'NULL'],
        ['spe.irq', 21],
        ['spe.spu', 10],
        ['spe.init', 'NULL'],
      ] as const)
        set(fresh, 1, name, value);
    },
  });
  program(b, [gic(1 << 27), HERE].join('\n'), 1, RAM + 0x400);
  move(b, 1, 1);
  must(b, vmm.runCall(b.hands, 0, 1));
  for (let turn = 0; turn < 10; turn++) {
    go(b, 100, {}, 0);
    go(b, 100, {}, 1);
  }
  expect([vcpuOf(b, 0).timers.virtual, vcpuOf(b, 1).timers.virtual]).toEqual([true, false]);
});
