// cap: KVM_CHECK_EXTENSION (language.md §3, group host; kvm-spe-abi.md §1.1, §1.2).
import { CAPABILITIES } from '../src/abi/features.ts';
import { capabilityNumber, capabilityOf, speUnavailable } from '../src/kernel/capability.ts';
import { issue } from '../src/session/issue.ts';
import type { Context } from '../src/session/session.ts';
import { checkExtension } from '../src/session/vmm.ts';
import { type Form, family } from '../src/shell/family.ts';
import { didYouMean } from '../src/shell/misread.ts';
import { text } from '../src/view/doc.ts';

const rowOf = (word: string) => CAPABILITIES.find((c) => c.short === word || c.name === word);
const isNumber = (word: string): boolean => /^(0[xX][0-9a-fA-F]+|\d+)$/.test(word);

/** Number and name under the host's kernel. */
function capability(context: Context, word: string): { number: number; name: string | null; short: string | null } {
  const { host } = context.world.world;
  const row = isNumber(word) ? capabilityOf(host, Number(word)) : rowOf(word);
  return { number: row === undefined ? Number(word) : capabilityNumber(host, row), name: row?.name ?? null, short: row?.short ?? null };
}

const show: Form['show'] = ({ data }) => {
  const why = data?.['unavailable'];
  return typeof why === 'string' ? [text(`  ${why}`)] : [];
};

export const cap = family({
  name: 'cap',
  group: 'host',
  summary: 'what KVM offers on this host',
  details: [
    'NAME is a short name (arm-spe), the kernel’s (KVM_CAP_ARM_SPE) or a number. The answer is the value; 0 is no. KVM offers SPE when the SPE driver probed a unit, with VHE and without protected KVM.',
  ],
  see: ['host', 'kernel', 'vcpu'],
  forms: [
    {
      id: 'cap',
      syntax: 'cap <name:WORD>',
      about: 'KVM_CHECK_EXTENSION.',
      effect: 'world',
      check: (args) => {
        const name = args['name'];
        if (name?.kind !== 'word' || isNumber(name.text) || rowOf(name.text) !== undefined) return null;
        const names = CAPABILITIES.map((c) => c.short);
        return {
          slot: 'name',
          message: `there is no capability '${name.text}'`,
          expected: names,
          hint: didYouMean(name.text, names) ?? names.join(' '),
        };
      },
      run: (context, args) => {
        const { number, name, short } = capability(context, context.word(args['name']));
        const { call, describe } = checkExtension(context, number);
        const prepared = { call, describe: { ...describe, argument: name ?? String(number) } };
        const why = short === 'arm-spe' ? speUnavailable(context.world.world.host) : null;
        return issue(context, prepared, (report) => ({
          value: report.ret,
          data: { capability: name, number, ...(why === null ? {} : { unavailable: why }) },
        }));
      },
      show,
    },
  ],
  complete: (slot) => (slot === 'name' ? CAPABILITIES.map((c) => ({ text: c.short, about: c.name })) : []),
});
