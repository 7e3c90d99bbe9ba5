import { type Html, html } from './html.js';

/** Wide tables scroll inside their own frame, reachable by keyboard; the page itself never scrolls sideways. */
export function scroll(label: string, table: Html): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${table}</div>`;
}

export interface Column {
  says: string;
  /** Figures stand right. */
  figures?: boolean;
  /** Prose: the column keeps a readable width. */
  prose?: boolean;
}

/** A table with its caption; the first cell of a row is the row's heading. */
export function table(
  caption: string,
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<Html | string | number>>,
): Html {
  return scroll(
    caption,
    html`<table><caption>${caption}</caption><thead><tr>${columns.map((column) =>
      column.figures
        ? html`<th scope="col" class="n">${column.says}</th>`
        : html`<th scope="col">${column.says}</th>`,
    )}</tr></thead>
<tbody>${rows.map(
      (row) =>
        html`<tr>${row.map((value, index) => {
          if (index === 0) return html`<th scope="row">${value}</th>`;
          if (columns[index]?.figures) return html`<td class="n">${value}</td>`;
          return columns[index]?.prose ? html`<td class="says">${value}</td>` : html`<td>${value}</td>`;
        })}</tr>`,
    )}</tbody></table>`,
  );
}

/** The pairs that have something to say. */
export function facts(
  pairs: ReadonlyArray<readonly [string, Html | string | number | null | undefined]>,
): Html {
  const told = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return html`<dl>${told.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}

/** Text of a stranger with its line breaks, and with its web addresses as links. Nothing of it is markup. */
export function linked(text: string): Html {
  const parts = text.split(/(https?:\/\/[^\s<>"'\])]*[^\s<>"'\]).,;:!?])/);
  return html`<span class="text">${parts.map((part, index) =>
    index % 2 === 1 ? html`<a href="${part}" rel="noopener noreferrer nofollow">${part}</a>` : part,
  )}</span>`;
}

/** `yes`, `no`, or that the export does not say. */
export function yesNoUnknown(value: boolean | null): string {
  return value === null ? 'not stated' : value ? 'yes' : 'no';
}
