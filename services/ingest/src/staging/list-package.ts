import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RetryLater } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { canonicalObject } from '@octopipe/shared/octopuspro/canonical-fields';
import {
  type Classified,
  classifyFile,
  countJsonRows,
  countTableRows,
  headBytes,
  mayBeTable,
  type TableHead,
  understandHead,
  withoutCommonFolder,
} from '@octopipe/shared/octopuspro/connector';
import { PackageRefused } from '@octopipe/shared/octopuspro/formats/refused';
import { createEncodingProbe } from '@octopipe/shared/octopuspro/formats/text';
import { type PackageEntry, withZip } from '@octopipe/shared/octopuspro/formats/zip';
import { type Manifest, parseManifest } from '@octopipe/shared/octopuspro/manifest';
import { createDetachedTable } from '@octopipe/shared/staging/partition';
import type { IngestContext } from '../context.js';
import { withUnnamedFile } from './unpacked.js';

interface ReceivedExport {
  id: string;
  blob: string;
  bytes: string;
}

interface ListedFile extends Classified {
  path: string;
  state: 'pending' | 'kept' | 'ignored';
  blob: string;
  bytes: number;
  sha256: string;
  rowCount: number | null;
  head: TableHead | undefined;
}

/** A JSON file is read whole to count its rows; beyond this it is kept uncounted. */
const maxJsonBytes = 64 * 2 ** 20;
const filesPerInsert = 100;

/**
 * Unpacks the package: every file becomes an encrypted blob of its own and a row of export_file, tables with their
 * encoding, delimiter and columns understood. Ends with the export `staging`, or throws PackageRefused.
 */
export async function listPackage(
  ctx: IngestContext,
  tenantId: string,
  received: ReceivedExport,
  signal: AbortSignal,
): Promise<void> {
  const dataKey = await ctx.dataKey(tenantId);
  const original = await ctx.files.open(tenantId, dataKey, received.blob);
  await withUnnamedFile(original, (fd) =>
    withZip(fd, Number(received.bytes), async (entries) => {
      if (entries.length === 0)
        throw new PackageRefused(
          'empty_package',
          'The package holds no files. Export it again and upload the result.',
        );
      await listEntries(ctx, tenantId, dataKey, received.id, entries, signal);
    }),
  );
  await beginStaging(ctx, tenantId, dataKey, received.id);
}

async function listEntries(
  ctx: IngestContext,
  tenantId: string,
  dataKey: Buffer,
  exportId: string,
  entries: PackageEntry[],
  signal: AbortSignal,
): Promise<void> {
  const pathOf = withoutCommonFolder(entries.map((entry) => entry.path));
  const listed = await listedPaths(ctx, tenantId, exportId);
  let batch: ListedFile[] = [];
  try {
    for (const entry of entries) {
      const path = pathOf(entry.path);
      if (listed.has(path)) continue;
      if (signal.aborted) throw new RetryLater(1_000, 'shutting_down');
      batch.push(await storeEntry(ctx, tenantId, dataKey, entry, path));
      if (batch.length < filesPerInsert) continue;
      await insertFiles(ctx, tenantId, exportId, batch);
      batch = [];
    }
  } finally {
    await insertFiles(ctx, tenantId, exportId, batch);
  }
}

async function listedPaths(ctx: IngestContext, tenantId: string, exportId: string): Promise<Set<string>> {
  const rows = await inTransaction(ctx.db, { role: 'ingest', tenantId }, (tx) =>
    tx
      .selectFrom('ingest.exportFile')
      .select('path')
      .where('tenantId', '=', tenantId)
      .where('exportId', '=', exportId)
      .execute(),
  );
  return new Set(rows.map((row) => row.path));
}

