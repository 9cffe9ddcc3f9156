// May software at EL0 or EL1 access a system register, and if not, who hears of it? In the manual's order: UNDEFINED, traps to EL1 from EL0,
// fine-grained and other traps to EL2. Source: Arm ARM DDI 0487, D24.2 (access pseudocode of each register), D24.3 (MDCR_EL2),
// spe-architecture §3.3 (profiling registers).
import { fieldAccess, indexOfRegister, REGISTERS } from '../../arch/sysreg/table.ts';
import { EL, SPSEL } from './context.ts';
import type { Core } from './core.ts';

export type Decision = 'allow' | 'undefined' | 'trap-el1' | 'trap-el2';

const HCR_EL2 = indexOfRegister('HCR_EL2');
const MDCR_EL2 = indexOfRegister('MDCR_EL2');
const CNTHCTL_EL2 = indexOfRegister('CNTHCTL_EL2');
const HDFGRTR_EL2 = indexOfRegister('HDFGRTR_EL2');
const HDFGWTR_EL2 = indexOfRegister('HDFGWTR_EL2');
const HDFGRTR2_EL2 = indexOfRegister('HDFGRTR2_EL2');
const HDFGWTR2_EL2 = indexOfRegister('HDFGWTR2_EL2');
const SCTLR_EL1 = indexOfRegister('SCTLR_EL1');
const CNTKCTL_EL1 = indexOfRegister('CNTKCTL_EL1');
const PMUSERENR_EL0 = indexOfRegister('PMUSERENR_EL0');
const MDSCR_EL1 = indexOfRegister('MDSCR_EL1');
const SP_EL0 = indexOfRegister('SP_EL0');

const mask = (register: string, name: string): bigint => fieldAccess(register, name).mask;

/** One trap to EL2: which register holds the bit, and whether it must be set or clear. */
interface Trap {
  readonly control: number;
  readonly bit: bigint;
  readonly when: 'set' | 'clear';
  readonly of: 'read' | 'write' | 'both';
}

/** A bit that allows EL0's accesses, or denies them. */
interface UserControl {
  readonly control: number;
  readonly bit: bigint;
  readonly denies?: true;
}

interface Rules {
  /** Exists at EL1 at all; op1 of 4 and above belongs to EL2. */
  readonly hypervisor: boolean;
  /** Control of EL0's accesses; null = never (UNDEFINED); 'always'. */
  readonly user: UserControl | null | 'always';
  readonly traps: readonly Trap[];
}

const set = (control: number, bit: bigint, of: Trap['of'] = 'both'): Trap => ({ control, bit, when: 'set', of });
const clear = (control: number, bit: bigint, of: Trap['of'] = 'both'): Trap => ({ control, bit, when: 'clear', of });

const HCR = (name: string, of: Trap['of'] = 'both'): Trap => set(HCR_EL2, mask('HCR_EL2', name), of);
const MDCR = (name: string): Trap => set(MDCR_EL2, mask('MDCR_EL2', name));

const TVM: ReadonlySet<string> = new Set([
  'SCTLR_EL1',
  'TTBR0_EL1',
  'TTBR1_EL1',
  'TCR_EL1',
  'ESR_EL1',
  'FAR_EL1',
  'AFSR0_EL1',
  'AFSR1_EL1',
  'MAIR_EL1',
  'AMAIR_EL1',
  'CONTEXTIDR_EL1',
]);
const TID2: ReadonlySet<string> = new Set(['CTR_EL0', 'CCSIDR_EL1', 'CLIDR_EL1', 'CSSELR_EL1']);
const TDOSA: ReadonlySet<string> = new Set(['OSLAR_EL1', 'OSLSR_EL1', 'OSDLR_EL1', 'DBGPRCR_EL1']);
const PMB_TRAPPED: ReadonlySet<string> = new Set(['PMBLIMITR_EL1', 'PMBPTR_EL1', 'PMBSR_EL1', 'PMBMAR_EL1']);
const PHYSICAL_TIMER: ReadonlySet<string> = new Set(['CNTP_TVAL_EL0', 'CNTP_CTL_EL0', 'CNTP_CVAL_EL0']);

