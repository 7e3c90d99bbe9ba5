import { exclusionSentence } from '@octopipe/shared/domain/exclusions';
import { keptApart } from '@octopipe/shared/domain/mapping/content';
import type { Difference, FailedRecord, RecordMatch } from '@octopipe/shared/run/read-run';
import { type Html, html } from '../html/html.js';
import { page } from '../html/page.js';
import { scroll } from '../html/parts.js';
import {
  capital,
  count,
  counted,
  duration,
  gateWords,
  moment,
  money,
  statusWords,
  waivedBy,
  words,
} from '../html/wording.js';
import { differenceWords } from './difference-words.js';
import { type DocumentName, inventoryOf } from './document-names.js';
import type { ReportFacts } from './gather-facts.js';
import type { RejectedRow } from './read-sources.js';
import { explainedRecords, explainedRows, total, type Verdict } from './reconcile.js';
import { type DocumentHashes, type LongLists, sentenceOf } from './reconciliation-json.js';

/** Rows shown of each long list; the whole list is in reconciliation.json. A page of 100,000 rows serves nobody. */
const shown = 200;

/**
 * The report for the customer's admin: the verdict first, then what to do, then the proof. Keys, counts, codes and
 * our own sentences only; the values of records stay where they are.
 */
export async function reconciliationHtml(
  facts: ReportFacts,
  lists: LongLists,
  hashes: DocumentHashes,
): Promise<string> {
  const rejected = await first(lists.rejected());
  const failed = await first(lists.failed());
  const differences = await first(lists.differences());
  const matches = await first(lists.matches());
  return page({
    title: `Reconciliation: ${facts.migration.name}`,
    body: html`<main>
${verdict(facts)}
${waivers(facts)}
${about(facts)}
${sourceEquation(facts)}
${duplicates(facts)}
${targetEquation(facts)}
${matched(matches, facts)}
${readBack(facts)}
${sums(facts)}
${rejectedRows(rejected, sumOf(facts, 'rejected'))}
${failedRecords(
  failed,
  Object.values(facts.reconciliation.target).reduce((all, row) => all + row.failed, 0),
)}
${differenceList(differences, facts.reconciliation.verified.differences)}
${findings(facts)}
${lossy(facts)}
${inventories()}
${tokens(facts)}
${proof(facts, hashes)}
</main>`,
  });
}

const headlines: Record<Verdict, { tone: string; says: string }> = {
  accounted: { tone: 'good', says: 'Everything is accounted for.' },
  accounted_with_exceptions: {
    tone: 'warn',
    says: 'Everything is accounted for, with exceptions to look at.',
  },
  not_accounted: { tone: 'bad', says: 'Not everything is accounted for.' },
};

function verdict(facts: ReportFacts): Html {
  const { reconciliation } = facts;
  const { tone, says } = headlines[reconciliation.verdict];
  const rows = Object.values(reconciliation.source).reduce((all, counts) => all + counts.rows, 0);
  const records = Object.values(reconciliation.target).reduce((all, counts) => all + counts.planned, 0);
  return html`<header class="verdict ${tone}">
<p class="soft">Reconciliation of “${facts.migration.name}” into ${facts.connection.companyDomain}</p>
<h1>${says}</h1>
<p>The export holds ${counted(rows, 'row')}. From them ${counted(records, 'Pipedrive record')} ${records === 1 ? 'was' : 'were'} planned.
${counted(reconciliation.verified.records, 'record')} with ${counted(reconciliation.verified.fields, 'field')} ${reconciliation.verified.records === 1 ? 'was' : 'were'} read back from Pipedrive and compared;
${counted(reconciliation.verified.differences, 'difference')} ${reconciliation.verified.differences === 1 ? 'was' : 'were'} found.</p>
${
  reconciliation.points.length > 0 &&
  html`<h2>What to do</h2>
<ul>${reconciliation.points.map(
    (point) =>
      html`<li><strong class="${point.weight === 'open' ? 'bad' : 'warn'}">${point.weight === 'open' ? 'Open' : 'Please look'}:</strong> ${point.says} ${point.todo}</li>`,
  )}</ul>`
}
</header>`;
}

