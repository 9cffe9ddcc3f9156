// KVM_RUN's way in: the first-run checks, has-ran-once, immediate_exit, and the test of the CPU (kvm-spe-abi.md §2.7, §2.8).
// What happens inside the guest is in run.ts.
import { doneText } from '../attr/state.ts';
import { note, type Request, type VcpuCall, vcpuName } from '../call-state.ts';
import { cpuListText } from '../cpu-list.ts';
import { exitOf, failEntry, leaveRun } from '../exits.ts';
import type { Host } from '../host.ts';
import { chosenBy, knobOf } from '../knobs.ts';
import { finishMmio } from '../mmio.ts';
import { perHost } from '../per-host.ts';
import { type Check, checksOf, does, endsWhen, fails, inferred, mainline, type Step, steps, v4, v5, walk } from '../steps.ts';
import { allowedCpus, cpusWithSpu, mayRunOn, refusesWrongCpu } from '../supported-cpus.ts';
import { MAP_CHECKS, mapResources } from '../vgic/init.ts';
import { claimTimers, setOwner } from '../vgic/owner.ts';
import { hasFeature, knobWord } from '../vm.ts';

const FIRST_RUN = 'kvm_arch_vcpu_run_pid_change';

/** The timers' PPI that another device has; null when both are free. */
function timerClash(s: VcpuCall): number | null {
  if (s.vm.vgic === null) return null;
  const taken = (ppi: number, owner: string): boolean => setOwner(s.vm, s.vcpu.index, ppi, owner, 'try') !== null;
  const { virtual, physical } = s.vm.timerPpis;
  if (taken(virtual, 'virtual timer')) return virtual;
  return physical === virtual || taken(physical, 'physical timer') ? physical : null;
}

const needsFinalising = (s: VcpuCall): boolean => hasFeature(s.host, s.vm, 'sve') && !s.vcpu.sveFinalised;
const needsPmuInit = (s: VcpuCall): boolean => hasFeature(s.host, s.vm, 'pmu-v3') && !s.vcpu.pmu.initialised;
const needsSpeInit = (s: VcpuCall): boolean => hasFeature(s.host, s.vm, 'spe') && !s.vcpu.spe.initialised;

/** The vGIC's mapping checks; in recent kernels a failure kills the VM. */
function mapChecks(host: Host): readonly Check<VcpuCall>[] {
  if (knobOf(host, 'vmDeadOnMapFailure') !== true) return MAP_CHECKS;
  return MAP_CHECKS.map((check) => ({
    ...chosenBy<VcpuCall>(host, 'vmDeadOnMapFailure', check),
    leaves: {
      what: 'the VM is dead: every later ioctl is -EIO',
      run: (s: VcpuCall) => {
        s.vm.dead = true;
      },
    },
  }));
}

const speChecks = (host: Host): readonly Check<VcpuCall>[] => [
  chosenBy(
    host,
    'runUninitErrno',
    fails(
      knobWord(host, 'runUninitErrno'),
      'SPE of this vCPU is not initialised',
      {
        when: needsSpeInit,
        saw: (s) => doneText(s.vcpu.spe.initialised, 'KVM_ARM_VCPU_SPE_INIT'),
        wouldPass: () => 'KVM_ARM_VCPU_SPE_INIT first',
      },
      v5('kvm_spe_vcpu_first_run_init'),
    ),
  ),
  ...(knobWord(host, 'spuRequired') === 'run'
    ? [
        chosenBy(
          host,
          'spuRequired',
          fails<VcpuCall>(
            'EINVAL',
            'the SPU of this VM is not set',
            {
              when: (s) => hasFeature(s.host, s.vm, 'spe') && s.vm.spu === null,
              saw: (s) => (s.vm.spu === null ? 'unset' : `type ${s.vm.spu}`),
            },
            inferred('L', 'documented as required'),
          ),
        ),
      ]
    : []),
];

/** rfc-v4: the vCPU's own list, where one was given, must be CPUs with an SPU; no matter where every CPU has one. */
const strayCpus = (s: VcpuCall): bigint => (hasFeature(s.host, s.vm, 'spe') ? s.vcpu.cpuList & ~cpusWithSpu(s.host) : 0n);
const notOnSpuCpus: Check<VcpuCall> = fails(
  'ENOEXEC',
  'a CPU of the vCPU has no SPU',
  {
    when: (s) => strayCpus(s) !== 0n,
    saw: (s) => (s.vcpu.cpuList === 0n ? 'no list' : `CPUs ${cpuListText(s.vcpu.cpuList)}`),
    wouldPass: (s) => cpuListText(cpusWithSpu(s.host)),
  },
  v4('kvm_spe_check_supported_cpus'),
);

