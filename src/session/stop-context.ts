// What stands behind every stop when `set context` asks for it, as pwndbg and GEF have it: the code that comes next, what changed, the
// profiling unit, the general registers.
import { hex } from '../base/hex.ts';
import { guestRegisters, profilingRegisters, readGuestRegister } from '../kernel/view.ts';
import type { Outcome, StopContext } from './outcome.ts';
import type { Context } from './session.ts';
import { instructionAt } from './symbols.ts';
import { vcpuName } from './vmm.ts';

/** In the order in which they stand, the code first, for it follows the stop's own line; `on` is the first three. */
export const SECTIONS = ['code', 'changes', 'spe', 'regs'] as const;
const ON: readonly string[] = SECTIONS.slice(0, 3);

/** The sections that a value of `set context` names; null: it is no value. */
export function sectionsOf(value: string): readonly string[] | null {
  if (value === 'off') return [];
  if (value === 'on') return ON;
  const named = value.split(',');
  return named.every((name) => SECTIONS.some((section) => section === name)) ? SECTIONS.filter((section) => named.includes(section)) : null;
}

type Registers = Readonly<Record<string, bigint>>;

/** The registers that a stop can show, by vCPU of the VM in use. */
export type RegistersSeen = ReadonlyMap<string, Registers>;

export function seeRegisters({ world, vm }: Context): RegistersSeen {
  const vcpus = world.world.kernel.vms[vm]?.vcpus ?? [];
  return new Map(
    vcpus.map((vcpu) => {
      const { x, sp, pc, pstate } = guestRegisters(world, vm, vcpu.index);
      const profiling = profilingRegisters(world, vm).map((name) => [name, readGuestRegister(world, vm, vcpu.index, name) ?? 0n]);
      return [
        vcpuName(vm, vcpu.id),
        { ...Object.fromEntries(x.map((value, n) => [`x${n}`, value])), sp, pc, pstate, ...Object.fromEntries(profiling) },
      ];
    }),
  );
}

/** Instructions behind the next one, which the stop itself shows. */
const MORE_CODE = 3;

/** The outcome of a run with its context; `before`: the registers when it began. */
export function withStopContext(outcome: Outcome, context: Context, sections: readonly string[], before: RegistersSeen): Outcome {
  const name = outcome.data?.['vcpu'];
  const now = typeof name === 'string' ? seeRegisters(context).get(name) : undefined;
  if (sections.length === 0 || now === undefined || outcome.data?.['next'] === null) return outcome;
  const old = before.get(String(name)) ?? {};
  const rows = Object.entries(now).map(([register, value]) => ({
    name: register,
    value: hex(value),
    ...(old[register] === undefined || old[register] === value ? {} : { was: hex(old[register]) }),
  }));
  const vcpu = context.world.world.kernel.vms[context.vm].vcpus.find((v) => vcpuName(context.vm, v.id) === name);
  const code =
    vcpu === undefined
      ? []
      : Array.from({ length: MORE_CODE }, (_, i) => instructionAt(context, vcpu.index, now['pc'] + 4n * BigInt(i + 1)));
  const stop: StopContext = {
    sections,
    changes: rows.filter((row) => row.was !== undefined && row.name !== 'pc'),
    registers: rows,
    code: code.filter((line) => line.word !== null),
  };
  return { ...outcome, context: stop };
}