function waivers(facts: ReportFacts): Html {
  if (facts.waivers.length === 0) return html`<p class="soft">No check was waived.</p>`;
  return html`<section class="verdict warn"><h2>Checks that were waived</h2>
<p>These checks did not take place; a named person let the migration go on without them.</p>
<ul>${facts.waivers.map(
    (waiver) =>
      html`<li><strong>${gateWords(waiver.gate)}</strong>, ${waivedBy(waiver)}${
        waiver.at !== undefined && html`, ${momentOfText(waiver.at, zone(facts))}`
      }</li>`,
  )}</ul></section>`;
}

function about(facts: ReportFacts): Html {
  const { run, mapping } = facts;
  const { settings } = mapping.content;
  return html`<section><h2>The run</h2><dl>
<dt>Outcome</dt><dd>${statusWords[run.status]} (${words(run.kind)})</dd>
<dt>Started</dt><dd>${moment(run.startedAt, zone(facts))}</dd>
<dt>Ended</dt><dd>${moment(run.finishedAt, zone(facts))}</dd>
<dt>Duration</dt><dd>${duration(facts.durationMs)}</dd>
<dt>Mapping</dt><dd>version ${mapping.number}, confirmed by ${mapping.confirmedBy ?? 'nobody'} ${mapping.confirmedAt && html`on ${moment(mapping.confirmedAt, zone(facts))}`}</dd>
<dt>Pipeline</dt><dd>${settings.pipeline}</dd>
<dt>Value of a deal</dt><dd>${words(settings.dealValue)}</dd>
<dt>Currency, country</dt><dd>${settings.currency}, ${settings.country}</dd>
<dt>Dates in the export</dt><dd>${settings.dateFormat}, time zone ${settings.timeZone}</dd>
<dt>Deleted records</dt><dd>${settings.includeDeleted ? 'migrated too' : 'left out and counted as excluded'}</dd>
</dl></section>`;
}

function sourceEquation(facts: ReportFacts): Html {
  const rows = Object.entries(facts.reconciliation.source);
  return html`<section><h2>Every row of the export</h2>
<p>For each object: rows = migrated + merged + left out + set aside. Rows are counted in the files, the rest in the outcomes. A merged row has no record of its own and lives on in others.</p>
${scroll(
  'Every row of the export',
  html`<table><thead><tr><th scope="col">Object</th><th scope="col">Adds up</th><th scope="col" class="n">Rows</th><th scope="col" class="n">Migrated</th><th scope="col" class="n">Merged</th><th scope="col">Left out, by rule</th><th scope="col">Set aside, by reason</th></tr></thead>
<tbody>${rows.map(
    ([object, counts]) =>
      html`<tr><th scope="row">${words(object)}</th><td>${yesNo(
        counts.rows === explainedRows(counts),
        `no: ${count(explainedRows(counts))} explained`,
      )}</td><td class="n">${count(counts.rows)}</td><td class="n">${count(counts.mapped)}</td><td class="n">${count(counts.merged)}</td><td>${reasons(counts.excluded)}</td><td>${reasons(counts.rejected)}</td></tr>`,
  )}</tbody></table>`,
)}
${rows.length === 0 && html`<p class="soft">The export holds no rows.</p>`}
${rulesUsed(facts)}</section>`;
}

/** Customers that are one by a person's word or by OctopusPro's, and those that look alike and are not. Ids only; nothing where none look alike. */
function duplicates(facts: ReportFacts): Html | false {
  const { merged, mapping } = facts;
  const apart = keptApart(mapping.content);
  if (merged.length === 0 && apart.length === 0) return false;
  const survivors = new Map<string, string[]>();
  for (const { sourceId, survivingId } of merged)
    survivors.set(survivingId, [...(survivors.get(survivingId) ?? []), sourceId]);
  const listed = [...survivors].slice(0, shown);
  const sure = apart.filter(({ grade }) => grade === 'sure').length;
  return html`<section><h2>Customers that are one and the same</h2>
<p>${counted(merged.length, 'customer')} merged into ${counted(survivors.size, 'other')} by the confirmed mapping, or in OctopusPro before the export. What belonged to a merged customer stands on the one it went into, and the crosswalk leads there. ${counted(apart.length, 'group')} of customers that look alike ${apart.length === 1 ? 'was' : 'were'} kept apart, ${count(sure)} of them surely the same.</p>
${
  listed.length > 0 &&
  scroll(
    'Customers that were merged',
    html`<table><thead><tr><th scope="col">Customer</th><th scope="col">Merged into it</th></tr></thead>
<tbody>${listed.map(
      ([into, gone]) => html`<tr><th scope="row">${into}</th><td>${gone.join(', ')}</td></tr>`,
    )}</tbody></table>`,
  )
}
${survivors.size > shown && html`<p class="soft">The first ${count(shown)} of ${count(survivors.size)}; all stand in crosswalk.csv with the role merged.</p>`}</section>`;
}

