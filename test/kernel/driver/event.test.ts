// What the driver refuses, in its order (spe-architecture §6.7), and the register values it makes (§6.7's table, §6.11).
import { describe, expect, test } from 'vitest';
import { FORMAT_FILES } from '../../../src/abi/spe-sysfs.ts';
import {
  type DriverDevice,
  type EventAttributes,
  eventRegisters,
  illegalEvents,
  type OpenEvent,
  openEvent,
  sanePeriod,
} from '../../../src/kernel/driver/event.ts';
import { parseEvent } from '../../../src/kernel/driver/event-text.ts';
import { parseFormat } from '../../../src/kernel/driver/format.ts';
import { checksOf, walk } from '../../../src/kernel/steps.ts';

const formats = FORMAT_FILES.flatMap((f) => parseFormat(f.name, f.text) ?? []);
const N1: DriverDevice = {
  name: 'arm_spe_0',
  type: 10,
  cpus: 0xfn,
  unit: { pmsver: 1, pmsidr: 0x26417n, pmbidr: 0x06n, layout: 'n1-slots' },
  kernel: '6.12',
};
const V1P2: DriverDevice = { ...N1, unit: { ...N1.unit, pmsver: 3, pmsidr: 0x1026477n }, kernel: '6.18' };
const V1P5: DriverDevice = { ...N1, unit: { pmsver: 6, pmsidr: 0xf0374ffn, pmbidr: 0x226n, layout: 'architectural' }, kernel: '6.19' };

function opened(terms: string, over: Partial<OpenEvent> = {}, attributes: Partial<EventAttributes> = {}): OpenEvent {
  const parsed = parseEvent(`arm_spe_0/${terms}`, [{ name: 'arm_spe_0', formats }])._unsafeUnwrap();
  const { config, excludeUser, excludeKernel, excludeIdle } = parsed;
  return {
    device: N1,
    opener: { privileged: false, pidInContextidr: false },
    cpu: 0,
    attributes: { type: 10, config, period: 1024n, frequency: false, excludeUser, excludeKernel, excludeIdle, ...attributes },
    ...over,
  };
}

const ROOT = { privileged: true, pidInContextidr: false };
const ROOT_PID = { privileged: true, pidInContextidr: true };

describe('register values (§6.7)', () => {
  const values = (terms: string, over: Partial<OpenEvent> = {}): Record<string, string> => {
    const { discard, ...r } = eventRegisters(opened(terms, over));
    return Object.fromEntries(
      Object.entries(r).flatMap(([name, v]) => (v === null ? [] : [[name.replace('_EL1', ''), `0x${v.toString(16)}`]])),
    );
  };
  const rows: [string, Partial<OpenEvent>, Record<string, string>][] = [
    ['/', {}, { PMSCR: '0x3', PMSIRR: '0x400', PMSFCR: '0x0', PMSEVFR: '0x0', PMSLATFR: '0x0' }],
    ['ts_enable=1/', {}, { PMSCR: '0x23', PMSIRR: '0x400' }],
    ['ts_enable=1/', { opener: ROOT_PID }, { PMSCR: '0x2b' }],
    ['ts_enable=1/', { opener: { privileged: false, pidInContextidr: true } }, { PMSCR: '0x23' }],
    ['ts_enable=1,pa_enable=1,jitter=1/', { opener: ROOT_PID }, { PMSCR: '0x3b', PMSIRR: '0x401' }],
    ['ts_enable=1,pa_enable=1,jitter=1,pct_enable=1/', { opener: ROOT_PID }, { PMSCR: '0x7b', PMSIRR: '0x401' }],
    ['load_filter=1/', {}, { PMSFCR: '0x20002' }],
    ['store_filter=1/', {}, { PMSFCR: '0x40002' }],
    ['branch_filter=1/', {}, { PMSFCR: '0x10002' }],
    ['load_filter=1,store_filter=1,min_latency=50/', {}, { PMSFCR: '0x60006', PMSLATFR: '0x32' }],
    ['event_filter=0x2/', {}, { PMSFCR: '0x1', PMSEVFR: '0x2' }],
    ['load_filter=1,event_filter=0x28/', {}, { PMSFCR: '0x20003', PMSEVFR: '0x28' }],
    ['inv_event_filter=0x80/', { device: V1P2 }, { PMSFCR: '0x8', PMSNEVFR: '0x80' }],
    ['ts_enable=1/u', {}, { PMSCR: '0x21' }],
    ['ts_enable=1/k', {}, { PMSCR: '0x22' }],
    ['inv_data_src_filter=0x4000/', { device: V1P5 }, { PMSFCR: '0x10', PMSDSFR: '0xffffffffffffbfff' }],
    ['load_filter=1,store_filter_mask=1/', { device: V1P5 }, { PMSFCR: '0x4000000020002' }],
    ['simd_filter=1,float_filter=1,float_filter_mask=1/', { device: V1P5 }, { PMSFCR: '0x8000000180002' }],
  ];
  for (const [terms, over, want] of rows) {
    test(`arm_spe_0/${terms}${over.opener ? ` ${JSON.stringify(over.opener)}` : ''}`, () =>
      expect(values(terms, over)).toMatchObject(want));
  }
  test('registers that the unit lacks are not written', () => {
    expect(Object.keys(values('/'))).toEqual(['PMSCR', 'PMSIRR', 'PMSFCR', 'PMSEVFR', 'PMSLATFR']);
    expect(Object.keys(values('/', { device: V1P2 }))).toContain('PMSNEVFR');
    expect(eventRegisters(opened('/', { device: V1P5 })).PMSDSFR_EL1).toBe((1n << 64n) - 1n);
  });
  test('discard', () => expect(eventRegisters(opened('discard=1/', { device: V1P2 })).discard).toBe(true));
});

