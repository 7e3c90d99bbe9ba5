import { Problem } from '@octopipe/shared/core/errors';
import type { Tx } from '@octopipe/shared/db/index';
import { sql } from 'kysely';

interface MatchingRun {
  id: string;
  connectionId: string;
  setId: string | null;
}

export interface Answer {
  target_key: string;
  decision: 'match' | 'create';
  target_id?: string | undefined;
}

/** Questions of this run's records that nobody has answered. */
export async function countOpenQuestions(tx: Tx, run: MatchingRun): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*)::int as open
    from loader.record_match m join transform.mapped_record r on r.set_id = ${run.setId} and r.target_key = m.target_key
    where m.connection_id = ${run.connectionId} and m.state = 'proposed'`.execute(tx);
  return rows[0]?.open ?? 0;
}

/** A person (or their `--yes`) lets the run go on without answers: what is not surely the same is created, and listed. */
export async function createTheUnanswered(tx: Tx, run: MatchingRun, actor: string): Promise<void> {
  await sql`
    update loader.record_match m set state = 'decided', decision = 'create', decided_by = ${actor}, decided_at = now()
    from transform.mapped_record r
    where r.set_id = ${run.setId} and r.target_key = m.target_key
      and m.connection_id = ${run.connectionId} and m.state = 'proposed'`.execute(tx);
}

/** Writes a person's answers; the caller holds the run's lock, so that the run cannot go on meanwhile. */
export async function answerQuestions(
  tx: Tx,
  run: MatchingRun,
  answers: ReadonlyArray<Answer>,
  actor: string,
): Promise<void> {
  for (const [index, answer] of answers.entries()) {
    const question = await tx
      .selectFrom('loader.recordMatch')
      .select(['state', 'entity', 'candidates'])
      .where('connectionId', '=', run.connectionId)
      .where('targetKey', '=', answer.target_key)
      .executeTakeFirst();
    const at = `/answers/${index}`;
    if (question?.state !== 'proposed')
      throw refused(at, `There is no open question about ${answer.target_key}.`);
    const targetId = answer.decision === 'match' ? (answer.target_id ?? null) : null;
    if (answer.decision === 'match')
      await assertChoice(tx, run, { ...question, targetId }, `${at}/target_id`);
    await tx
      .updateTable('loader.recordMatch')
      .set({
        state: 'decided',
        decision: answer.decision,
        targetId,
        decidedBy: actor,
        decidedAt: sql<Date>`now()`,
      })
      .where('connectionId', '=', run.connectionId)
      .where('targetKey', '=', answer.target_key)
      .execute();
  }
}

/** One of the candidates, and one that no other record of ours has become. */
async function assertChoice(
  tx: Tx,
  run: MatchingRun,
  chosen: { entity: string; candidates: unknown; targetId: string | null },
  pointer: string,
): Promise<void> {
  const candidates = (chosen.candidates as Array<{ id: string }>).map(({ id }) => id);
  if (chosen.targetId === null || !candidates.includes(chosen.targetId))
    throw refused(pointer, `It has to be one of the candidates: ${candidates.join(', ')}.`);
  const other = await tx
    .selectFrom('loader.recordMatch')
    .select('targetKey')
    .where('connectionId', '=', run.connectionId)
    .where('entity', '=', chosen.entity)
    .where('targetId', '=', chosen.targetId)
    .executeTakeFirst();
  if (other)
    throw refused(pointer, `Record ${chosen.targetId} is ${other.targetKey} already; only one can be it.`);
}

function refused(pointer: string, message: string): Problem {
  return new Problem(409, 'answer_not_possible', message, [{ pointer, message }]);
}

export interface Question {
  targetKey: string;
  entity: string;
  name: string | null;
  state: string;
  reason: string;
  candidates: Array<{ id: string; by: string[] }>;
  decision: string | null;
  targetId: string | null;
  decidedBy: string | null;
}

/** One page of this run's matches by target key: open questions only, or all that was found. */
export async function pageQuestions(
  tx: Tx,
  run: MatchingRun,
  page: { open: boolean; afterKey: string; limit: number },
): Promise<Question[]> {
  const { rows } = await sql<Question>`
    select m.target_key, m.entity, r.payload->>'name' as name, m.state, m.reason, m.candidates, m.decision, m.target_id, m.decided_by
    from loader.record_match m join transform.mapped_record r on r.set_id = ${run.setId} and r.target_key = m.target_key
    where m.connection_id = ${run.connectionId} and m.target_key > ${page.afterKey}
      and (m.state = 'proposed' or not ${page.open})
    order by m.target_key limit ${page.limit}`.execute(tx);
  return rows;
}
