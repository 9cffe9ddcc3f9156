// What stands behind every stop when `set context` asks for it, as pwndbg and GEF have it: what changed, the profiling unit, the code that
// comes next, the general registers. A changed value has a `*` and what it was, so that it is seen without colours.
import { hex } from '../base/hex.ts';
import { guestRegisters, profilingRegisters, readGuestRegister } from '../kernel/view.ts';
import type { Outcome, StopContext } from '../session/outcome.ts';
import type { Context } from '../session/session.ts';
import { instructionAt } from '../session/symbols.ts';
import { vcpuName } from '../session/vmm.ts';
import { type Block, type Doc, type Line, type Span, text } from '../view/doc.ts';

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
const MOST_CHANGES = 8;
/** What says most of the unit's state in a few lines. */
const UNIT = ['PMSCR_EL1', 'PMBLIMITR_EL1', 'PMBPTR_EL1', 'PMBSR_EL1'];

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

type Row = StopContext['registers'][number];

const valueSpans = ({ name, value, was }: Row, width: number): Span[] => [
  { text: name.padEnd(width), role: 'name' },
  { text: ` ${value}`, role: was === undefined ? 'number' : 'changed' },
  { text: was === undefined ? '' : '*', role: 'changed' },
];

function section(name: string, { changes, registers, code }: StopContext): Block[] {
  switch (name) {
    case 'changes': {
      if (changes.length === 0) return [];
      const more = changes.slice(MOST_CHANGES).map((row) => row.name);
      const rows = changes.slice(0, MOST_CHANGES).map((row) => ({ name: row.name, before: row.was ?? '', after: row.value }));
      return [{ kind: 'diff', rows }, ...(more.length === 0 ? [] : [text(`changed too: ${more.join(' ')}`)])];
    }
    case 'spe': {
      const unit = registers.filter((row) => UNIT.includes(row.name));
      const was = ({ was: old }: Row): Span[] => (old === undefined ? [] : [{ text: ` was ${old}`, role: 'dim' }]);
      return unit.length === 0 ? [] : [text(...unit.map((row): Line => [...valueSpans(row, 13), ...was(row)]))];
    }
    case 'code':
      return code.length === 0
        ? []
        : [
            text(
              ...code.map(
                (i): Line => [
                  { text: `   ${i.address}${i.symbol === null ? '' : ` <${i.symbol}>`}:`, role: 'address' },
                  { text: `  ${i.text}` },
                ],
              ),
            ),
          ];
    default: {
      const general = registers.filter((row) => /^(x\d+|sp|pc|pstate)$/.test(row.name));
      const lines = Array.from({ length: Math.ceil(general.length / 2) }, (_, i): Line => {
        const [left, right] = [general[2 * i], general[2 * i + 1]];
        const gap = ' '.repeat(Math.max(1, 21 - left.value.length - (left.was === undefined ? 0 : 1)));
        return [...valueSpans(left, 6), ...(right === undefined ? [] : [{ text: gap }, ...valueSpans(right, 6)])];
      });
      return [text(...lines)];
    }
  }
}

export const showStopContext = (stop: StopContext | undefined): Doc =>
  stop === undefined ? [] : stop.sections.flatMap((name) => section(name, stop));
