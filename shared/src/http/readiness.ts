import type { RequestHandler } from 'express';

export interface Readiness {
  /** Each check throws when its thing is not there; the name is shown by /readyz. */
  checks: Record<string, () => Promise<void>>;
  /**
   * What another process may have and this one has not: /readyz/traffic. Throws only when it is known to be so; no
   * answer in time is no reason.
   */
  ownChecks: Record<string, () => Promise<void>>;
  isDraining(): boolean;
}

/** A store that keeps a check waiting is as good as away, and a probe must get its answer. */
const patienceMs = 3_000;

/** The checks that do not pass now, in the order of their table; `draining` first. All are asked at once. */
export function failedChecks({ checks, isDraining }: Readiness): Promise<string[]> {
  return failed(checks, isDraining, ['failed', 'late']);
}

/**
 * The checks for which requests are better sent to another process. A store that is away is none of them: it is away for all,
 * and a 503 problem of ours says more than the ingress could.
 */
export function failedForTraffic({ ownChecks, isDraining }: Readiness): Promise<string[]> {
  return failed(ownChecks, isDraining, ['failed']);
}

type Outcome = 'passed' | 'failed' | 'late';

async function failed(
  checks: Readiness['checks'],
  isDraining: Readiness['isDraining'],
  counts: ReadonlyArray<Outcome>,
): Promise<string[]> {
  const outcomes = await Promise.all(
    Object.entries(checks).map(async ([name, check]) =>
      counts.includes(await outcomeOf(check)) ? [name] : [],
    ),
  );
  return [...(isDraining() ? ['draining'] : []), ...outcomes.flat()];
}

async function outcomeOf(check: () => Promise<void>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(resolve, patienceMs, 'late');
  });
  const answer = check().then(
    (): Outcome => 'passed',
    (): Outcome => 'failed',
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** GET /readyz and /readyz/traffic: 200, or a 503 problem that names what is not there. */
export function readyHandler(look: () => Promise<string[]>): RequestHandler {
  return async (_req, res) => {
    const failed = await look();
    if (failed.length === 0) {
      res.json({ status: 'ready', failed });
      return;
    }
    res
      .status(503)
      .set('retry-after', '5')
      .type('application/problem+json')
      .send(
        JSON.stringify({
          type: '/docs/errors#not_ready',
          title: 'not ready',
          status: 503,
          detail: `Not ready: ${failed.join(', ')}. It goes on by itself when that is over.`,
          code: 'not_ready',
          failed,
        }),
      );
  };
}
