// x: bytes of memory, as gdb's x (language.md §3, group inspect).
import { hex, hexBytes } from '../src/base/hex.ts';
import { type MemorySpace, readGuestMemory } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { family } from '../src/shell/family.ts';

const DEFAULT_LENGTH = 64;
const LONGEST = 1 << 20;

export const x = family({
  name: 'x',
  group: 'inspect',
  summary: 'examine memory',
  details: [
    'LEN bytes (64) from ADDR: by default a virtual address of the focused vCPU (`va`); `ipa` is guest physical, `pa` host physical, `vmm` an address of the VMM process.',
    'Reading has no effect on the guest: no translation is cached, no access flag set. Enter on an empty line goes on.',
  ],
  see: ['dis', 'buffer', 'w'],
  forms: [
    {
      id: 'x',
      syntax: 'x <address:EXPR> [<length:EXPR>] [--as <space:va|ipa|pa|vmm>]',
      about: 'Show LEN bytes at ADDR.',
      effect: 'pure',
      repeats: true,
      run: (context, args) => {
        const address = context.number(args['address']);
        if (address.isErr()) return refuse(address.error);
        const length = context.number(args['length']);
        if (length.isErr()) return refuse(length.error);
        const count = Number(length.value ?? BigInt(DEFAULT_LENGTH));
        if (count > LONGEST) return unmet('too-long', `${count} bytes are more than one command shows (1 MiB)`);
        const space = (context.word(args['space']) || 'va') as MemorySpace;
        const bytes = readGuestMemory(context.world, context.vm, context.focus, space, address.value ?? 0n, count);
        if (bytes.isErr()) return unmet('unreadable', bytes.error);
        return done(
          { address: hex(address.value ?? 0n), space, length: count, hex: hexBytes(bytes.value, '') },
          { value: hexBytes(bytes.value, '') },
        );
      },
      show: ({ data }) => {
        if (data === null) return [];
        const digits = String(data['hex']);
        const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
        return [{ kind: 'hexdump', base: BigInt(String(data['address'])), bytes }];
      },
    },
  ],
});
