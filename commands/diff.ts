// diff: what differs between two places in time (language.md §3, group time).
import { refuse } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { type Changed, type ChangedBytes, diffPositions } from '../src/session/position-diff.ts';
import { family } from '../src/shell/family.ts';
import { placeNames } from '../src/shell/show-position.ts';
import { type Block, type Doc, text } from '../src/view/doc.ts';

const MOST_LINES = 16;

/** Lines that follow one another are one dump; a changed byte has a `*` behind it. */
function dumps(lines: readonly ChangedBytes[]): Block[] {
  const out: { base: bigint; bytes: number[]; marks: number[] }[] = [];
  for (const line of lines) {
    const address = BigInt(line.address);
    const last = out.at(-1);
    const dump = last !== undefined && last.base + BigInt(last.bytes.length) === address ? last : { base: address, bytes: [], marks: [] };
    if (dump !== last) out.push(dump);
    dump.marks.push(...line.at.map((i) => dump.bytes.length + i));
    dump.bytes.push(...line.bytes);
  }
  return out.map(({ base, bytes, marks }) => ({ kind: 'hexdump', base, bytes: Uint8Array.from(bytes), marks }));
}

function showDiff(data: Readonly<Record<string, unknown>> | null): Doc {
  if (data === null) return [];
  const changed = data['changed'] as readonly Changed[];
  const bytes = data['bytes'] as readonly ChangedBytes[];
  const many = data['many'] as readonly { readonly name: string; readonly places: number }[];
  if (changed.length + bytes.length + many.length === 0) return [text('no difference')];
  const differ = bytes.reduce((sum, line) => sum + line.at.length, 0);
  const shown = bytes.slice(0, MOST_LINES);
  const spaces = [...new Set(shown.map((line) => line.space))];
  return [
    { kind: 'diff', rows: changed },
    ...(many.length === 0
      ? []
      : [
          text(
            `also: ${many.map(({ name, places }) => `${name} (${places.toLocaleString('en-US')} ${places === 1 ? 'place' : 'places'})`).join(', ')}`,
          ),
        ]),
    ...(differ === 0
      ? []
      : [
          text(
            `${differ.toLocaleString('en-US')} ${differ === 1 ? 'byte differs' : 'bytes differ'}; as they are ${data['b'] === null ? 'now' : `in ${String(data['b'])}`}, marked *:`,
          ),
        ]),
    ...spaces.flatMap((space) => [
      ...(space === 'pa' ? [text('host memory:')] : []),
      ...dumps(shown.filter((line) => line.space === space)),
    ]),
    ...(bytes.length > shown.length
      ? [text(`... ${(bytes.length - shown.length).toLocaleString('en-US')} more lines; --json has all`)]
      : []),
  ];
}

export const diff = family({
  name: 'diff',
  group: 'time',
  summary: 'what differs between two snapshots',
  details: [
    'Registers as the guest sees them, attributes, other state by its place in the world, and memory by guest physical address. Without B: what has changed from A to now.',
  ],
  see: ['snap', 'branches', 'restore'],
  forms: [
    {
      id: 'diff',
      syntax: 'diff <a:NAME> [<b:NAME>]',
      about: 'Compare two snapshots or branches.',
      effect: 'pure',
      run: ({ travel, word }, args) => {
        const b = word(args['b']);
        return travel
          .named(word(args['a']))
          .andThen((from) =>
            (b === '' ? travel.named(word(args['a'])).map(() => travel.here()) : travel.named(b)).map((to) => diffPositions(from, to)),
          )
          .match((found) => done({ a: word(args['a']), b: b === '' ? null : b, ...found }), refuse);
      },
      show: ({ data }) => showDiff(data),
    },
  ],
  complete: (_slot, { travel }) => placeNames(travel),
});
