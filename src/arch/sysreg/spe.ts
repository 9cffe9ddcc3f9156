// The registers of the Statistical Profiling Extension: Arm ARM DDI 0487 M.a.a, D24.7.1-D24.7.17.
// A row has every field of the manual; what one unit implements of it (version, PMSIDR) is the mask of machine/spu/registers.ts.
import { bit, field, oneOf, type RegisterField, res0, type SystemRegister, sysreg } from './define.ts';

const arm = (section: number): string => `Arm ARM DDI 0487 M.a.a, D24.7.${section}`;

const PCT = { 0: 'virtual counter', 1: 'physical counter', 3: 'physical counter with the physical offset' };
const EE_EL1 = { 0: 'off', 3: 'Profiling exceptions to EL1' };
const EE_EL2 = { 0: 'off', 1: 'delegated to EL1', 2: 'EL2 takes what belongs to it', 3: 'EL2 takes everything' };

const pmscr = (el: 1 | 2): RegisterField[] => [
  res0(63, 12),
  bit(11, 'EnVM', 'FEAT_SPE_nVM: physical or intermediate physical pointers are allowed'),
  bit(10, 'KE', 'FEAT_SPE_EXC: PSTATE.PM decides masking at the same Exception level'),
  oneOf(9, 8, 'EE', el === 1 ? EE_EL1 : EE_EL2, 'FEAT_SPE_EXC: Profiling exception enable'),
  oneOf(7, 6, 'PCT', PCT, 'timestamp source'),
  bit(5, 'TS', 'timestamps'),
  bit(4, 'PA', 'physical data addresses'),
  bit(3, 'CX', `CONTEXTIDR_EL${el} in each record`),
  res0(2),
  bit(1, `E${el}SPE`, `sampling at EL${el}`),
  bit(0, el === 1 ? 'E0SPE' : 'E0HSPE', el === 1 ? 'sampling at EL0' : 'sampling at EL0 while HCR_EL2.TGE=1'),
];

const PMBSR: readonly RegisterField[] = [
  res0(63, 56),
  field(55, 32, 'MSS2', { about: 'more of the syndrome: a Permission fault sets 40 TopLevel, 39 AssuredOnly, 38 Overlay, 37 DirtyBit' }),
  oneOf(31, 26, 'EC', {
    0: 'buffer management event',
    30: 'granule protection check fault on a buffer write',
    31: 'IMPLEMENTATION DEFINED event',
    36: 'stage 1 Data Abort on a buffer write',
    37: 'stage 2 Data Abort on a buffer write',
  }),
  res0(25, 20),
  bit(19, 'DL', 'part of a record may be lost'),
  bit(18, 'EA', 'External abort'),
  bit(17, 'S', 'an event was recorded: profiling has stopped, and PMBIRQ is asserted'),
  bit(16, 'COLL', 'at least one sample collided'),
  field(15, 0, 'MSS', {
    about: 'EC 0: bits 5:0 are BSC (1 = buffer filled, 4 = buffer too large); EC 0x24, 0x25: bits 5:0 are the fault status code',
  }),
];

/** One bit an event, `E1` to `E63`; bits 47:32, 16 and 0 select nothing. */
const EVENT_BITS: readonly RegisterField[] = [
  ...Array.from({ length: 16 }, (_, i) => bit(63 - i, `E${63 - i}`)),
  res0(47, 32),
  ...Array.from({ length: 15 }, (_, i) => bit(31 - i, `E${31 - i}`)),
  res0(16),
  ...Array.from({ length: 15 }, (_, i) => bit(15 - i, `E${15 - i}`)),
  res0(0),
];

