// `boot`: how an image ends, and what it may cost. Flat images are assembled here; everything is deterministic, so a stop has its exact place.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/arch/a64/assemble.ts';
import { finish } from '../../src/session/session.ts';
import { hostOf } from '../kernel/bench.ts';
import { bootHere, startBoot } from './booting.ts';

const UART = 'mov x9, #0x09000000';
const OFF = 'movz x0, #8\nmovk x0, #0x8400, lsl #16\nhvc #0';

/** A flat image of this program, as it lies at RAM base + 0x80000. */
function flat(text: string): Uint8Array {
  const made = assemble(text, 0x4008_0000n);
  if (made.isErr()) throw new Error(`line ${made.error.line}: ${made.error.message}`);
  return new Uint8Array(made.value.words.buffer.slice(0));
}

/** Prints the text, then goes on with `then`. */
function saying(text: string, then = OFF): Uint8Array {
  const bytes = [...new TextEncoder().encode(text)];
  return flat([UART, ...bytes.flatMap((byte) => [`mov w8, #${byte}`, 'strb w8, [x9]']), then].join('\n'));
}

describe('the status', () => {
  test.each([
    ['EXIT: STATUS=1\n', 0],
    ['EXIT: STATUS=3\n', 1],
    ['EXIT: STATUS=155\n', 77],
    ['EXIT: STATUS=1\nEXIT: STATUS=255\n', 127],
    ['\r\nEXIT: STATUS=3\r\n', 1],
    ['EXIT: STATUS=3', 1],
    ['EXIT: STATUS=-1\n', -1],
    ['SUMMARY: 4 tests\n', 0],
    ['SUMMARY: 4 tests, 1 unexpected failures\n', 1],
    ['SUMMARY: 4 tests, 0 unexpected failures\n', 0],
    ['SUMMARY: 4 tests, 2 expected failures, 1 skipped\n', 0],
    ['SUMMARY: 4 tests, 3 unexpected failures\nEXIT: STATUS=1\n', 0],
    ['no word of it\n', 0],
    ['', 0],
  ])('%j: %i', (text, status) => {
    const done = bootHere({ image: saying(text) });
    expect([done.status, done.outcome.value, done.outcome.ok, done.text]).toEqual([status, status, true, text]);
  });

  test.each([
    ['sleeps for ever', 'here: wfi\nb here', 'waits'],
    ['loops on the spot', 'here: b here', 'stuck'],
    ['goes on to the end of its budget', 'msr daifclr, #2\nhere: b here', 'budget'],
    ['asks for a reset', OFF.replace('movz x0, #8', 'movz x0, #9'), 'reset'],
  ])('what is reported stands, also where the guest then %s', (_what, then, stop) => {
    const done = bootHere({ image: saying('EXIT: STATUS=5\n', then), operations: 10_000 });
    expect([done.status, done.outcome.value, done.outcome.ok, done.outcome.data?.['stop']]).toEqual([2, 2, true, stop]);
    expect(done.outcome.data?.['stopped']).toEqual(expect.any(String));
  });

  test('the value is $_', () => {
    const { session } = bootHere({ image: saying('EXIT: STATUS=7\n') });
    expect(session.context.values).toEqual([3]);
  });
});

describe('what the guest is given', () => {
  test('a flat image begins with its first byte at RAM base + 0x80000: EL1h, DAIF masked, MMU off, x0 the devicetree at the top of RAM', () => {
    const reads = ['mrs x21, CurrentEL', 'mrs x22, DAIF', 'mrs x23, SCTLR_EL1', 'mrs x24, SPSel', 'ldr w25, [x0]'];
    const image = flat(['start: adr x20, start', ...reads, 'here: b here'].join('\n'));
    const { running, session } = startBoot({ image, memory: 16n << 20n, operations: 1000 });
    while (running.advance(100) === null);
    const { context } = session.context.world.world.machine.cpus[0];
    const x = (n: number): bigint => (BigInt(context.hi[n] >>> 0) << 32n) | BigInt(context.lo[n] >>> 0);
    expect([x(0), x(20), x(21), x(22), x(23) & 1n, x(24), x(25)]).toEqual([0x40ff_0000n, 0x4008_0000n, 4n, 0x3c0n, 0n, 1n, 0xedfe_0dd0n]);
  });

  test('argument text and an initial RAM disk are in the tree', () => {
    const { session } = bootHere({
      image: flat(OFF),
      args: "setup smp=2 'mem 64'",
      initrd: new TextEncoder().encode('ERRATA=y\n'),
      memory: 16n << 20n,
    });
    const ram = session.context.world.mounted.memory.u8;
    const slot = session.context.world.world.kernel.vms[0].memslots[0];
    const tree = ram.subarray(slot.frame * 4096 + 0xff_0000, slot.frame * 4096 + 0xff_2000);
    const text = new TextDecoder('latin1').decode(tree);
    expect(text).toContain("setup smp=2 'mem 64'\0");
    expect(text).toContain('linux,initrd-start\0');
    const disk = ram.subarray(slot.frame * 4096 + 0xfe_f000, slot.frame * 4096 + 0xfe_f009);
    expect(new TextDecoder().decode(disk)).toBe('ERRATA=y\n');
  });
});

