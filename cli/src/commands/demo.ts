import { join } from 'node:path';
import { openApi } from '../api/client.js';
import { CliError, type Ending } from '../exit-codes.js';
import { inspectPackage } from '../migrate/inspect-package.js';
import { migratePackage } from '../migrate/migrate-package.js';
import { nameTenant, referenceOf } from '../migrate/name-tenant.js';
import { projectRoot } from '../stack/project-root.js';
import { prepareOutFolder } from '../stack/state-folder.js';
import { forgetDemo, noteDemo } from './demo-note.js';
import { type CommonOptions, type Session, type Surroundings, withStack } from './session.js';

export const samplePackage = join(projectRoot, 'samples', 'harbour-home-services', 'package');

/** The sample company into a simulated account, from nothing to the documents. */
export async function runDemo(
  options: CommonOptions & { out?: string },
  around: Surroundings,
): Promise<Ending> {
  const source = await inspectPackage(samplePackage);
  const tenant = await nameTenant(source);
  const out = options.out === undefined ? undefined : prepareOutFolder(options.out);
  return withStack({ ...options, withSimulator: true }, around, async (session) => {
    const { stack, state, signal, api } = session;
    const { simulator } = stack;
    if (simulator === undefined)
      throw new CliError('unexpected', 'The demo was started without a simulator.');
    let runId: string | undefined;
    try {
      const ending = await migratePackage(
        {
          source,
          tenant,
          // The account is new with every simulator, and so is the migration into it.
          reference: referenceOf(simulator.company, tenant.slug),
          destination: {
            url: simulator.url,
            token: simulator.token,
            plan: simulator.plan,
            seats: simulator.seats,
          },
          settings: { country: 'AU', currency: 'AUD', time_zone: 'Australia/Sydney' },
          dryRun: false,
          planHash: undefined,
          waivedBy: 'demo',
          out,
          defaultOut: state.outDir,
          unattended: options.exit,
          logsDir: state.logsDir,
          onRun: (run) => {
            runId = run.id;
            noteDemo(state, { tenant: tenant.slug, runId: run.id });
          },
        },
        { api: api(tenant.slug), terminal: around.terminal, signal },
      );
      forgetDemo(state);
      return ending;
    } catch (error) {
      if (runId !== undefined) await cancelDemo(session, tenant.slug, runId);
      throw error;
    }
  });
}

/** The simulated account ends with this command, so its unfinished run must too. If it fails, the next start tries. */
async function cancelDemo({ stack, state }: Session, tenant: string, runId: string): Promise<void> {
  const api = openApi({
    baseUrl: stack.gatewayUrl,
    key: stack.operatorKey,
    tenant,
    // The session's own signal has fired already.
    signal: AbortSignal.timeout(3_000),
    patience: 0,
  });
  await api.moveRun(runId, 'cancel').then(
    () => forgetDemo(state),
    () => {},
  );
}
