// pins, timeline, host event: what the shell says of pages pinned for the buffer (language.md §3, groups host and spe; issue rows of §5.1).
import { describe, expect, test } from 'vitest';
import { newShell } from './shell.ts';

const PAGE = 4096;

describe('RLIMIT_MEMLOCK through the shell', () => {
  test('too small: KVM_EXIT_RLIMIT with the excess in bytes; raised by it, the same KVM_RUN completes the write', () => {
    const s = newShell();
    s.all('up pointer-chase', `rlimit memlock ${PAGE}`);
    const first = s.run('vcpu 0 run');
    const { exit } = first.json['data'] as { exit: Record<string, unknown> };
    expect(first.json).toMatchObject({ ok: true, call: { ioctl: 'KVM_RUN', ret: 0, errno: null } });
    expect(exit).toMatchObject({ reason: 41, name: 'KVM_EXIT_RLIMIT', rlimit: 8 });
    expect(s.run('reg PMBLIMITR_EL1').out).toEqual(['PMBLIMITR_EL1 = 0x0']);
    s.run(`rlimit memlock ${PAGE + Number(exit['excess'])}`);
    s.run('vcpu 0 run --ops 1000');
    const { data } = s.run('pins').json as { data: Record<string, unknown> };
    expect(data).toMatchObject({ bytes: PAGE + Number(exit['excess']), memlock: PAGE + Number(exit['excess']), locked: data['bytes'] });
  });
});

describe('pins', () => {
  test('data and table pages of a vCPU, as text and as JSON', () => {
    const s = newShell();
    expect(s.run('pins').err[0]).toContain('there is no VM');
    s.all('up pointer-chase', 'sample 1');
    const ran = s.run('pins');
    const { vcpus, pages, bytes } = ran.json['data'] as { vcpus: Record<string, unknown>[]; pages: number; bytes: number };
    expect(bytes).toBe(pages * PAGE);
    expect(vcpus).toMatchObject([{ vcpu: 'vcpu0', on: true, bytes }]);
    expect((vcpus[0]['ranges'] as { kind: string }[]).map((r) => r.kind)).toContain('table');
    expect(ran.out[0]).toMatch(/^vcpu0 +on +\d+ data +\d+ table +[\d,]+ bytes$/);
  });
});

test('a buffer register that the debugger sets inside the guest is the hardware’s before the next operation', () => {
  const s = newShell('spe-v1p2');
  s.all('up pointer-chase', 'until PMSCR_EL1.E1SPE', 'reg PMBLIMITR_EL1=5', 'step 3000');
  expect(s.run('records 10').json['data']).toMatchObject({ records: [] });
  s.all('reg PMBLIMITR_EL1=0x40289001', 'step 3000', 'reg PMBSR_EL1=0x20000', 'step 1');
  expect(s.run('vgic irq 21').json['data']).toMatchObject({ line: true });
});

