// The files of an arm_spe_N device in sysfs: format/ and caps/ with the kernel release and the PMSIDR_EL1 field that make them appear
// (spe-architecture §6.2, §6.3).

/** A release as a number to compare: 6.18 → 6018. */
export function release(version: string): number {
  const [major, minor] = version.split('.').map(Number);
  return major * 1000 + minor;
}

export interface FormatFile {
  readonly name: string;
  /** Without the newline. */
  readonly text: string;
  readonly since?: string;
  /** What the unit must have; PMSIDR_EL1 fields, or SPEv1p2. */
  readonly needs?: 'FnE' | 'FDS' | 'EFT' | 'v1p2';
}

const format = (name: string, text: string, more: Pick<FormatFile, 'since' | 'needs'> = {}): FormatFile => ({ name, text, ...more });
const EFT = { since: '6.18', needs: 'EFT' } as const;

export const FORMAT_FILES: readonly FormatFile[] = [
  format('ts_enable', 'config:0'),
  format('pa_enable', 'config:1'),
  format('pct_enable', 'config:2'),
  format('jitter', 'config:16'),
  format('branch_filter', 'config:32'),
  format('load_filter', 'config:33'),
  format('store_filter', 'config:34'),
  format('discard', 'config:35', { since: '6.14', needs: 'v1p2' }),
  format('branch_filter_mask', 'config:36', EFT),
  format('load_filter_mask', 'config:37', EFT),
  format('store_filter_mask', 'config:38', EFT),
  format('simd_filter', 'config:39', EFT),
  format('simd_filter_mask', 'config:40', EFT),
  format('float_filter', 'config:41', EFT),
  format('float_filter_mask', 'config:42', EFT),
  format('event_filter', 'config1:0-63'),
  format('min_latency', 'config2:0-11'),
  format('inv_event_filter', 'config3:0-63', { since: '6.3', needs: 'FnE' }),
  format('inv_data_src_filter', 'config4:0-63', { since: '6.19', needs: 'FDS' }),
];

/** PMSIDR_EL1.Interval to operations; unknown codes are taken as 4096. */
export const INTERVALS: Readonly<Record<number, number>> = { 0: 256, 2: 512, 3: 768, 4: 1024, 5: 1536, 6: 2048, 7: 3072, 8: 4096 };
export const INTERVAL_UNKNOWN = 4096;
/** PMSIDR_EL1.CountSize to bits; unknown codes are taken as 12. */
export const COUNT_SIZES: Readonly<Record<number, number>> = { 2: 12, 3: 16 };
export const COUNT_SIZE_UNKNOWN = 12;
/** caps/event_filter exists from here on. */
export const EVENT_FILTER_CAP_SINCE = '6.18';