/** Fine-grained traps of the profiling registers: a bit of HDFGRTR_EL2 for reads and HDFGWTR_EL2 for writes. */
function fineGrained(name: string): Trap[] {
  const named = (control: number, register: string): bigint | null =>
    REGISTERS[control].fields.some((f) => f.name === name) ? mask(register, name) : null;
  if (name === 'PMSNEVFR_EL1') {
    return [
      clear(HDFGRTR_EL2, mask('HDFGRTR_EL2', 'nPMSNEVFR_EL1'), 'read'),
      clear(HDFGWTR_EL2, mask('HDFGWTR_EL2', 'nPMSNEVFR_EL1'), 'write'),
    ];
  }
  if (name === 'PMSDSFR_EL1' || name === 'PMBMAR_EL1') {
    // A unit that has them comes with FEAT_FGT2.
    return [clear(HDFGRTR2_EL2, mask('HDFGRTR2_EL2', `n${name}`), 'read'), clear(HDFGWTR2_EL2, mask('HDFGWTR2_EL2', `n${name}`), 'write')];
  }
  const traps: Trap[] = [];
  const read = named(HDFGRTR_EL2, 'HDFGRTR_EL2');
  const write = named(HDFGWTR_EL2, 'HDFGWTR_EL2');
  if (read !== null) traps.push(set(HDFGRTR_EL2, read, 'read'));
  if (write !== null) traps.push(set(HDFGWTR_EL2, write, 'write'));
  return traps;
}

const isPmu = (name: string): boolean => name.endsWith('_EL0') && name.startsWith('PM');

function trapsOf(name: string, op0: number, op1: number, crn: number, crm: number): Trap[] {
  if (/^PM[SB]/.test(name) && name.endsWith('_EL1') && !name.startsWith('PMSW')) {
    const traps = fineGrained(name);
    if (PMB_TRAPPED.has(name))
      traps.push(clear(MDCR_EL2, 1n << 12n)); // E2PB<0>
    else if (name.startsWith('PMS')) traps.push(MDCR('TPMS'));
    return traps;
  }
  if (op0 === 3 && op1 === 0 && crn === 0 && crm >= 1) return [HCR('TID3')];
  if (name === 'REVIDR_EL1' || name === 'AIDR_EL1') return [HCR('TID1')];
  if (TID2.has(name)) return [HCR('TID2')];
  if (name === 'ACTLR_EL1') return [HCR('TACR')];
  if (name.startsWith('LOR')) return [HCR('TLOR')];
  if (TVM.has(name)) return [HCR('TVM', 'write'), HCR('TRVM', 'read')];
  if (TDOSA.has(name)) return [MDCR('TDOSA')];
  if (name === 'MDRAR_EL1') return [MDCR('TDRA')];
  if (op0 === 2) return [MDCR('TDA')];
  if (name === 'PMCR_EL0') return [MDCR('TPM'), MDCR('TPMCR')];
  if (isPmu(name) || name.startsWith('PMINTEN') || name === 'PMMIR_EL1') return [MDCR('TPM')];
  return [];
}

