// buffer: the guest's profiling buffer as it stands (language.md §3, group spe).
import { hex, hexBytes } from '../src/base/hex.ts';
import { readGuestMemory, readGuestRegister } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import { vcpuOf } from '../src/session/scope.ts';
import type { Asset, Context } from '../src/session/session.ts';
import { vcpuName } from '../src/session/vmm.ts';
import { family } from '../src/shell/family.ts';
import { seeBytes, spaceName } from '../src/shell/seen.ts';
import type { ShellState } from '../src/shell/state.ts';
import { dumpText } from '../src/trace/dump.ts';
import { readAtBytes } from '../src/trace/perf-data/read-at.ts';
import { auxSize, dumpSource, openTrace, TRACE_HINT } from '../src/trace/trace.ts';
import { type Doc, text } from '../src/view/doc.ts';

const E = 1n;
const FM = 3n;
const LIMIT = ~0xfffn;
const S = 1n << 17n;

interface Buffer {
  readonly vcpu: string;
  /** What software last wrote to PMBPTR_EL1: where the records that `buffer hex` shows begin. */
  readonly start: bigint;
  readonly pointer: bigint;
  readonly limit: bigint;
  readonly limitr: bigint;
  readonly status: bigint;
  readonly control: bigint;
}

/** The buffer registers of the focused vCPU. */
function bufferOf(context: Context): { readonly buffer: Buffer } | { readonly outcome: Outcome } {
  const scope = vcpuOf(context);
  if (scope.isErr()) return { outcome: refuse(scope.error) };
  const { vm, vcpu } = scope.value;
  const register = (name: string): bigint => readGuestRegister(context.world, vm.index, vcpu.index, name) ?? 0n;
  const name = vcpuName(vm.index, vcpu.id);
  const written = context.log.events.findLast((e) => e.kind === 'trap.write' && e['register'] === 'PMBPTR_EL1' && e['vcpu'] === name);
  const pointer = register('PMBPTR_EL1');
  const limitr = register('PMBLIMITR_EL1');
  const start = written === undefined ? pointer : BigInt(String(written['value']));
  return {
    buffer: { vcpu: name, start, pointer, limit: limitr & LIMIT, limitr, status: register('PMBSR_EL1'), control: register('PMSCR_EL1') },
  };
}

/** Why nothing is sampled now, or null. */
function whyNot(b: Buffer): string | null {
  if ((b.limitr & E) === 0n) return 'PMBLIMITR_EL1.E is 0';
  if ((b.status & S) !== 0n) return `PMBSR_EL1.S is 1: a management event stopped it (${hex(b.status)})`;
  if ((b.control & 3n) === 0n) return 'PMSCR_EL1.E0SPE and E1SPE are 0: sampling is off at every Exception level';
  return null;
}

/** The bytes from the pointer that software wrote to where the unit is now. */
function written(context: Context, b: Buffer): { readonly bytes: Uint8Array } | { readonly outcome: Outcome } {
  const length = b.pointer >= b.start ? Number(b.pointer - b.start) : 0;
  const bytes = readGuestMemory(context.world, context.vm, context.focus, 'va', b.start, length);
  return bytes.isErr()
    ? { outcome: unmet('unreadable', bytes.error, "regs spe shows where the buffer is; its translation is the guest's own") }
    : { bytes: bytes.value };
}

/** AUX bytes of a file that are dumped here: the text is thirteen times as long. */
const MOST_DUMPED = 4 << 20;

/** The packets of the open trace. */
function dumpFile({ path, bytes }: Asset): Outcome {
  const source = openTrace(readAtBytes(bytes));
  if (source.isErr()) return unmet('invalid-trace', `${path}: ${source.error.message}`, TRACE_HINT);
  if (auxSize(source.value) > MOST_DUMPED) return unmet('too-long', `${path} has more than 4 MiB of AUX bytes`, `spesh dump ${path}`);
  const decoder = new TextDecoder();
  let packets = '';
  for (const piece of dumpSource(source.value, '6.1')) packets += decoder.decode(piece);
  return done({ file: path, packets });
}

