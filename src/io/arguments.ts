// Arguments of the process (language.md §1) as data. Nothing runs here.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

export interface CommonOptions {
  /** `--host NAME|FILE`; null: the default, or what a notebook asks for. */
  readonly host: string | null;
  readonly seed: number | null;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly echo: boolean;
  readonly keepGoing: boolean;
  readonly color: 'auto' | 'always' | 'never';
  readonly width: number | null;
  readonly plain: boolean;
  readonly init: string | null;
  readonly noInit: boolean;
  /** Modules with commands of the person's own. */
  readonly plugins: readonly string[];
  readonly batch: boolean;
  readonly interactive: boolean;
}

export type Invocation =
  | { readonly mode: 'start' }
  | { readonly mode: 'commands'; readonly text: string }
  | { readonly mode: 'run'; readonly files: readonly string[] }
  | { readonly mode: 'check'; readonly files: readonly string[]; readonly update: boolean; readonly junit: string | null }
  | { readonly mode: 'tape'; readonly files: readonly string[]; readonly castVersion: 2 | 3 }
  /** `workers`: threads for a trace; null: as many as are of use. */
  | { readonly mode: 'dump'; readonly file: string; readonly perf: string; readonly workers: number | null }
  /** `where`: an expression over the columns; null: every record. */
  | {
      readonly mode: 'records';
      readonly file: string;
      readonly csv: boolean;
      readonly where: string | null;
      readonly workers: number | null;
    }
  | {
      readonly mode: 'stat';
      readonly file: string;
      readonly counts: boolean;
      readonly where: string | null;
      /** An ELF whose symbols name code. */
      readonly symbols: string | null;
      readonly workers: number | null;
    }
  | {
      readonly mode: 'export';
      readonly file: string;
      readonly out: string;
      /** Of raw AUX bytes, which do not say. */
      readonly midr: bigint | null;
      /** Hz. */
      readonly frequency: bigint | null;
      readonly metadata: 1 | 2;
    }
  | {
      readonly mode: 'boot';
      readonly image: string;
      readonly arguments: string;
      readonly vcpus: number;
      /** Bytes. */
      readonly memory: bigint;
      readonly operations: number;
      readonly initrd: string | null;
    }
  | {
      readonly mode: 'explore';
      readonly file: string;
      /** `1/4`. */
      readonly shard: string | null;
      /** Where rows go, `-` is standard output; null: nowhere. */
      readonly rows: string | null;
      readonly each: 'transition' | 'state';
      /** Where scripts of counterexamples go. */
      readonly scripts: string | null;
      readonly workers: number | null;
    }
  | { readonly mode: 'help'; readonly topic: string };

export type Arguments =
  | { readonly kind: 'invocation'; readonly invocation: Invocation; readonly options: CommonOptions }
  /** Help, the version, or what is wrong with the arguments. */
  | { readonly kind: 'text'; readonly out: string; readonly err: string; readonly code: number };

export const PERF_VERSIONS = ['6.1', '6.12', '7.3'] as const;
const USAGE = 2;
const SMALLEST_WIDTH = 20;
const LARGEST_SEED = 0xffff_ffff;

function count(text: string, from: number, to: number): number {
  const value = /^(0[xX][0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= from && value <= to)) throw new InvalidArgumentError(`It is a number from ${from} to ${to}.`);
  return value;
}

/** As many redistributors as fit between their base and the UART. */
const MOST_VCPUS = 123;
const DEFAULT_MEMORY = 64n << 20n;
const LEAST_MEMORY = 1n << 20n;
const MOST_MEMORY = 3n << 30n;
const PAGE = 4096n;
const DEFAULT_OPERATIONS = 10_000_000_000;
const SIZE_UNITS: Readonly<Record<string, bigint>> = { '': 1n, KiB: 1n << 10n, MiB: 1n << 20n, GiB: 1n << 30n };

/** Guest RAM in bytes: `64MiB`. */
function memorySize(text: string): bigint {
  const read = /^(0[xX][0-9a-fA-F]+|\d[\d_]*)(KiB|MiB|GiB)?$/.exec(text);
  const value = read === null ? -1n : BigInt(read[1].replaceAll('_', '')) * SIZE_UNITS[read[2] ?? ''];
  if (value < LEAST_MEMORY || value > MOST_MEMORY || value % PAGE !== 0n)
    throw new InvalidArgumentError('It is a size from 1MiB to 3GiB, in whole pages: 64MiB.');
  return value;
}

