const minute = 60_000;
const hour = 60 * minute;

/**
 * How long after the n-th failed attempt the next one comes: the schedule that the Standard Webhooks specification
 * recommends. After the last one the delivery has failed; a person may send it again.
 */
const waits = [
  5_000,
  30_000,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
];

/** Between two attempts at a receiver that does not answer nothing else is tried there for at most this long. */
const longestRest = 5 * minute;

/** Milliseconds until the next attempt, undefined when there is none. `attempts` that have failed so far, from 1. */
export function waitAfter(attempts: number): number | undefined {
  return waits[attempts - 1];
}

export function restAfter(failures: number): number {
  return Math.min(waits[failures - 1] ?? longestRest, longestRest);
}
