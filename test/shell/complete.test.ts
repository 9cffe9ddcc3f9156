// What Tab offers, by the place in the grammar (ux.md §7).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from 'neverthrow';
import { beforeAll, describe, expect, test } from 'vitest';
import { families } from '../../commands/table.ts';
import { parseHost } from '../../src/kernel/host-schema.ts';
import { createSession, finish } from '../../src/session/session.ts';
import { complete } from '../../src/shell/complete.ts';
import { createDriver } from '../../src/shell/driver.ts';
import { readCommand } from '../../src/shell/read.ts';
import { newShellState } from '../../src/shell/state.ts';
import { compileSyntax } from '../../src/shell/syntax.ts';

const state = newShellState(families);
beforeAll(() => {
  const text = readFileSync(join(import.meta.dirname, '../../fixtures/hosts/two-spu.toml'), 'utf8');
  const host = parseHost('two-spu.toml', text)._unsafeUnwrap();
  const driver = createDriver({
    state,
    files: { read: () => ok(null), write: () => ok(null) },
    newSession: (table) => createSession({ host, hosts: new Map([['two-spu', host]]), seed: 0, table }),
  });
  for (const line of ['up --bare', 'let page = 4096', 'snap before', 'catch ioctl KVM_RUN', 'display $page'])
    finish(driver.start(readCommand(line, state.table, { prefixes: false })._unsafeUnwrap()));
});

/** Completion where `|` stands; the labels, and the line with the first item in it. */
function at(marked: string) {
  const cursor = marked.indexOf('|');
  const line = marked.replace('|', '');
  const c = complete(line, cursor, state);
  const put = c.items.length === 0 ? line : line.slice(0, c.replace[0]) + c.items[0].insert + line.slice(c.replace[1]);
  return { ...c, labels: c.items.map((i) => i.label), put };
}

describe('command words', () => {
  test.each([
    ['vgi|', 'vgic'],
    ['tick; reco|', 'tick; records'],
    ['vcpu 0 at|', 'vcpu 0 attr'],
    ['vcpu0 attr h|', 'vcpu0 attr has'],
    ['vcpu 0 attr set spe.irq --ad|', 'vcpu 0 attr set spe.irq --addr'],
    ['expect EINVAL vcp|', 'expect EINVAL vcpu'],
    ['expect EINV|', 'expect EINVAL'],
    ['expect ok vcpu 0 ru|', 'expect ok vcpu 0 run'],
    ['x sp --as ip|', 'x sp --as ipa'],
  ])('%s', (marked, expected) => {
    expect(at(marked).put).toBe(expected);
  });
  test('an empty line offers every command, each with its line of help', () => {
    const { labels, items } = at('|');
    expect(labels).toEqual([...state.table.firstWords]);
    for (const item of items) expect(item.detail, item.label).toBeTruthy();
  });
  test('in the middle of a line, the word before the cursor is replaced', () => {
    expect(at('vcp| 0 run')).toMatchObject({ put: 'vcpu 0 run', replace: [0, 3] });
  });
  test('nothing in a comment, nothing behind what is wrong', () => {
    expect(at('tick # vc|').items).toEqual([]);
    expect(at('bogus vc|').items).toEqual([]);
  });
});

describe('values', () => {
  test.each([
    ['print PMBP|', 'print PMBPTR_EL1'],
    ['print x0 + (PMBP|', 'print x0 + (PMBPTR_EL1'],
    ['print pmbp|', 'print PMBPTR_EL1'],
    ['print PMBSR_EL1.S|', 'print PMBSR_EL1.S'],
    ['break main if PMBP|', 'break main if PMBPTR_EL1'],
    ['print $pa|', 'print $page'],
    ['vcpu 0 attr set spe.s|', 'vcpu 0 attr set spe.spu'],
    ['host load two|', 'host load two-spu'],
    ['help exit|', 'help exit-codes'],
    ['set wi|', 'set width'],
    ['set theme blue|', 'set theme blue-yellow'],
    ['catch exit KVM_EXIT_MM|', 'catch exit KVM_EXIT_MMIO'],
    ['catch ioctl KVM_SET_DEV|', 'catch ioctl KVM_SET_DEVICE_ATTR'],
    ['catch trap PMBL|', 'catch trap PMBLIMITR_EL1'],
    ['catch pin un|', 'catch pin unpin'],
    ['restore bef|', 'restore before'],
    ['diff bef|', 'diff before'],
    ['on 1 --cl|', 'on 1 --clear'],
  ])('%s', (marked, expected) => {
    expect(at(marked).put).toBe(expected);
  });
  test('fields of a register have their meaning beside them', () => {
    expect(at('reg PMBSR_EL1.|').items.find((i) => i.label === 'PMBSR_EL1.S')?.detail).toBeTruthy();
  });
  test('behind mrs and msr the system registers, and nothing that those instructions cannot name', () => {
    expect(at('mrs PMBP|').labels).toEqual(['PMBPTR_EL1']);
    expect(at('msr pmscr_el1|').labels[0]).toBe('PMSCR_EL1');
    expect(at('mrs x|').labels.filter((label) => /^x\d/.test(label))).toEqual([]);
  });
  test('letters in order find it too, behind the beginnings', () => {
    expect(at('print pmsfcr|').labels[0]).toBe('PMSFCR_EL1');
    expect(at('print pfcr|').labels).toContain('PMSFCR_EL1');
  });
});

