import { setTimeout as sleep } from 'node:timers/promises';

export interface Arrival {
  /** Milliseconds from the moment the call was due to the end of its answer: what a caller waited who came on time. */
  latencyMs: number;
  /** Milliseconds by which it was sent later than it was due: the part of the latency that is ours, not the service's. */
  lateMs: number;
  /** The answer's status; 'broken' when the connection gave none. */
  status: number | 'broken';
}

export interface Arrivals {
  calls: Arrival[];
  /** From the first call's moment to the last one's sending, and to the last answer. */
  sentMs: number;
  answeredMs: number;
}

/**
 * Sends `rate` calls a second for so many seconds, each at its own moment whether the earlier ones are answered or not,
 * as strangers do. A loop that waits for answers asks less often just when the service is slow, and then measures those
 * moments once instead of as often as callers would have met them (coordinated omission).
 */
export async function arrive(
  rate: number,
  seconds: number,
  send: (index: number) => Promise<number>,
): Promise<Arrivals> {
  const count = rate * seconds;
  const calls: Arrival[] = [];
  const pending: Promise<void>[] = [];
  const start = performance.now();
  let sentMs = 0;
  for (let index = 0; index < count; ) {
    const now = performance.now() - start;
    // All that are due by now: a timer that came late must not slow the rate.
    for (; index < count && dueAt(index, rate) <= now; index++) {
      const due = dueAt(index, rate);
      sentMs = performance.now() - start;
      const lateMs = sentMs - due;
      const answered = send(index).catch(() => 'broken' as const);
      pending.push(
        answered.then((status) => {
          calls.push({ latencyMs: performance.now() - start - due, lateMs, status });
        }),
      );
    }
    if (index < count) await sleep(Math.max(0, dueAt(index, rate) - (performance.now() - start)));
  }
  await Promise.all(pending);
  return { calls, sentMs, answeredMs: performance.now() - start };
}

const dueAt = (index: number, rate: number) => (index * 1_000) / rate;
