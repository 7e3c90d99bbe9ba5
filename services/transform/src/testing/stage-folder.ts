import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { canonicalObject, canonicalObjects } from '@octopipe/shared/octopuspro/canonical-fields';
import { matchHeaders, storedColumns } from '@octopipe/shared/octopuspro/headers';
import { encodeRows, planRows } from '@octopipe/shared/staging/copy-text';
import { inCopyTransaction } from '@octopipe/shared/staging/copy-transaction';
import { attachTable, copyTargetOf, createDetachedTable } from '@octopipe/shared/staging/partition';
import { sql } from 'kysely';
import type pg from 'pg';

/** Header and records of a table, by file name without ending. */
export type Tables = Record<string, ReadonlyArray<ReadonlyArray<string>>>;

export interface StagedPackage {
  tenantId: string;
  migrationId: string;
  exportId: string;
}

/** An assessed export as ingest leaves it, made from tables without ingest: rows, references, and the verdicts that matter here. */
export async function stageTables(
  pool: pg.Pool,
  tenant: string,
  tables: Tables,
  more: { manifest?: unknown; settings?: object; files?: Record<string, Buffer> } = {},
): Promise<StagedPackage> {
  const { rows } = await pool.query(
    `insert into core.tenant (slug, name, wrapped_data_key, master_key_id) values ($1, $1, '\\x00', 'test')
     on conflict (slug) do update set name = excluded.name returning id`,
    [tenant],
  );
  const tenantId: string = rows[0].id;
  return inCopyTransaction(pool, { role: 'ingest', tenantId }, async (tx, copyIn) => {
    const migration = await tx
      .insertInto('ingest.migration')
      .values({
        tenantId,
        reference: randomBytes(6).toString('hex'),
        name: tenant,
        settings: JSON.stringify(more.settings ?? {}),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const found = await tx
      .insertInto('ingest.export')
      .values({
        tenantId,
        migrationId: migration.id,
        state: 'assessed',
        sha256: randomBytes(32).toString('hex'),
        bytes: 1,
        blob: 'none',
        manifest: JSON.stringify(more.manifest ?? {}),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await createDetachedTable(tx, tenantId, found.id);
    for (const [file, records] of Object.entries(tables)) {
      const definition = canonicalObjects.find((candidate) => candidate.file === file);
      const [header, ...data] = records;
      if (!definition || !header) continue;
      const columns = storedColumns(matchHeaders(definition, header));
      const stored = await tx
        .insertInto('ingest.exportFile')
        .values({
          tenantId,
          exportId: found.id,
          path: `${file}.csv`,
          object: definition.object,
          kind: 'table',
          state: 'staged',
          blob: 'none',
          bytes: 1,
          sha256: 'none',
          columns: JSON.stringify(columns),
          rowCount: data.length,
          firstRow: 1,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      const plan = planRows(definition, stored.id, header, columns);
      const text = encodeRows(
        plan,
        data.map((record) => [...record]),
        1,
      );
      await copyIn(copyTargetOf(found.id), Readable.from([Buffer.from(text)], { objectMode: false }));
    }
    for (const [filePath, bytes] of Object.entries(more.files ?? {})) {
      await tx
        .insertInto('ingest.exportFile')
        .values({
          tenantId,
          exportId: found.id,
          path: filePath,
          kind: 'attachment',
          state: 'kept',
          blob: 'none',
          bytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        })
        .execute();
    }
    await attachTable(tx, tenantId, found.id);
    await giveVerdicts(tx, tenantId, found.id, Object.keys(tables));
    return { tenantId, migrationId: migration.id, exportId: found.id };
  });
}

/** All tables and files of a package folder. */
export async function readFolder(
  folder: string,
  parse: (text: string) => string[][],
): Promise<{ tables: Tables; files: Record<string, Buffer>; manifest: unknown }> {
  const tables: Tables = {};
  const files: Record<string, Buffer> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const full = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, full).split(path.sep).join('/');
    if (name.startsWith('attachments/')) files[name] = await readFile(full);
    else if (name.endsWith('.csv')) tables[name.slice(0, -4)] = parse(await readFile(full, 'utf8'));
  }
  return { tables, files, manifest: JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')) };
}

type Tx = Parameters<Parameters<typeof inCopyTransaction>[2]>[0];

/** Missing and repeated ids, deleted rows, and what hangs on them: a coarse copy of what assessing does. */
async function giveVerdicts(tx: Tx, tenantId: string, exportId: string, files: string[]): Promise<void> {
  const objects = canonicalObjects.filter((definition) => files.includes(definition.file));
  for (const { object, key } of objects) {
    if (key === null) continue;
    await sql`
      insert into ingest.row_verdict
      select tenant_id, export_id, object, row_number, verdict, reason from (
        select r.*, case when source_id is null then 'rejected' when copies > 1 and variants = 1 then 'excluded' else 'rejected' end as verdict,
          case when source_id is null then 'missing_key' when variants = 1 then 'duplicate_id_equal' else 'duplicate_id_conflict' end as reason
        from (
          select s.*, count(*) over same as copies, row_number() over (partition by source_id order by row_number) as copy,
            (select count(distinct row_hash) from ingest.staged_row o where o.export_id = ${exportId} and o.object = ${object} and o.source_id = s.source_id) as variants
          from ingest.staged_row s where s.export_id = ${exportId} and s.object = ${object}
          window same as (partition by source_id)
        ) r
        where source_id is null or (copies > 1 and (variants > 1 or copy > 1))
      ) v`.execute(tx);
  }
  for (const { object, fields } of objects.filter((one) =>
    one.fields.some((field) => field.field === 'is_deleted'),
  )) {
    const position = await positionOf(tx, exportId, object, 'is_deleted');
    if (position === 0 || fields.length === 0) continue;
    await sql`
      insert into ingest.row_verdict
      select tenant_id, export_id, object, row_number, 'excluded', 'deleted' from ingest.staged_row
      where export_id = ${exportId} and object = ${object} and cells[${sql.lit(position)}] = 'true'
      on conflict do nothing`.execute(tx);
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const { object } of objects) {
      const relations = canonicalObject(object)
        .parents.filter((parent) => parent.required)
        .map((parent) => parent.field);
      if (relations.length === 0) continue;
      const { rows } = await sql`
        insert into ingest.row_verdict
        select distinct f.tenant_id, f.export_id, f.object, f.row_number, 'rejected', 'orphan_reference'
        from ingest.staged_ref f
        where f.tenant_id = ${tenantId} and f.export_id = ${exportId} and f.object = ${object} and f.relation = any(${relations})
          and not exists (
            select from ingest.staged_row p where p.export_id = f.export_id and p.object = f.parent_object and p.source_id = f.parent_id
              and not exists (select from ingest.row_verdict v where v.export_id = p.export_id and v.object = p.object and v.row_number = p.row_number))
        on conflict do nothing returning 1`.execute(tx);
      if (rows.length > 0) changed = true;
    }
  }
}

async function positionOf(tx: Tx, exportId: string, object: string, field: string): Promise<number> {
  const file = await tx
    .selectFrom('ingest.exportFile')
    .select('columns')
    .where('exportId', '=', exportId)
    .where('object', '=', object)
    .executeTakeFirst();
  const columns = (file?.columns ?? []) as unknown as Array<{ field: string | null }>;
  return columns.findIndex((column) => column.field === field) + 1;
}
