import { html } from '../html/html.js';
import { page } from '../html/page.js';

/** `next` is where the visitor wanted to go. A refused key is never put back into the page. */
export function signInPage(form: { tenant: string; next: string; problem?: string }): string {
  return page({
    title: 'Sign in to octopipe',
    body: html`<main><section class="narrow"><h1>Sign in to octopipe</h1>
${form.problem !== undefined && html`<p role="alert"><strong class="bad">${form.problem}</strong></p>`}
<form method="post" action="/console/sign-in">
<label for="key">API key</label>
<input id="key" name="key" type="password" required autocomplete="off" spellcheck="false" aria-describedby="key-note">
<p id="key-note" class="soft small">It begins with o2p_live_. You stay signed in for eight hours on this browser.</p>
<label for="tenant">Company (tenant)</label>
<input id="tenant" name="tenant" value="${form.tenant}" autocomplete="organization" autocapitalize="none" spellcheck="false" aria-describedby="tenant-note">
<p id="tenant-note" class="soft small">Its short name, for example harbour-home-services. May be left empty when your key belongs to one company.</p>
<input type="hidden" name="next" value="${form.next}">
<button>Sign in</button>
</form></section></main>`,
  });
}
