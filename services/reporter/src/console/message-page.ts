import { html } from '../html/html.js';
import { page } from '../html/page.js';

/** A page that only says one thing: not found, not ready, not working. */
export function messagePage(title: string, says: string): string {
  return page({
    title,
    body: html`<main><section><h1>${title}</h1><p>${says}</p><p><a href="/console/runs">All runs</a></p></section></main>`,
  });
}
