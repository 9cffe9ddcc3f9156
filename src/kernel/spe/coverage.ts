// What spesh has of the Statistical Profiling Extension and of Linux's driver for it: one row a rule of spe-architecture §1 to §6 (the reference
// that the sections of the comments name), with the tests that show it. README.md prints it.
import { full, none, partial, type ReferenceRow } from '../reference-coverage.ts';

const EVENTS = 'fixtures/sessions/management-events.md';
const LATENCIES = 'fixtures/sessions/latencies.md';
const TRUTH = 'machine/spu/truth';
const RECORD = 'machine/spu/record';
const PACKETS = 'arch/spe-packets';
const RULES = 'machine/spu/buffer-rules';
const BUFFER = 'machine/spu/buffer';
const VERSIONS = 'machine/spu/versions';
const ACCESS = 'machine/spu/access';
const EVENT = 'kernel/driver/event';
const PERF_RECORD = 'kernel/driver/perf-record';
const NO_UNIT = 'no unit here has it: KVM gives its guests none, and Linux’s driver uses none';

const RECORD_FORMAT: readonly ReferenceRow[] = [
  full(
    '1.1',
    'records of packets in any order, one Timestamp or End packet, padding anywhere; unknown packets are stepped over',
    PACKETS,
    TRUTH,
  ),
  full('1.1', 'what every record has: Events and the terminator; of an executed operation PC, operation type and two latencies', TRUTH),
  none('1.1', 'a counter that is constant may be left out', 'a choice: these units write every counter'),
  full('1.2', 'payload size by the header’s bits 5:4, for extended headers by the second byte', PACKETS),
  full('1.3', 'every defined header, written and read', PACKETS),
  full(
    '1.4',
    'address packets 0 to 4: PC, branch target, data virtual and physical address, previous branch target; NS and EL in byte 7',
    RECORD,
    TRUTH,
  ),
  full('1.4', 'top-byte tags where TBI applies; zero elsewhere, as Neoverse N1 writes it', RECORD),
  full('1.4', 'no target address of an operation that raised an exception', TRUTH, 'machine/cpu/profile'),
  partial(
    '1.4',
    'NSE, CH and PAT of byte 7',
    'read and printed; never written: no Realms (FEAT_RME) and no Allocation Tags (FEAT_MTE2)',
    PACKETS,
  ),
  none('1.4', 'implementation-defined address packets', 'read; N1 writes none'),
  full('1.5', 'total, issue and translation latency; saturation at 12 or 16 bits', RECORD, TRUTH),
  none('1.5', 'issue latency in another clock (index 4)', `FEAT_SPE_ALTCLK counts for streaming mode only: ${NO_UNIT}`),
  none('1.5', 'cycles of one thread of a multithreaded CPU', 'no CPU here runs several threads'),
  full('1.6', 'timestamps, both contexts, 8-bit data sources of loads and of atomics that return a value', RECORD, TRUTH),
  partial('1.6', 'no timestamp while the system counter stands still', 'CNTCR is firmware’s; the counter never stops', RECORD),
  full('1.7', 'Events packets of 1, 2, 4 and 8 bytes; a unit writes one size: 2, from SPEv1p4 on 4', PACKETS, VERSIONS),
  full('1.8', 'class 0: other, conditional select and compare; hints, barriers, maintenance and prefetches', 'machine/cpu/profile', TRUTH),
  full('1.8', 'class 0: floating point and Advanced SIMD (FEAT_SPE_FPF)', 'machine/cpu/profile', VERSIONS),
  partial('1.8', 'class 0: SVE, SME', 'read and printed; the CPU has none of these instructions', PACKETS),
  full('1.9', 'class 1: general-purpose loads and stores, acquire, release, exclusive, atomic', 'machine/cpu/profile', TRUTH),
  full('1.9', 'class 1: loads and stores of SIMD&FP registers', 'machine/cpu/profile', VERSIONS),
  partial(
    '1.9',
    'class 1: SVE, SME, tags, NV2, memory copy, Guarded Control Stack',
    'read and printed; the CPU has none of these instructions',
    PACKETS,
  ),
  full(
    '1.9',
    'class 2: conditional, indirect, call and return (FEAT_SPE_CRR); exception returns are unconditional',
    'machine/cpu/profile',
    VERSIONS,
  ),
  full('1.10', 'which packets go with which operation', TRUTH),
  full('1.10', 'the target of a branch not taken: the fall-through address with N1 slots, none in the architectural layout', RECORD),
  none(
    '1.10',
    'records of operations that were not retired',
    'the CPU does not speculate: every operation of the population is architecturally executed',
  ),
  full('1.11', 'record size and alignment, N1 slots with 16- and 32-bit events, the example’s packet order', RECORD, VERSIONS),
  partial('1.11', 'Kunpeng 920 records', 'read; no host here writes them', PACKETS),
  full('1.12', 'the bytes as perf 6.1, 6.12 and 7.3 read and print them', PACKETS, 'trace/decode', 'trace/dump', 'oracle/spe-dump'),
  full('1.13', 'packet vectors V01 to V94', PACKETS),
  full('1.14', 'record vectors R1 to R12', PACKETS, RECORD, 'trace/decode'),
];

