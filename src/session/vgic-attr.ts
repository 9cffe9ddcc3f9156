// The vGIC's attributes as words of the shell: names, operands and values to the numbers of a call, with strace's text for them.

import { err, ok, type Result } from 'neverthrow';
import * as abi from '../abi/vgic-attributes.ts';
import { DISTRIBUTOR_REGISTERS, REDISTRIBUTOR_REGISTERS, registerName } from '../arch/gic/frames.ts';
import { REGISTERS, registerIndex } from '../arch/sysreg/table.ts';
import { hex } from '../base/hex.ts';
import { mpidrOf } from '../kernel/vm.ts';
import type { Unmet } from './outcome.ts';

/** What stands behind the attribute's name; those that the attribute does not take stay undefined. */
export interface VgicOperands {
  readonly offset?: bigint;
  /** The vCPU's id; it need not exist. */
  readonly vcpu?: bigint;
  readonly register?: string;
  readonly intid?: bigint;
}

export interface VgicAttrWord {
  readonly group: number;
  readonly attr: bigint;
  readonly groupName?: string;
  /** As strace prints it; undefined: the number alone. */
  readonly attrName?: string;
  /** Bytes behind addr; 0 where the attribute has no value. */
  readonly size: 0 | 4 | 8;
  /** Values are addresses or register contents. */
  readonly hex: boolean;
}

const affinityOf = (id: bigint): bigint => mpidrOf(Number(BigInt.asUintN(32, id))) & 0xffffffn;
const low32 = (value: bigint): bigint => BigInt.asUintN(32, value);

/** `pmr`, `ICC_PMR_EL1`: an MSR/MRS key and the register's name; null when there is none. */
function registerKey(name: string): { key: number; name: string } | null {
  for (const candidate of [name, `ICC_${name}_EL1`]) {
    const row = REGISTERS[registerIndex(candidate)];
    if (row !== undefined) return { key: row.key, name: row.name };
  }
  return null;
}

const SIZES = { none: 0, u32: 4, u64: 8 } as const;
const DECIMAL = new Set(['nr-irqs', 'maint-irq']);

/** Puts an attribute and its operands into the call's numbers; Unmet for a register that there is not. */
export function vgicAttrWord(row: abi.VgicAttribute, operands: VgicOperands): Result<VgicAttrWord, Unmet> {
  const common = { group: row.group, groupName: row.groupName, size: SIZES[row.value], hex: !DECIMAL.has(row.short) } as const;
  const commented = (attr: bigint, comment: string): Result<VgicAttrWord, Unmet> =>
    ok({ ...common, attr, attrName: `${hex(attr)} /* ${comment} */` });
  const vcpu = operands.vcpu ?? 0n;
  const ofVcpu = (low: bigint): bigint => abi.mpidrAttr(affinityOf(vcpu), low);
  const offset = low32(operands.offset ?? 0n);
  const named = (rows: typeof DISTRIBUTOR_REGISTERS): string =>
    offset % 4n === 0n ? registerName(rows, Number(offset)) : `offset ${hex(offset)}`;
  switch (row.group) {
    case abi.GRP_DIST_REGS:
      return commented(offset, named(DISTRIBUTOR_REGISTERS));
    case abi.GRP_REDIST_REGS:
      return commented(ofVcpu(offset), `vcpu${vcpu} ${named(REDISTRIBUTOR_REGISTERS)}`);
    case abi.GRP_LEVEL_INFO: {
      const intid = low32(operands.intid ?? 0n);
      return commented(ofVcpu(intid), `vcpu${vcpu} INTIDs ${intid} to ${intid + 31n}`);
    }
    case abi.GRP_CPU_SYSREGS: {
      const found = registerKey(operands.register ?? '');
      if (found === null)
        return err({ code: 'unknown-name', message: `no register '${operands.register ?? ''}'`, hint: 'ICC_PMR_EL1, or PMR for short' });
      return commented(ofVcpu(BigInt(found.key)), `vcpu${vcpu} ${found.name}`);
    }
    default:
      return ok({ ...common, attr: BigInt(row.attr), ...(row.name === row.groupName ? {} : { attrName: row.name }) });
  }
}

/** A group and attribute given as numbers: named as far as they have names, the value as wide as their row says, else 8 bytes. */
export function vgicAttrNumbers(group: number, attr: bigint): VgicAttrWord {
  const row = abi.vgicAttribute(group, attr);
  const groupName = abi.vgicGroupName(group);
  return {
    group,
    attr,
    ...(groupName === undefined ? {} : { groupName }),
    ...(row === undefined || row.name === row.groupName ? {} : { attrName: row.name }),
    size: row === undefined ? 8 : SIZES[row.value],
    hex: row === undefined || !DECIMAL.has(row.short),
  };
}
