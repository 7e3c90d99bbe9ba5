import type { Ending } from '../exit-codes.js';
import { followRun } from '../migrate/follow-run.js';
import type { Client } from '../migrate/migrate-package.js';
import { bytes, count } from '../terminal/table.js';
import { type AboutRunOrder, saveAll, start } from './end-run.js';

/** Reads everything of a migration back; a rerun looks again. */
export async function verify(order: AboutRunOrder, client: Client): Promise<Ending> {
  const { api, terminal } = client;
  const started = await start(api.startVerify(order.loadId));
  terminal.event('run', { run_id: started.id, kind: 'verify', of_run_id: order.loadId });
  terminal.say();
  terminal.say(terminal.paint.bold(`Verify run ${started.id} of run ${order.loadId}`));
  const run = await followRun(started, {
    ...client,
    unattended: order.unattended,
    acceptsFailures: false,
    logsDir: order.logsDir,
  });
  const documents = await saveAll(run, order, client);
  const { verified, by_kind, cost_share, ...summary } = await api.getVerificationSummary(run.id);
  terminal.say();
  terminal.say(
    `Read back: ${count(verified.records)} records, ${count(verified.fields)} fields, ${count(verified.differences)} differences.`,
  );
  for (const [kind, differences] of Object.entries(by_kind))
    terminal.say(`  ${kind.replaceAll('_', ' ')}: ${count(differences)}`);
  terminal.say(
    `Tokens: ${count(summary.tokens.spent)} spent${cost_share === null ? '' : `, ${(100 * cost_share).toFixed(1)} % of what the load took`}.`,
  );
  terminal.say();
  terminal.say('Documents:');
  for (const document of documents) terminal.say(`  ${document.path}  (${bytes(document.bytes)})`);
  terminal.event('result', {
    run_id: run.id,
    summary: { ...summary, verified, by_kind, cost_share },
    documents: documents.map(({ path }) => path),
  });
  return run.status === 'done' && verified.differences === 0 ? 'ok' : 'notBalanced';
}
