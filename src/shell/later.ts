// Commands of language.md §3 that spesh does not have yet: what is said of them, so that none is taken for a slip or for the prefix of another.

/** The command, of two words where the first has others, and what to use until then. */
export const LATER: ReadonlyMap<string, string> = new Map([
  ['back', 'undo takes back a command; snap NAME keeps a place, restore NAME goes there'],
  ['bisect', 'until COND stops where it first holds'],
  ['goto', 'snap NAME keeps a place, restore NAME goes there'],
  ['panes', 'display EXPR shows a value at every stop'],
  ['watch', 'until COND stops where it first holds; break ADDR if COND stops at an address'],
  ['who-wrote', 'calls lists the calls, timeline what became of the buffer, mask who changed supported_cpus'],
]);
