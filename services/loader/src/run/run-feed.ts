import type { Logger } from '@octopipe/shared/core/logger';
import { type Database, inTransaction, type Tx } from '@octopipe/shared/db/index';
import { endedStatuses } from '@octopipe/shared/domain/run/states';
import { type LoggedEvent, messagesOf } from '@octopipe/shared/events/published';
import type { Frame } from '@octopipe/shared/http/event-stream';
import { createFeed, type Feed, type Follower } from '@octopipe/shared/http/feed';
import type { Tenant } from '@octopipe/shared/tenancy/tenant';
import { presentRun } from './present-run.js';

export interface FollowedRun {
  tenant: Tenant;
  migrationId: string;
  runId: string;
}

export interface Place extends Follower {
  run: FollowedRun;
  /** The id of the last event the reader has, '0' for none. */
  after: string;
  /** The state it was told last, as text; '' for none. */
  shown: string;
  take(frames: ReadonlyArray<Frame>): void;
}

export type RunFeed = Feed<Place>;

/** Of the events of one run, so many are read at a time. */
const pageSize = 200;

/** Events of runs and how they stand, told once a second. */
export function createRunFeed(db: Database, logger: Logger): RunFeed {
  return createFeed(logger, (group) => tell(db, group));
}

/** The events each has not seen, in order, then how the run stands, if that has changed. */
async function tell(db: Database, group: ReadonlyArray<Place>): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { run } = first;
  const { events, state, late } = await inTransaction(
    db,
    { role: 'loader', tenantId: run.tenant.id },
    async (tx) => {
      const from = smallest(group.map(({ after }) => after));
      const seen = await eventsAfter(tx, run, from);
      const now = await presentRun(tx, run.tenant.id, run.runId);
      // The end may have come between the two: what is said last must not be missing.
      const rest = isOver(now) ? await eventsAfter(tx, run, seen.at(-1)?.id ?? from) : [];
      return { events: seen, state: now, late: rest };
    },
  );
  const all = [...events, ...late];
  const hasMore = events.length === pageSize || late.length === pageSize;
  const text = JSON.stringify(state);
  for (const place of group) {
    const news = all.filter(({ id }) => BigInt(id) > BigInt(place.after));
    const frames = news.flatMap((event) => frameOf(run, event));
    // A reader who catches up wants to know how the run stands now, after what led there.
    if (!hasMore && place.shown !== text) frames.push({ event: 'run', data: state });
    if (!hasMore) place.shown = text;
    place.after = news.at(-1)?.id ?? place.after;
    const isLast = !hasMore && isOver(state);
    place.take(isLast ? [...frames, { event: 'end', data: {} }] : frames);
    if (isLast) place.end();
  }
}

function isOver(run: Awaited<ReturnType<typeof presentRun>>): boolean {
  if (!endedStatuses.includes(run.status)) return false;
  // Rolled back after it was cancelled, a load gets no documents any more.
  const isWithoutDocuments = run.status === 'cancelled' || run.status === 'rolled_back';
  return isWithoutDocuments || run.kind === 'dry_run' || run.documents_ready;
}

function smallest(ids: ReadonlyArray<string>): string {
  return ids.reduce((least, id) => (BigInt(id) < BigInt(least) ? id : least));
}

interface RunEvent extends LoggedEvent {
  id: string;
  at: Date;
}

/** Their ids commit in order (see append-event.ts): nothing can turn up later with a smaller one. */
async function eventsAfter(tx: Tx, run: FollowedRun, after: string): Promise<RunEvent[]> {
  const rows = await tx
    .selectFrom('core.event')
    .select(['id', 'kind', 'facts', 'at'])
    .where('tenantId', '=', run.tenant.id)
    .where('migrationId', '=', run.migrationId)
    .where('runId', '=', run.runId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(pageSize)
    .execute();
  return rows.map((row) => ({ ...row, facts: row.facts as LoggedEvent['facts'] }));
}

/** The body is that of the webhook. An event is one frame: two of one id could not be told apart by Last-Event-ID. */
function frameOf(run: FollowedRun, event: RunEvent): Frame[] {
  const [message] = messagesOf(event);
  if (message === undefined) return [];
  return [
    {
      id: event.id,
      event: message.type,
      data: {
        type: message.type,
        timestamp: event.at.toISOString(),
        sequence: Number(event.id),
        data: {
          tenant: run.tenant.slug,
          migration_id: run.migrationId,
          run_id: run.runId,
          ...message.data,
        },
      },
    },
  ];
}
