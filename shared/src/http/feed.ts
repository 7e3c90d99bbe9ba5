import { sleep } from '../core/clock.js';
import { Problem, TenantGone } from '../core/errors.js';
import type { Logger } from '../core/logger.js';

/** Somebody who follows a run. */
export interface Follower {
  run: { runId: string };
  /** The key family: one of them may not take all the room. */
  holder: string;
  /** There is no more to tell. */
  end(): void;
}

export interface Feed<F extends Follower> {
  /** Answers how to stop; throws when there is no room. */
  follow(follower: F): () => void;
  stop(): Promise<void>;
}

const mostFollowers = 500;
const mostFollowersOfAKey = 25;
const everyMs = 1_000;

/**
 * Tells everybody who follows a run what happens to it. One loop per process looks at each followed run once (`tell`,
 * with all who follow it), however many they are, and rests while there are none. It keeps nothing that matters: what is
 * told are rows, and each follower knows what it has.
 */
export function createFeed<F extends Follower>(
  logger: Logger,
  tell: (group: ReadonlyArray<F>) => Promise<void>,
): Feed<F> {
  const places = new Set<F>();
  const stopped = new AbortController();
  let wake = new AbortController();
  let looking: Promise<void> | undefined;

  return {
    follow(follower) {
      assertRoom([...places], follower.holder);
      places.add(follower);
      wake.abort();
      start();
      return () => void places.delete(follower);
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
        await tell(group).catch((error: unknown) => {
          if (error instanceof TenantGone) for (const place of group) place.end();
          else logger.warn({ err: error, runId: group[0]?.run.runId }, 'a followed run could not be read');
        });
      // Counting a large run takes its time: at most a sixth of it is spent on looking.
      await sleep(Math.max(everyMs, (performance.now() - startedAt) * 5), wake.signal);
    }
  }
}

function assertRoom(places: ReadonlyArray<Follower>, holder: string): void {
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

function byRun<F extends Follower>(places: Iterable<F>): F[][] {
  const groups = new Map<string, F[]>();
  for (const place of places) groups.set(place.run.runId, [...(groups.get(place.run.runId) ?? []), place]);
  return [...groups.values()];
}
