// What an SPU has to say beyond its registers: settings that select nothing, collisions, why the buffer stopped. They become events.
import type { GuestExit } from '../guest/exit-state.ts';

/** Moves the notices of the CPU's SPU to the events of the stay. */
export function tellNotices(g: GuestExit): void {
  const { spu } = g.cpu;
  if (spu === null || spu.notices.length === 0) return;
  for (const { kind, tick, why } of spu.notices.splice(0)) g.events.push({ kind, tick, vcpu: g.name, why });
}
