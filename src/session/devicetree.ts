// The devicetree of the VM that spesh's VMM made, and the initial RAM disk below it: at the top of RAM, as guest.md §3.3 has them.
import { err, ok, type Result } from 'neverthrow';
import { virtDevicetreeBlob } from '../abi/fdt-virt.ts';
import { hex } from '../base/hex.ts';
import { mpidrOf } from '../kernel/vm.ts';
import type { Memslot, Vm } from '../kernel/world.ts';
import { RAM_BASE, TREE_ROOM, writeGuestRam } from './load.ts';
import type { Unmet } from './outcome.ts';
import type { Context } from './session.ts';
import { UART_BASE } from './uart.ts';

export const DISTRIBUTOR = 0x08000000n;
export const REDISTRIBUTOR = 0x080a0000n;
const PAGE = 4096n;
/** A flattened devicetree begins with this word, and tells its size in the next, both big-endian. */
const MAGIC = 0xd00dfeed;

export interface TreeOptions {
  /** `/chosen/bootargs`. */
  readonly arguments: string;
  readonly initrd?: Uint8Array;
  /** A blob of the user's own, placed as it is; its name is for errors. */
  readonly file?: { readonly path: string; readonly bytes: Uint8Array };
  /** Guest physical address behind the image's last byte: an initial RAM disk must lie above. */
  readonly imageEnd: bigint;
}

/** The memory slot that RAM is: the one at RAM's base, else the first. */
function ramOf(vm: Vm): Memslot | undefined {
  return vm.memslots.find((s) => BigInt(s.gpa) === RAM_BASE) ?? vm.memslots[0];
}

/** Writes the devicetree (and the RAM disk) into guest memory: the tree's guest physical address, for x0. */
export function placeTree(context: Context, vm: Vm, options: TreeOptions): Result<bigint, Unmet> {
  const slot = ramOf(vm);
  if (slot === undefined) return err({ code: 'no-memory', message: 'a devicetree needs guest memory', hint: 'vm create --mem SIZE' });
  const top = BigInt(slot.gpa) + BigInt(slot.size);
  const { file, initrd } = options;
  if (file !== undefined) {
    const wrong = blobFault(file.bytes);
    if (wrong !== null) return err(invalid(`${file.path}: ${wrong}`, 'a flattened devicetree, as dtc -O dtb writes it'));
    return placeBlob(context, vm, roundDown(top - BigInt(file.bytes.length), TREE_ROOM), file.bytes, file.path);
  }
  const tree = top - TREE_ROOM;
  const placed = initrd === undefined ? ok(null) : placeInitrd(context, vm, tree, initrd, options.imageEnd);
  if (placed.isErr()) return err(placed.error);
  return placeBlob(context, vm, tree, describe(vm, slot, options.arguments, placed.value), 'the devicetree');
}

const invalid = (message: string, hint: string): Unmet => ({ code: 'invalid-image', message, hint });
const roundDown = (value: bigint, unit: bigint): bigint => value - (value % unit);

function placeBlob(context: Context, vm: Vm, at: bigint, blob: Uint8Array, what: string): Result<bigint, Unmet> {
  return writeGuestRam(context, vm, at, blob, what).map(() => at);
}

/** What keeps the bytes from being a devicetree blob, or null. */
function blobFault(bytes: Uint8Array): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 40) return `a devicetree has a header of 40 bytes, the file has ${bytes.length}`;
  if (view.getUint32(0) !== MAGIC) return `not a devicetree: it begins with ${hex(view.getUint32(0))}, not ${hex(MAGIC)}, at byte 0`;
  const size = view.getUint32(4);
  return size <= bytes.length ? null : `the file ends after ${bytes.length} of ${size} bytes, at byte 4`;
}

interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

/** On whole pages directly below the tree. */
function placeInitrd(context: Context, vm: Vm, tree: bigint, initrd: Uint8Array, imageEnd: bigint): Result<Range, Unmet> {
  const size = BigInt(initrd.length);
  const start = roundDown(tree - size, PAGE);
  if (start < imageEnd)
    return err(invalid(`the initial RAM disk (${size} bytes) reaches into the image, which ends at ${hex(imageEnd)}`, 'more --mem'));
  return writeGuestRam(context, vm, start, initrd, 'the initial RAM disk').map(() => ({ start, end: start + size }));
}

function describe(vm: Vm, slot: Memslot, bootArguments: string, initrd: Range | null): Uint8Array {
  const { pmu, spe } = vm.vcpus[0] ?? {};
  return virtDevicetreeBlob({
    memory: { base: BigInt(slot.gpa), size: BigInt(slot.size) },
    cpus: vm.vcpus.map((v) => Number(mpidrOf(v.id) & 0xffffffn)),
    gic: { distributor: DISTRIBUTOR, redistributor: REDISTRIBUTOR },
    uart: BigInt(UART_BASE),
    spe: spe === undefined || spe.irq === 0 ? null : spe.irq,
    pmu: pmu?.irq ?? null,
    timers: vm.timerPpis,
    arguments: bootArguments,
    ...(initrd === null ? {} : { initrd }),
  });
}
