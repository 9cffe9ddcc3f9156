// explain: what an errno, a register, an attribute or a knob is (language.md §3, group why).
import { type ExplainedList, type Explanation, explainable, explain as explainWord } from '../src/session/explain.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { type Block, type Doc, type Line, text } from '../src/view/doc.ts';

const VALUES: Readonly<Record<string, string>> = {
  int: 'an int',
  u32: 'a 32-bit number',
  u64: 'a 64-bit number',
  filter: 'a struct kvm_pmu_event_filter',
  none: 'nothing: addr is ignored',
};

function listLines(list: ExplainedList): Line[] {
  let checks = 0;
  return [
    [{ text: list.name, role: 'heading' }],
    ...list.steps.map((s): Line => {
      const number = s.kind === 'check' ? String(++checks) : '';
      const answer = s.errno === null ? (s.kind === 'end' ? '0' : '') : `-${s.errno}`;
      return [
        { text: `${number.padStart(4)}  ${answer.padEnd(9)}`, role: s.kind === 'check' ? 'bad' : 'good' },
        { text: s.text },
        { text: `  [${s.evidence}]`, role: 'dim' },
      ];
    }),
  ];
}

/** An explanation as it is shown. */
export function showExplanation(e: Explanation): Doc {
  switch (e.kind) {
    case 'errno': {
      const rows = e.from.map(
        (a): Line => [{ text: `  ${a.list}, check ${a.check} of ${a.of}: ${a.why}` }, { text: `  [${a.evidence}]`, role: 'dim' }],
      );
      return [text(`${e.name} (${e.number}): ${e.text}`, e.about, ...(rows.length === 0 ? [] : ['It comes from', ...rows]))];
    }
    case 'exit':
      return [text(`${e.name} (${e.number})`, e.about)];
    case 'register': {
      const head = [`${e.name}: ${e.title}`, `${e.encoding}, ${e.access}${e.oneReg === null ? '' : `, ONE_REG ${e.oneReg}`}; ${e.source}`];
      const fields: Block = {
        kind: 'table',
        columns: [{ title: 'bits', align: 'right' }, { title: 'field' }, { title: '' }],
        rows: e.fields.map((f) => [f.bits, f.name, f.about]),
      };
      return [text(...head), fields, ...(e.notes.length === 0 ? [] : [text(...e.notes)])];
    }
    case 'frame': {
      const place = `${e.frame}, offset ${e.offset}; accesses of ${e.sizes.join(' or ')} bytes${e.reset === null ? '' : `; at reset ${e.reset}`}`;
      const sides = [
        ['the guest', e.guest],
        ['user space', e.user],
      ] as const;
      const rows = sides.flatMap(([who, access]) =>
        access === null
          ? [[who, 'as the guest', '']]
          : [
              [who, 'reads', access.reads],
              ['', 'writes', access.writes],
            ],
      );
      const columns = [{ title: '' }, { title: '' }, { title: '' }];
      return [text(`${e.name}: ${e.title}`, place), { kind: 'table', header: false, columns, rows }];
    }
    case 'knob': {
      const values = e.values === null ? 'a number' : `one of ${e.values.join(', ')}`;
      return [text(`${e.name} = ${e.value} on this host; ${values}`, e.about, 'A fixture sets it: [knobs] in its TOML.')];
    }
    case 'attribute': {
      const revisions = e.revisions === null ? '' : `; ${e.revisions.join(', ')}`;
      const head = [
        `${e.name} (${e.short}): ${e.about}`,
        `${e.group} ${e.numbers}, addr leads to ${VALUES[e.value] ?? e.value}${revisions}`,
      ];
      return [text(...head, ...e.lists.flatMap(listLines))];
    }
  }
}

export const explain = family({
  name: 'explain',
  group: 'why',
  summary: 'what an errno, a register or an attribute is',
  details: [
    'ERRNO: its text, and which checks of this kernel answer with it. REG: encoding, ONE_REG id and fields, or one field (PMBSR_EL1.S). ATTR: its numbers, and the ordered checks of set, get and has under this host’s kernel. An exit of KVM_RUN is explained too, as are the registers of the vGIC’s frames (GICD_ISENABLER, GICR_ISPENDR0) and the knobs of the host (vgic.noRetract; `host knobs` lists them).',
  ],
  see: ['why', 'kernel', 'help'],
  forms: [
    {
      id: 'explain',
      syntax: 'explain <what:WORD>',
      about: 'Explain ERRNO, REG or ATTR.',
      effect: 'pure',
      run: (context, args) => {
        const word = context.word(args['what']);
        const found = explainWord(context.world.world.host, word);
        if (found !== null) return done({ ...found });
        return unmet(
          'unknown-name',
          `nothing is known of '${word}'`,
          didYouMean(
            word,
            explainable().map((one) => one.word),
          ) ?? 'an errno, a register, an attribute or a knob',
        );
      },
      show: ({ data }) => (data === null ? [] : showExplanation(data as unknown as Explanation)),
    },
  ],
  complete: (slot) => (slot === 'what' ? explainable().map(({ word, about }) => ({ text: word, about })) : []),
});