describe('by the place, what the session knows', () => {
  test.each([
    ['up pointer-chase --spu |', ['arm_spe_0', 'arm_spe_1']],
    ['spu |', ['arm_spe_0', 'arm_spe_1']],
    ['vcpu 0 init spe,|', undefined, 'spe,pmu-v3'],
    ['vcpu 0 init spe,pmu-v3,psc|', ['spe,pmu-v3,psci-0.2']],
    ['vcpu 0 one-reg get PMBP|', ['PMBPTR_EL1']],
    ['expect exit FAIL|', ['FAIL_ENTRY']],
    ['set theme |', undefined, 'bright', 'always'],
    ['set plain |', ['on', 'off']],
    ['perf record -e |', ['arm_spe_0/', 'arm_spe_1/']],
    ['perf record -e arm_spe_0/ts|', ['arm_spe_0/ts_enable=']],
    ['perf record -e arm_spe_0/ts_enable=1,load|', ['arm_spe_0/ts_enable=1,load_filter=']],
    ['ioctl vcpu0 KVM_SET_DEVICE_ATTR |', ['flags=', 'group=', 'attr=', 'addr=']],
    ['ioctl vcpu0 KVM_|', undefined, 'KVM_RUN', 'KVM_CREATE_VM'],
    ['ioctl kvm KVM_|', undefined, 'KVM_CREATE_VM', 'KVM_RUN'],
    ['delete |', undefined, '1'],
    ['undisplay |', undefined, '1'],
    ['focus vcpu |', undefined, '1'],
    ['irq-line ppi |', undefined, '1'],
    ['thread vcpu 0 cpu |', ['0-3', '4-7']],
    ['rerun |', undefined, '1'],
    ['print $|', ['$page', '$_', '$?']],
  ] as const)('%s', (marked, labels, some?, not?) => {
    const found = at(marked).labels;
    if (labels !== undefined) expect(found).toEqual(labels);
    if (some !== undefined) expect(found).toContain(some);
    if (not !== undefined) expect(found).not.toContain(not);
  });

  test.each([
    ["on 1 'pri|", "on 1 'print"],
    ["on 1 'print PMBPTR_E|", "on 1 'print PMBPTR_EL1"],
    ["on 1 'expect EINV|", "on 1 'expect EINVAL"],
    ['process 2 "vcpu 0 attr h|', 'process 2 "vcpu 0 attr has'],
  ])('inside the quotes of a command: %s', (marked, put) => {
    expect(at(marked).put).toBe(put);
  });
  test('where a quoted command is due, commands are offered, and the usage is that of the inner one', () => {
    expect(at('on 1 |').labels).toContain("'print");
    expect(at("on 1 'print |").signature).toMatch(/^print/);
  });

  test('every candidate at every place says what it is', () => {
    const places = state.table.families.flatMap((f) => f.forms.map((form) => compileSyntax(form.syntax)));
    for (const { firstWord, elements, options } of places) {
      const heads = [firstWord, ...elements.slice(1).flatMap((e) => (e.kind === 'word' ? [e.text] : []))];
      const lines = heads.map((_, i) => `${heads.slice(0, i + 1).join(' ')} `);
      for (const line of [...lines, ...options.map(({ flag }) => `${lines.at(-1)}${flag} `)]) {
        for (const { label, detail } of complete(line, line.length, state).items) expect(detail, `${line}${label}`).toBeTruthy();
      }
    }
  });

  test('every option of every command says what it means', () => {
    for (const { forms } of state.table.families)
      for (const { syntax, words } of forms)
        for (const { flag } of compileSyntax(syntax).options) expect(words?.[flag], `${syntax}: ${flag}`).toBeTruthy();
  });
});

