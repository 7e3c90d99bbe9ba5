import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import type { FieldType } from '@octopipe/shared/domain/mapping/content';
import { entities, wholeOf } from '@octopipe/shared/domain/run/states';
import { getRun } from '@octopipe/shared/run/read-run';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import { loadSymbols } from '../destination/load-symbols.js';
import type { AdmittedBatch } from '../write/admit.js';
import type { IntentState } from '../write/intent-states.js';
import { clockSkewMs } from '../write/settle-unknown.js';
import { readLeft } from '../write/unanswered.js';
import type { RecordFacts } from './decide.js';
import { fieldsWeWrote, type OurRecord, readOurs } from './read-ours.js';

export interface UndoItem {
  ours: OurRecord;
  /** Fields that we wrote, as its image names them. */
  written: Set<string>;
  /** The kinds of the custom fields that we write, by their codes. */
  kinds: ReadonlyMap<string, FieldType>;
  holder: RecordFacts['holder'];
  hangsOn: string[];
  /** Records of ours that are part of it. */
  parts: OurRecord[];
  /** The latest intents of each kind; only a rollback deletes. */
  deleting: UndoIntent | undefined;
  updating: UndoIntent | undefined;
}

export interface UndoIntent {
  id: string;
  generation: number;
  state: IntentState;
  attempt: number;
  /** A rollback made it: put back, or taken out of the archive. */
  byRollback: boolean;
}

export interface UndoState {
  items: UndoItem[];
  /** When the account was looked at, by its own clock. */
  lookedAt: Date;
  /** Intents that are not sent any more, but left to a person. */
  left: Set<string>;
}

/** The records of a batch that this turn may try and that have no outcome yet, with all that Postgres knows of them. */
export async function readUndoState(ctx: LoaderContext, batch: AdmittedBatch): Promise<UndoState> {
  const symbols = await loadSymbols(ctx, batch, []);
  const kinds = new Map([...symbols.fields.values()].map(({ code, type }) => [code, type]));
  const skewMs = await clockSkewMs(ctx, batch);
  return inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
    const { plan } = await getRun(tx, batch.tenantId, batch.runId);
    if (!plan.rollback) throw new Error('a rollback has batches only after its look');
    const open = await tx
      .selectFrom('loader.batchProgress as progress')
      .innerJoin('loader.rollbackItem as item', (join) =>
        join
          .onRef('item.runId', '=', 'progress.runId')
          .on(sql<boolean>`item.target_key = any(progress.target_keys)`),
      )
      .leftJoin('loader.recordOutcome as outcome', (join) =>
        join.onRef('outcome.runId', '=', 'item.runId').onRef('outcome.targetKey', '=', 'item.targetKey'),
      )
      .select(['item.targetKey', 'item.holder', 'item.hangsOn'])
      .where('progress.runId', '=', batch.runId)
      .where('progress.batchId', '=', batch.batchId)
      .where('outcome.targetKey', 'is', null)
      .execute();
    const rows = open.filter((row) => batch.tries?.includes(row.targetKey) ?? true);
    const keys = rows.map((row) => row.targetKey);
    const ours = new Map(
      (await readOurs(tx, batch, batch.entity, { keys })).map((record) => [record.targetKey, record]),
    );
    const parts = await partsOf(
      tx,
      batch,
      [...ours.values()].map((record) => record.targetId),
    );
    const intents = await tx
      .selectFrom('loader.intent as intent')
      .innerJoin('loader.run as run', 'run.id', 'intent.runId')
      .distinctOn(['intent.targetKey', 'intent.operation'])
      .select([
        'intent.targetKey',
        'intent.operation',
        'intent.id',
        'intent.generation',
        sql<IntentState>`intent.state`.as('state'),
        'intent.attempt',
        sql<boolean>`run.kind = 'rollback'`.as('byRollback'),
      ])
      .where('intent.connectionId', '=', batch.connectionId)
      .where('intent.targetKey', '=', sql<string>`any(${keys}::text[])`)
      .where('intent.operation', 'in', ['update', 'delete'])
      .orderBy('intent.targetKey')
      .orderBy('intent.operation')
      .orderBy('intent.id', 'desc')
      .execute();
    const intentOf = (key: string, operation: string) =>
      intents.find((intent) => intent.targetKey === key && intent.operation === operation);
    return {
      left: await readLeft(tx, batch, keys),
      lookedAt: new Date(Date.parse(plan.rollback.looked_at) + skewMs),
      items: rows.flatMap((row) => {
        const record = ours.get(row.targetKey);
        if (!record) return [];
        return [
          {
            ours: record,
            written: fieldsWeWrote(record, symbols),
            kinds,
            holder: row.holder as RecordFacts['holder'],
            hangsOn: row.hangsOn,
            parts: parts.filter((part) => part.parentId === record.targetId),
            deleting: intentOf(row.targetKey, 'delete'),
            updating: intentOf(row.targetKey, 'update'),
          },
        ];
      }),
    };
  });
}

/** Everything of ours that is part of these records. */
async function partsOf(tx: Tx, batch: AdmittedBatch, parentIds: string[]): Promise<OurRecord[]> {
  const parts: OurRecord[] = [];
  for (const entity of entities.filter((one) => wholeOf[one] === batch.entity))
    parts.push(...(await readOurs(tx, batch, entity, { parentIds })));
  return parts;
}
