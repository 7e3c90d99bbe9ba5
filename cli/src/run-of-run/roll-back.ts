import type { Run } from '../api/answers.js';
import { CliError, type Ending } from '../exit-codes.js';
import { followRun } from '../migrate/follow-run.js';
import type { Client } from '../migrate/migrate-package.js';
import { type AboutRunOrder, saveAll, start } from './end-run.js';
import { previewText, rollbackText } from './rollback-text.js';

export interface RollbackOrder extends AboutRunOrder {
  /** Only records of these entities; undefined: all, and the schema that we made. */
  entities: string[] | undefined;
  goesAhead: boolean;
}

/** Looks, shows what would be done, and goes ahead only with --yes. A rerun goes on with the unfinished rollback. */
export async function rollBack(order: RollbackOrder, client: Client): Promise<Ending> {
  const { api, terminal } = client;
  const started = await start(
    api.startRollback(order.loadId, order.entities === undefined ? {} : { entities: order.entities }),
  );
  terminal.event('run', { run_id: started.id, kind: 'rollback', of_run_id: order.loadId });
  terminal.say();
  terminal.say(terminal.paint.bold(`Rollback ${started.id} of run ${order.loadId}`));
  const follow = (run: Run, stopsAt?: string) =>
    followRun(run, {
      ...client,
      unattended: order.unattended,
      acceptsFailures: order.goesAhead,
      logsDir: order.logsDir,
      ...(stopsAt === undefined ? {} : { stopsAt }),
    });
  let run = isPreviewed(started) ? started : await follow(started, 'rollback_preview');
  if (isPreviewed(run)) {
    terminal.event('preview', { run_id: run.id, rollback: run.rollback, tokens: run.tokens });
    terminal.say();
    for (const line of previewText(run)) terminal.say(line);
    if (!order.goesAhead)
      throw new CliError(
        'confirmation',
        `Nothing was changed. To go ahead run the same command with --yes, or POST /v1/runs/${run.id}/resume ("npm start -- serve" keeps the API up); POST /v1/runs/${run.id}/cancel drops it.`,
      );
    run = await follow(await api.moveRun(run.id, 'resume'));
  }
  const documents = await saveAll(run, order, client);
  const summary = await api.getRollbackSummary(run.id);
  terminal.say();
  for (const line of rollbackText(summary, documents, Math.min(100, terminal.columns()))) terminal.say(line);
  terminal.event('result', { run_id: run.id, summary, documents: documents.map(({ path }) => path) });
  return run.status === 'done' && summary.balanced ? 'ok' : 'notBalanced';
}

function isPreviewed(run: Run): boolean {
  return run.status === 'waiting_person' && run.reason_code === 'rollback_preview';
}
