import { inTransaction, type Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';
import type { LoaderContext } from '../context.js';
import type { AdmittedBatch } from './admit.js';
import { holdRun } from './hold-run.js';
import { intentMoves } from './intent-states.js';
import { moveIntent, neverAnswered, saveFailure } from './note-outcome.js';
import type { KnownIntent, SentWrite } from './plan-writes.js';

/**
 * So often a call may stay without a readable answer. By chance that befalls hardly anyone: where one call in ten gets lost
 * on its way in, one record in 100,000. With the rests between (unknownRest) it takes half an hour.
 */
export const mostUnanswered = 5;

/**
 * When the account answers nobody, nobody is left to a person: that is an outage, and it ends. But not for longer than
 * this, with the tokens of a try every ten minutes: then a person should know.
 */
export const longestOutageMs = 2 * 3_600_000;

/**
 * Whether a record is not sent any more, but left to a person (a failed record, `never_answered`): the account has
 * answered more other records since this one was first sent than there are without an answer, so it is the record; or it
 * has been tried for long.
 */
export function isLeft(
  intent: { unanswered: number; triedForMs: number },
  /** Other records of the entity. */
  others: { answeredSince: number; unanswered: number },
): boolean {
  if (intent.unanswered < mostUnanswered) return false;
  return others.answeredSince > others.unanswered || intent.triedForMs >= longestOutageMs;
}

/**
 * The intents of these keys that are left to a person. Only what this run has sent, and only what is `planned`: the walk
 * has looked for it twice, or it is repeatable. Whoever calls looks at a record that stands before it counts as failed.
 */
export async function readLeft(
  tx: Tx,
  { connectionId, runId }: Pick<AdmittedBatch, 'connectionId' | 'runId'>,
  keys: ReadonlyArray<string>,
): Promise<Set<string>> {
  const { rows } = await sql<{
    id: string;
    unanswered: number;
    triedForMs: number;
    answeredSince: number;
    othersUnanswered: number;
  }>`
    select tried.id, tried.unanswered, extract(epoch from now() - tried.created_at)::float * 1000 as tried_for_ms,
      others.answered_since, others.unanswered as others_unanswered
    from loader.intent tried
    cross join lateral (
      select (count(*) filter (where state in ('confirmed', 'rejected') and updated_at > tried.created_at))::int as answered_since,
        (count(*) filter (where state not in ('confirmed', 'rejected') and unanswered > 0))::int as unanswered
      from loader.intent other
      where other.connection_id = tried.connection_id and other.entity = tried.entity and other.id <> tried.id) others
    where tried.connection_id = ${connectionId} and tried.target_key = any(${[...keys]}::text[]) and tried.run_id = ${runId}
      and tried.state = any(${[...intentMoves.leave.from]}::text[]) and tried.unanswered >= ${mostUnanswered}`.execute(
    tx,
  );
  return new Set(
    rows
      .filter((row) => isLeft(row, { answeredSince: row.answeredSince, unanswered: row.othersUnanswered }))
      .map(({ id }) => id),
  );
}

/** Leaves those of the writes to a person that are not to be sent any more; answers the others. */
export async function leaveUnanswered(
  ctx: LoaderContext,
  batch: AdmittedBatch,
  writes: ReadonlyArray<SentWrite>,
  known: { intents: ReadonlyMap<string, KnownIntent>; left: ReadonlySet<string> },
): Promise<SentWrite[]> {
  const leftOf = ({ record, generation }: SentWrite) => {
    const intent = known.intents.get(record.targetKey);
    return intent && intent.generation === generation && known.left.has(intent.id) ? intent : undefined;
  };
  const leaving = writes.filter(leftOf);
  if (leaving.length > 0)
    await inTransaction(ctx.db, { role: 'loader', tenantId: batch.tenantId }, async (tx) => {
      if (!(await holdRun(tx, batch.runId))) return;
      for (const write of leaving) {
        const intent = leftOf(write);
        if (intent && (await leave(tx, { intentId: intent.id, attempt: intent.attempt })))
          await saveFailure(tx, batch, write.record, neverAnswered, detailOf(write.kind));
      }
    });
  return writes.filter((write) => !leaving.includes(write));
}

/** False when another has it by now, or a late yes has come. When a person has it tried again, it is counted anew. */
export function leave(tx: Tx, part: { intentId: string; attempt: number }): Promise<boolean> {
  return moveIntent(tx, part, intentMoves.leave, { code: neverAnswered, unanswered: sql<number>`0` });
}

/** What is known of it, and no more. */
function detailOf(kind: 'create' | 'update'): string {
  const times = `the account gave no readable answer to it ${mostUnanswered} times or more`;
  return kind === 'create'
    ? `${times}, and two looks after each found nothing of it`
    : `${times}; whether the change was made is not known`;
}
