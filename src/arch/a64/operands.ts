// The form of every operand that rows and aliases name.
import type { OperandForm } from './operand-form.ts';
import { ADDRESS_FORMS } from './operands-address.ts';
import { IMMEDIATE_FORMS } from './operands-immediate.ts';
import { registerForm } from './operands-register.ts';
import { SYSTEM_FORMS } from './operands-system.ts';
import { vectorForm } from './operands-vector.ts';

/** Throws (our bug) when a row names an operand that has no form. */
export function operandForm(operand: string): OperandForm {
  const form = registerForm(operand) ?? IMMEDIATE_FORMS[operand] ?? ADDRESS_FORMS[operand] ?? SYSTEM_FORMS[operand] ?? vectorForm(operand);
  if (form === undefined) throw new Error(`no form for operand ${operand}`);
  return form;
}
