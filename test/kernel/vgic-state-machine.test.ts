// The table of vgic.md §2.9 and its setup, row by row; each test replays its group up to its row. Then the SPE vector of §7.3.
import { describe, expect, test } from 'vitest';
import { virqPending } from '../../src/machine/gic/interface.ts';
import { GICD, listRegisterOf, prepared, type Scene, scene, sgiFrame, stateOf } from './vgic-scene.ts';

interface Expected {
  /** en/lat/line/act/list of the interrupt the row is about. */
  readonly state?: string;
  readonly lr?: string;
  readonly irq?: 0 | 1;
  readonly rpr?: number;
  readonly hp?: number;
  /** The interrupt; 21 unless given. */
  readonly intid?: number;
  /** Inside: outside the guest there is no CPU interface to look at. */
  readonly outside?: boolean;
}
type Row = readonly [id: string, about: string, act: (s: Scene) => void, expected: Expected];

const BIT21 = 1 << 21;
const SGI_FRAME = sgiFrame(0);
const ISENABLER0 = SGI_FRAME + 0x100;
const ICENABLER0 = SGI_FRAME + 0x180;
const ISPENDR0 = SGI_FRAME + 0x200;
const ICPENDR0 = SGI_FRAME + 0x280;
const ISACTIVER0 = SGI_FRAME + 0x300;
const ICACTIVER0 = SGI_FRAME + 0x380;

const sgi1 = (s: Scene): void => s.msr('SGI1R', 0x0100_0001n);
const enable21 = (s: Scene): void => s.exit(() => s.store(ISENABLER0, BIT21));
const inject = (s: Scene, level: boolean): void => s.exit(() => void expect(s.spe(level)).toBeNull());
const priority = (s: Scene, intid: number, value: number): void => s.store((intid < 32 ? SGI_FRAME : GICD) + 0x400 + intid, value, 1);
const eoi = (s: Scene, intid: number): void => s.msr('EOIR1', intid);
const ack = (s: Scene, intid: number): void => void expect(s.mrs('IAR1')).toBe(intid);
const look = (s: Scene, address: number): number => {
  let value = 0;
  s.exit(() => {
    value = s.load(address);
  });
  return value;
};
/** 21 enabled, its line raised. */
const pending21 = (s: Scene): void => {
  enable21(s);
  inject(s, true);
};
const active21 = (s: Scene): void => {
  pending21(s);
  ack(s, 21);
};

const IDLE = { irq: 0, rpr: 0xff, hp: 1023 } as const;
const SEEN = { lr: 'P', irq: 1, rpr: 0xff, hp: 21 } as const;
const RUNS = { lr: 'A', irq: 0, rpr: 0xa0, hp: 1023 } as const;

