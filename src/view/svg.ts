// Pictures of a terminal as SVG 1.1 with CSS: one screen, or several one after the other. Text stays text, each run stretched to its columns, so
// that any monospaced font lines up. A row is there once for each time it is shown, whatever else changes around it. Where the person asks
// for reduced motion (CSS media query `prefers-reduced-motion`) the last screen stands still.
import type { Theme } from './themes.ts';

/** A run of cells in one style. Colours: 0 … 15, or `#rrggbb`; null is the theme's own. */
export interface Run {
  readonly at: number;
  readonly columns: number;
  readonly text: string;
  readonly foreground: number | string | null;
  readonly background: number | string | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
}

export interface Frame {
  /** Milliseconds from the start. */
  readonly at: number;
  readonly rows: readonly (readonly Run[])[];
  readonly cursor: { readonly x: number; readonly y: number } | null;
}

export interface Picture {
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
  readonly theme: Theme;
  /** In order of time; one frame is a still picture. */
  readonly frames: readonly Frame[];
  /** How long the last frame stands before it begins again, in milliseconds. */
  readonly rest: number;
}

const CELL = 8.4;
const LINE = 18;
const SIZE = 14;
const BASELINE = 14;
const MARGIN = 12;

const number = (n: number): string => String(Math.round(n * 100) / 100);

/** Text as XML; what XML 1.0 does not allow becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const colourOf = (colour: number | string | null, theme: Theme, otherwise: string): string =>
  colour === null ? otherwise : typeof colour === 'string' ? colour : (theme.palette[colour] ?? otherwise);

function runSvg(run: Run, theme: Theme): string {
  const front = colourOf(run.foreground, theme, theme.foreground);
  const back = colourOf(run.background, theme, theme.background);
  const [ink, paper] = run.inverse ? [back, front] : [front, back];
  const x = number(run.at * CELL);
  const width = number(run.columns * CELL);
  const box = paper === theme.background ? '' : `<rect x="${x}" width="${width}" height="${LINE}" fill="${paper}"/>`;
  if (run.text.trim() === '') return box;
  const style = [
    ink === theme.foreground ? '' : ` fill="${ink}"`,
    run.bold ? ' font-weight="bold"' : '',
    run.dim ? ' opacity="0.75"' : '',
    run.underline ? ' text-decoration="underline"' : '',
  ].join('');
  return `${box}<text x="${x}" y="${BASELINE}" textLength="${width}" lengthAdjust="spacingAndGlyphs"${style}>${escapeXml(run.text)}</text>`;
}

const cursorSvg = (x: number, theme: Theme): string =>
  `<rect x="${number(x * CELL)}" width="${number(CELL)}" height="${LINE}" fill="${theme.foreground}" opacity="0.6"/>`;

/** What a row shows from frame to frame: [first frame, frame behind the last, content]. */
function stays(picture: Picture, y: number): [number, number, string][] {
  const out: [number, number, string][] = [];
  for (const [i, frame] of picture.frames.entries()) {
    const cursor = frame.cursor?.y === y ? cursorSvg(frame.cursor.x, picture.theme) : '';
    const content = cursor + (frame.rows[y] ?? []).map((run) => runSvg(run, picture.theme)).join('');
    const last = out.at(-1);
    if (last !== undefined && last[2] === content) last[1] = i + 1;
    else out.push([i, i + 1, content]);
  }
  return out.filter(([, , content]) => content !== '');
}

/** The picture as one SVG file. */
export function pictureSvg(picture: Picture): string {
  const { columns, rows, title, theme, frames, rest } = picture;
  const width = number(columns * CELL + 2 * MARGIN);
  const height = number(rows * LINE + 2 * MARGIN);
  const count = frames.length;
  const whole = (frames.at(-1)?.at ?? 0) + rest;
  const groups = new Map<string, string[]>();
  for (let y = 0; y < rows; y++) {
    for (const [from, to, content] of stays(picture, y)) {
      const key = `${from}-${to}`;
      const row = `<g transform="translate(0 ${y * LINE})">${content}</g>`;
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
  }
  const percent = (frame: number): string => number2((100 * (frames[frame]?.at ?? whole)) / whole);
  const styles: string[] = [];
  const body: string[] = [];
  let n = 0;
  for (const [key, content] of groups) {
    const [from, to] = key.split('-').map(Number);
    if (from === 0 && to === count) {
      body.push(`<g>${content.join('')}</g>`);
      continue;
    }
    n += 1;
    const hidden = '{visibility:hidden}';
    const shown = '{visibility:visible}';
    const steps = `${from === 0 ? `0%${shown}` : `0%${hidden}${percent(from)}%${shown}`}${to === count ? '' : `${percent(to)}%${hidden}`}`;
    styles.push(`@keyframes k${n}{${steps}}`);
    const last = to === count ? ' l' : '';
    body.push(`<g class="a${last}" style="animation-name:k${n}">${content.join('')}</g>`);
  }
  const motion =
    n === 0
      ? ''
      : `.a{visibility:hidden;animation:${number(whole / 1000)}s step-end infinite}${styles.join('')}` +
        '@media(prefers-reduced-motion:reduce){.a{animation:none}.l{visibility:visible}}';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>text{font-family:ui-monospace,'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace;font-size:${SIZE}px;white-space:pre}${motion}</style>`,
    `<rect width="100%" height="100%" rx="8" fill="${theme.background}"/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})" fill="${theme.foreground}" xml:space="preserve">`,
    ...body,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Percentages need three places: a frame may last a thousandth of the whole. */
const number2 = (n: number): string => String(Math.round(n * 1000) / 1000);
