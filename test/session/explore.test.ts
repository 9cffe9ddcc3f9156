// `explore` against what it claims: each transition is what the session does, each state is counted once, shards add up, counterexamples run.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashPlain } from '../../src/base/plain.ts';
import { settleWorld } from '../../src/kernel/kernel.ts';
import { createExplorer, type Explorer } from '../../src/session/explore/explorer.ts';
import { INVARIANT_NAMES } from '../../src/session/explore/invariants.ts';
import { transitionRow } from '../../src/session/explore/rows.ts';
import type { TransitionRow } from '../../src/session/explore/search.ts';
import type { Session } from '../../src/session/session.ts';
import { refusalOf } from '../../src/shell/exit-code.ts';
import { type Opened, openText, searchAll } from '../explore-by-text.ts';
import { command, openSession, optionsFor, run } from '../session-by-text.ts';

/** The session's world as a state: without scratch memory and, unless `ticks`, its tick. */
function stateOf(session: Session, ticks = false): bigint {
  settleWorld(session.context.world);
  const { machine, kernel, ...rest } = session.context.world.world;
  const { tick, ...hardware } = machine;
  const processes = kernel.processes.map(({ scratch, ...process }) => process);
  return hashPlain({ ...rest, machine: ticks ? machine : hardware, kernel: { ...kernel, processes } });
}

/** What became of a command in the session, as an exploration calls it. */
function resultIn(session: Session, text: string): string {
  const outcome = run(session, text);
  if (outcome.unmet !== undefined) return `unmet ${outcome.unmet.code}`;
  const refused = refusalOf(outcome);
  if (refused !== null) return refused;
  const exit = outcome.data?.['exit'];
  return typeof exit === 'object' && exit !== null && 'name' in exit ? String(exit.name) : 'ok';
}

function explorerOf(setup: readonly string[], calls: readonly string[], ticks = false): Explorer {
  const session = openSession();
  for (const text of setup) run(session, text);
  return createExplorer({
    context: session.context,
    table: optionsFor().table,
    calls: calls.map((text, slot) => ({ label: text, name: text, slot, commands: [command(text)] })),
    invariants: INVARIANT_NAMES.map((name) => ({ kind: 'named', name })),
    ticks,
  })._unsafeUnwrap();
}

/** Walks random paths in the explorer and in sessions. */
function walksAlike(setup: readonly string[], calls: readonly string[], options: { ticks?: boolean; runs: number; length: number }): void {
  const explorer = explorerOf(setup, calls, options.ticks);
  fc.assert(
    fc.property(fc.array(fc.nat(calls.length - 1), { minLength: 1, maxLength: options.length }), (path) => {
      const session = openSession();
      for (const text of setup) run(session, text);
      let world = 0;
      for (const call of path) {
        const made = explorer.execute(world, call);
        expect(made.result, calls[call]).toBe(resultIn(session, calls[call]));
        world = made.to;
        expect(hashPlain(explorer.view(world)), calls[call]).toBe(stateOf(session, options.ticks));
      }
    }),
    { numRuns: options.runs, seed: 20251114 },
  );
}

describe('a transition of an exploration', () => {
  test('is what the session does: calls of every kind, refused or not, in any order', () => {
    const calls = [
      'vcpu 0 attr set pmu.set-pmu 8',
      'vcpu 1 attr set pmu.set-pmu 9',
      'vcpu 1 attr set spe.spu 10',
      'vcpu 0 attr set spe.spu 11',
      'vcpu 0 attr get spe.spu',
      'vcpu 0 attr set spe.irq 21',
      'vcpu 1 attr set spe.irq 22',
      'vcpu 1 attr set spe.irq 21',
      'vcpu 0 attr set spe.irq --addr bad',
      'vcpu 1 attr set spe.max-buffer-size 65536',
      'vcpu 0 attr set pmu.irq 23',
      'vcpu 1 attr set pmu.irq 23',
      'vcpu 0 attr set pmu.init',
      'vcpu 1 attr set pmu.init',
      'vcpu 0 attr set spe.init',
      'vcpu 1 attr set spe.init',
      'vcpu 0 attr has 3/9',
      'vcpu 0 init spe,pmu-v3',
      'vcpu 1 init spe',
      'vcpu 0 one-reg set x5 0x77',
      'vcpu 1 one-reg get pc',
      'thread vcpu 0 cpu 5',
      'vcpu 0 run --ops 0',
      'vcpu 1 run --ops 0',
      'vcpu 0 run --immediate-exit',
      'irq-line spi 40 1',
      'irq-line ppi 1 22 1',
      'vgic attr get nr-irqs',
      'perfmon on',
      "process 2 'vcpu 0 attr set spe.spu 10'",
      'vcpu 3 attr set spe.irq 21',
      'ioctl vcpu0 KVM_SET_DEVICE_ATTR group=3 attr=1 addr=&10',
    ];
    walksAlike(['up --bare'], calls, { runs: 150, length: 14 });
  });

  test('is what the session does while a VM is being made', () => {
    const calls = [
      'vcpu create 0',
      'vcpu create 5',
      'vcpu 0 init spe,pmu-v3',
      'vcpu 5 init spe',
      'vgic create',
      'vgic attr set addr.dist 0x8000000',
      'vgic attr set addr.redist 0x80a0000',
      'vgic attr set ctrl.init',
      'vm memory add 1 0x90000000 64KiB',
      'vm memory del 1',
      'vcpu 0 attr set spe.spu 10',
      'vcpu 5 attr set spe.spu 11',
      'vcpu 0 run --ops 0',
    ];
    walksAlike(['vm create'], calls, { runs: 60, length: 10 });
  });

  test('is what the session does while guests run, where ticks are part of a state', () => {
    const calls = [
      'vcpu 0 run --ops 700',
      'step 3',
      'vcpu 0 kick',
      'w 0x40200000 0x1234',
      'reg x5=0x77',
      'thread vcpu 0 cpu 2',
      'run --ops 2500',
    ];
    walksAlike(['up pointer-chase'], calls, { ticks: true, runs: 8, length: 5 });
  });

  test('cannot let the guest run, or change what is not in the world, unless that is part of a state', () => {
    expect(() => explorerOf(['up pointer-chase'], ['run --ops 100']).execute(0, 0)).toThrow('cannot let the guest run');
    expect(() => explorerOf([], ['vm create']).execute(0, 0)).toThrow('cannot change the VM in use');
  });
});

