// A small command table for the parser's tests: forms of the shapes the real ones have.
import { done } from '../../src/session/outcome.ts';
import type { Form } from '../../src/shell/family.ts';
import { family } from '../../src/shell/family.ts';
import { commandTable } from '../../src/shell/table.ts';

const form = (id: string, syntax: string, more: Partial<Form> = {}): Form => ({
  id,
  syntax,
  about: id,
  effect: 'pure',
  run: () => done(),
  ...more,
});

export const TABLE = commandTable([
  family({
    name: 'vcpu',
    group: 'vcpu',
    summary: 'vCPUs',
    forms: [
      form('vcpu.create', 'vcpu create <id:EXPR>'),
      form('vcpu.show', 'vcpu [<vcpu:VCPU>]'),
      form('vcpu.init', 'vcpu [<vcpu:VCPU>] init [<features:WORD>] [--features <mask:EXPR>] [--target <target:EXPR>]'),
      form('vcpu.run', 'vcpu [<vcpu:VCPU>] run [--ops <ops:EXPR>] [--immediate-exit]'),
      form('vcpu.attr.set', 'vcpu [<vcpu:VCPU>] attr set <attr:ATTR> [<value:EXPR>] [--addr <addr:WORD>] [--flags <flags:EXPR>]', {
        check: (args) => (args['value'] && args['addr'] ? { slot: 'addr', message: 'a value and --addr exclude each other' } : null),
      }),
      form('vcpu.attr.get', 'vcpu [<vcpu:VCPU>] attr get <attr:ATTR>'),
    ],
  }),
  family({ name: 'thread', group: 'process', summary: '', forms: [form('thread.cpu', 'thread vcpu <vcpu:EXPR> cpu <list:LIST>')] }),
  family({
    name: 'irq-line',
    group: 'vgic',
    summary: '',
    forms: [form('irq-line', 'irq-line <kind:cpu|ppi> <vcpu:VCPU> <num:EXPR> <level:EXPR>')],
  }),
  family({ name: 'print', group: 'inspect', summary: '', forms: [form('print', 'print[/<format:WORD>] <value:REST>')] }),
  family({ name: 'assert', group: 'check', summary: '', forms: [form('assert', 'assert <condition:REST>')] }),
  family({ name: 'let', group: 'shell', summary: '', forms: [form('let', 'let <name:NAME> = <value:REST>')] }),
  family({ name: 'reg', group: 'inspect', summary: '', forms: [form('reg', 'reg <name:REGISTER>[=<value:EXPR>]')] }),
  family({ name: 'regs', group: 'inspect', summary: '', forms: [form('regs', 'regs [<set:spe|gp|sys|gic>]')] }),
  family({
    name: 'x',
    group: 'inspect',
    summary: '',
    forms: [form('x', 'x[/<format:WORD>] <address:EXPR> [<length:EXPR>] [--as <space:va|ipa|pa>]')],
  }),
  family({ name: 'step', group: 'run', summary: '', forms: [form('step', 'step [<n:EXPR>]')] }),
  family({ name: 'sysfs', group: 'host', summary: '', forms: [form('sysfs.cat', 'sysfs cat <path:PATH>')] }),
  family({ name: 'break', group: 'stops', summary: '', forms: [form('break', 'break <where:EXPR> [if <condition:REST>]')] }),
  family({
    name: 'records',
    group: 'spe',
    summary: '',
    forms: [form('records', 'records [<n:EXPR>] [--where <where:REST>] [--csv <file:OUT>]')],
  }),
  family({ name: 'ioctl', group: 'ioctl', summary: '', forms: [form('ioctl', 'ioctl <target:WORD> <request:WORD> [<fields:WORD>…]')] }),
  family({ name: 'on', group: 'stops', summary: '', forms: [form('on', 'on <id:EXPR> <command:QUOTED>')] }),
  family({ name: 'alias', group: 'shell', summary: '', forms: [form('alias', 'alias <name:NAME> = <text:WORD>')] }),
  family({ name: 'export', group: 'notebook', summary: '', forms: [form('export', 'export <file:OUT>')] }),
  family({
    name: 'expect',
    group: 'check',
    summary: '',
    forms: [
      form('expect.ok', 'expect ok <command:COMMAND>'),
      form('expect.errno', 'expect <errno:ERRNO> <command:COMMAND>'),
      form('expect.exit', 'expect exit <name:NAME> <command:COMMAND>'),
      form('expect.match', 'expect <regex:REGEX> <command:COMMAND>'),
    ],
  }),
]);
