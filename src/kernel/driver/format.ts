// What a file of a PMU's format/ directory says: which bits of which config word a term sets (spe-architecture §6.2; perf's `config1:0-63`).

export interface FormatField {
  readonly name: string;
  /** 0 is config, 1 config1, … */
  readonly word: number;
  readonly high: number;
  readonly low: number;
}

/** The field of a format file's content (newline or not); null: it is not of that form. */
export function parseFormat(name: string, text: string): FormatField | null {
  const m = /^config([1-4]?):(\d+)(?:-(\d+))?\n?$/.exec(text);
  if (m === null) return null;
  const low = Number(m[2]);
  const high = m[3] === undefined ? low : Number(m[3]);
  return high < low || high > 63 ? null : { name, word: m[1] === '' ? 0 : Number(m[1]), high, low };
}

/** The largest value that a field holds. */
export const formatMaximum = (f: FormatField): bigint => (1n << BigInt(f.high - f.low + 1)) - 1n;

/** The config words with a field set to a value that fits. */
export function withFormat(config: readonly bigint[], f: FormatField, value: bigint): bigint[] {
  const mask = formatMaximum(f) << BigInt(f.low);
  return config.map((word, i) => (i === f.word ? (word & ~mask) | (value << BigInt(f.low)) : word));
}

/** The field's value in the config words. */
export const formatValue = (config: readonly bigint[], f: FormatField): bigint =>
  ((config[f.word] ?? 0n) >> BigInt(f.low)) & formatMaximum(f);
