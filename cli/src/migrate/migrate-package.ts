import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from '@octopipe/shared/core/canonical-json';
import { sleep } from '@octopipe/shared/core/clock';
import type { Mapping, Run, Summary, Waiver } from '../api/answers.js';
import { type Api, ApiProblem, type MigrationSettings } from '../api/client.js';
import { CliError, type Ending, endingOf } from '../exit-codes.js';
import { planText } from '../result/plan-text.js';
import { resultText, waiverLines } from '../result/result-text.js';
import { saveDocuments } from '../result/save-documents.js';
import { judge } from '../result/verdict.js';
import { bytes } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { connect, type Destination } from './connect.js';
import { followRun } from './follow-run.js';
import type { ExportPackage } from './inspect-package.js';
import { keptApart, mappingText } from './mapping-text.js';
import type { TenantName } from './name-tenant.js';
import { findingsText, waitAssessed } from './wait-assessed.js';
import { zipPackage } from './zip-package.js';

export interface MigrationOrder {
  source: ExportPackage;
  tenant: TenantName;
  reference: string;
  destination: Destination;
  settings: MigrationSettings;
  /** Who waives the gates that a person would hold; undefined: nobody does, and the command stops at the mapping. */
  waivedBy: string | undefined;
  /** Up to the first write: what would be written is printed. */
  dryRun: boolean;
  /** Of a dry run: nothing else than what that planned may be written. */
  planHash: string | undefined;
  /** Where the documents go; undefined: `<defaultOut>/<run id>`. */
  out: string | undefined;
  defaultOut: string;
  unattended: boolean;
  logsDir: string;
  /** Told as soon as there is a run. */
  onRun(run: Run): void;
}

export interface Client {
  api: Api;
  terminal: Terminal;
  signal: AbortSignal;
}

/**
 * Package in, documents out, all over the API. Each step finds what an earlier, interrupted run of the same command
 * left (by reference, by the package's hash, by the mapping's content, by the unfinished run) and goes on from there.
 * The account comes before the upload: a wrong token should cost a second, not a staging.
 */
export async function migratePackage(order: MigrationOrder, client: Client): Promise<Ending> {
  const { api, terminal, signal } = client;
  const migration = await openMigration(api, order);
  terminal.event('migration', { migration_id: migration.id, tenant: order.tenant.slug });
  terminal.say();
  terminal.say(terminal.paint.bold(`Migration of ${order.tenant.name} to ${order.destination.url}`));

  const connection = await connect(api, order.destination);
  terminal.event('connected', {
    connection_id: connection.id,
    plan: connection.plan,
    seats: connection.seats,
    plan_source: connection.plan_source ?? null,
  });
  terminal.say(
    `Connected: plan ${connection.plan} × ${connection.seats} ${connection.seats === 1 ? 'seat' : 'seats'}${connection.plan_source ? ` (${connection.plan_source.replaceAll('_', ' ')})` : ''}.`,
  );

  terminal.say(`Sending ${order.source.path} (${bytes(order.source.bytes)}) …`);
  const sent = await api.sendExport(migration.id, () => zipPackage(order.source));
  const assessed = await waitAssessed(
    api,
    { migrationId: migration.id, exportId: sent.id },
    terminal,
    signal,
  );
  terminal.event('assessed', {
    export_id: assessed.id,
    objects: assessed.objects,
    findings: assessed.findings,
  });
  for (const line of findingsText(assessed, terminal.columns())) terminal.say(line);

  const mapping = await propose(api, { migration_id: migration.id, export_id: assessed.id });
  const waivers = await agree(mapping, order, client);
  const run = await createRun(api, {
    migration_id: migration.id,
    connection_id: connection.id,
    mapping_version_id: mapping.id,
    kind: order.dryRun ? 'dry_run' : 'production',
    ...(order.planHash === undefined ? {} : { plan_hash: order.planHash }),
    waivers,
  });
  order.onRun(run);
  terminal.event('run', { run_id: run.id, status: run.status });
  terminal.say();
  terminal.say(terminal.paint.bold(`${order.dryRun ? 'Dry run' : 'Run'} ${run.id}`));
  const out = order.out ?? join(order.defaultOut, run.id);
  saveMapping(mapping, out);
  const ended = await followRun(run, {
    ...client,
    unattended: order.unattended,
    acceptsFailures: order.waivedBy !== undefined,
    logsDir: order.logsDir,
  });
  return order.dryRun ? concludeDryRun(ended, client) : conclude(ended, out, client);
}

/** An earlier run of the command may have opened it, with other settings: what this one says holds. */
async function openMigration(api: Api, { tenant, reference, destination, settings }: MigrationOrder) {
  const naming = {
    tenant: tenant.slug,
    tenant_name: tenant.name,
    reference,
    name: `${tenant.name} to ${new URL(destination.url).host}`,
  };
  if (Object.keys(settings).length === 0) return api.openMigration(naming);
  const opened = await api.openMigration({ ...naming, settings }).catch((error: unknown) => {
    if (error instanceof ApiProblem && error.code === 'ordered_otherwise') return api.openMigration(naming);
    throw error;
  });
  if (hashOf(opened.settings) !== hashOf(settings)) await api.changeSettings(opened.id, settings);
  return opened;
}

