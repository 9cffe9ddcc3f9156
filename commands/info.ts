// info: gdb's word for looking around (language.md §3, groups stops and inspect).
import { hex } from '../src/base/hex.ts';
import { guestProgramCounter, guestRegisters } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { vcpuOf } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import type { Stop } from '../src/session/stops.ts';
import { lineAt, symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { markedValue, seeValues } from '../src/shell/seen.ts';
import type { ShellState } from '../src/shell/state.ts';
import { text } from '../src/view/doc.ts';

interface StopRow {
  readonly number: number;
  readonly address: string | null;
  readonly symbol: string | null;
  readonly condition: string | null;
  /** What a catch catches; null of a breakpoint. */
  readonly catch: string | null;
  readonly name: string | null;
  readonly on: readonly string[];
}

function stopRow(context: Context, stop: Stop): StopRow {
  const row = {
    number: stop.id,
    address: null,
    symbol: null,
    condition: null,
    catch: null,
    name: null,
    on: stop.commands.map((c) => c.text),
  };
  if (stop.kind === 'catch') return { ...row, catch: stop.what, name: stop.name };
  return { ...row, address: hex(stop.address), symbol: symbolAt(context, stop.address), condition: stop.conditionText ?? null };
}

export const info = (state: ShellState) =>
  family({
    name: 'info',
    group: 'inspect',
    summary: 'registers, symbols, source line, stops',
    see: ['regs', 'break', 'dis'],
    forms: [
      {
        id: 'info.registers',
        syntax: 'info registers',
        about: 'General registers of the focused vCPU.',
        effect: 'pure',
        run: (context) => {
          const scope = vcpuOf(context);
          if (scope.isErr()) return refuse(scope.error);
          const r = guestRegisters(context.world, scope.value.vm.index, scope.value.vcpu.index);
          const general = r.x.map((value, n) => ({ name: `x${n}`, value: hex(value) }));
          const special = [
            { name: 'sp', value: hex(r.sp) },
            { name: 'pc', value: hex(r.pc) },
            { name: 'pstate', value: hex(r.pstate) },
          ];
          const rows = seeValues(state.seen, `${scope.value.vm.index}/${scope.value.vcpu.index}`, [...general, ...special]);
          return done({
            registers: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
            was: Object.fromEntries(rows.flatMap(({ name, was }) => (was === undefined ? [] : [[name, was]]))),
            symbol: symbolAt(context, r.pc),
          });
        },
        show: ({ data }) => {
          const registers = (data?.['registers'] ?? {}) as Record<string, string>;
          const was = (data?.['was'] ?? {}) as Record<string, string>;
          const symbol = data?.['symbol'];
          const noteOf = (name: string): string =>
            [...(was[name] === undefined ? [] : [`was ${was[name]}`]), ...(name === 'pc' && symbol ? [`<${String(symbol)}>`] : [])].join(
              '  ',
            );
          return [
            {
              kind: 'pairs',
              rows: Object.entries(registers).map(([name, value]) => ({
                name,
                value: [markedValue(value, was[name] !== undefined)],
                ...(noteOf(name) === '' ? {} : { note: noteOf(name) }),
              })),
            },
          ];
        },
      },
      {
        id: 'info.symbols',
        syntax: 'info symbols',
        about: 'Functions and objects of the loaded image.',
        effect: 'pure',
        run: (context) => {
          const elf = context.image?.elf;
          if (!elf) return unmet('no-symbols', 'no image with symbols is loaded', 'guest load FILE, or up');
          const symbols = [...elf.symbols]
            .filter((s) => s.kind === 'function' || s.kind === 'object')
            .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
            .map((s) => ({ address: hex(s.address), size: Number(s.size), kind: s.kind as string, name: s.name }));
          return done({ symbols });
        },
        show: ({ data }) => {
          const symbols = (data?.['symbols'] ?? []) as readonly { address: string; size: number; kind: string; name: string }[];
          return [
            {
              kind: 'table',
              columns: [{ title: 'address' }, { title: 'size', align: 'right' }, { title: 'kind' }, { title: 'name' }],
              rows: symbols.map((s) => [s.address, String(s.size), s.kind, s.name]),
            },
          ];
        },
      },
      {
        id: 'info.line',
        syntax: 'info line [<address:EXPR>]',
        about: 'Source line of an address (the program counter).',
        effect: 'pure',
        run: (context, args) => {
          const scope = vcpuOf(context);
          if (scope.isErr()) return refuse(scope.error);
          const address = context.number(args['address']);
          if (address.isErr()) return refuse(address.error);
          const at = address.value ?? guestProgramCounter(context.world, scope.value.vm.index, scope.value.vcpu.index);
          const line = lineAt(context, at);
          if (line === null)
            return unmet('no-line', `no source line for ${hex(at)}`, 'the image has no line table, or the address is not its code');
          return done({ address: hex(at), symbol: symbolAt(context, at), file: line.file, line: line.line });
        },
        show: ({ data }) =>
          data === null
            ? []
            : [text(`${String(data['address'])} <${String(data['symbol'])}> is at ${String(data['file'])}:${String(data['line'])}`)],
      },
      {
        id: 'info.stops',
        syntax: 'info stops',
        about: 'Breakpoints and catches, with the commands they run.',
        effect: 'pure',
        run: (context) => done({ stops: context.stops.list.map((stop) => stopRow(context, stop)) }),
        show: ({ data }) => {
          const stops = (data?.['stops'] ?? []) as readonly StopRow[];
          if (stops.length === 0) return [text('no stops')];
          return [
            {
              kind: 'table',
              columns: [{ title: 'no', align: 'right' }, { title: 'stop' }, { title: 'symbol' }, { title: 'if' }, { title: 'on' }],
              rows: stops.map((s) => [
                String(s.number),
                s.address ?? ['catch', s.catch, s.name].filter((word) => word !== null).join(' '),
                s.symbol ?? '',
                s.condition ?? '',
                s.on.join('; '),
              ]),
            },
          ];
        },
      },
    ],
  });
