// How much of each device attribute spesh models; what is not named here is modelled whole. The reason is what documentation prints.
import { VCPU_ATTRIBUTES } from '../../abi/attributes.ts';
import { VGIC_ATTRIBUTES } from '../../abi/vgic-attributes.ts';
import type { Support } from '../call-state.ts';

const PARTIAL: Readonly<Record<string, string>> = {
  KVM_ARM_VCPU_PMU_V3_INIT: 'checked and remembered; the guest’s PMU counts the events of sampling, no others',
  KVM_ARM_VCPU_PMU_V3_FILTER: 'checked and remembered; events of sampling are counted whatever it hides',
  KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS: 'checked and remembered; PMCR_EL0.N stays 6',
  KVM_ARM_VCPU_TIMER_IRQ_HVTIMER: 'remembered; no guest has EL2',
  KVM_ARM_VCPU_TIMER_IRQ_HPTIMER: 'remembered; no guest has EL2',
  KVM_ARM_VCPU_PVTIME_IPA: 'remembered; stolen time is not told',
  KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES: 'there are no LPIs whose tables could be saved',
};

for (const name of Object.keys(PARTIAL)) {
  if (![...VCPU_ATTRIBUTES, ...VGIC_ATTRIBUTES].some((row) => row.name === name)) throw new Error(`no attribute ${name}`);
}

/** The support of an attribute by its kernel name. */
export const attributeSupport = (name: string): Support => (PARTIAL[name] === undefined ? 'full' : { partial: PARTIAL[name] });