const GROUPS: readonly (readonly Row[])[] = [
  [
    ['V1', 'reset of 21', () => {}, { state: '0/0/0/0/0', lr: '–', ...IDLE }],
    ['V2', 'SPE injects 1 while it is disabled: not queued', (s) => inject(s, true), { state: '0/0/1/0/0', lr: '–', ...IDLE }],
    ['V2b', 'ISPENDR0 bit 21 reads 1', (s) => void expect(look(s, ISPENDR0) & BIT21).toBe(BIT21), { state: '0/0/1/0/0' }],
    ['V3', 'ISENABLER0 queues it', enable21, { state: '1/0/1/0/1', ...SEEN }],
    ['V4', 'IAR1 returns 21; memory does not know yet', (s) => ack(s, 21), { state: '1/0/1/0/1', ...RUNS }],
    ['V5', 'any exit: active, never active and pending', (s) => s.exit(), { state: '1/0/1/1/1', ...RUNS }],
    [
      'V5b',
      'ISPENDR and ISACTIVER read 1',
      (s) => {
        expect(look(s, ISPENDR0) & BIT21).toBe(BIT21);
        expect(look(s, ISACTIVER0) & BIT21).toBe(BIT21);
      },
      { state: '1/0/1/1/1', ...RUNS },
    ],
    [
      'V6',
      'EOIR1 with the line high: maintenance',
      (s) => {
        eoi(s, 21);
        expect(s.ich[0].maintenance).toBe(true);
      },
      { state: '1/0/1/1/1', lr: '00', ...IDLE },
    ],
    ['V7', 'maintenance exit: re-raised', (s) => s.exit(), { state: '1/0/1/0/1', ...SEEN }],
    ['V8', 'IAR1 returns 21', (s) => ack(s, 21), { state: '1/0/1/0/1', ...RUNS }],
    ['V9', 'the guest clears PMBSR.S', (s) => inject(s, false), { state: '1/0/0/1/1', ...RUNS }],
    ['V10', 'EOIR1', (s) => eoi(s, 21), { state: '1/0/0/1/1', lr: '00', ...IDLE }],
    [
      'V11',
      'maintenance exit: idle',
      (s) => {
        s.exit();
        ack(s, 1023);
      },
      { state: '1/0/0/0/0', lr: '–', ...IDLE },
    ],
  ],
  [
    ['V12', 'enabled, injected', pending21, { state: '1/0/1/0/1', ...SEEN }],
    [
      'V13',
      'lowered by a trap before the acknowledge: still on the list',
      (s) => {
        inject(s, false);
        ack(s, 1023);
      },
      { state: '1/0/0/0/1', lr: '–', ...IDLE },
    ],
    [
      'V14',
      'lowered from another thread, no exit: a stale list register',
      (s) => {
        inject(s, true);
        s.spe(false);
      },
      { state: '1/0/0/0/1', ...SEEN },
    ],
    [
      'V15',
      'the handler finds nothing to do',
      (s) => {
        ack(s, 21);
        eoi(s, 21);
        s.exit();
      },
      { state: '1/0/0/0/0', lr: '–', ...IDLE },
    ],
  ],
  [
    [
      'V16',
      'injected twice',
      (s) => {
        pending21(s);
        inject(s, true);
      },
      { state: '1/0/1/0/1', ...SEEN },
    ],
    [
      'V17',
      'user space lowers it: not the owner, ignored',
      (s) => s.exit(() => void expect(s.line(21, false)).toBeNull()),
      { state: '1/0/1/0/1', ...SEEN },
    ],
  ],
  [
    [
      'V18',
      'line 0: ISPENDR0',
      (s) => {
        enable21(s);
        s.exit(() => s.store(ISPENDR0, BIT21));
      },
      { state: '1/1/0/0/1', ...SEEN },
    ],
    [
      'V19',
      'the latch survives the acknowledge',
      (s) => {
        ack(s, 21);
        expect(look(s, ISPENDR0) & BIT21).toBe(BIT21);
      },
      { state: '1/1/0/1/1', ...RUNS },
    ],
    [
      'V20',
      'the latch is dropped at the fold',
      (s) => {
        eoi(s, 21);
        s.exit();
      },
      { state: '1/0/0/0/0', lr: '–', ...IDLE },
    ],
    [
      'V21',
      'ISPENDR, ICPENDR',
      (s) => {
        s.exit(() => s.store(ISPENDR0, BIT21));
        s.exit(() => s.store(ICPENDR0, BIT21));
      },
      { state: '1/0/0/0/1', lr: '–', ...IDLE },
    ],
  ],
  [
    [
      'V22',
      'line 1: ICPENDR does not defeat it',
      (s) => {
        pending21(s);
        s.exit(() => s.store(ICPENDR0, BIT21));
      },
      { state: '1/0/1/0/1', ...SEEN },
    ],
  ],
  [
    [
      'V23',
      'active, line 0: ISPENDR',
      (s) => {
        active21(s);
        inject(s, false);
        s.exit(() => s.store(ISPENDR0, BIT21));
      },
      { state: '1/1/0/1/1', ...RUNS },
    ],
    [
      'V24',
      'a soft pend made while active is lost',
      (s) => {
        eoi(s, 21);
        s.exit();
      },
      { state: '1/0/0/0/0', lr: '–', ...IDLE },
    ],
  ],
  [
    [
      'V25',
      'SGI 1 to self: the latch moves into the list register',
      sgi1,
      { intid: 1, state: '1/0/-/0/1', lr: 'P', irq: 1, rpr: 0xff, hp: 1 },
    ],
    ['V26', 'IAR1 returns 1', (s) => ack(s, 1), { intid: 1, state: '1/0/-/0/1', ...RUNS }],
    ['V27', 'SGI 1 again while active: no candidate', sgi1, { intid: 1, state: '1/0/-/1/1', lr: 'A+P', irq: 0, rpr: 0xa0, hp: 1023 }],
    ['V28', 'EOIR1 1: pending at once, no exit', (s) => eoi(s, 1), { intid: 1, state: '1/0/-/1/1', lr: 'P', irq: 1, rpr: 0xff, hp: 1 }],
    [
      'V29',
      'IAR1, EOIR1, exit',
      (s) => {
        ack(s, 1);
        eoi(s, 1);
        s.exit();
      },
      { intid: 1, state: '1/0/-/0/0', lr: '–', ...IDLE },
    ],
    [
      'V30',
      'twice before the acknowledge: coalesced',
      (s) => {
        sgi1(s);
        sgi1(s);
      },
      { intid: 1, state: '1/0/-/0/1', lr: 'P', irq: 1, rpr: 0xff, hp: 1 },
    ],
    [
      'V31',
      'exit without acknowledge: the fold restores the latch',
      (s) => s.sync(),
      { intid: 1, state: '1/1/-/0/1', lr: '–', outside: true },
    ],
    ['V32', 'entry', (s) => s.flush(), { intid: 1, state: '1/0/-/0/1', lr: 'P', irq: 1, rpr: 0xff, hp: 1 }],
  ],
  [
    [
      'V33',
      'an edge interrupt, level 0: ignored',
      (s) => {
        s.exit(() => s.store(GICD + 0xc08, 0xaaaaaaaa));
        s.exit(() => void expect(s.line(40, false)).toBeNull());
      },
      { intid: 40, state: '0/0/0/0/0', lr: '–', ...IDLE },
    ],
  ],
  [
    [
      'V34',
      'pending, disabled: dropped from the list at the next exit',
      (s) => {
        pending21(s);
        s.exit(() => s.store(ICENABLER0, BIT21));
        ack(s, 1023);
      },
      { state: '0/0/1/0/1', lr: '–', ...IDLE },
    ],
    ['V35', 'enabled again', enable21, { state: '1/0/1/0/1', ...SEEN }],
    [
      'V36',
      'disabling does not deactivate',
      (s) => {
        ack(s, 21);
        s.exit(() => s.store(ICENABLER0, BIT21));
      },
      { state: '0/0/1/1/1', ...RUNS },
    ],
    [
      'V37',
      'ended while disabled: not re-raised',
      (s) => {
        eoi(s, 21);
        s.exit();
      },
      { state: '0/0/1/0/0', lr: '–', ...IDLE },
    ],
    ['V38', 'enabled', enable21, { state: '1/0/1/0/1', ...SEEN }],
    ['V39', 'GICD_CTLR = 0', (s) => s.exit(() => s.store(GICD, 0)), { state: '1/0/1/0/1', lr: '–', ...IDLE }],
    [
      'V40',
      'GICD_CTLR = 2: pruned while off, not queued again',
      (s) => s.exit(() => s.store(GICD, 2)),
      { state: '1/0/1/0/0', lr: '–', ...IDLE },
    ],
    ['V41', 'the same level again: still not queued', (s) => inject(s, true), { state: '1/0/1/0/0', lr: '–', ...IDLE }],
    ['V42', 'any queueing event repairs it', enable21, { state: '1/0/1/0/1', ...SEEN }],
  ],
  [
    [
      'V43',
      '21 active; SPI 40 with priority 40 preempts',
      (s) => {
        active21(s);
        s.exit(() => {
          priority(s, 40, 0x40);
          s.store(GICD + 0x104, 1 << 8);
          s.line(40, true);
        });
      },
      { intid: 40, state: '1/0/1/0/1', lr: 'P', irq: 1, rpr: 0xa0, hp: 40 },
    ],
    ['V44', 'IAR1 returns 40: nested', (s) => ack(s, 40), { intid: 40, lr: 'A', irq: 0, rpr: 0x40, hp: 1023 }],
    [
      'V45',
      'line 40 falls, EOIR1 40: back to A0',
      (s) => {
        s.exit(() => void s.line(40, false));
        eoi(s, 40);
      },
      { intid: 40, lr: '00', irq: 0, rpr: 0xa0, hp: 1023 },
    ],
  ],
  [
    [
      'V46',
      '21 active; PPI 23 of the same priority does not preempt',
      (s) => {
        active21(s);
        s.exit(() => {
          s.store(ISENABLER0, 1 << 23);
          s.line(23, true);
        });
      },
      { intid: 23, state: '1/0/1/0/1', lr: 'P', irq: 0, rpr: 0xa0, hp: 23 },
    ],
    [
      'V47',
      '21 ends: now signalled',
      (s) => {
        inject(s, false);
        eoi(s, 21);
      },
      { intid: 23, lr: 'P', irq: 1, rpr: 0xff, hp: 23 },
    ],
  ],
  [
    [
      'V48',
      'PMR = A0: the priority must be below the mask',
      (s) => {
        pending21(s);
        s.msr('PMR', 0xa0);
        ack(s, 1023);
      },
      { lr: 'P', irq: 0, rpr: 0xff, hp: 21 },
    ],
    ['V49', 'PMR = A8', (s) => s.msr('PMR', 0xa8), SEEN],
  ],
  [
    [
      'V50',
      'BPR1 = 5: B8 runs in the group of A0',
      (s) => {
        s.msr('BPR1', 5);
        s.exit(() => {
          priority(s, 22, 0xb8);
          s.store(ISENABLER0, 1 << 22);
          s.line(22, true);
        });
        ack(s, 22);
        pending21(s);
      },
      { lr: 'P', irq: 0, rpr: 0xa0, hp: 21 },
    ],
  ],
  [
    [
      'V51',
      'IGRPEN1 = 0',
      (s) => {
        pending21(s);
        s.msr('IGRPEN1', 0);
        ack(s, 1023);
      },
      { lr: 'P', irq: 0, rpr: 0xff, hp: 1023 },
    ],
  ],
  [
    [
      'V52',
      'EOImode 1: EOIR1 drops the priority only',
      (s) => {
        pending21(s);
        s.msr('CTLR', 2);
        ack(s, 21);
        eoi(s, 21);
      },
      { lr: 'A', irq: 0, rpr: 0xff, hp: 1023 },
    ],
    ['V53', 'any exit', (s) => s.exit(), { state: '1/0/1/1/1', lr: 'A', ...IDLE }],
    [
      'V54',
      'DIR: maintenance',
      (s) => {
        s.msr('DIR', 21);
        expect(s.ich[0].maintenance).toBe(true);
      },
      { lr: '00', ...IDLE },
    ],
    ['V55', 're-raised after DIR', (s) => s.exit(), { state: '1/0/1/0/1', ...SEEN }],
  ],
  [
    [
      'V56',
      'EOImode 0: DIR is ignored',
      (s) => {
        active21(s);
        s.msr('DIR', 21);
      },
      { ...RUNS },
    ],
  ],
  [
    [
      'V57',
      'SGI 1 acknowledged; ICACTIVER0: the priority stays',
      (s) => {
        sgi1(s);
        ack(s, 1);
        s.exit(() => s.store(ICACTIVER0, 2));
      },
      { intid: 1, state: '1/0/-/0/1', lr: '–', irq: 0, rpr: 0xa0, hp: 1023 },
    ],
    ['V58', 'SGI 1 again: blocked by the running priority', sgi1, { intid: 1, lr: 'P', irq: 0, rpr: 0xa0, hp: 1 }],
    ['V59', 'EOIR1 drops it although nothing is active', (s) => eoi(s, 1), { intid: 1, lr: 'P', irq: 1, rpr: 0xff, hp: 1 }],
  ],
  [
    [
      'V60',
      'disabled 21: ISACTIVER0, no running priority',
      (s) => s.exit(() => s.store(ISACTIVER0, BIT21)),
      { state: '0/0/0/1/1', lr: 'A', ...IDLE },
    ],
    ['V61', 'enabled, injected: held off while active', pending21, { state: '1/0/1/1/1', lr: 'A', ...IDLE }],
    ['V62', 'ICACTIVER0', (s) => s.exit(() => s.store(ICACTIVER0, BIT21)), { state: '1/0/1/0/1', ...SEEN }],
  ],
  [
    [
      'V63',
      'EOIR1 1023 with 21 active: ignored',
      (s) => {
        active21(s);
        eoi(s, 1023);
      },
      RUNS,
    ],
  ],
];

