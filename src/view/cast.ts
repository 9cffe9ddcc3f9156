// Terminal recordings as asciicast (docs.asciinema.org/manual/asciicast, v2 and v3): a header, then one JSON array an event. Version 3 counts
// each event from the one before, version 2 from the start.
import type { Theme } from './themes.ts';

/** `at`: milliseconds from the start. Codes: o output, m marker, r resize (`100x30`), x exit status. */
export interface CastEvent {
  readonly at: number;
  readonly code: 'o' | 'm' | 'r' | 'x';
  readonly text: string;
}

export interface Cast {
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
  readonly theme: Theme;
  readonly events: readonly CastEvent[];
}

/** Seconds with three places, as JSON writes them. */
const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

/** The recording as text; the same recording is the same bytes. */
export function castText(cast: Cast, version: 2 | 3): string {
  const { columns, rows, title, theme } = cast;
  const colours = { fg: theme.foreground, bg: theme.background, palette: theme.palette.join(':') };
  const titled = title === '' ? {} : { title };
  const header =
    version === 3
      ? { version, term: { cols: columns, rows, type: 'xterm-256color', theme: colours }, ...titled }
      : { version, width: columns, height: rows, ...titled, env: { TERM: 'xterm-256color' }, theme: colours };
  const lines = [JSON.stringify(header)];
  let before = 0;
  for (const { at, code, text } of cast.events) {
    if (version === 2 && code === 'x') continue;
    lines.push(`[${seconds(version === 3 ? at - before : at)}, ${JSON.stringify(code)}, ${JSON.stringify(text)}]`);
    before = at;
  }
  return `${lines.join('\n')}\n`;
}
