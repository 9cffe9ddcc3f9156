// KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST: core registers, and system registers by their encoding (kvm-spe-abi.md §2.9, §3.1).
import { getField } from '../../abi/struct.ts';
import { KVM_ONE_REG, KVM_REG_LIST } from '../../abi/structs.ts';
import { indexOfRegister, REGISTERS } from '../../arch/sysreg/table.ts';
import { type CpuContext, EL, getPc, getPstate, getX, SP, SPSEL, setPc, setPstate, setX } from '../../machine/cpu/context.ts';
import { doneText } from '../attr/state.ts';
import { type Request, request, type VcpuCall } from '../call-state.ts';
import { shownIdentification } from '../identification.ts';
import { allRegisterIds, isHidden, isKept, isPartOfZ, type OneReg, oneRegOf, valueStruct } from '../one-reg.ts';
import { type Check, does, fails, mainline, steps, v6Review } from '../steps.ts';
import { copyToUser } from '../user-memory.ts';
import { hasFeature } from '../vm.ts';
import { putUserValue, readsStruct, type StructScratch, structScratch, unmapped, userValue } from './user.ts';

type Call = VcpuCall & StructScratch;

const GET = 'kvm_arm_get_reg';
const SET = 'kvm_arm_set_reg';

const id = (s: Call): bigint => getField(KVM_ONE_REG, s.bytes, 'id');
const pointer = (s: Call): bigint => getField(KVM_ONE_REG, s.bytes, 'addr');
const register = (s: Call): OneReg | null => oneRegOf(id(s));
const idText = (s: Call): string => `0x${id(s).toString(16)}${register(s) === null ? '' : ` (${register(s)?.name})`}`;
const valueBytes = (s: Call): number => valueStruct(id(s)).size;
const askedValue = (s: Call): bigint => userValue(s, valueStruct(id(s)), pointer(s));

const uninitialised: Check<Call> = fails(
  'ENOEXEC',
  'the vCPU was not initialised',
  {
    when: (s) => !s.vcpu.initialised,
    saw: (s) => doneText(s.vcpu.initialised, 'KVM_ARM_VCPU_INIT'),
    wouldPass: () => 'KVM_ARM_VCPU_INIT first',
  },
  mainline('kvm_arch_vcpu_ioctl'),
);

const unknown: Check<Call> = fails(
  'ENOENT',
  'the vCPU has no such register',
  {
    when: (s) => {
      const r = register(s);
      return r === null || isHidden(s.host, s.vm, r);
    },
    saw: idText,
  },
  mainline('kvm_arm_sys_reg_get_reg'),
);

const partOfZ: Check<Call> = fails(
  'EINVAL',
  'a V register of a vCPU with SVE: its Z register has the id',
  {
    when: (s) => {
      const r = register(s);
      return r !== null && isPartOfZ(s.host, s.vm, r);
    },
    saw: idText,
  },
  mainline('core_reg_size_from_offset'),
);

const BANKS = [indexOfRegister('SP_EL0'), indexOfRegister('SP_EL1')];

/** PSTATE selects the stack pointer of this Exception level now: it is where X31 is kept, not in its bank. */
const isSelected = (c: CpuContext, el: number): boolean => (c.core[EL] === 0 || c.core[SPSEL] === 0 ? 0 : 1) === el;

/** The value of a register as user space reads it. */
export function readOneReg(s: VcpuCall, r: OneReg): bigint {
  const { context } = s.vcpu;
  if (r.kind === 'x') return getX(context, r.index);
  if (r.kind === 'v') return (context.v[2 * r.index + 1] << 64n) | context.v[2 * r.index];
  if (r.kind === 'sp') return isSelected(context, r.index) ? getX(context, SP) : context.sys[BANKS[r.index]];
  if (r.kind === 'pc') return getPc(context);
  if (r.kind === 'pstate') return getPstate(context);
  const kept = context.sys[r.index];
  return shownIdentification(s.host, s.vm, r.index, kept) ?? kept;
}

function writeOneReg(s: Call, r: OneReg, value: bigint): void {
  const { context } = s.vcpu;
  if (r.kind === 'x') setX(context, r.index, value);
  else if (r.kind === 'v') {
    context.v[2 * r.index] = value;
    context.v[2 * r.index + 1] = value >> 64n;
  } else if (r.kind === 'sp') {
    if (isSelected(context, r.index)) setX(context, SP, value);
    else context.sys[BANKS[r.index]] = value;
  } else if (r.kind === 'pc') setPc(context, value);
  else if (r.kind === 'pstate') setPstate(context, value);
  else if (isKept(r)) context.sys[r.index] = (context.sys[r.index] & ~REGISTERS[r.index].writable) | (value & REGISTERS[r.index].writable);
}

