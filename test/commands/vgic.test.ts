// `vgic` and `irq-line` as a person drives them: strace lines, JSON, misreads, and an interrupt's way through a guest.
import { describe, expect, test } from 'vitest';
import { newShell } from './shell.ts';

describe('vgic attr', () => {
  test('names, operands and values become the numbers of the call', () => {
    const s = newShell();
    s.all('vm create', 'vcpu create 0', 'vcpu create 1', 'vgic create');
    const strace = (text: string): string => s.run(text).out[0];
    const addr = '{group=KVM_DEV_ARM_VGIC_GRP_ADDR, attr=KVM_VGIC_V3_ADDR_TYPE_DIST, addr=';
    expect(strace('vgic attr set addr.dist 0x8000000')).toBe(`ioctl(vgic, KVM_SET_DEVICE_ATTR, ${addr}&0x8000000}) = 0`);
    expect(strace('vgic attr get 0/2')).toBe(`ioctl(vgic, KVM_GET_DEVICE_ATTR, ${addr}[0x8000000]}) = 0`);
    expect(strace('vgic attr set ctrl.init')).toContain('attr=KVM_DEV_ARM_VGIC_CTRL_INIT, addr=NULL}) = 0');
    expect(strace('vgic attr get redist-regs vcpu1 8')).toContain('attr=0x100000008 /* vcpu1 GICR_TYPER */, addr=[0x100]}) = 0');
    expect(strace('vgic attr get cpu-sysregs 1 CTLR')).toContain('attr=0x10000c664 /* vcpu1 ICC_CTLR_EL1 */, addr=[0x8400]}) = 0');
    expect(strace('vgic attr set level-info 0 32 0xff')).toContain('attr=0x20 /* vcpu0 INTIDs 32 to 63 */, addr=&0xff}) = 0');
    expect(strace('vgic attr set addr.redist-region (2<<52)+0x80a0000')).toContain('= 0');
    expect(s.run('vgic attr get addr.redist-region 0').json['value']).toBe('0x200000080a0000');
    expect(s.run('vgic attr get addr.redist-region 1').json).toMatchObject({ ok: false, call: { errno: 'ENOENT' } });
  });

  test('counts are numbers, addresses and registers are texts', () => {
    const s = newShell();
    s.all('up --bare');
    const values = ['nr-irqs', 'maint-irq', 'addr.redist', 'dist-regs 8', 'cpu-sysregs 0 PMR'].map(
      (a) => s.run(`vgic attr get ${a}`).json['value'],
    );
    expect(values).toEqual([256, 0, '0x80a0000', '0x4b00343b', '0x0']);
  });

  test('bad pointers reach the kernel', () => {
    const s = newShell();
    s.all('up --bare');
    for (const text of ['set addr.dist --addr bad', 'get nr-irqs --addr NULL', 'set dist-regs 0 --addr 0x10']) {
      expect(s.run(`vgic attr ${text}`).json, text).toMatchObject({ ok: false, call: { errno: 'EFAULT' } });
    }
  });

  test.each([
    ['vgic attr set nr-irq 3', "there is no vGIC attribute 'nr-irq'"],
    ['vgic attr get dist-regs', 'dist-regs needs offset'],
    ['vgic attr get redist-regs 0', 'redist-regs needs vcpu and offset'],
    ['vgic attr set nr-irqs', 'nr-irqs needs a value'],
    ['vgic attr set dist-regs 0', 'dist-regs needs a value'],
    ['vgic attr set addr.dist 3 --addr bad', 'a value and --addr exclude each other: addr points to the value'],
    ['vgic attr set ctrl.init 3', 'set of ctrl.init takes no value'],
    ['vgic attr get nr-irqs 3', 'get of nr-irqs takes no value'],
    ['vgic attr set addr.dist --addr ?', "'?' is no pointer"],
  ])('%s does not parse', (text, message) => {
    expect(newShell().misread(text)?.message).toBe(message);
  });

  test('what the session cannot do is unmet', () => {
    const s = newShell();
    const code = (text: string): string | undefined => s.run(text).outcome.unmet?.code;
    expect(['vgic', 'vgic create', 'irq-line spi 40 1'].map(code)).toEqual(['no-vm', 'no-vm', 'no-vm']);
    s.run('vm create');
    expect(['vgic', 'vgic irq 21', 'vgic attr get nr-irqs'].map(code)).toEqual(['no-vgic', 'no-vgic', 'no-vgic']);
    s.all('vcpu create 0', 'vgic create');
    expect(['vgic irq 40', 'vgic irq 21 vcpu 3', 'vgic attr get cpu-sysregs 0 FOO'].map(code)).toEqual([
      'no-interrupt',
      'no-vcpu',
      'unknown-name',
    ]);
  });
});

describe('irq-line', () => {
  test('builds the word; a vCPU need not exist', () => {
    const s = newShell();
    s.run('up --bare');
    expect(s.run('irq-line ppi 1 22 1').out).toEqual(['ioctl(vm, KVM_IRQ_LINE, {irq=0x2010016, level=1}) = 0']);
    expect(s.run('irq-line ppi 300 22 1').json).toMatchObject({ call: { errno: 'EINVAL', check: 2, of: 4 } });
    expect(s.run('irq-line spi 40 1').json['events']).toEqual([{ kind: 'irq.raised', tick: 0, vm: 0, intid: 40, vcpu: -1 }]);
    expect(s.run('irq-line spi 40 1').json['events']).toEqual([{ kind: 'irq.raised', tick: 0, vm: 0, intid: 40, vcpu: -1 }]);
    expect(s.run('irq-line ppi 1 22 1').json['events']).toEqual([]);
  });
});

describe('vgic irq in a guest', () => {
  test('pending, active, idle: the list register and the history tell', () => {
    const s = newShell();
    s.all('up pointer-chase', 'break irq_entry', 'continue');
    const pending = s.run('vgic irq 21').json['data'] as Record<string, unknown>;
    expect(pending).toMatchObject({
      owner: 'spe',
      line: true,
      active: false,
      listRegister: { number: 0, state: 'pending', value: '0x5080020000000015' },
    });
    expect(pending['delivery']).toBe('pending, but the guest masks IRQs (PSTATE.I)');
    s.run('step 30');
    expect(s.run('vgic irq 21').json['data']).toMatchObject({ listRegister: { state: 'active' } });
    s.all('delete 1', 'run');
    const done = s.run('vgic irq 21').json['data'] as { delivery: string; history: readonly { tick: number; event: string }[] };
    expect(done.delivery).toBe('idle');
    const one = ['irq.raised', 'irq.queued', 'irq.delivered', 'irq.acknowledged', 'irq.lowered', 'irq.ended'];
    expect(done.history.slice(0, 6).map((h) => h.event)).toEqual(one);
    expect(done.history.length % 6).toBe(0);
    const ticks = done.history.map((h) => h.tick);
    expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
  });
});
