// Which syndrome the guest sees of a buffer management event (kvm-spe-abi.md §4.2): what is the host's business must not leak.
import { FSC_TRANSLATION_LEVEL } from '../../arch/esr.ts';
import { fieldAccess } from '../../arch/sysreg/table.ts';
import { hex } from '../../base/hex.ts';
import { PMBSR_DL, PMBSR_S } from '../../machine/spu/registers.ts';
import { type GuestExit, tell } from '../guest/exit-state.ts';
import { knobWord } from '../vm.ts';

const EC = fieldAccess('PMBSR_EL1', 'EC');
const MSS = fieldAccess('PMBSR_EL1', 'MSS');
const EC_BUFFER = 0x00n;
const EC_STAGE1 = 0x24n;
const EC_STAGE2 = 0x25n;

/** S, EA, EC 0x24, FSC 0x10: a synchronous external abort. */
export const EXTERNAL_ABORT = 0x9006_0010n;
/** S, DL, EC 0x1F: an IMPLEMENTATION DEFINED event with data loss. */
const IMPLEMENTATION_DEFINED = 0x7c0a_0000n;

/**
 * The guest's PMBSR_EL1 for a hardware value with S set; null: the guest is not told, KVM pins anew and goes on (policy hideAndRepin, and
 * nothing of the buffer is lost).
 */
export function shownSyndrome(g: GuestExit, hardware: bigint): bigint | null {
  const ec = EC.get(hardware);
  if (ec === EC_BUFFER || ec === EC_STAGE1) return hardware;
  warn(g, `kvm: SPE buffer event with EC 0x${ec.toString(16)} on ${g.name}`);
  switch (knobWord(g.host, 's2FaultPolicy')) {
    case 'raw':
      return hardware;
    case 'impDef':
      return IMPLEMENTATION_DEFINED;
    case 'hideAndRepin':
      return (hardware & PMBSR_DL) === 0n ? null : EXTERNAL_ABORT;
    default:
      return EXTERNAL_ABORT;
  }
}

/**
 * What a guest finds when it enables a buffer that lies where no slot backs it, by policy. Nothing can be pinned there, so nothing can be
 * hidden.
 */
export const POLICY_SYNDROMES: Readonly<Record<string, bigint>> = {
  extAbort: EXTERNAL_ABORT,
  hideAndRepin: EXTERNAL_ABORT,
  impDef: IMPLEMENTATION_DEFINED,
  raw: PMBSR_S | MSS.put(EC.put(0n, EC_STAGE2), BigInt(FSC_TRANSLATION_LEVEL + 3)),
};

/** The same for the buffer of a vCPU; the kernel warns. */
export function unbackedSyndrome(g: GuestExit, gpa: number): bigint {
  warn(g, `kvm: SPE buffer of ${g.name}: no memory slot at ${hex(gpa)}`);
  return POLICY_SYNDROMES[knobWord(g.host, 's2FaultPolicy')] ?? EXTERNAL_ABORT;
}

/** Prints a warning, rate-limited: the same one is not printed twice in a row. */
function warn(g: GuestExit, text: string): void {
  const { log } = g.mw.world.kernel;
  tell(g, 'kernel.warning', { text });
  if (log.at(-1) !== text) log.push(text);
}