function firstRun(host: Host): readonly Step<VcpuCall>[] {
  return [
    fails(
      'ENOEXEC',
      'the vCPU was not initialised',
      {
        when: (s) => !s.vcpu.initialised,
        saw: (s) => doneText(s.vcpu.initialised, 'KVM_ARM_VCPU_INIT'),
        wouldPass: () => 'KVM_ARM_VCPU_INIT first',
      },
      mainline(FIRST_RUN),
    ),
    fails(
      'EPERM',
      'a feature of the vCPU is not finalised',
      {
        when: needsFinalising,
        saw: (s) => (needsFinalising(s) ? 'sve' : 'nothing to finalise'),
        wouldPass: () => 'KVM_ARM_VCPU_FINALIZE first',
      },
      mainline(FIRST_RUN),
    ),
    ...(host.kernel.revision === 'rfc-v4' ? [notOnSpuCpus, ...speChecks(host)] : []),
    ...mapChecks(host),
    does('map the vGIC', (s) => void mapResources(s.vm), mainline('kvm_vgic_map_resources')),
    fails(
      'EINVAL',
      'another device owns the PPI of a timer',
      {
        when: (s) => timerClash(s) !== null,
        saw: (s) =>
          timerClash(s) === null ? `the timers have PPIs ${s.vm.timerPpis.virtual} and ${s.vm.timerPpis.physical}` : `PPI ${timerClash(s)}`,
        leaves: { what: 'a timer whose PPI was free keeps it', run: (s) => void claimTimers(s.vm, s.vcpu.index) },
      },
      mainline('kvm_timer_enable'),
    ),
    does(
      "claim the timers' PPIs",
      (s) => {
        if (s.vm.vgic !== null) claimTimers(s.vm, s.vcpu.index);
      },
      mainline('kvm_timer_enable'),
    ),
    fails(
      'EINVAL',
      'the PMU of this vCPU is not initialised',
      {
        when: needsPmuInit,
        saw: (s) => doneText(s.vcpu.pmu.initialised, 'KVM_ARM_VCPU_PMU_V3_INIT'),
        wouldPass: () => 'KVM_ARM_VCPU_PMU_V3_INIT first',
      },
      mainline('kvm_arm_pmu_v3_enable'),
    ),
    ...(host.kernel.revision === 'rfc-v4' ? [] : speChecks(host)),
    does(
      'the VM has run from now on',
      (s) => {
        s.vcpu.hasRanOnce = true;
        if (s.vm.hasRanOnce) return;
        s.vm.hasRanOnce = true;
        note(s, 'vm.ran', { vm: s.vm.index, vcpu: vcpuName(s.vm, s.vcpu) });
      },
      mainline(FIRST_RUN),
    ),
  ];
}

const onWrongCpu = (s: VcpuCall): boolean => !s.vcpu.poweredOff && !mayRunOn(s.host, s.vm, s.vcpu, s.vcpu.thread.cpu);

/** rfc-v4 and rfc-v5: the call fails; the exit reason is left as it was at the start of the loop. */
const wrongCpu: Check<VcpuCall> = fails(
  'ENOEXEC',
  'the vCPU may not run on the CPU of its thread',
  {
    when: onWrongCpu,
    saw: (s) => `CPU ${s.vcpu.thread.cpu}`,
    wouldPass: (s) => allowedCpus(s.host, s.vm, s.vcpu) || 'no CPU',
    leaves: { what: 'the exit is KVM_EXIT_UNKNOWN', run: (s) => leaveRun(s.vcpu, exitOf('KVM_EXIT_UNKNOWN')) },
  },
  v5('kvm_arch_vcpu_ioctl_run'),
);

/** Since 5.18: the call succeeds, and the exit tells. */
const failsEntry: readonly Step<VcpuCall>[] = [
  does(
    'fail the entry on a CPU outside supported_cpus: KVM_EXIT_FAIL_ENTRY',
    (s) => {
      if (!onWrongCpu(s)) return;
      const { cpu } = s.vcpu.thread;
      leaveRun(s.vcpu, failEntry(cpu));
      note(s, 'vcpu.exit', {
        vcpu: vcpuName(s.vm, s.vcpu),
        reason: 'KVM_EXIT_FAIL_ENTRY',
        cpu,
        allowed: cpuListText(s.vm.supportedCpus),
      });
    },
    mainline('kvm_vcpu_exit_request'),
  ),
  endsWhen('the entry failed: KVM_RUN comes back', onWrongCpu, mainline('kvm_vcpu_exit_request')),
];

const enters = (host: Host): readonly Step<VcpuCall>[] => [
  does('complete the MMIO access that the last exit asked for', (s) => finishMmio(s.vcpu), mainline('kvm_handle_mmio_return')),
  fails(
    'EINTR',
    'immediate_exit is set',
    {
      when: (s) => s.vcpu.run.immediateExit,
      saw: (s) => `immediate_exit=${Number(s.vcpu.run.immediateExit)}`,
      wouldPass: () => 'immediate_exit=0',
      leaves: { what: 'the exit is KVM_EXIT_INTR', run: (s) => leaveRun(s.vcpu, exitOf('KVM_EXIT_INTR')) },
    },
    mainline('kvm_arch_vcpu_ioctl_run'),
  ),
  ...(refusesWrongCpu(host) ? [wrongCpu] : failsEntry),
  does(
    'enter the guest; a powered-off vCPU sleeps',
    (s) => {
      const { run, poweredOff } = s.vcpu;
      run.exit = null;
      run.place = poweredOff ? 'blocked' : 'guest';
      s.running = true;
    },
    mainline('kvm_arch_vcpu_ioctl_run'),
  ),
];

const AGAIN = perHost((host) => steps<VcpuCall>('KVM_RUN', enters(host)));

const FIRST = perHost((host) => steps<VcpuCall>('KVM_RUN', firstRun(host)));

/** The check of a vCPU's first KVM_RUN that would refuse it now, and what it sees; null: none, or it has run. Nothing is changed. */
export function unreadyToRun(s: VcpuCall): string | null {
  if (s.vcpu.hasRanOnce) return null;
  const failed = checksOf(FIRST(s.host)).find((check) => check.fails(s));
  return failed === undefined ? null : `${failed.why}: ${failed.saw(s)}`;
}

/** The list of KVM_RUN on a vCPU that never ran. */
export const firstRunSteps = perHost((host) => steps<VcpuCall>('KVM_RUN', [...firstRun(host), ...enters(host)]));

export const RUN: Request<VcpuCall> = {
  ioctl: 'KVM_RUN',
  support: 'full',
  lists: (host) => [firstRunSteps(host)],
  run: (s) => walk(s.vcpu.hasRanOnce ? AGAIN(s.host) : firstRunSteps(s.host), s),
};