const MOST_THREADS = 64;

const operationCount = (text: string): number => count(text.replace(/(?<=\d)_(?=\d)/g, ''), 1, Number.MAX_SAFE_INTEGER);

const BOOT_HELP = `
IMAGE is a file, or a guest of the project by name. A flat image goes 512 KiB into RAM and begins with its first byte; x0 is the devicetree.
The exit code is n >> 1 of the line EXIT: STATUS=n that the guest prints, else 1 if its SUMMARY: line names unexpected failures, else 0 at
SYSTEM_OFF; any other end is a stop: 3. Besides the guest's RAM spesh takes at most 300 MiB, whatever the image does.`;

const workersOption = (): Option =>
  new Option('--workers <n>', 'threads (default: one for each CPU)').argParser((text) => count(text, 1, MOST_THREADS));

/** At least 1, 64 bits. */
function wholeNumber(text: string): bigint {
  const value = /^(0[xX][0-9a-fA-F]{1,16}|\d{1,19})$/.test(text) ? BigInt(text) : 0n;
  if (value < 1n) throw new InvalidArgumentError('It is a number from 1 on.');
  return value;
}

const EXAMPLES = `
Examples:
  spesh                                    the interactive shell
  spesh -c 'up pointer-chase; run; records 3'
  spesh run setup.spe tour.md              each file in a fresh session
  spesh check tour.md --update             record what the notebook prints
  spesh boot guest.flat --args 'a b' --smp 2
  spesh dump trace.aux                     packets in the words of perf report -D
  spesh export trace.aux -o perf.data      a file that perf opens

spesh help lists the commands of the shell; spesh help exit-codes the exit codes.`;

interface SubCommand {
  readonly name: string;
  readonly about: string;
  make(command: Command, choose: (invocation: Invocation) => void): void;
}