describe('vgic.md 2.9', () => {
  for (const rows of GROUPS) {
    rows.forEach(([id, about, , expected], at) => {
      test(`${id}: ${about}`, () => {
        const s = prepared();
        for (const [, , act] of rows.slice(0, at + 1)) act(s);
        const intid = expected.intid ?? 21;
        if (expected.state !== undefined) expect(stateOf(s, intid)).toBe(expected.state);
        if (expected.lr !== undefined) expect(listRegisterOf(s, intid)).toBe(expected.lr);
        if (expected.outside) return;
        if (expected.irq !== undefined) expect(virqPending(s.ich[0])).toBe(expected.irq === 1);
        if (expected.rpr !== undefined) expect(s.peek('RPR')).toBe(expected.rpr);
        if (expected.hp !== undefined) expect(s.peek('HPPIR1')).toBe(expected.hp);
      });
    });
  }

  test('setup: GICD_CTLR reads 0x52 when on, 0x50 when off', () => {
    const s = scene();
    expect(s.load(GICD)).toBe(0x50);
    s.store(GICD, 0xffffffff);
    expect(s.load(GICD)).toBe(0x52);
  });

  test('V64: SGI1R with IRM raises the SGI on the two others, not on self', () => {
    const s = prepared(3);
    s.msr('SGI1R', (1n << 40n) | 0x0100_0000n, 1);
    expect([0, 1, 2].map((n) => stateOf(s, 1, n))).toEqual(['1/1/-/0/1', '1/0/-/0/0', '1/1/-/0/1']);
    expect(s.vm.vcpus.map((v) => v.vgic?.kick)).toEqual([true, false, true]);
  });

  test('V65: SGI0R and ASGI1R do not raise a group 1 SGI', () => {
    const s = prepared();
    s.msr('SGI0R', 0x0100_0001n);
    s.msr('ASGI1R', 0x0100_0001n);
    expect(stateOf(s, 1)).toBe('1/0/-/0/0');
    s.exit(() => s.store(SGI_FRAME + 0x80, 0xfffffffd));
    s.msr('SGI0R', 0x0100_0001n);
    expect(stateOf(s, 1)).toBe('1/0/-/0/1');
    expect(listRegisterOf(s, 1)).toBe('P');
  });

  test('V66: ICFGR1 is read-only: PPIs are level-sensitive', () => {
    const s = prepared();
    s.exit(() => s.store(SGI_FRAME + 0xc04, 0xffffffff));
    expect(look(s, SGI_FRAME + 0xc04)).toBe(0);
    expect(look(s, SGI_FRAME + 0xc00)).toBe(0xaaaaaaaa);
  });
});

