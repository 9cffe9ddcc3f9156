// Lines of standard input as they come.
import { createInterface } from 'node:readline';

export function inputLines(): AsyncIterable<string> {
  return createInterface({ input: process.stdin, terminal: false });
}
