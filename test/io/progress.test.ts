// The progress line: part, count, rate, time left; a bar only on a terminal.
import { describe, expect, test } from 'vitest';
import type { Output } from '../../src/io/output.ts';
import { progressBar, progressLine } from '../../src/io/progress.ts';

const output = (isTTY: boolean): Output & { text: string } => ({
  isTTY,
  columns: 200,
  text: '',
  write(text) {
    this.text += String(text);
  },
});

describe('progress', () => {
  test('says how much, how fast and how long still', () => {
    expect(progressLine(1_500_000, 6_000_000, 'transitions', 3000, 120)).toBe(
      '[######------------------] 25% 1,500,000 transitions, 500,000/s, about 9 s left',
    );
    expect(progressLine(1000, 601_000, 'rows', 1000, 120)).toContain('1,000/s, about 10 min 0 s left');
    expect(progressLine(0, 10, 'rows', 0, 120)).toBe(`[${'-'.repeat(24)}] 0% 0 rows, 0/s`);
    expect(progressLine(5, 10, 'transitions', 1000, 20)).toHaveLength(19);
  });

  test('is drawn on a terminal only, not at once and not all the time, and goes away', () => {
    let now = 0;
    const terminal = output(true);
    const bar = progressBar(terminal, () => now);
    bar.show(1, 10, 'rows');
    expect(terminal.text).toBe('');
    now = 600;
    bar.show(2, 10, 'rows');
    const once = terminal.text;
    expect(once).toMatch(/^\r\[#####-+\] 20% 2 rows/);
    bar.show(3, 10, 'rows');
    expect(terminal.text).toBe(once);
    bar.clear();
    expect(terminal.text).toBe(`${once}\r\x1b[K`);
    const pipe = output(false);
    const none = progressBar(pipe, () => now);
    now = 5000;
    none.show(1, 10, 'rows');
    none.clear();
    expect(pipe.text).toBe('');
  });
});