export const SPE_REGISTERS: readonly SystemRegister[] = [
  sysreg('PMSCR_EL1', [3, 0, 9, 9, 0], 'Statistical Profiling Control Register (EL1)', arm(8), pmscr(1)),
  sysreg('PMSNEVFR_EL1', [3, 0, 9, 9, 1], 'Sampling Inverted Event Filter Register', arm(17), EVENT_BITS),
  sysreg('PMSICR_EL1', [3, 0, 9, 9, 2], 'Sampling Interval Counter Register', arm(13), [
    field(63, 56, 'ECOUNT', { about: 'secondary counter, FEAT_SPE_ERnd only' }),
    res0(55, 32),
    field(31, 0, 'COUNT', { about: 'operations until the next sample; 0 = reload first' }),
  ]),
  sysreg('PMSIRR_EL1', [3, 0, 9, 9, 3], 'Sampling Interval Reload Register', arm(15), [
    res0(63, 32),
    field(31, 8, 'INTERVAL', { about: 'bits 31:8 of the reload value' }),
    res0(7, 1),
    bit(0, 'RND', 'add jitter'),
  ]),
  sysreg('PMSFCR_EL1', [3, 0, 9, 9, 4], 'Sampling Filter Control Register', arm(12), [
    res0(63, 53),
    bit(52, 'SIMDm'),
    bit(51, 'FPm'),
    bit(50, 'STm'),
    bit(49, 'LDm'),
    bit(48, 'Bm', 'FEAT_SPE_EFT: the type bits with a mask bit must match exactly'),
    res0(47, 21),
    bit(20, 'SIMD'),
    bit(19, 'FP'),
    bit(18, 'ST', 'stores and all atomics'),
    bit(17, 'LD', 'loads and atomics that return a value'),
    bit(16, 'B', 'branches and exception returns'),
    res0(15, 5),
    bit(4, 'FDS', 'filter by data source'),
    bit(3, 'FnE', 'inverted filter by event'),
    bit(2, 'FL', 'filter by latency'),
    bit(1, 'FT', 'filter by type'),
    bit(0, 'FE', 'filter by event'),
  ]),
  sysreg('PMSEVFR_EL1', [3, 0, 9, 9, 5], 'Sampling Event Filter Register', arm(11), EVENT_BITS),
  sysreg('PMSLATFR_EL1', [3, 0, 9, 9, 6], 'Sampling Latency Filter Register', arm(16), [
    res0(63, 16),
    field(15, 0, 'MINLAT', { about: 'least total latency that is recorded, cycles' }),
  ]),
  sysreg(
    'PMSIDR_EL1',
    [3, 0, 9, 9, 7],
    'Sampling Profiling ID Register',
    arm(14),
    [
      res0(63, 33),
      bit(32, 'SME'),
      oneOf(31, 28, 'ALTCLK', { 0: 'none, or the CPU clock', 1: 'external SMCU clock', 15: 'IMPLEMENTATION DEFINED' }),
      bit(27, 'FPF'),
      bit(26, 'EFT'),
      bit(25, 'CRR'),
      bit(24, 'PBT'),
      field(23, 20, 'Format'),
      oneOf(19, 16, 'CountSize', { 2: '12-bit saturating', 3: '16-bit saturating' }),
      oneOf(15, 12, 'MaxSize', {
        4: '16 bytes',
        5: '32 bytes',
        6: '64 bytes',
        7: '128 bytes',
        8: '256 bytes',
        9: '512 bytes',
        10: '1 KiB',
        11: '2 KiB',
      }),
      oneOf(11, 8, 'Interval', { 0: '256', 2: '512', 3: '768', 4: '1024', 5: '1536', 6: '2048', 7: '3072', 8: '4096' }),
      bit(7, 'FDS'),
      bit(6, 'FnE'),
      bit(5, 'ERnd'),
      bit(4, 'LDS', 'loads record a data source'),
      bit(3, 'ArchInst', '1: samples instructions, 0: micro-operations'),
      bit(2, 'FL'),
      bit(1, 'FT'),
      bit(0, 'FE'),
    ],
    { access: 'ro' },
  ),
  sysreg('PMBLIMITR_EL1', [3, 0, 9, 10, 0], 'Profiling Buffer Limit Address Register', arm(2), [
    field(63, 12, 'LIMIT', { about: 'bits 63:12 of the first address after the buffer' }),
    res0(11, 8),
    bit(7, 'nVM', 'FEAT_SPE_nVM: pointers are not virtual addresses'),
    res0(6),
    bit(5, 'PMFZ', 'freeze PMU event counters while profiling is stopped'),
    res0(4, 3),
    oneOf(2, 1, 'FM', { 0: 'fill mode', 2: 'discard mode' }),
    bit(0, 'E', 'the Profiling Buffer is enabled'),
  ]),
  sysreg('PMBPTR_EL1', [3, 0, 9, 10, 1], 'Profiling Buffer Write Pointer Register', arm(4), [field(63, 0, 'PTR')]),
  sysreg('PMBSR_EL1', [3, 0, 9, 10, 3], 'Profiling Buffer Status/syndrome Register (EL1)', arm(5), PMBSR),
  sysreg('PMSDSFR_EL1', [3, 0, 9, 10, 4], 'Sampling Data Source Filter Register', arm(10), [
    field(63, 0, 'S', { about: 'bit m: loads whose data source bits 5:0 are m' }),
  ]),
  sysreg('PMBMAR_EL1', [3, 0, 9, 10, 5], 'Profiling Buffer Memory Attribute Register', arm(3), [
    res0(63, 10),
    oneOf(9, 8, 'SH', { 0: 'non-shareable', 2: 'outer shareable', 3: 'inner shareable' }),
    field(7, 0, 'Attr', { about: 'as one byte of MAIR_EL1' }),
  ]),
  sysreg(
    'PMBIDR_EL1',
    [3, 0, 9, 10, 7],
    'Profiling Buffer ID Register',
    arm(1),
    [
      res0(63, 48),
      field(47, 32, 'MaxBuffSize', { about: 'largest buffer, 0 = no limit: mantissa 8:0, exponent 13:9' }),
      res0(31, 12),
      oneOf(11, 8, 'EA', { 0: 'not described', 1: 'External aborts are ignored', 2: 'External aborts are SErrors' }),
      oneOf(7, 6, 'AddrMode', { 0: 'virtual addresses only', 1: 'both', 3: 'physical addresses only' }),
      bit(5, 'F', 'buffer writes manage the Access flag and dirty state'),
      bit(4, 'P', 'a higher Exception level or another Security state owns the buffer'),
      field(3, 0, 'Align', { about: 'log2 of the alignment of pointer and records, bytes' }),
    ],
    { access: 'ro' },
  ),
  sysreg('PMSCR_EL2', [3, 4, 9, 9, 0], 'Statistical Profiling Control Register (EL2)', arm(9), pmscr(2)),
  sysreg('PMSCR_EL12', [3, 5, 9, 9, 0], 'Statistical Profiling Control Register (EL1), from EL2', arm(8), pmscr(1)),
  sysreg('PMBSR_EL2', [3, 4, 9, 10, 3], 'Profiling Buffer Status/syndrome Register (EL2)', arm(6), PMBSR),
  sysreg('PMBSR_EL12', [3, 5, 9, 10, 3], 'Profiling Buffer Status/syndrome Register (EL1), from EL2', arm(5), PMBSR),
  sysreg('PMBSR_EL3', [3, 6, 9, 10, 3], 'Profiling Buffer Status/syndrome Register (EL3)', arm(7), PMBSR),
];
