import { type Html, html } from '../html/html.js';

/** The line above every signed-in page. Signing out is a form: a link could be followed by a prefetch. */
export function topBar(tenantName: string): Html {
  return html`<nav class="bar no-print" aria-label="Console">
<strong>octopipe</strong><span>${tenantName}</span><a href="/console/runs">All runs</a>
<form method="post" action="/console/sign-out"><button class="plain">Sign out</button></form>
</nav>`;
}
