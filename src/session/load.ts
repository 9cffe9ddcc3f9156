// Loading a guest image: what a VMM does before the first KVM_RUN. It writes its own memory, where the memory slots are mapped.
import { err, ok, type Result } from 'neverthrow';
import { type Elf, parseElf } from '../abi/elf.ts';
import { hex } from '../base/hex.ts';
import { copyToUser } from '../kernel/user-memory.ts';
import type { Vm } from '../kernel/world.ts';
import type { Image } from './image.ts';
import type { Unmet } from './outcome.ts';
import type { Context } from './session.ts';

/** Where RAM begins in the machine a VMM makes (QEMU virt's shape), and where a flat arm64 image goes. */
export const RAM_BASE = 0x40000000n;
export const FLAT_OFFSET = 0x80000n;
/** Room for the devicetree at the top of RAM. */
export const TREE_ROOM = 0x10000n;

/** Guest physical memory: a memory slot, or one that a VM will have; bytes. */
interface Range {
  readonly gpa: number;
  readonly size: number;
}

/** The memory slot that holds all of [gpa, gpa + size); Err when none does. */
function slotOf<T extends Range>(slots: readonly T[], gpa: bigint, size: bigint, what: string): Result<T, Unmet> {
  const slot = slots.find((s) => gpa >= BigInt(s.gpa) && gpa + size <= BigInt(s.gpa + s.size));
  if (slot !== undefined) return ok(slot);
  return err({
    // Without any memory it is the session that cannot: language.md §4.
    code: slots.length === 0 ? 'no-memory' : 'invalid-image',
    message: `${what} needs guest memory at ${hex(gpa)} to ${hex(gpa + size)}, and no memory slot has it`,
    hint:
      slots.length === 0
        ? 'vm create --mem SIZE, or vm memory add'
        : `memory: ${slots.map((s) => `${hex(s.gpa)} + ${hex(s.size)}`).join(', ')}`,
  });
}

/** Writes bytes at a guest physical address through the VMM's mapping, and zeroes behind them up to `size`. */
export function writeGuestRam(
  context: Context,
  vm: Vm,
  gpa: bigint,
  bytes: Uint8Array,
  what: string,
  size = BigInt(bytes.length),
): Result<null, Unmet> {
  return slotOf(vm.memslots, gpa, size, what).map((slot) => {
    const process = context.world.world.kernel.processes[vm.process - 1];
    const put = (at: bigint, data: Uint8Array): void => {
      if (!copyToUser(context.world, process, slot.userAddress + at - BigInt(slot.gpa), data))
        throw new Error(`slot ${slot.slot} is not mapped`);
    };
    put(gpa, bytes);
    const zeroes = new Uint8Array(ZERO_CHUNK);
    for (let at = BigInt(bytes.length); at < size; at += BigInt(ZERO_CHUNK)) {
      const left = Number(size - at);
      put(gpa + at, left < ZERO_CHUNK ? zeroes.subarray(0, left) : zeroes);
    }
    return null;
  });
}

const ZERO_CHUNK = 65536;

const isElf = (bytes: Uint8Array): boolean => bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

/** An arm64 Image header (Documentation/arch/arm64/booting.rst): the magic at 56. */
const isArm64Image = (bytes: Uint8Array): boolean =>
  bytes.length >= 64 && bytes[56] === 0x41 && bytes[57] === 0x52 && bytes[58] === 0x4d && bytes[59] === 0x64;

/** Mostly printable text, so that a wrong file name gets a clear answer. */
function isText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 256);
  return head.length > 0 && head.every((b) => (b >= 0x20 && b < 0x7f) || b === 9 || b === 10 || b === 13);
}

/** An image read and understood, not yet in any memory. */
export interface LoadPlan {
  readonly image: Image;
  /** Where its bytes go; zeroes follow them up to `size`. */
  readonly pieces: readonly { readonly gpa: bigint; readonly bytes: Uint8Array; readonly size: bigint }[];
}

/**
 * Reads an image: an ELF goes where its segments' physical addresses say, anything else is a flat image for `at` (RAM base + 0x80000).
 * The error names the file and the byte offset of the first thing that does not hold.
 */
export function readImage(path: string, bytes: Uint8Array, at?: bigint): Result<LoadPlan, Unmet> {
  if (isElf(bytes)) return readElf(path, bytes);
  const invalid = (message: string, hint: string): Result<LoadPlan, Unmet> =>
    err({ code: 'invalid-image', message: `${path}: ${message}`, hint });
  if (bytes.length === 0) return invalid('the file is empty', 'a flat arm64 image or an AArch64 ELF executable');
  if (isText(bytes) && !isArm64Image(bytes))
    return invalid(
      'this is a text file, neither an ELF nor a flat arm64 image',
      'guests are built with aarch64-linux-gnu-gcc: see fixtures/guests/Makefile',
    );
  const base = at ?? RAM_BASE + FLAT_OFFSET;
  const size = BigInt(bytes.length);
  return ok({ image: { path, base, entry: base, size: bytes.length, elf: null }, pieces: [{ gpa: base, bytes, size }] });
}

function readElf(path: string, bytes: Uint8Array): Result<LoadPlan, Unmet> {
  const parsed = parseElf(bytes);
  if (parsed.isErr()) {
    return err({
      code: 'invalid-image',
      message: `${path}: ${parsed.error.message}, at byte ${parsed.error.offset}`,
      hint: 'an AArch64 ELF executable, linked to run at its physical addresses',
    });
  }
  const elf: Elf = parsed.value;
  const pieces = elf.segments.map((s) => ({
    gpa: s.physical,
    bytes: elf.bytes.subarray(s.offset, s.offset + s.fileSize),
    size: s.memorySize,
  }));
  const base = pieces.reduce((least, p) => (p.gpa < least ? p.gpa : least), pieces[0].gpa);
  const end = pieces.reduce((most, p) => (p.gpa + p.size > most ? p.gpa + p.size : most), base);
  return ok({ image: { path, base, entry: elf.entry, size: Number(end - base), elf }, pieces });
}

/** Would these memory slots hold all of the image? */
export function imageFits(plan: LoadPlan, slots: readonly Range[]): Result<null, Unmet> {
  for (const piece of plan.pieces) {
    const slot = slotOf(slots, piece.gpa, piece.size, plan.image.path);
    if (slot.isErr()) return err(slot.error);
  }
  return ok(null);
}

/** Puts the image into guest memory: all of it, or nothing where a piece has no memory. */
export function placeImage(context: Context, vm: Vm, plan: LoadPlan): Result<Image, Unmet> {
  return imageFits(plan, vm.memslots).map(() => {
    for (const { gpa, bytes, size } of plan.pieces) writeGuestRam(context, vm, gpa, bytes, plan.image.path, size);
    return plan.image;
  });
}
