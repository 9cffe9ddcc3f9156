// ICH_*_EL2 as the hypervisor (or a debugger) reads them now. Source: IHI 0069 12.4.
import { GIC_REGISTERS } from '../../arch/sysreg/gic.ts';
import { EOI_MAINTENANCE, HARDWARE, LIST_REGISTERS, maintenanceReasons } from './delivery.ts';
import type { VirtualInterface } from './interface.ts';

const ich = (name: string): number => {
  const row = GIC_REGISTERS.find((r) => r.name === `ICH_${name}_EL2`);
  if (row === undefined) throw new Error(`no GIC register ICH_${name}_EL2`);
  return row.key;
};

const ICH = {
  HCR: ich('HCR'),
  VTR: ich('VTR'),
  MISR: ich('MISR'),
  EISR: ich('EISR'),
  ELRSR: ich('ELRSR'),
  VMCR: ich('VMCR'),
  AP0R0: ich('AP0R0'),
  AP1R0: ich('AP1R0'),
  LR0: ich('LR0'),
} as const;

/** ICH_VTR_EL2: five priority and preemption bits, A3V, TDS, sixteen list registers. */
const VTR = ((4 << 29) | (4 << 26) | (1 << 21) | (1 << 19) | (LIST_REGISTERS - 1)) >>> 0;

/** ICH_LR<n>_EL2 as the manual lays it out. */
export function listRegister(x: VirtualInterface, n: number): bigint {
  const { lr } = x;
  const hardware = (lr.flags[n] & HARDWARE) !== 0;
  const eoi = (lr.flags[n] & EOI_MAINTENANCE) !== 0 ? 1 << 9 : 0;
  const low = hardware ? (1 << 29) | lr.host[n] : eoi; // HW and pINTID, or EOI
  const high = ((lr.state[n] << 30) | (lr.group[n] << 28) | (lr.priority[n] << 16) | low) >>> 0;
  return (BigInt(high) << 32n) | BigInt(lr.intid[n]);
}

/** An ICH_*_EL2 register as the hypervisor would read it now; null when the key is none. */
export function readIch(x: VirtualInterface, key: number): bigint | null {
  const r = x.registers;
  if (key >= ICH.LR0 && key < ICH.LR0 + LIST_REGISTERS) return listRegister(x, key - ICH.LR0);
  switch (key) {
    case ICH.HCR:
      return BigInt(((x.eoiCount << 27) | (x.trapDir ? 1 << 14 : 0) | x.watch | Number(x.enabled)) >>> 0);
    case ICH.VTR:
      return BigInt(VTR);
    case ICH.MISR:
      return BigInt(maintenanceReasons(x));
    case ICH.EISR:
      return statusBits((n) => n < x.used && x.lr.state[n] === 0 && (x.lr.flags[n] & EOI_MAINTENANCE) !== 0);
    case ICH.ELRSR:
      return statusBits((n) => x.lr.state[n] === 0 && (x.lr.flags[n] & EOI_MAINTENANCE) === 0);
    case ICH.VMCR:
      return BigInt(
        ((r.pmr << 24) | (r.bpr0 << 21) | (r.bpr1 << 18) | (r.eoiMode << 9) | (r.cbpr << 4) | (1 << 3) | (r.igrpen1 << 1) | r.igrpen0) >>>
          0,
      );
    case ICH.AP0R0:
      return BigInt(r.ap0r);
    case ICH.AP1R0:
      return BigInt(r.ap1r);
    default:
      return key >= ICH.AP0R0 && key < ICH.AP1R0 + 4 ? 0n : null;
  }
}

function statusBits(test: (n: number) => boolean): bigint {
  let word = 0;
  for (let n = 0; n < LIST_REGISTERS; n++) if (test(n)) word |= 1 << n;
  return BigInt(word);
}
