import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attachTable, createDetachedTable } from '../staging/partition.js';
import { createTestDatabase, type TestDatabase } from '../testing/postgres.js';
import { inTransaction, openDatabase } from './index.js';

/**
 * Table by table from the catalogue, so that a new table is tested without anybody thinking of it. Every table gets
 * one row of each of two tenants, made from its columns' types: the checks are dropped and the references not asked,
 * in this database only. What is tried here is what Postgres says to a role, not what our queries happen to ask.
 */
const services = ['ingest', 'transform', 'loader', 'reporter'] as const;
const schemas = ['core', ...services];
const acme = randomUUID();
const beta = randomUUID();

/** `core` is written by all through shared functions: into these tables, and with these statements only. */
const coreWrites: Record<string, string[]> = {
  'core.event': ['insert'],
  'core.outbox': ['insert'],
  'core.finding': ['insert', 'delete'],
  'core.tenant': ['insert'],
  'core.api_key': ['insert'],
  // A kept answer commits with the effect it tells of. Which columns: see the migration.
  'core.idempotency': [],
};

/** What one service may do beyond that: ingest relays the outbox (locks a row, takes it away), and empties core for a purge. */
const ingestWrites: Record<string, string[]> = {
  'core.outbox': ['update', 'delete'],
  'core.event': ['delete'],
  'core.idempotency': ['delete'],
};
/** What the system role writes besides: the routes' own bookkeeping, before a tenant is known. */
const systemWrites = ['core.idempotency', 'core.rate_use', 'core.api_part', 'core.purge'];
/** What ends a purge; a foreign key keeps a tenant that has a row anywhere. */
const systemDeletes = ['core.api_key', 'core.tenant'];

/** The only tables of which nobody's rows are kept from anybody: each with its reason. */
const sharedTables: Record<string, string> = {
  'core.tenant': 'read before the tenant is known; keys in it are wrapped',
  'core.api_key': 'the caller is found by it, before any tenant is known; holds hashes only',
  'core.purge': 'outlives its tenant; holds ids, counts and a hash',
  'core.api_part': 'what a service says of its routes; holds nothing of a tenant',
  'core.rate_use': 'how many requests a key has sent in this minute; no tenant is known yet',
  'loader.restore': 'when the database was restored: a fact of the installation',
  'loader.left_company': 'outlives its tenant; holds a hash of the id of an account',
  'loader.company_budget': 'one token budget per Pipedrive company, whoever spends it; holds counts only',
};

interface Table {
  name: string;
  schema: string;
  columns: Array<{ name: string; type: string; fill: string }>;
  hasTenant: boolean;
}

let testDatabase: TestDatabase;
let client: pg.Client;
let tables: Table[];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  client = await connect();
  await dropChecks();
  for (const parent of ['staged_row', 'staged_ref'])
    await client.query(`create table ingest.${parent}_of_test partition of ingest.${parent} default`);
  tables = await readTables();
  await client.query(`set session_replication_role = replica`);
  for (const table of tables) {
    for (const tenant of table.hasTenant ? [acme, beta] : [acme])
      await client.query(insertInto(table, tenant));
  }
  await client.query(`set session_replication_role = origin`);
});

afterAll(async () => {
  await client.end();
  await testDatabase.drop();
});

test('the catalogue holds the house: many tables, nearly all with a tenant', () => {
  expect(tables.length).toBeGreaterThanOrEqual(30);
  const open = tables.filter((table) => !table.hasTenant).map((table) => table.name);
  const named = Object.keys(sharedTables);
  expect(open.sort()).toEqual(named.sort());
});

test('every table with tenant_id has row-level security, forced upon its owner too', async () => {
  const { rows } = await client.query<{ name: string; enabled: boolean; forced: boolean }>(`
    select format('%s.%s', relnamespace::regnamespace, relname) as name,
      relrowsecurity as enabled, relforcerowsecurity as forced
    from pg_class where oid = any (array[${protectedTables()
      .map((table) => `'${table.name}'::regclass`)
      .join()}]::oid[])`);
  expect(rows.filter((row) => !row.enabled || !row.forced)).toEqual([]);
  expect(rows).toHaveLength(protectedTables().length);
});

test('no service role may step past it: not superuser, not bypassing, not one of each other', async () => {
  const { rows } = await client.query(`
    select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole,
      array(select r.rolname::text from pg_roles r where r.oid <> me.oid and pg_has_role(me.oid, r.oid, 'member')) as others
    from pg_roles me where rolname like 'octopipe\\_%' order by rolname`);
  const none = { rolsuper: false, rolbypassrls: false, rolcanlogin: false, rolcreaterole: false, others: [] };
  expect(rows).toEqual(
    [...services, 'system'].sort().map((service) => ({ rolname: `octopipe_${service}`, ...none })),
  );
});

