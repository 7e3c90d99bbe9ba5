import { type Html, html } from '../html/html.js';
import { page } from '../html/page.js';
import { counted } from '../html/wording.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import { mostDefinitions } from './read-definitions.js';

/** The paper of all inventories: what it is of, what it says in one sentence, then its sections. */
export function inventoryPage(
  facts: ReportFacts,
  parts: {
    title: string;
    lead: ReadonlyArray<Html | string>;
    tone?: 'good' | 'warn';
    body: Html | ReadonlyArray<Html | false | undefined>;
  },
): string {
  const { name } = facts.migration;
  return page({
    title: `${parts.title}: ${name}`,
    body: html`<main>
<header class="verdict ${parts.tone ?? ''}">
<p class="soft">Written for “${name}”, into ${facts.connection.companyDomain}</p>
<h1>${parts.title}</h1>
${parts.lead.map((sentence) => html`<p>${sentence}</p>`)}
</header>
${parts.body}
<p class="soft small no-print"><a href="reconciliation.html">Back to the reconciliation</a></p>
</main>`,
  });
}

/** Said instead of a list that would be empty. */
export function nothingFound(what: string, file: string): Html {
  return html`<section><h2>Nothing to list</h2><p>The export holds no ${what} (file <code>${file}</code>). Either there were none, or they were not exported: if you remember some, look for them in OctopusPro while you still have access.</p></section>`;
}

/** What the list leaves out, said openly. */
export function leftOut(list: {
  rows: number;
  all: number;
  unread: ReadonlyArray<{ path: string; why: string }>;
}): Html | false {
  const cut = list.all > list.rows;
  if (!cut && list.unread.length === 0) return false;
  return html`<section class="verdict warn"><h2>Not all of it is here</h2><ul>
${cut && html`<li>The export holds ${counted(list.all, 'entry', 'entries')}; the first ${mostDefinitions} are listed.</li>`}
${list.unread.map((file) => html`<li><code>${file.path}</code>: ${file.why}.</li>`)}</ul></section>`;
}