function userControl(name: string): Rules['user'] {
  if (name === 'CTR_EL0') return { control: SCTLR_EL1, bit: mask('SCTLR_EL1', 'UCT') };
  if (name === 'DAIF') return { control: SCTLR_EL1, bit: mask('SCTLR_EL1', 'UMA') };
  if (name === 'CNTVCT_EL0') return { control: CNTKCTL_EL1, bit: mask('CNTKCTL_EL1', 'EL0VCTEN') };
  if (name === 'CNTPCT_EL0') return { control: CNTKCTL_EL1, bit: mask('CNTKCTL_EL1', 'EL0PCTEN') };
  if (name === 'CNTFRQ_EL0') return { control: CNTKCTL_EL1, bit: mask('CNTKCTL_EL1', 'EL0VCTEN') | mask('CNTKCTL_EL1', 'EL0PCTEN') };
  if (name.startsWith('CNTV_')) return { control: CNTKCTL_EL1, bit: mask('CNTKCTL_EL1', 'EL0VTEN') };
  if (name.startsWith('CNTP_')) return { control: CNTKCTL_EL1, bit: mask('CNTKCTL_EL1', 'EL0PTEN') };
  if (name === 'MDCCSR_EL0') return { control: MDSCR_EL1, bit: mask('MDSCR_EL1', 'TDCC'), denies: true };
  if (name === 'PMUSERENR_EL0') return 'always';
  if (isPmu(name)) return { control: PMUSERENR_EL0, bit: 1n };
  if (['NZCV', 'DCZID_EL0', 'TPIDR_EL0', 'TPIDRRO_EL0', 'FPCR', 'FPSR'].includes(name)) return 'always';
  return null;
}

const READ_ONLY_AT_EL0: ReadonlySet<string> = new Set(['TPIDRRO_EL0', 'CNTFRQ_EL0', 'PMUSERENR_EL0']);

/** By dense register index; made when a register is first accessed. */
const known: (Rules | undefined)[] = [];

function rulesOf(index: number): Rules {
  const row = REGISTERS[index];
  const [op0, op1, crn, crm] = row.encoding;
  known[index] ??= { hypervisor: op1 >= 4, user: op1 === 3 ? userControl(row.name) : null, traps: trapsOf(row.name, op0, op1, crn, crm) };
  return known[index];
}

/** The unallocated registers of the identification space: they read as zero and trap with the others. D24.2, "reserved, RES0". */
export function isReservedIdentification(op0: number, op1: number, crn: number, crm: number): boolean {
  return op0 === 3 && op1 === 0 && crn === 0 && crm >= 1 && crm <= 7;
}

function isTrapped(core: Core, trap: Trap, read: boolean): boolean {
  if (trap.of !== 'both' && (trap.of === 'read') !== read) return false;
  return ((core.sys[trap.control] & trap.bit) !== 0n) === (trap.when === 'set');
}

/** CNTHCTL_EL2 traps of the physical timer and counter; the bits move when HCR_EL2.E2H is set. */
function isTimerTrapped(core: Core, name: string): boolean {
  const shift = (core.sys[HCR_EL2] & (1n << 34n)) !== 0n ? 10n : 0n;
  const control = core.sys[CNTHCTL_EL2] >> shift;
  if (name === 'CNTPCT_EL0') return (control & 1n) === 0n;
  return PHYSICAL_TIMER.has(name) && (control & 2n) === 0n;
}

function isDenied(core: Core, { control, bit, denies }: UserControl): boolean {
  return ((core.sys[control] & bit) !== 0n) === (denies === true);
}

/** The decision for an access by the current Exception level; `index` is dense (arch/sysreg/table). */
export function decideAccess(core: Core, index: number, read: boolean): Decision {
  const row = REGISTERS[index];
  const rules = rulesOf(index);
  if (rules.hypervisor || (read ? row.access === 'wo' : row.access === 'ro')) return 'undefined';
  if (core.k[EL] === 0) {
    if (rules.user === null || (!read && READ_ONLY_AT_EL0.has(row.name))) return 'undefined';
    if (rules.user !== 'always' && isDenied(core, rules.user)) return 'trap-el1';
  }
  if (row.name === 'CNTFRQ_EL0' && !read) return 'undefined'; // only the highest Exception level writes it
  if (index === SP_EL0 && core.k[SPSEL] === 0) return 'undefined';
  for (const trap of rules.traps) if (isTrapped(core, trap, read)) return 'trap-el2';
  return isTimerTrapped(core, row.name) ? 'trap-el2' : 'allow';
}

/** A trap of the identification space that has no row. */
export function isIdentificationTrapped(core: Core): boolean {
  return (core.sys[HCR_EL2] & mask('HCR_EL2', 'TID3')) !== 0n;
}
