import { type PurgeRow, viewPurge } from '@octopipe/shared/purge/receipt';
import { html } from '../html/html.js';
import { page } from '../html/page.js';
import { facts as pairs, table } from '../html/parts.js';
import { count, counted, moment } from '../html/wording.js';

/** The receipt of a purge, for whoever asked to be forgotten. It names nobody: the hash tells whose it is. */
export function receiptHtml(row: PurgeRow): string {
  const receipt = viewPurge(row);
  const rows = Object.entries(receipt.rows).sort(([a], [b]) => (a < b ? -1 : 1));
  const total = rows.reduce((sum, [, removed]) => sum + removed, 0);
  return page({
    title: 'Purge receipt',
    body: html`<main>
<header class="verdict good">
<p class="soft">Receipt ${receipt.id}</p>
<h1>Everything was removed.</h1>
<p>${counted(total, 'row')} of ${counted(rows.length, 'table')} and ${counted(receipt.files ?? 0, 'file')} were removed from this installation, with the key that the files and access tokens were encrypted with.</p>
</header>
<section><h2>Certified</h2>${pairs([
      ['Tenant', html`<code>${receipt.tenant_id}</code>`],
      ['SHA-256 of its name', html`<code>${receipt.tenant_sha256}</code>`],
      ['Requested', moment(row.requestedAt, 'UTC')],
      ['By the API key', html`<code>${receipt.requested_by}</code>`],
      ['Ended', moment(row.finishedAt, 'UTC')],
      ['Files', `${count(receipt.files ?? 0)}, ${counted(receipt.bytes ?? 0, 'byte')} as stored`],
      ['SHA-256 of this receipt', html`<code>${receipt.receipt_sha256 ?? ''}</code>`],
    ])}</section>
<section><h2>What this says nothing about</h2>
<p>The records in the company’s own Pipedrive account stay as they are. Where some stand, a hash of the account’s id is kept, so that they are not written a second time. Backups that were made before hold the data until they are deleted.</p></section>
<section><h2>Removed rows</h2>
${table(
  'Removed rows',
  [{ says: 'Table' }, { says: 'Rows', figures: true }],
  rows.map(([name, removed]) => [html`<code>${name}</code>`, count(removed)]),
)}</section>
</main>`,
  });
}
