// clear: an empty screen (language.md §3, group shell). The interactive shell scrolls; elsewhere nothing happens.
import { done } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

export const clear = family({
  name: 'clear',
  group: 'shell',
  summary: 'scroll the screen away',
  details: ['As Ctrl-L: what was printed stays in the scrollback. Without a terminal it does nothing.'],
  forms: [{ id: 'clear', syntax: 'clear', about: 'Begin at the top of an empty screen.', effect: 'pure', run: () => done() }],
});
