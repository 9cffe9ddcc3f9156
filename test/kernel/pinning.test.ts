// Pages of the profiling buffer in the host: walked, pinned, accounted, taken away (kvm-spe-abi.md §3.7, §4.2, §5.1; rows RUN-17, RUN-18,
// INT-04, INT-05, INT-10, INT-11).
import { describe, expect, test } from 'vitest';
import type { KernelEvent } from '../../src/kernel/call.ts';
import { destroyVm } from '../../src/kernel/destroy.ts';
import { hostEvent } from '../../src/kernel/host-event.ts';
import { oneRegByName } from '../../src/kernel/one-reg.ts';
import { setMemlockLimit } from '../../src/kernel/process.ts';
import * as vmm from '../../src/session/vmm.ts';
import { type Bench, hash, hostOf, init, make, must, run, set, vcpuOf, vmOf } from './bench.ts';
import { BUFFER, go, guest, kinds, mov, msr, profile, RAM, reg } from './guests.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const PAGE = 4 * KIB;
const locked = (b: Bench): number => Number(b.mw.world.kernel.processes[0].lockedBytes);
const limit = (b: Bench, bytes: number | null): void =>
  setMemlockLimit(b.mw.world.kernel.processes[0], bytes === null ? null : BigInt(bytes));
const of = (events: readonly KernelEvent[], kind: string): readonly KernelEvent[] => events.filter((e) => e.kind === kind);
const enable = (size: number, at = BUFFER): string => `${msr('PMBPTR_EL1', at)}\n${msr('PMBLIMITR_EL1', BigInt(at + size) | 1n)}`;
const event = (b: Bench, kind: 'unmap' | 'migrate' | 'numa-hint', gpa: number) => hostEvent(b.mw, 0, kind, gpa)._unsafeUnwrap();

/** Tables of three levels: level 1 at `TABLES`, level 2 behind it, level 3 for the buffer's 2 MiB; RAM's first 2 MiB is one block. */
const TABLES = RAM + 0x8000;
const LEVEL2 = TABLES + 0x1000;
const LEVEL3 = TABLES + 0x2000;
const store = (at: number, value: bigint | number): string => `${mov('x5', at)}\n${mov('x6', value)}\nstr x6, [x5]`;
const LEAF = (1 << 10) | (3 << 8);
/** The MMU on with 4 KiB pages, 39-bit addresses; the buffer's `pages` at VA 0x80000000 map to BUFFER, which the block covers too. */
function mapped(pages: number, attributes = 0): string {
  return [
    store(TABLES + 8, LEVEL2 | 3), // VA 0x40000000
    store(TABLES + 16, LEVEL3 | 3), // VA 0x80000000: level 2
    store(LEVEL2, RAM | LEAF | 1), // a 2 MiB block of RAM
    store(LEVEL3, (LEVEL3 + 0x1000) | 3),
    ...Array.from({ length: pages }, (_, n) => store(LEVEL3 + 0x1000 + 8 * n, (BUFFER + n * PAGE) | LEAF | attributes | 3)),
    msr('MAIR_EL1', 0xff),
    msr('TCR_EL1', 25 | (1 << 23)),
    msr('TTBR0_EL1', TABLES),
    'mrs x6, sctlr_el1',
    'orr x6, x6, #1',
    'msr sctlr_el1, x6',
    'isb',
  ].join('\n');
}
const VA = 0x8000_0000;