/** What the rules of the column "Left out" mean; where an inventory has the rows, which. */
function rulesUsed(facts: ReportFacts): Html | false {
  const { source } = facts.reconciliation;
  const rules = [...new Set(Object.values(source).flatMap(({ excluded }) => Object.keys(excluded)))].sort();
  if (rules.length === 0) return false;
  return html`<h3>What the rules mean</h3>
<dl>${rules.map((rule) => html`<dt>${capital(words(rule))}</dt><dd>${exclusionSentence(rule)}${rule === 'inventory_only' && inventoriesUsed(facts)}</dd>`)}</dl>`;
}

function inventoriesUsed(facts: ReportFacts): Html {
  const objects = Object.entries(facts.reconciliation.source).flatMap(([object, { excluded }]) =>
    excluded.inventory_only === undefined ? [] : [object],
  );
  return html` ${objects.map((object, index) => {
    const name = inventoryOf(object);
    return html`${index > 0 && ', '}${words(object)}${name !== undefined && html`: <a href="${name}">${name}</a>`}`;
  })}.`;
}

function targetEquation(facts: ReportFacts): Html {
  const rows = Object.entries(facts.reconciliation.target);
  return html`<section><h2>Every record in Pipedrive</h2>
<p>For each kind of record: planned = created + updated + unchanged + refused + waiting, and nothing may be left waiting.</p>
${
  rows.length === 0
    ? html`<p class="soft">No record was planned.</p>`
    : scroll(
        'Every record in Pipedrive',
        html`<table><thead><tr><th scope="col">Record</th><th scope="col">Adds up</th><th scope="col" class="n">Planned</th><th scope="col" class="n">Created</th><th scope="col" class="n">Updated</th><th scope="col" class="n">Unchanged</th><th scope="col" class="n">Refused</th><th scope="col" class="n">Waiting</th></tr></thead>
<tbody>${rows.map(
          ([entity, counts]) =>
            html`<tr><th scope="row">${words(entity)}</th><td>${yesNo(
              counts.planned === explainedRecords(counts) && counts.waiting === 0,
              counts.waiting > 0
                ? 'no: some are waiting'
                : `no: ${count(explainedRecords(counts))} explained`,
            )}</td><td class="n">${count(counts.planned)}</td><td class="n">${count(counts.created)}</td><td class="n">${count(counts.updated)}</td><td class="n">${count(counts.unchanged)}</td><td class="n">${count(counts.failed)}</td><td class="n">${count(counts.waiting)}</td></tr>`,
        )}</tbody></table>`,
      )
}
<p>Writes whose outcome is not known: <strong>${count(facts.reconciliation.unknownOutcomes)}</strong>.</p></section>`;
}

const reasonWords: Record<string, string> = {
  one_candidate: 'surely the same',
  several_candidates: 'several may be it',
  shared_candidate: 'it may be several of ours',
  names_differ: 'it agrees, but not in the name',
};

