// GICv3 CPU interface registers as an EL1 guest names them (ICC_*_EL1, whose virtual view is ICV_*_EL1), and the
// hypervisor's registers behind them (ICH_*_EL2). Source: Arm GIC architecture specification IHI 0069, chapter 12.
// Resets are those of a core with five priority bits; what a guest reads comes from machine/gic, not from these rows.
import { bit, field, oneOf, res0, type SystemRegister, sysreg } from './define.ts';

const SOURCE = 'IHI 0069 12.2';
const SOURCE_ICH = 'IHI 0069 12.4';

const intid = [res0(63, 24), field(23, 0, 'INTID')];
const activePriorities = [res0(63, 32), field(31, 0, 'P', { about: 'bit n: group priority n << 3 is active' })];
const sgi = [
  res0(63, 56),
  field(55, 48, 'Aff3'),
  field(47, 44, 'RS', { about: 'range selector: target list covers Aff0 RS*16 to RS*16+15' }),
  res0(43, 41),
  oneOf(40, 40, 'IRM', { 0: 'the target list', 1: 'every PE but this one' }),
  field(39, 32, 'Aff2'),
  res0(31, 28),
  field(27, 24, 'INTID'),
  field(23, 16, 'Aff1'),
  field(15, 0, 'TargetList'),
];
const enable = [res0(63, 1), bit(0, 'Enable')];

const icc = (
  name: string,
  [crn, crm, op2]: readonly [number, number, number],
  title: string,
  fields: Parameters<typeof sysreg>[4],
  options: Parameters<typeof sysreg>[5] = {},
): SystemRegister => sysreg(`ICC_${name}_EL1`, [3, 0, crn, crm, op2], `Interrupt Controller ${title}`, SOURCE, fields, options);

const ich = (
  name: string,
  [crn, crm, op2]: readonly [number, number, number],
  title: string,
  fields: Parameters<typeof sysreg>[4],
  options: Parameters<typeof sysreg>[5] = {},
): SystemRegister => sysreg(`ICH_${name}_EL2`, [3, 4, crn, crm, op2], `Interrupt Controller ${title}`, SOURCE_ICH, fields, options);

const upTo = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

const CPU_INTERFACE: readonly SystemRegister[] = [
  icc('PMR', [4, 6, 0], 'Interrupt Priority Mask Register', [res0(63, 8), field(7, 0, 'Priority')]),
  icc('IAR0', [12, 8, 0], 'Interrupt Acknowledge Register 0', intid, { access: 'ro' }),
  icc('EOIR0', [12, 8, 1], 'End Of Interrupt Register 0', intid, { access: 'wo' }),
  icc('HPPIR0', [12, 8, 2], 'Highest Priority Pending Interrupt Register 0', intid, { access: 'ro' }),
  icc('BPR0', [12, 8, 3], 'Binary Point Register 0', [res0(63, 3), field(2, 0, 'BinaryPoint')], { reset: 2n }),
  ...upTo(4, (n) => icc(`AP0R${n}`, [12, 8, 4 + n], `Active Priorities Group 0 Register ${n}`, activePriorities)),
  ...upTo(4, (n) => icc(`AP1R${n}`, [12, 9, n], `Active Priorities Group 1 Register ${n}`, activePriorities)),
  icc('DIR', [12, 11, 1], 'Deactivate Interrupt Register', intid, { access: 'wo' }),
  icc('RPR', [12, 11, 3], 'Running Priority Register', [res0(63, 8), field(7, 0, 'Priority', { about: '0xff: idle' })], {
    access: 'ro',
    reset: 0xffn,
  }),
  icc('SGI1R', [12, 11, 5], 'Software Generated Interrupt Group 1 Register', sgi, { access: 'wo' }),
  icc('ASGI1R', [12, 11, 6], 'Alias Software Generated Interrupt Group 1 Register', sgi, { access: 'wo' }),
  icc('SGI0R', [12, 11, 7], 'Software Generated Interrupt Group 0 Register', sgi, { access: 'wo' }),
  icc('IAR1', [12, 12, 0], 'Interrupt Acknowledge Register 1', intid, { access: 'ro' }),
  icc('EOIR1', [12, 12, 1], 'End Of Interrupt Register 1', intid, { access: 'wo' }),
  icc('HPPIR1', [12, 12, 2], 'Highest Priority Pending Interrupt Register 1', intid, { access: 'ro' }),
  icc('BPR1', [12, 12, 3], 'Binary Point Register 1', [res0(63, 3), field(2, 0, 'BinaryPoint')], { reset: 3n }),
  icc(
    'CTLR',
    [12, 12, 4],
    'Control Register',
    [
      res0(63, 20),
      bit(19, 'ExtRange'),
      bit(18, 'RSS'),
      res0(17, 16),
      bit(15, 'A3V', 'non-zero Aff3 in SGI generation'),
      bit(14, 'SEIS'),
      oneOf(13, 11, 'IDbits', { 0: '16 bits', 1: '24 bits' }),
      field(10, 8, 'PRIbits', { about: 'implemented priority bits minus one' }),
      res0(7, 2),
      oneOf(1, 1, 'EOImode', { 0: 'EOIR drops the priority and deactivates', 1: 'EOIR drops the priority, DIR deactivates' }),
      oneOf(0, 0, 'CBPR', { 0: 'each group has its binary point', 1: 'BPR0 serves both groups' }),
    ],
    { reset: 0x8400n },
  ),
  icc('SRE', [12, 12, 5], 'System Register Enable Register', [res0(63, 3), bit(2, 'DIB'), bit(1, 'DFB'), bit(0, 'SRE')], { reset: 7n }),
  icc('IGRPEN0', [12, 12, 6], 'Interrupt Group 0 Enable Register', enable),
  icc('IGRPEN1', [12, 12, 7], 'Interrupt Group 1 Enable Register', enable),
];

