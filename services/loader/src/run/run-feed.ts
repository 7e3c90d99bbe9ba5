import { sleep } from '@octopipe/shared/core/clock';
import { Problem, TenantGone } from '@octopipe/shared/core/errors';
import type { Logger } from '@octopipe/shared/core/logger';
import { type Database, inTransaction, type Tx } from '@octopipe/shared/db/index';
import { endedStatuses } from '@octopipe/shared/domain/run/states';
import { type LoggedEvent, messagesOf } from '@octopipe/shared/events/published';
import type { Frame } from '@octopipe/shared/http/event-stream';
import type { Tenant } from '@octopipe/shared/tenancy/tenant';
import { presentRun } from './present-run.js';

export interface FollowedRun {
  tenant: Tenant;
  migrationId: string;
  runId: string;
}

export interface Follower {
  run: FollowedRun;
  /** The key family: one of them may not take all the room. */
  holder: string;
  /** The id of the last event the reader has, '0' for none. */
  after: string;
  take(frames: ReadonlyArray<Frame>): void;
  /** The run is over and the reader has all of it. */
  end(): void;
}

export interface RunFeed {
  /** Answers how to stop; throws when there is no room. */
  follow(follower: Follower): () => void;
  stop(): Promise<void>;
}

const mostFollowers = 500;
const mostFollowersOfAKey = 25;
const everyMs = 1_000;
/** Of the events of one run, so many are read at a time. */
const pageSize = 200;

interface Place extends Follower {
  /** The state it was shown last, as text. */
  shown: string;
}

/**
 * Tells everybody who follows a run what happens to it. One loop per process looks at each followed run once, however
 * many follow it, and rests while nobody does. It keeps nothing that matters: the events are rows, and each follower
 * says which it has.
 */
export function createRunFeed(db: Database, logger: Logger): RunFeed {
  const places = new Set<Place>();
  const stopped = new AbortController();
  let wake = new AbortController();
  let looking: Promise<void> | undefined;

  return {
    follow(follower) {
      assertRoom([...places], follower.holder);
      const place = { ...follower, shown: '' };
      places.add(place);
      wake.abort();
      start();
      return () => void places.delete(place);
    },
    async stop() {
      stopped.abort();
      wake.abort();
      places.clear();
      await looking;
    },
  };

  function start(): void {
    looking ??= look().finally(() => {
      looking = undefined;
      // Somebody may have come when the loop had just seen that nobody was there.
      if (places.size > 0 && !stopped.signal.aborted) start();
    });
  }

  async function look(): Promise<void> {
    while (places.size > 0 && !stopped.signal.aborted) {
      wake = new AbortController();
      const startedAt = performance.now();
      // Postgres may be away for a while: the streams stay open, and the next look finds all that was missed.
      for (const group of byRun(places))
        await tell(db, group).catch((error: unknown) => {
          if (error instanceof TenantGone) for (const place of group) place.end();
          else logger.warn({ err: error, runId: group[0]?.run.runId }, 'a followed run could not be read');
        });
      // Counting a large run takes its time: at most a sixth of it is spent on looking.
      await sleep(Math.max(everyMs, (performance.now() - startedAt) * 5), wake.signal);
    }
  }
}

function assertRoom(places: ReadonlyArray<Place>, holder: string): void {
  const own = places.filter((place) => place.holder === holder).length;
  if (places.length < mostFollowers && own < mostFollowersOfAKey) return;
  throw new Problem(
    429,
    'too_many_streams',
    own < mostFollowersOfAKey
      ? `${mostFollowers} event streams are open here; try again shortly.`
      : `This key has ${mostFollowersOfAKey} event streams open; close one of them first.`,
    [],
    { headers: { 'retry-after': '30' } },
  );
}

function byRun(places: Iterable<Place>): Place[][] {
  const groups = new Map<string, Place[]>();
  for (const place of places) groups.set(place.run.runId, [...(groups.get(place.run.runId) ?? []), place]);
  return [...groups.values()];
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
  return run.status === 'cancelled' || run.kind === 'dry_run' || run.documents_ready;
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