async function storeEntry(
  ctx: IngestContext,
  tenantId: string,
  dataKey: Buffer,
  entry: PackageEntry,
  path: string,
): Promise<ListedFile> {
  const classified = classifyFile(path);
  const looksLikeTable = classified.kind === 'table' || (classified.kind === 'unknown' && mayBeTable(path));
  const probe = createEncodingProbe();
  const head: Buffer[] = [];
  let headSize = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      probe.see(chunk);
      if (headSize < headBytes) head.push(chunk);
      headSize += chunk.length;
      done(null, chunk);
    },
  });
  const content = looksLikeTable ? watch : new PassThrough();
  const source = await entry.open();
  const [stored] = await Promise.all([ctx.files.put(tenantId, dataKey, content), pipeline(source, content)]);
  const base = { path, ...stored, rowCount: null, head: undefined };
  if (looksLikeTable) {
    const encoding = probe.encoding();
    const text = new TextDecoder(encoding).decode(Buffer.concat(head));
    const object = classified.object === null ? undefined : canonicalObject(classified.object);
    const understood = understandHead(text, encoding, object);
    if (understood.object === null) {
      const whole = await ctx.files.open(tenantId, dataKey, stored.blob);
      const rowCount = await countTableRows(whole, understood, text);
      return { ...base, kind: 'unknown', object: null, state: 'ignored', rowCount };
    }
    return { ...base, kind: 'table', object: understood.object, state: 'pending', head: understood };
  }
  if (classified.kind === 'json') {
    const rowCount =
      stored.bytes > maxJsonBytes
        ? null
        : countJsonRows((await ctx.files.read(tenantId, dataKey, stored.blob)).toString('utf8'));
    return { ...base, ...classified, state: 'kept', rowCount };
  }
  return { ...base, ...classified, state: classified.kind === 'unknown' ? 'ignored' : 'kept' };
}

async function insertFiles(
  ctx: IngestContext,
  tenantId: string,
  exportId: string,
  files: ListedFile[],
): Promise<void> {
  if (files.length === 0) return;
  const inserted = await inTransaction(ctx.db, { role: 'ingest', tenantId }, (tx) =>
    tx
      .insertInto('ingest.exportFile')
      .values(
        files.map((file) => ({
          tenantId,
          exportId,
          path: file.path,
          object: file.object,
          kind: file.kind,
          state: file.state,
          blob: file.blob,
          bytes: file.bytes,
          sha256: file.sha256,
          encoding: file.head?.encoding ?? null,
          delimiter: file.head?.delimiter ?? null,
          columns: JSON.stringify(file.head?.columns ?? []),
          droppedColumns: JSON.stringify(file.head?.dropped ?? []),
          rowCount: file.rowCount,
        })),
      )
      .onConflict((conflict) => conflict.columns(['exportId', 'path']).doNothing())
      .returning('blob')
      .execute(),
  );
  // Another worker may have listed the same file meanwhile; then its blob counts and ours goes.
  const taken = new Set(inserted.map((row) => row.blob));
  for (const file of files) if (!taken.has(file.blob)) await ctx.files.remove(tenantId, file.blob);
}

async function beginStaging(
  ctx: IngestContext,
  tenantId: string,
  dataKey: Buffer,
  exportId: string,
): Promise<void> {
  const scope = { role: 'ingest', tenantId } as const;
  const files = await inTransaction(ctx.db, scope, (tx) =>
    tx
      .selectFrom('ingest.exportFile')
      .select(['kind', 'blob'])
      .where('tenantId', '=', tenantId)
      .where('exportId', '=', exportId)
      .where('kind', 'in', ['table', 'manifest'])
      .execute(),
  );
  if (!files.some((file) => file.kind === 'table'))
    throw new PackageRefused(
      'nothing_recognised',
      'No file of the package was recognised as a table of the export (customers.csv, bookings.csv and so on). Check that it is the OctopusPro export, with its original file names.',
    );
  const manifestBlob = files.find((file) => file.kind === 'manifest')?.blob;
  const manifest: Manifest | undefined = manifestBlob
    ? parseManifest((await ctx.files.read(tenantId, dataKey, manifestBlob)).toString('utf8'))
    : undefined;
  await inTransaction(ctx.db, scope, async (tx) => {
    const begun = await tx
      .updateTable('ingest.export')
      .set({ state: 'staging', manifest: manifest ? JSON.stringify(manifest) : null })
      .where('tenantId', '=', tenantId)
      .where('id', '=', exportId)
      .where('state', '=', 'received')
      .returning('id')
      .executeTakeFirst();
    if (begun) await createDetachedTable(tx, tenantId, exportId);
  });
}
