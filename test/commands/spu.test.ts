// spu: the interval counter and the sample in flight, as a person sees them between two operations (language.md §3, group spe).
import { expect, test } from 'vitest';
import { newShell } from './shell.ts';

type Shell = ReturnType<typeof newShell>;
interface InUse {
  readonly cpu: number;
  readonly vcpu: string;
  readonly profiling: boolean;
  readonly counter: string;
  readonly untilSample: number | null;
  readonly inFlight: number;
}
const units = (s: Shell): { features: string[]; inUse: InUse[] }[] =>
  (s.run('spu').json['data'] as { spus: { features: string[]; inUse: InUse[] }[] }).spus;
const records = (s: Shell): { total: number }[] => (s.run('records 100').json['data'] as { records: { total: number }[] }).records;

test('before a guest runs no CPU has a vCPU; while profiling is off the counter stands still', () => {
  const s = newShell();
  s.run('up pointer-chase');
  expect(units(s).map((u) => u.inUse)).toEqual([[], []]);
  s.run('step');
  expect(units(s)[0].inUse).toMatchObject([{ cpu: 0, vcpu: 'vcpu0', profiling: false, untilSample: null }]);
});

test('operations to the next sample: as many steps later it is there; asking changes nothing', () => {
  const s = newShell('spe-v1p2');
  s.all('up pointer-chase', 'until PMSCR_EL1.E1SPE', 'reg PMSIRR_EL1=0x101'); // with jitter, which needs random numbers
  for (let i = 0; i < 5; i++) {
    const { untilSample } = units(s)[0].inUse[0];
    expect(units(s)[0].inUse[0].untilSample).toBe(untilSample);
    s.all(`step ${Number(untilSample) - 1}`);
    expect([records(s).length, units(s)[0].inUse[0].untilSample]).toEqual([i, 1]);
    s.all('step');
    expect(records(s).length).toBe(i + 1);
  }
});

test('a sample in flight is complete after as many operations as its latency has cycles', () => {
  const s = newShell('far-memory');
  s.all('up pointer-chase', 'until PMSCR_EL1.E1SPE', 'reg PMSIRR_EL1=0x100', 'sample 1');
  const latency = (): number => records(s).at(-1)?.total ?? 0;
  while (latency() < 100) s.run('sample 1');
  expect(units(s)[0].inUse[0].inFlight).toBe(latency());
  s.run('step 20');
  expect(units(s)[0].inUse[0].inFlight).toBe(latency() - 20);
  const text = s.run('spu arm_spe_0').out.join(' ').replace(/\s+/g, ' ');
  expect(text).toContain(`the sample in flight is complete in ${latency() - 20} operations`);
});

test('what a unit has', () => {
  expect(units(newShell('n1-metal'))[0].features).toEqual(['FEAT_SPE', 'FEAT_SPE_LDS']);
});

test('a unit that no one could build may be described, and says so', () => {
  const odd =
    'extends = "two-spu"\nabout = "odd"\n[[spu]]\nname = "arm_spe_0"\ntype = 10\ncpus = "0-7"\npmsver = 3\npmsidr = 0x26417\npmbidr = 0x27\nlayout = "n1-slots"\n';
  const s = newShell('two-spu', { 'odd.toml': odd });
  expect(s.run('host load odd.toml').outcome.ok).toBe(true);
  const text = s.run('spu').out.join('\n');
  expect(text).toMatch(/impossible +PMSVer 3 has FEAT_SPE_FnE\n +impossible +PMBIDR_EL1.Align is at most PMSIDR_EL1.MaxSize/);
  expect(newShell().run('spu').out.join()).not.toContain('impossible');
});
