// NR_IRQS, CTRL and MAINT_IRQ of the vGIC's file. Orders: vgic.md §1.5 (KVM's vgic_set_common_attr, vgic_v3_set_attr, vgic_init).
import { CTRL_INIT, CTRL_SAVE_PENDING_TABLES } from '../../abi/vgic-attributes.ts';
import { does, endsWhen, fails, mainline } from '../steps.ts';
import {
  type AttrCheck,
  type AttrStep,
  distOf,
  initText,
  noSuchAttribute,
  notInitialised,
  readsAddr,
  type Verb,
  type VgicAttrCall,
  vcpusBusy,
  writesAddr,
} from './attr-state.ts';
import { initialiseVgic } from './init.ts';
import { FIRST_SPI, interruptCount } from './state.ts';

const COMMON = mainline('vgic_set_common_attr');
const V3 = mainline('vgic_v3_set_attr');

const LEAST = 64;
const MOST = 1023;

const numberOf = (s: VgicAttrCall): number => Number(s.value);
/** The documentation's 1024 passes where the host's knob says so (Q11). */
const isTooMany = (s: VgicAttrCall): boolean => numberOf(s) > MOST && !(numberOf(s) === 1024 && !distOf(s).quirks.irqs1024Refused);

const outOfRange = (why: string, when: (s: VgicAttrCall) => boolean): AttrCheck =>
  fails('EINVAL', why, { when, saw: (s) => `${numberOf(s)}`, wouldPass: () => '64 to 992, in steps of 32' }, COMMON);

const setNrIrqs: readonly AttrStep[] = [
  ...readsAddr('u32', COMMON),
  outOfRange('there are too few', (s) => numberOf(s) < LEAST),
  outOfRange('there are too many', isTooMany),
  outOfRange('the number is not a multiple of 32', (s) => numberOf(s) % 32 !== 0),
  fails(
    'EBUSY',
    'the number of interrupts is already chosen',
    { when: (s) => distOf(s).spiCount !== 0, saw: (s) => (distOf(s).spiCount === 0 ? 'not chosen' : `${interruptCount(distOf(s))}`) },
    COMMON,
  ),
  does(
    'remember the number',
    (s) => {
      distOf(s).spiCount = numberOf(s) - FIRST_SPI;
    },
    COMMON,
  ),
];

/** NR_IRQS; the attribute's number is ignored. */
export function nrIrqsSteps(verb: Verb): readonly AttrStep[] {
  if (verb === 'has') return [];
  return verb === 'set' ? setNrIrqs : writesAddr('u32', (s) => BigInt(interruptCount(distOf(s))), mainline('vgic_get_common_attr'));
}

const initialise: readonly AttrStep[] = [
  endsWhen('it is already initialised: nothing happens', (s) => distOf(s).initialised, mainline('vgic_init')),
  does('make the SPIs; reset every CPU interface; the vGIC is initialised', (s) => initialiseVgic(s.vm, distOf(s)), mainline('vgic_init')),
];

const savePendingTables: readonly AttrStep[] = [
  vcpusBusy(V3),
  notInitialised('ENXIO', mainline('vgic_v3_save_pending_tables')),
  does('nothing: there are no LPIs', () => {}, mainline('vgic_v3_save_pending_tables')),
];

/** CTRL: what can be done can only be set. */
export function controlSteps(verb: Verb, attr: bigint): readonly AttrStep[] {
  const body = attr === BigInt(CTRL_INIT) ? initialise : attr === BigInt(CTRL_SAVE_PENDING_TABLES) ? savePendingTables : null;
  if (verb === 'get') return [noSuchAttribute('the group cannot be read', mainline('vgic_v3_get_attr'))];
  if (body === null) return [noSuchAttribute('a GICv3 has no such control', verb === 'set' ? V3 : mainline('vgic_v3_has_attr'))];
  return verb === 'set' ? body : [];
}

const setMaintenance: readonly AttrStep[] = [
  ...readsAddr('u32', V3),
  fails('EBUSY', 'the vGIC is initialised', { when: (s) => distOf(s).initialised, saw: (s) => initText(distOf(s).initialised) }, V3),
  fails(
    'EINVAL',
    'the interrupt is not a PPI',
    { when: (s) => numberOf(s) < 16 || numberOf(s) > 31, saw: (s) => `irq ${numberOf(s)}`, wouldPass: () => '16 to 31' },
    V3,
  ),
  does(
    'remember the maintenance interrupt',
    (s) => {
      distOf(s).maintenanceIrq = numberOf(s);
    },
    V3,
  ),
];

/** MAINT_IRQ; the attribute's number is ignored. */
export function maintenanceSteps(verb: Verb): readonly AttrStep[] {
  if (verb === 'has') return [];
  return verb === 'set' ? setMaintenance : writesAddr('u32', (s) => BigInt(distOf(s).maintenanceIrq), mainline('vgic_v3_get_attr'));
}