const EVENTS_AND_SOURCES: readonly ReferenceRow[] = [
  full(
    '2.1',
    'events 0 to 7: exception, retired, L1D access and refill, TLB access and walk, not taken, mispredicted',
    TRUTH,
    'machine/cpu/profile',
  ),
  full('2.1', 'events 8 to 10: last level access, miss, remote access', 'machine/timing/shared', LATENCIES),
  full('2.1', 'event 11: latency of alignment (SPEv1p1): an access that lies in two lines', 'machine/timing/model', TRUTH),
  full('2.1', 'events 19, 20, 21, 23: L2 access and miss, modified line, snooped (SPEv1p4)', 'machine/timing/shared', TRUTH),
  none('2.1', 'event 22: hit on a pending refill', 'a refill of the model is over before the next access looks'),
  none('2.1', 'events 17, 18, 24, 25', 'of SVE and SME, which the CPU does not execute'),
  none('2.1', 'events 12 to 15, 26 to 31, 48 to 63', 'implementation-defined; read and printed (12 as N1’s), never written'),
  full('2.1', 'which events the filters look at, by version', VERSIONS, 'machine/spu/filter'),
  full(
    '2.2',
    'the SAMPLE_* PMU events, all fourteen: shown by `spu`, counted by the PMU’s event counters that are on, by Exception level, with overflow flags',
    'machine/spu/filter',
    'machine/spu/collision',
    'machine/pmu/event-counters',
  ),
  none(
    '2.2',
    'the PMU around them: ID_AA64DFR0_EL1.PMUVer, other events, the cycle counter, its interrupt',
    'no PMUv3: the events that every one has would cost each access of memory a count',
  ),
  partial(
    '2.3',
    'data sources of Neoverse and Cortex',
    'all but 0xa (local cluster): clusters share no cache here',
    'machine/timing/shared',
    LATENCIES,
  ),
  partial(
    '2.3',
    'data sources of AmpereOne and HiSilicon, perf’s fallback by events',
    'codes are shown as numbers, with the Neoverse names beside them',
    'trace/statistics',
  ),
];

const REGISTERS: readonly ReferenceRow[] = [
  full('3.1', 'encodings, access, presence by feature', 'arch/sysreg-spe', ACCESS),
  none('3.1', 'offsets in NV2 memory', 'no guest hypervisor runs: the CPU has no FEAT_NV2'),
  none('3.1', 'other names at EL2 with HCR_EL2.E2H', 'no instructions of a hypervisor run: KVM is modelled by what it does'),
  full('3.2', 'every field, reset value, RES0 and write mask by version', 'arch/sysreg-spe', VERSIONS, BUFFER),
  full('3.2', 'PMBSR_ELx values in words: EC, BSC, FSC', RULES),
  full('3.2', 'PMBIDR_EL1.P: a unit that a higher Exception level owns; 0 for KVM’s guests', 'kernel/driver/probe', 'kernel/guest-run'),
  full('3.2', 'PMBIDR_EL1.MaxBuffSize as a limit that a hypervisor presents', 'kernel/guest-run', EVENTS),
  none('3.2', 'EE and KE, PMBSR_EL2 and PMBSR_EL3 (FEAT_SPE_EXC)', `described, UNDEFINED to use: ${NO_UNIT}`),
  none('3.2', 'EnVM, nVM, AddrMode, PMBMAR_EL1 (FEAT_SPE_nVM)', `described, UNDEFINED to use: ${NO_UNIT}`),
  full('3.3', 'MDCR_EL2.E2PB and TPMS, fine-grained traps, FGT2, the order of the decision', ACCESS),
  full('3.3', 'HFGITR_EL2.PSBCSYNC', ACCESS),
  none('3.3', 'MDCR_EL3 and SCR_EL3', 'no EL3: what the architecture says of a system without it holds'),
  full('3.4', 'PMBLIMITR_EL1.E resets to 0; UNKNOWN fields to 0', 'arch/sysreg-spe'),
];