/** Nothing when the mapping asked for new records only. */
function matched(rows: ReadonlyArray<RecordMatch>, facts: ReportFacts): Html | undefined {
  if (facts.matches.length === 0) return undefined;
  const all = facts.matches.reduce((sum, row) => sum + row.matched + row.createdAnew, 0);
  return html`<section><h2>Records that stood in Pipedrive already</h2>
<p>A matched record was not created again: the fields agreed on in the mapping were written into the one that stood there, the rest of it is as it was.
It counts as updated above. ${facts.matches.map(
    (row) =>
      html`<br>${capital(words(row.entity))}: ${count(row.matched)} matched, ${count(row.createdAnew)} created anew, ${count(row.asked)} asked about.`,
  )}</p>
${more(rows.length, all, 'matches')}
${scroll(
  'Records that stood in Pipedrive already',
  html`<table><thead><tr><th scope="col">Record</th><th scope="col">Key</th><th scope="col">Found</th><th scope="col">In Pipedrive</th><th scope="col">Agrees in</th><th scope="col">Decision</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><td>${words(row.entity)}</td><td><code>${row.targetKey}</code></td><td>${reasonWords[row.reason] ?? row.reason}</td><td>${row.candidates.map(({ id }) => id).join(', ')}</td><td>${[...new Set(row.candidates.flatMap(({ by }) => by))].map(words).join(', ')}</td><td>${row.decision === 'match' ? html`is ${row.targetId}` : 'created anew'}, ${row.decidedBy === 'rule' ? 'by rule' : row.decidedBy}</td></tr>`,
  )}</tbody></table>`,
)}</section>`;
}

function readBack(facts: ReportFacts): Html {
  return html`<section><h2>Read back and compared</h2>
${
  facts.verification.length === 0
    ? html`<p><strong class="bad">Nothing was read back.</strong> The run ended before its last step.</p>`
    : scroll(
        'Read back and compared',
        html`<table><thead><tr><th scope="col">Record</th><th scope="col" class="n">Records</th><th scope="col" class="n">Fields</th><th scope="col" class="n">Differences</th><th scope="col">When</th></tr></thead>
<tbody>${facts.verification.map(
          (row) =>
            html`<tr><th scope="row">${words(row.entity)}</th><td class="n">${count(row.records)}</td><td class="n">${count(row.fields)}</td><td class="n">${count(row.differences)}</td><td>${moment(row.finishedAt, zone(facts))}</td></tr>`,
        )}</tbody></table>`,
      )
}</section>`;
}

function sums(facts: ReportFacts): Html {
  const { currency } = facts.mapping.content.settings;
  return html`<section><h2>Sums of money</h2>
<h3>Deal values</h3>
${
  facts.deals.length === 0
    ? html`<p class="soft">No deals in this run.</p>`
    : scroll(
        'Deal values',
        html`<table><thead><tr><th scope="col">Status</th><th scope="col">Equal</th><th scope="col">Currency</th><th scope="col" class="n">Deals planned</th><th scope="col" class="n">Value planned</th><th scope="col" class="n">Deals read back</th><th scope="col" class="n">Value read back</th></tr></thead>
<tbody>${facts.deals.map(
          (row) =>
            html`<tr><th scope="row">${row.status}</th><td>${yesNo(row.equal)}</td><td>${row.currency}</td><td class="n">${count(row.plannedDeals)}</td><td class="n">${money(row.planned)}</td><td class="n">${count(row.readDeals)}</td><td class="n">${money(row.read)}</td></tr>`,
        )}</tbody></table>`,
      )
}
<h3>Payments and refunds</h3>
${
  facts.payments.length === 0
    ? html`<p class="soft">No payments or refunds in this run.</p>`
    : html`<p>The amounts stated in the export's files, against the amounts in the activities as Pipedrive shows them.</p>${scroll(
        'Payments and refunds',
        html`<table><thead><tr><th scope="col">Kind</th><th scope="col">Equal</th><th scope="col">Currency</th><th scope="col" class="n">Rows</th><th scope="col" class="n">In the export</th><th scope="col" class="n">Activities</th><th scope="col" class="n">In Pipedrive</th></tr></thead>
<tbody>${facts.payments.map(
          (row) =>
            html`<tr><th scope="row">${row.object}s</th><td>${yesNo(
              row.equal,
              row.unreadable > 0
                ? `no: ${counted(row.unreadable, 'activity', 'activities')} without an amount`
                : 'no',
            )}</td><td>${currency}</td><td class="n">${count(row.rows)}</td><td class="n">${money(row.stated)}</td><td class="n">${count(row.activities)}</td><td class="n">${money(row.read)}</td></tr>`,
        )}</tbody></table>`,
      )}`
}</section>`;
}

function rejectedRows(rows: ReadonlyArray<RejectedRow>, all: number): Html {
  if (rows.length === 0) return html`<section><h2>Rows that were set aside</h2><p>None.</p></section>`;
  return html`<section><h2>Rows that were set aside</h2>