describe('what enabling the buffer pins', () => {
  test('with the MMU off: the pages of the buffer, from the pointer’s page to the limit', () => {
    const b = guest(`${msr('PMBPTR_EL1', BUFFER + 0x40)}\n${msr('PMBLIMITR_EL1', BUFFER + 3 * PAGE + 1)}\nloop: b loop`);
    const done = go(b, 20);
    expect(of(done.events, 'pin')).toMatchObject([{ data: 3, tables: 0, bytes: 3 * PAGE, locked: 3 * PAGE, vcpu: 'vcpu0' }]);
    expect(vcpuOf(b, 0).spe.pinned).toEqual([{ gpa: BUFFER, size: 3 * PAGE, kind: 'data' }]);
    expect(locked(b)).toBe(3 * PAGE);
  });
  test('with the MMU on: the pages of the stage 1 tables too, each once', () => {
    const b = guest(`${mapped(4)}\n${enable(4 * PAGE, VA)}\nloop: b loop`);
    const done = go(b, 200);
    expect(of(done.events, 'pin')).toMatchObject([{ data: 4, tables: 3, bytes: 7 * PAGE }]);
    expect(vcpuOf(b, 0).spe.pinned).toEqual([
      { gpa: BUFFER, size: 4 * PAGE, kind: 'data' },
      { gpa: TABLES, size: PAGE, kind: 'table' },
      { gpa: LEVEL3, size: 2 * PAGE, kind: 'table' },
    ]);
  });
  test('a block descriptor maps the buffer: two levels of tables', () => {
    const b = guest(`${mapped(0)}\n${enable(MIB / 2)}\nloop: b loop`);
    expect(of(go(b, 200).events, 'pin')).toMatchObject([{ data: 128, tables: 2 }]);
  });
  test('a table page inside the buffer is pinned once', () => {
    const b = guest(`${mapped(0)}\n${enable(4 * PAGE, TABLES)}\nloop: b loop`);
    expect(of(go(b, 200).events, 'pin')).toMatchObject([{ data: 4, tables: 0 }]);
  });
  test('LIMIT == PTR pins nothing, and the buffer is on', () => {
    const b = guest(`${enable(0)}\nloop: b loop`);
    const done = go(b, 20);
    expect(kinds(done)).toContain('spe.on');
    expect(kinds(done)).not.toContain('pin');
    expect(vcpuOf(b, 0).spe.on).toBe(true);
  });
  test('discard mode pins nothing, whatever pointer and limit say; nothing is written, the samples count', () => {
    for (const limit of [5n, BigInt(BUFFER + 4 * PAGE) | 5n]) {
      const start = [msr('PMSIRR_EL1', 0x100), msr('PMBPTR_EL1', 0x1234), msr('PMBLIMITR_EL1', limit), msr('PMSCR_EL1', 2)].join('\n');
      const b = guest(`${start}\nloop: b loop`, { host: hostOf('spe-v1p2') });
      const done = go(b, 2000);
      expect([kinds(done).includes('spe.on'), kinds(done).includes('pin'), locked(b)]).toEqual([true, false, 0]);
      const { spu } = b.mw.world.machine.cpus[vcpuOf(b, 0).thread.cpu];
      expect([spu?.counts.SAMPLE_FILTRATE, spu?.completed.length, reg(b, 'PMBPTR_EL1'), reg(b, 'PMBSR_EL1')]).toEqual([7, 0, 0x1234n, 0n]);
    }
  });
  test('2 MiB host pages are pinned whole', () => {
    const b = guest(`${enable(4 * PAGE)}\nloop: b loop`, { host: hostOf('two-spu', { 'memory.hugetlb': true }) });
    expect(of(go(b, 20).events, 'pin')).toMatchObject([{ data: 512, bytes: 2 * MIB }]);
    expect(vcpuOf(b, 0).spe.pinned).toEqual([{ gpa: RAM, size: 2 * MIB, kind: 'data' }]);
  });
  test('rfc-v5 pins nothing: the memory was locked beforehand', () => {
    const b = guest(`${enable(4 * PAGE)}\nloop: b loop`, { host: hostOf('rfc-v5'), spe: false, before: configureOld });
    const done = go(b, 20);
    expect(kinds(done)).toContain('spe.on');
    expect(kinds(done)).not.toContain('pin');
  });
});

function configureOld(b: Bench): void {
  for (const [name, value] of [
    ['spe.irq', 21],
    ['spe.init', 'NULL'],
  ] as const)
    if (set(b, 0, name, value) !== 'ok') throw new Error(`${name}: ${JSON.stringify(b.last)}`);
}