function concludeDryRun(run: Run, { terminal }: Client): Ending {
  const { plan } = run;
  if (run.status !== 'done' || !plan)
    throw new CliError(
      endingOf(run.reason_code, 'unexpected'),
      `The dry run ended as ${run.status.replaceAll('_', ' ')}${run.reason ? `: ${run.reason}` : '.'} Nothing was written.`,
    );
  terminal.say();
  for (const line of planText({ ...run, plan }, Math.min(100, terminal.columns()))) terminal.say(line);
  terminal.event('plan', { run_id: run.id, ...plan, tokens: run.tokens, owners: run.owners });
  return 'ok';
}

async function propose(api: Api, ids: { migration_id: string; export_id: string }): Promise<Mapping> {
  try {
    return await api.proposeMapping(ids);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const todo =
      error.code === 'settings_missing'
        ? ' Say what the export does not: --country AU --currency AUD --timezone Australia/Sydney (and --date-format dd/MM/yyyy).'
        : '';
    throw new CliError(endingOf(error.code, 'unexpected'), `${error.message}${todo}`, { cause: error });
  }
}

/** The mapping is confirmed: by a person earlier, or now by an explicit waiver. Otherwise nothing is written. */
async function agree(mapping: Mapping, order: MigrationOrder, client: Client): Promise<Waiver[]> {
  const { api, terminal } = client;
  terminal.event('mapping', {
    mapping_id: mapping.id,
    state: mapping.state,
    content_hash: mapping.content_hash,
  });
  terminal.say();
  for (const line of mappingText(mapping, terminal.columns())) terminal.say(line);
  const actor = order.waivedBy;
  if (mapping.state !== 'confirmed' && actor === undefined) {
    const file = saveMapping(mapping, order.out ?? join(order.defaultOut, `mapping-${mapping.id}`));
    throw new CliError(
      'confirmation',
      `Nothing was written. The whole mapping is in ${file}. To confirm this mapping run the same command with --yes, or POST /v1/mappings/${mapping.id}/confirm {"content_hash":"${mapping.content_hash}"} ("npm start -- serve" keeps the API up) and run the same command again.`,
    );
  }
  if (actor === undefined) return [];
  const gates = [
    'mapping_confirmation',
    ...(mapping.state !== 'confirmed' && keptApart(mapping) > 0 ? ['duplicate_customers'] : []),
    'rehearsal',
    'phase_gates',
  ];
  const waivers = gates.map((gate) => ({ gate, actor }));
  if (mapping.state !== 'confirmed')
    await api.confirmMapping(mapping.id, { content_hash: mapping.content_hash, waived: true });
  terminal.event('waived', { waivers });
  terminal.say();
  for (const line of waiverLines(waivers)) terminal.say(terminal.paint.yellow(line));
  return waivers;
}

function saveMapping(mapping: Mapping, folder: string): string {
  const file = join(folder, 'mapping.json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(mapping, null, 2)}\n`);
  return file;
}

async function createRun(api: Api, body: Parameters<Api['createRun']>[0]): Promise<Run> {
  try {
    return await api.createRun(body);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const todo =
      error.code === 'rehearsal_missing'
        ? ' Run the same command with --dry-run, look at its plan, and run it again without; or go without a rehearsal with --yes.'
        : '';
    throw new CliError(endingOf(error.code, 'unexpected'), `${error.message}${todo}`, { cause: error });
  }
}

async function conclude(run: Run, out: string, client: Client): Promise<Ending> {
  const { api, terminal } = client;
  if (!run.documents_ready) {
    throw new CliError(
      endingOf(run.reason_code, 'notBalanced'),
      `The run ended as ${run.status.replaceAll('_', ' ')}${run.reason ? `: ${run.reason}` : '.'} Run the same command again to go on.`,
    );
  }
  const summary = await getSummary(run, client);
  const documents = await saveDocuments(api, run.id, out);
  const verdict = judge(summary);
  const ending = run.status === 'failed' ? endingOf(run.reason_code, verdict.ending) : verdict.ending;
  terminal.say();
  for (const line of resultText(
    { runId: run.id, summary, verdict, documents },
    Math.min(100, terminal.columns()),
  ))
    terminal.say(line);
  if (run.status === 'failed' && run.reason) terminal.warn(`The run stopped: ${run.reason}`);
  terminal.event('result', {
    run_id: run.id,
    balanced_and_verified: verdict.ending === 'ok',
    reasons: verdict.reasons,
    summary,
    documents: documents.map(({ path }) => path),
  });
  return ending;
}

const summaryWithinMs = 60_000;

/** The summary is written last; the first documents may be there a moment before it. */
async function getSummary(run: Run, { api, signal }: Client): Promise<Summary> {
  for (const deadline = Date.now() + summaryWithinMs; ; ) {
    try {
      return await api.getSummary(run.id);
    } catch (error) {
      const isComing = error instanceof ApiProblem && (error.status === 404 || error.status === 409);
      if (!isComing || Date.now() > deadline) throw error;
    }
    await sleep(500, signal);
    signal.throwIfAborted();
  }
}
