import { sleep } from '@octopipe/shared/core/clock';

/** Something that runs until it is stopped or dies. */
export interface Running {
  /** Settles when it ended, asked or not. */
  exited: Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface Supervised<R extends Running> {
  /** What runs now; undefined while it is away. */
  current(): R | undefined;
  /** Rejects when it keeps dying; never resolves otherwise. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

const maxRestartsPerMinute = 6;

/**
 * Starts something and starts it again whenever it dies without being asked: after a blink the first time, then
 * slower. More than six deaths in a minute are no accident; then `failed` rejects and a person has to look.
 * The first start is not repeated: what cannot start at all is a mistake in the set-up, and its error says which.
 */
export async function supervise<R extends Running>(options: {
  start(): Promise<R>;
  onDeath(restarts: number): void;
  tooOften(cause: unknown): Error;
  /** The first pause before a restart; each further one within a minute is twice as long. */
  firstPauseMs?: number;
}): Promise<Supervised<R>> {
  const stopping = new AbortController();
  let current: R | undefined = await options.start();
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Whoever does not watch must not be ended by it.
  failed.catch(() => {});
  const loop = watch();

  return {
    current: () => current,
    failed,
    async stop() {
      stopping.abort();
      await current?.stop();
      await loop;
      // One that was just starting when we asked.
      await current?.stop();
    },
  };

  async function watch(): Promise<void> {
    const deaths: number[] = [];
    let lastError: unknown;
    while (!stopping.signal.aborted) {
      if (current !== undefined) await current.exited;
      if (stopping.signal.aborted) return;
      current = undefined;
      const now = Date.now();
      deaths.push(now);
      while (deaths[0] !== undefined && deaths[0] < now - 60_000) deaths.shift();
      if (deaths.length > maxRestartsPerMinute) return fail(options.tooOften(lastError));
      options.onDeath(deaths.length);
      await sleep((options.firstPauseMs ?? 100) * 2 ** (deaths.length - 1), stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        current = await options.start();
      } catch (error) {
        lastError = error;
      }
    }
  }
}