test('history has what software did to the latch and to the active bit, where it changed something', () => {
  const s = prepared();
  const kinds = (deed: () => void): string[] => {
    s.events.length = 0;
    s.exit(deed);
    return s.events.map((e) => `${e.kind} by ${e.by}`);
  };
  const stores = (address: number) => () => s.store(address, BIT21);
  const addresses = [ISPENDR0, ICPENDR0, ICPENDR0, ISACTIVER0, ISACTIVER0, ICACTIVER0, ICACTIVER0];
  expect(addresses.map((address) => kinds(stores(address)).join())).toEqual([
    'irq.pended by 0',
    'irq.unpended by 0',
    '',
    expect.stringMatching(/^irq.activated by 0/),
    '',
    'irq.deactivated by 0',
    '',
  ]);
});

describe('vgic.md 7.3: SPE end to end', () => {
  const bufferFull = (): Scene => {
    const s = prepared();
    enable21(s);
    s.exit(() => void s.spe(true));
    expect(listRegisterOf(s, 21)).toBe('P');
    expect(virqPending(s.ich[0])).toBe(true);
    ack(s, 21);
    expect(s.peek('RPR')).toBe(0xa0);
    return s;
  };

  test('the handler clears PMBSR: idle after the end of the interrupt', () => {
    const s = bufferFull();
    s.exit(() => void s.spe(false));
    expect(listRegisterOf(s, 21)).toBe('A');
    eoi(s, 21);
    expect(s.ich[0].maintenance).toBe(true);
    s.exit();
    expect(s.mrs('IAR1')).toBe(1023);
    expect(s.events.map((e) => `${e.kind} ${e.intid}`)).toEqual([
      'irq.raised 21',
      'irq.queued 21',
      'irq.delivered 21',
      'irq.acknowledged 21',
      'irq.lowered 21',
      'irq.ended 21',
    ]);
  });

  test('the handler does not clear PMBSR: the interrupt comes back after every end', () => {
    const s = bufferFull();
    for (let again = 0; again < 3; again++) {
      eoi(s, 21);
      s.exit();
      expect(s.mrs('IAR1')).toBe(21);
    }
    expect(s.events.filter((e) => e.kind === 'irq.reraised')).toHaveLength(3);
    expect(s.events.filter((e) => e.kind === 'irq.delivered')).toHaveLength(4);
    const ended = s.events.filter((e) => e.kind === 'irq.ended');
    expect(ended.every((e) => e.tick !== undefined && e.tick > 0)).toBe(true);
  });
});
