import { join } from 'node:path';
import { planNames } from '@octopipe/shared/pipedrive/plans';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type AboutRunOptions, runRollback, runVerify } from './commands/about-run.js';
import { runDemo } from './commands/demo.js';
import { type MigrateOptions, runMigrate } from './commands/migrate.js';
import { runServe } from './commands/serve.js';
import type { CommonOptions, Surroundings } from './commands/session.js';
import { CliError, type Ending, exitCodes } from './exit-codes.js';
import { projectRoot } from './stack/project-root.js';

/** The commands and their words. `onEnding` hears how the chosen one ended; errors pass through. */
export function createProgram(
  env: NodeJS.ProcessEnv,
  around: (options: { json: boolean }) => Surroundings,
  onEnding: (ending: Ending) => void,
): Command {
  const program = new Command('octopipe')
    .usage('[options] [command]')
    .description(
      'Moves a company from OctopusPro into Pipedrive. Without a command: the demo. It starts the whole stack and a simulated Pipedrive account, migrates the sample company into it with visible progress, prints the reconciliation, and stays up until Ctrl-C.',
    )
    .option('--exit', 'end after the run instead of staying up')
    .option('--port <port>', 'port of the gateway on 127.0.0.1 (default: a free one)', parsePort)
    .option(
      '--state-dir <folder>',
      'where database, keys, logs and documents are kept',
      env.OCTOPIPE_STATE_DIR || join(projectRoot, '.octopipe'),
    )
    .option('--out <folder>', 'where the documents go (default: <state-dir>/out/<run id>)')
    .option('--json', 'one JSON object per line on stdout; sentences go to stderr')
    .option('--verbose', 'show the stack of an unexpected error')
    // An unknown command arrives as an argument here; ours is the better sentence for it.
    .argument('[command]')
    .helpOption('-h, --help', 'this text')
    .showHelpAfterError('(run "npm start -- --help" for what there is)')
    .addHelpText('after', helpAfter());
  program.action(async (command: string | undefined, given: GivenOptions) => {
    if (command !== undefined)
      throw new CliError('usage', `There is no command "${command}"; "npm start -- --help" lists them.`);
    const options = commonOptions(given);
    onEnding(
      await runDemo({ ...options, ...(given.out === undefined ? {} : { out: given.out }) }, around(options)),
    );
  });

  program
    .command('migrate')
    .usage('<package> --to <url> --token <token> [options]')
    .description(
      'Migrates an OctopusPro export (a folder or a .zip) into a Pipedrive account. A rerun of the same command continues an unfinished run; after a finished one it finds nothing to write.',
    )
    .argument('<package>', 'the export: a folder or a .zip file')
    .requiredOption('--to <url>', 'the account, like https://your-company.pipedrive.com')
    .option('--token <token>', 'its API token; "-" reads it from standard input (or set PIPEDRIVE_API_TOKEN)')
    .addOption(
      new Option('--plan <plan>', 'the plan of the account (default: as probed, else lite)').choices(
        planNames,
      ),
    )
    .option('--seats <n>', 'seats that are paid for (default: as probed, else 1)', parseSeats)
    .option('--timezone <zone>', "the company's time zone, like Australia/Sydney (default: the manifest's)")
    .option('--currency <code>', "the company's currency, like AUD (default: the manifest's)")
    .option('--country <code>', "the company's country, like AU (default: the manifest's)")
    .option('--inquiries <as>', 'leads, or deals in the first stage (default: leads)')
    .option('--deal-lines <as>', 'text on the deal, or products on it (default: text)')
    .option('--quote-deals <as>', 'of quotes that became bookings: own deals, or merged (default: own)')
    .option(
      '--invoice-deals <as>',
      'invoices enrich the deals of bookings, or are own deals (default: enrich)',
    )
    .option('--recurring-series <as>', 'a deal for each booking, or for each series (default: booking)')
    .option('--date-format <format>', 'how dates are written in the export: iso, or like dd/MM/yyyy')
    .option(
      '--match <entities>',
      'use records that stand in the account already: persons,organizations,products (default: all are created)',
    )
    .addOption(
      new Option(
        '--conflict-policy <policy>',
        'whose value a field of a matched record has afterwards (default: fill_empty)',
      ).choices(['keep_theirs', 'take_ours', 'fill_empty']),
    )
    .option('--dry-run', 'write nothing: print what would be written, call by call in numbers, and its hash')
    .option('--plan-hash <hash>', 'of a --dry-run: write nothing if anything has changed since')
    .option(
      '--yes',
      'confirm the mapping and waive the rehearsal and the phase gates; recorded with the run as waived',
    )
    .addHelpText('after', migrateHelpAfter())
    .action(async (path: string, _own: unknown, command: Command) => {
      const given = command.optsWithGlobals<GivenOptions & Omit<MigrateOptions, keyof CommonOptions>>();
      const options = commonOptions(given);
      onEnding(await runMigrate(path, { ...given, ...options }, around(options)));
    });

  program
    .command('rollback')
    .usage('<run> --tenant <name> [options]')
    .description(
      'Takes back what a migration wrote into its account. Without --yes it only looks, and says how many records it would delete, put back and keep, and why. What people changed since stays, with what it hangs on, and is listed by name.',
    )
    .argument('<run>', 'the id of the run that loaded the records')
    .requiredOption('--tenant <name>', 'whose run it is: the company, as the export names it')
    .option('--only <entities>', 'only records of these, like note,file; the schema that we made stays then')
    .option('--yes', 'go ahead after the look; recorded with the run')
    .addHelpText('after', `\n${exitCodeHelp()}`)
    .action(async (run: string, _own: unknown, command: Command) => {
      const given = command.optsWithGlobals<GivenOptions & AboutRunOptions>();
      const options = commonOptions(given);
      onEnding(await runRollback(run, { ...given, ...options }, around(options)));
    });

  program
    .command('verify')
    .usage('<run> --tenant <name> [options]')
    .description(
      'Reads back everything that a migration wrote and names each difference and whose doing it is. Writes nothing.',
    )
    .argument('<run>', 'the id of the run that loaded the records')
    .requiredOption('--tenant <name>', 'whose run it is: the company, as the export names it')
    .addHelpText('after', `\n${exitCodeHelp()}`)
    .action(async (run: string, _own: unknown, command: Command) => {
      const given = command.optsWithGlobals<GivenOptions & AboutRunOptions>();
      const options = commonOptions(given);
      onEnding(await runVerify(run, { ...given, ...options }, around(options)));
    });

  program
    .command('serve')
    .description('Starts the stack alone, for the API and the console, and stays up until Ctrl-C.')
    .action(async (_own: unknown, command: Command) => {
      const options = commonOptions(command.optsWithGlobals<GivenOptions>());
      onEnding(await runServe(options, around(options)));
    });
  return program;
}

