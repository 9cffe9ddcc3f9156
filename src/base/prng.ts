// The only chance below io: a 32-bit generator (mulberry32) whose whole state is one number in the world.

/** Advances `state` once: the next state and an unsigned 32-bit draw. */
export function nextRandom(state: number): { state: number; draw: number } {
  const next = (state + 0x6d2b79f5) >>> 0;
  let t = next;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return { state: next, draw: (t ^ (t >>> 14)) >>> 0 };
}
