// w: writes guest memory, as a debugger does (language.md §3, group inspect).
import { hex } from '../src/base/hex.ts';
import { writeGuestMemory } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { MEMORY_HINT } from '../src/session/hints.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

export const w = family({
  name: 'w',
  group: 'inspect',
  summary: 'write guest memory',
  details: [
    'Writes SIZE bytes (8) of VALUE, little-endian, at a virtual address of the focused vCPU. Permissions of the guest’s tables are not looked at; code that was decoded from there is decoded again.',
  ],
  see: ['x', 'reg'],
  forms: [
    {
      id: 'w',
      syntax: 'w <address:EXPR> <value:EXPR> [--size <size:1|2|4|8>]',
      about: 'Write VALUE at ADDR.',
      words: { '--size': 'bytes that are written (8)' },
      effect: 'world',
      run: (context, args) => {
        const address = context.number(args['address']);
        if (address.isErr()) return refuse(address.error);
        const value = context.number(args['value']);
        if (value.isErr()) return refuse(value.error);
        const size = Number(context.word(args['size']) || '8');
        const bytes = Uint8Array.from({ length: size }, (_, i) => Number(((value.value ?? 0n) >> BigInt(8 * i)) & 0xffn));
        const written = writeGuestMemory(context.world, context.vm, context.focus, address.value ?? 0n, bytes);
        if (written.isErr()) return unmet('unwritable', written.error, MEMORY_HINT);
        return done({ address: hex(address.value ?? 0n), size });
      },
    },
  ],
});