describe('timeline', () => {
  test('each window ends with the interrupt taken and the buffer on again; counts add up', () => {
    const s = newShell();
    expect(s.run('timeline').out).toEqual(['no guest enabled its buffer']);
    s.all('up pointer-chase', 'run');
    const { entries, windows } = s.run('timeline 100000').json['data'] as {
      entries: { what: string; tick: number }[];
      windows: { from: number; taken: number; on: number; operations: number; untilOn: number }[];
    };
    const times = (what: string): number => entries.filter((e) => e.what === what).length;
    expect(windows.length).toBeGreaterThan(0);
    expect(times('S set')).toBe(windows.length);
    expect(times('PPI taken')).toBe(windows.length);
    expect(times('pin')).toBe(times('unpin'));
    for (const w of windows) {
      expect(w.operations).toBe(w.taken - w.from);
      expect(w.untilOn).toBeGreaterThan(w.operations);
    }
    expect(entries.map((e) => e.tick)).toEqual(entries.map((e) => e.tick).sort((a, b) => a - b));
  });
  test('an interrupt step by step: each S set, exit, line, list register, taken, S cleared, line, end', () => {
    const s = newShell();
    s.all('up event-full', 'run');
    const { entries } = s.run('timeline 100000').json['data'] as { entries: { what: string; tick: number }[] };
    const buffer = ['pin', 'on', 'unpin', 'off'];
    const steps = entries.map((e) => e.what).filter((what) => !buffer.includes(what));
    const day = ['S set', 'exit', 'line high', 'LR0', 'PPI taken', 'S cleared', 'line low', 'PPI ended'];
    expect(steps).toEqual(Array.from({ length: 10 }, () => day).flat());
  });
  test('an interrupt that ends while S is set comes again; what the guest did without a trap shows at once', () => {
    const s = newShell();
    s.all('up event-full', 'until PMBSR_EL1.S', 'break irq+72', 'continue');
    const history = (): string[] =>
      (s.run('vgic irq 21').json['data'] as { history: { event: string }[] }).history.map((e) => e.event.slice('irq.'.length));
    const start = ['raised', 'queued', 'delivered', 'acknowledged'];
    expect(history()).toEqual(start);
    s.all('reg x0=0', 'step 3', 'delete 1', 'step 200');
    const again = ['ended', 'reraised', 'delivered', 'acknowledged', 'lowered', 'ended'];
    expect(history()).toEqual([...start, ...again]);
    const { entries, windows } = s.run('timeline').json['data'] as { entries: { what: string; detail: string }[]; windows: object[] };
    expect(entries.filter((e) => e.what === 'PPI taken').map((e) => e.detail)).toEqual([
      '21, 20 operations after S',
      expect.stringMatching(/^21 again, \d+ operations after S$/),
    ]);
    expect([entries.filter((e) => e.what === 'PPI again').length, windows.length]).toEqual([1, 1]);
  });
  test('a buffer over the maximum: S set by KVM, 0x20004, nothing pinned', () => {
    const s = newShell();
    s.all('up pointer-chase --max-buffer 4KiB', 'until PMBSR_EL1.S');
    expect(s.run('reg PMBSR_EL1').out).toEqual(['PMBSR_EL1 = 0x20004']);
    const { entries } = s.run('timeline').json['data'] as { entries: { what: string; detail: string }[] };
    expect(entries.map((e) => e.what)).toEqual(['S set', 'line high']);
    expect(entries[0].detail).toMatch(/^by KVM: 8,192 bytes, the maximum is 4,096 \(0x20004\)$/);
    expect(s.run('pins').json['data']).toMatchObject({ pages: 0, locked: 0 });
  });
});

describe('host event', () => {
  test('a pinned page is ignored for migrate and numa-hint, taken by unmap; then the fault policy speaks', () => {
    const s = newShell();
    s.all('up pointer-chase', 'sample 1', 'let page = PMBPTR_EL1 & ~0xfff');
    for (const kind of ['migrate', 'numa-hint']) {
      expect(s.run(`host event ${kind} $page`).json['data']).toMatchObject({ effect: 'ignored', pinnedBy: ['vcpu0'] });
    }
    expect(s.run('host event unmap $page').json['data']).toMatchObject({ effect: 'unmapped', pinnedBy: ['vcpu0'] });
    s.run('until PMBSR_EL1.S');
    expect(s.run('reg PMBSR_EL1').out).toEqual(['PMBSR_EL1 = 0x90060010']);
    const { entries } = s.run('timeline').json['data'] as { entries: { vcpu: string; what: string; detail: string }[] };
    expect(entries.filter((e) => e.vcpu === 'host').map((e) => e.what)).toEqual(['migrate', 'numa-hint', 'unmap']);
  });
  test('what cannot be is Unmet: no VM, no slot, no NUMA balancing', () => {
    const s = newShell('rfc-v5');
    expect(s.run('host event unmap 0x40000000').outcome.unmet?.code).toBe('no-vm');
    s.run('vm create --mem 1MiB');
    expect(s.run('host event unmap 0x1000').outcome.unmet?.message).toBe('no memory slot backs 0x1000');
    expect(s.run('host event numa-hint 0x40000000').outcome.unmet?.message).toContain('without NUMA balancing');
    expect(s.misread('host event swap 0')?.expected).toEqual(expect.arrayContaining(['unmap', 'migrate', 'numa-hint']));
  });
});

describe('host profile', () => {
  test('on: a session on the CPU that ran, whose packets are of EL2; the guest’s records are only the guest’s', () => {
    const s = newShell();
    expect(s.run('host profile').out).toEqual(['the host does not profile itself']);
    s.all('host profile on', 'up pointer-chase', 'run');
    const { on, sessions } = s.run('host profile').json['data'] as { on: boolean; sessions: { cpu: number; records: number }[] };
    expect([on, sessions.map((each) => each.cpu), sessions[0].records > 10]).toEqual([true, [0], true]);
    const { packets } = s.run('host profile dump 0').json['data'] as { packets: string };
    expect(packets.match(/ PC .* el2/g)?.length).toBe(sessions[0].records);
    expect(packets).not.toMatch(/el[01]|Bad packet/);
    const { records } = s.run('records 10000').json['data'] as { records: { el: number }[] };
    expect(records.length).toBeGreaterThan(100);
    expect(records.every((r) => r.el < 2)).toBe(true);
    expect(s.run('host profile dump 3').outcome.unmet?.code).toBe('no-session');
  });
});