const BEHAVIOUR: readonly ReferenceRow[] = [
  full('4.1', 'owner, E2PB, TGE, the control bit of each Exception level, S', 'machine/spu/enabled'),
  none(
    '4.1',
    'Secure and Realm state, Debug state, AArch32',
    'everything runs Non-secure in AArch64, and the debugger stops between operations',
  ),
  full(
    '4.1',
    'the buffer’s translation regime: EL1&0 with stage 2, or EL2&0; privileged, PAN ignored',
    RULES,
    BUFFER,
    'kernel/host-profile',
  ),
  full('4.2', 'the interval counter: five vectors, ECOUNT, a first sample from PMSICR_EL1', 'machine/spu/interval', 'machine/spu/program'),
  full('4.2', 'RND and ERnd from the world’s seed', 'machine/spu/interval'),
  full(
    '4.2',
    'collisions: one sample in flight for as many operations as its total latency has cycles; COLL',
    'machine/spu/collision',
    EVENTS,
  ),
  partial(
    '4.2',
    'the population: instructions or micro-operations (ArchInst)',
    'every instruction is one micro-operation of the model, so that both count alike',
    'machine/spu/program',
  ),
  full('4.3', 'what is gathered, and when: PC, contexts, first access, outcome, latencies', TRUTH),
  full('4.3', 'an access that does not happen has no cache or TLB events', 'machine/cpu/profile', TRUTH),
  full('4.3', 'the previous branch target (FEAT_SPE_PBT), forgotten while profiling is off', 'machine/spu/previous-target', TRUTH, RECORD),
  none('4.3', 'SVE elements, memory copy, GCSSS2, mis-speculated operations', 'the CPU has none'),
  full('4.4', 'count, filter, discard, write: the order', 'machine/spu/filter', BUFFER),
  full('4.5', 'FE, FnE, FL, FT with masks (EFT), FDS: all vectors', 'machine/spu/filter', TRUTH),
  full('4.5', 'settings that select nothing behave as off, and the timeline says so', 'machine/spu/filter', EVENTS),
  full('4.6', 'a record is written byte by byte in order, page by page, never at or beyond LIMIT', RULES),
  full('4.7', 'buffer full: the five rows', BUFFER),
  full('4.7', 'rules of the pointer, broken in every way', RULES, EVENTS),
  full('4.8', 'stage 1 and stage 2 faults on the write: EC, FSC, PMBPTR, DL', RULES, BUFFER, EVENTS),
  full('4.8', 'synchronous External aborts before SPEv1p3; ignored or an SError from then on', RULES, EVENTS),
  none(
    '4.8',
    'asynchronous External aborts, further samples after a fault (SPEv1p5)',
    'choices: aborts are synchronous, a fault stops the unit at once',
  ),
  none(
    '4.8',
    'granule protection faults, TLB conflicts, alignment to Device memory, External aborts on walks',
    'no granule protection, the TLB has no duplicates, buffers lie in Normal memory, what stage 2 maps of tables is memory',
  ),
  partial(
    '4.8',
    'Access flag and dirty state',
    'an Access flag of 0 faults; nothing here sets it in hardware (PMBIDR_EL1.F)',
    'machine/cpu/mmu',
  ),
  full('4.8', 'priorities; S once set keeps its syndrome, DL and EA add up', RULES),
  full('4.9', 'contexts, physical addresses, timestamps: virtual, physical, offset physical, by owner', RECORD),
  full('4.10', 'PMBIRQ is S: level, held until software clears it, raised by a write too', ACCESS, BUFFER),
  none('4.10', 'the Profiling exception', `FEAT_SPE_EXC: ${NO_UNIT}`),
  none(
    '4.10',
    'PMU freeze (PMFZ, FZS, HPMFZS, FEAT_SPE_DPFZS)',
    'the fields are there; the events that are counted are of sampling, which has stopped by itself',
  ),
  full(
    '4.11',
    'PSB CSYNC: the sample in flight is complete, its record written; DSB and ISB need do nothing more',
    'machine/spu/collision',
    TRUTH,
  ),
  full(
    '4.11',
    'controls act from the next operation on; what was not written when software disables the buffer is dropped',
    ACCESS,
    BUFFER,
  ),
  full(
    '4.11',
    'buffer writes are seen at once, as code too; the unit’s translations are the CPU’s TLB’s, so that TLB maintenance covers them',
    'machine/spu/own-code',
    'machine/cpu/mmu',
  ),
  none('4.11', 'a buffer write takes an exclusive monitor away', 'only the stores of CPUs are looked at'),
  full('4.11', 'being sampled changes nothing else: exclusives, registers, memory, ticks', 'machine/cpu/profile'),
  full('4.12', 'discard mode', BUFFER, PERF_RECORD),
  full('4.13', 'side effects of register writes', ACCESS, BUFFER),
];

