// Registers through the vGIC's file: DIST_REGS, REDIST_REGS, CPU_SYSREGS, LEVEL_INFO. Orders: vgic.md §1.6
// (KVM's vgic_v3_attr_regs_access, vgic_v3_dist_uaccess, vgic_v3_cpu_sysregs_uaccess, vgic_v3_line_level_info_uaccess).

import { attrInfo, attrIntid, attrLow, attrSysreg, GRP_CPU_SYSREGS, GRP_DIST_REGS, GRP_LEVEL_INFO } from '../../abi/vgic-attributes.ts';
import { DISTRIBUTOR_REGISTERS, registerAt } from '../../arch/gic/frames.ts';
import { hex } from '../../base/hex.ts';
import { CTLR_FIXED, ICC, readStored, writeStored } from '../../machine/gic/interface.ts';
import type { Host } from '../host.ts';
import { does, fails, mainline } from '../steps.ts';
import {
  type AttrCheck,
  type AttrStep,
  distOf,
  isOldKernel,
  noSuchAttribute,
  noSuchVcpu,
  noteOf,
  notInitialised,
  readsAddr,
  type Verb,
  type VgicAttrCall,
  vcpuOfAttr,
  vcpusBusy,
  writesAddr,
} from './attr-state.ts';
import { distributorIdentification } from './frame-registers.ts';
import { findIrq, isEdge, ownerOf, queueIrq } from './irq.ts';
import { hasUserRegister, readUserRegister, writeUserRegister } from './mmio.ts';
import { FIRST_PPI } from './state.ts';

const ACCESS = mainline('vgic_v3_attr_regs_access');
const HAS = mainline('vgic_v3_has_attr_regs');

/** What comes before every access: the vCPU, the value (system registers read theirs later), all vCPUs stopped, CTRL_INIT done. */
function head(verb: Verb, reads: boolean, beforeInit: boolean): readonly AttrStep[] {
  return [
    noSuchVcpu,
    ...(verb === 'set' && reads ? readsAddr('u32', ACCESS) : []),
    vcpusBusy(ACCESS),
    ...(beforeInit ? [] : [notInitialised('EBUSY', ACCESS)]),
  ];
}

// --- DIST_REGS and REDIST_REGS ---

const IMPLEMENTATION_REVISION = 0xf000;
const frameOf = (s: VgicAttrCall): number => (s.attr.group === GRP_DIST_REGS ? -1 : vcpuOfAttr(s));

const identificationDiffers = (s: VgicAttrCall): boolean => {
  const revision = Number((s.value >> 12n) & 15n);
  return (revision !== 2 && revision !== 3) || ((Number(s.value) ^ distributorIdentification(distOf(s))) & ~IMPLEMENTATION_REVISION) !== 0;
};
const IIDR_CHECK: AttrCheck = fails(
  'EINVAL',
  'GICD_IIDR differs in more than its revision',
  {
    when: identificationDiffers,
    saw: (s) => hex(s.value),
    wouldPass: (s) => `${hex(distributorIdentification(distOf(s)))}, revision 2 or 3`,
  },
  mainline('vgic_mmio_uaccess_write_v3_misc'),
);
const typer2Checks = (host: Host): readonly AttrCheck[] => [
  ...(isOldKernel(host)
    ? []
    : [
        fails<VgicAttrCall>(
          'EBUSY',
          'GICD_TYPER2 differs and the vGIC is initialised',
          { when: (s) => s.value !== 0n && distOf(s).initialised, saw: (s) => hex(s.value), wouldPass: () => '0x0' },
          mainline('vgic_mmio_uaccess_write_v3_misc'),
        ),
      ]),
  fails(
    'EINVAL',
    'GICD_TYPER2 differs from the host',
    { when: (s) => s.value !== 0n, saw: (s) => hex(s.value), wouldPass: () => '0x0' },
    mainline('vgic_mmio_uaccess_write_v3_misc'),
  ),
];

