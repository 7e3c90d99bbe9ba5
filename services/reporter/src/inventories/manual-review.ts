import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { listWorkers } from '@octopipe/shared/mapped/list-workers';
import type { Run } from '@octopipe/shared/run/read-run';
import { listStagedObjects } from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';
import { cellsOf, countFilled } from './cells.js';
import { type InventorySource, readDefinitions } from './read-definitions.js';

export interface ServiceArea {
  name: string;
  priceZone: string;
  ownerType: string;
  /** How many owners the area has. */
  owners: number;
}

export interface WorkerWithoutUser {
  sourceKey: string;
  name: string;
  email: string | null;
  active: boolean;
  /** `default`: their records stand under the default owner, and no later run moves them. Nothing sets `bind_later` yet. */
  state: 'default' | 'bind_later';
  decidedBy: string;
  /** Records of this run that are theirs. */
  records: number;
}

export interface ManualReview {
  pay: {
    rates: number;
    workersWithRates: number;
    byStructure: Array<{ structure: string; rates: number }>;
    workersWithPayColumns: number;
  };
  tracking: { workersTracked: number; checkIns: number; addresses: number; bookings: number; files: number };
  areas: ServiceArea[];
  servicesWithAreas: number;
  dropped: Array<{ object: string; file: string; column: string }>;
  workers: WorkerWithoutUser[];
  unread: Array<{ path: string; why: string }>;
}

export async function gatherManualReview(source: InventorySource, run: Run): Promise<ManualReview> {
  const areas = await readDefinitions(source, 'service_area');
  const filled = (object: string, ...fields: string[]) =>
    countFilled(source.tx, source.tenantId, source.exportId, object, fields);
  return {
    pay: {
      ...(await payRates(source)),
      workersWithPayColumns: await filled(
        'fieldworker',
        'pay_structure',
        'hourly',
        'overtime',
        'first_hour_rate',
        'commission',
      ),
    },
    tracking: {
      workersTracked: await trackedWorkers(source),
      checkIns: await filled('appointment', 'check_in_lat_long', 'check_in_latitude', 'check_in_longitude'),
      addresses: await filled('customer_address', 'latitude', 'longitude'),
      bookings: await filled('booking', 'latitude', 'longitude'),
      files: await filled('attachment', 'latitude', 'longitude'),
    },
    areas: groupAreas(areas.rows.map((row) => row.fields)),
    servicesWithAreas: await filled('service', 'service_areas', 'locations'),
    dropped: await droppedColumns(source),
    workers: await workersWithoutUser(source, run),
    unread: areas.unread,
  };
}

async function payRates(source: InventorySource) {
  const cells = await cellsOf(source.tx, source.tenantId, source.exportId, 'pay_rate', [
    'fieldworker_id',
    'structure',
  ]);
  if (!cells) return { rates: 0, workersWithRates: 0, byStructure: [] };
  const total = await sql<{ rates: number; workers: number }>`
    select count(*)::int as rates, count(distinct c0)::int as workers from ${cells}`.execute(source.tx);
  const { rows } = await sql<{ structure: string; rates: number }>`
    select coalesce(lower(c1), 'not stated') as structure, count(*)::int as rates
    from ${cells} group by 1 order by min(coalesce(lower(c1), 'not stated')) collate "C" limit 50`.execute(
    source.tx,
  );
  return {
    rates: total.rows[0]?.rates ?? 0,
    workersWithRates: total.rows[0]?.workers ?? 0,
    byStructure: rows,
  };
}

async function trackedWorkers(source: InventorySource): Promise<number> {
  const cells = await cellsOf(source.tx, source.tenantId, source.exportId, 'fieldworker', [
    'location_tracking',
  ]);
  if (!cells) return 0;
  const { rows } = await sql<{ word: string; workers: number }>`
    select lower(c0) as word, count(*)::int as workers from ${cells} where c0 is not null group by 1`.execute(
    source.tx,
  );
  return rows.reduce((sum, row) => (parseBool(row.word) === true ? sum + row.workers : sum), 0);
}

/** An area stands once per owner in the export. */
function groupAreas(rows: ReadonlyArray<Readonly<Record<string, string>>>): ServiceArea[] {
  const areas = new Map<string, ServiceArea>();
  for (const fields of rows) {
    const area = {
      name: fields.name ?? 'without a name',
      priceZone: fields.price_zone ?? '',
      ownerType: fields.owner_type ?? '',
    };
    const key = JSON.stringify(area);
    areas.set(key, { ...area, owners: (areas.get(key)?.owners ?? 0) + 1 });
  }
  return [...areas.values()];
}

/** Names of columns only: their values never reached us. */
async function droppedColumns(source: InventorySource): Promise<ManualReview['dropped']> {
  const rows = await source.tx
    .selectFrom('core.finding')
    .select(['object', 'file', 'columnName'])
    .distinct()
    .where('tenantId', '=', source.tenantId)
    .where('exportId', '=', source.exportId)
    .where('code', '=', 'secret_dropped')
    .orderBy('object')
    .orderBy('file')
    .orderBy('columnName')
    .execute();
  return rows.map((row) => ({ object: row.object, file: row.file ?? '', column: row.columnName ?? '' }));
}

async function workersWithoutUser(source: InventorySource, run: Run): Promise<WorkerWithoutUser[]> {
  const owners = await source.tx
    .selectFrom('loader.owner')
    .select(['sourceKey', 'state', 'decidedBy'])
    .where('tenantId', '=', source.tenantId)
    .where('connectionId', '=', run.connectionId)
    .where('state', 'in', ['default', 'bind_later'])
    .orderBy('sourceKey')
    .execute();
  if (owners.length === 0) return [];
  const staged = (await listStagedObjects(source.tx, source.tenantId, source.exportId)).map(
    ({ object }) => object,
  );
  const workers =
    staged.includes('fieldworker') || staged.includes('user')
      ? await listWorkers(source.tx, source.tenantId, source.exportId)
      : [];
  const records = await recordsByOwner(source, run);
  const byKey = new Map(workers.map((worker) => [worker.sourceKey, worker]));
  return owners.map((owner) => ({
    sourceKey: owner.sourceKey,
    name: byKey.get(owner.sourceKey)?.name ?? owner.sourceKey,
    email: byKey.get(owner.sourceKey)?.email ?? null,
    active: byKey.get(owner.sourceKey)?.active ?? false,
    state: owner.state === 'default' ? 'default' : 'bind_later',
    decidedBy: owner.decidedBy,
    records: records.get(owner.sourceKey) ?? 0,
  }));
}

/** `$owner` is a list of candidates (domain/objects/owner.ts); the first is who it should be. */
async function recordsByOwner(source: InventorySource, run: Run): Promise<Map<string, number>> {
  const { rows } = await sql<{ owner: string | null; records: number }>`
    select coalesce(payload->'owner_id'->'$owner'->>0, payload->'owner_id'->>'$owner') as owner, count(*)::int as records
    from transform.mapped_record
    where tenant_id = ${source.tenantId} and set_id = ${run.setId}::uuid and payload ? 'owner_id'
    group by 1`.execute(source.tx);
  return new Map(rows.flatMap((row) => (row.owner === null ? [] : [[row.owner, row.records]])));
}
