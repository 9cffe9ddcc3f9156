// The previous branch target (FEAT_SPE_PBT, spe-architecture §4.3): of the last taken branch while profiling was enabled, forgotten when a taken
// branch executes while it is disabled.
import { expect, test } from 'vitest';
import { assemble } from '../../../src/arch/a64/assemble.ts';
import { packetsOf } from '../../../src/arch/spe/packet.ts';
import { PREVIOUS_TARGET } from '../../../src/arch/spe/packets.ts';
import { setPc, setSys, setX } from '../../../src/machine/cpu/context.ts';
import { stepCpu } from '../../../src/machine/cpu/step.ts';
import { newSpuState } from '../../../src/machine/spu/state.ts';
import { bareMachine, NO_STOPS, putWords, RAM_BASE } from '../cpu/bare.ts';

/** The previous target, as words from the program's beginning, in the record of the `nth` operation that is profiled; null: none. */
function previous(text: string, nth: number, part: number): number | null {
  const b = bareMachine({ megabytes: 1, timing: true });
  b.cpu.spu = newSpuState({ pmsver: 3, pmsidr: 0x1026457n, pmbidr: 0x26n, layout: 'n1-slots' });
  const c = b.cpu.context;
  const registers = { MDCR_EL2: 3n << 12n, PMSCR_EL1: 3n, PMSICR_EL1: BigInt(nth), PMSIRR_EL1: 0xffff00n };
  const buffer = { PMBPTR_EL1: BigInt(RAM_BASE + 0x8000), PMBLIMITR_EL1: BigInt(RAM_BASE + 0x9001) };
  for (const [name, value] of Object.entries({ ...registers, ...buffer })) setSys(c, name, value);
  setX(c, 3, 3n);
  putWords(b, RAM_BASE, [...assemble(text, BigInt(RAM_BASE))._unsafeUnwrap().words]);
  setPc(c, BigInt(RAM_BASE));
  for (let i = 0; i < 12; i += part) stepCpu(b.m, b.cpu, part, NO_STOPS);
  expect(b.cpu.spu.completed).toHaveLength(1);
  const found = packetsOf(b.cpu.spu.completed[0].bytes).find(
    ({ packet }) => typeof packet !== 'string' && packet.kind === 'address' && packet.index === PREVIOUS_TARGET,
  )?.packet;
  if (found === undefined || typeof found === 'string' || found.kind !== 'address') return null;
  return (Number(found.value & 0xffff_ffffn) - RAM_BASE) / 4;
}

const STAY = '\nend: b end';

test.each([1, 3, 12])('in steps of %i', (part) => {
  // The branch at `two` is sampled.
  const at = (text: string, nth: number): number | null => previous(text + STAY, nth, part);
  expect(at('b one\nnop\none: nop\ntwo: b end', 3)).toBe(2);
  expect(at('nop\nnop\ntwo: b end', 3)).toBeNull();
  // A branch that is not taken is none; nor is the sampled one its own.
  expect(at('b one\nnop\none: cbnz xzr, end\nnop\ntwo: b end', 4)).toBe(2);
  // A sampled branch is the previous one of those to come, but a record of no branch has none.
  expect(at('b one\nnop\none: nop\ntwo: nop', 3)).toBeNull();
  // Profiling off, without a branch and with one.
  expect(at('b one\nnop\none: msr pmscr_el1, xzr\nnop\nmsr pmscr_el1, x3\ntwo: b end', 3)).toBe(2);
  expect(at('b one\nnop\none: msr pmscr_el1, xzr\nb off\nnop\noff: msr pmscr_el1, x3\ntwo: b end', 3)).toBeNull();
});