/** Images that end otherwise than by SYSTEM_OFF. */
const STOPS: readonly (readonly [what: string, image: Uint8Array | string, stop: string, message: RegExp])[] = [
  ['all-zero code', new Uint8Array(4096), 'stuck', /exception vector faults for ever; vcpu0 at 0x200/],
  ['a branch to itself', flat('here: b here'), 'stuck', /branches to itself with interrupts masked; vcpu0 at 0x40080000: b 0?x?40080000/],
  ['a branch to nowhere', flat('mov x1, #0x1000\nbr x1'), 'stuck', /exception vector faults for ever/],
  [
    'an undefined vector',
    flat('adr x1, here\nmsr vbar_el1, x1\nudf #0\n'.replace('adr x1, here', 'here: adr x1, here')),
    'stuck',
    /vector faults for ever/,
  ],
  ['a loop', flat('here: add x1, x1, #1\nb here'), 'budget', /the budget of 50000 operations is spent; vcpu0 at/],
  ['a branch to itself that an interrupt may end', flat('msr daifclr, #2\nhere: b here'), 'budget', /budget of 50000/],
  ['sleep for ever', flat('wfi\nhere: b here'), 'waits', /nothing can raise one; vcpu0 at 0x40080004/],
  ['a loop of WFE', flat('here: wfe\nb here'), 'budget', /budget/],
  ['SYSTEM_RESET', flat(OFF.replace('movz x0, #8', 'movz x0, #9')), 'reset', /vcpu0 asked for SYSTEM_RESET/],
  ['a loop of loads that nobody answers', flat('mov x1, #0x1000\nhere: ldr x2, [x1]\nb here'), 'budget', /budget/],
  ['a loop of HVC', flat('here: hvc #0\nb here'), 'budget', /budget/],
  ['an endless console', flat(`${UART}\nmov w8, #65\nhere: strb w8, [x9]\nb here`), 'budget', /budget/],
  [
    'a timer at the end of time',
    flat('mov x1, #-1\nmsr cntv_cval_el0, x1\nmov x1, #1\nmsr cntv_ctl_el0, x1\nwfi\nhere: b here'),
    'waits',
    /wait/,
  ],
  ['code that overwrites itself', flat('here: adr x1, here\nldr w2, [x1]\nstr w2, [x1, #12]\nudf #0\nb here'), 'budget', /budget/],
  ['CPUs that power themselves off', flat('movz x0, #2\nmovk x0, #0x8400, lsl #16\nhvc #0'), 'waits', /wait/],
  ['forever', 'forever', 'budget', /spin/],
];

describe('every other end is a stop, within the budget', () => {
  test.each(STOPS)('%s', (_what, image, stop, message) => {
    const done = bootHere({ image, operations: 50_000 });
    expect(done.outcome.data).toMatchObject({ status: null, stop });
    expect(done.outcome.unmet).toMatchObject({ code: 'stopped' });
    expect(done.outcome.unmet?.message).toMatch(message);
    expect(done.outcome.data?.['executed']).toBeLessThanOrEqual(50_000);
    expect(done.outcome.ok).toBe(false);
  });

  test('the budget is exact', () => {
    for (const operations of [1, 999, 1000, 12_345]) {
      expect(bootHere({ image: 'forever', operations }).outcome.data?.['executed']).toBe(operations);
    }
  });
});

