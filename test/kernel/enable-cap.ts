// KVM_ENABLE_CAP on the VM of a bench, by the members of its struct.
import { packStruct } from '../../src/abi/struct.ts';
import { KVM_ENABLE_CAP } from '../../src/abi/structs.ts';
import * as vmm from '../../src/session/vmm.ts';
import { type Bench, make } from './bench.ts';

/** 'ok' or the errno. `at` is where the struct lies instead. */
export function enableCap(b: Bench, cap: number, flags = 0, args: readonly number[] = [], at?: bigint): string {
  const argument = at ?? vmm.place(b.hands, vmm.SCRATCH, packStruct(KVM_ENABLE_CAP, { cap, flags, args: args.map(BigInt) }));
  return make(b, vmm.prepare(b.hands, { kind: 'vm', vm: 0 }, 'KVM_ENABLE_CAP', argument, ''));
}