describe.each(services)('%s', (service) => {
  test('sees its own rows and no row of another tenant, in every table', async () => {
    const seen = await ofEach(protectedTables(), (table) =>
      as(service, acme, `select array_agg(distinct tenant_id::text) as tenants from ${table.name}`),
    );
    expect(seen).toEqual(allOf(protectedTables(), [{ tenants: [acme] }]));
    const asStranger = await ofEach(protectedTables(), (table) =>
      as(service, randomUUID(), `select count(*)::int from ${table.name}`),
    );
    expect(asStranger).toEqual(allOf(protectedTables(), [{ count: 0 }]));
    const asked = await ofEach(protectedTables(), (table) =>
      as(service, acme, `select count(*)::int from ${table.name} where tenant_id = '${beta}'`),
    );
    expect(asked).toEqual(allOf(protectedTables(), [{ count: 0 }]));
  });

  test('without a tenant every table is an error, not all rows', async () => {
    // A connection that has never had a tenant: a setting that was once set is '' afterwards, not absent.
    const fresh = await connect();
    const never = await ofEach(protectedTables(), (table) =>
      as(service, null, `select count(*)::int from ${table.name}`, fresh),
    );
    await fresh.end();
    expect(never).toEqual(allOf(protectedTables(), 'unrecognized configuration parameter "app.tenant"'));
    const forgotten = await ofEach(protectedTables(), (table) =>
      as(service, '', `select count(*)::int from ${table.name}`),
    );
    expect(forgotten).toEqual(allOf(protectedTables(), 'invalid input syntax for type uuid: ""'));
  });

  test('inserts for its tenant only, where it may insert', async () => {
    const may = protectedTables().filter((table) => allowed(service, table, 'insert'));
    expect(may.map((table) => table.schema)).toContain(service);
    const own = await ofEach(may, (table) => as(service, acme, insertInto(table, acme)));
    expect(own).toEqual(allOf(may, []));
    const foreign = await ofEach(may, (table) => as(service, acme, insertInto(table, beta)));
    expect(foreign).toEqual(
      allOf(
        may,
        (table) => `new row violates row-level security policy for table "${table.name.split('.')[1]}"`,
      ),
    );
  });

  test('neither changes, takes away nor hands over a row across tenants', async () => {
    const own = protectedTables().filter((table) => table.schema === service);
    const moved = await ofEach(own, (table) =>
      as(service, acme, `update ${table.name} set tenant_id = '${beta}'`),
    );
    expect(moved).toEqual(
      allOf(own, (table) => `new row violates row-level security policy for table "${leafOf(table)}"`),
    );
    for (const statement of ['update %t set tenant_id = tenant_id', 'delete from %t']) {
      const touched = await ofEach(own, (table) =>
        as(
          service,
          acme,
          `with touched as (${statement.replace('%t', table.name)} returning tenant_id)
           select count(*)::int as touched, count(*) filter (where tenant_id <> '${acme}')::int as others from touched`,
        ),
      );
      expect(touched).toEqual(allOf(own, [{ touched: 1, others: 0 }]));
    }
  });

  test('writes nothing outside its schema but what is listed for core', async () => {
    const outside = tables.filter((table) => table.schema !== service);
    const refused = (table: Table) => `permission denied for table ${table.name.split('.')[1]}`;
    const statements = {
      insert: (table: Table) => insertInto(table, acme),
      update: (table: Table) => `update ${table.name} set ${plainColumn(table)} = ${plainColumn(table)}`,
      delete: (table: Table) => `delete from ${table.name}`,
      truncate: (table: Table) => `truncate ${table.name} cascade`,
    };
    for (const [kind, write] of Object.entries(statements)) {
      const forbidden = outside.filter((table) => !allowed(service, table, kind));
      const answers = await ofEach(forbidden, (table) => as(service, acme, write(table)));
      expect(answers, kind).toEqual(allOf(forbidden, refused));
    }
  });

  test('makes tables in its own schema only', async () => {
    const made = await ofEach(
      schemas.map((name) => ({ name })),
      ({ name }) => as(service, acme, `create table ${name}.mine (n int)`),
    );
    expect(made).toEqual(
      Object.fromEntries(
        schemas.map((name) => [name, name === service ? [] : `permission denied for schema ${name}`]),
      ),
    );
  });
});

