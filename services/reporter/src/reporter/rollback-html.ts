import type { FailedRecord, KeptRecord } from '@octopipe/shared/run/read-run';
import { type Html, html } from '../html/html.js';
import { page } from '../html/page.js';
import { facts as pairs, table } from '../html/parts.js';
import { capital, count, counted, duration, moment, statusWords, words } from '../html/wording.js';
import { keepSentence, type RollbackFacts } from './gather-rollback.js';
import type { RollbackLists } from './rollback-json.js';

/** Rows shown of each long list; the whole list is in rollback.json. */
const shown = 200;

/** The report of a rollback for the customer's admin: what is gone, what was put back, and what stays and why. */
export async function rollbackHtml(facts: RollbackFacts, lists: RollbackLists): Promise<string> {
  const kept = await first(lists.kept());
  const failed = await first(lists.failed());
  return page({
    title: `Rollback: ${facts.migration.name}`,
    body: html`<main>
${verdict(facts)}
${equation(facts)}
${keptList(facts, kept)}
${failedList(facts, failed)}
${schema(facts)}
${state(facts)}
${about(facts)}
</main>`,
  });
}

const sum = (
  facts: RollbackFacts,
  term: 'planned' | 'deleted' | 'restored' | 'gone' | 'kept' | 'failed' | 'waiting',
) => facts.entities.reduce((total, row) => total + row[term], 0);

function verdict(facts: RollbackFacts): Html {
  const kept = sum(facts, 'kept');
  const failed = sum(facts, 'failed');
  const leaves = Object.keys(facts.kept).length > 0;
  const tone = !facts.balanced ? 'bad' : leaves ? 'warn' : 'good';
  const says = !facts.balanced
    ? 'Not everything could be taken back.'
    : leaves
      ? 'Taken back, except what people changed or still need.'
      : 'Everything was taken back.';
  return html`<header class="verdict ${tone}">
<p class="soft">Rollback of “${facts.migration.name}” in ${facts.connection.companyDomain}</p>
<h1>${says}</h1>
<p>${counted(sum(facts, 'deleted'), 'record')} deleted, ${counted(sum(facts, 'restored'), 'record')} put back to what they said before,
${counted(sum(facts, 'gone'), 'record')} gone already, ${counted(kept, 'record')} kept${failed > 0 && html`, <strong class="bad">${count(failed)} refused</strong>`}.</p>
<p>Deleted records can be restored by the company itself in Pipedrive for 30 days.</p>
</header>`;
}

function equation(facts: RollbackFacts): Html {
  return html`<section><h2>Every record of ours</h2>
<p>For each kind of record: planned = deleted + put back + gone already + kept + refused.</p>
${table(
  'Every record of ours',
  [
    { says: 'Kind' },
    ...['Planned', 'Deleted', 'Put back', 'Gone already', 'Kept', 'Refused', 'Waiting'].map((says) => ({
      says,
      figures: true,
    })),
  ],
  facts.entities.map((row) => [
    capital(words(row.entity)),
    ...[row.planned, row.deleted, row.restored, row.gone, row.kept, row.failed, row.waiting].map(count),
  ]),
)}</section>`;
}

function keptList(facts: RollbackFacts, kept: ReadonlyArray<KeptRecord>): Html {
  const reasons = Object.entries(facts.kept);
  if (reasons.length === 0) return html`<section><h2>Kept</h2><p>Nothing had to be kept.</p></section>`;
  const listed = reasons
    .filter(([reason]) => reason !== 'not_selected')
    .reduce((total, [, n]) => total + n, 0);
  return html`<section><h2>Kept</h2>
<ul>${reasons.map(([reason, n]) => html`<li><strong>${count(n)}</strong>: ${keepSentence(reason)} <code>${reason}</code></li>`)}</ul>
${more(kept.length, listed, 'kept_records')}
${
  kept.length > 0 &&
  table(
    'Kept records',
    [
      { says: 'Name' },
      { says: 'Kind' },
      { says: 'Why' },
      { says: 'Changed' },
      { says: 'Pipedrive id' },
      { says: 'Key' },
    ],
    kept.map((record) => [
      record.label === '' ? html`<span class="soft">(no name)</span>` : record.label,
      words(record.entity),
      keepSentence(record.reason),
      record.fields.map(words).join(', '),
      record.targetId,
      html`<code>${record.targetKey}</code>`,
    ]),
  )
}</section>`;
}