export const buffer = (state: ShellState) =>
  family({
    name: 'buffer',
    group: 'spe',
    summary: 'the profiling buffer',
    details: [
      'Start is the pointer that software last wrote, pointer where the unit writes next, limit the first byte behind the buffer. `hex` shows the bytes between start and pointer as they are in guest memory, `dump` the same as `perf report -D` prints packets.',
    ],
    see: ['records', 'spu', 'regs'],
    forms: [
      {
        id: 'buffer',
        syntax: 'buffer',
        about: 'Start, pointer, limit, free bytes, owner, and whether it is enabled.',
        effect: 'pure',
        run: (context) => {
          const found = bufferOf(context);
          if ('outcome' in found) return found.outcome;
          const b = found.buffer;
          const reason = whyNot(b);
          return done({
            vcpu: b.vcpu,
            start: hex(b.start),
            pointer: hex(b.pointer),
            limit: hex(b.limit),
            used: b.pointer >= b.start ? Number(b.pointer - b.start) : 0,
            free: b.limit > b.pointer ? Number(b.limit - b.pointer) : 0,
            owner: 'EL1',
            mode: ((b.limitr >> 1n) & FM) === 2n ? 'discard' : 'fill',
            enabled: reason === null,
            reason,
            pmbsr: hex(b.status),
          });
        },
        show: ({ data }): Doc => {
          if (data === null) return [];
          const count = (name: string): string => Number(data[name]).toLocaleString('en-US');
          return [
            {
              kind: 'pairs',
              rows: [
                { name: 'start', value: String(data['start']), note: 'the pointer that software last wrote' },
                { name: 'pointer', value: String(data['pointer']), note: `${count('used')} bytes written` },
                { name: 'limit', value: String(data['limit']), note: `${count('free')} bytes free` },
                { name: 'owner', value: String(data['owner']), note: `${String(data['mode'])} mode` },
                {
                  name: 'enabled',
                  value: data['enabled'] ? 'yes' : 'no',
                  ...(data['reason'] === null ? {} : { note: String(data['reason']) }),
                },
              ],
            },
          ];
        },
      },
      {
        id: 'buffer.hex',
        syntax: 'buffer hex',
        about: 'The bytes written so far.',
        effect: 'pure',
        run: (context) => {
          const found = bufferOf(context);
          if ('outcome' in found) return found.outcome;
          const bytes = written(context, found.buffer);
          if ('outcome' in bytes) return bytes.outcome;
          const { start } = found.buffer;
          const changed = seeBytes(state.seen, spaceName(context.vm, 'va', context.focus), start, bytes.bytes);
          return done({ address: hex(start), hex: hexBytes(bytes.bytes, ''), changed }, { value: hexBytes(bytes.bytes, '') });
        },
        show: ({ data }): Doc => {
          if (data === null) return [];
          const digits = String(data['hex']);
          if (digits === '') return [text('nothing was written since software set the pointer')];
          const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
          return [{ kind: 'hexdump', base: BigInt(String(data['address'])), bytes, marks: data['changed'] as readonly number[] }];
        },
      },
      {
        id: 'buffer.dump',
        syntax: 'buffer dump',
        about: 'The packets written so far, or those of the open trace, in perf’s words.',
        effect: 'pure',
        run: (context) => {
          if (context.trace !== null) return dumpFile(context.trace);
          const found = bufferOf(context);
          if ('outcome' in found) return found.outcome;
          const bytes = written(context, found.buffer);
          if ('outcome' in bytes) return bytes.outcome;
          return done({ address: hex(found.buffer.start), packets: dumpText(bytes.bytes, { perf: '6.1' }) });
        },
        show: ({ data }): Doc => {
          const packets = String(data?.['packets'] ?? '').replace(/\n+$/, '');
          return packets === '' ? [text('nothing was written since software set the pointer')] : [text(...packets.split('\n'))];
        },
      },
    ],
  });
