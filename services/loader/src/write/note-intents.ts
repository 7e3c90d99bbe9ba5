import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { timeoutOf } from '@octopipe/shared/pipedrive/http';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { ownerIn } from '../destination/resolve-payload.js';
import { canonicalOfSent } from '../verify/canonical.js';
import { withoutEmpty } from '../verify/image.js';
import type { AdmittedBatch } from './admit.js';
import type { RequestPart, WriteRequest } from './build-requests.js';
import { holdRun } from './hold-run.js';
import { intentMoves } from './intent-states.js';

/** A request that may leave: behind each record it carries stands an intent of ours. */
export interface SentRequest extends WriteRequest {
  parts: ReadonlyArray<SentPart>;
}

export type SentPart = RequestPart & {
  intentId: string;
  attempt: number;
  /** This run has sent the record before, and it was not written. */
  again: boolean;
};

/**
 * Commits that these requests are about to leave, before a socket is touched: a crash at any later point leaves
 * evidence. The same statement decides who may send: an intent that another worker holds is not taken, and its record
 * does not travel. Of a run that has ended none does.
 */
export async function noteIntents(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  requests: ReadonlyArray<WriteRequest>,
): Promise<SentRequest[]> {
  return inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    if (!(await holdRun(tx, batch.runId))) return [];
    const rows = await insertIntents(
      tx,
      batch,
      requests
        .flatMap(({ parts }) => parts)
        .map(({ write, body, bodyHash, parentId }) => ({
          targetKey: write.record.targetKey,
          operation: write.kind,
          generation: write.generation,
          payloadHash: write.record.payloadHash,
          bodyHash,
          targetId: write.kind === 'update' ? write.targetId : null,
          parentId,
          ownerId: ownerIn(body.json),
          timeoutMs: timeoutOf(body, ctx.settings.requestTimeoutMs),
        })),
    );
    const byKey = new Map(rows.map((row) => [row.targetKey, row]));
    const sent = requests.flatMap((request) => {
      const parts = request.parts.flatMap((part): SentPart[] => {
        const row = byKey.get(part.write.record.targetKey);
        return row ? [{ ...part, intentId: row.id, attempt: row.attempt, again: row.again }] : [];
      });
      return parts.length > 0 ? [{ ...request, parts }] : [];
    });
    await saveBeforeImages(tx, batch, sent);
    await saveOpenPatches(tx, batch, sent);
    for (const operation of new Set(sent.map((request) => request.operation))) {
      const calls = sent.filter((request) => request.operation === operation);
      const again = calls.filter((request) => isRepeat(batch, request)).length;
      if (calls.length > again) await account.countUseIn(tx, operation, calls.length - again);
      if (again > 0) await account.countUseIn(tx, operation, again, 'sent_again');
    }
    return sent;
  });
}

/** Also a batch on trial (trial.ts) repeats: what would leave together is tried in halves. */
function isRepeat({ tries }: AdmittedBatch, { parts }: SentRequest): boolean {
  return tries !== null || parts.some(({ again }) => again);
}

