// The vGIC beside a second reading of vgic.md §2.1 to §2.7 and §3, written in the section's own terms: one vCPU, random operations, and every
// answer compared after each. The model has no list-register limit (§2.4 allows that) and so few interrupts that spesh's is not reached.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GICD, listRegisterOf, prepared, type Scene, sgiFrame, stateOf } from './vgic-scene.ts';

const INTIDS = [0, 1, 21, 22, 23, 40, 41];

interface Irq {
  readonly intid: number;
  en: boolean;
  edge: boolean;
  group: number;
  priority: number;
  latch: boolean;
  line: boolean;
  active: boolean;
  listed: boolean;
}
interface Lr {
  readonly irq: Irq;
  p: boolean;
  a: boolean;
  readonly group: number;
  readonly priority: number;
}

class Model {
  readonly irqs = INTIDS.map(
    (intid): Irq => ({
      intid,
      en: intid < 16,
      edge: intid < 16,
      group: 1,
      priority: 0xa0,
      latch: false,
      line: false,
      active: false,
      listed: false,
    }),
  );
  on = true;
  list: Irq[] = [];
  lrs: Lr[] = [];
  pmr = 0xf0;
  bpr = [2, 3];
  ap = [new Set<number>(), new Set<number>()];
  grpen = [false, true];
  cbpr = false;
  eoiMode = false;

  irq = (intid: number): Irq => this.irqs.find((i) => i.intid === intid) as Irq;
  pending = (i: Irq): boolean => i.latch || (!i.edge && i.line);
  routed = (i: Irq): boolean => i.active || (i.en && this.pending(i) && this.on);
  queue(i: Irq): void {
    if (!this.routed(i) || i.listed) return;
    i.listed = true;
    this.list.push(i);
  }
  inject(i: Irq, level: boolean): void {
    if (i.edge ? !level : i.line === level) return;
    if (i.edge) i.latch = true;
    else i.line = level;
    this.queue(i);
  }
  entry(): void {
    this.lrs = [];
    for (const i of this.list) {
      if (!this.routed(i)) continue;
      const p = i.edge ? i.latch : !i.active && this.pending(i);
      if (i.edge) i.latch = false;
      this.lrs.push({ irq: i, p, a: i.active, group: i.group, priority: i.priority });
    }
  }
  exit(): void {
    for (const { irq, p, a } of this.lrs) {
      irq.active = a;
      if (irq.edge) irq.latch ||= p;
      else if (!p && !a) irq.latch = false;
    }
    this.lrs = [];
    for (const i of this.list) i.listed = this.routed(i);
    this.list = this.list.filter((i) => i.listed);
  }
  /** Group priority: the low bits that BPR1 (group 1) names are cleared; group 0 has one bit more for the same number. */
  preempting(group: number, priority: number): number {
    const low = group === 0 ? this.bpr[0] + 1 : this.cbpr ? Math.min(this.bpr[0] + 1, 7) : this.bpr[1];
    return priority - (priority % 2 ** low);
  }
  running = (): number => Math.min(0xff, ...this.ap[0], ...this.ap[1]);
  candidate = (): Lr | undefined =>
    this.lrs
      .filter((l) => l.p && !l.a && this.grpen[l.group])
      .reduce<Lr | undefined>((b, l) => (b && b.priority <= l.priority ? b : l), undefined);
  signalled(): Lr | undefined {
    const l = this.candidate();
    return l !== undefined && l.priority < this.pmr && this.preempting(l.group, l.priority) < this.running() ? l : undefined;
  }
  hppir = (group: number): number => (this.candidate()?.group === group ? (this.candidate()?.irq.intid ?? 1023) : 1023);
  acknowledge(group: number): number {
    const l = this.signalled();
    if (l?.group !== group) return 1023;
    l.p = false;
    l.a = true;
    this.ap[group].add(this.preempting(group, l.priority));
    return l.irq.intid;
  }
  end(group: number, intid: number): void {
    const dropped = this.running();
    for (const set of this.ap) set.delete(dropped);
    if (this.eoiMode) return;
    const l = this.lrs.find((x) => x.a && x.irq.intid === intid);
    if (l !== undefined && l.group === group && this.preempting(group, l.priority) === dropped) l.a = false;
  }
  deactivate(intid: number): void {
    const l = this.lrs.find((x) => x.a && x.irq.intid === intid);
    if (this.eoiMode && l !== undefined) l.a = false;
  }
}

const BITS = { group: 0x80, enable: 0x100, disable: 0x180, pend: 0x200, unpend: 0x280, activate: 0x300, inactivate: 0x380 } as const;
type Bit = keyof typeof BITS;
type Operation =
  | readonly [kind: Bit | 'raise' | 'lower' | 'edge' | 'level' | 'dir', intid: number]
  | readonly [kind: 'priority', intid: number, value: number]
  | readonly [kind: 'pmr' | 'bpr0' | 'bpr1' | 'grpen0' | 'grpen1' | 'ctlr' | 'distributor' | 'ack' | 'eoi' | 'sgi', value: number]
  | readonly [kind: 'exit'];

