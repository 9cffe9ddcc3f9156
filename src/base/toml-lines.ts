// Where a value stands in the text of a TOML file.

/** The line (1-based) where a path such as `spu.1.cpus` is assigned, else where its table begins; undefined when neither is in the text. */
export function lineOf(text: string, path: string): number | undefined {
  const names = path.split('.');
  const [table, nth] = /^\d+$/.test(names[1] ?? '') ? [names[0], Number(names[1])] : [names.length > 1 ? names[0] : '', 0];
  const key = names.slice(/^\d+$/.test(names[1] ?? '') ? 2 : table === '' ? 0 : 1).join('.');
  let here = '';
  let seen = -1;
  let begin: number | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const header = /^\s*\[+\s*([\w.-]+)\s*\]+/.exec(line);
    if (header !== null) {
      here = header[1];
      if (here === table && ++seen === nth) begin = i + 1;
    } else if (here === table && (table === '' || seen === nth)) {
      const assigned = /^\s*"?([\w.-]+)"?\s*=/.exec(line);
      if (assigned?.[1] === key) return i + 1;
    }
  }
  return begin;
}