const SUB_COMMANDS: readonly SubCommand[] = [
  {
    name: 'run',
    about: 'run scripts (.spe) and notebooks (.md), each in a fresh session; - is standard input',
    make: (command, choose) => command.argument('<file...>').action((files: string[]) => choose({ mode: 'run', files })),
  },
  {
    name: 'check',
    about: 'verify the recorded output of notebooks',
    make: (command, choose) =>
      command
        .argument('<notebook...>')
        .option('--update', 'rewrite the output that changed')
        .option('--junit <file>', 'write the results as JUnit XML')
        .action((files: string[], o: { update?: true; junit?: string }) =>
          choose({ mode: 'check', files, update: o.update === true, junit: o.junit ?? null }),
        ),
  },
  {
    name: 'tape',
    about: 'play recorded demos and write the casts and pictures they name',
    make: (command, choose) =>
      command
        .argument('<tape...>')
        .addOption(new Option('--cast-version <version>', 'of asciicast').choices(['2', '3']).default('3'))
        .action((files: string[], o: { castVersion: string }) =>
          choose({ mode: 'tape', files, castVersion: o.castVersion === '2' ? 2 : 3 }),
        ),
  },
  {
    name: 'dump',
    about: 'the packets of a raw AUX file or a perf.data, as perf report -D prints them',
    make: (command, choose) =>
      command
        .argument('<file>')
        .addOption(new Option('--perf <version>', 'whose words').choices(PERF_VERSIONS).default('6.1'))
        .addOption(workersOption())
        .action((file: string, o: { perf: string; workers?: number }) =>
          choose({ mode: 'dump', file, perf: o.perf, workers: o.workers ?? null }),
        ),
  },
  {
    name: 'records',
    about: 'decoded records',
    make: (command, choose) =>
      command
        .argument('<file>')
        .option('--csv', 'comma-separated')
        .option('--where <expression>', 'those that match: --where "op == LD && total > 100"')
        .addOption(workersOption())
        .action((file: string, o: { csv?: true; where?: string; workers?: number }) =>
          choose({ mode: 'records', file, csv: o.csv === true, where: o.where ?? null, workers: o.workers ?? null }),
        ),
  },
  {
    name: 'stat',
    about: 'counts of a trace',
    make: (command, choose) =>
      command
        .argument('<file>')
        .option('--counts', 'the counts alone')
        .addOption(new Option('--where <expression>', 'statistics of the records that match').conflicts('counts'))
        .option('--symbols <elf>', 'name code by the symbols of this ELF')
        .addOption(workersOption())
        .action((file: string, o: { counts?: true; where?: string; symbols?: string; workers?: number }) =>
          choose({
            mode: 'stat',
            file,
            counts: o.counts === true,
            where: o.where ?? null,
            symbols: o.symbols ?? null,
            workers: o.workers ?? null,
          }),
        ),
  },
  {
    name: 'export',
    about: 'converts a trace: the ending of OUT says to what (.data .parquet .csv .ndjson .aux .svg)',
    make: (command, choose) =>
      command
        .argument('<file>')
        .requiredOption('-o, --output <out>', 'where to')
        .addOption(new Option('--midr <value>', 'MIDR_EL1 of the CPU behind raw AUX bytes').argParser(wholeNumber))
        .addOption(new Option('--frequency <hz>', 'of the counter behind raw AUX bytes').argParser(wholeNumber))
        .addOption(
          new Option('--metadata <version>', 'of a perf.data: 2 opens in perf 6.13 and later alone').choices(['1', '2']).default('1'),
        )
        .action((file: string, o: { output: string; midr?: bigint; frequency?: bigint; metadata: string }) =>
          choose({
            mode: 'export',
            file,
            out: o.output,
            midr: o.midr ?? null,
            frequency: o.frequency ?? null,
            metadata: o.metadata === '2' ? 2 : 1,
          }),
        ),
  },
  {
    name: 'boot',
    about: 'a flat arm64 image or ELF with SPE configured, to its end; exits with the status the guest reports',
    make: (command, choose) =>
      command
        .argument('<image>')
        .option('--args <text>', 'boot arguments, in the devicetree', '')
        .addOption(new Option('--smp <n>', 'vCPUs').argParser((text) => count(text, 1, MOST_VCPUS)).default(1))
        .addOption(new Option('--mem <size>', 'guest RAM').argParser(memorySize).default(DEFAULT_MEMORY, '64MiB'))
        .addOption(new Option('--ops <n>', 'budget of operations').argParser(operationCount).default(DEFAULT_OPERATIONS, '10 billion'))
        .option('--initrd <file>', 'an initial RAM disk')
        .addHelpText('after', BOOT_HELP)
        .action((image: string, o: { args: string; smp: number; mem: bigint; ops: number; initrd?: string }) =>
          choose({ mode: 'boot', image, arguments: o.args, vcpus: o.smp, memory: o.mem, operations: o.ops, initrd: o.initrd ?? null }),
        ),
  },
  {
    name: 'explore',
    about: 'every order of the calls that a file names: what each can answer, which invariants fail, the shortest way there',
    make: (command, choose) =>
      command
        .argument('<file.toml>')
        .option('--shard <i/n>', 'only this part of the paths, by their first calls: 1/4 to 4/4')
        .option('--rows <file>', 'what was found as NDJSON, - is standard output; rows of shards merge by dropping doubles')
        .addOption(new Option('--each <what>', 'what a row is').choices(['transition', 'state']).default('transition'))
        .option('--scripts <directory>', 'write the counterexamples there')
        .addOption(workersOption())
        .action((file: string, o: { shard?: string; rows?: string; each: 'transition' | 'state'; scripts?: string; workers?: number }) => {
          const { shard = null, rows = null, scripts = null, workers = null } = o;
          choose({ mode: 'explore', file, shard, rows, each: o.each, scripts, workers });
        }),
  },
  {
    name: 'help',
    about: 'help on a command of the shell',
    make: (command, choose) => command.argument('[topic...]').action((words: string[]) => choose({ mode: 'help', topic: words.join(' ') })),
  },
];