const DRIVER: readonly ReferenceRow[] = [
  full('5', 'SPE, SPEv1p1 to SPEv1p5 as host fixtures, and what no unit can say of itself', VERSIONS, 'kernel/hosts'),
  full('5', 'ArchInst, ERnd, LDS, FnE, PBT, FDS, CRR, EFT, FPF', VERSIONS, 'machine/spu/filter'),
  none('5', 'SME, ALTCLK, DPFZS, EXC, nVM', 'of instructions, clocks and exceptions that the rows above say are missing'),
  partial(
    '6.1',
    'the device’s directory in sysfs, its link on the bus, power/',
    'the device stands in /sys/devices with every kernel; from about 6.12 on the driver’s is below its platform device',
    'kernel/sysfs',
  ),
  full('6.2', 'format/ by kernel and unit', 'kernel/sysfs', 'kernel/driver/event-text'),
  full('6.3', 'caps/ by kernel and unit', 'kernel/sysfs'),
  full('6.4', 'names and type numbers', 'kernel/sysfs', 'kernel/hosts'),
  full('6.5', 'several units; an event on a CPU of none', 'kernel/sysfs', EVENT),
  none('6.5', 'ACPI’s refusal of different units', 'the firmware of heterogeneous hosts is a devicetree'),
  full('6.6', 'probing: what the driver gives up for, in its order, and what it prints', 'kernel/driver/probe'),
  none('6.6', 'CPUs that come and go', 'every CPU is online from boot on'),
  full('6.7', 'opening an event: errors, and the register values of every request', EVENT),
  full('6.7', 'the period: first count and reload value', EVENT, PERF_RECORD),
  full(
    '6.8',
    'the AUX buffer: limits, padding, wrap, wake-ups, overwrite mode; TRUNCATED, PARTIAL, COLLISION',
    'kernel/driver/aux-ring',
    PERF_RECORD,
  ),
  full('6.8', 'the interrupt handler’s reading of PMBSR_EL1, and its error lines', 'kernel/driver/aux-ring', PERF_RECORD),
  full('6.9', 'the interrupt: PPI 21, or what the fixture’s firmware says', 'kernel/driver/probe'),
  full('6.10', 'Exception levels: a KVM guest’s EL1 and EL0, a VHE host’s EL2', PERF_RECORD, 'kernel/host-profile'),
  full(
    '6.11',
    'perf’s defaults: period, timestamps, AUX size; terms and values that it refuses',
    'kernel/driver/event-text',
    PERF_RECORD,
    'oracle/perf-guest',
  ),
  full('6.12', 'the complete N1-like tree', 'kernel/sysfs'),
];

export const SPE_COVERAGE: readonly ReferenceRow[] = [...RECORD_FORMAT, ...EVENTS_AND_SOURCES, ...REGISTERS, ...BEHAVIOUR, ...DRIVER];