const FEW = `
about = "few calls"
setup = ["up --bare"]
[[call]]
name = "pmu"
do = "vcpu {vcpu} attr set pmu.set-pmu {pmu}"
vcpu = [0, 1]
pmu = [8, 9]
[[call]]
name = "spu"
do = "vcpu 0 attr set spe.spu {spu}"
spu = [10, 11, 12]
once = true
[[call]]
name = "run"
do = ["thread vcpu 0 cpu 4", "vcpu 0 run --ops 0"]
`;

/** States and transitions by making every order of the calls in sessions of their own. */
function everyOrder({ file }: Opened): { states: Set<string>; transitions: Map<string, string> } {
  const states = new Set<string>();
  const transitions = new Map<string, string>();
  const visit = (path: readonly number[], left: readonly number[]): string => {
    const session = openSession();
    for (const text of file.setup) run(session, text);
    let result = '';
    for (const call of path) {
      result = 'ok';
      for (const text of file.calls[call].commands) {
        result = resultIn(session, text);
        if (result !== 'ok' && !result.startsWith('KVM_EXIT_')) break;
      }
    }
    const state = `${stateOf(session)} ${left}`;
    const known = states.has(state);
    states.add(state);
    if (known) return `${result} ${state}`;
    for (const call of file.calls.keys()) {
      const { slot } = file.calls[call];
      if (left.includes(slot))
        transitions.set(
          `${state} ${call}`,
          visit(
            [...path, call],
            left.filter((s) => s !== slot),
          ),
        );
    }
    return `${result} ${state}`;
  };
  visit([], [...new Set(file.calls.map((c) => c.slot))]);
  return { states, transitions };
}

describe('a search', () => {
  test('counts each state and each transition once, as every order made by hand does', async () => {
    const opened = openText(FEW);
    const { states, transitions } = everyOrder(opened);
    const found = await searchAll(opened);
    expect(found.states).toBe(states.size);
    expect(found.transitions).toBe(transitions.size);
    const byCall = opened.file.calls.map((_, call) => {
      const counts = new Map<string, number>();
      for (const [key, value] of transitions) {
        const result = value.split(' ')[0];
        if (Number(key.split(' ').at(-1)) === call) counts.set(result, (counts.get(result) ?? 0) + 1);
      }
      return counts;
    });
    expect(found.results).toEqual(byCall);
    expect(found.levels.reduce((sum, n) => sum + n, 0)).toBe(found.states);
    expect(found.executed).toBeLessThan(found.transitions);
  });

  test('stops at the depth, and makes alternatives of one call at most once', async () => {
    const whole = await searchAll(openText(FEW));
    const shallow = await searchAll(openText(FEW.replace('setup', 'depth = 2\nsetup')));
    expect(shallow.levels).toEqual(whole.levels.slice(0, 3));
    expect(whole.levels).toHaveLength(7); // six slots
  });

  test('split into shards finds the same rows, each at the same depth', async () => {
    const rowsOf = async (shard: { index: number; count: number } | null): Promise<string[]> => {
      const opened = openText(FEW);
      const names = { calls: opened.file.calls.map((c) => c.label), slots: [], invariants: opened.explorer.invariants.map((i) => i.name) };
      const rows: string[] = [];
      await searchAll(opened, { shard, row: (row: TransitionRow) => rows.push(transitionRow(row, names)) });
      expect(new Set(rows).size).toBe(rows.length);
      return rows;
    };
    const whole = (await rowsOf(null)).sort();
    for (const count of [2, 3, 20]) {
      const parts = await Promise.all(Array.from({ length: count }, (_, index) => rowsOf({ index, count })));
      expect([...new Set(parts.flat())].sort()).toEqual(whole);
      if (count === 2) for (const part of parts) expect(part.length).toBeLessThan(whole.length);
    }
  });

  test('can be interrupted', async () => {
    let looks = 0;
    const found = await searchAll(openText(FEW), { stopping: () => (looks += 1) > 3 });
    expect(found.complete).toBe(false);
  });
});

