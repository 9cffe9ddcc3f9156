// PSCI functions that KVM serves over HVC (Arm DEN 0022; guest.md §3.3) and their results. SMC64 ids have bit 30 set.

export interface PsciFunction {
  readonly name: string;
  readonly id: number;
}

const fn = (name: string, id: number): PsciFunction => ({ name, id });

export const PSCI_FUNCTIONS: readonly PsciFunction[] = [
  fn('SMCCC_VERSION', 0x8000_0000),
  fn('PSCI_VERSION', 0x8400_0000),
  fn('CPU_SUSPEND', 0x8400_0001),
  fn('CPU_SUSPEND', 0xc400_0001),
  fn('CPU_OFF', 0x8400_0002),
  fn('CPU_ON', 0x8400_0003),
  fn('CPU_ON', 0xc400_0003),
  fn('AFFINITY_INFO', 0x8400_0004),
  fn('AFFINITY_INFO', 0xc400_0004),
  fn('MIGRATE_INFO_TYPE', 0x8400_0006),
  fn('SYSTEM_OFF', 0x8400_0008),
  fn('SYSTEM_RESET', 0x8400_0009),
  fn('PSCI_FEATURES', 0x8400_000a),
];

export const psciFunction = (id: number): string | undefined => PSCI_FUNCTIONS.find((f) => f.id === id)?.name;

/** Arguments and result have 64 bits. */
export const isSmc64 = (id: number): boolean => (id & 0x4000_0000) !== 0;

export const PSCI_1_1 = 0x1_0001n;
export const SMCCC_1_1 = 0x1_0001n;
/** MIGRATE_INFO_TYPE: there is no Trusted OS to migrate. */
export const NO_TRUSTED_OS = 2n;

export const SUCCESS = 0n;
export const NOT_SUPPORTED = -1n;
export const INVALID_PARAMETERS = -2n;
export const ALREADY_ON = -4n;
export const INTERNAL_FAILURE = -6n;
/** AFFINITY_INFO. */
export const AFFINITY_ON = 0n;
export const AFFINITY_OFF = 1n;
