// Disassembly in the words of `aarch64-linux-gnu-objdump -d` (binutils 2.40), from the rows. Encodings without a row
// (half precision, cryptography, SVE, …) are `.inst`, as objdump writes what it does not know.
import { type A64Alias, ALIASES } from './aliases.ts';
import { decodeWord } from './decode.ts';
import { type Fields, fieldsOf, type Printing } from './operand-form.ts';
import { operandForm } from './operands.ts';
import { CONDITION_ALIASES, CONDITIONS } from './operands-immediate.ts';
import type { A64Row } from './rows-form.ts';

export interface Disassembly {
  readonly mnemonic: string;
  readonly operands: string;
  /** What objdump adds behind `//`: other names of a condition, the decimal value of a MOV; '' for none. */
  readonly comment: string;
  /** `mnemonic operands  // comment`: objdump's line, its tabs as blanks. */
  readonly text: string;
}

export interface DisassemblyOptions {
  /** Name of a branch target as it is to be printed (`<main+0x10>`), or undefined. */
  symbol?(address: bigint): string | undefined;
}

const aliasesOf = new Map<string, A64Alias[]>();
for (const alias of ALIASES) aliasesOf.set(alias.of, [...(aliasesOf.get(alias.of) ?? []), alias]);

/** True when the alias is the word for these fields. */
export function aliasHolds(alias: A64Alias, fields: Fields): boolean {
  return Object.entries(alias.fixed(fields)).every(([name, value]) => fields[name] === value) && alias.when(fields);
}

/** The instruction `word` at virtual address `pc`. */
export function disassemble(word: number, pc: bigint, options: DisassemblyOptions = {}): Disassembly {
  const row = decodeWord(word);
  if (row === null) {
    const operands = `0x${(word >>> 0).toString(16).padStart(8, '0')} ; undefined`;
    return { mnemonic: '.inst', operands, comment: '', text: `.inst ${operands}` };
  }
  const fields = fieldsOf(row.pattern, word);
  const alias = aliasesOf.get(row.id)?.find((a) => aliasHolds(a, fields));
  const printing: Printing = { row, fields, pc, symbol: (address) => options.symbol?.(address), comment: '' };
  const mnemonic = alias?.mnemonic ?? mnemonicOf(row, printing);
  const operands = (alias?.operands ?? row.operands)
    .map((operand) => operandForm(operand).print(printing))
    .filter((text) => text !== '')
    .join(', ');
  const { comment } = printing;
  const text = mnemonic + (operands === '' ? '' : ` ${operands}`) + (comment === '' ? '' : `  // ${comment}`);
  return { mnemonic, operands, comment, text };
}

/** The row's own mnemonic; `b.` takes the condition, and its other names as the comment. */
function mnemonicOf(row: A64Row, printing: Printing): string {
  if (row.mnemonic !== 'b.') return row.mnemonic;
  const condition = printing.fields['cond'];
  printing.comment = CONDITION_ALIASES[condition].map((name) => `b.${name}`).join(', ');
  return `b.${CONDITIONS[condition]}`;
}
