// A journal replayed gives the world of the straight run, whatever the commands: an Unmet command left nothing behind (design.md §1.3, §3).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { families } from '../../commands/table.ts';
import { replay } from '../../src/session/session.ts';
import { newShellState } from '../../src/shell/state.ts';
import { HOSTS, newShell } from './shell.ts';

const COMMANDS: readonly string[] = [
  'vm create --mem 1MiB',
  'vm create --ipa-bits 99 --mem 1MiB',
  'vm use 0',
  'vm use 7',
  'vm destroy',
  'vm memory add 3 0x90000000 64KiB',
  'vm memory del 3',
  'vcpu create 0',
  'vcpu create 1',
  'vcpu 0 init spe,pmu-v3',
  'vcpu 1 init spe,pmu-v3,power-off',
  'vgic create',
  'vgic attr set addr.dist 0x8000000',
  'vgic attr set addr.redist 0x80a0000',
  'vgic attr set ctrl.init',
  'vcpu 0 attr set spe.spu 10',
  'vcpu 0 attr set spe.irq 21',
  'vcpu 0 attr set spe.irq 0x100000000',
  'vcpu 0 attr set spe.init',
  'vcpu 0 attr get spe.spu',
  'vcpu 1 attr set pmu.set-pmu 9',
  'vcpu 0 attr set spe.spu nonsense',
  'thread vcpu 0 cpu 5',
  'thread vcpu 0 cpu 9',
  'vcpu 0 run --ops 5',
  'vcpu 0 run --immediate-exit',
  'vcpu 1 run --ops 5',
  'step 2',
  'vcpu 0 kick',
  'vcpu 0 one-reg set x3 77',
  'vcpu 0 one-reg list',
  'mrs PMSIDR_EL1',
  'mrs ICC_IAR1_EL1',
  'mrs HCR_EL2',
  'msr PMSCR_EL1 3',
  'msr PMBPTR_EL1 0x40300000',
  'msr PMBLIMITR_EL1 0x40310001',
  'msr PMBSR_EL1 0',
  'msr CNTV_CTL_EL0 1',
  'ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 addr=&11 attr=1',
  'ioctl vcpu0 KVM_SET_DEVICE_ATTR addr=&11 attr=nonsense',
  'ioctl fd 5 KVM_CREATE_VCPU 4',
  "process 2 'vcpu 0 attr set spe.spu 11'",
  "process 3 'vcpu 5 run'",
  "process 2 'vm create'",
  'rlimit memlock 64KiB',
  'perfmon on',
  'cap arm-spe',
  'mask',
  'why',
  'up --bare',
  'host load one-spu',
];

describe('replay', () => {
  test('any commands, refused and Unmet ones among them', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...COMMANDS), { minLength: 3, maxLength: 30 }), (commands) => {
        const { session, run } = newShell();
        run('up --bare');
        for (const command of commands) run(command);
        const host = HOSTS.get('two-spu');
        if (host === undefined) throw new Error('no host');
        const { behaviours } = newShellState(families).table;
        const again = replay({ host, hosts: HOSTS, seed: 0, table: behaviours }, session.journal, []);
        expect(again.worldHash()).toBe(session.worldHash());
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  test.each(COMMANDS)('an Unmet leaves the world as it was: %s', (command) => {
    const { session, run } = newShell();
    run('up --bare');
    const before = session.worldHash();
    if (run(command).outcome.unmet !== undefined) expect(session.worldHash()).toBe(before);
  });
});
