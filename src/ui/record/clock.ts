// The clock of a recording: nothing moves it but the tape, so that the same tape is the same bytes.
import { SLICE_TIME } from '../../shell/pace.ts';
import type { Clock } from '../slices.ts';

export interface VirtualClock extends Clock {
  /** Milliseconds since the recording began. */
  at(): number;
  /** Something is waiting for a turn of the event loop. */
  busy(): boolean;
  /** Does what waits for a turn. */
  turn(): void;
  /** Moves on, and calls back those whose time has come. */
  pass(milliseconds: number): void;
}

/**
 * Each time the shell looks at this clock it has gone on by the time that one slice should take: so slices keep the size of the first, and a
 * guest runs at the same speed in every recording.
 */
export function virtualClock(): VirtualClock {
  let time = 0;
  let looks = 0;
  let later: (() => void)[] = [];
  const alarms: { at: number; callback: () => void }[] = [];
  return {
    now: () => looks++ * SLICE_TIME,
    later: (callback) => {
      later.push(callback);
    },
    after: (milliseconds, callback) => {
      alarms.push({ at: time + milliseconds, callback });
    },
    at: () => time,
    busy: () => later.length > 0,
    turn() {
      const due = later;
      later = [];
      for (const callback of due) callback();
    },
    pass(milliseconds) {
      time += milliseconds;
      for (const alarm of alarms.splice(0).sort((a, b) => a.at - b.at)) {
        if (alarm.at <= time) alarm.callback();
        else alarms.push(alarm);
      }
    },
  };
}
