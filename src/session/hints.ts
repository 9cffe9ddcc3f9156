// Hints that several commands give (language.md §1: every diagnostic has one).

/** Of a file that cannot be read. */
export const PATH_HINT = 'paths are relative to where spesh was started';
/** Of guest memory that cannot be read or written. */
export const MEMORY_HINT = 'vm shows the memory slots, x --as ipa what is in them';
/** Of a register without the field. */
export const fieldHint = (register: string): string => `explain ${register} lists its fields`;
