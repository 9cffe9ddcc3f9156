// backtrace: frames by the frame pointer chain (language.md §3, group inspect).
import { hex } from '../src/base/hex.ts';
import { guestRegisters, readGuestMemory } from '../src/kernel/view.ts';
import { refuse } from '../src/session/enter.ts';
import { done } from '../src/session/outcome.ts';
import { vcpuOf } from '../src/session/scope.ts';
import { symbolAt } from '../src/session/symbols.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

const DEEPEST = 64;
const FRAME_POINTER = 29;
const LINK_REGISTER = 30;

interface Frame {
  readonly pc: string;
  readonly symbol: string | null;
}

export const backtrace = family({
  name: 'backtrace',
  group: 'inspect',
  summary: 'the chain of calls',
  details: [
    'Follows the frame records that X29 leads to (AAPCS64: saved X29, then the return address). A leaf that saves nothing has no record: its caller is taken from X30 where that is not the first record’s return address.',
  ],
  see: ['dis', 'finish'],
  forms: [
    {
      id: 'backtrace',
      syntax: 'backtrace',
      about: 'Show the frames of the focused vCPU.',
      effect: 'pure',
      run: (context) => {
        const scope = vcpuOf(context);
        if (scope.isErr()) return refuse(scope.error);
        const { vm, vcpu } = scope.value;
        const { pc, x } = guestRegisters(context.world, vm.index, vcpu.index);
        const frame = (address: bigint): Frame => ({ pc: hex(address), symbol: symbolAt(context, address) });
        const frames = [frame(pc)];
        const functionOf = (address: bigint): string => (symbolAt(context, address) ?? '').replace(/\+.*$/, '');
        let record = x[FRAME_POINTER];
        let first = true;
        while (record !== 0n && frames.length < DEEPEST) {
          const bytes = readGuestMemory(context.world, vm.index, vcpu.index, 'va', record, 16);
          if (bytes.isErr()) break;
          const view = new DataView(bytes.value.slice().buffer);
          const link = view.getBigUint64(8, true);
          if (
            first &&
            x[LINK_REGISTER] !== link &&
            functionOf(x[LINK_REGISTER]) !== '' &&
            functionOf(x[LINK_REGISTER]) !== functionOf(pc)
          ) {
            frames.push(frame(x[LINK_REGISTER]));
          }
          first = false;
          if (link === 0n) break;
          frames.push(frame(link));
          const next = view.getBigUint64(0, true);
          if (next <= record) break;
          record = next;
        }
        if (first && x[LINK_REGISTER] !== 0n) frames.push(frame(x[LINK_REGISTER]));
        return done({ frames });
      },
      show: ({ data }) => {
        const frames = (data?.['frames'] ?? []) as readonly Frame[];
        return [text(...frames.map((f, i) => `#${String(i).padEnd(3)}${f.pc}${f.symbol === null ? '' : ` in ${f.symbol}`}`))];
      },
    },
  ],
});
