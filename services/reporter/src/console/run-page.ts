import { endedStatuses, type RunKind } from '@octopipe/shared/domain/run/states';
import { type PlannedOwners, spentToday, type Waiver } from '@octopipe/shared/run/read-run';
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
  statusWords,
  waivedBy,
  words,
} from '../html/wording.js';
import type { FindingCount } from '../reporter/read-sources.js';
import { sentenceOf } from '../reporter/reconciliation-json.js';
import { isReported } from '../reporter/reported-statuses.js';
import { type Estimate, type PhaseProgress, type ProgressFacts, progressOf } from './progress.js';
import { topBar } from './top-bar.js';

export interface RunPageFacts extends ProgressFacts {
  tenantName: string;
  migrationName: string;
  companyDomain: string;
  timeZone: string;
  findings: ReadonlyArray<FindingCount>;
  waivers: ReadonlyArray<Waiver>;
  documents: ReadonlyArray<{ name: string; bytes: number }>;
}

/** The progress page. It renews itself while it has a version, which says what it shows (page-feed.ts). */
export function runPage(facts: RunPageFacts, now: Date, version: string | undefined): string {
  const { run } = facts;
  const progress = progressOf(facts, now);
  return page({
    title: `${statusWords[run.status]}: ${facts.migrationName}`,
    ...(version === undefined ? {} : { live: { script: '/console/live.js', refreshSeconds: 2 } }),
    body: html`${topBar(facts.tenantName)}
${version !== undefined && html`<p id="said" class="unseen" role="status"></p>`}
<main${version !== undefined && html` data-version="${version}" data-events="/console/runs/${run.id}/events"`}>
${status(facts)}
${isLive(facts) && refreshNote(run.id, version !== undefined)}
<section id="figures"><h2>At a glance</h2>${figures(facts, progress.perMinute, progress.estimate, now)}</section>
${documents(facts)}
${waivers(facts)}
${plannedOwners(facts)}
${plannedCalls(facts)}
${phases(run, progress.phases)}
${findings(facts)}
<section id="about"><h2>About</h2><dl>
<dt>Run</dt><dd><code>${run.id}</code> (${words(run.kind)})</dd>
<dt>Started</dt><dd>${moment(run.startedAt, facts.timeZone)}</dd>
<dt>Ended</dt><dd>${moment(run.finishedAt, facts.timeZone)}</dd>
<dt>This page</dt><dd>as of ${moment(now, facts.timeZone)}</dd>
</dl></section>
</main>`,
  });
}

/** A run that has ended still lacks its documents for a moment: worth waiting for. */
export function isLive({ run, documents: printed }: RunPageFacts): boolean {
  return !endedStatuses.includes(run.status) || (isReported(run) && printed.length === 0);
}

function status(facts: RunPageFacts): Html {
  const { run } = facts;
  const tone = toneOf(facts);
  return html`<header id="status" class="verdict ${tone}">
<p class="soft">${facts.migrationName} into ${facts.companyDomain}</p>
<h1>${statusWords[run.status]}</h1>
${run.reason !== null && html`<p>${run.reason}</p>`}
${todo(facts)}
</header>`;
}

/** Finished is not yet good: what was refused, waits or differs keeps the page from being green. A dry run lets all wait. */
function toneOf({ run, entities, verification }: RunPageFacts): string {
  const clean =
    run.kind === 'dry_run' ||
    (entities.every((row) => row.failed === 0 && row.waiting === 0) &&
      verification.every((row) => row.differences === 0));
  if (run.status === 'done') return clean ? 'good' : 'warn';
  if (run.status === 'failed') return 'bad';
  return run.status === 'running' || run.status === 'queued' ? '' : 'warn';
}

