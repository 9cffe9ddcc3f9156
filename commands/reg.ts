// reg: one register, read or set (language.md §3, group inspect).
import { hex } from '../src/base/hex.ts';
import { fieldOfRegister, readGuestRegister, withRegisterField, writeGuestRegister } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { fieldHint } from '../src/session/hints.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { vcpuOf } from '../src/session/scope.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

/** `PMBSR_EL1.S` in its two parts. */
function split(name: string): { register: string; field: string | null } {
  const dot = name.indexOf('.');
  return dot === -1 ? { register: name, field: null } : { register: name.slice(0, dot), field: name.slice(dot + 1) };
}

export const reg = family({
  name: 'reg',
  group: 'inspect',
  summary: 'read or set one register',
  details: [
    'A general register (x0…x30, w0…, sp, pc, pstate), a system register or a field of one (PMBSR_EL1.S), of the focused vCPU. Setting is the debugger’s doing: no trap, no side effect; `msr` writes as the guest would.',
  ],
  see: ['regs', 'print', 'mrs', 'msr'],
  forms: [
    {
      id: 'reg',
      syntax: 'reg <name:REGISTER>[=<value:EXPR>]',
      about: 'Show a register, or set it.',
      effect: 'world',
      run: (context, args) => {
        const scope = vcpuOf(context);
        if (scope.isErr()) return refuse(scope.error);
        const { vm, vcpu } = scope.value;
        const name = context.word(args['name']);
        const { register, field } = split(name);
        const word = readGuestRegister(context.world, vm.index, vcpu.index, register);
        if (word === null) return unmet('unknown-name', `no register '${register}'`, 'regs shows them; help expressions');
        const value = context.number(args['value']);
        if (value.isErr()) return refuse(value.error);
        if (value.value !== undefined) {
          const next = field === null ? value.value : withRegisterField(register, field, word, value.value);
          if (next === null) return unmet('unknown-name', `${register} has no field ${field}`, fieldHint(register));
          const written = writeGuestRegister(context.world, vm.index, vcpu.index, register, next);
          if (written.isErr()) return unmet('read-only', written.error, `reg ${name} reads it`);
        }
        const now = readGuestRegister(context.world, vm.index, vcpu.index, register) ?? 0n;
        const shown = field === null ? now : fieldOfRegister(register, field, now);
        if (shown === null) return unmet('unknown-name', `${register} has no field ${field}`, fieldHint(register));
        return done({ name, value: hex(shown), changed: value.value !== undefined }, { value: hex(shown) });
      },
      show: ({ data }) => (data === null ? [] : [text(`${String(data['name'])} = ${String(data['value'])}`)]),
    },
  ],
});
