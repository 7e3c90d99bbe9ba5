import type { Tx } from '@octopipe/shared/db/index';
import { parseList } from '@octopipe/shared/domain/convert/list';
import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import type {
  Catalogue,
  ObjectDefinition,
  PageRows,
  ReadRule,
  Refs,
  SourceRow,
} from '@octopipe/shared/domain/mapping/define-object';
import { standsInOf } from '@octopipe/shared/domain/mapping/duplicate-customers';
import { compareIds } from '@octopipe/shared/domain/mapping/group-companies';
import { keyOfMarker, type TargetKey, targetKeyOf } from '@octopipe/shared/domain/mapping/record';
import { wantsSeries } from '@octopipe/shared/domain/objects/series';
import { childRows, findPackageFiles, rowsById } from '@octopipe/shared/staging/read-staged';
import { seriesSlot } from './group-series.js';
import { aliasesAround, aliasesOf } from './merge-customers.js';
import type { SetScope } from './set-scope.js';

/** Reads everything the rows of a page may ask for: a fixed number of queries per page, not per row. */
export async function loadRefs(
  tx: Tx,
  scope: SetScope,
  definition: ObjectDefinition,
  page: ReadonlyArray<SourceRow>,
  { catalogue, content }: { catalogue: Catalogue; content: MappingContent },
): Promise<Refs> {
  const rows = new LoadedRows(catalogue);
  rows.addRows(definition.name, page);
  const ofPage = definition.name === 'booking' ? page.map((row) => row.sourceId) : [];
  const series = await seriesOf(tx, scope, content, ofPage);
  // The bookings of a series are read with the row that makes its deal, and all that hangs on them.
  const bookings = await bookingsOfSeries(tx, scope, series);
  for (const found of bookings.values()) rows.addRows('booking', found);
  // So are the customers that were merged: what hangs on each hangs on the one that stays.
  const aliases = await aliasesAround(tx, scope, customersOf(definition, page));
  const merged = await mergedCustomers(tx, scope, aliases);
  for (const found of merged.values()) rows.addRows('customer', found);
  for (const rule of definition.reads) await readMore(tx, scope, rule, rows);
  const asked = page.flatMap((row) => definition.asks(row, rows));
  const askedBookings = asked.flatMap((key) => bookingOf(key) ?? []);
  for (const [id, found] of await seriesOf(tx, scope, content, askedBookings)) series.set(id, found);
  const survivors = await aliasesOf(
    tx,
    scope,
    asked.flatMap((key) => customerOf(key) ?? []),
  );
  const standIn = (key: TargetKey) => {
    const customer = customerOf(key);
    const into = survivors.get(customer ?? '') ?? aliases.get(customer ?? '');
    if (customer !== undefined && into !== undefined)
      return standsInOf(into)[standsInOf(customer).indexOf(key)] ?? key;
    return series.get(bookingOf(key) ?? '')?.key ?? key;
  };
  const mapped = await existingKeys(tx, scope, asked.map(standIn));
  const customers = await customerRecords(tx, scope, [
    ...rows.every((row) => row.fields.customer_id),
    ...rows.rowsOf('customer').map((row) => row.sourceId),
  ]);
  const members =
    definition.name === 'customer' ? await companyMembers(tx, scope, page, customers) : new Map();
  const files = await findPackageFiles(
    tx,
    scope.tenantId,
    scope.exportId,
    [...page, ...[...merged.values()].flat().filter(({ object }) => object === definition.name)].flatMap(
      (row) => definition.files(row, rows),
    ),
  );
  return {
    children: (child, parent, parentId) => rows.children(child, parent, parentId),
    row: (object, id) => rows.row(object, id),
    isMapped: (key) => mapped.has(standIn(key)),
    standIn,
    series: ({ sourceId }) => {
      const found = series.get(sourceId);
      return found && { key: found.key, bookings: found.isMaker ? (bookings.get(found.key) ?? []) : null };
    },
    customer: (id) => (id === undefined ? undefined : customers.get(id)),
    merged: (id) => merged.get(aliases.get(id ?? '') ?? id ?? ''),
    members: (organization) => members.get(organization) ?? [],
    file: (path) => files.get(path),
    catalogue,
  };
}

/** The rows around a page, by object and id, and by parent. */
class LoadedRows implements PageRows {
  private readonly byObject = new Map<string, Map<string, SourceRow>>();
  private readonly byParent = new Map<string, ReadonlyArray<SourceRow>>();

  constructor(readonly catalogue: Catalogue) {}