function todo({ run, timeZone, documents: printed }: RunPageFacts): Html | undefined {
  switch (run.status) {
    case 'waiting_budget':
      return html`<p>Nothing to do: today's share of Pipedrive's allowance is used. It goes on by itself ${
        run.resumeAt ? html`at ${moment(run.resumeAt, timeZone)}` : 'when the allowance is renewed'
      }.</p>`;
    case 'waiting_person':
      return html`<p>${waitsFor(run)}</p>`;
    case 'paused':
      return html`<p>Somebody paused it. Resume the run to go on where it stopped.</p>`;
    case 'failed':
      if (run.kind === 'dry_run')
        return html`<p>Nothing was written. Remove the cause and start the dry run again.</p>`;
      return html`<p>${
        printed.length > 0
          ? html`Read ${mainDocument(run.kind)} below: it says what is there and what is not.`
          : html`The report is being written.`
      } Remove the cause and start the run again; nothing is written twice.</p>`;
    case 'done':
      if (run.kind === 'dry_run')
        return html`<p>Nothing was written: a dry run ends before the first write, and has no report. The plan below is what a real run would do now.</p>`;
      return printed.length > 0
        ? html`<p>Read ${mainDocument(run.kind)} below first: it says in plain words ${mainQuestions[run.kind] ?? 'whether everything is accounted for'}.</p>`
        : html`<p>The report is being written.</p>`;
    case 'cancelled':
      return writes(run.kind)
        ? html`<p>What had been written until then is still in Pipedrive. A cancelled run has no report.</p>`
        : html`<p>Nothing was written. A cancelled run has no report.</p>`;
    case 'rolled_back':
      return html`<p>What this run had created was taken back.</p>`;
    case 'queued':
      return run.ofRunId === null
        ? html`<p>It starts as soon as the export is mapped.</p>`
        : html`<p>It starts by itself.</p>`;
    case 'running':
      return undefined;
  }
}

/** Where resuming is not only going on: what it does then, and what comes before it. By the code of what the run waits for. */
const resumeWords: Record<string, (run: RunPageFacts['run']) => Html> = {
  rollback_preview: ({ plan }) =>
    html`<strong>Somebody must decide.</strong> This is a preview: nothing was changed yet. <strong>To resume the run is to say yes:</strong> it deletes ${
      plan.rollback ? html`the ${counted(plan.rollback.deletes, 'record')}` : html`the records`
    } in Pipedrive, in the name of the key that resumes it. To leave everything as it is, cancel the run.`,
  matches_open: ({ id }) =>
    html`<strong>Somebody must answer.</strong> First say which records are the same, at <code>/v1/runs/${id}/questions</code>. <strong>To resume the run creates every record anew that has no answer then</strong>, beside the one that may stand in Pipedrive already.`,
  records_failed: ({ kind }) =>
    kind === 'rollback'
      ? html`<strong>Somebody must decide.</strong> <strong>To resume the run is to go on without those records</strong>: they stay in Pipedrive, and the report names them.`
      : html`<strong>Somebody must decide.</strong> First remove the cause and try those records again with <code>retry-failed</code>. <strong>To resume the run leaves them behind</strong>; the report then names who said so.`,
};

function waitsFor(run: RunPageFacts['run']): Html {
  const says =
    run.reasonCode !== null && Object.hasOwn(resumeWords, run.reasonCode) && resumeWords[run.reasonCode];
  if (says) return says(run);
  return html`<strong>Somebody must act.</strong> Remove the cause above, then resume the run. Nothing is lost meanwhile.`;
}

function writes(kind: RunKind): boolean {
  return kind !== 'dry_run' && kind !== 'verify';
}

function mainDocument(kind: RunKind): string {
  if (kind === 'rollback') return 'rollback.html';
  return kind === 'verify' ? 'verification.html' : 'reconciliation.html';
}

const mainQuestions: Partial<Record<RunKind, string>> = {
  rollback: 'what is gone, what was put back and what stays',
  verify: 'whether the account still says what was written',
};

function refreshNote(runId: string, refresh: boolean): Html {
  const path = `/console/runs/${runId}`;
  return html`<p id="renewing" class="soft small no-print">${
    refresh
      ? html`This page keeps itself up to date. <a href="${path}?refresh=off">Stop that</a>`
      : html`This page stands still. <a href="${path}">Keep it up to date again</a>`
  }</p>`;
}