function frameSteps(host: Host, verb: Verb, group: number, offset: number): readonly AttrStep[] {
  if (verb === 'has') {
    return [
      noSuchVcpu,
      fails(
        'ENXIO',
        'there is no 32-bit register at that offset',
        { when: (s) => !hasUserRegister(distOf(s), frameOf(s), offset), saw: () => `offset ${hex(offset)}` },
        HAS,
      ),
    ];
  }
  const name = group === GRP_DIST_REGS && offset % 4 === 0 ? registerAt(DISTRIBUTOR_REGISTERS, offset)?.name : undefined;
  const beforeInit = !isOldKernel(host) && (name === 'GICD_IIDR' || name === 'GICD_TYPER2');
  const start = head(verb, true, beforeInit);
  if (verb === 'get') return [...start, ...writesAddr('u32', (s) => BigInt(readUserRegister(s.vm, distOf(s), frameOf(s), offset)), ACCESS)];
  return [
    ...start,
    ...(name === 'GICD_IIDR' ? [IIDR_CHECK] : name === 'GICD_TYPER2' ? typer2Checks(host) : []),
    does(
      'write the register',
      (s) => writeUserRegister(s.vm, distOf(s), frameOf(s), offset, Number(s.value), noteOf(s)),
      mainline('vgic_uaccess'),
    ),
  ];
}

// --- CPU_SYSREGS ---

const SYSREG = mainline('vgic_v3_cpu_sysregs_uaccess');
/** APnR1 to APnR3: known to the kernel, there only with more priority bits than the host has. */
const isUpperActivePriority = (key: number): boolean =>
  (key > ICC.AP0R0 && key <= ICC.AP0R0 + 3) || (key > ICC.AP1R0 && key <= ICC.AP1R0 + 3);
const STORED: readonly number[] = [ICC.PMR, ICC.BPR0, ICC.BPR1, ICC.AP0R0, ICC.AP1R0, ICC.CTLR, ICC.SRE, ICC.IGRPEN0, ICC.IGRPEN1];
const isKnown = (key: number): boolean => STORED.includes(key) || isUpperActivePriority(key);

const registersOf = (s: VgicAttrCall) => {
  const cpu = s.vm.vcpus[vcpuOfAttr(s)].vgic;
  if (cpu === null) throw new Error('a vCPU without its part of the vGIC');
  return cpu.registers;
};

const PRI_BITS = 0x700;
const ID_BITS = 0x3800;
const SEIS_A3V = 0xc000;
const fieldAbove = (value: bigint, mask: number): boolean => (Number(value) & mask) > (CTLR_FIXED & mask);

const controlChecks: readonly AttrCheck[] = (
  [
    ['more priority bits than the host has', (v: bigint) => fieldAbove(v, PRI_BITS)],
    ['more INTID bits than the host has', (v: bigint) => fieldAbove(v, ID_BITS)],
    ['SEIS or A3V differ from the host', (v: bigint) => ((Number(v & 0xffffffffn) ^ CTLR_FIXED) & SEIS_A3V) !== 0],
  ] as const
).map(([why, when]) =>
  fails(
    'EINVAL',
    why,
    { when: (s) => when(s.value), saw: (s) => hex(s.value), wouldPass: () => hex(CTLR_FIXED) },
    mainline('set_gic_ctlr'),
  ),
);

const upperCheck: AttrCheck = fails(
  'EINVAL',
  'the host has too few priority bits for this register',
  { when: () => true, saw: () => '5 priority bits', wouldPass: () => 'APnR0' },
  mainline('set_apr_reg'),
);
const sreCheck: AttrCheck = fails(
  'EINVAL',
  'SRE is clear',
  { when: (s) => (s.value & 1n) === 0n, saw: (s) => hex(s.value), wouldPass: () => '0x7' },
  mainline('set_gic_sre'),
);

