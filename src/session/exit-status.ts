// The status that a guest reports on its console (guest.md §3.4): a line `EXIT: STATUS=n`, whose n >> 1 is the code, else a line
// `SUMMARY: … k unexpected failures`. Fed byte by byte, it keeps one line at most, however much a guest prints.

/** What the console said so far. */
export interface ReportedStatus {
  /** n >> 1 of the last `EXIT: STATUS=n`; null = none yet. */
  exit: number | null;
  /** Unexpected failures of the last `SUMMARY:` line; null = there was no such line. */
  failures: number | null;
  line: string;
}

/** Longer lines are no status. */
const LONGEST_LINE = 1024;
const NEWLINE = 10;

export const newReportedStatus = (): ReportedStatus => ({ exit: null, failures: null, line: '' });

/** One byte of the console. */
export function readStatusByte(status: ReportedStatus, byte: number): void {
  if (byte !== NEWLINE) {
    if (status.line.length < LONGEST_LINE) status.line += String.fromCharCode(byte);
    return;
  }
  endLine(status);
}

function endLine(status: ReportedStatus): void {
  const { line } = status;
  status.line = '';
  const exit = /EXIT: STATUS=(-?\d{1,10})\s*$/.exec(line);
  if (exit !== null) status.exit = Math.floor(Number(exit[1]) / 2);
  if (!line.startsWith('SUMMARY:')) return;
  const failures = /(\d{1,10}) unexpected failures?/.exec(line);
  status.failures = failures === null ? 0 : Number(failures[1]);
}

/** The status by what was reported, a last line without its end included: the EXIT line's, else 1 for unexpected failures, else null. */
export function statusOf(status: ReportedStatus): number | null {
  endLine(status);
  const { exit, failures } = status;
  return exit ?? (failures !== null && failures > 0 ? 1 : null);
}
