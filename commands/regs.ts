// regs: registers in groups, with their fields where they say something (language.md §3, group inspect).

import { syndromeText } from '../src/arch/spe/syndrome.ts';
import { readField, type SystemRegister } from '../src/arch/sysreg/define.ts';
import { REGISTERS } from '../src/arch/sysreg/table.ts';
import { hex } from '../src/base/hex.ts';
import { guestRegisters, profilingRegisters, readGuestRegister, vectorRegisters } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { vcpuOf } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';
import { markedValue, seeValues } from '../src/shell/seen.ts';
import type { ShellState } from '../src/shell/state.ts';
import type { Doc } from '../src/view/doc.ts';

interface Row {
  readonly name: string;
  readonly value: string;
  /** What it was when it was shown last, where that was another value. */
  readonly was?: string;
  readonly note: string;
}

/** The fields that are not zero, as `S=1 EC=0x24 (stage 1 data abort)`. */
function fieldsText(row: SystemRegister, word: bigint): string {
  return row.fields
    .filter((f) => f.name !== 'RES0' && f.name !== 'RES1')
    .flatMap((f) => {
      const value = readField(word, f);
      const meaning = f.values?.[Number(value)];
      if (value === 0n && row.fields.length > 1) return [];
      if (f.high === 63 && f.low === 0) return [];
      return [`${f.name}=${value < 10n ? value : hex(value)}${meaning === undefined ? '' : ` (${meaning})`}`];
    })
    .join(' ');
}

/** The fields; of a buffer status that is not 0 also what it says. */
function noteOf(row: SystemRegister, word: bigint): string {
  const fields = fieldsText(row, word);
  return row.name === 'PMBSR_EL1' && word !== 0n ? `${fields}: ${syndromeText(word)}` : fields;
}

/** PSTATE in words: `EL1h NZCV=0110 DAIF=1111`. */
function pstateText(pstate: bigint): string {
  const bits = (high: number, low: number): string =>
    ((pstate >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n)).toString(2).padStart(high - low + 1, '0');
  const el = (pstate >> 2n) & 3n;
  return `EL${el}${el === 0n ? '' : pstate & 1n ? 'h' : 't'} NZCV=${bits(31, 28)} DAIF=${bits(9, 6)}`;
}

const view = new DataView(new ArrayBuffer(8));

/** The low 64 and 32 bits as numbers of double and single precision, where the register is not all zeros: `d=1.5 s=0`. */
function numbersText(value: bigint): string {
  if (value === 0n) return '';
  view.setBigUint64(0, BigInt.asUintN(64, value));
  return `d=${view.getFloat64(0)} s=${view.getFloat32(4)}`;
}

function generalRows({ world }: Context, vm: number, vcpu: number): Row[] {
  const r = guestRegisters(world, vm, vcpu);
  return [
    ...r.x.map((value, n) => ({ name: `x${n}`, value: hex(value), note: '' })),
    { name: 'sp', value: hex(r.sp), note: '' },
    { name: 'pc', value: hex(r.pc), note: '' },
    { name: 'pstate', value: hex(r.pstate), note: pstateText(r.pstate) },
  ];
}

const vectorRows = ({ world }: Context, vm: number, vcpu: number): Row[] =>
  vectorRegisters(world, vm, vcpu).map(({ name, value }) => {
    const row = REGISTERS.find((r) => r.name === name);
    return row === undefined
      ? { name, value: hex(value, 32), note: numbersText(value) }
      : { name, value: hex(value), note: noteOf(row, value) };
  });

const IN_GROUP: Readonly<Record<string, (row: SystemRegister) => boolean>> = {
  spe: (row) => /^PM[SB]/.test(row.name) && row.name.endsWith('_EL1'),
  gic: (row) => row.name.startsWith('ICC_'),
  sys: (row) => !/^(PM[SB]|IC[CH]_|ID_|.*_EL[23]$|.*_EL12$)/.test(row.name),
};

const GROUPS: readonly (readonly [name: string, about: string])[] = [
  ['gp', 'X0 to X30, SP, PC, PSTATE'],
  ['fp', 'V0 to V31, FPCR, FPSR'],
  ['spe', 'the profiling unit’s'],
  ['sys', 'other system registers'],
  ['gic', 'the CPU interface'],
];

export const regs = (state: ShellState) =>
  family({
    name: 'regs',
    group: 'inspect',
    summary: 'registers of the focused vCPU',
    details: [
      '`gp` general registers (the default), `fp` V0 to V31 with what their low 64 and 32 bits are as numbers, `spe` the profiling unit’s, `sys` the other system registers, `gic` the CPU interface, or one register by name with all its fields.',
      'A value that is another than when it was shown last has a `*` and says what it was.',
    ],
    see: ['reg', 'info', 'spu'],
    forms: [
      {
        id: 'regs',
        syntax: 'regs [<group:WORD>]',
        about: 'Show gp, fp, spe, sys, gic registers, or one by name.',
        effect: 'pure',
        run: (context, args) => {
          const scope = vcpuOf(context);
          if (scope.isErr()) return refuse(scope.error);
          const { vm, vcpu } = scope.value;
          const group = context.word(args['group']) || 'gp';
          const rows: Row[] = [];
          if (group === 'gp') rows.push(...generalRows(context, vm.index, vcpu.index));
          else if (group === 'fp') rows.push(...vectorRows(context, vm.index, vcpu.index));
          else {
            const spe = group === 'spe' ? profilingRegisters(context.world, vm.index) : null;
            if (spe?.length === 0) return unmet('no-spe', 'this VM has no SPE', 'vcpu 0 init spe');
            const member = IN_GROUP[group] ?? ((row: SystemRegister) => row.name === group.toUpperCase());
            for (const row of REGISTERS.filter(member)) {
              if (row.access === 'wo' || spe?.includes(row.name) === false) continue;
              const value = readGuestRegister(context.world, vm.index, vcpu.index, row.name);
              if (value === null) continue;
              rows.push({ name: row.name, value: hex(value), note: noteOf(row, value) });
            }
            if (rows.length === 0) {
              const others = [...generalRows(context, vm.index, vcpu.index), ...vectorRows(context, vm.index, vcpu.index)];
              rows.push(...others.filter(({ name }) => name === group.toLowerCase()));
            }
            if (rows.length === 0)
              return unmet('unknown-name', `no register or group '${group}'`, 'regs gp, fp, spe, sys, gic, or a register’s name');
          }
          return done({ vcpu: `vcpu${vcpu.id}`, group, registers: seeValues(state.seen, `${vm.index}/${vcpu.index}`, rows) });
        },
        show: ({ data }): Doc => {
          const rows = (data?.['registers'] ?? []) as readonly Row[];
          const noteLine = ({ was, note }: Row): string =>
            [...(was === undefined ? [] : [`was ${was}`]), ...(note === '' ? [] : [note])].join('  ');
          return [
            {
              kind: 'pairs',
              rows: rows.map((row) => {
                const note = noteLine(row);
                return { name: row.name, value: [markedValue(row.value, row.was !== undefined)], ...(note === '' ? {} : { note }) };
              }),
            },
          ];
        },
      },
    ],
    complete: (slot) =>
      slot === 'group'
        ? [...GROUPS.map(([text, about]) => ({ text, about })), ...REGISTERS.map((r) => ({ text: r.name, about: r.title }))]
        : [],
  });