  addRows(object: string, found: Iterable<SourceRow>): void {
    const rows = this.byObject.get(object) ?? new Map<string, SourceRow>();
    this.byObject.set(object, rows);
    // Rows without an id of their own are told apart by their number.
    for (const row of found) rows.set(row.sourceId || `row ${row.rowNumber}`, row);
  }

  addChildren(child: string, parent: string, found: ReadonlyMap<string, ReadonlyArray<SourceRow>>): void {
    for (const [parentId, children] of found) {
      this.byParent.set(`${child}<${parent}:${parentId}`, children);
      this.addRows(child, children);
    }
  }

  rowsOf(object: string): SourceRow[] {
    return [...(this.byObject.get(object)?.values() ?? [])];
  }

  every(pick: (row: SourceRow) => string | undefined): string[] {
    return [...this.byObject.values()].flatMap((rows) =>
      [...rows.values()].flatMap((row) => pick(row) ?? []),
    );
  }

  children(child: string, parent: string, parentId: string): ReadonlyArray<SourceRow> {
    return this.byParent.get(`${child}<${parent}:${parentId}`) ?? [];
  }

  row(object: string, id: string | undefined): SourceRow | undefined {
    return id === undefined ? undefined : this.byObject.get(object)?.get(id);
  }
}

async function readMore(
  tx: Tx,
  { tenantId, exportId }: SetScope,
  rule: ReadRule,
  rows: LoadedRows,
): Promise<void> {
  if ('child' in rule) {
    const ids = rows.rowsOf(rule.of).flatMap((row) => (row.sourceId === '' ? [] : [row.sourceId]));
    rows.addChildren(rule.child, rule.of, await childRows(tx, tenantId, exportId, rule.child, rule.of, ids));
    return;
  }
  const ids = rows
    .rowsOf(rule.of)
    .filter((row) => rule.when?.(row) ?? true)
    .flatMap((row) => parseList(row.fields[rule.by]))
    .filter((id) => rows.row(rule.parent, id) === undefined);
  const found = await rowsById(tx, tenantId, exportId, rule.parent, [...new Set(ids)]);
  rows.addRows(rule.parent, found.values());
}

async function existingKeys(tx: Tx, scope: SetScope, keys: ReadonlyArray<TargetKey>): Promise<Set<string>> {
  const asked = [...new Set(keys)];
  if (asked.length === 0) return new Set();
  const rows = await tx
    .selectFrom('transform.mappedRecord')
    .select('targetKey')
    .where('tenantId', '=', scope.tenantId)
    .where('setId', '=', scope.setId)
    .where('targetKey', 'in', asked)
    .execute();
  return new Set(rows.map((row) => row.targetKey));
}

/** The id of the booking whose own deal has this key. Of other records of a booking it is the id of none. */
function bookingOf(key: TargetKey): string | undefined {
  return idIn(key, 'booking');
}

/** Short of ids that a key could not hold in full; what hangs on those finds no series and no merged customer. */
function idIn(key: TargetKey, object: string): string | undefined {
  return key.startsWith(`${object}:`) ? keyOfMarker(key.slice(object.length + 1)) : undefined;
}

/** Of bookings that belong to a series: its deal, and whether it is this row that makes it. */
type SeriesOfBookings = Map<string, { key: TargetKey; isMaker: boolean }>;

async function seriesOf(
  tx: Tx,
  scope: SetScope,
  content: MappingContent,
  bookings: ReadonlyArray<string>,
): Promise<SeriesOfBookings> {
  const asked = [...new Set(bookings)];
  if (asked.length === 0 || !wantsSeries(content.settings)) return new Map();
  const links = await tx
    .selectFrom('transform.sourceLink')
    .select(['sourceId', 'targetKey', 'role'])
    .where('tenantId', '=', scope.tenantId)
    .where('setId', '=', scope.setId)
    .where('object', '=', 'booking')
    .where('slot', '=', seriesSlot)
    .where('sourceId', 'in', asked)
    .execute();
  return new Map(
    links.map(({ sourceId, targetKey, role }) => [sourceId, { key: targetKey, isMaker: role === 'primary' }]),
  );
}