test('the partitions of an export, as ingest makes them, are no way around the tables', async () => {
  const exportId = randomUUID();
  const partitions = ['staged_row', 'staged_ref'].map(
    (parent) => `ingest.${parent}_${exportId.replaceAll('-', '')}`,
  );
  const [rows = ''] = partitions;
  const database = openDatabase(testDatabase.url, { max: 1, onError: () => {}, applicationName: 'rls-test' });
  await inTransaction(database.db, { role: 'ingest', tenantId: acme }, async (tx) => {
    await createDetachedTable(tx, acme, exportId);
    await sql`insert into ${sql.id(...rows.split('.'))} (object, row_number, file_id, cells, row_hash, refs)
      values ('booking', 1, ${randomUUID()}, '{}', '', '{{customer_id,customer,12}}')`.execute(tx);
    await attachTable(tx, acme, exportId);
  });
  await database.destroy();
  for (const partition of partitions) {
    const count = `select count(*)::int from ${partition}`;
    expect({
      mine: await as('ingest', acme, count),
      others: await as('ingest', beta, count),
      transform: await as('transform', acme, count),
      loader: await as('loader', acme, count),
      reporter: await as('reporter', acme, count),
      system: await as('system', acme, count),
    }).toEqual({
      mine: [{ count: 1 }],
      others: [{ count: 0 }],
      ...Object.fromEntries(
        ['transform', 'loader', 'reporter', 'system'].map((role) => [
          role,
          `permission denied for table ${partition.split('.')[1]}`,
        ]),
      ),
    });
  }
});

describe('octopipe_system', () => {
  test('sees the queue state of all tenants', async () => {
    for (const name of ['ingest.export', 'transform.load_batch', 'loader.run', 'loader.batch_progress'])
      expect(await as('system', null, `select count(distinct tenant_id)::int from ${name}`)).toEqual([
        { count: 2 },
      ]);
  });

  test('reads exactly these columns, and of contents none', async () => {
    const readable = new Map<string, string[]>();
    for (const table of tables) {
      for (const column of table.columns) {
        const answer = await as('system', null, `select ${column.name} from ${table.name}`);
        if (typeof answer !== 'string')
          readable.set(table.name, [...(readable.get(table.name) ?? []), column.name]);
        else expect(answer).toBe(`permission denied for table ${table.name.split('.')[1]}`);
      }
    }
    for (const name of [
      'transform.mapped_record',
      'transform.source_outcome',
      'transform.source_link',
      'ingest.staged_row',
      'ingest.staged_ref',
      'ingest.field_profile',
      'loader.target_record',
      'loader.crosswalk',
      'loader.record_outcome',
      'loader.owner',
      'core.finding',
    ])
      expect([name, readable.get(name)]).toEqual([name, undefined]);
    expect(readable.get('loader.connection')).toEqual([
      'id',
      'tenant_id',
      'company_key',
      'state',
      'took_over_at',
    ]);
    expect(readable.get('ingest.webhook')).toEqual(['id', 'tenant_id', 'state', 'rest_until']);
    expect(readable.get('ingest.webhook_delivery')).not.toContain('body');
    expect(readable.get('loader.intent')).not.toContain('target_key');
    expect([...readable.keys()].sort()).toEqual([
      'core.api_key',
      'core.api_part',
      'core.idempotency',
      'core.outbox',
      'core.purge',
      'core.rate_use',
      'core.tenant',
      'ingest.export',
      'ingest.export_file',
      'ingest.webhook',
      'ingest.webhook_delivery',
      'loader.batch_progress',
      'loader.company_budget',
      'loader.connection',
      'loader.intent',
      'loader.left_company',
      'loader.restore',
      'loader.run',
      'loader.run_phase',
      'reporter.document',
      'transform.load_batch',
      'transform.mapped_set',
      'transform.mapping_version',
    ]);
  });

  test('writes nothing but new tenants and keys, that there was a restore, and the bookkeeping of the routes', async () => {
    const refused = (table: Table) => `permission denied for table ${table.name.split('.')[1]}`;
    const rest = tables.filter((table) => !systemWrites.includes(table.name));
    const inserts = rest.filter(
      (table) => !['core.tenant', 'core.api_key', 'loader.restore'].includes(table.name),
    );
    expect(await ofEach(inserts, (table) => as('system', null, insertInto(table, acme)))).toEqual(
      allOf(inserts, refused),
    );
    for (const statement of ['delete from %t', 'update %t set %c = %c', 'truncate %t cascade']) {
      const may = statement.startsWith('delete') ? systemDeletes : [];
      const refusedOf = rest.filter((table) => !may.includes(table.name));
      const answers = await ofEach(refusedOf, (table) =>
        as('system', acme, statement.replace('%t', table.name).replaceAll('%c', plainColumn(table))),
      );
      expect(answers, statement).toEqual(allOf(refusedOf, refused));
    }
  });
});