/** The shared options as commander hands them out: a flag that was not given is absent. */
interface GivenOptions {
  exit?: true;
  port?: number;
  stateDir: string;
  out?: string;
  json?: true;
}

function commonOptions(given: GivenOptions): CommonOptions & { json: boolean } {
  return {
    exit: given.exit === true,
    port: given.port ?? 0,
    stateDir: given.stateDir,
    json: given.json === true,
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

function parseSeats(text: string): number {
  const seats = Number(text);
  if (!/^\d+$/.test(text) || seats < 1 || seats > 10_000)
    throw new InvalidArgumentError('Seats are a whole number from 1 to 10000.');
  return seats;
}

function helpAfter(): string {
  return `
Examples:
  npm start                                the demo; stays up until Ctrl-C
  npm start -- --exit --port 8080          the demo once, on a port of your choice
  npm start -- migrate ./export --to https://acme.pipedrive.com --token <token>
                                           up to the mapping; writes nothing
  npm start -- migrate ./export --to https://acme.pipedrive.com --token - --yes --exit < token.txt
                                           unattended, all the way
  npm start -- rollback <run> --tenant Acme
                                           what taking it back would do; --yes does it
  npm start -- migrate --help              all options of a migration
  npm run simulator -- --port 4010 --token test --plan growth --seats 5
                                           a Pipedrive account of your own to try it on

Environment:
  DATABASE_URL          a Postgres of yours instead of the embedded one
  REDIS_URL             a Redis for the queues instead of Postgres
  OCTOPIPE_STATE_DIR    as --state-dir
  OCTOPIPE_MASTER_KEY   the key that seals the data (default: made once, <state-dir>/master.key)
  OCTOPIPE_OTHER_MASTER_KEYS   keys that open besides, while it is changed (docs/runbook.md)
  PIPEDRIVE_API_TOKEN   as --token

${exitCodeHelp()}`;
}

function migrateHelpAfter(): string {
  return `
--exit, --port, --state-dir, --out, --json and --verbose work as without a command.

Examples:
  npm start -- migrate ./export --to https://acme.pipedrive.com --token <token>
  npm start -- migrate export.zip --to https://acme.pipedrive.com --token <token> --out ./result \\
    --plan growth --seats 5 --timezone Australia/Sydney --currency AUD --country AU --yes --exit

${exitCodeHelp()}`;
}

function exitCodeHelp(): string {
  const rows = Object.values(exitCodes).map(({ code, says }) => `  ${String(code).padStart(3)}  ${says}`);
  return ['Exit codes:', ...rows].join('\n');
}
