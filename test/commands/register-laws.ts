// The law of mrs and msr, for every system register: the same instruction, written where the vCPU stands and stepped, reads, keeps or takes what
// the command said. mrs-msr.test.ts holds it where the guest profiles, test/fuzz/register-access.test.ts at every place.
import { describe, expect, test } from 'vitest';
import { REGISTERS } from '../../src/arch/sysreg/table.ts';
import { readGuestRegister } from '../../src/kernel/view.ts';
import { newShell, type Ran, type Shell } from './shell.ts';

interface Data {
  readonly el: number;
  readonly written: string | null;
  readonly holds: string | null;
  readonly trap: { readonly ec: string } | null;
  readonly exception: { readonly esr: string; readonly ec: string; readonly vector: string } | null;
  readonly exit: { readonly name: string } | null;
}

const dataOf = (ran: Ran): Data => ran.json['data'] as unknown as Data;
export const value = (s: Shell, name: string): string => String(s.run(`print ${name}`).outcome.value);
export const up = (guest = 'pointer-chase', ...more: readonly string[]): Shell => {
  const s = newShell();
  s.all(`up ${guest}`, ...more);
  return s;
};
export const profiling = (): Shell => up('pointer-chase', 'sample 2', 'step 3');

/** MRS X0 or MSR from X0 of an encoding: C6.2. */
function wordOf([op0, op1, crn, crm, op2]: readonly number[], read: boolean): string {
  const word = ((read ? 0xd5300000 : 0xd5100000) | ((op0 & 1) << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5)) >>> 0;
  return `0x${word.toString(16)}`;
}

/** What taking an exception leaves, to put it back. */
const TAKEN = ['pstate', 'ESR_EL1', 'ELR_EL1', 'SPSR_EL1', 'FAR_EL1'];

/** The guest executes the access where it stands, and is put back there: X0, and the exception that it took. */
function executed(s: Shell, encoding: readonly number[], written: string | null) {
  const pc = value(s, 'pc');
  const before = TAKEN.map((name) => `reg ${name}=${value(s, name)}`);
  s.all(`w pc ${wordOf(encoding, written === null)} --size 4`, `reg x0=${written ?? '0xdead'}`, 'step');
  const to = value(s, 'pc');
  const exception = BigInt(to) === BigInt(pc) + 4n ? null : { esr: value(s, 'ESR_EL1'), vector: to };
  const x0 = value(s, 'x0');
  if (exception !== null) for (const text of before) s.run(text);
  s.run(`reg pc=${pc}`);
  return { x0, exception };
}

/** The guest executes a NOP where it stands: a tick, into the guest if it was out, and back. */
function passTick(s: Shell): void {
  const pc = value(s, 'pc');
  s.all('w pc 0xd503201f --size 4', 'step', `reg pc=${pc}`);
}

/** The interval counter: an operation of the guest counts itself, and the command is none. */
const COUNTS_ITSELF = new Set(['PMSICR_EL1']);

/** Every system register of the guest's, of vCPU 0, as a debugger sees it. */
const file = ({ session }: Shell): string[] =>
  REGISTERS.filter(({ name }) => !name.endsWith('_EL2') && !COUNTS_ITSELF.has(name)).map(
    ({ name }) => `${name} ${readGuestRegister(session.context.world, 0, 0, name)?.toString(16)}`,
  );

/** The same without the interface's, which holds no list registers while KVM answers. */
const outsideGic = (s: Shell): string[] => file(s).filter((row) => !row.startsWith('ICC_'));

type Place = readonly [string, () => Shell];

export const PLACES: readonly Place[] = [
  ['at its first instruction, outside KVM_RUN', up],
  ['while it profiles, inside KVM_RUN', () => up('pointer-chase', 'sample 2', 'step 3', 'reg pstate=(pstate|0x3c0)')],
  ['at EL0', () => up('el0', 'until (pstate & 12) == 0')],
];

/** Some bits of everything; DAIF's, so that the interrupt of PMBSR_EL1.S, which it sets, waits. */
const WRITTEN = '0x102343cd';

/** Written with what they hold: another translation would take the guest away from its code. */
const KEPT = new Set(['SCTLR_EL1', 'TCR_EL1', 'TTBR0_EL1', 'TTBR1_EL1']);

/** The laws at some of the places. */
export const laws = (places: readonly Place[]): void =>
  describe.each(places)('%s', (_, stand) => {
    test('mrs reads what the guest reads, or tells what it takes, whatever the register', () => {
      const [s, guest] = [stand(), stand()];
      for (const { name, encoding } of REGISTERS) {
        const { outcome, json } = s.run(`mrs ${name}`);
        const { exception } = dataOf({ json } as Ran);
        const own = executed(guest, encoding, null);
        expect([name, outcome.ok, exception]).toEqual([
          name,
          own.exception === null,
          own.exception && expect.objectContaining(own.exception),
        ]);
        if (exception === null && !COUNTS_ITSELF.has(name)) expect([name, outcome.value]).toEqual([name, own.x0]);
        passTick(s); // the guest's access took one, which the counters show
      }
    });

    test('msr leaves every register as the guest’s write does, or as it was and tells the exception', () => {
      const [s, guest] = [stand(), stand()];
      for (const { name, encoding } of REGISTERS) {
        if (COUNTS_ITSELF.has(name)) continue;
        const before = outsideGic(s);
        const written = KEPT.has(name) ? value(s, name) : WRITTEN;
        const { outcome, json } = s.run(`msr ${name} ${written}`);
        const { exception, holds } = dataOf({ json } as Ran);
        if (exception !== null) expect([name, outsideGic(s)]).toEqual([name, before]);
        const own = executed(guest, encoding, written);
        expect([name, outcome.ok, exception]).toEqual([
          name,
          own.exception === null,
          own.exception && expect.objectContaining(own.exception),
        ]);
        if (holds !== null) expect([name, holds]).toEqual([name, value(guest, name)]);
        for (const world of [s, s, guest]) passTick(world); // as many operations, and both in the guest
        expect([name, file(s)]).toEqual([name, file(guest)]);
      }
    });
  });
