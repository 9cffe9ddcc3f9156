// guest: an image into the memory of the VM in use (language.md §3, group guest).
import { ok } from 'neverthrow';
import { hex } from '../src/base/hex.ts';
import type { Arguments } from '../src/session/command.ts';
import { placeTree, type TreeOptions } from '../src/session/devicetree.ts';
import { refuse } from '../src/session/enter.ts';
import { FLAT_OFFSET, placeImage, readImage } from '../src/session/load.ts';
import { done, type Outcome, unmet } from '../src/session/outcome.ts';
import { currentVm } from '../src/session/scope.ts';
import type { Context } from '../src/session/session.ts';
import { family } from '../src/shell/family.ts';
import { type Doc, text } from '../src/view/doc.ts';

export const guest = family({
  name: 'guest',
  group: 'guest',
  summary: 'load a guest image',
  details: [
    `An AArch64 ELF goes where its segments say, a flat arm64 image to RAM base + ${hex(FLAT_OFFSET)} or to --at ADDR. Entry registers are the VMM's to set: vcpu 0 one-reg set pc VALUE.`,
    '--dtb auto places a devicetree that describes this VM at the top of RAM, with --args as its boot arguments; --dtb FILE places a blob of your own. Its address is shown, for x0.',
  ],
  see: ['up', 'info', 'console'],
  forms: [
    {
      id: 'guest.load',
      syntax: 'guest load <file:GUEST> [--at <at:EXPR>] [--dtb <dtb:auto>] [--args <arguments:WORD>]',
      about: 'Write an image into guest memory; --dtb auto: with a devicetree of this VM.',
      words: {
        '--at': 'address of a flat image',
        '--dtb': 'auto: a devicetree of this VM',
        '--args': 'boot arguments in that tree',
        auto: 'a devicetree that describes this VM',
      },
      effect: 'world',
      run: (context, args) => load(context, args, () => (args['dtb'] === undefined ? null : {})),
      show,
    },
    {
      id: 'guest.load.tree',
      syntax: 'guest load <file:GUEST> --dtb <tree:FILE> [--at <at:EXPR>]',
      about: 'Write an image and a devicetree of your own into guest memory.',
      words: { '--dtb': 'a devicetree blob of your own', '--at': 'address of a flat image' },
      effect: 'world',
      run: (context, args) =>
        load(context, args, () => {
          const path = context.word(args['tree']);
          const asset = context.asset(path);
          return asset === undefined ? null : { file: { path, bytes: asset.bytes } };
        }),
      show,
    },
  ],
});

/** Loads the image, and the tree that `treeOf` asks for (null: none). */
function load(context: Context, args: Arguments, treeOf: () => Pick<TreeOptions, 'file'> | null): Outcome {
  const vm = currentVm(context);
  if (vm.isErr()) return refuse(vm.error);
  const at = context.number(args['at']);
  if (at.isErr()) return refuse(at.error);
  const path = context.word(args['file']);
  const asset = context.asset(path);
  if (asset === undefined) return unmet('no-guest', `no guest '${path}'`, 'a name of fixtures/guests, or a file');
  const image = readImage(path, asset.bytes, at.value).andThen((plan) => placeImage(context, vm.value, plan));
  if (image.isErr()) return refuse(image.error);
  context.setImage(image.value);
  const { base, entry, size } = image.value;
  const wanted = treeOf();
  const options = { ...wanted, arguments: context.word(args['arguments']), imageEnd: base + BigInt(size) };
  const tree = wanted === null ? ok(null) : placeTree(context, vm.value, options);
  if (tree.isErr()) return refuse(tree.error);
  return done({ path, base: hex(base), entry: hex(entry), size, dtb: tree.value === null ? null : hex(tree.value) });
}

function show({ data }: Outcome): Doc {
  if (data === null) return [];
  const tree = data['dtb'] === null ? '' : `, devicetree at ${String(data['dtb'])}`;
  const size = Number(data['size']).toLocaleString('en-US');
  return [text(`${String(data['path'])}: ${size} bytes at ${String(data['base'])}, entry ${String(data['entry'])}${tree}`)];
}