${more(rows.length, all, 'rejected_rows')}
${scroll(
  'Rows that were set aside',
  html`<table><thead><tr><th scope="col">Object</th><th scope="col">Id</th><th scope="col">File and row</th><th scope="col">Why, and what to do</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><td>${words(row.object)}</td><td class="key"><code>${row.sourceId ?? 'none'}</code></td><td>${row.file ?? '–'}${row.fileRow !== null && html`, row ${row.fileRow}`}</td><td class="says">${sentenceOf(row.code)} <code>${row.code}</code></td></tr>`,
  )}</tbody></table>`,
)}</section>`;
}

function failedRecords(records: ReadonlyArray<FailedRecord>, all: number): Html {
  if (records.length === 0)
    return html`<section><h2>Records that could not be written</h2><p>None.</p></section>`;
  return html`<section><h2>Records that could not be written</h2>
${more(records.length, all, 'failed_records')}
${scroll(
  'Records that could not be written',
  html`<table><thead><tr><th scope="col">Record</th><th scope="col">Key</th><th scope="col">Why</th></tr></thead>
<tbody>${records.map(
    (record) =>
      html`<tr><td>${words(record.entity)}</td><td><code>${record.targetKey}</code></td><td class="says">${sentenceOf(record.code)} ${record.detail} <code>${record.code}</code></td></tr>`,
  )}</tbody></table>`,
)}</section>`;
}

function differenceList(differences: ReadonlyArray<Difference>, all: number): Html {
  if (differences.length === 0) return html`<section><h2>Differences</h2><p>None.</p></section>`;
  return html`<section><h2>Differences</h2>
<p>Fields are shown by name only; open the record in Pipedrive to see its value.</p>
${more(differences.length, all, 'differences')}
${scroll(
  'Differences',
  html`<table><thead><tr><th scope="col">Record</th><th scope="col">Key</th><th scope="col">Field</th><th scope="col">What differs</th></tr></thead>
<tbody>${differences.map(
    (row) =>
      html`<tr><td>${words(row.entity)}</td><td><code>${row.targetKey}</code></td><td><code>${row.field}</code></td><td>${differenceWords[row.kind]}</td></tr>`,
  )}</tbody></table>`,
)}</section>`;
}

const severityWords: Record<string, string> = {
  block: 'Row set aside',
  warn: 'Please check',
  info: 'For information',
};

function findings(facts: ReportFacts): Html {
  if (facts.findings.length === 0)
    return html`<section><h2>Findings about the data</h2><p>None.</p></section>`;
  return html`<section><h2>Findings about the data</h2>
${scroll(
  'Findings about the data',
  html`<table><thead><tr><th scope="col" class="n">How often</th><th scope="col">Weight</th><th scope="col">What was found</th></tr></thead>
<tbody>${facts.findings.map(
    (row) =>
      html`<tr><td class="n">${count(row.count)}</td><td>${severityWords[row.severity] ?? row.severity}</td><td class="says">${sentenceOf(row.code)} <code>${row.code}</code></td></tr>`,
  )}</tbody></table>`,
)}</section>`;
}

function lossy(facts: ReportFacts): Html {
  const sentences = [
    ...facts.lossy,
    ...facts.mapping.content.objects.flatMap((object) =>
      object.columns.flatMap((column) =>
        column.lossy === null ? [] : [{ object: object.object, says: `${column.header}: ${column.lossy}` }],
      ),
    ),
  ];
  return html`<section><h2>What cannot be carried over in full</h2>
${
  sentences.length === 0
    ? html`<p>Nothing: every mapped field has a place of its own in Pipedrive.</p>`
    : html`<ul>${sentences.map((row) => html`<li><strong>${capital(words(row.object))}:</strong> ${row.says}</li>`)}</ul>`
}
</section>`;
}

/** Pages that lie beside this one, in the folder as in the console. */
const inventoryPages: ReadonlyArray<{ name: DocumentName; says: string }> = [
  { name: 'inventory-automations.html', says: 'Automations to rebuild, with their texts and the steps' },
  { name: 'inventory-faqs.html', says: 'Questions and answers of the portal' },
  { name: 'inventory-forms-and-fields.html', says: 'Forms, and what became of every custom field' },
  { name: 'inventory-portal.html', says: 'Settings of the customer portal' },
  { name: 'inventory-manual-review.html', says: 'Workers, pay, positions, areas: to review by hand' },
  { name: 'inventory-out-of-scope.html', says: 'Everything found and not migrated' },
  { name: 'billing-disputes.html', says: 'Invoices and payments whose figures do not agree' },
];

