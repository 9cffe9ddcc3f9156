// Register ids of KVM_GET/SET_ONE_REG: core registers by their place in struct kvm_regs, system registers by encoding (kvm-spe-abi.md §3.1).
import type { Struct } from '../abi/struct.ts';
import { U32, U64, U128 } from '../abi/structs.ts';
import { indexOfRegister, REGISTERS, registerByKey } from '../arch/sysreg/table.ts';
import type { Host } from './host.ts';
import { hasFeature } from './vm.ts';
import type { Vm } from './world.ts';

/** KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE; the low bits are offset / 4 in struct kvm_regs. */
const CORE = 0x6030_0000_0010_0000n;
/** The same of 32 and 128 bits: struct user_fpsimd_state stands at byte 0x150 of struct kvm_regs. */
const CORE_U32 = 0x6020_0000_0010_0000n;
const CORE_U128 = 0x6040_0000_0010_0000n;
/** KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG; the low 16 bits are the MSR/MRS key. */
const SYSTEM = 0x6030_0000_0013_0000n;

export interface OneReg {
  readonly name: string;
  readonly id: bigint;
  /** 'x': index 0-30; 'v': 0-31; 'sp': the stack pointer of EL0 or EL1 by index 0 or 1; 'system': dense index of arch/sysreg/table. */
  readonly kind: 'x' | 'v' | 'sp' | 'pc' | 'pstate' | 'system';
  readonly index: number;
}

/** struct kvm_regs: regs[31], sp, pc, pstate, sp_el1, elr_el1, spsr[5] of 8 bytes; then vregs[32] of 16, fpsr and fpcr of 4. */
const CORE_REGISTERS: readonly OneReg[] = [
  ...Array.from({ length: 31 }, (_, n): OneReg => ({ name: `x${n}`, id: CORE | BigInt(2 * n), kind: 'x', index: n })),
  { name: 'sp', id: CORE | 0x3en, kind: 'sp', index: 0 },
  { name: 'pc', id: CORE | 0x40n, kind: 'pc', index: 0 },
  { name: 'pstate', id: CORE | 0x42n, kind: 'pstate', index: 0 },
  { name: 'sp_el1', id: CORE | 0x44n, kind: 'sp', index: 1 },
  { name: 'elr_el1', id: CORE | 0x46n, kind: 'system', index: indexOfRegister('ELR_EL1') },
  { name: 'spsr_el1', id: CORE | 0x48n, kind: 'system', index: indexOfRegister('SPSR_EL1') },
  ...Array.from({ length: 32 }, (_, n): OneReg => ({ name: `v${n}`, id: CORE_U128 | BigInt(0x54 + 4 * n), kind: 'v', index: n })),
  { name: 'fpsr', id: CORE_U32 | 0xd4n, kind: 'system', index: indexOfRegister('FPSR') },
  { name: 'fpcr', id: CORE_U32 | 0xd5n, kind: 'system', index: indexOfRegister('FPCR') },
];

/** The value behind `addr`: its size is in the id (KVM_REG_SIZE_MASK). */
export function valueStruct(id: bigint): Struct {
  const bytes = 1n << ((id >> 52n) & 15n);
  return bytes === 16n ? U128 : bytes === 4n ? U32 : U64;
}

const coreById = new Map(CORE_REGISTERS.map((r) => [r.id, r]));
const coreByName = new Map(CORE_REGISTERS.map((r) => [r.name, r]));

/** Registers that are state of the CPU, of EL2 or of the interrupt controller, not of KVM's register list. */
const isOutside = (name: string): boolean =>
  /^IC[CH]_|_EL[23]$|_EL12$|^(SP_EL[01]|SPSel|CurrentEL|PAN|NZCV|DAIF|ELR_EL1|SPSR_EL1|FPCR|FPSR)$/.test(name);

const system = (index: number): OneReg => {
  const row = REGISTERS[index];
  return { name: row.name, id: SYSTEM | BigInt(row.key), kind: 'system', index };
};

/** The register of an id; null when there is none. */
export function oneRegOf(id: bigint): OneReg | null {
  const core = coreById.get(id);
  if (core !== undefined) return core;
  if (id >> 16n !== SYSTEM >> 16n) return null;
  const index = registerByKey(Number(id & 0xffffn));
  return index < 0 || isOutside(REGISTERS[index].name) ? null : system(index);
}

/** The register of a name as people write it (`x0`, `pc`, `PMBLIMITR_EL1`); null when KVM has none. */
export function oneRegByName(name: string): OneReg | null {
  const core = coreByName.get(name.toLowerCase());
  if (core !== undefined) return core;
  const index = REGISTERS.findIndex((row) => row.name.toLowerCase() === name.toLowerCase());
  return index < 0 || isOutside(REGISTERS[index].name) ? null : system(index);
}

const isSpe = (name: string): boolean => /^PM[SB][A-Z]+_EL1$/.test(name);
const isPmu = (name: string): boolean => /^PM.*_EL0$|^PMINTEN(SET|CLR)_EL1$|^PMMIR_EL1$/.test(name);

/** Registers of a feature that the VM does not have are hidden: -ENOENT. */
export function isHidden(host: Host, vm: Vm, register: OneReg): boolean {
  if (register.kind !== 'system') return false;
  const { name } = REGISTERS[register.index];
  return (isSpe(name) && !hasFeature(host, vm, 'spe')) || (isPmu(name) && !hasFeature(host, vm, 'pmu-v3'));
}

/** With SVE the V registers are parts of the Z registers, and no core registers. */
export const isPartOfZ = (host: Host, vm: Vm, register: OneReg): boolean => register.kind === 'v' && hasFeature(host, vm, 'sve');

/** Is it state that user space may set? Identification registers are fixed. */
export const isKept = (register: OneReg): boolean => register.kind !== 'system' || REGISTERS[register.index].access !== 'ro';

/** Every id of KVM_GET_REG_LIST for a VM, core registers first. */
export function allRegisterIds(host: Host, vm: Vm): readonly bigint[] {
  const rows = REGISTERS.flatMap((row, i) => (isOutside(row.name) || row.access === 'wo' ? [] : [system(i)]));
  return [...CORE_REGISTERS, ...rows].filter((r) => !isHidden(host, vm, r) && !isPartOfZ(host, vm, r)).map((r) => r.id);
}