const HYPERVISOR: readonly SystemRegister[] = [
  ich('HCR', [12, 11, 0], 'Hyp Control Register', [
    res0(63, 32),
    field(31, 27, 'EOIcount', { about: 'EOIs that met no list register' }),
    res0(26, 16),
    bit(15, 'DVIM'),
    bit(14, 'TDIR', 'traps ICC_DIR_EL1'),
    bit(13, 'TSEI'),
    bit(12, 'TALL1'),
    bit(11, 'TALL0'),
    bit(10, 'TC', 'traps registers common to both groups'),
    res0(9),
    bit(8, 'vSGIEOICount'),
    bit(7, 'VGrp1DIE'),
    bit(6, 'VGrp1EIE'),
    bit(5, 'VGrp0DIE'),
    bit(4, 'VGrp0EIE'),
    bit(3, 'NPIE', 'maintenance interrupt when no list register is pending'),
    bit(2, 'LRENPIE', 'maintenance interrupt while EOIcount is not 0'),
    bit(1, 'UIE', 'maintenance interrupt when at most one list register is in use'),
    bit(0, 'En'),
  ]),
  ich(
    'VTR',
    [12, 11, 1],
    'VGIC Type Register',
    [
      res0(63, 32),
      field(31, 29, 'PRIbits', { about: 'priority bits minus one' }),
      field(28, 26, 'PREbits', { about: 'preemption bits minus one' }),
      field(25, 23, 'IDbits'),
      bit(22, 'SEIS'),
      bit(21, 'A3V'),
      bit(20, 'nV4'),
      bit(19, 'TDS'),
      bit(18, 'DVIM'),
      res0(17, 5),
      field(4, 0, 'ListRegs', { about: 'list registers minus one' }),
    ],
    { access: 'ro' },
  ),
  ich(
    'MISR',
    [12, 11, 2],
    'Maintenance Interrupt State Register',
    [
      res0(63, 8),
      bit(7, 'VGrp1D'),
      bit(6, 'VGrp1E'),
      bit(5, 'VGrp0D'),
      bit(4, 'VGrp0E'),
      bit(3, 'NP'),
      bit(2, 'LRENP'),
      bit(1, 'U'),
      bit(0, 'EOI'),
    ],
    { access: 'ro' },
  ),
  ich('EISR', [12, 11, 3], 'End of Interrupt Status Register', [res0(63, 16), field(15, 0, 'Status')], { access: 'ro' }),
  ich('ELRSR', [12, 11, 5], 'Empty List Register Status Register', [res0(63, 16), field(15, 0, 'Status')], { access: 'ro' }),
  ich('VMCR', [12, 11, 7], 'Virtual Machine Control Register', [
    res0(63, 32),
    field(31, 24, 'VPMR'),
    field(23, 21, 'VBPR0'),
    field(20, 18, 'VBPR1'),
    res0(17, 10),
    bit(9, 'VEOIM'),
    res0(8, 5),
    bit(4, 'VCBPR'),
    bit(3, 'VFIQEn'),
    bit(2, 'VAckCtl'),
    bit(1, 'VENG1'),
    bit(0, 'VENG0'),
  ]),
  ...upTo(4, (n) => ich(`AP0R${n}`, [12, 8, n], `Hyp Active Priorities Group 0 Register ${n}`, activePriorities)),
  ...upTo(4, (n) => ich(`AP1R${n}`, [12, 9, n], `Hyp Active Priorities Group 1 Register ${n}`, activePriorities)),
  ...upTo(16, (n) =>
    ich(`LR${n}`, [12, 12 + (n >> 3), n & 7], `List Register ${n}`, [
      oneOf(63, 62, 'State', { 0: 'invalid', 1: 'pending', 2: 'active', 3: 'pending and active' }),
      bit(61, 'HW', 'deactivation goes to the physical interrupt pINTID'),
      field(60, 60, 'Group'),
      bit(59, 'NMI'),
      res0(58, 56),
      field(55, 48, 'Priority'),
      res0(47, 45),
      field(44, 32, 'pINTID', { about: 'with HW = 0, bit 41 asks for a maintenance interrupt at the end of the interrupt' }),
      field(31, 0, 'vINTID'),
    ]),
  ),
];

export const GIC_REGISTERS: readonly SystemRegister[] = [...CPU_INTERFACE, ...HYPERVISOR];
