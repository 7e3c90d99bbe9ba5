import { createHash } from 'node:crypto';
import { isWrite } from '@octopipe/shared/pipedrive/costs';
import { isOperationName } from '@octopipe/shared/pipedrive/facts/index';
import { type Html, html } from '../html/html.js';
import { page } from '../html/page.js';
import { facts as pairs, table } from '../html/parts.js';
import { capital, count, counted, moment, words } from '../html/wording.js';
import type { ReportFacts } from './gather-facts.js';
import type { PlannedRecord } from './read-sources.js';

/**
 * True of a load that found every record in place: it planned the whole export again, wrote nothing at all, and read
 * everything back without a difference. Counted twice: from the outcomes, and from the calls that were made.
 */
export function wroteNothing(facts: ReportFacts): boolean {
  const { run, reconciliation, tokens } = facts;
  const targets = Object.values(reconciliation.target);
  const records = targets.reduce((sum, row) => sum + row.planned, 0);
  return (
    run.status === 'done' &&
    records > 0 &&
    targets.every((row) => row.unchanged === row.planned) &&
    reconciliation.verified.records === records &&
    reconciliation.verified.differences === 0 &&
    tokens.use.every(({ operation }) => isOperationName(operation) && !isWrite(operation))
  );
}

export interface Certificate {
  facts: ReportFacts;
  /** Over every target key with the hash of its payload, in byte order: the same on every machine. */
  planHash: string;
}

export async function certificateOf(
  facts: ReportFacts,
  planned: AsyncIterable<Pick<PlannedRecord, 'targetKey' | 'payloadHash'>>,
): Promise<Certificate> {
  const hash = createHash('sha256');
  for await (const { targetKey, payloadHash } of planned) hash.update(`${targetKey} ${payloadHash}\n`);
  return { facts, planHash: hash.digest('hex') };
}

export function certificateJson({ facts, planHash }: Certificate) {
  const { run, reconciliation } = facts;
  return {
    says: 'The whole export was planned again and compared with the account: nothing had to be written, and nothing was.',
    migration: facts.migration,
    account: facts.connection.companyDomain,
    run_id: run.id,
    date: run.finishedAt,
    writes: 0,
    records: Object.fromEntries(
      Object.entries(reconciliation.target).map(([entity, row]) => [entity, row.unchanged]),
    ),
    verified: reconciliation.verified,
    hashes: { plan: planHash, mapping: facts.mapping.contentHash, export: facts.exported.sha256 },
    calls: Object.fromEntries(facts.tokens.use.map(({ operation, calls }) => [operation, calls])),
  };
}

export function certificateHtml({ facts, planHash }: Certificate): string {
  const { run, reconciliation, connection, migration, mapping } = facts;
  const records = Object.entries(reconciliation.target);
  return page({
    title: `Zero-write certificate: ${migration.name}`,
    body: html`<main>
<header class="verdict good">
<p class="soft">“${migration.name}” in ${connection.companyDomain}</p>
<h1>Nothing had to be written.</h1>
<p>The whole export was planned again and compared with the account. All ${counted(reconciliation.verified.records, 'record')} stood there already, ${counted(reconciliation.verified.fields, 'field')} read back without a difference; no call changed anything.</p>
</header>
<section><h2>Certified</h2>${pairs([
      ['Date', moment(run.finishedAt, mapping.content.settings.timeZone)],
      ['Run', html`<code>${run.id}</code>`],
      ['Hash of the plan', html`<code>${planHash}</code>`],
      ['Hash of the mapping', html`<code>${mapping.contentHash}</code>`],
      ['Hash of the export', html`<code>${facts.exported.sha256}</code>`],
      ['Writes', 0],
    ])}</section>
${countsOf(
  'Records that stood there',
  'Kind',
  records.map(([entity, row]) => [capital(words(entity)), count(row.unchanged)]),
)}
${countsOf(
  'Calls that were made, all of them reads',
  'Call',
  facts.tokens.use.map(({ operation, calls }) => [operation, count(calls)]),
)}
</main>`,
  });
}

function countsOf(caption: string, first: string, rows: ReadonlyArray<readonly [string, string]>): Html {
  return html`<section><h2>${caption}</h2>${table(caption, [{ says: first }, { says: 'Count', figures: true }], rows)}</section>`;
}
