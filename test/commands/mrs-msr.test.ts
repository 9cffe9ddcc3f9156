// mrs and msr: "as the guest would: traps and all" (language.md §3, group inspect). The judge is the guest itself (register-laws.ts).
import { describe, expect, test } from 'vitest';
import { laws, PLACES, profiling, up, value } from './register-laws.ts';
import { newShell } from './shell.ts';

laws(PLACES.filter(([name]) => name.includes('profiles')));

describe('what a person reads', () => {
  test('PMSIDR_EL1 of a vCPU with SPE: KVM emulates the trap; the vCPU stays outside KVM_RUN, and nothing has run', () => {
    const s = up();
    const { out, json } = s.run('mrs PMSIDR_EL1');
    expect(out).toEqual([
      'PMSIDR_EL1 = 0x26417',
      expect.stringContaining('trap to EL2: EC 0x18 (MSR, MRS or system instruction), ESR_EL2'),
    ]);
    expect(json).toMatchObject({ ok: true, tick: 0, value: '0x26417', data: { name: 'PMSIDR_EL1', el: 1, exception: null } });
    expect(json['call'] ?? json['calls']).toBeUndefined();
    expect(s.run('vcpu 0').json['data']).toMatchObject({ place: 'out', hasRun: false });
    expect(s.run('vcpu 0 one-reg get x0').outcome.ok).toBe(true);
  });

  test('PMBLIMITR_EL1 written while the guest profiles: profiling is off, and buffer says why', () => {
    const s = profiling();
    expect(s.run('buffer').json['data']).toMatchObject({ enabled: true });
    const { outcome } = s.run('msr PMBLIMITR_EL1 0');
    expect(outcome.events.map((e) => e.kind)).toContain('spe.off');
    expect(s.run('buffer').json['data']).toMatchObject({ enabled: false, reason: 'PMBLIMITR_EL1.E is 0' });
    expect(s.run('pins').out.join(' ')).toContain('0 bytes');
    expect(s.all('step 5000', 'records 10').json['data']).toMatchObject({ records: expect.objectContaining({ length: 2 }) });
  });

  test('PMBSR_EL1.S written is the guest’s interrupt', () => {
    const s = profiling();
    expect(s.run('msr PMBSR_EL1 0x20000').outcome.events.map((e) => e.kind)).toContain('spe.irq-high');
    expect(s.run('mrs PMBSR_EL1').outcome.value).toBe('0x20000');
  });

  test('outside KVM_RUN the vCPU is off its CPU again: user space sets registers, its thread moves, and it runs', () => {
    const s = up('pointer-chase', 'msr TPIDR_EL1 0x55', 'vcpu 0 one-reg set x3 77', 'thread vcpu 0 cpu 2');
    expect(value(s, 'x3')).toBe('0x4d');
    expect(s.run('mrs TPIDR_EL1').outcome.value).toBe('0x55');
    expect(s.run('step').outcome.ok).toBe(true);
  });

  test('with PSTATE.IL the next operation, whatever it is, is an Illegal Execution state exception', () => {
    const s = up('pointer-chase', 'reg pstate=(pstate|0x100000)');
    expect(s.run('mrs PMSCR_EL1').out.join()).toContain('the guest would take EC 0x0e (illegal execution state)');
  });

  test('a timer that is due raises its interrupt, an SGI register sends', () => {
    const s = profiling();
    expect(s.all('msr CNTV_CVAL_EL0 0', 'msr CNTV_CTL_EL0 1').outcome.events.map((e) => e.kind)).toContain('irq.raised');
    expect(s.run('mrs CNTV_CTL_EL0').outcome.value).toBe('0x5');
    expect(s.run('vgic irq 27').json['data']).toMatchObject({ line: true, pending: true });
    s.run('msr ICC_SGI1R_EL1 0x5000001');
    expect(s.run('vgic irq 5').json['data']).toMatchObject({ pending: true });
  });

  test('a read that does not trap leaves the world as it was, between any two operations', () => {
    const s = profiling();
    const before = s.session.worldHash();
    for (const name of ['PMSCR_EL1', 'PMSICR_EL1', 'CurrentEL', 'CNTVCT_EL0', 'HCR_EL2']) s.run(`mrs ${name}`);
    expect(s.session.worldHash()).toBe(before);
  });

  test('a register of EL2 is UNDEFINED at EL1: told with syndrome and vector, refused, not delivered', () => {
    const s = up('pointer-chase', 'reg VBAR_EL1=0x40081000');
    const before = s.run('regs gp').out;
    const { out, outcome } = s.run('mrs HCR_EL2');
    expect(out).toEqual([
      'UNDEFINED at EL1: the guest would take EC 0x00 (unknown reason), ESR_EL1 0x2000000, at 0x40081200; not delivered',
    ]);
    expect([outcome.ok, outcome.value, outcome.unmet]).toEqual([false, null, undefined]);
    expect(s.run('regs gp').out).toEqual(before);
    expect(s.run('expect /UNDEFINED at EL1/ mrs HCR_EL2').outcome.ok).toBe(true);
    expect(s.run('expect ok mrs HCR_EL2').outcome.ok).toBe(false);
  });

  test('SPE of a vCPU without the feature: the access traps, and KVM injects UNDEFINED', () => {
    const s = newShell();
    s.all('vm create --mem 1MiB', 'vcpu create 0', 'vcpu 0 init psci-0.2');
    for (const text of ['mrs PMSCR_EL1', 'msr PMSCR_EL1 3', 'mrs PMSIDR_EL1', 'mrs PMBIDR_EL1', 'msr PMBLIMITR_EL1 0']) {
      const ran = s.run(text);
      expect([text, ran.outcome.ok, ran.out]).toEqual([
        text,
        false,
        [
          expect.stringMatching(/^ {2}trap to EL2: EC 0x18 .*: KVM injects UNDEFINED$/),
          expect.stringMatching(/^UNDEFINED at EL1: .*ESR_EL1 0x2000000, at 0x200; not delivered$/),
        ],
      ]);
    }
  });

  test('at EL0: what EL1 keeps is UNDEFINED, what it only forbids is a trap to it', () => {
    const s = up('el0', 'until (pstate & 12) == 0', 'reg CNTKCTL_EL1=0');
    expect(s.run('mrs PMSCR_EL1').out.join()).toContain('UNDEFINED at EL0: the guest would take EC 0x00');
    expect(s.run('mrs CNTVCT_EL0').out.join()).toContain('exception at EL0: the guest would take EC 0x18 (MSR, MRS or system instruction)');
    expect(s.run('mrs TPIDR_EL0').outcome.ok).toBe(true);
  });

  test('SIMD&FP registers that EL1 disabled', () => {
    const s = up('pointer-chase', 'reg CPACR_EL1=0');
    expect(s.run('mrs FPCR').out.join()).toContain('EC 0x07 (access to SVE, Advanced SIMD or floating point)');
  });

  test('an exit that user space must act on is told, and the write is not made', () => {
    const s = up('pointer-chase', 'rlimit memlock 4KiB', 'msr PMBPTR_EL1 0x40300000');
    const { out, outcome } = s.run('msr PMBLIMITR_EL1 0x40310001');
    expect(out).toEqual([
      expect.stringMatching(/trap to EL2: .*: KVM asks user space first$/),
      'KVM_RUN would end with KVM_EXIT_RLIMIT {rlimit=8, excess=61440}; not delivered',
    ]);
    expect(outcome.ok).toBe(false);
    expect([s.run('mrs PMBLIMITR_EL1').outcome.value, s.run('vcpu 0').json['data']]).toEqual([
      '0x0',
      expect.objectContaining({ exit: null }),
    ]);
  });

  test('a write says what the register keeps of it', () => {
    const s = up();
    expect(s.run('msr PMSCR_EL1 0xff').out).toEqual(['PMSCR_EL1 <- 0xff, holds 0x7b']);
    expect(s.run('msr PMSCR_EL1 3').out).toEqual(['PMSCR_EL1 <- 0x3']);
  });

  test('a register by its encoding, and names in any case', () => {
    const s = up();
    expect(s.run('mrs S3_0_C9_C9_7').out[0]).toBe('PMSIDR_EL1 = 0x26417');
    expect(s.run('mrs pmsidr_el1').out[0]).toBe('PMSIDR_EL1 = 0x26417');
    expect(s.run('mrs currentel').out).toEqual(['CurrentEL = 0x4']);
    expect(s.run('mrs S3_0_C0_C7_7').out).toEqual(['S3_0_C0_C7_7 = 0x0']); // D24.2: reserved, RAZ
    expect(s.run('mrs S3_3_C15_C15_0').out.join()).toContain('UNDEFINED at EL1');
  });

  test('what is no system register, no 64-bit value, or no vCPU that can execute', () => {
    const s = up('pointer-chase --vcpus 2');
    const refusal = (text: string) => s.run(text).outcome.unmet;
    expect(refusal('mrs PMBSR')).toMatchObject({ code: 'unknown-name', message: "no system register 'PMBSR'" });
    expect(refusal('mrs x0')).toMatchObject({ code: 'unknown-name', hint: 'reg x0' });
    expect(refusal('msr PMSCR_EL1 nothing')).toMatchObject({ code: 'unknown-name' });
    expect(s.misread('mrs PMBSR_EL1.S')).toMatchObject({ message: "'PMBSR_EL1.S' is not a system register" });
    expect(s.misread('msr PMSCR_EL1 0x10000000000000000')?.message).toContain('does not fit in 64 bits');
    expect(s.misread('msr PMSCR_EL1')).not.toBeNull();
    s.run('focus vcpu 1');
    expect(refusal('mrs PMSIDR_EL1')).toMatchObject({ code: 'cannot-run', message: 'vcpu1 cannot execute: it is powered off' });
    expect(newShell().run('mrs PMSIDR_EL1').outcome.unmet).toMatchObject({ code: 'no-vm' });
    const bare = newShell();
    bare.run('up --bare');
    expect(bare.run('mrs PMSIDR_EL1').outcome.unmet?.message).toBe(
      'vcpu0 cannot execute: the PMU of this vCPU is not initialised: no KVM_ARM_VCPU_PMU_V3_INIT yet',
    );
    s.all('focus vcpu 0', 'thread vcpu 0 cpu 6');
    expect(refusal('mrs PMSIDR_EL1')?.message).toBe('vcpu0 cannot execute: its thread is on CPU 6, and it may run on 0-3');
  });
});
