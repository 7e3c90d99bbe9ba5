import type { Difference } from '@octopipe/shared/run/read-run';
import { type Html, html } from '../html/html.js';
import { page } from '../html/page.js';
import { facts as pairs, table } from '../html/parts.js';
import { capital, count, counted, duration, moment, statusWords, words } from '../html/wording.js';
import { differenceWords } from './difference-words.js';
import type { VerificationFacts } from './gather-verification.js';

/** Rows shown of the list; the whole list is in verification.json. */
const shown = 200;

/** The report of a verify run: whether the account still says what we wrote, and every place where it does not. */
export async function verificationHtml(
  facts: VerificationFacts,
  differences: AsyncIterable<Difference>,
): Promise<string> {
  const listed: Difference[] = [];
  for await (const difference of differences) {
    listed.push(difference);
    if (listed.length === shown) break;
  }
  return page({
    title: `Verification: ${facts.migration.name}`,
    body: html`<main>
${verdict(facts)}
${readBack(facts)}
${differenceList(facts, listed)}
${about(facts)}
</main>`,
  });
}

function verdict({ totals, migration, connection, run, timeZone }: VerificationFacts): Html {
  const clean = totals.differences === 0;
  return html`<header class="verdict ${clean ? 'good' : 'warn'}">
<p class="soft">Verification of “${migration.name}” in ${connection.companyDomain}</p>
<h1>${clean ? 'The account says what we wrote.' : 'The account differs from what we wrote.'}</h1>
<p>${counted(totals.records, 'record')} with ${counted(totals.fields, 'field')} read back and compared ${moment(run.finishedAt, timeZone)}; ${counted(totals.differences, 'difference')}. Nothing was written.</p>
</header>`;
}

function readBack(facts: VerificationFacts): Html {
  const kinds = Object.keys(differenceWords) as Array<Difference['kind']>;
  const found = (entity: string, kind: string) =>
    facts.differences.find((row) => row.entity === entity && row.kind === kind)?.differences ?? 0;
  const present = kinds.filter((kind) => facts.differences.some((row) => row.kind === kind));
  return html`<section><h2>Read back</h2>${table(
    'Read back',
    [
      { says: 'Kind' },
      { says: 'Records', figures: true },
      { says: 'Fields', figures: true },
      ...present.map((kind) => ({ says: capital(words(kind)), figures: true })),
    ],
    facts.verification.map((row) => [
      capital(words(row.entity)),
      count(row.records),
      count(row.fields),
      ...present.map((kind) => count(found(row.entity, kind))),
    ]),
  )}</section>`;
}

function differenceList({ totals }: VerificationFacts, listed: ReadonlyArray<Difference>): Html {
  if (listed.length === 0) return html`<section><h2>Differences</h2><p>None.</p></section>`;
  return html`<section><h2>Differences</h2>
${totals.differences > listed.length && html`<p class="soft">The first ${count(listed.length)} of ${count(totals.differences)}; all of them are in verification.json under “differences”.</p>`}
${table(
  'Differences',
  [{ says: 'Key' }, { says: 'Kind' }, { says: 'Field' }, { says: 'What', prose: true }],
  listed.map((row) => [
    html`<code>${row.targetKey}</code>`,
    words(row.entity),
    row.field === '' ? '' : html`<code>${row.field}</code>`,
    differenceWords[row.kind],
  ]),
)}</section>`;
}

function about(facts: VerificationFacts): Html {
  const { run, tokens, costShare } = facts;
  return html`<section><h2>The run</h2>${pairs([
    ['Outcome', statusWords[run.status]],
    ['Looks at', run.ofRunId && html`run <code>${run.ofRunId}</code>, and all that its migration wrote`],
    ['Started', moment(run.startedAt, facts.timeZone)],
    ['Duration', duration(facts.durationMs)],
    [
      'Tokens',
      `${count(tokens.spent)} spent${costShare === null ? '' : `, ${(costShare * 100).toFixed(2)} % of what the load cost`}`,
    ],
  ])}</section>`;
}
