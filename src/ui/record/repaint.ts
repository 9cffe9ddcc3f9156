// A screen as the bytes that draw it: what a recording shows when it comes back from behind Hide.
import type { Frame, Run } from '../../view/svg.ts';

function sgr(run: Run): string {
  const colour = (value: number | string | null, base: number): string[] => {
    if (value === null) return [];
    if (typeof value === 'number') return [String(value < 8 ? base + value : base + 52 + value)];
    const rgb = Number.parseInt(value.slice(1), 16);
    return [`${base + 8};2;${rgb >> 16};${(rgb >> 8) & 0xff};${rgb & 0xff}`];
  };
  const codes = [
    ...(run.bold ? ['1'] : []),
    ...(run.dim ? ['2'] : []),
    ...(run.underline ? ['4'] : []),
    ...(run.inverse ? ['7'] : []),
    ...colour(run.foreground, 30),
    ...colour(run.background, 40),
  ];
  return codes.length === 0 ? run.text : `\u001b[${codes.join(';')}m${run.text}\u001b[0m`;
}

/** Clears what is visible and draws the rows; the cursor goes to its place. */
export function repaint(frame: Frame): string {
  const rows = frame.rows.map((row, y) => (row.length === 0 ? '' : `\u001b[${y + 1};1H${row.map(sgr).join('')}`));
  const { x, y } = frame.cursor ?? { x: 0, y: 0 };
  return `\u001b[H\u001b[2J${rows.join('')}\u001b[${y + 1};${x + 1}H`;
}
