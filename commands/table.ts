// The command table: every family, in the order of language.md §3. Each module in this directory declares one family; it has one line here.
import type { Family } from '../src/shell/family.ts';
import type { ShellState } from '../src/shell/state.ts';
import { alias } from './alias.ts';
import { apropos } from './apropos.ts';
import { assert } from './assert.ts';
import { backtrace } from './backtrace.ts';
import { branches } from './branches.ts';
import { breakCommand } from './break.ts';
import { buffer } from './buffer.ts';
import { calls } from './calls.ts';
import { cap } from './cap.ts';
import { catchCommand } from './catch.ts';
import { clear } from './clear.ts';
import { consoleCommand } from './console.ts';
import { continueCommand } from './continue.ts';
import { deleteCommand } from './delete.ts';
import { diff } from './diff.ts';
import { dis } from './dis.ts';
import { display } from './display.ts';
import { expect } from './expect.ts';
import { explain } from './explain.ts';
import { exportCommand } from './export.ts';
import { finish } from './finish.ts';
import { focus } from './focus.ts';
import { guest } from './guest.ts';
import { help } from './help.ts';
import { history } from './history.ts';
import { host } from './host.ts';
import { info } from './info.ts';
import { ioctl } from './ioctl.ts';
import { irqLine } from './irq-line.ts';
import { kernel } from './kernel.ts';
import { letCommand } from './let.ts';
import { load } from './load.ts';
import { mask } from './mask.ts';
import { more } from './more.ts';
import { mrs } from './mrs.ts';
import { msr } from './msr.ts';
import { on } from './on.ts';
import { perf } from './perf.ts';
import { perfmon } from './perfmon.ts';
import { pins } from './pins.ts';
import { print } from './print.ts';
import { process } from './process.ts';
import { quit } from './quit.ts';
import { records } from './records.ts';
import { redo } from './redo.ts';
import { reg } from './reg.ts';
import { regs } from './regs.ts';
import { rerun } from './rerun.ts';
import { restore } from './restore.ts';
import { rlimit } from './rlimit.ts';
import { run } from './run.ts';
import { sample } from './sample.ts';
import { save } from './save.ts';
import { set } from './set.ts';
import { show } from './show.ts';
import { snap } from './snap.ts';
import { source } from './source.ts';
import { spu } from './spu.ts';
import { stat } from './stat.ts';
import { step } from './step.ts';
import { sysfs } from './sysfs.ts';
import { thread } from './thread.ts';
import { tick } from './tick.ts';
import { timeline } from './timeline.ts';
import { trace } from './trace.ts';
import { tutorial } from './tutorial.ts';
import { undo } from './undo.ts';
import { until } from './until.ts';
import { up } from './up.ts';
import { vcpu } from './vcpu.ts';
import { vgic } from './vgic.ts';
import { vm } from './vm.ts';
import { w } from './w.ts';
import { why } from './why.ts';
import { x } from './x.ts';

/** Every family; those that show or change the shell's own state are made with it. */
export const families = (state: ShellState): readonly Family[] => [
  // host
  host,
  sysfs,
  kernel,
  cap,
  // process
  thread,
  rlimit,
  perfmon,
  process,
  // vm
  vm,
  // vcpu, attr, one-reg
  vcpu,
  // vgic
  vgic,
  irqLine,
  // ioctl
  ioctl,
  // guest
  guest,
  up,
  consoleCommand,
  // run
  step,
  finish,
  sample,
  continueCommand,
  until,
  run,
  // stops
  breakCommand,
  catchCommand,
  deleteCommand,
  on,
  // inspect
  print,
  info(state),
  regs(state),
  reg,
  x(state),
  dis,
  backtrace,
  msr,
  mrs,
  w,
  // spe
  spu,
  buffer(state),
  records,
  stat,
  mask,
  pins,
  timeline,
  // perf
  perf,
  // trace
  trace,
  // why
  why,
  explain,
  calls,
  // time
  tick,
  undo,
  redo,
  snap,
  restore,
  diff,
  branches,
  // check
  expect(state),
  assert,
  // notebook
  save(state),
  load(state),
  source,
  history(state),
  rerun(state),
  exportCommand(state),
  // shell
  help(state),
  apropos(state),
  alias(state),
  set(state),
  show(state),
  letCommand,
  display(state),
  focus,
  tutorial(state),
  more(state),
  clear,
  quit,
];