/** Reads the arguments behind the program's name. */
export function readArguments(argv: readonly string[], version: string): Arguments {
  let out = '';
  let err = '';
  const found: { invocation: Invocation | null } = { invocation: null };
  const choose = (invocation: Invocation): void => {
    found.invocation = invocation;
  };
  const program = new Command('spesh')
    .description('A debugger shell around a deterministic, steppable arm64 KVM host with Arm SPE.')
    .usage('[options] [command]')
    .version(version, '-V, --version', 'print the version')
    .addOption(
      new Option('-c <commands>', "run commands: 'CMD; CMD'").argParser((text, before: string | undefined) =>
        before === undefined ? text : `${before}\n${text}`,
      ),
    )
    .option('--host <name|file>', 'host fixture (default: two-spu)')
    .addOption(new Option('--seed <n>', 'seed of everything random (default: 0)').argParser((text) => count(text, 0, LARGEST_SEED)))
    .option('--json', 'one JSON object a command')
    .option('--quiet', 'print diagnostics only')
    .option('--echo', 'print each command before what it shows')
    .option('--keep-going', 'go on after a failure')
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .addOption(
      new Option('--width <n>', 'columns of tables (80 when not a terminal)').argParser((text) => count(text, SMALLEST_WIDTH, 10_000)),
    )
    .option('--plain', 'linear output, for screen readers')
    .option('--init <file>', 'commands to run at the start of every session')
    .option('--no-init', 'no start-up commands')
    .addOption(
      new Option('--plugin <file>', "a module with commands of one's own").argParser((file, before: readonly string[] | undefined) => [
        ...(before ?? []),
        file,
      ]),
    )
    .option('--batch', 'never the interactive shell')
    .option('--interactive', 'the interactive shell, whatever stdin and stdout are')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (out += text),
      writeErr: (text) => (err += text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .showSuggestionAfterError(true)
    .argument('[command...]', 'one of the commands below')
    .action((words: string[], options: { c?: string }) => {
      if (words.length > 0) unknownCommand(program, words[0]);
      choose(options.c === undefined ? { mode: 'start' } : { mode: 'commands', text: options.c });
    });

  // Only the sub-commands that may be meant are made: making all of them takes longer than reading the arguments.
  const all = argv.some((word) => word === '--help' || word === '-h');
  for (const { name, about, make } of SUB_COMMANDS) {
    if (all || argv.includes(name)) make(program.command(name).description(about).exitOverride(), choose);
  }

  try {
    program.parse([...argv], { from: 'user' });
    const isBeside = program.opts<{ c?: string }>().c !== undefined && found.invocation?.mode !== 'commands';
    if (isBeside)
      program.error('error: -c and a command exclude each other\n  hint: spesh run - reads commands from stdin', { exitCode: USAGE });
  } catch (problem) {
    if (!(problem instanceof CommanderError)) throw problem;
    const asked = problem.code === 'commander.helpDisplayed' || problem.code === 'commander.version' || problem.code === 'commander.help';
    return {
      kind: 'text',
      out,
      err: asked ? err : wrongArguments(err),
      code: asked ? 0 : USAGE,
    };
  }
  if (found.invocation === null) throw new Error('commander ran no action');
  return { kind: 'invocation', invocation: found.invocation, options: commonOptions(program) };
}

function wrongArguments(text: string): string {
  const said = text.replace(/^error: /gm, 'spesh: ').trimEnd();
  return said.includes('hint: ') ? `${said}\n` : `${said}\n  hint: spesh --help\n`;
}

function unknownCommand(program: Command, word: string): never {
  const names = SUB_COMMANDS.map((c) => c.name).join(', ');
  const meant = /\.(spe|md)$/.test(word) ? `did you mean spesh run ${word}?` : `commands are ${names}`;
  return program.error(`error: unknown command '${word}'\n  hint: ${meant}`, { exitCode: USAGE });
}

function commonOptions(program: Command): CommonOptions {
  const o = program.opts<Record<string, unknown>>();
  const text = (key: string): string | null => (typeof o[key] === 'string' ? o[key] : null);
  const number = (key: string): number | null => (typeof o[key] === 'number' ? o[key] : null);
  return {
    host: text('host'),
    seed: number('seed'),
    json: o['json'] === true,
    quiet: o['quiet'] === true,
    echo: o['echo'] === true,
    keepGoing: o['keepGoing'] === true,
    color: o['color'] === 'always' || o['color'] === 'never' ? o['color'] : 'auto',
    width: number('width'),
    plain: o['plain'] === true,
    init: text('init'),
    noInit: o['init'] === false,
    plugins: Array.isArray(o['plugin']) ? o['plugin'].map(String) : [],
    batch: o['batch'] === true,
    interactive: o['interactive'] === true,
  };
}