function figures(facts: RunPageFacts, perMinute: number | null, estimate: Estimate, now: Date): Html {
  const { run, budget } = facts;
  return html`<div class="figures">
${recordFigure(facts)}
<div><b>${perMinute === null ? '–' : count(Math.round(perMinute))}</b><span>records a minute</span></div>
<div><b>${estimateText(estimate)}</b><span>${estimateNote(estimate, run.startedAt, run.finishedAt)}</span></div>
<div><b>${count(facts.tokensSpent)}</b><span>${tokenNote(run)}</span></div>
<div><b>${budget ? count(spentToday(budget, now)) : '–'}</b><span>${
    budget
      ? html`of ${count(budget.ceiling)} tokens used today (${count(budget.dailyLimit - budget.ceiling)} of ${count(budget.dailyLimit)} are left to your other integrations)`
      : html`no token used yet today`
  }</span></div>
</div>`;
}

/** What the run is for, in records: a load handles them, a dry run plans them, a verify run reads them back. */
function recordFigure({ run, entities, verification }: RunPageFacts): Html {
  const sum = (term: 'planned' | 'waiting' | 'failed') => entities.reduce((all, row) => all + row[term], 0);
  if (run.kind === 'dry_run')
    return html`<div><b>${count(sum('planned'))}</b><span>${sum('planned') === 1 ? 'record' : 'records'} to be written, or to be found unchanged</span></div>`;
  if (run.kind === 'verify') {
    const records = verification.reduce((all, row) => all + row.records, 0);
    const differences = verification.reduce((all, row) => all + row.differences, 0);
    return html`<div><b>${count(records)}</b><span>${records === 1 ? 'record' : 'records'} read back, ${differences > 0 ? html`<strong class="bad">${counted(differences, 'difference')}</strong>` : 'no difference'}</span></div>`;
  }
  const failed = sum('failed');
  return html`<div><b>${count(sum('planned') - sum('waiting'))}</b><span>of ${counted(sum('planned'), 'record')} handled${failed > 0 && html`, <strong class="bad">${count(failed)} refused</strong>`}</span></div>`;
}

/** A dry run spends next to nothing of what it plans: that is the price of the run that is to come. */
function tokenNote({ kind, plan }: RunPageFacts['run']): string {
  if (!plan.tokens) return 'tokens spent by this run; its price is not planned yet';
  const planned = count(plan.tokens.planned);
  return kind === 'dry_run'
    ? `tokens spent by this run; a real run is planned at ${planned}`
    : `of ${planned} planned tokens spent by this run`;
}

function estimateText(estimate: Estimate): string {
  switch (estimate.kind) {
    case 'ended':
      return 'Ended';
    case 'unknown':
      return '–';
    case 'minutes':
      return `about ${duration(Math.max(Math.ceil(estimate.ms / 60_000), 1) * 60_000)}`.replace(' 00 s', '');
    case 'days':
      return counted(estimate.days, 'more day');
  }
}

function estimateNote(estimate: Estimate, startedAt: Date | null, finishedAt: Date | null): Html {
  switch (estimate.kind) {
    case 'ended':
      return startedAt && finishedAt
        ? html`after ${duration(finishedAt.getTime() - startedAt.getTime())}`
        : html`before it began`;
    case 'unknown':
      return html`until the end. ${estimate.why}`;
    case 'minutes':
      return html`until all records are written; reading back follows`;
    case 'days':
      return html`because of the daily allowance`;
  }
}

