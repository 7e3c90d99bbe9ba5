import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type pg from 'pg';
import { type Database, inTransaction } from '../db/index.js';
import { attachTable, createDetachedTable } from '../staging/partition.js';
import type { SeededTenant } from './seed-tenants.js';

export const schemas = ['core', 'ingest', 'transform', 'loader', 'reporter'];

/** Tables of ours that hold a tenant's rows, from the catalogue; partitions are their parents' business. */
export async function tenantTables(
  client: pg.Client,
): Promise<Array<{ name: string; partitioned: boolean }>> {
  const { rows } = await client.query<{ name: string; partitioned: boolean }>(
    `select format('%s.%s', n.nspname, c.relname) as name, c.relkind = 'p' as partitioned
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where n.nspname = any ($1) and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
    [schemas],
  );
  return rows;
}

/**
 * Gives a seeded tenant a row in every table that has none of it yet, made from the columns' types: references lead to what
 * was seeded, every text is the canary. The checks on words are dropped, in this database only; foreign keys stay, and hold.
 */
export async function fillTables(db: Database, client: pg.Client, tenant: SeededTenant): Promise<void> {
  await dropChecks(client);
  const { things, canary } = tenant;
  const { rows: events } = await client.query<{ id: string }>(
    'select id from core.event where tenant_id = $1',
    [tenant.id],
  );
  const [setId, batchId, fileId] = [randomUUID(), randomUUID(), randomUUID()];
  const run = things.run;
  const named: Record<string, string> = {
    ...{ tenant_id: tenant.id, migration_id: things.migration, export_id: things.export, set_id: setId },
    ...{ mapping_version_id: things.mapping, connection_id: things.connection, webhook_id: things.webhook },
    ...{ batch_id: batchId, file_id: fileId, run_id: run, of_run_id: run, event_id: events[0]?.id ?? '' },
    ...{ created_by_run: run, written_by_run: run, taken_by_run: run, proposed_by_run: run },
    'transform.mapped_set.id': setId,
    'transform.load_batch.id': batchId,
    'ingest.export_file.id': fileId,
  };
  const ofType: Record<string, string> = {
    ...{ uuid: 'gen_random_uuid()', integer: '1', bigint: '1', boolean: 'false', date: 'current_date' },
    ...{ 'timestamp with time zone': 'now()', text: `'${canary}'`, 'text[]': `array['${canary}']` },
    ...{ jsonb: `jsonb_build_object('canary', '${canary}')`, bytea: `convert_to('${canary}', 'utf8')` },
  };
  await client.query(`set session_replication_role = replica`);
  for (const { name } of (await tenantTables(client)).filter(({ partitioned }) => !partitioned)) {
    const { rows: there } = await client.query(`select 1 from ${name} where tenant_id = $1 limit 1`, [
      tenant.id,
    ]);
    if (there.length > 0) continue;
    const { rows: columns } = await client.query<{ column: string; type: string }>(
      `select attname as column, atttypid::regtype::text as type from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = ''`,
      [name],
    );
    const values = columns.map(({ column, type }) => {
      const given = named[`${name}.${column}`] ?? named[column];
      const value = given === undefined ? ofType[type] : `'${given}'`;
      if (value === undefined)
        throw new Error(`${name}.${column} is of type ${type}; add a value of it here`);
      return value;
    });
    await client.query(
      `insert into ${name} (${columns.map(({ column }) => column).join()}) values (${values.join()})`,
    );
  }
  await client.query(`set session_replication_role = origin`);
  await stageRow(db, tenant, fileId);
  await client.query(
    `insert into loader.company_budget (company_key, day, daily_limit, ceiling, burst_limit) values ($1, current_date, 1, 1, 1)`,
    [canary],
  );
  await client.query(
    `insert into core.rate_use select family_id, now(), 1 from core.api_key where tenant_id = $1`,
    [tenant.id],
  );
}

/** A staged row with a reference, in the export's own tables, as ingest makes them. */
async function stageRow(db: Database, { id, things, canary }: SeededTenant, fileId: string): Promise<void> {
  await inTransaction(db, { role: 'ingest', tenantId: id }, async (tx) => {
    await createDetachedTable(tx, id, things.export);
    const table = sql.id('ingest', `staged_row_${things.export.replaceAll('-', '')}`);
    await sql`insert into ${table} (object, row_number, file_id, source_id, cells, row_hash, refs)
      values ('booking', 1, ${fileId}, '1', array[${canary}], '', array[array['customer_id', 'customer', ${canary}]])`.execute(
      tx,
    );
    await attachTable(tx, id, things.export);
  });
}

async function dropChecks(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ drop: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop from pg_constraint
     where contype = 'c' and connamespace::regnamespace::text = any ($1) and coninhcount = 0
       and conrelid <> 'core.purge'::regclass and conrelid::regclass::text not like '%staged\\_r%'`,
    [schemas],
  );
  for (const { drop } of rows) await client.query(drop);
}
