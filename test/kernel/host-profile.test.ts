// A host that profiles itself while a guest profiles (kvm-spe-abi.md §3.6): both buffers decode, neither holds the other's records, and the
// guest's samples are those it would have alone.
import { describe, expect, test } from 'vitest';
import { hostTrace, setHostProfiling } from '../../src/kernel/spe/host-profile.ts';
import { readGuestMemory } from '../../src/kernel/view.ts';
import { decodeColumns } from '../../src/trace/decode.ts';
import { recordAt } from '../../src/trace/records.ts';
import { type Bench, hash, vcpuOf } from './bench.ts';
import { BUFFER, go, guest, mov, profile, RAM, reg } from './guests.ts';

/** Profiles itself, and leaves the guest by HVC every few dozen operations. */
const text = profile(0x4000).replace(
  /loop: ldr[\s\S]*$/,
  [
    'mov x12, #0',
    'loop: mov x5, #40',
    'inner: ldr x2, [x1]',
    'add x3, x3, x2',
    'str x3, [x1, #8]',
    'subs x5, x5, #1',
    'b.ne inner',
    mov('x0', 0x8400_0000),
    'hvc #0',
    'add x12, x12, #1',
    'b loop',
  ].join('\n'),
);

function ran(hostProfiles: boolean, operations = 60_000): Bench {
  const b = guest(text);
  setHostProfiling(b.mw, hostProfiles);
  let left = operations;
  while (left > 0) left -= go(b, left).executed;
  return b;
}

interface Row {
  readonly pc?: string;
  readonly el?: number;
  readonly va?: string;
}
function rowsOf(bytes: Uint8Array): Row[] {
  const columns = decodeColumns(bytes);
  return Array.from({ length: columns.rows }, (_, n) => recordAt(columns, n) as Row);
}
/** Perf sets the top byte of kernel addresses. */
const place = (address: string | undefined): number => Number(BigInt(address ?? '0x0') & 0xff_ffff_ffff_ffffn);
const guestBytes = (b: Bench): Uint8Array =>
  readGuestMemory(b.mw, 0, 0, 'va', BigInt(BUFFER), Number(reg(b, 'PMBPTR_EL1')) - BUFFER)._unsafeUnwrap();

describe('a host that profiles itself', () => {
  const b = ran(true);
  const ofGuest = rowsOf(guestBytes(b));
  const ofHost = rowsOf(hostTrace(b.mw, 1));
  const { code, buffer } = (() => {
    const { buffer } = b.mw.world.kernel.hostProfiles[1];
    return { code: buffer - 0x2000, buffer };
  })();

  test('both buffers decode whole, and hold what was written', () => {
    expect(ofGuest.length).toBeGreaterThan(20);
    expect(ofHost.length).toBeGreaterThan(100);
    expect(b.mw.world.kernel.hostProfiles[1].records).toBe(ofHost.length + 1024 * b.mw.world.kernel.hostProfiles[1].wraps);
    expect(b.mw.world.machine.cpus[1].spu?.completed.length).toBe(ofGuest.length);
  });
  test('the guest’s records are of EL1 and its RAM, the host’s of EL2 and its own code: neither has one of the other', () => {
    for (const { el, pc } of ofGuest) {
      expect(el).toBe(1);
      expect([place(pc) >= RAM, place(pc) < RAM + 0x1000]).toEqual([true, true]);
    }
    for (const { el, pc, va } of ofHost) {
      expect(el).toBe(2);
      expect([place(pc) >= code, place(pc) < code + 0x1000]).toEqual([true, true]);
      if (va !== undefined) expect(place(va) - code).toBeLessThan(0x2000);
    }
    expect(buffer % 4096).toBe(0);
  });
  test('the guest’s samples are the operations that it samples alone; its registers and its way are the same', () => {
    const alone = ran(false);
    expect(rowsOf(guestBytes(alone)).map((r) => r.pc)).toEqual(ofGuest.map((r) => r.pc));
    expect(['x3', 'x12', 'pc', 'PMBPTR_EL1', 'PMSICR_EL1'].map((r) => reg(alone, r))).toEqual(
      ['x3', 'x12', 'pc', 'PMBPTR_EL1', 'PMSICR_EL1'].map((r) => reg(b, r)),
    );
    expect(alone.mw.world.kernel.hostProfiles).toEqual({});
  });
  test('the guest never sees the host’s interrupt, nor the host the guest’s', () => {
    const long = ran(true, 400_000);
    expect(long.mw.world.kernel.hostProfiles[1].wraps).toBeGreaterThan(0);
    expect(reg(long, 'PMBSR_EL1')).toBe(0x20001n); // its own: 256 records
    expect(rowsOf(guestBytes(long))).toHaveLength(256);
    expect(vcpuOf(long, 0).spe.level).toBe(true);
  });
  test('the same seed, the same world; off, the sessions end', () => {
    expect(hash(ran(true, 5_000))).toBe(hash(ran(true, 5_000)));
    const off = ran(true, 5_000);
    const { records } = off.mw.world.kernel.hostProfiles[1];
    setHostProfiling(off.mw, false);
    go(off, 5_000);
    expect(off.mw.world.kernel.hostProfiles[1].records).toBe(records);
  });
});