/** What matched records say before our patch: of a repeated or a later one with what people have made of its fields since. */
async function saveBeforeImages(
  tx: Tx,
  batch: AdmittedBatch,
  sent: ReadonlyArray<SentRequest>,
): Promise<void> {
  const images = sent
    .flatMap(({ parts }) => parts)
    .flatMap(({ write }) => (write.kind === 'update' && write.merge ? [{ write, merge: write.merge }] : []));
  if (images.length === 0) return;
  await tx
    .insertInto('loader.beforeImage')
    .values(
      images.map(({ write, merge }) => ({
        tenantId: batch.tenantId,
        connectionId: batch.connectionId,
        targetKey: write.record.targetKey,
        entity: batch.entity,
        targetId: write.targetId,
        image: JSON.stringify(merge.image),
        patched: merge.patched ? JSON.stringify(merge.patched) : null,
        takenByRun: batch.runId,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['connectionId', 'targetKey']).doUpdateSet({
        image: sql`excluded.image`,
        patched: sql`coalesce(excluded.patched, loader.before_image.patched)`,
      }),
    )
    .execute();
}

/** What updates of known records are to write, beside what earlier ones were: the answer to any of them may be lost. */
async function saveOpenPatches(
  tx: Tx,
  batch: AdmittedBatch,
  sent: ReadonlyArray<SentRequest>,
): Promise<void> {
  const updates = sent.flatMap(({ parts }) => parts).filter(({ write }) => write.kind === 'update');
  if (updates.length === 0) return;
  const patches = updates.map(({ body }) =>
    JSON.stringify(withoutEmpty(canonicalOfSent(batch.entity, (body.json ?? {}) as Record<string, unknown>))),
  );
  await sql`
    update loader.target_record t set patched = coalesce(t.patched, '{}') || given.patch
    from unnest(${updates.map(({ write }) => write.record.targetKey)}::text[], ${patches}::jsonb[]) as given(key, patch)
    where t.connection_id = ${batch.connectionId} and t.target_key = given.key`.execute(tx);
}

/** What is about to be done to one record. */
export interface NewIntent {
  targetKey: string;
  operation: 'create' | 'update' | 'delete';
  generation: number;
  payloadHash: string;
  bodyHash: string;
  targetId: string | null;
  /** The record it stands under, where the path leads through one. */
  parentId: string | null;
  /** The user that it is given to; null: the call gives it to nobody. */
  ownerId: string | null;
  /** How long its call may take. */
  timeoutMs: number;
}

/** Makes the intents that nobody holds `sent`, new ones or `planned` ones of this generation; answers only those. */
export function insertIntents(
  tx: Tx,
  batch: AdmittedBatch,
  intents: ReadonlyArray<NewIntent>,
): Promise<Array<{ id: string; targetKey: string; attempt: number; again: boolean }>> {
  return tx
    .insertInto('loader.intent')
    .values(
      intents.map(({ timeoutMs, ...intent }) => ({
        ...intent,
        tenantId: batch.tenantId,
        connectionId: batch.connectionId,
        runId: batch.runId,
        batchId: batch.batchId,
        entity: batch.entity,
        state: intentMoves.send.to,
        attempt: 1,
        fence: String(batch.fence),
        sentAt: sql<Date>`now()`,
        deadline: sql<Date>`now() + ${timeoutMs} * interval '1 millisecond'`,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['connectionId', 'targetKey', 'operation', 'generation'])
        .doUpdateSet({
          state: intentMoves.send.to,
          attempt: sql<number>`loader.intent.attempt + 1`,
          runId: batch.runId,
          batchId: batch.batchId,
          fence: String(batch.fence),
          payloadHash: sql<string>`excluded.payload_hash`,
          bodyHash: sql<string>`excluded.body_hash`,
          targetId: sql<string | null>`excluded.target_id`,
          parentId: sql<string | null>`excluded.parent_id`,
          ownerId: sql<string | null>`excluded.owner_id`,
          sentAt: sql<Date>`now()`,
          deadline: sql<Date>`excluded.deadline`,
          notBefore: null,
          probes: 0,
          // What another run has tried says nothing of today.
          unanswered: sql<number>`case when loader.intent.run_id = excluded.run_id then loader.intent.unanswered else 0 end`,
          updatedAt: sql<Date>`now()`,
        })
        .where('loader.intent.state', 'in', intentMoves.send.from),
    )
    .returning([
      'id',
      'targetKey',
      'attempt',
      // Not after a confirmed one: there is no reason to write a record twice.
      sql<boolean>`attempt > 1 or exists (select from loader.intent earlier
        where earlier.connection_id = loader.intent.connection_id and earlier.target_key = loader.intent.target_key
          and earlier.operation = loader.intent.operation and earlier.generation < loader.intent.generation
          and earlier.run_id = loader.intent.run_id and earlier.state = 'rejected')`.as('again'),
    ])
    .execute();
}