async function bookingsOfSeries(
  tx: Tx,
  scope: SetScope,
  series: SeriesOfBookings,
): Promise<Map<TargetKey, SourceRow[]>> {
  const keys = [...series.values()].filter(({ isMaker }) => isMaker).map(({ key }) => key);
  if (keys.length === 0) return new Map();
  const links = await tx
    .selectFrom('transform.sourceLink')
    .select(['sourceId', 'targetKey'])
    .where('tenantId', '=', scope.tenantId)
    .where('setId', '=', scope.setId)
    .where('targetKey', 'in', keys)
    .where('object', '=', 'booking')
    .where('slot', '=', seriesSlot)
    .execute();
  const ids = links.map(({ sourceId }) => sourceId);
  const rows = await rowsById(tx, scope.tenantId, scope.exportId, 'booking', ids);
  const found = new Map<TargetKey, SourceRow[]>();
  for (const { sourceId, targetKey } of links.sort((a, b) => compareIds(a.sourceId, b.sourceId))) {
    const row = rows.get(sourceId);
    if (row) found.set(targetKey, [...(found.get(targetKey) ?? []), row]);
  }
  return found;
}

/** The id in the key of a record that another one stands in for once its customer is merged. */
function customerOf(key: TargetKey): string | undefined {
  const ids = [idIn(key, 'customer'), idIn(key.replace(/#note$/, ''), 'customer')];
  return ids.find((id) => id !== undefined && standsInOf(id).includes(key));
}

/** The customers that the rows of a page are or are about, where the mapper may ask for those merged with them. */
function customersOf(definition: ObjectDefinition, page: ReadonlyArray<SourceRow>): string[] {
  if (definition.name === 'customer') return page.map(({ sourceId }) => sourceId);
  const reads = definition.reads.some((rule) => 'parent' in rule && rule.parent === 'customer');
  return reads ? page.flatMap(({ fields }) => fields.customer_id ?? []) : [];
}

/** The rows of merged customers by the id of the one that stays, which comes first. */
async function mergedCustomers(
  tx: Tx,
  scope: SetScope,
  aliases: ReadonlyMap<string, string>,
): Promise<Map<string, SourceRow[]>> {
  const ids = [...new Set([...aliases.keys(), ...aliases.values()])];
  const rows = await rowsById(tx, scope.tenantId, scope.exportId, 'customer', ids);
  const merged = new Map<string, SourceRow[]>();
  for (const into of new Set(aliases.values())) {
    const gone = [...aliases].filter(([, survivor]) => survivor === into).map(([id]) => id);
    merged.set(
      into,
      [into, ...gone.sort(compareIds)].flatMap((id) => rows.get(id) ?? []),
    );
  }
  return merged;
}

type CustomerRecords = Map<string, { person: TargetKey | null; organization: TargetKey | null }>;

async function customerRecords(
  tx: Tx,
  scope: SetScope,
  ids: ReadonlyArray<string>,
): Promise<CustomerRecords> {
  const asked = [...new Set(ids)];
  const found: CustomerRecords = new Map();
  if (asked.length === 0) return found;
  const links = await tx
    .selectFrom('transform.sourceLink')
    .select(['sourceId', 'slot', 'targetKey'])
    .where('tenantId', '=', scope.tenantId)
    .where('setId', '=', scope.setId)
    .where('object', '=', 'customer')
    .where('sourceId', 'in', asked)
    .where('slot', 'in', ['', 'org'])
    .execute();
  for (const { sourceId, slot, targetKey } of links) {
    const records = found.get(sourceId) ?? { person: null, organization: null };
    found.set(sourceId, records);
    if (slot === 'org') records.organization = targetKey;
    else records.person = targetKey;
  }
  return found;
}

/** The customers of each company whose record is made from a row of this page: its lowest customer. */
async function companyMembers(
  tx: Tx,
  scope: SetScope,
  page: ReadonlyArray<SourceRow>,
  customers: CustomerRecords,
): Promise<Map<string, SourceRow[]>> {
  const keys = page.flatMap((row) => {
    const organization = customers.get(row.sourceId)?.organization;
    return organization === targetKeyOf('customer', row.sourceId, 'org') ? [organization] : [];
  });
  if (keys.length === 0) return new Map();
  const links = await tx
    .selectFrom('transform.sourceLink')
    .select(['sourceId', 'targetKey'])
    .where('tenantId', '=', scope.tenantId)
    .where('setId', '=', scope.setId)
    .where('targetKey', 'in', keys)
    .where('object', '=', 'customer')
    .execute();
  const rows = await rowsById(
    tx,
    scope.tenantId,
    scope.exportId,
    'customer',
    links.map((link) => link.sourceId),
  );
  const members = new Map<string, SourceRow[]>();
  for (const { sourceId, targetKey } of links.sort((a, b) => compareIds(a.sourceId, b.sourceId))) {
    const row = rows.get(sourceId);
    if (row) members.set(targetKey, [...(members.get(targetKey) ?? []), row]);
  }
  return members;
}