describe('when the pages are given back', () => {
  test('INT-10: writing E = 0 unpins', () => {
    const b = guest(`${enable(2 * PAGE)}\n${msr('PMBLIMITR_EL1', 0)}\nloop: b loop`);
    const done = go(b, 20);
    expect(kinds(done).filter((k) => /^(spe\.o|(un)?pin)/.test(k))).toEqual(['pin', 'spe.on', 'unpin', 'spe.off']);
    expect([locked(b), vcpuOf(b, 0).spe.pinned]).toEqual([0, []]);
  });
  test('INT-11: a guest that switches processes with the buffer unpins and pins each time', () => {
    const process = (at: number, size: number): string => `${enable(size, at)}\n${msr('PMBLIMITR_EL1', 0)}`;
    const b = guest(
      `${Array.from({ length: 3 }, () => `${process(BUFFER, PAGE)}\n${process(BUFFER + MIB, 2 * PAGE)}`).join('\n')}\nloop: b loop`,
    );
    const { events } = go(b, 200);
    expect(of(events, 'pin').map((e) => e['bytes'])).toEqual([PAGE, 2 * PAGE, PAGE, 2 * PAGE, PAGE, 2 * PAGE]);
    expect(of(events, 'unpin').map((e) => e['locked'])).toEqual([0, 0, 0, 0, 0, 0]);
  });
  test('a buffer that is full is off: unpinned, and pinned again when S is cleared', () => {
    const body = ['add x4, x4, #1', 'mrs x5, pmbsr_el1', 'cbz x5, loop', msr('PMBPTR_EL1', BUFFER), 'msr pmbsr_el1, xzr', 'b loop'];
    const b = guest(profile(PAGE).replace(/add x4[\s\S]*$/, body.join('\n')));
    const { events } = go(b, 150_000);
    expect(of(events, 'unpin').length).toBeGreaterThan(0);
    expect(of(events, 'pin')).toHaveLength(of(events, 'unpin').length + 1);
    expect(of(events, 'unpin')[0]).toMatchObject({ bytes: PAGE, locked: 0 });
    expect(locked(b)).toBe(PAGE);
  });
  test('moving the limit of an enabled buffer pins what it is now', () => {
    const b = guest(`${enable(PAGE)}\n${msr('PMBLIMITR_EL1', BUFFER + 3 * PAGE + 1)}\nloop: b loop`);
    const { events } = go(b, 20);
    expect(of(events, 'pin').map((e) => e['locked'])).toEqual([PAGE, 3 * PAGE]);
    expect(locked(b)).toBe(3 * PAGE);
  });
  test('resetting the vCPU, destroying the VM, and deleting the slot unpin', () => {
    for (const [what, left] of [
      [(b: Bench): unknown => init(b, 0, ['spe', 'pmu-v3', 'psci-0.2']), 'reset'],
      [(b: Bench): unknown => destroyVm(b.mw, 0), 'destroyed'],
      [(b: Bench): unknown => must(b, vmm.setMemory(b.hands, 0, 0, 0n, 0n)), 'deleted'],
    ] as const) {
      const b = guest(`${enable(PAGE)}\nloop: b loop`);
      go(b, 20);
      go(b, 0, { signal: true });
      expect([left, locked(b)]).toEqual([left, PAGE]);
      what(b);
      expect([left, locked(b)]).toEqual([left, 0]);
    }
  });
  test('user space enables the buffer by KVM_SET_ONE_REG: it is pinned when the vCPU enters', () => {
    const b = guest('loop: b loop');
    go(b, 10);
    go(b, 0, { signal: true });
    for (const [name, value] of [
      ['PMBPTR_EL1', BUFFER],
      ['PMBLIMITR_EL1', BUFFER + PAGE + 1],
    ] as const)
      must(b, vmm.oneReg(b.hands, 0, 0, oneRegByName(name)?.id ?? 0n, BigInt(value)));
    limit(b, 0);
    expect(run(b, 0)).toBe('ok');
    expect(go(b, 10).state).toBe('exited');
    expect(vcpuOf(b, 0).run.exit).toMatchObject({ name: 'KVM_EXIT_RLIMIT', excess: PAGE });
    limit(b, null);
    run(b, 0);
    expect(kinds(go(b, 10))).toContain('pin');
  });
});

