// The mappings by which perf finds the symbols of a guest's image. perf shows code of Non-secure EL1 and EL2 at addresses whose top byte is
// 0xff (arch/spe/fixup.ts), and takes it for the kernel's: there an image is a module, which must begin where its .text does. Code of EL0
// lies at its own addresses, in the process whose id the context packets hold: there each segment is a mapping.
import type { Elf } from '../../abi/elf.ts';
import { NO_MOMENT, type RecordedKernel, type SideBand } from './recording.ts';

const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_PRIVATE = 2;
const PAGE = 4096n;

/** Where the kernel's part of what perf shows begins. */
const PRIVILEGED = 0xff00_0000_0000_0000n;

/** The address that perf gives to code of Non-secure EL1 or EL2 at `va`. */
export function privilegedAddress(va: bigint): bigint {
  return PRIVILEGED | BigInt.asUintN(56, va);
}

export interface ImageOptions {
  /** Absolute path, under which perf opens the file. */
  readonly path: string;
  readonly buildId: Uint8Array | null;
  /** Processes whose EL0 code the image has; none: it runs at EL1 or EL2 alone. */
  readonly processes: readonly { readonly pid: number; readonly tid: number }[];
}

/**
 * The path in the mappings of processes. perf 6.1 keeps one object for a path, and frees memory twice where that is both the kernel's and a
 * process's: so a process's path is another, of the same file.
 */
const processPath = (path: string): string => (path.startsWith('/') ? `/.${path}` : `./${path}`);

/** Mapping records for an image: of its .text for privileged code, of its segments for each process. */
export function imageMappings(elf: Elf, options: ImageOptions): SideBand[] {
  const { path, buildId } = options;
  const out: SideBand[] = [];
  const code = elf.sections.find((s) => s.name === '.text' && s.allocated);
  if (code !== undefined) {
    out.push({
      kind: 'mmap',
      at: NO_MOMENT,
      pid: -1,
      tid: 0,
      address: privilegedAddress(code.address),
      length: code.memorySize,
      pageOffset: 0n,
      path,
      kernel: true,
      buildId,
      protection: PROT_READ | PROT_EXEC,
      mapFlags: MAP_PRIVATE,
    });
  }
  for (const { pid, tid } of options.processes) {
    for (const s of elf.segments) {
      const skip = s.address % PAGE;
      out.push({
        kind: 'mmap',
        at: NO_MOMENT,
        pid,
        tid,
        address: s.address - skip,
        length: ((s.memorySize + skip + PAGE - 1n) / PAGE) * PAGE,
        pageOffset: BigInt(s.offset) < skip ? 0n : BigInt(s.offset) - skip,
        path: processPath(path),
        kernel: false,
        buildId,
        protection: (s.readable ? PROT_READ : 0) | (s.writable ? PROT_WRITE : 0) | (s.executable ? PROT_EXEC : 0),
        mapFlags: MAP_PRIVATE,
      });
    }
  }
  return out;
}

/**
 * The kernel of a recording of guests: the privileged addresses below its images. It must begin at the lowest address that perf is to take
 * for the kernel's, and overlap no image.
 */
export function guestKernel(mappings: readonly SideBand[]): RecordedKernel {
  let end = PRIVILEGED | 0xff_ffff_ffff_f000n;
  for (const m of mappings) if (m.kind === 'mmap' && m.kernel && m.address < end) end = m.address;
  return { start: PRIVILEGED, length: end - PRIVILEGED, reference: PRIVILEGED };
}

const NT_GNU_BUILD_ID = 3;

/** The build-id in the notes of an image, where it has one (.note.gnu.build-id). */
export function buildIdOf(elf: Elf): Uint8Array | null {
  const section = elf.sections.find((s) => s.name === '.note.gnu.build-id');
  if (section === undefined || section.fileSize < 16) return null;
  const note = elf.bytes.subarray(section.offset, section.offset + section.fileSize);
  const view = new DataView(note.buffer, note.byteOffset, note.byteLength);
  const nameSize = view.getUint32(0, true);
  const size = view.getUint32(4, true);
  if (view.getUint32(8, true) !== NT_GNU_BUILD_ID) return null;
  const from = 12 + Math.ceil(nameSize / 4) * 4;
  return size >= 1 && size <= 20 && from + size <= note.length ? note.slice(from, from + size) : null;
}