describe('while typing', () => {
  test('the usage of the one form that fits, also behind a whole argument and inside an expression', () => {
    expect(at('thread vcpu 0 cpu |').signature).toMatch(/^thread vcpu VCPU cpu /);
    for (const line of ['break pc if x0|', 'break pc if x0 |', 'break pc if x0 + |', 'break pc if (x0 == 3|'])
      expect(at(line).signature, line).toBe('break ADDRESS [if CONDITION]');
    expect(at('print x0 + |').signature).toMatch(/^print/);
    expect(at('expect ok print x0 |').signature).toMatch(/^print/);
    expect(at('quit 3 |').signature).toBe('quit [CODE]');
    expect(at('|').signature).toBeUndefined();
    // A few that still fit stand together; of many, none.
    expect(at('up |').signature).toMatch(/^up --bare {2}or {2}up \[GUEST\]/);
    expect(at('vcpu 0 |').signature).toBeUndefined();
  });
  test('what is wrong is underlined, but not the word under the cursor', () => {
    expect(at('vcpu 0 atr set spe.irq 1|').diagnostics).toMatchObject([{ from: 7, to: 10 }]);
    expect(at('vcpu 0 atr|').diagnostics).toBeUndefined();
    expect(at("print '😀'; bogus; tick|").diagnostics).toMatchObject([{ from: 12, to: 17 }]);
  });
  test('a line that a backslash continues is one', () => {
    expect(at('vcpu 0 \\\nattr h|').put).toBe('vcpu 0 \\\nattr has');
    expect(at('print \\\n3 \\\n+ 4|')).toMatchObject({ signature: expect.stringMatching(/^print/) });
    expect(at('print \\\n3 \\\n+ 4|').diagnostics).toBeUndefined();
    expect(at('bogus \\\n3 |').diagnostics).toMatchObject([{ from: 0, to: 5 }]);
  });
  test('it is quick enough for every key', () => {
    const begin = performance.now();
    for (let i = 0; i < 100; i++) complete('vcpu 0 attr set spe.irq 21; print PMBPTR_EL1 + x', 48, state);
    expect((performance.now() - begin) / 100).toBeLessThan(5);
  });
});

describe('names that only files and the host know', () => {
  const before = state.names;
  beforeAll(() => {
    state.names = {
      ...before,
      guests: () => ['pointer-chase', 'forever'],
      files: (path) => ['a.spe', 'a b.spe', 'dir/', 'host.toml'].filter((name) => name.startsWith(path)),
    };
  });
  test.each([
    ['up poi|', ['pointer-chase']],
    ['up d|', ['dir/']],
    ['source |', ['a.spe', 'dir/', 'host.toml']],
    ['load d|', ['dir/']],
    ['host load ho|', ['host.toml']],
    ['host import |', ['dir/']],
    ['sysfs ls /sys/dev|', ['/sys/devices/']],
    ['sysfs cat /sys/devices/arm_spe_0/typ|', ['/sys/devices/arm_spe_0/type']],
    ['sysfs tree /sys/bus/event_source/devices/arm_spe_0/form|', ['/sys/bus/event_source/devices/arm_spe_0/format/']],
  ])('%s', (marked, labels) => {
    expect(at(marked).labels).toEqual(labels);
    for (const item of at(marked).items) expect(item.detail).toBeTruthy();
  });
});

test('an answer takes less than 5 ms, wherever the cursor stands', () => {
  const lines = [
    '',
    'v',
    'vcpu 0 attr set spe.',
    'print PMB',
    'expect EINVAL vcpu 0 attr set ',
    'x [sp]+',
    'help ',
    'sysfs cat /sys/devices/arm_spe_0/',
  ];
  for (const line of lines) complete(line, line.length, state);
  const took = lines.map((line) => {
    // The best of five: another program may hold the processor.
    const times = Array.from({ length: 5 }, () => {
      const before = performance.now();
      complete(line, line.length, state);
      return performance.now() - before;
    });
    return Math.min(...times);
  });
  expect(Math.max(...took)).toBeLessThan(5);
});