describe('RLIMIT_MEMLOCK', () => {
  const text = `${enable(4 * PAGE)}\nadd x20, x20, #1\nloop: b loop`;

  test('RUN-17: the pages exceed the limit: KVM_EXIT_RLIMIT with the excess in bytes, the write not done, nothing pinned', () => {
    const b = guest(text, { before: (fresh) => limit(fresh, PAGE) });
    const done = go(b, 100);
    expect([done.state, done.answer?.isOk()]).toEqual(['exited', true]);
    expect(vcpuOf(b, 0).run.exit).toEqual({ reason: 41, name: 'KVM_EXIT_RLIMIT', rlimit: 8, excess: 3 * PAGE });
    expect([reg(b, 'PMBLIMITR_EL1'), reg(b, 'x20'), locked(b)]).toEqual([0n, 0n, 0]);
    expect(vcpuOf(b, 0).spe.level).toBe(false);
  });
  test('RUN-18: the limit raised, the same write is retried and pins', () => {
    const b = guest(text, { before: (fresh) => limit(fresh, PAGE) });
    go(b, 100);
    run(b, 0);
    expect(go(b, 100).state).toBe('exited'); // not raised: again
    limit(b, 4 * PAGE);
    expect(run(b, 0)).toBe('ok');
    const done = go(b, 100);
    expect(done.state).toBe('running');
    expect(of(done.events, 'pin')).toMatchObject([{ bytes: 4 * PAGE }]);
    expect([reg(b, 'PMBLIMITR_EL1'), reg(b, 'x20')]).toEqual([BigInt(BUFFER + 4 * PAGE) | 1n, 1n]);
  });
  test('the limit holds for the process: what another vCPU has pinned counts, what is given back does not', () => {
    const b = guest(`${enable(4 * PAGE)}\n${msr('PMBLIMITR_EL1', BUFFER + 5 * PAGE + 1)}\nloop: b loop`, {
      before: (fresh) => {
        limit(fresh, 6 * PAGE);
        fresh.mw.world.kernel.processes[0].lockedBytes = BigInt(2 * PAGE);
      },
    });
    expect(go(b, 100).state).toBe('exited');
    expect(vcpuOf(b, 0).run.exit).toMatchObject({ excess: PAGE });
    expect(locked(b)).toBe(6 * PAGE); // the buffer as it was is still on
    expect(reg(b, 'PMBLIMITR_EL1')).toBe(BigInt(BUFFER + 4 * PAGE) | 1n);
  });
  test('the exit’s number is a knob', () => {
    const b = guest(text, { host: hostOf('two-spu', { 'numbers.exitRlimit': 42 }), before: (fresh) => limit(fresh, PAGE) });
    go(b, 100);
    expect(vcpuOf(b, 0).run.exit).toMatchObject({ reason: 42, name: 'KVM_EXIT_RLIMIT' });
  });
  test('a buffer that is too large, or that stage 1 does not map, is refused before the limit is looked at', () => {
    const large = guest(text, {
      before: (fresh) => {
        set(fresh, 0, 'spe.spu', 10);
        set(fresh, 0, 'spe.max-buffer-size', PAGE);
        limit(fresh, 0);
      },
    });
    go(large, 100);
    expect(reg(large, 'PMBSR_EL1')).toBe(0x2_0004n);
    const unmapped = guest(`${mapped(2)}\n${enable(4 * PAGE, VA)}\nloop: b loop`, { before: (fresh) => limit(fresh, 0) });
    expect(kinds(go(unmapped, 200))).toContain('spe.unmapped');
  });
});

describe('what the guest’s own tables refuse', () => {
  test('INT-04: a page of the buffer is not mapped when it is enabled: EC 0x24, PPI high, nothing pinned', () => {
    const b = guest(`${mapped(2)}\n${enable(4 * PAGE, VA)}\nloop: b loop`);
    const done = go(b, 200);
    expect(reg(b, 'PMBSR_EL1')).toBe(0x9002_0007n); // translation fault, level 3
    expect(kinds(done)).toEqual(expect.arrayContaining(['spe.unmapped', 'spe.irq-high']));
    expect(kinds(done)).not.toContain('pin');
    expect(kinds(done)).not.toContain('kernel.warning');
    expect(vcpuOf(b, 0).vgic?.privates.line[21]).toBe(1);
  });
  test('INT-04: a page that is read only: permission fault, level 3', () => {
    const b = guest(`${mapped(4, 2 << 6)}\n${enable(4 * PAGE, VA)}\nloop: b loop`);
    go(b, 200);
    expect(reg(b, 'PMBSR_EL1')).toBe(0x9002_000fn);
  });
  test('INT-04: a page the guest unmaps while the buffer is on: the SPU’s own fault is shown, and the rest is unpinned', () => {
    const unmap = `${store(LEVEL3 + 0x1000, 0)}\ndsb sy\ntlbi vmalle1\ndsb sy\nisb`;
    const b = guest(`${mapped(4)}\n${profile(4 * PAGE, VA).replace('loop: ldr', `${unmap}\n${mov('x1', BUFFER - 0x1000)}\nloop: ldr`)}`);
    const done = go(b, 5_000);
    expect(kinds(done)).toContain('pin');
    expect(reg(b, 'PMBSR_EL1')).toBe(0x9002_0007n);
    expect(kinds(done)).toContain('unpin');
    expect(locked(b)).toBe(0);
  });
});

