// The devicetree of the machine that spesh's VMM makes: QEMU's `virt` board, cut to what a small guest asks for.
// Sources: the bindings in Linux' Documentation/devicetree/bindings (arm,gic-v3; arm,armv8-timer; arm,pl011; arm,psci;
// arm,statistical-profiling-extension-v1; arm,armv8-pmuv3); kvm-unit-tests' needs as guest.md 3.3 lists them.
import { cells64, type FdtNode, flattenDevicetree } from './fdt.ts';

export interface VirtMachine {
  readonly memory: { readonly base: bigint; readonly size: bigint };
  /** MPIDR_EL1 affinity of each vCPU (Aff3 is not used). */
  readonly cpus: readonly number[];
  readonly gic: { readonly distributor: bigint; readonly redistributor: bigint };
  readonly uart: bigint;
  /** INTIDs 16-31; null when the guest has no such unit. */
  readonly spe: number | null;
  readonly pmu: number | null;
  /** INTIDs of the EL1 timers; absent: 30 and 27. */
  readonly timers?: { readonly physical: number; readonly virtual: number };
  /** `/chosen`: bootargs, and where an initial RAM disk lies. */
  readonly arguments: string;
  readonly initrd?: { readonly start: bigint; readonly end: bigint };
}

const GIC = 1; // phandles
const CLOCK = 2;
const SPI = 0;
const PPI = 1;
const LEVEL_HIGH = 4;
const DISTRIBUTOR_SIZE = 0x10000n;
const REDISTRIBUTOR_SIZE = 0x20000n;
const PAGE = 0x1000n;
/** INTIDs of the secure and the hypervisor's timer, which stand beside the two of EL1. */
const SECURE_TIMER = 29;
const HYPERVISOR_TIMER = 26;
const EL1_TIMERS = { physical: 30, virtual: 27 };
const UART_SPI = 1;
const UART_CLOCK = 24_000_000;

const ppi = (intid: number): number[] => [PPI, intid - 16, LEVEL_HIGH];
const reg = (...values: bigint[]): number[] => values.flatMap(cells64);
const at = (name: string, address: bigint | number): string => `${name}@${address.toString(16)}`;

/** The tree as nodes. */
export function virtDevicetree(machine: VirtMachine): FdtNode {
  const { memory, cpus, gic, uart, initrd } = machine;
  const { physical, virtual } = machine.timers ?? EL1_TIMERS;
  const timers = [SECURE_TIMER, physical, virtual, HYPERVISOR_TIMER];
  const uartName = at('pl011', uart);
  const children: FdtNode[] = [
    {
      name: 'chosen',
      properties: {
        bootargs: machine.arguments,
        'stdout-path': `/${uartName}`,
        ...(initrd ? { 'linux,initrd-start': cells64(initrd.start), 'linux,initrd-end': cells64(initrd.end) } : {}),
      },
    },
    { name: at('memory', memory.base), properties: { device_type: 'memory', reg: reg(memory.base, memory.size) } },
    {
      name: 'cpus',
      properties: { '#address-cells': [1], '#size-cells': [0] },
      children: cpus.map((affinity) => ({
        name: at('cpu', affinity),
        properties: { device_type: 'cpu', compatible: 'arm,armv8', 'enable-method': 'psci', reg: [affinity] },
      })),
    },
    { name: 'psci', properties: { compatible: ['arm,psci-1.0', 'arm,psci-0.2'], method: 'hvc' } },
    {
      name: 'timer',
      properties: { compatible: 'arm,armv8-timer', 'always-on': true, interrupts: timers.flatMap(ppi) },
    },
    {
      name: at('intc', gic.distributor),
      properties: {
        compatible: 'arm,gic-v3',
        'interrupt-controller': true,
        '#interrupt-cells': [3],
        '#address-cells': [0],
        reg: reg(gic.distributor, DISTRIBUTOR_SIZE, gic.redistributor, REDISTRIBUTOR_SIZE * BigInt(cpus.length)),
        phandle: [GIC],
      },
    },
    { name: 'apb-pclk', properties: { compatible: 'fixed-clock', '#clock-cells': [0], 'clock-frequency': [UART_CLOCK], phandle: [CLOCK] } },
    {
      name: uartName,
      properties: {
        compatible: ['arm,pl011', 'arm,primecell'],
        reg: reg(uart, PAGE),
        interrupts: [SPI, UART_SPI, LEVEL_HIGH],
        clocks: [CLOCK, CLOCK],
        'clock-names': ['uartclk', 'apb_pclk'],
      },
    },
  ];
  if (machine.pmu !== null) children.push({ name: 'pmu', properties: { compatible: 'arm,armv8-pmuv3', interrupts: ppi(machine.pmu) } });
  if (machine.spe !== null) {
    children.push({ name: 'spe', properties: { compatible: 'arm,statistical-profiling-extension-v1', interrupts: ppi(machine.spe) } });
  }
  const properties = { compatible: 'linux,dummy-virt', '#address-cells': [2], '#size-cells': [2], 'interrupt-parent': [GIC] };
  return { name: '', properties, children };
}

/** The blob for that machine. */
export function virtDevicetreeBlob(machine: VirtMachine): Uint8Array {
  return flattenDevicetree(virtDevicetree(machine));
}
