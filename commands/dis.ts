// dis: disassembly in objdump's words (language.md §3, group inspect).
import { hex } from '../src/base/hex.ts';
import { guestProgramCounter } from '../src/kernel/view.ts';
import { symbolCandidates } from '../src/session/candidates.ts';
import { refuse } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { vcpuOf } from '../src/session/scope.ts';
import { type InstructionLine, instructionAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { type Line, text } from '../src/view/doc.ts';

const DEFAULT_COUNT = 8;

export const dis = family({
  name: 'dis',
  group: 'inspect',
  summary: 'disassemble guest code',
  details: [
    'N instructions (8) from an address, or from the program counter of the focused vCPU, as objdump prints them. `=>` marks the next one. Enter on an empty line goes on.',
  ],
  see: ['x', 'step', 'break'],
  forms: [
    {
      id: 'dis',
      syntax: 'dis [<address:EXPR>] [<count:EXPR>]',
      about: 'Disassemble N instructions.',
      effect: 'pure',
      repeats: true,
      run: (context, args) => {
        const scope = vcpuOf(context);
        if (scope.isErr()) return refuse(scope.error);
        const { vm, vcpu } = scope.value;
        const address = context.number(args['address']);
        if (address.isErr()) return refuse(address.error);
        const count = context.number(args['count']);
        if (count.isErr()) return refuse(count.error);
        const pc = guestProgramCounter(context.world, vm.index, vcpu.index);
        const from = address.value ?? pc;
        const instructions: InstructionLine[] = [];
        for (let i = 0n; i < (count.value ?? BigInt(DEFAULT_COUNT)); i++) {
          const line = instructionAt(context, vcpu.index, from + 4n * i);
          instructions.push(line);
          if (line.word === null) break;
        }
        return done({ pc: hex(pc), instructions, next: hex(from + 4n * BigInt(instructions.length)) });
      },
      show: ({ data }) => {
        if (data === null) return [];
        const lines = data['instructions'] as readonly InstructionLine[];
        return [
          text(
            ...lines.map((i): Line => {
              const mark = i.address === data['pc'] ? '=>' : '  ';
              const symbol = i.symbol === null ? '' : ` <${i.symbol}>`;
              return [
                { text: `${mark} ${i.address}${symbol}:`, role: 'address' },
                { text: i.word === null ? `  ${i.text}` : `  ${i.word}  ${i.text}` },
              ];
            }),
          ),
        ];
      },
    },
  ],
  complete: (slot, context) => (slot === 'address' ? symbolCandidates(context) : []),
});