/** The writes of a dry run, by operation: what its hash stands for. */
function plannedCalls({ run: { kind, plan } }: RunPageFacts): Html | undefined {
  if (kind !== 'dry_run' || !plan.calls) return undefined;
  const { hash, by_operation, not_yet_known } = plan.calls;
  const calls = Object.entries(by_operation);
  return html`<section id="plan"><h2>The plan</h2>
<p>Its hash is <code>${hash}</code>. A run that is started with it as <code>plan_hash</code> makes exactly these calls, or refuses.</p>
${
  not_yet_known.length > 0 &&
  html`<p>Planned as new, and known only when the account was searched: ${not_yet_known.map(words).join(', ')}.</p>`
}
${
  calls.length === 0
    ? html`<p class="soft">No record has to be written.</p>`
    : scroll(
        'The plan',
        html`<table><thead><tr><th scope="col">Operation</th><th scope="col" class="n">Calls</th></tr></thead>
<tbody>${calls.map(([operation, times]) => html`<tr><th scope="row"><code>${operation}</code></th><td class="n">${count(times)}</td></tr>`)}</tbody></table>`,
      )
}</section>`;
}

const unmatchedWords: Record<PlannedOwners['workers'][number]['why'], string> = {
  no_user: 'no user has their e-mail',
  no_email: 'no e-mail in the export',
  shared_email: 'another worker has the same e-mail',
};

/** Whom records would go to, while it can still be changed: by inviting people, before the run that writes. */
function plannedOwners({ run: { kind, plan } }: RunPageFacts): Html | undefined {
  if (kind !== 'dry_run' || !plan.owners || plan.owners.unmatched === 0) return undefined;
  const { matched, unmatched, records, workers } = plan.owners;
  const more = unmatched - workers.length;
  return html`<section id="owners"><h2>Workers without a user in Pipedrive</h2>
<p>${counted(unmatched, 'worker')} of ${count(matched + unmatched)} match no user by e-mail: ${counted(records, 'record')} would go to the user with whose token the account was connected first. Make the users in Pipedrive, with these e-mails, before the run that writes; no later run moves the records.</p>
${scroll(
  'Workers without a user',
  html`<table><thead><tr><th scope="col">Worker</th><th scope="col">Why</th><th scope="col" class="n">Records</th></tr></thead>
<tbody>${workers.map(
    ({ source_key, name, why, records: theirs }) =>
      html`<tr><th scope="row">${name} <span class="soft small">${source_key}</span></th><td>${unmatchedWords[why]}</td><td class="n">${count(theirs)}</td></tr>`,
  )}</tbody></table>`,
)}
${more > 0 && html`<p class="soft">And ${count(more)} more: <code>GET /v1/owners</code> lists all.</p>`}</section>`;
}

function phases(run: RunPageFacts['run'], rows: ReadonlyArray<PhaseProgress>): Html {
  if (rows.length === 0)
    return html`<section id="phases"><h2>Phases</h2><p class="soft">The run has no phases yet; they appear when it starts.</p></section>`;
  return html`<section id="phases"><h2>Phases</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Phases"><table>
<thead><tr><th scope="col">Phase</th><th scope="col">Progress</th><th scope="col">State</th><th scope="col" class="n">Refused</th><th scope="col" class="n">A minute</th><th scope="col" class="n">Time</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${capital(row.phase)}</th><td>${bar(row)}<span class="soft small">${row.planned > 0 && `${count(row.planned - row.waiting)} of ${count(row.planned)}`}</span></td><td class="state">${stateOf(run, row)}</td><td class="n">${row.failed > 0 ? html`<strong class="bad">${count(row.failed)}</strong>` : '–'}</td><td class="n">${row.perMinute === null ? '–' : count(Math.round(row.perMinute))}</td><td class="n">${row.tookMs === null ? '–' : duration(row.tookMs)}</td></tr>`,
  )}</tbody></table></div>
