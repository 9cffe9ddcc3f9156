// guest: an image into the memory of the VM in use (language.md §3, group guest).
import { virtDevicetreeBlob } from '../src/abi/fdt-virt.ts';
import { hex } from '../src/base/hex.ts';
import { mpidrOf } from '../src/kernel/vm.ts';
import { refuse } from '../src/session/enter.ts';
import { FLAT_OFFSET, loadImage, RAM_BASE, TREE_ROOM, writeGuestRam } from '../src/session/load.ts';
import { done, unmet } from '../src/session/outcome.ts';
import { currentVm } from '../src/session/scope.ts';
import { UART_BASE } from '../src/session/uart.ts';
import { DISTRIBUTOR, REDISTRIBUTOR } from '../src/session/up.ts';
import { family } from '../src/shell/family.ts';
import { text } from '../src/view/doc.ts';

export const guest = family({
  name: 'guest',
  group: 'guest',
  summary: 'load a guest image',
  details: [
    `An AArch64 ELF goes where its segments say, a flat arm64 image to RAM base + ${hex(FLAT_OFFSET)} or to --at ADDR. Entry registers are the VMM's to set: vcpu 0 one-reg set pc VALUE.`,
    '--dtb FILE places a devicetree at the top of RAM, --dtb auto one that describes this VM; its address is shown, for x0.',
  ],
  see: ['up', 'info', 'console'],
  forms: [
    {
      id: 'guest.load',
      syntax: 'guest load <file:GUEST> [--at <at:EXPR>] [--dtb <dtb:WORD>] [--args <arguments:WORD>]',
      about: 'Write an image into guest memory.',
      effect: 'world',
      run: (context, args) => {
        const vm = currentVm(context);
        if (vm.isErr()) return refuse(vm.error);
        const at = context.number(args['at']);
        if (at.isErr()) return refuse(at.error);
        const path = context.word(args['file']);
        const asset = context.asset(path);
        if (asset === undefined) return unmet('no-guest', `no guest '${path}'`, 'a name of fixtures/guests, or a file');
        const image = loadImage(context, vm.value, path, asset.bytes, at.value);
        if (image.isErr()) return refuse(image.error);
        context.setImage(image.value);
        let tree: bigint | null = null;
        if (args['dtb'] !== undefined) {
          if (context.word(args['dtb']) !== 'auto')
            return unmet('no-file', 'only --dtb auto is known', 'a devicetree file of your own: later');
          const slot = vm.value.memslots.find((s) => BigInt(s.gpa) === RAM_BASE) ?? vm.value.memslots[0];
          tree = BigInt(slot.gpa) + BigInt(slot.size) - TREE_ROOM;
          const { pmu, spe } = vm.value.vcpus[0] ?? {};
          const blob = virtDevicetreeBlob({
            memory: { base: BigInt(slot.gpa), size: BigInt(slot.size) },
            cpus: vm.value.vcpus.map((v) => Number(mpidrOf(v.id) & 0xffffffn)),
            gic: { distributor: DISTRIBUTOR, redistributor: REDISTRIBUTOR },
            uart: BigInt(UART_BASE),
            spe: spe === undefined || spe.irq === 0 ? null : spe.irq,
            pmu: pmu?.irq ?? null,
            arguments: context.word(args['arguments']),
          });
          const placed = writeGuestRam(context, vm.value, tree, blob, 'the devicetree');
          if (placed.isErr()) return refuse(placed.error);
        }
        return done({
          path,
          base: hex(image.value.base),
          entry: hex(image.value.entry),
          size: image.value.size,
          dtb: tree === null ? null : hex(tree),
        });
      },
      show: ({ data }) => {
        if (data === null) return [];
        const tree = data['dtb'] === null ? '' : `, devicetree at ${String(data['dtb'])}`;
        return [
          text(
            `${String(data['path'])}: ${Number(data['size']).toLocaleString('en-US')} bytes at ${String(data['base'])}, entry ${String(data['entry'])}${tree}`,
          ),
        ];
      },
    },
  ],
});
