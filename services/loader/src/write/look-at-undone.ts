import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { type Entity, entities, wholeOf } from '@octopipe/shared/domain/run/states';
import { assertSeesEverything } from '../connect/sees-everything.js';
import type { LoaderContext } from '../context.js';
import type { Account } from '../destination/account.js';
import { entityTable } from '../destination/entity-table.js';
import { forget } from '../rollback/forget.js';
import { findEach, lookAgain } from '../rollback/look-again.js';
import type { AdmittedBatch } from './admit.js';
import { holdRun } from './hold-run.js';
import { intentMoves } from './intent-states.js';
import { moveIntent } from './note-outcome.js';
import type { Write } from './plan-writes.js';

type Look = Extract<Write, { kind: 'look' }>;

/** The code of a delete that was not carried out. */
export const stillStands = 'still_stands';

/**
 * Of records that a rollback was about to delete when it was ended, and of which nobody has heard since, or that a person
 * says are gone (run/gone-records.ts): each is looked at. One that is gone is forgotten, with what was part of it, and the next turn makes it anew; of one that stands the
 * delete is dropped, and the next turn finds it as known as before.
 */
export async function lookAtUndone(
  ctx: LoaderContext,
  account: Account,
  batch: AdmittedBatch,
  looks: ReadonlyArray<Look>,
  signal: AbortSignal,
): Promise<void> {
  if (looks.length === 0) return;
  const ids = looks.map(({ deleting }) => deleting.targetId);
  const gone = await account.noting('read_again', () =>
    findGone(account, batch.entity, ids, ctx.settings.inFlight, signal),
  );
  if (gone.size > 0) await assertSeesEverything(account, signal);
  await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    if (!(await holdRun(tx, batch.runId))) return;
    for (const { record, deleting } of looks) {
      const part = { intentId: deleting.id, attempt: deleting.attempt };
      if (!gone.has(deleting.targetId)) await moveIntent(tx, part, intentMoves.drop, { code: stillStands });
      else if (await moveIntent(tx, part, intentMoves.confirm, {}))
        await forget(tx, batch.connectionId, [
          record.targetKey,
          ...(await keysOfParts(tx, batch, deleting.targetId)),
        ]);
    }
  });
}

/** By their ids, and where a list cannot be asked for these one by one: lists of what has changed do not tell what is gone. */
async function findGone(
  account: Account,
  entity: Entity,
  ids: ReadonlyArray<string>,
  atOnce: number,
  signal: AbortSignal,
): Promise<Set<string>> {
  const gone = new Set<string>();
  if (entityTable[entity].paging === 'cursor') {
    const seen = await lookAgain(account, entity, ids, new Date(), atOnce, signal);
    for (const [id, look] of seen) if (look === 'gone') gone.add(id);
    return gone;
  }
  const found = await findEach(account, entity, ids, atOnce, signal);
  for (const id of ids) if (!found.has(id)) gone.add(id);
  return gone;
}

/** Parts went with their whole. */
async function keysOfParts(tx: Tx, batch: AdmittedBatch, targetId: string): Promise<string[]> {
  const parts = entities.filter((entity) => wholeOf[entity] === batch.entity);
  if (parts.length === 0) return [];
  const rows = await tx
    .selectFrom('loader.targetRecord')
    .select('targetKey')
    .where('connectionId', '=', batch.connectionId)
    .where('entity', 'in', parts)
    .where('parentId', '=', targetId)
    .execute();
  return rows.map(({ targetKey }) => targetKey);
}