function protectedTables(): Table[] {
  return tables.filter((table) => table.hasTenant);
}

/** One that an update may name: not an identity. */
function plainColumn(table: Table): string {
  return table.columns.find((column) => column.fill !== 'default')?.name ?? '';
}

function allowed(service: string, table: Table, statement: string): boolean {
  if (table.schema === service) return true;
  const own = service === 'ingest' ? (ingestWrites[table.name] ?? []) : [];
  return [...(coreWrites[table.name] ?? []), ...own].includes(statement);
}

/** Policies on rows speak of the partition a row is in. */
function leafOf(table: Table): string | undefined {
  return table.name.split('.')[1];
}

/** What the role gets, in a transaction that is always taken back: rows, or the error's message. */
async function as(
  role: string,
  tenant: string | null,
  statement: string,
  through = client,
): Promise<unknown[] | string> {
  await through.query('begin');
  try {
    await through.query(`set local session_replication_role = replica`);
    await through.query(`set local role octopipe_${role}`);
    if (tenant !== null) await through.query(`select set_config('app.tenant', $1, true)`, [tenant]);
    return (await through.query(statement)).rows;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await through.query('rollback');
  }
}

async function connect(): Promise<pg.Client> {
  const connection = new pg.Client({ connectionString: testDatabase.url });
  await connection.connect();
  return connection;
}

async function ofEach<T extends { name: string }, R>(
  list: ReadonlyArray<T>,
  ask: (item: T) => Promise<R>,
): Promise<Record<string, R>> {
  const answers: Record<string, R> = {};
  for (const item of list) answers[item.name] = await ask(item);
  return answers;
}

function allOf<R>(list: ReadonlyArray<Table>, answer: R | ((table: Table) => R)): Record<string, R> {
  return Object.fromEntries(
    list.map((table) => [table.name, answer instanceof Function ? answer(table) : answer]),
  );
}

async function dropChecks(): Promise<void> {
  const { rows } = await client.query<{ drop: string }>(
    `
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop
    from pg_constraint where contype = 'c' and connamespace::regnamespace::text = any ($1) and coninhcount = 0`,
    [schemas],
  );
  for (const { drop } of rows) await client.query(drop);
}

async function readTables(): Promise<Table[]> {
  const { rows } = await client.query<{
    schema: string;
    table: string;
    column: string;
    type: string;
    generated: boolean;
  }>(
    `select n.nspname as schema, c.relname as table, a.attname as column, a.atttypid::regtype::text as type,
       a.attidentity <> '' or a.attgenerated <> '' as generated
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = any ($1) and c.relkind in ('r', 'p') and not c.relispartition
     order by n.nspname, c.relname, a.attnum`,
    [schemas],
  );
  const found = new Map<string, Table>();
  for (const row of rows) {
    const name = `${row.schema}.${row.table}`;
    const table = found.get(name) ?? { name, schema: row.schema, columns: [], hasTenant: false };
    const fill = row.generated ? 'default' : (fills[row.type] ?? missing(row.type, name));
    table.columns.push({ name: row.column, type: row.type, fill });
    // Keys are looked up before the tenant is known: see sharedTables.
    if (row.column === 'tenant_id' && name !== 'core.api_key') table.hasTenant = true;
    found.set(name, table);
  }
  return [...found.values()];
}

/** A value of each type that meets no unique constraint twice. */
const fills: Record<string, string> = {
  uuid: 'gen_random_uuid()',
  text: 'gen_random_uuid()::text',
  integer: '(random() * 1e9)::int',
  bigint: '(random() * 1e15)::bigint',
  boolean: 'false',
  jsonb: `'{}'`,
  bytea: `decode(replace(gen_random_uuid()::text, '-', ''), 'hex')`,
  date: 'current_date',
  'timestamp with time zone': 'now()',
  'text[]': `'{}'`,
};

function missing(type: string, table: string): never {
  throw new Error(`${table} has a column of type ${type}; add a value of it to the fills of this test`);
}

function insertInto(table: Table, tenant: string): string {
  const values = table.columns.map(({ name, fill }) => (name === 'tenant_id' ? `'${tenant}'` : fill));
  return `insert into ${table.name} (${table.columns.map(({ name }) => name).join()}) values (${values.join()})`;
}
