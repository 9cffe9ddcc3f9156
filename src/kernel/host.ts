// A host: topology, identification registers, kernel profile and knobs, as a fixture in fixtures/hosts gives them. Frozen plain data.

export interface CpuPmuDevice {
  readonly name: string; // `armv8_pmuv3_0`
  readonly type: number;
  readonly cpus: bigint;
}

export interface SpuDevice {
  readonly name: string; // `arm_spe_0`
  readonly type: number;
  readonly cpus: bigint;
  /** ID_AA64DFR0_EL1.PMSVer of its CPUs. */
  readonly pmsver: number;
  readonly pmsidr: bigint;
  readonly pmbidr: bigint;
  /** INTID of its buffer management interrupt as the firmware describes it; 0: the firmware describes none. */
  readonly interrupt: number;
  /** How the unit lays out its records. */
  readonly layout: 'n1-slots' | 'architectural';
}

export interface Host {
  readonly name: string;
  readonly about: string;
  readonly cpus: number;
  readonly midr: bigint;
  readonly cntfrq: number; // Hz
  readonly spus: readonly SpuDevice[];
  readonly pmus: readonly CpuPmuDevice[];
  readonly features: {
    readonly fgt: boolean;
    readonly sve: boolean;
    readonly ptrauth: boolean;
    readonly aarch32El1: boolean;
    readonly nestedVirtualisation: boolean;
  };
  readonly kernel: {
    /** The release it is based on, `6.18`: decides which sysfs files there are. */
    readonly version: string;
    readonly revision: 'rfc-v6' | 'rfc-v5' | 'rfc-v4' | 'mainline';
    readonly configSpe: boolean;
    readonly mode: 'vhe' | 'nvhe' | 'protected' | 'nested';
    readonly kpti: boolean;
    readonly hz: number;
  };
  readonly knobs: Readonly<Record<string, string | number | boolean>>;
  /** Timing model and its geometry; see machine/timing. */
  readonly timing: Readonly<Record<string, number | boolean | string>>;
}
