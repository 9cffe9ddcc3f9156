// PSCI as KVM serves it to a guest that calls by HVC (kvm_psci_call): power of CPUs and of the system.

import { SYSTEM_EVENT_RESET, SYSTEM_EVENT_SHUTDOWN } from '../../abi/exits.ts';
import * as psci from '../../abi/psci.ts';
import { getX, setPc, setX } from '../../machine/cpu/context.ts';
import { exitOf } from '../exits.ts';
import { resetVcpu } from '../reset.ts';
import { kickVcpu } from '../vgic/irq.ts';
import { hasFeature, mpidrOf } from '../vm.ts';
import type { Vcpu } from '../world.ts';
import { type GuestExit, type Handled, tell } from './exit-state.ts';

/** MPIDR bits that name a CPU: Aff3, Aff2, Aff1, Aff0. */
const AFFINITY = 0xff_00ff_ffffn;

/** The vCPU that an MPIDR names; bits beside the affinity name none. */
function withAffinity(g: GuestExit, mpidr: bigint): Vcpu | undefined {
  return (mpidr & ~AFFINITY) !== 0n ? undefined : g.vm.vcpus.find((v) => (mpidrOf(v.id) & AFFINITY) === mpidr);
}

/** Executes the function whose id is in W0, its arguments in X1 to X3; the result goes to X0. PC is behind the HVC already. */
export function callPsci(g: GuestExit): Handled {
  const c = g.cpu.context;
  const id = Number(getX(c, 0) & 0xffff_ffffn);
  const answer = (value: bigint): Handled => {
    setX(c, 0, BigInt.asUintN(64, value));
    return 'resume';
  };
  /** Of the functions with 32-bit arguments, the low halves. */
  const argument = (n: number): bigint => (psci.isSmc64(id) ? getX(c, n) : getX(c, n) & 0xffff_ffffn);
  const name = hasFeature(g.host, g.vm, 'psci-0.2') ? psci.psciFunction(id) : undefined;
  if (name !== undefined) tell(g, 'psci', { function: name });
  switch (name) {
    case 'SMCCC_VERSION':
      return answer(psci.SMCCC_1_1);
    case 'PSCI_VERSION':
      return answer(psci.PSCI_1_1);
    case 'PSCI_FEATURES':
      return answer(psci.psciFunction(Number(getX(c, 1) & 0xffff_ffffn)) === undefined ? psci.NOT_SUPPORTED : psci.SUCCESS);
    case 'MIGRATE_INFO_TYPE':
      return answer(psci.NO_TRUSTED_OS);
    case 'CPU_ON':
      return answer(powerOn(g, argument(1), argument(2), argument(3)));
    case 'AFFINITY_INFO':
      return answer(affinityInfo(g, argument(1), argument(2)));
    case 'CPU_OFF':
      g.vcpu.poweredOff = true;
      return 'block';
    case 'CPU_SUSPEND':
      answer(psci.SUCCESS);
      return 'block';
    case 'SYSTEM_OFF':
      return systemEvent(g, SYSTEM_EVENT_SHUTDOWN);
    case 'SYSTEM_RESET':
      return systemEvent(g, SYSTEM_EVENT_RESET);
    default:
      return answer(psci.NOT_SUPPORTED);
  }
}

/** The target starts at `entry` at EL1h with the MMU off and `argument` in X0. */
function powerOn(g: GuestExit, mpidr: bigint, entry: bigint, argument: bigint): bigint {
  const target = withAffinity(g, mpidr);
  if (target === undefined || !target.initialised) return psci.INVALID_PARAMETERS;
  if (!target.poweredOff) return psci.ALREADY_ON;
  resetVcpu(g.host, target);
  setPc(target.context, entry);
  setX(target.context, 0, argument);
  target.poweredOff = false;
  if (target.run.place === 'blocked') target.run.place = 'guest';
  kickVcpu(g.vm, target.index);
  tell(g, 'vcpu.on', { target: target.index, entry: `0x${entry.toString(16)}` });
  return psci.SUCCESS;
}

/** Bits of an MPIDR from an affinity level upwards; levels above 3 have none. */
const LEVELS: readonly bigint[] = [AFFINITY, AFFINITY & ~0xffn, AFFINITY & ~0xffffn, AFFINITY & ~0xff_ffffn];

/** On when one of the CPUs is that the affinity names from `level` upwards. */
function affinityInfo(g: GuestExit, mpidr: bigint, level: bigint): bigint {
  const mask = level < 4n ? LEVELS[Number(level)] : 0n;
  if ((mpidr & ~AFFINITY) !== 0n || mask === 0n) return psci.INVALID_PARAMETERS;
  const named = g.vm.vcpus.filter((v) => (mpidrOf(v.id) & mask) === (mpidr & mask));
  if (named.length === 0) return psci.INVALID_PARAMETERS;
  return named.every((v) => v.poweredOff) ? psci.AFFINITY_OFF : psci.AFFINITY_ON;
}

/** Every vCPU is stopped, and this one leaves KVM_RUN; should user space run it again, the guest sees an internal failure. */
function systemEvent(g: GuestExit, type: number): Handled {
  setX(g.cpu.context, 0, BigInt.asUintN(64, psci.INTERNAL_FAILURE));
  for (const vcpu of g.vm.vcpus) vcpu.poweredOff = true;
  return { exit: exitOf('KVM_EXIT_SYSTEM_EVENT', { type, flags: 0 }) };
}
