// Interrupts among several vCPUs, with guest code: accesses that stop the VM (vgic.md §4).
import { expect, test } from 'vitest';
import { guestExit } from '../../src/kernel/guest/exit-state.ts';
import { enterGuest, loadVcpu } from '../../src/kernel/world-switch.ts';
import { addVm, type Bench, configure, move, run } from './bench.ts';
import { go, guest, mov, program, RAM } from './guests.ts';

const GICD = 0x0800_0000;
const HERE = 'here: b here';

/** Two vCPUs inside KVM_RUN, on CPUs 1 and 2, each with its program. */
function two(first: string, second: string): Bench {
  const b = guest(first, { before: (fresh) => configure(fresh, 1, { spu: 10 }) });
  move(b, 1, 2);
  program(b, second, 1, RAM + 0x1000);
  if (run(b, 1) !== 'ok') throw new Error(JSON.stringify(b.last));
  return b;
}

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
