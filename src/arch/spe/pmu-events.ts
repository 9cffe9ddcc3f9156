// The PMU events that count sampling: Arm ARM DDI 0487 M.a.a, D14.3; spe-architecture §2.2.

export interface SampleEvent {
  readonly name: string;
  readonly number: number;
  /** Least PMSVer, or the PMSIDR_EL1 feature, that brings it. */
  readonly needs: string;
  readonly counts: string;
}

const event = <N extends string>(number: number, name: N, needs: string, counts: string): SampleEvent & { readonly name: N } => ({
  name,
  number,
  needs,
  counts,
});

export const SAMPLE_EVENTS = [
  event(0x4000, 'SAMPLE_POP', 'FEAT_SPE', 'operations of the sampling population while profiling is enabled'),
  event(0x4001, 'SAMPLE_FEED', 'FEAT_SPE', 'intervals that ended without a collision, before filtering'),
  event(0x4002, 'SAMPLE_FILTRATE', 'FEAT_SPE', 'samples that passed the filters, written or not'),
  event(0x4003, 'SAMPLE_COLLISION', 'FEAT_SPE', 'intervals that ended while another sample was in flight'),
  event(0x8122, 'SAMPLE_FEED_DS', 'FEAT_SPE_FDS', 'loads whose data source PMSDSFR_EL1 selects'),
  event(0x8123, 'SAMPLE_BUFFER_FULL', 'FEAT_SPE', 'buffer full events'),
  event(0x812a, 'SAMPLE_FEED_BR', 'FEAT_SPEv1p2', 'samples that are branches'),
  event(0x812b, 'SAMPLE_FEED_LD', 'FEAT_SPEv1p2', 'samples that are loads, or atomics that return a value'),
  event(0x812c, 'SAMPLE_FEED_ST', 'FEAT_SPEv1p2', 'samples that are stores or atomics'),
  event(0x812d, 'SAMPLE_FEED_OP', 'FEAT_SPEv1p2', 'samples that the type controls select'),
  event(0x812e, 'SAMPLE_FEED_EVENT', 'FEAT_SPEv1p2', 'samples that PMSEVFR_EL1 and PMSNEVFR_EL1 let pass'),
  event(0x812f, 'SAMPLE_FEED_LAT', 'FEAT_SPEv1p2', 'samples whose total latency is at least PMSLATFR_EL1.MINLAT'),
  event(0x8348, 'SAMPLE_FEED_FP', 'FEAT_SPE_EFT', 'samples that are floating-point operations'),
  event(0x8349, 'SAMPLE_FEED_SIMD', 'FEAT_SPE_EFT', 'samples that are SIMD operations'),
];

export type SampleEventName = (typeof SAMPLE_EVENTS)[number]['name'];
