// What follows from a unit's description, worked out once: sizes, limits, features as numbers and flags. Derived, outside the world.
// Sources: spe-architecture §1.5, §1.11, §2.1, §4.7, §5.
import { hasSpeFeature, SPE_V1P1, SPE_V1P2, SPE_V1P3, SPE_V1P4 } from '../../arch/spe/features.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import type { SpuDescription } from './state.ts';

export interface Unit {
  /** Bytes: the largest record, and what pointers and records are multiples of. */
  readonly largestRecord: number;
  readonly alignment: number;
  /** Where counters saturate: 12 or 16 bits. */
  readonly largestCount: number;
  /** Event bits 31:0 that a record of this unit may have, and bytes of its Events packet: one size for all records. */
  readonly events: number;
  readonly eventBytes: 2 | 4;
  /** Event bits 31:0 that the filters look at. */
  readonly filterable: number;
  readonly dataSource: boolean;
  readonly previousTarget: boolean;
  readonly callReturn: boolean;
  /** The operation type tells floating point and Advanced SIMD. */
  readonly floatingPoint: boolean;
  readonly randomEnd: boolean;
  readonly invertedEvents: boolean;
  readonly sourceFilter: boolean;
  readonly typeMasks: boolean;
  readonly discard: boolean;
  /** The SAMPLE_FEED_* events are counted. */
  readonly feedEvents: boolean;
  /** What becomes of an External abort on a buffer write: before SPEv1p3 the unit reports it, then PMBIDR_EL1.EA says. */
  readonly externalAborts: 'reported' | 'ignored' | 'SError';
  readonly slots: boolean;
}

const MAX_SIZE = fieldAccess('PMSIDR_EL1', 'MaxSize');
const COUNT_SIZE = fieldAccess('PMSIDR_EL1', 'CountSize');
const ALIGN = fieldAccess('PMBIDR_EL1', 'Align');
const EA = fieldAccess('PMBIDR_EL1', 'EA');

/** Events 0 to 10 of every unit: the optional ones (8, 9, 10) are implemented. */
const BASE_EVENTS = 0x7ff;
const V1P1_EVENTS = 0x800 | 0x60000; // 11; 17 and 18 of SVE, which no program here sets
const V1P4_EVENTS = 0xf80000; // 19 to 23; 22 is never set: a refill is over before the next access looks

/** The mask of the example model; what it leaves to the implementation (2, 4, 8 to 10 before SPEv1p4, 12 to 15, 24 to 31) is not filterable. */
function filterableOf(device: SpuDescription): number {
  let mask = 0xaa; // 1, 3, 5, 7
  if (hasSpeFeature(device, 'FEAT_SPE_FnE')) mask |= 1 << 6;
  if (device.pmsver >= SPE_V1P1) mask |= V1P1_EVENTS;
  if (device.pmsver >= SPE_V1P4) mask |= 0x714 | V1P4_EVENTS;
  return mask;
}

function derive(device: SpuDescription): Unit {
  const has = (name: string): boolean => hasSpeFeature(device, name);
  const ea = EA.get(device.pmbidr);
  return Object.freeze({
    largestRecord: 1 << Number(MAX_SIZE.get(device.pmsidr)),
    alignment: 1 << Number(ALIGN.get(device.pmbidr)),
    largestCount: COUNT_SIZE.get(device.pmsidr) === 3n ? 0xffff : 0xfff,
    events: BASE_EVENTS | (device.pmsver >= SPE_V1P1 ? V1P1_EVENTS : 0) | (device.pmsver >= SPE_V1P4 ? V1P4_EVENTS : 0),
    eventBytes: device.pmsver >= SPE_V1P4 ? 4 : 2,
    filterable: filterableOf(device),
    dataSource: has('FEAT_SPE_LDS'),
    previousTarget: has('FEAT_SPE_PBT'),
    callReturn: has('FEAT_SPE_CRR'),
    floatingPoint: has('FEAT_SPE_FPF'),
    randomEnd: has('FEAT_SPE_ERnd'),
    invertedEvents: has('FEAT_SPE_FnE'),
    sourceFilter: has('FEAT_SPE_FDS'),
    typeMasks: has('FEAT_SPE_EFT'),
    discard: device.pmsver >= SPE_V1P2,
    feedEvents: device.pmsver >= SPE_V1P2,
    externalAborts: device.pmsver < SPE_V1P3 ? 'reported' : ea === 1n ? 'ignored' : 'SError',
    slots: device.layout === 'n1-slots',
  });
}

const units = new WeakMap<SpuDescription, Unit>();
// The one that was asked for last: a sample asks for the same one many times.
let lastDevice: SpuDescription | null = null;
let lastUnit: Unit | null = null;

/** The unit of a description. */
export function unitOf(device: SpuDescription): Unit {
  if (device === lastDevice) return lastUnit!;
  let unit = units.get(device);
  if (unit === undefined) {
    unit = derive(device);
    units.set(device, unit);
  }
  lastDevice = device;
  lastUnit = unit;
  return unit;
}
