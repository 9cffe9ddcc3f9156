// How a system register is found: by name in any case, by its encoding, by the word of an MRS or MSR (DDI 0487 C6.2).
import { expect, test } from 'vitest';
import { encodingOfKey, keyOfWord } from '../../src/arch/sysreg/define.ts';
import { REGISTERS, registerByKey, registerIndex } from '../../src/arch/sysreg/table.ts';

test.each(REGISTERS.map((row, index) => [row.name, row, index] as const))('%s', (name, row, index) => {
  for (const written of [name, name.toLowerCase(), name.toUpperCase()]) expect(registerIndex(written)).toBe(index);
  expect(encodingOfKey(row.key)).toEqual(row.encoding);
});

test.each([
  [0xd5389900, 'PMSCR_EL1'], // mrs x0, pmscr_el1
  [0xd5189a03, 'PMBLIMITR_EL1'], // msr pmblimitr_el1, x3
  [0xd53b4400, 'FPCR'], // mrs x0, fpcr
])('the word %s names %s', (word, name) => {
  expect(REGISTERS[registerByKey(keyOfWord(word))].name).toBe(name);
});
