// A thread that works on parts of a trace for trace-threads.ts. Part of main.
import { type PieceWork, servePieces } from './io/piece-threads.ts';
import { fileOfDescriptor } from './io/read-at.ts';
import { guessCut, newPartScratch, noPartCounts, START } from './trace/parts.ts';
import { readAtPart } from './trace/perf-data/read-at.ts';
import { type PartNote, type PartRequest, type TraceThread, workOn } from './trace-task.ts';

servePieces<TraceThread, PartRequest, PartNote>(
  ({ fd, size, task }) => {
    const file = fileOfDescriptor(fd, size);
    const scratch = newPartScratch();
    return function* answer(r, text): PieceWork<PartNote> {
      const buffer = readAtPart(file, r.offset, r.size);
      const start = r.from === 0 ? START : guessCut(buffer, r.from, r.to, task.kind === 'dump' ? r.offset : 0);
      yield { note: { kind: 'start', start } };
      const counts = noPartCounts();
      const end = start === null ? null : yield* workOn(task, file, r, start, counts, scratch, text);
      yield { note: { kind: 'end', end, counts } };
    };
  },
  { kind: 'dropped' },
);
