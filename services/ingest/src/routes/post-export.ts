import { Readable } from 'node:stream';
import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { appendEvent } from '@octopipe/shared/events/append-event';
import { holdWhileNaming, removeUnnamed } from '@octopipe/shared/files/remove-unnamed';
import type { StoredFile } from '@octopipe/shared/files/store';
import { defineRoute } from '@octopipe/shared/http/route';
import { getMigration } from '@octopipe/shared/staging/read-staged';
import type { Request } from 'express';
import type { IngestContext } from '../context.js';
import { ExportReceipt, MigrationPath } from './shapes.js';

export const postExport = defineRoute({
  method: 'post',
  path: '/v1/migrations/:id/exports',
  access: { roles: ['portal', 'operator', 'tenant_admin'], scope: 'tenant', ids: { id: 'migration' } },
  summary: 'Takes an export package; the same bytes again answer the same export.',
  params: MigrationPath,
  streams: 'application/zip',
  answers: { 202: ExportReceipt, 200: ExportReceipt },
  problems: ['migration_not_found', 'not_a_zip', 'body_too_large', 'upload_incomplete'],
  async handle(ctx: IngestContext, { tenant, params, req, pieces, log }, res) {
    const scope = { role: 'ingest', tenantId: tenant.id } as const;
    await inTransaction(ctx.db, scope, (tx) => getMigration(tx, tenant.id, params.id));
    // Whatever is refused below leaves the rest of the body unread: the connection cannot be used again.
    res.setHeader('connection', 'close');
    assertZip(req);
    assertNotTooLarge(Number(req.headers['content-length'] ?? 0), ctx.maxUploadBytes);
    const stored = await store(ctx, tenant.id, req, pieces());
    const lock = `export ${stored.blob}`;
    let received: Received;
    try {
      received = await inTransaction(ctx.db, scope, async (tx) => {
        await holdWhileNaming(tx, lock);
        return receive(ctx, tx, tenant.id, params.id, stored);
      });
    } catch (error) {
      await removeUnnamed(
        ctx,
        scope,
        {
          blobs: [stored.blob],
          lock,
          named: (tx, blobs) =>
            tx
              .selectFrom('ingest.export')
              .select('blob')
              .where('tenantId', '=', tenant.id)
              .where('blob', 'in', blobs)
              .execute(),
        },
        log,
      );
      throw error;
    }
    const { found, isNew, blob } = received;
    if (blob !== stored.blob) await ctx.files.remove(tenant.id, stored.blob);
    else await ctx.producer.send('stage-export', { tenantId: tenant.id, exportId: found.id });
    return {
      status: isNew ? 202 : 200,
      body: { ...found, bytes: Number(found.bytes) },
      bodySha256: stored.sha256,
    };
  },
});

interface Received {
  found: { id: string; state: string; sha256: string; bytes: string };
  /** The file that the export has now: what was just stored, or what it had before. */
  blob: string;
  isNew: boolean;
}

async function receive(
  ctx: IngestContext,
  tx: Tx,
  tenantId: string,
  migrationId: string,
  stored: StoredFile,
): Promise<Received> {
  const made = await tx
    .insertInto('ingest.export')
    .values({ tenantId, migrationId, state: 'received', ...stored })
    .onConflict((conflict) => conflict.columns(['migrationId', 'sha256']).doNothing())
    .returning('id')
    .executeTakeFirst();
  const { blob, ...found } = await tx
    .selectFrom('ingest.export')
    .select(['id', 'state', 'sha256', 'bytes', 'blob'])
    .where('tenantId', '=', tenantId)
    .where('migrationId', '=', migrationId)
    .where('sha256', '=', stored.sha256)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (made) {
    await appendEvent(tx, tenantId, {
      migrationId,
      kind: 'export.received',
      facts: { export_id: found.id, bytes: stored.bytes, sha256: stored.sha256 },
    });
    return { found, blob, isNew: true };
  }
  // Nothing is unpacked yet and its file is lost (a disk that was restored to an earlier day): these are the same bytes.
  if (found.state === 'received' && !(await ctx.files.has(tenantId, blob))) {
    await tx
      .updateTable('ingest.export')
      .set({ blob: stored.blob })
      .where('tenantId', '=', tenantId)
      .where('id', '=', found.id)
      .execute();
    return { found, blob: stored.blob, isNew: false };
  }
  return { found, blob, isNew: false };
}

async function store(
  ctx: IngestContext,
  tenantId: string,
  req: Request,
  pieces: AsyncIterable<Buffer>,
): Promise<StoredFile> {
  const dataKey = await ctx.dataKey(tenantId);
  try {
    return await ctx.files.put(tenantId, dataKey, Readable.from(limited(pieces, ctx.maxUploadBytes)));
  } catch (error) {
    if (req.readableAborted || req.destroyed)
      throw new Problem(400, 'upload_incomplete', 'The upload ended before its end; send the package again.');
    // What is still coming is read away, so that the caller hears the answer instead of a reset.
    req.resume();
    throw error;
  }
}

async function* limited(
  pieces: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    assertNotTooLarge(bytes, maxBytes);
    yield piece;
  }
}

function assertZip(req: Request): void {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/zip' && type !== 'application/x-zip-compressed')
    throw new Problem(
      415,
      'not_a_zip',
      'Send the package as one ZIP file with the header Content-Type: application/zip.',
    );
}

function assertNotTooLarge(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes)
    throw new Problem(
      413,
      'body_too_large',
      `The package is larger than the ${maxBytes} bytes that this installation takes (MAX_UPLOAD_BYTES); split it or raise the limit.`,
    );
}