describe('invariants', () => {
  test.each([
    ['initialised-runs', 'the PPI of a timer', ['spe.irq 27']],
    ['mask-shrinks', 'rfc-v5 copies the PMU’s CPUs', ['pmu.set-pmu 8', 'pmu.set-pmu 9']],
  ])('%s fails where it should: %s', async (name, _why, attributes) => {
    const host = name === 'mask-shrinks' ? 'rfc-v5' : 'two-spu';
    const calls = attributes.map((a, i) => `[[call]]\nname = "a${i}"\ndo = "vcpu 0 attr set ${a}"\n`).join('');
    const rest =
      name === 'mask-shrinks'
        ? ''
        : '[[call]]\nname = "rest"\ndo = ["vcpu 0 attr set spe.spu 10", "vcpu 0 attr set pmu.irq 23", "vcpu 0 attr set pmu.init", "vcpu 0 attr set spe.init", "vcpu 1 attr set pmu.irq 23", "vcpu 1 attr set pmu.init", "vcpu 1 attr set spe.irq 27", "vcpu 1 attr set spe.init", "vcpu 0 run --ops 0"]\n';
    const opened = openText(`about = "x"\nhost = "${host}"\nsetup = ["up --bare"]\n${calls}${rest}[[invariant]]\nname = "${name}"\n`);
    const found = await searchAll(opened);
    expect(found.failures[0]?.path).toHaveLength(2);
  });

  test('an expression is an invariant, of states or behind a call', async () => {
    const opened = openText(`${FEW}
[[invariant]]
name = "left"
holds = "$supported_cpus != 0"
[[invariant]]
name = "never-ran"
holds = "$ran == 0 && $vcpu1_ran == 0"
[[invariant]]
name = "spu-answers"
after = "spu"
holds = "$? == ok || $? == ENXIO || $? == EINVAL"
[[invariant]]
name = "spu-never-refused"
after = "spu"
holds = "$? == ok"
`);
    const found = await searchAll(opened);
    expect(found.failures.map((f) => f?.path.length ?? null)).toEqual([2, null, null, 1]);
    expect(found.failures[3]?.path).toEqual([opened.file.calls.findIndex((c) => c.label === 'spu spu=12')]);
  });
});

describe('a file', () => {
  test.each([
    ['call = 1', 'test.toml: about: '],
    ['about = "x"\nhosts = 1\n[[call]]\nname = "a"\ndo = "mask"', 'test.toml:2:1: invalid [explore]: hosts: '],
    ['about = "x"\n[[call]]\nname = "a"\ndo = "mask"\ncpu = [1]', 'test.toml:4:1: invalid [explore]: call a: no command has {cpu}'],
    ['about = "x"\n[[call]]\nname = "a"\ndo = "thread vcpu 0 cpu {cpu}"', 'test.toml:4:1: invalid [explore]: call a: {cpu} has no values'],
    ['about = "x"\n[[call]]\nname = "a"\ndo = "vcpu 0 atr"', "test.toml:4:14: invalid [explore]: call a: 'vcpu 0 atr': "],
    [
      'about = "x"\nsetup = ["vcpu 0 attr set spe.irq 21"]\n[[call]]\nname = "a"\ndo = "mask"',
      "test.toml:2:11: invalid [explore]: setup: 'vcpu 0 attr set spe.irq 21' on two-spu: there is no VM",
    ],
    [
      'about = "x"\n[[call]]\nname = "a"\ndo = "mask"\n[[invariant]]\nname = "b"',
      "test.toml:6:1: invalid [explore]: there is no invariant 'b'",
    ],
    ['about = "x"\n[[call]]\nname = "a"\ndo = "mask"\n[[invariant]]\nname = "b"\nholds = "$c"', 'no variable $c'],
    ['about = "x"\nhost = "nowhere"\n[[call]]\nname = "a"\ndo = "mask"', "there is no host 'nowhere'"],
  ])('that is wrong is told so: %j', (text, message) => {
    expect(() => openText(text)).toThrow(message);
    expect(() => openText(text)).toThrow('\n  hint: ');
  });
});