function systemRegisterSteps(host: Host, verb: Verb, key: number): readonly AttrStep[] {
  const unknown = (errno: string, place: ReturnType<typeof mainline>): AttrCheck =>
    fails(errno, 'the CPU interface has no such register for user space', { when: () => true, saw: () => `encoding ${hex(key)}` }, place);
  if (verb === 'has') return [noSuchVcpu, ...(isKnown(key) ? [] : [unknown('ENXIO', mainline('vgic_v3_has_cpu_sysregs_attr'))])];
  const start = head(verb, false, false);
  if (!isKnown(key)) return [...start, unknown(isOldKernel(host) ? 'ENXIO' : 'ENOENT', SYSREG)];
  if (verb === 'get') {
    if (isUpperActivePriority(key)) return [...start, upperCheck];
    return [...start, ...writesAddr('u64', (s) => BigInt(key === ICC.SRE ? 7 : (readStored(registersOf(s), key) ?? 0)), SYSREG)];
  }
  return [
    ...start,
    ...readsAddr('u64', SYSREG),
    ...(key === ICC.CTLR ? controlChecks : key === ICC.SRE ? [sreCheck] : isUpperActivePriority(key) ? [upperCheck] : []),
    does(
      'write the register',
      (s) => {
        writeStored(registersOf(s), key, Number(s.value & 0xffffffffn));
      },
      SYSREG,
    ),
  ];
}

// --- LEVEL_INFO ---

const LEVEL = mainline('vgic_v3_line_level_info_uaccess');

function readLevels(s: VgicAttrCall, first: number): bigint {
  let word = 0n;
  for (let n = 0; n < 32; n++) {
    const irq = findIrq(s.vm, vcpuOfAttr(s), first + n);
    if (irq !== null && !isEdge(irq) && irq.table.line[irq.at] === 1) word |= 1n << BigInt(n);
  }
  return word;
}

/** Sets lines whatever the configuration, and whoever owns them. */
function writeLevels(s: VgicAttrCall, first: number): void {
  const note = noteOf(s);
  for (let n = 0; n < 32; n++) {
    const irq = first + n < FIRST_PPI ? null : findIrq(s.vm, vcpuOfAttr(s), first + n);
    if (irq === null) continue;
    const level = Number((s.value >> BigInt(n)) & 1n);
    if (irq.table.line[irq.at] !== level) note({ kind: level === 1 ? 'irq.raised' : 'irq.lowered', intid: irq.intid, vcpu: irq.vcpu });
    irq.table.line[irq.at] = level;
    if (ownerOf(irq) === 'spe') s.vm.vcpus[irq.vcpu].spe.level = level === 1; // else SPE would not bring it back to PMBSR_EL1.S (vgic.md §7.3)
    if (level === 1) queueIrq(s.vm, irq, note);
  }
}

function levelSteps(verb: Verb, attr: bigint): readonly AttrStep[] {
  const first = attrIntid(attr);
  if (verb === 'has')
    return attrInfo(attr) === 0 ? [] : [noSuchAttribute('only line levels can be asked for', mainline('vgic_v3_has_attr'))];
  return [
    ...head(verb, true, false),
    fails('EINVAL', 'the INTID is not a multiple of 32', { when: () => first % 32 !== 0, saw: () => `INTID ${first}` }, LEVEL),
    fails(
      'EINVAL',
      'only line levels can be asked for',
      { when: () => attrInfo(attr) !== 0, saw: () => `info ${attrInfo(attr)}`, wouldPass: () => 'info 0' },
      ACCESS,
    ),
    ...(verb === 'get'
      ? writesAddr('u32', (s) => readLevels(s, first), LEVEL)
      : [does<VgicAttrCall>('set the lines', (s) => writeLevels(s, first), LEVEL)]),
  ];
}

/** The list behind an attribute of one of the four groups. */
export function registerSteps(host: Host, verb: Verb, group: number, attr: bigint): readonly AttrStep[] {
  if (group === GRP_CPU_SYSREGS) return systemRegisterSteps(host, verb, attrSysreg(attr));
  if (group === GRP_LEVEL_INFO) return levelSteps(verb, attr);
  return frameSteps(host, verb, group, attrLow(attr));
}