function inventories(): Html {
  return html`<section><h2>Inventories</h2>
<p>What does not move by itself is written down for the people who rebuild or check it.</p>
<ul>${inventoryPages.map(({ name, says }) => html`<li><a href="${name}">${says}</a></li>`)}</ul>
<p>All of it as sheets to work through: <a href="inventories.xlsx">inventories.xlsx</a></p>
<p class="soft">All of it for programs: <a href="inventories.json">inventories.json</a></p></section>`;
}

function tokens(facts: ReportFacts): Html {
  const { planned, spent, floor, use, plannedBy } = facts.tokens;
  const operations = [...new Set([...use.map((row) => row.operation), ...Object.keys(plannedBy)])].sort();
  const useOf = new Map(use.map((row) => [row.operation, row]));
  return html`<section><h2>API tokens</h2>
<p>Pipedrive limits how much may be written a day in tokens. Spent: <strong>${count(spent)}</strong>. ${planned === null || floor === null ? 'The run ended before its price was planned.' : html`Planned: ${count(planned)}. The least possible: ${count(floor)}.`}</p>
${
  operations.length > 0 &&
  scroll(
    'API tokens',
    html`<table><thead><tr><th scope="col">Operation</th><th scope="col" class="n">Calls</th><th scope="col" class="n">Tokens spent</th><th scope="col" class="n">Tokens planned</th></tr></thead>
<tbody>${operations.map(
      (operation) =>
        html`<tr><td><code>${operation}</code></td><td class="n">${count(useOf.get(operation)?.calls ?? 0)}</td><td class="n">${count(useOf.get(operation)?.tokens ?? 0)}</td><td class="n">${count(plannedBy[operation] ?? 0)}</td></tr>`,
    )}</tbody></table>`,
  )
}</section>`;
}

function proof(facts: ReportFacts, hashes: DocumentHashes): Html {
  return html`<section><h2>Fingerprints</h2>
<p>SHA-256 of what this report is about. A file with the same fingerprint is the same file.</p>
<dl>
<dt>Export package</dt><dd><code>${facts.exported.sha256}</code> (${counted(facts.exported.bytes, 'byte')})</dd>
<dt>Mapping</dt><dd><code>${facts.mapping.contentHash}</code></dd>
${hashes.map((file) => html`<dt>${file.name}</dt><dd><code>${file.sha256}</code> (${counted(file.bytes, 'byte')})</dd>`)}
<dt>Run</dt><dd><code>${facts.run.id}</code></dd>
<dt>Migration</dt><dd><code>${facts.migration.id}</code> (${facts.migration.reference})</dd>
</dl></section>`;
}

function reasons(counts: Record<string, number>): Html {
  const rows = Object.entries(counts);
  if (rows.length === 0) return html`0`;
  return html`${rows.map(([reason, rowCount], index) => html`${index > 0 && html`<br>`}${count(rowCount)} ${words(reason)}`)}`;
}

function yesNo(yes: boolean, no = 'no'): Html {
  return yes ? html`<strong class="good">yes</strong>` : html`<strong class="bad">${no}</strong>`;
}

function more(listed: number, all: number, member: string): Html | undefined {
  if (all <= listed) return undefined;
  return html`<p class="soft">The first ${count(listed)} of ${count(all)}; all of them are in reconciliation.json under “${member}”.</p>`;
}

function zone(facts: ReportFacts): string {
  return facts.mapping.content.settings.timeZone;
}

/** A waiver's time comes from a caller's JSON: shown as it is when it is no time. */
function momentOfText(text: string, timeZone: string): Html {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? html`${text}` : moment(at, timeZone);
}

function sumOf(facts: ReportFacts, term: 'rejected' | 'excluded'): number {
  return Object.values(facts.reconciliation.source).reduce((all, counts) => all + total(counts[term]), 0);
}

async function first<T>(items: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === shown) break;
  }
  return taken;
}