const GET_ONE_REG = steps<Call>('KVM_GET_ONE_REG', [
  uninitialised,
  ...readsStruct<Call>(KVM_ONE_REG, mainline('kvm_arch_vcpu_ioctl')),
  unknown,
  partOfZ,
  unmapped('the value cannot be written', pointer, valueBytes, mainline(GET)),
  does(
    'write the value at addr',
    (s) => {
      const r = register(s);
      if (r !== null) putUserValue(s, valueStruct(r.id), pointer(s), readOneReg(s, r));
    },
    mainline(GET),
  ),
]);

const SET_ONE_REG = steps<Call>('KVM_SET_ONE_REG', [
  uninitialised,
  ...readsStruct<Call>(KVM_ONE_REG, mainline('kvm_arch_vcpu_ioctl')),
  unknown,
  partOfZ,
  unmapped('the value cannot be read', pointer, valueBytes, mainline(SET)),
  fails(
    'EINVAL',
    'the register is fixed and the value differs',
    {
      when: (s) => {
        const r = register(s);
        return r !== null && !isKept(r) && readOneReg(s, r) !== askedValue(s);
      },
      saw: (s) => `0x${askedValue(s).toString(16)}`,
      wouldPass: (s) => {
        const r = register(s);
        return r === null ? '' : `0x${readOneReg(s, r).toString(16)}`;
      },
    },
    v6Review('16/35: user space cannot write PMSVer; set_invariant_sys_reg'),
  ),
  does(
    'set the register',
    (s) => {
      const r = register(s);
      if (r !== null) writeOneReg(s, r, askedValue(s));
    },
    mainline(SET),
  ),
]);

// --- KVM_GET_REG_LIST ---

const count = (s: Call): bigint => getField(KVM_REG_LIST, s.bytes, 'n');
const ids = (s: Call): readonly bigint[] => allRegisterIds(s.host, s.vm);

const GET_REG_LIST = steps<Call>('KVM_GET_REG_LIST', [
  uninitialised,
  fails(
    'EPERM',
    'a feature of the vCPU is not finalised',
    {
      when: (s) => needsFinalising(s),
      saw: (s) => (needsFinalising(s) ? 'sve' : 'nothing to finalise'),
      wouldPass: () => 'KVM_ARM_VCPU_FINALIZE first',
    },
    mainline('kvm_arch_vcpu_ioctl'),
  ),
  ...readsStruct<Call>(KVM_REG_LIST, mainline('kvm_arch_vcpu_ioctl')),
  fails(
    'E2BIG',
    'the list has more registers than there is room for',
    {
      when: (s) => count(s) < BigInt(ids(s).length),
      saw: (s) => `n=${count(s)}`,
      wouldPass: (s) => `n=${ids(s).length}`,
      leaves: { what: 'n is set to the number of registers', run: (s) => writeCount(s) },
    },
    mainline('kvm_arch_vcpu_ioctl'),
  ),
  unmapped('the list cannot be written', (s) => s.call.argument, KVM_REG_LIST.size, mainline('kvm_arm_copy_reg_indices')),
  does(
    'write the register ids',
    (s) => {
      writeCount(s);
      ids(s).forEach((value, i) => {
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setBigUint64(0, value, true);
        copyToUser(s.mw, s.process, s.call.argument + BigInt(8 * (i + 1)), bytes);
      });
    },
    mainline('kvm_arm_copy_reg_indices'),
  ),
]);

function writeCount(s: Call): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(ids(s).length), true);
  copyToUser(s.mw, s.process, s.call.argument, bytes);
}

/** SVE is asked for and not finalised. */
export function needsFinalising(s: VcpuCall): boolean {
  return !s.vcpu.sveFinalised && hasFeature(s.host, s.vm, 'sve');
}

export const ONE_REG_REQUESTS: readonly Request<VcpuCall>[] = [
  request(
    'KVM_GET_ONE_REG',
    { partial: 'core registers, SIMD&FP among them, and system registers; no firmware or timer pseudo-registers, no Z registers' },
    structScratch(),
    GET_ONE_REG,
  ),
  request(
    'KVM_SET_ONE_REG',
    { partial: 'core registers, SIMD&FP among them, and system registers; no firmware or timer pseudo-registers, no Z registers' },
    structScratch(),
    SET_ONE_REG,
  ),
  request('KVM_GET_REG_LIST', { partial: 'the registers that KVM_GET_ONE_REG reads here' }, structScratch(), GET_REG_LIST),
];
