// Results of notebooks as JUnit XML (the Ant schema that CI systems read): a suite a notebook, a case a cell. No times: nothing here
// reads a clock.
import type { Cell } from './notebook.ts';
import type { PromptResult, Verified } from './verify.ts';

export interface CheckedFile {
  readonly file: string;
  readonly verified: Verified;
}

/** Text of XML 1.0: what it does not allow becomes U+FFFD. */
const escaped = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

const isBad = (r: PromptResult): boolean => !r.holds || r.failed;

function caseOf(file: string, cell: Cell, results: readonly PromptResult[]): string {
  const name = cell.id ?? `line ${cell.fenceLine + 1}`;
  const head = `    <testcase classname="${escaped(file)}" name="${escaped(name)}" time="0"`;
  const bad = results.filter(isBad);
  if (bad.length === 0) return `${head}/>\n`;
  const detail = bad
    .map((r) =>
      [`line ${r.prompt.line + 1}: ${r.prompt.typed}`, ...r.prompt.recorded.map((l) => `- ${l}`), ...r.lines.map((l) => `+ ${l}`)].join(
        '\n',
      ),
    )
    .join('\n\n');
  const what = bad.some((r) => r.failed) ? 'an expectation failed' : 'the output is not what is recorded';
  return `${head}>\n      <failure message="${what}">${escaped(detail)}</failure>\n    </testcase>\n`;
}

export function junitXml(files: readonly CheckedFile[]): string {
  let tests = 0;
  let failures = 0;
  const suites = files.map(({ file, verified }) => {
    const cells = [...new Set(verified.results.map((r) => r.cell))];
    const bad = cells.filter((cell) => verified.results.some((r) => r.cell === cell && isBad(r))).length;
    tests += cells.length;
    failures += bad;
    const cases = cells
      .map((cell) =>
        caseOf(
          file,
          cell,
          verified.results.filter((r) => r.cell === cell),
        ),
      )
      .join('');
    return `  <testsuite name="${escaped(file)}" tests="${cells.length}" failures="${bad}" errors="0" time="0">\n${cases}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="spesh check" tests="${tests}" failures="${failures}" errors="0" time="0">\n${suites.join('')}</testsuites>\n`;
}
