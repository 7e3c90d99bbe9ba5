import { CommanderError } from 'commander';
import { interruption } from './commands/session.js';
import { CliError, type Ending, exitCodes } from './exit-codes.js';
import { createProgram } from './program.js';
import { openTerminal } from './terminal/terminal.js';

process.exit(exitCodes[await run()].code);

async function run(): Promise<Ending> {
  // npm runs us in the checkout; paths are meant from where the user stands.
  if (process.env.npm_lifecycle_event !== undefined && process.env.INIT_CWD)
    process.chdir(process.env.INIT_CWD);
  const signal = listenForSignals();
  let ending: Ending = 'ok';
  const program = createProgram(
    process.env,
    ({ json }) => ({ terminal: openTerminal({ json, env: process.env }), env: process.env, signal }),
    (how) => {
      ending = how;
    },
  );
  program.exitOverride();
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(process.argv);
    return ending;
  } catch (error) {
    // Commander has printed its own sentence; 0 is --help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 'ok' : 'usage';
    return explain(error, program.opts());
  }
}

/** The first signal stops in order, a second one at once; then the watchdogs end what we started. */
function listenForSignals(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted.code);
    controller.abort(interruption());
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  // `npm start | head`: nobody reads any more, so it is time to stop.
  process.stdout.on('error', stop);
  return controller.signal;
}

function explain(error: unknown, { json, verbose }: { json?: boolean; verbose?: boolean }): Ending {
  const ending = error instanceof CliError ? error.ending : 'unexpected';
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`octopipe: ${message}\n`);
  if (verbose && error instanceof Error && ending === 'unexpected') process.stderr.write(`${error.stack}\n`);
  if (json) {
    const at = new Date().toISOString();
    process.stdout.write(
      `${JSON.stringify({ event: 'error', at, ending, exit_code: exitCodes[ending].code, message })}\n`,
    );
  }
  return ending;
}
