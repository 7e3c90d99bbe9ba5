import { hashOf } from '@octopipe/shared/core/canonical-json';
import { RecordRejected } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import type { FileSymbol } from '@octopipe/shared/domain/mapping/record';
import type { Entity } from '@octopipe/shared/domain/run/states';
import { factsOf, type OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { ApiRequest } from '@octopipe/shared/pipedrive/http';
import { findPackageFile } from '@octopipe/shared/staging/read-staged';
import type { LoaderContext } from '../context.js';
import { type EntityRules, entityTable, pathOf } from '../destination/entity-table.js';
import { isFlatName } from '../destination/flat-fields.js';
import { type AccountSymbols, type ResolvedBody, resolvePayload } from '../destination/resolve-payload.js';
import type { AdmittedBatch } from './admit.js';
import { noteFailed, noteUnchanged } from './note-outcome.js';
import { operationOf } from './plan-calls.js';
import type { SentWrite } from './plan-writes.js';

/** Files above this are not sent: Pipedrive documents no limit, so ours guards memory and budget. */
const largestFileBytes = 50 * 1024 * 1024;

/** One call to be made, and the records it writes: each of them has an intent and an outcome of its own. */
export interface WriteRequest {
  operation: OperationName;
  path: NonNullable<ApiRequest['path']>;
  /** It takes a list, however many are on it. */
  isBulk: boolean;
  parts: ReadonlyArray<RequestPart>;
}

/** One record of a request, with its body. */
export interface RequestPart {
  write: SentWrite;
  body: Pick<ApiRequest, 'json' | 'upload'>;
  bodyHash: string;
  /** The record it stands under, where the path leads through one. */
  parentId: string | null;
}

/**
 * The requests of these calls. A record that cannot be part of one fails here, the others go on. An update that carries
 * nothing is none: of the record nothing changed that Pipedrive takes, and the verification names what it did not.
 */
export async function buildRequests(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  calls: ReadonlyArray<ReadonlyArray<SentWrite>>,
  symbols: AccountSymbols,
): Promise<WriteRequest[]> {
  const requests: WriteRequest[] = [];
  for (const writes of calls) {
    const parts: RequestPart[] = [];
    for (const write of writes) {
      try {
        const part = await buildPart(ctx, batch, write, symbols);
        if (carriesNothing(part)) await noteUnchanged(ctx, batch, [{ kind: 'kept', record: write.record }]);
        else parts.push(part);
      } catch (error) {
        if (!(error instanceof RecordRejected)) throw error;
        await noteFailed(ctx, batch, write.record, error);
      }
    }
    const [first] = parts;
    if (first) requests.push({ ...addressOf(batch.entity, first, writes), parts });
  }
  return requests;
}

/** What is called, and where: a call of several records is addressed as any of them. */
function addressOf(
  entity: Entity,
  { write, parentId }: RequestPart,
  call: ReadonlyArray<SentWrite>,
): Omit<WriteRequest, 'parts'> {
  const operation = operationOf(entity, call);
  if (write.kind === 'update') {
    const path = pathOf(entityTable[entity], { targetId: write.targetId, parentId });
    return { operation, path, isBulk: false };
  }
  return { operation, path: parentId === null ? {} : { id: parentId }, isBulk: call.length > 1 };
}

async function buildPart(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  write: SentWrite,
  symbols: AccountSymbols,
): Promise<RequestPart> {
  const rules = entityTable[batch.entity];
  const { under } = rules;
  const resolved = resolvePayload(batch.entity, write.payload, symbols, write.record.payload);
  const bodyHash = hashOf({ json: resolved.json, file: resolved.file?.sha256 ?? null });
  const parentId = parentIn(resolved, under?.field);
  if (write.kind === 'update') {
    if (parentId !== null && parentId !== write.parentId)
      throw new RecordRejected('moved', 'it belongs to another record now; Pipedrive cannot move it there');
    const json = write.merge?.json ?? write.json ?? changeable(rules, resolved);
    return { write, body: { json }, bodyHash, parentId: write.parentId };
  }
  if (resolved.file)
    return { write, body: { upload: await uploadOf(ctx, batch, resolved) }, bodyHash, parentId };
  const json = Object.fromEntries(Object.entries(resolved.json).filter(([name]) => name !== under?.field));
  return { write, body: { json: rules.fieldsOnRoot ? withoutNulls(json) : json }, bodyHash, parentId };
}

function carriesNothing({ write, body }: RequestPart): boolean {
  return write.kind === 'update' && Object.keys((body.json ?? {}) as Record<string, unknown>).length === 0;
}

function parentIn({ json }: ResolvedBody, field: string | undefined): string | null {
  return field === undefined || json[field] === undefined ? null : String(json[field]);
}

/** The request as it leaves, of the parts that it may carry by now. */
export function apiOf({ operation, path, isBulk, parts }: WriteRequest): ApiRequest {
  if (isBulk) return { operation, path, json: { data: parts.map((part) => part.body.json) } };
  return { operation, path, ...parts[0]?.body };
}

/**
 * What an update may carry. Some fields are taken on create only (`add_time` of persons and organizations, the links of
 * a file) and refused afterwards: they are left out, and the verification names them if they differ.
 */
export function changeable(rules: EntityRules, body: ResolvedBody): Record<string, unknown> {
  if (body.file)
    throw new RecordRejected('file_changed', 'its file changed; Pipedrive cannot replace the content');
  const taken = new Set(factsOf(rules.update).body.map((property) => property.name));
  return Object.fromEntries(
    Object.entries(body.json).filter(
      ([name]) => taken.has(name) || (rules.fieldsOnRoot === true && isFlatName(name)),
    ),
  );
}

/** Parts of a flat value that there are not: a new record has nothing to clear. */
function withoutNulls(json: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

async function uploadOf(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  body: ResolvedBody,
): Promise<NonNullable<ApiRequest['upload']>> {
  if (!body.file) throw new Error('an upload without a file');
  const { name, ...links } = body.json;
  return {
    fields: Object.fromEntries(Object.entries(links).map(([key, value]) => [key, String(value)])),
    fileName: String(name),
    content: 'text' in body.file ? Buffer.from(body.file.text) : await packagedFile(ctx, batch, body.file),
  };
}

async function packagedFile(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  wanted: FileSymbol['$file'],
): Promise<Buffer> {
  const { run, file } = await inTransaction(
    ctx.db,
    { role: 'loader', tenantId: batch.tenantId },
    async (tx) => {
      const found = await tx
        .selectFrom('loader.run')
        .select('exportId')
        .where('id', '=', batch.runId)
        .executeTakeFirstOrThrow();
      return { run: found, file: await findPackageFile(tx, batch.tenantId, found.exportId, wanted.path) };
    },
  );
  if (!file) throw new RecordRejected('missing_file', `its file is not in export ${run.exportId}`);
  if (file.bytes > largestFileBytes)
    throw new RecordRejected(
      'file_too_large',
      `its file has ${file.bytes} bytes, more than ${largestFileBytes}`,
    );
  return ctx.files.read(batch.tenantId, await ctx.dataKey(batch.tenantId), file.blob);
}
