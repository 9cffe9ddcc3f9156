// The session's events with what the guests have done to their interrupts since they were last left: IAR, EOIR and DIR do not trap, so KVM, and
// with it the log, hears of them at the next exit (vgic.md §2.5). A person who stops between two operations sees them at once.
import { untoldEvents } from '../kernel/vgic/view.ts';
import type { SessionEvent } from './outcome.ts';
import type { Context } from './session.ts';

/** The log's events, and those that the next exit of each vCPU will bring, by rising tick. */
export function eventsUntilNow(context: Context): readonly SessionEvent[] {
  const { world } = context;
  const untold = world.world.kernel.vms.flatMap((vm) => untoldEvents(world, vm).map((e): SessionEvent => ({ ...e, vm: vm.index })));
  if (untold.length === 0) return context.log.events;
  return [...context.log.events, ...untold.sort((a, b) => a.tick - b.tick)];
}