const intid = fc.constantFrom(...INTIDS);
const of = <K extends string>(kinds: readonly K[], value: fc.Arbitrary<number>): fc.Arbitrary<readonly [K, number]> =>
  fc.tuple(fc.constantFrom(...kinds), value);
const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: of(['enable', 'raise', 'pend'] as const, intid) },
  { weight: 4, arbitrary: of(['group', 'disable', 'unpend', 'activate', 'inactivate', 'lower', 'edge', 'level', 'dir'] as const, intid) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('priority' as const), intid, fc.integer({ min: 0, max: 255 })) },
  { weight: 10, arbitrary: of(['ack', 'eoi'] as const, fc.integer({ min: 0, max: 7 })) },
  { weight: 3, arbitrary: of(['bpr0', 'bpr1', 'sgi', 'ctlr'] as const, fc.integer({ min: 0, max: 7 })) },
  { weight: 2, arbitrary: of(['grpen0', 'grpen1', 'distributor'] as const, fc.integer({ min: 0, max: 1 })) },
  { weight: 1, arbitrary: of(['pmr'] as const, fc.integer({ min: 0, max: 255 })) },
  { weight: 3, arbitrary: fc.constant(['exit'] as const) },
);

/** The operation on both; an answer of the CPU interface is compared at once. */
function play(s: Scene, m: Model, taken: number[], op: Operation): void {
  /** Guest's writes that trap: exit, the deed, entry. */
  const trap = (real: () => void, model: () => void): void => {
    s.exit(real);
    m.exit();
    model();
    m.entry();
  };
  const [kind] = op;
  switch (kind) {
    case 'exit':
      trap(
        () => {},
        () => {},
      );
      return;
    case 'raise':
    case 'lower': {
      const i = m.irq(op[1]);
      if (i.intid < 16) return;
      // From another thread: the list registers stay as they are until the exit.
      if (i.intid === 21) s.spe(kind === 'raise');
      else s.line(i.intid, kind === 'raise');
      m.inject(i, kind === 'raise');
      return;
    }
    case 'edge':
    case 'level': {
      const i = m.irq(op[1]);
      if (i.intid < 32) return;
      const others = m.irqs.filter((x) => x.intid >= 32 && x !== i && x.edge).reduce((bits, x) => bits | (2 << (2 * (x.intid % 16))), 0);
      const own = kind === 'edge' ? 2 << (2 * (i.intid % 16)) : 0;
      trap(
        () => s.store(GICD + 0xc08, (others | own) >>> 0),
        () => {
          i.edge = kind === 'edge';
        },
      );
      return;
    }
    case 'priority':
      trap(
        () => s.store((op[1] < 32 ? sgiFrame(0) : GICD) + 0x400 + op[1], op[2], 1),
        () => {
          m.irq(op[1]).priority = op[2] & 0xf8;
        },
      );
      return;
    case 'pmr':
      s.msr('PMR', op[1]);
      m.pmr = op[1] & 0xf8;
      return;
    case 'bpr0':
    case 'bpr1': {
      const group = kind === 'bpr0' ? 0 : 1;
      s.msr(`BPR${group}`, op[1]);
      if (group === 0 || !m.cbpr) m.bpr[group] = Math.max(op[1], 2 + group);
      return;
    }
    case 'grpen0':
    case 'grpen1':
      s.msr(kind.toUpperCase().replace('GRPEN', 'IGRPEN'), op[1]);
      m.grpen[kind === 'grpen0' ? 0 : 1] = op[1] === 1;
      return;
    case 'ctlr':
      s.msr('CTLR', op[1]);
      m.cbpr = (op[1] & 1) !== 0;
      m.eoiMode = (op[1] & 2) !== 0;
      return;
    case 'distributor':
      trap(
        () => s.store(GICD, 2 * op[1]),
        () => {
          m.on = op[1] === 1;
        },
      );
      return;
    case 'sgi': {
      const register = ['SGI1R', 'SGI0R', 'ASGI1R'][op[1] % 3];
      const i = m.irq(op[1] & 1);
      m.exit();
      if (register === 'SGI1R' || i.group === 0) {
        i.latch = true;
        m.queue(i);
      }
      m.entry();
      s.msr(register, (BigInt(i.intid) << 24n) | 1n);
      return;
    }
    case 'ack': {
      const group = op[1] === 0 ? 0 : 1;
      const got = m.acknowledge(group);
      expect(s.mrs(`IAR${group}`)).toBe(got);
      if (got !== 1023) taken.push(2 * got + group);
      return;
    }
    case 'eoi': {
      // Mostly in order, sometimes of something else.
      const last = op[1] > 1 ? taken.pop() : undefined;
      const [id, group] = last === undefined ? [INTIDS[op[1] % INTIDS.length], op[1] & 1] : [last >> 1, last & 1];
      s.msr(`EOIR${group}`, id);
      m.end(group, id);
      return;
    }
    case 'dir':
      s.msr('DIR', op[1]);
      m.deactivate(op[1]);
      return;
    default: {
      const i = m.irq(op[1]);
      const word = Math.floor(i.intid / 32);
      const bit = (1 << (i.intid % 32)) >>> 0;
      const address = (word === 0 ? sgiFrame(0) : GICD) + BITS[kind] + 4 * word;
      trap(
        () => s.store(address, kind === 'group' ? (s.load(address) ^ bit) >>> 0 : bit),
        () => write(m, kind, i),
      );
      return;
    }
  }
}

