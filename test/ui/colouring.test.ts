// Colours of a line while it is typed.
import { expect, test } from 'vitest';
import { colouring } from '../../src/ui/colouring.ts';

const roles = (line: string): string[] =>
  colouring(line, (word) => ['vcpu', 'step', 'expect', 'print'].includes(word)).map(
    ({ from, to, role }) => `${role} ${line.slice(from, to)}`,
  );

test.each([
  ['vcpu 0 attr set spe.spu 11 --addr bad', ['command vcpu', 'number 0', 'number 11', 'option --addr']],
  ['step; step 0x10 # a comment; step', ['command step', 'command step', 'number 0x10', 'comment # a comment; step']],
  ["print 'a 😀; #b' $x", ['command print', "string 'a 😀; #b'", 'name $x']],
  ['frobnicate 1', ['number 1']],
  ['print PMBSR_EL1.S == -1', ['command print', 'name PMBSR_EL1.S', 'number -1']],
  ['# nothing else', ['comment # nothing else']],
  ['', []],
])('%s', (line, expected) => {
  expect(roles(line)).toEqual(expected);
});
