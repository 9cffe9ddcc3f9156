// Interrupts among several vCPUs, with guest code: an SPI that another vCPU deactivates, and accesses that stop the VM (vgic.md §2.4, §3, §4).
import { expect, test } from 'vitest';
import { IRQ_TYPE_SPI, irqLineWord } from '../../src/abi/irq-line.ts';
import { guestExit } from '../../src/kernel/guest/exit-state.ts';
import { kickVcpu } from '../../src/kernel/vgic/irq.ts';
import { enterGuest, loadVcpu } from '../../src/kernel/world-switch.ts';
import * as vmm from '../../src/session/vmm.ts';
import { addVm, type Bench, configure, move, must, run, vmOf } from './bench.ts';
import { go, guest, mov, msr, program, RAM, reg } from './guests.ts';

const GICD = 0x0800_0000;
const BIT40 = 1 << 8; // in the second word of the distributor's one-bit registers
const HERE = 'here: b here';
const store = (address: number, value: number): string => [mov('x5', address), mov('x6', value), 'str w6, [x5]'].join('\n');
/** Distributor on, SPI 40 enabled; the CPU interface on, with EOImode 1. */
const interfaceOn = [msr('ICC_PMR_EL1', 0xf0), msr('ICC_IGRPEN1_EL1', 1), msr('ICC_CTLR_EL1', 2)];
const takes40 = [
  store(GICD, 2),
  store(GICD + 0x104, BIT40),
  ...interfaceOn,
  'wait: mrs x20, icc_iar1_el1',
  'cmp x20, #40',
  'b.ne wait',
  'msr icc_eoir1_el1, x20',
  HERE,
].join('\n');

/** Two vCPUs inside KVM_RUN, on CPUs 1 and 2, each with its program. */
function two(first: string, second: string): Bench {
  const b = guest(first, { before: (fresh) => configure(fresh, 1, { spu: 10 }) });
  move(b, 1, 2);
  program(b, second, 1, RAM + 0x1000);
  if (run(b, 1) !== 'ok') throw new Error(JSON.stringify(b.last));
  return b;
}
const raise40 = (b: Bench): void => void must(b, vmm.irqLine(b.hands, 0, irqLineWord({ type: IRQ_TYPE_SPI, vcpu: 0, number: 40 }), 1));
const active40 = (b: Bench): number | undefined => vmOf(b).vgic?.spis.active[8];

test.each([false, true])('DIR of an SPI that another vCPU has in the guest ends it; that vCPU had left the guest meanwhile: %s', (left) => {
  const b = two(takes40, [...interfaceOn, mov('x3', 40), 'nop', 'nop', 'msr icc_dir_el1, x3', HERE].join('\n'));
  go(b, 100);
  go(b, 8, {}, 1); // inside the guest before the SPI comes
  raise40(b);
  go(b, 100);
  expect(reg(b, 'x20')).toBe(40n);
  expect(reg(b, 'ICH_LR0_EL2') >> 62n).toBe(2n);
  if (left) {
    kickVcpu(vmOf(b), 0);
    go(b, 10);
    expect(active40(b)).toBe(1);
  }
  go(b, 20, {}, 1);
  go(b, 20);
  expect([active40(b), reg(b, 'ICH_LR0_EL2') >> 62n]).toEqual([0, 0n]);
});

test('an access to active bits takes the vCPUs of its VM out of the guest, and leaves those of another VM where they are', () => {
  const reads = [mov('x5', GICD + 0x304), 'loop: ldr w1, [x5]', 'b loop'].join('\n');
  const b = two(reads, HERE);
  addVm(b);
  configure(b, 0, { vm: 1 });
  move(b, 0, 3, 1);
  expect(run(b, 0, 1)).toBe('ok');
  const inGuest = (): boolean[] => [2, 3].map((cpu) => b.mw.world.machine.cpus[cpu].inGuest);
  const other = guestExit(b.mw, 1, 0, []);
  loadVcpu(other);
  enterGuest(other);
  go(b, 1, {}, 1);
  expect(inGuest()).toEqual([true, true]);
  go(b, 8);
  expect(inGuest()).toEqual([false, true]);
});
