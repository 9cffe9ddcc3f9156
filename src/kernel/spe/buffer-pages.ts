// Which guest pages the Profiling Buffer needs: its own and those of the stage 1 tables that map it, found by walking the guest's tables
// as KVM does when the buffer is enabled (kvm-spe-abi.md §3.7; the walker's descriptor reads are 28/35's).
import { FSC_PERMISSION_LEVEL } from '../../arch/esr.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { BLOCK_SHIFT, LEVEL_SHIFT, PRIVILEGED_WRITE, STAGE1_OFF } from '../../machine/cpu/tlb.ts';
import { stage2Range, walked, walkTables } from '../../machine/cpu/walk.ts';
import type { Stage2Range } from '../../machine/machine.ts';
import { PMBLIMITR_EL1, PMBLIMITR_LIMIT, PMBPTR_EL1 } from '../../machine/spu/registers.ts';
import type { GuestExit } from '../guest/exit-state.ts';
import { hostPageSize, memslotRanges } from '../stage2.ts';
import type { PinnedRange, Vcpu } from '../world.ts';

const PAGE = 4096n;

/** What a walk of the whole buffer found. */
export type BufferPages =
  | { readonly kind: 'pages'; readonly ranges: readonly PinnedRange[] }
  /** Stage 1 refused this virtual address: the fault status code with its level. */
  | { readonly kind: 'stage1'; readonly fsc: number; readonly va: bigint }
  /** No slot backs this guest physical address for writing; `ranges` are the pages all the same. */
  | { readonly kind: 'unbacked'; readonly gpa: number; readonly ranges: readonly PinnedRange[] };

/** PMBLIMITR_EL1.FM, and discard mode in it; a unit without that mode has no such bits. */
const FM = fieldAccess('PMBLIMITR_EL1', 'FM');
const DISCARD = 2n;

/**
 * First address of the buffer, at its page, and the bytes from there to LIMIT; 0 when LIMIT is not above it, and in discard mode, where the unit
 * looks at neither and writes nothing (spe-architecture §4.12).
 */
export function bufferExtent(vcpu: Vcpu): { readonly start: bigint; readonly size: bigint } {
  const { sys } = vcpu.context;
  const start = (sys[PMBPTR_EL1] / PAGE) * PAGE;
  if (FM.get(sys[PMBLIMITR_EL1]) === DISCARD) return { start, size: 0n };
  const limit = sys[PMBLIMITR_EL1] & PMBLIMITR_LIMIT;
  return { start, size: limit > start ? limit - start : 0n };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The spans of whole host pages, in order, none touching another. */
function merged(spans: readonly Span[], pageSize: number): Span[] {
  const whole = spans.map(({ from, to }) => ({ from: from - (from % pageSize), to: Math.ceil(to / pageSize) * pageSize }));
  whole.sort((a, b) => a.from - b.from);
  const out: { from: number; to: number }[] = [];
  for (const span of whole) {
    const last = out.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else out.push({ ...span });
  }
  return out;
}

/** The ranges to pin; a table page inside the buffer's own pages is not pinned again. */
function rangesOf(data: readonly Span[], tables: ReadonlySet<number>, pageSize: number): PinnedRange[] {
  const own = merged(data, pageSize);
  const others = [...tables].filter((page) => !own.some(({ from, to }) => page >= from && page < to));
  const toRange =
    (kind: PinnedRange['kind']) =>
    ({ from, to }: Span): PinnedRange => ({ gpa: from, size: to - from, kind });
  return [
    ...own.map(toRange('data')),
    ...merged(
      others.map((page) => ({ from: page, to: page + 1 })),
      pageSize,
    ).map(toRange('table')),
  ];
}

const isWritable = (ranges: readonly Stage2Range[], gpa: number): boolean => stage2Range(ranges, gpa)?.writable === true;

/** Walks the stage 1 tables of the vCPU, which is loaded, for every page of its buffer. Changes nothing. */
export function pagesOfBuffer(g: GuestExit): BufferPages {
  const { start, size } = bufferExtent(g.vcpu);
  const ranges = memslotRanges(g.vm);
  const data: Span[] = [];
  const tables = new Set<number>();
  const end = start + size;
  let unbacked: number | null = null;
  for (let va = start; va < end; ) {
    const found = walkTables(g.mw.mounted, g.cpu.context, ranges, Number(BigInt.asIntN(32, va)), Number(BigInt.asIntN(32, va >> 32n)));
    for (let n = 0; n < walked.depth; n++) tables.add(walked.descriptors[n] - (walked.descriptors[n] % 4096));
    if (walked.fault === 1) return { kind: 'stage1', fsc: walked.fsc, va };
    const { attributes, ipa } = walked;
    if (found && (attributes & PRIVILEGED_WRITE) === 0) {
      return { kind: 'stage1', fsc: FSC_PERMISSION_LEVEL + ((attributes >>> LEVEL_SHIFT) & 3), va };
    }
    const length = found ? extentOf(attributes, va, end, ipa, ranges) : unbackedExtent(va, end, ipa, ranges);
    if (!found || !isWritable(ranges, ipa)) unbacked ??= ipa;
    if (found || !walked.onWalk) data.push({ from: ipa, to: ipa + length });
    va += BigInt(length);
  }
  const all = rangesOf(data, tables, hostPageSize(g.host));
  return unbacked === null ? { kind: 'pages', ranges: all } : { kind: 'unbacked', gpa: unbacked, ranges: all };
}

/** Bytes from `va` on that the same descriptor and the same slot map, at most to `end`. */
function extentOf(attributes: number, va: bigint, end: bigint, ipa: number, ranges: readonly Stage2Range[]): number {
  const range = stage2Range(ranges, ipa);
  const inSlot = range === null ? 4096 : range.ipa + range.size - ipa;
  const toEnd = Number(end - va);
  if ((attributes & STAGE1_OFF) !== 0) return Math.min(toEnd, inSlot);
  const block = 2 ** ((attributes >>> BLOCK_SHIFT) & 63);
  return Math.min(block - Number(va % BigInt(block)), toEnd, inSlot);
}

/** Bytes from `va` on that no slot backs: with stage 1 off (no descriptor was read) up to the next slot, else a page. */
function unbackedExtent(va: bigint, end: bigint, ipa: number, ranges: readonly Stage2Range[]): number {
  if (walked.depth > 0) return 4096;
  const next = Math.min(...ranges.filter((range) => range.ipa > ipa).map((range) => range.ipa));
  return Math.min(Number(end - va), next - ipa);
}
