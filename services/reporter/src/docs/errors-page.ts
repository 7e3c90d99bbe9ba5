import { type ProblemKind, problems } from '@octopipe/shared/core/problems';
import { html } from '../html/html.js';
import { page } from '../html/page.js';

/** What `type` of every problem points to. */
export function errorsPage(): string {
  const rows = Object.entries(problems) as Array<[string, ProblemKind]>;
  return page({
    title: 'Error codes',
    body: html`<main>
<h1>Error codes</h1>
<p>Every error is <code>application/problem+json</code> with one of these codes. A code keeps its meaning; the sentence beside it may change.</p>
<section><div class="scroll"><table>
<thead><tr><th>Code</th><th class="n">Status</th><th>What it means</th><th>What to do</th></tr></thead>
<tbody>${rows.map(
      ([code, kind]) =>
        html`<tr id="${code}"><td><code>${code}</code></td><td class="n">${kind.status.join(', ')}</td><td>${kind.says.replaceAll('`', '')}</td><td>${kind.act.replaceAll('`', '')}</td></tr>`,
    )}</tbody></table></div></section>
<p><a href="/docs">All routes</a></p>
</main>`,
  });
}