function write(m: Model, kind: Bit, i: Irq): void {
  if (kind === 'group') {
    i.group = 1 - i.group;
    // A write of IGROUPR speaks of the whole word, and each of its interrupts is queued (T12).
    for (const x of m.irqs) if (x.intid < 32 === i.intid < 32) m.queue(x);
    return;
  }
  if (kind === 'enable') i.en = true;
  if (kind === 'disable') i.en = false;
  if (kind === 'pend') i.latch = true;
  if (kind === 'unpend') i.latch = false;
  if (kind === 'activate') i.active = true;
  if (kind === 'inactivate') i.active = false;
  if (kind === 'enable' || kind === 'pend' || kind === 'activate') m.queue(i);
}

function compare(s: Scene, m: Model): void {
  const flag = (on: boolean): number => Number(on);
  const modelled = m.irqs.map((i) => {
    const lr = m.lrs.find((l) => l.irq === i);
    const register = lr === undefined ? '–' : lr.p ? (lr.a ? 'A+P' : 'P') : lr.a ? 'A' : '00';
    return `${i.intid} ${[flag(i.en), flag(i.latch), i.intid < 16 ? '-' : flag(i.line), flag(i.active), flag(i.listed)].join('/')} ${register}`;
  });
  expect(INTIDS.map((id) => `${id} ${stateOf(s, id)} ${listRegisterOf(s, id)}`)).toEqual(modelled);
  const up = m.signalled();
  expect([s.ich[0].virq, s.ich[0].vfiq, s.peek('RPR'), s.peek('HPPIR0'), s.peek('HPPIR1'), s.peek('BPR1')]).toEqual([
    up?.group === 1,
    up?.group === 0,
    m.running(),
    m.hppir(0),
    m.hppir(1),
    m.cbpr ? Math.min(m.bpr[0] + 1, 7) : m.bpr[1],
  ]);
}

test('vgic.md §2.1 to §2.7 and §3, read twice: random operations, the same answers', () => {
  fc.assert(
    fc.property(fc.array(operations, { maxLength: 60, size: 'max' }), (played) => {
      const s = prepared();
      const m = new Model();
      const taken: number[] = [];
      compare(s, m);
      for (const op of played) {
        play(s, m, taken, op);
        compare(s, m);
      }
    }),
    { numRuns: 150 },
  );
});

/** Without what changes an order while something is active, and without what an entry with a list register to spare shows later (A and P). */
const steady = operations.filter(([kind]) =>
  ['enable', 'raise', 'pend', 'lower', 'unpend', 'dir', 'ack', 'eoi', 'sgi', 'grpen0', 'grpen1', 'exit'].includes(kind),
);
/** Of ties the first on the list comes first, and more than fits is sorted: no ties. */
const priorities = fc.uniqueArray(fc.integer({ min: 0, max: 31 }), { minLength: INTIDS.length, maxLength: INTIDS.length });

test.each([1, 2, 3])('§2.4 with %i list registers: exits where maintenance or a kick asks for one, and the guest takes the same', (lrs) => {
  fc.assert(
    fc.property(fc.array(steady, { maxLength: 60, size: 'max' }), priorities, fc.constantFrom(0, 2), (played, given, eoiMode) => {
      const s = prepared(1, { 'vgic.lrs': lrs });
      const m = new Model();
      const taken: number[] = [];
      const first: readonly Operation[] = [['ctlr', eoiMode], ...INTIDS.map((id, n): Operation => ['priority', id, given[n] << 3])];
      for (const op of [...first, ...played]) {
        if (op[0] === 'eoi' && (op[1] < 2 || taken.length === 0)) continue; // in order: EOIcount does not say of what
        const before = s.ich[0].maintenance;
        play(s, m, taken, op);
        if (s.vm.vcpus[0].vgic?.kick || op[0] === 'lower' || (s.ich[0].maintenance && !before)) s.exit();
        expect(s.ich[0].maintenance).toBe(false); // the host takes it when it rises
        m.exit();
        m.entry();
        const up = m.signalled();
        expect([s.ich[0].virq, s.ich[0].vfiq, s.peek('RPR')]).toEqual([up?.group === 1, up?.group === 0, m.running()]);
      }
    }),
    { numRuns: 100 },
  );
});