${writes(run.kind) && html`<ul class="legend">${legendOf(run.kind)}</ul>`}</section>`;
}

/** Of a run that has ended nothing is to come, and nothing runs. */
function stateOf(run: RunPageFacts['run'], { state }: PhaseProgress): string {
  if (state === 'done' || !endedStatuses.includes(run.status)) return stateWords[state];
  if (run.kind === 'dry_run' && run.status === 'done') return state === 'running' ? 'planned' : 'not done';
  return state === 'running' ? 'stopped here' : 'not reached';
}

function legendOf(kind: RunKind): Html[] {
  return Object.entries(kind === 'rollback' ? rollbackTerms : loadTerms).map(
    ([term, word]) =>
      html`<li><svg viewBox="0 0 8 8" aria-hidden="true"><rect class="${term}" width="8" height="8"/></svg>${word}</li>`,
  );
}

const loadTerms = { created: 'created', updated: 'updated', unchanged: 'unchanged', failed: 'refused' };
const rollbackTerms = {
  created: 'deleted',
  updated: 'put back',
  unchanged: 'kept, or gone already',
  failed: 'refused',
};

const stateWords: Record<PhaseProgress['state'], string> = {
  pending: 'to come',
  running: 'running',
  done: 'done',
};

/** An SVG, because the page's policy lets no inline style through. The numbers beside it say the same. */
function bar(row: PhaseProgress): Html {
  if (row.planned === 0 && row.state === 'done')
    return html`<svg class="track" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="unchanged" width="100" height="8"/></svg>`;
  let x = 0;
  const parts = (['created', 'updated', 'unchanged', 'failed'] as const).map((term) => {
    const width = row.planned === 0 ? 0 : (row[term] / row.planned) * 100;
    const part = html`<rect class="${term}" x="${x.toFixed(2)}" width="${width.toFixed(2)}" height="8"/>`;
    x += width;
    return width > 0 && part;
  });
  return html`<svg class="track" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

function documents({ run, documents: printed }: RunPageFacts): Html | undefined {
  if (printed.length === 0) return undefined;
  const names = Object.keys(documentWords);
  const inOrder = [...printed].sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  return html`<section id="documents"><h2>Documents</h2><ul>${inOrder.map(
    (document) =>
      html`<li><a href="/console/runs/${run.id}/documents/${document.name}">${document.name}</a> <span class="soft">${documentWords[document.name] ?? ''} (${counted(document.bytes, 'byte')})</span></li>`,
  )}</ul></section>`;
}

/** In the order in which they are worth reading. */
const documentWords: Record<string, string> = {
  'reconciliation.html': 'the report to read: is everything accounted for?',
  'rollback.html': 'the report to read: what is gone, what was put back, what stays and why',
  'verification.html': 'the report to read: does the account still say what was written?',
  'zero-write-certificate.html': 'nothing had to be written: for the hand-over',
  'inventory-automations.html': 'automations to rebuild after the cutover',
  'inventory-faqs.html': 'questions and answers of the portal',
  'inventory-forms-and-fields.html': 'forms, and what became of every custom field',
  'inventory-portal.html': 'settings of the customer portal',
  'inventory-manual-review.html': 'workers, pay, positions and areas to review by hand',
  'inventory-out-of-scope.html': 'everything found and not migrated',
  'billing-disputes.html': 'invoices and payments whose figures do not agree',
  'inventories.xlsx': 'the inventories as sheets to work through',
  'inventories.json': 'the inventories for programs',
  'reconciliation.json': 'the report for programs, with the complete lists',
  'rollback.json': 'the report for programs, with the complete lists',
  'verification.json': 'the report for programs, with every difference',
  'zero-write-certificate.json': 'the certificate for programs',
  'crosswalk.csv': 'every source id with its Pipedrive id',
  'mapped.ndjson': 'every record as it was planned',
  'summary.json': 'the numbers in short',
};

function waivers({ waivers: waived }: RunPageFacts): Html | undefined {
  if (waived.length === 0) return undefined;
  return html`<section id="waivers" class="verdict warn"><h2>Checks that were waived</h2><ul>${waived.map(
    (waiver) => html`<li><strong>${gateWords(waiver.gate)}</strong>, ${waivedBy(waiver)}</li>`,
  )}</ul></section>`;
}

function findings({ findings: found }: RunPageFacts): Html {
  if (found.length === 0)
    return html`<section id="findings"><h2>Findings about the data</h2><p class="soft">None.</p></section>`;
  return html`<section id="findings"><h2>Findings about the data</h2><ul>${found.map(
    (row) =>
      html`<li><strong>${count(row.count)} ×</strong> ${sentenceOf(row.code)} <code>${row.code}</code></li>`,
  )}</ul></section>`;
}