describe('images that are none', () => {
  const elf = readFileSync(new URL('../../fixtures/guests/branchy.elf', import.meta.url));
  const patched = (offset: number, value: bigint): Uint8Array => {
    const copy = new Uint8Array(elf);
    new DataView(copy.buffer).setBigUint64(offset, value, true);
    return copy;
  };
  test.each<readonly [string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(0), /the file is empty/],
    ['text', new TextEncoder().encode('hello\n'), /text file/],
    ['an ELF, truncated', elf.subarray(0, 6000), /reach beyond the end of the file/],
    ['an ELF, truncated in its header', elf.subarray(0, 50), /ends inside the ELF header/],
    ['overlapping segments', patched(64 + 56 + 24, 0x4008_0000n), /overlaps/],
    ['an entry outside', patched(24, 0x1234n << 12n), /entry point/],
    ['a segment of 2^63 bytes', patched(64 + 56 + 40, 1n << 63n), /needs guest memory/],
    ['a segment at 2^63', patched(64 + 24, 1n << 63n), /needs guest memory/],
    ['headers at 2^63', patched(32, 1n << 63n), /headers .* reach beyond/],
    ['more than RAM', new Uint8Array(20 << 20), /needs guest memory/],
  ])('%s', (_what, image, message) => {
    const { outcome } = bootHere({ image, memory: 16n << 20n });
    expect(outcome.unmet?.code).toBe('invalid-image');
    expect(outcome.unmet?.message).toMatch(message);
  });

  test('an initial RAM disk that does not fit', () => {
    const { outcome } = bootHere({ image: flat(OFF), memory: 1n << 20n, initrd: new Uint8Array(1 << 20) });
    expect(outcome.unmet).toMatchObject({
      code: 'invalid-image',
      message: expect.stringMatching(/initial RAM disk .* reaches into the image/),
    });
  });
});

describe('whatever the bytes', () => {
  const ends = (image: Uint8Array, vcpus: number): void => {
    const { outcome } = bootHere({ image, vcpus, operations: 4000, memory: 2n << 20n });
    expect(outcome.data?.['executed'] ?? 0).toBeLessThanOrEqual(4000);
    expect(outcome.value !== null || outcome.unmet !== undefined).toBe(true);
  };
  test('a flat image ends by its budget', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 256 }), fc.integer({ min: 1, max: 3 }), ends), { numRuns: 60 });
  });
  test('a changed ELF is refused or ends', () => {
    const elf = readFileSync(new URL('../../fixtures/guests/el0.elf', import.meta.url));
    const change = fc.tuple(fc.nat(0x3000), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const image = new Uint8Array(elf);
        for (const [at, value] of changes) image[at] = value;
        ends(image, 1);
      }),
      { numRuns: 40 },
    );
  });
});

test('a host without SPE refuses, by the call that does', () => {
  const { outcome } = bootHere({ image: flat(OFF), host: hostOf('no-spe') });
  expect(outcome.ok).toBe(false);
  expect(outcome.calls?.at(-1)).toMatchObject({ ioctl: 'KVM_ARM_VCPU_INIT' });
  expect(outcome.calls?.at(-1)?.errno).not.toBeNull();
});

test('threads are placed where the VM may run, also where SPU and PMU overlap in part', () => {
  expect(bootHere({ image: 'atomics', vcpus: 5, host: hostOf('partial-spe') }).status).toBe(0);
});

test('Ctrl-C lands between slices', () => {
  const { running } = startBoot({ image: 'forever' });
  expect(running.advance(10_000)).toBeNull();
  expect(running.interrupt()).toMatchObject({ interrupted: true });
});

test('a guest that prints for ever keeps only the tail', () => {
  const { session, running } = startBoot({ image: flat(`${UART}\nmov w8, #65\nhere: strb w8, [x9]\nb here`), operations: 4000 });
  const { console } = session.context.writableLog;
  for (let i = 0; i < 131_000; i++) console.push({ tick: 0, vm: 0, byte: 66 }); // printed before: each byte is an exit, and takes its time
  const text = String(finish(running, 1000).data?.['console']);
  expect(text).toMatch(/^B{60000,}A{1990,}$/);
  expect(text.length).toBeLessThan(70_000);
});
