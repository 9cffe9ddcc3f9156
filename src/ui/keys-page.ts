// The keys as a page of help, from the table that the prompt reads.
import type { Doc } from '../view/doc.ts';
import { KEYS } from './keys.ts';

/** `C-x C-e` as people write it: Ctrl-X Ctrl-E. */
const written = (chord: string): string =>
  chord
    .split(' ')
    .map((key) =>
      key.replace(/^((?:[CMS]-)*)(.+)$/, (_all, modifiers: string, name: string) => {
        const ctrl = modifiers.includes('C-');
        return `${ctrl ? 'Ctrl-' : ''}${modifiers.includes('M-') ? 'Alt-' : ''}${modifiers.includes('S-') ? 'Shift-' : ''}${ctrl ? name.replace(/^[a-z]$/, (c) => c.toUpperCase()) : name}`;
      }),
    )
    .join(' ');

export const keysPage = (): { readonly about: string; readonly doc: Doc } => ({
  about: 'the keys of the prompt',
  doc: [{ kind: 'pairs', rows: KEYS.map(({ chords, about }) => ({ name: chords.map(written).join(', '), value: about })) }],
});
