import { exclusionRules } from '@octopipe/shared/domain/exclusions';
import type { MappingContent, ObjectMapping } from '@octopipe/shared/domain/mapping/content';
import { findDefinition } from '@octopipe/shared/domain/objects/registry';
import { html } from '../html/html.js';
import { table } from '../html/parts.js';
import { capital, count, counted, words } from '../html/wording.js';
import { inventoryOf } from '../reporter/document-names.js';
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
  const mappings = new Map(content.objects.map((object) => [object.object, object]));
  const objects = new Map<string, OutOfScopeObject>();
  for (const { object, path, rowCount, state, kind } of files) {
    const found = foundOf(object, path, state, kind, rowCount, mappings);
    if (!found) continue;
    const known = objects.get(found.object) ?? { ...found, files: [], rows: 0 };
    known.files.push({ path, rows: rowCount });
    known.rows = known.rows === null || rowCount === null ? null : known.rows + rowCount;
    objects.set(found.object, known);
  }
  const unrecognised = files.filter((file) => file.state === 'ignored' && file.rowCount === null);
  return {
    objects: [...objects.values()].sort((a, b) => (a.object < b.object ? -1 : 1)),
    unrecognised: unrecognised.slice(0, mostPaths).map(({ path, bytes }) => ({ path, bytes: Number(bytes) })),
    unrecognisedCount: unrecognised.length,
    unlistedFiles: findings.find(({ code }) => code === 'unlisted_file')?.count ?? 0,
  };
}

/** An object, or a table that is no object of the export and goes by its path, of which nothing became a record. */
function foundOf(
  object: string | null,
  path: string,
  state: string,
  kind: string,
  rowCount: number | null,
  mappings: ReadonlyMap<string, ObjectMapping>,
): Pick<OutOfScopeObject, 'object' | 'why'> | undefined {
  if (state === 'ignored')
    return rowCount === null ? undefined : { object: path, why: exclusionRules.out_of_scope };
  if (object === null) return undefined;
  const mapped = mappings.get(object);
  // A supported object in a JSON file is kept, not read: its rows did not move either.
  if (mapped?.supported === true && kind === 'table') return undefined;
  return { object, why: whyOf(object, mapped) };
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

function why(object: OutOfScopeObject) {
  const inventory = inventoryOf(object.object);
  return html`${object.why}${inventory !== undefined && html` Written down in <a href="${inventory}">${inventory}</a>.`}`;
}

function whyOf(object: string, mapped: ObjectMapping | undefined): string {
  if (mapped?.supported === true) return exclusionRules.json_not_read;
  const definition = findDefinition(object);
  if (definition?.inventory) return definition.inventory.why;
  return definition ? exclusionRules.not_in_mapping : exclusionRules.not_supported_yet;
}
