// Which arguments are for the modes for trace files. Part of main.

/** First words of the modes that are run here. */
const MODES: readonly string[] = ['dump', 'records', 'stat', 'export'];

/** Whether the arguments begin with one of these modes; others, and those with options in front of it, are modes.ts's. */
export const isTraceMode = (argv: readonly string[]): boolean =>
  MODES.includes(argv[0]) && !argv.includes('--version') && !argv.includes('-V');
