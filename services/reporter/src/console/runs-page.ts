import type { Run } from '@octopipe/shared/run/read-run';
import { html } from '../html/html.js';
import { page } from '../html/page.js';
import { count, moment, statusWords, words } from '../html/wording.js';
import { topBar } from './top-bar.js';

export interface RunsPageFacts {
  tenantName: string;
  runs: ReadonlyArray<{ run: Run; migrationName: string; timeZone: string }>;
  /** How many the list holds at most. */
  limit: number;
}

export function runsPage({ tenantName, runs, limit }: RunsPageFacts): string {
  return page({
    title: `Runs of ${tenantName}`,
    body: html`${topBar(tenantName)}
<main><h1>Runs</h1>
${
  runs.length === 0
    ? html`<section><h2>No run yet</h2>
<p>A run appears here when a migration of ${tenantName} is started: with <code>npm start -- migrate …</code>, or with <code>POST /v1/runs</code>.</p></section>`
    : html`<section><div class="scroll" tabindex="0" role="region" aria-label="Runs"><table>
<thead><tr><th scope="col">Migration</th><th scope="col">Status</th><th scope="col">Kind</th><th scope="col">Begun</th><th scope="col">Ended</th></tr></thead>
<tbody>${runs.map(
        ({ run, migrationName, timeZone }) =>
          html`<tr><th scope="row"><a href="/console/runs/${run.id}">${migrationName}</a></th><td>${statusWords[run.status]}</td><td>${words(run.kind)}</td><td>${moment(run.startedAt ?? run.createdAt, timeZone)}</td><td>${moment(run.finishedAt, timeZone)}</td></tr>`,
      )}</tbody></table></div>
${runs.length === limit && html`<p class="soft">The latest ${count(limit)} runs.</p>`}</section>`
}</main>`,
  });
}
