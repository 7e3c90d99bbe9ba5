import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import { html } from '../html/html.js';
import { table } from '../html/parts.js';
import { capital, count, counted, words } from '../html/wording.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import { inventoryPage } from './inventory-page.js';
import type { InventorySource } from './read-definitions.js';

export interface OutOfScopeObject {
  object: string;
  files: Array<{ path: string; rows: number | null }>;
  /** Null when a file could not be counted. */
  rows: number | null;
  why: string;
}

export interface OutOfScope {
  objects: OutOfScopeObject[];
  /** Files that are neither a table we know, nor an attachment. */
  unrecognised: Array<{ path: string; bytes: number }>;
  unrecognisedCount: number;
  /** Attachments that no list names. */
  unlistedFiles: number;
}

/** Paths listed of what we do not know; a package may hold a hundred thousand. */
const mostPaths = 200;

export async function gatherOutOfScope(
  source: InventorySource,
  content: MappingContent,
  findings: ReadonlyArray<{ code: string; count: number }>,
): Promise<OutOfScope> {
  const { tx, tenantId, exportId } = source;
  const files = await tx
    .selectFrom('ingest.exportFile')
    .select(['object', 'path', 'rowCount', 'bytes', 'state', 'kind'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where((where) => where.or([where('kind', 'in', ['table', 'json']), where('state', '=', 'ignored')]))
    .orderBy('path')
    .execute();
  const supported = new Set(
    content.objects.filter((object) => object.supported).map((object) => object.object),
  );
  const objects = new Map<string, OutOfScopeObject>();
  for (const { object, path, rowCount, state, kind } of files) {
    if (object === null || state === 'ignored') continue;
    // A supported object in a JSON file is kept, not read: its rows did not move either.
    if (supported.has(object) && kind === 'table') continue;
    const found = objects.get(object) ?? {
      object,
      files: [],
      rows: 0,
      why: whyOf(object, supported.has(object)),
    };
    found.files.push({ path, rows: rowCount });
    found.rows = found.rows === null || rowCount === null ? null : found.rows + rowCount;
    objects.set(object, found);
  }
  const unrecognised = files.filter((file) => file.state === 'ignored');
  return {
    objects: [...objects.values()].sort((a, b) => (a.object < b.object ? -1 : 1)),
    unrecognised: unrecognised.slice(0, mostPaths).map(({ path, bytes }) => ({ path, bytes: Number(bytes) })),
    unrecognisedCount: unrecognised.length,
    unlistedFiles: findings.find(({ code }) => code === 'unlisted_file')?.count ?? 0,
  };
}

export function outOfScopeHtml(facts: ReportFacts, found: OutOfScope): string {
  return inventoryPage(facts, {
    title: 'Found, and not migrated',
    lead: [
      'Everything that is in the export and did not go to Pipedrive as records, by name, file and count. Nothing of it is lost: it stays in the export. Rows of migrated objects that were left out or set aside stand in the reconciliation.',
      found.objects.length === 0
        ? html`<strong>Every object of the export was migrated.</strong>`
        : `${counted(found.objects.length, 'object')} did not move.`,
    ],
    body: [
      found.objects.length > 0 &&
        html`<section><h2>Objects</h2>
${table(
  'Objects of the export that were not migrated',
  [{ says: 'Object' }, { says: 'Files' }, { says: 'Rows', figures: true }, { says: 'Why', prose: true }],
  found.objects.map((object) => [
    capital(words(object.object)),
    html`${object.files.map(({ path, rows }, index) => html`${index > 0 && html`<br>`}<code>${path}</code>${object.files.length > 1 && ` (${rows === null ? 'not counted' : count(rows)})`}`)}`,
    object.rows === null ? 'not counted' : count(object.rows),
    why(object),
  ]),
)}</section>`,
      html`<section><h2>Files that were not recognised</h2>
${
  found.unrecognisedCount === 0
    ? html`<p>None.</p>`
    : html`<p>${counted(found.unrecognisedCount, 'file')} ${found.unrecognisedCount === 1 ? 'is' : 'are'} neither a table we know nor an attachment.${found.unrecognisedCount > found.unrecognised.length && ` The first ${count(found.unrecognised.length)}:`}</p>
${table(
  'Files that were not recognised',
  [{ says: 'File' }, { says: 'Bytes', figures: true }],
  found.unrecognised.map((file) => [html`<code>${file.path}</code>`, count(file.bytes)]),
)}`
}
<p>Attachments in the package that no list names: ${count(found.unlistedFiles)}.</p></section>`,
    ],
  });
}

const inventoryOf: Readonly<Record<string, string>> = {
  automation: 'inventory-automations.html',
  message_template: 'inventory-automations.html',
  faq: 'inventory-faqs.html',
  form: 'inventory-forms-and-fields.html',
  form_field: 'inventory-forms-and-fields.html',
  portal_setting: 'inventory-portal.html',
  pay_rate: 'inventory-manual-review.html',
  service_area: 'inventory-manual-review.html',
};

function why(object: OutOfScopeObject) {
  const inventory = Object.hasOwn(inventoryOf, object.object) ? inventoryOf[object.object] : undefined;
  return html`${object.why}${inventory !== undefined && html` Written down in <a href="${inventory}">${inventory}</a>.`}`;
}

const reasons: Readonly<Record<string, string>> = {
  automation: 'Automations cannot be moved; they are rebuilt by hand.',
  message_template: 'Texts of automations; they are rebuilt by hand.',
  faq: 'Pipedrive has no place for questions and answers.',
  form: 'A template of OctopusPro; forms are rebuilt by hand.',
  form_field: 'Part of a form template.',
  form_response: 'Answers to forms are not carried over in this version.',
  portal_setting: 'Pipedrive has no customer portal.',
  pay_rate: 'Pay is for your payroll, not for a CRM.',
  service_area: 'Pipedrive knows no areas.',
  status_history: 'Pipedrive keeps its own history and takes none from outside.',
};

function whyOf(object: string, isSupported: boolean): string {
  if (isSupported) return 'The file is JSON, which is kept as it came; only tables of this object are read.';
  return Object.hasOwn(reasons, object)
    ? (reasons[object] ?? '')
    : 'This kind of record is not carried over in this version.';
}