const POLICIES = [
  ['extAbort', 0x9006_0010n],
  ['impDef', 0x7c0a_0000n],
  ['raw', 0x9402_0007n],
] as const;

describe('what no memory slot backs', () => {
  test.each([...POLICIES, ['hideAndRepin', 0x9006_0010n] as const])(
    'enabling there under the policy %s: nothing pinned, PPI high',
    (policy, shown) => {
      const b = guest(profile(PAGE, 0x5000_0000), { host: hostOf('two-spu', { s2FaultPolicy: policy }) });
      const done = go(b, 5_000);
      expect(kinds(done)).toEqual(expect.arrayContaining(['spe.unbacked', 'kernel.warning']));
      expect(kinds(done)).not.toContain('pin');
      expect(reg(b, 'PMBSR_EL1')).toBe(shown);
      expect(vcpuOf(b, 0).vgic?.privates.line[21]).toBe(1);
      expect(b.mw.world.kernel.log.at(-1)).toBe('kvm: SPE buffer of vcpu0: no memory slot at 0x50000000');
    },
  );
  test('a buffer that runs past the slot, and one in a slot that is read only', () => {
    const past = guest(`${enable(2 * PAGE, RAM + 4 * MIB - PAGE)}\nloop: b loop`);
    expect(of(go(past, 20).events, 'spe.unbacked')).toMatchObject([{ gpa: '0x40400000' }]);
    const readOnly = guest(`${enable(PAGE, 0x6000_0000)}\nloop: b loop`, {
      before: (fresh) => void must(fresh, vmm.setMemory(fresh.hands, 0, 1, 0x6000_0000n, BigInt(MIB), 2)),
    });
    expect(kinds(go(readOnly, 20))).toContain('spe.unbacked');
  });
});