function failedList(facts: RollbackFacts, failed: ReadonlyArray<FailedRecord>): Html | undefined {
  if (failed.length === 0) return undefined;
  return html`<section><h2>Refused by Pipedrive</h2>
${more(failed.length, sum(facts, 'failed'), 'failed_records')}
${table(
  'Refused by Pipedrive',
  [{ says: 'Key' }, { says: 'Kind' }, { says: 'Reason' }, { says: 'Pipedrive said', prose: true }],
  failed.map((record) => [
    html`<code>${record.targetKey}</code>`,
    words(record.entity),
    words(record.code),
    record.detail ?? '',
  ]),
)}</section>`;
}

function schema({ schema: removal }: RollbackFacts): Html {
  if (!removal) return html`<section><h2>Fields, stages and types</h2><p>Not looked at.</p></section>`;
  return html`<section><h2>Fields, stages and types</h2>
<p>${counted(removal.removed, 'item')} that we had made and nothing uses any more ${removal.removed === 1 ? 'was' : 'were'} removed. Filters and reports that people made of them are not visible to us.</p>
${
  removal.kept.length > 0 &&
  table(
    'Kept fields, stages and types',
    [{ says: 'Name' }, { says: 'What' }, { says: 'Of' }, { says: 'Why it stays' }],
    removal.kept.map((item) => [item.name, words(item.kind), item.entity, schemaSentence(item.reason)]),
  )
}</section>`;
}

function schemaSentence(reason: string): string {
  return Object.hasOwn(schemaSentences, reason) ? (schemaSentences[reason] ?? reason) : reason;
}

const schemaSentences: Record<string, string> = {
  in_use: 'a record still uses it',
  renamed: 'somebody renamed it',
  added_to: 'somebody added to it',
};

function state({ run, schema: removal, othersUnchanged }: RollbackFacts): Html {
  const before = run.plan.rollback?.others;
  return html`<section><h2>The company's own records</h2>
<p>${
    othersUnchanged === null
      ? 'They were not compared.'
      : othersUnchanged
        ? 'Every record that is not ours says the same as before the rollback.'
        : 'Records that are not ours differ from before the rollback: people worked in the account meanwhile. The rollback sends nothing to records that are not ours.'
  }</p>
${pairs([
  ['Before', before && html`${counted(before.records, 'record')}, <code>${before.hash}</code>`],
  [
    'After',
    removal && html`${counted(removal.others.records, 'record')}, <code>${removal.others.hash}</code>`,
  ],
])}</section>`;
}

function about(facts: RollbackFacts): Html {
  const { run, tokens } = facts;
  return html`<section><h2>The run</h2>${pairs([
    ['Outcome', statusWords[run.status]],
    ['Asked for', run.entities === null ? 'everything' : run.entities.map(words).join(', ')],
    ['Confirmed by', run.plan.confirmed?.by],
    [
      'Takes back',
      run.ofRunId && html`run <code>${run.ofRunId}</code>, and all that its migration wrote before it`,
    ],
    ['Started', moment(run.startedAt, facts.timeZone)],
    ['Ended', moment(run.finishedAt, facts.timeZone)],
    ['Duration', duration(facts.durationMs)],
    [
      'Tokens',
      `${count(tokens.spent)} spent${tokens.planned === null ? '' : `, ${count(tokens.planned)} planned`}`,
    ],
  ])}</section>`;
}

function more(listed: number, all: number, name: string): Html | undefined {
  if (all <= listed) return undefined;
  return html`<p class="soft">The first ${count(listed)} of ${count(all)}; all of them are in rollback.json under “${name}”.</p>`;
}

async function first<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length === shown) break;
  }
  return found;
}
