import { CliError, type Ending } from '../exit-codes.js';
import { slugOf } from '../migrate/name-tenant.js';
import { rollBack } from '../run-of-run/roll-back.js';
import { verify } from '../run-of-run/verify.js';
import { prepareOutFolder } from '../stack/state-folder.js';
import { type CommonOptions, type Surroundings, withStack } from './session.js';

/** Commands about a run that has ended. */
export interface AboutRunOptions extends CommonOptions {
  tenant: string;
  out?: string;
  only?: string;
  yes?: boolean;
}

export function runRollback(loadId: string, options: AboutRunOptions, around: Surroundings): Promise<Ending> {
  const entities = options.only?.split(',').map((name) => name.trim());
  return withRun(loadId, options, around, (order, client) =>
    rollBack({ ...order, entities, goesAhead: options.yes === true }, client),
  );
}

export function runVerify(loadId: string, options: AboutRunOptions, around: Surroundings): Promise<Ending> {
  return withRun(loadId, options, around, verify);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function withRun(
  loadId: string,
  options: AboutRunOptions,
  around: Surroundings,
  work: (...given: Parameters<typeof verify>) => Promise<Ending>,
): Promise<Ending> {
  if (!uuid.test(loadId))
    throw new CliError('usage', `"${loadId}" is not the id of a run; summary.json has it as run_id.`);
  const out = options.out === undefined ? undefined : prepareOutFolder(options.out);
  return withStack({ ...options, withSimulator: false }, around, ({ state, signal, api }) =>
    work(
      { loadId, out, defaultOut: state.outDir, unattended: options.exit, logsDir: state.logsDir },
      { api: api(slugOf(options.tenant)), terminal: around.terminal, signal },
    ),
  );
}