describe('the host takes pages', () => {
  test.each([...POLICIES, ['hideAndRepin', 0n] as const])(
    'INT-05: a stage 2 fault of a page that was unmapped, under the policy %s',
    (policy, shown) => {
      const b = guest(profile(4 * PAGE), { host: hostOf('two-spu', { s2FaultPolicy: policy }) });
      go(b, 3_000);
      const before = b.mw.world.machine.cpus[1].spu?.completed.length ?? 0;
      expect(before).toBeGreaterThan(0);
      expect(event(b, 'unmap', BUFFER)).toMatchObject({ gpa: BUFFER, size: PAGE, effect: 'unmapped', pinnedBy: ['vcpu0'] });
      expect(locked(b)).toBe(3 * PAGE);
      const done = go(b, 3_000);
      expect(kinds(done)).toContain('kernel.warning');
      expect(reg(b, 'PMBSR_EL1')).toBe(shown);
      expect(vcpuOf(b, 0).vgic?.privates.line[21]).toBe(policy === 'hideAndRepin' ? 0 : 1);
      expect(locked(b)).toBe(policy === 'hideAndRepin' ? 4 * PAGE : 0);
      if (policy !== 'hideAndRepin') return;
      expect(b.mw.world.machine.cpus[1].spu?.completed.length).toBeGreaterThan(before);
      expect(vmOf(b).unmapped).toEqual([]);
    },
  );
  test('a fault that cannot be hidden, as the page cannot be pinned again, is shown', () => {
    const b = guest(profile(4 * PAGE), { host: hostOf('two-spu', { s2FaultPolicy: 'hideAndRepin' }) });
    go(b, 3_000);
    event(b, 'unmap', BUFFER);
    limit(b, 3 * PAGE);
    go(b, 3_000);
    expect(reg(b, 'PMBSR_EL1')).toBe(0x9006_0010n);
  });
  test.each(['migrate', 'numa-hint'] as const)('%s: a pinned page is left alone, data and table alike; the trace goes on', (kind) => {
    const b = guest(`${mapped(4)}\n${profile(4 * PAGE, VA)}`);
    go(b, 3_000);
    for (const gpa of [BUFFER, LEVEL3, TABLES])
      expect(event(b, kind, gpa)).toMatchObject({ effect: 'ignored', why: 'the page is pinned by vcpu0' });
    const before = b.mw.world.machine.cpus[1].spu?.completed.length ?? 0;
    const done = go(b, 5_000);
    expect(kinds(done)).not.toContain('kernel.warning');
    expect(b.mw.world.machine.cpus[1].spu?.completed.length).toBeGreaterThan(before);
  });
  test('an event changes nothing but stage 2: the guest touches the page and goes on', () => {
    const b = guest(`${mov('x1', BUFFER)}\nmov x2, #7\nstr x2, [x1]\nloop: ldr x3, [x1]\nb loop`);
    go(b, 20);
    expect(event(b, 'migrate', BUFFER)).toMatchObject({ effect: 'unmapped', pinnedBy: [] });
    expect(vmOf(b).unmapped).toEqual([BUFFER]);
    const done = go(b, 20);
    expect(of(done.events, 'host.fault-in')).toMatchObject([{ ipa: `0x${BUFFER.toString(16)}` }]);
    expect([reg(b, 'x3'), vmOf(b).unmapped]).toEqual([7n, []]);
    event(b, 'unmap', BUFFER);
    go(b, 20);
    expect(reg(b, 'x3')).toBe(0n); // given up: zeros
  });
  test('the page of the code and a table page come back on a fetch and on a walk', () => {
    const b = guest(`${mapped(1)}\nloop: add x0, x0, #1\nb loop`);
    go(b, 200);
    const counted = reg(b, 'x0');
    event(b, 'migrate', RAM);
    event(b, 'numa-hint', TABLES);
    const done = go(b, 20);
    expect(of(done.events, 'host.fault-in')).toHaveLength(2);
    expect(reg(b, 'x0')).toBeGreaterThan(counted);
  });
  test('without pins the SPU meets the fault: rfc-v5, memory not locked', () => {
    const b = guest(profile(4 * PAGE), { host: hostOf('rfc-v5'), spe: false, before: configureOld });
    go(b, 3_000);
    expect(event(b, 'migrate', BUFFER)).toMatchObject({ effect: 'unmapped' });
    go(b, 3_000);
    expect(reg(b, 'PMBSR_EL1')).toBe(0x9006_0010n);
    expect(hostEvent(b.mw, 0, 'numa-hint', BUFFER)._unsafeUnwrapErr()).toContain('without NUMA balancing');
  });
  test('hugetlb: the whole 2 MiB page goes; NUMA balancing leaves it alone', () => {
    const b = guest('loop: b loop', { host: hostOf('two-spu', { 'memory.hugetlb': true }) });
    expect(hostEvent(b.mw, 0, 'numa-hint', BUFFER)._unsafeUnwrapErr()).toContain('hugetlb');
    expect(event(b, 'migrate', BUFFER)).toMatchObject({ gpa: RAM, size: 2 * MIB });
    expect(kinds(go(b, 10))).toContain('host.fault-in');
  });
  test('an address that no slot backs is refused, and nothing changed', () => {
    const b = guest('loop: b loop');
    const before = hash(b);
    expect(hostEvent(b.mw, 0, 'unmap', 0x1000)._unsafeUnwrapErr()).toBe('no memory slot backs 0x1000');
    expect(hash(b)).toBe(before);
  });
  test('pinning brings back what the host took: no fault follows', () => {
    const b = guest(`${enable(4 * PAGE)}\nloop: b loop`);
    event(b, 'migrate', BUFFER + PAGE);
    expect(make(b, vmm.checkExtension(b.hands, 0))).toBe('ok');
    go(b, 20);
    expect(vmOf(b).unmapped).toEqual([]);
  });
});