describe('period (§6.7)', () => {
  const rows: [string, DriverDevice, bigint, bigint][] = [
    ['6.12: not below min_interval', N1, 1n, 1024n],
    ['6.12: the low byte is cut', N1, 2047n, 1792n],
    ['6.12: the greatest', N1, 1n << 40n, 0xffff_ff00n],
    ['6.18: not below 256', V1P2, 1n, 256n],
    ['6.18: 300 becomes 256', V1P2, 300n, 256n],
    ['6.18: 1025 becomes 1024', V1P2, 1025n, 1024n],
  ];
  for (const [name, device, period, want] of rows) test(name, () => expect(sanePeriod(device, period)).toBe(want));
});

describe('event bits that a filter may not name (§2.1)', () => {
  test('by version before 6.18', () => {
    const of = (pmsver: number): string => illegalEvents({ ...N1, unit: { ...N1.unit, pmsver } }).toString(16);
    expect([of(1), of(2), of(3)]).toEqual(['ffff00ff0f55', 'ffff00f90755', 'ffff00f90715']);
  });
  test('what the hardware kept from 6.18 on', () => expect(illegalEvents({ ...N1, kernel: '6.18' })).toBe(((1n << 64n) - 1n) & ~0xaan));
});

describe('what is refused (§6.7)', () => {
  const rows: [string, string, OpenEvent][] = [
    ['ENOENT', 'the event is not of this PMU', opened('/', {}, { type: 11 })],
    ['ENOENT', 'the CPU has no unit of this PMU', opened('/', { cpu: 4 })],
    ['EOPNOTSUPP', 'event_filter selects an event that the unit does not filter by', opened('event_filter=0x1/')],
    ['EOPNOTSUPP', 'inv_event_filter selects an event that the unit does not filter by', opened('inv_event_filter=0x1/')],
    ['EOPNOTSUPP', 'idle cannot be left out', opened('/I')],
    ['EINVAL', 'a frequency cannot be sampled at', opened('/', {}, { frequency: true })],
    ['EOPNOTSUPP', 'the unit has no inverted event filter', opened('inv_event_filter=0x80/')],
    ['EOPNOTSUPP', 'the unit has no data source filter', opened('inv_data_src_filter=1/', { device: V1P2 })],
    ['EOPNOTSUPP', 'the unit has no masks of the type filters', opened('load_filter_mask=1/', { device: V1P2 })],
    ['EOPNOTSUPP', 'the unit has no masks of the type filters', opened('simd_filter=1/', { device: V1P2 })],
    ['EOPNOTSUPP', 'the unit has no discard mode', opened('discard=1/')],
    ['EACCES', 'physical addresses and physical time are for those who may profile the kernel', opened('pa_enable=1/')],
    ['EACCES', 'physical addresses and physical time are for those who may profile the kernel', opened('pct_enable=1/')],
  ];
  for (const [errno, why, open] of rows) {
    test(`${errno}: ${why}`, () => expect(walk(openEvent, open)._unsafeUnwrapErr()).toMatchObject({ errno, why }));
  }
  test('every check has its row', () => {
    const whys = new Set(rows.map(([, why]) => why));
    for (const check of checksOf(openEvent)) expect([...whys], check.why).toContain(check.why);
  });
  test('row k fails check k and as many later ones as can fail together', () => {
    const everything = opened(
      'event_filter=1,inv_event_filter=1,pa_enable=1,discard=1,load_filter_mask=1/I',
      { cpu: 9 },
      { type: 3, frequency: true },
    );
    let open = everything;
    const order: string[] = [];
    const repair: Record<string, (o: OpenEvent) => OpenEvent> = {
      'the event is not of this PMU': (o) => ({ ...o, attributes: { ...o.attributes, type: 10 } }),
      'the CPU has no unit of this PMU': (o) => ({ ...o, cpu: 0 }),
      'event_filter selects an event that the unit does not filter by': (o) => with1(o, 1, 2n),
      'inv_event_filter selects an event that the unit does not filter by': (o) => with1(o, 3, 2n),
      'idle cannot be left out': (o) => ({ ...o, attributes: { ...o.attributes, excludeIdle: false } }),
      'a frequency cannot be sampled at': (o) => ({ ...o, attributes: { ...o.attributes, frequency: false } }),
      'the unit has no inverted event filter': (o) => with1(o, 3, 0n),
      'the unit has no masks of the type filters': (o) => with1(o, 0, o.attributes.config[0] & ~(1n << 37n)),
      'the unit has no discard mode': (o) => with1(o, 0, o.attributes.config[0] & ~(1n << 35n)),
      'physical addresses and physical time are for those who may profile the kernel': (o) => ({ ...o, opener: ROOT }),
    };
    for (;;) {
      const done = walk(openEvent, open);
      if (done.isOk()) break;
      order.push(done.error.why);
      open = repair[done.error.why](open);
    }
    expect(order).toEqual(Object.keys(repair));
  });
  test('root may have physical addresses; a task’s event asks for no CPU', () => {
    expect(walk(openEvent, opened('pa_enable=1,pct_enable=1/', { opener: ROOT, cpu: -1 })).isOk()).toBe(true);
  });
});

function with1(o: OpenEvent, word: number, value: bigint): OpenEvent {
  return { ...o, attributes: { ...o.attributes, config: o.attributes.config.map((w, i) => (i === word ? value : w)) } };
}
