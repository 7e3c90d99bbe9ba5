import type { Tx } from '@octopipe/shared/db/index';
import type { FileStore } from '@octopipe/shared/files/store';
import { canonicalObject } from '@octopipe/shared/octopuspro/canonical-fields';
import { matchHeaders } from '@octopipe/shared/octopuspro/headers';
import { type KeptFile, listKeptFiles } from '@octopipe/shared/staging/read-kept-file';
import { pageRows } from '@octopipe/shared/staging/read-staged';

/** Where inventories are read from: the staged tables, and the JSON files that are kept as they came. */
export interface InventorySource {
  tx: Tx;
  files: FileStore;
  dataKey: Buffer;
  tenantId: string;
  exportId: string;
}

/** A thing that the company once set up (a rule, a question, a form): canonical field → text; empty ones are absent. */
export interface Definition {
  id: string;
  fields: Readonly<Record<string, string>>;
}

export interface Definitions {
  rows: Definition[];
  /** How many there are; more than `rows` when the list was cut. */
  all: number;
  /** Kept files that could not be read, and why. */
  unread: Array<{ path: string; why: string }>;
}

/** What people set up by hand counts in dozens. Beyond this the file is something else, and is counted only. */
export const mostDefinitions = 2_000;
const maxJsonBytes = 16 * 2 ** 20;

/** Reads an object whole, from tables and JSON alike, in the order of the files. */
export async function readDefinitions(source: InventorySource, object: string): Promise<Definitions> {
  const found: Definitions = { rows: [], all: 0, unread: [] };
  const add = (row: Definition) => {
    found.all += 1;
    if (found.rows.length < mostDefinitions) found.rows.push(row);
  };
  for (let afterRow = 0; ; ) {
    const page = await pageRows(source.tx, source.tenantId, source.exportId, object, {
      afterRow,
      limit: 500,
    });
    for (const row of page) add({ id: row.sourceId, fields: row.fields });
    const last = page.at(-1);
    if (!last || page.length < 500) break;
    afterRow = last.rowNumber;
  }
  for (const file of await listKeptFiles(source.tx, source.tenantId, source.exportId, object)) {
    const content = await readKept(source, file);
    if ('why' in content) found.unread.push({ path: file.path, why: content.why });
    else for (const item of itemsOf(content.json, object)) add(definitionOf(object, item));
  }
  return found;
}

async function readKept(
  source: InventorySource,
  file: KeptFile,
): Promise<{ json: unknown } | { why: string }> {
  if (file.bytes > maxJsonBytes) return { why: 'the file is too large to be listed here' };
  let bytes: Buffer;
  try {
    bytes = await source.files.read(source.tenantId, source.dataKey, file.blob);
  } catch (error) {
    // An operator may have deleted originals by hand; the documents may be printed again later.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { why: 'the original is no longer kept' };
    throw error;
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const json = parseJson(text) ?? parseLines(text);
  return json === undefined ? { why: 'the file is not valid JSON' } : { json };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not one JSON value; it may be one to a line.
    return undefined;
  }
}

function parseLines(text: string): unknown[] | undefined {
  const items = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseJson);
  return items.length === 0 || items.includes(undefined) ? undefined : items;
}

/** The entries of a file: its array, its one array (`{"automations": […]}`, GeoJSON features), or nested settings. */
function itemsOf(json: unknown, object: string): Array<Record<string, unknown>> {
  if (Array.isArray(json)) return json.filter(isRecord);
  if (!isRecord(json)) return [];
  const arrays = Object.values(json).filter((value) => Array.isArray(value) && value.some(isRecord));
  const [only] = arrays;
  if (arrays.length === 1 && Array.isArray(only)) return only.filter(isRecord).map(featureOf);
  return object === 'portal_setting' ? nestedSettings(json) : [];
}

/** A GeoJSON feature says what it is in `properties`. */
function featureOf(item: Record<string, unknown>): Record<string, unknown> {
  return isRecord(item.properties) ? { ...item.properties, geometry: item.geometry } : item;
}

/** `{"Booking": {"lead_time": {"hours": 24}}}` → section Booking, key `lead_time.hours`. */
function nestedSettings(json: Record<string, unknown>): Array<Record<string, unknown>> {
  return Object.entries(json).flatMap(([section, value]) =>
    isRecord(value) ? leavesOf(section, value, '') : [{ section: '', key: section, value }],
  );
}

function leavesOf(
  section: string,
  settings: Record<string, unknown>,
  prefix: string,
): Array<Record<string, unknown>> {
  return Object.entries(settings).flatMap(([key, value]) =>
    isRecord(value) && prefix.length < 200
      ? leavesOf(section, value, `${prefix}${key}.`)
      : [{ section, key: `${prefix}${key}`, value }],
  );
}

function definitionOf(object: string, item: Record<string, unknown>): Definition {
  const definition = canonicalObject(object);
  const names = Object.keys(item);
  const match = matchHeaders(definition, names);
  // Names come from a stranger's file: without a prototype, `__proto__` is a name like any other.
  const fields: Record<string, string> = Object.create(null);
  for (const [index, column] of match.columns.entries()) {
    const text = textOf(item[names[index] ?? '']).trim();
    if (column.field !== null && text !== '') fields[column.field] = text;
  }
  return { id: definition.key === null ? '' : (fields[definition.key] ?? ''), fields };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
