import type { RequestHandler } from 'express';

export interface Readiness {
  /** Each check throws when its thing is not there; the name is shown by /readyz. */
  checks: Record<string, () => Promise<void>>;
  isDraining(): boolean;
}

/** A store that keeps a check waiting is as good as away, and a probe must get its answer. */
const patienceMs = 3_000;

/** The checks that do not pass now, in the order of their table; `draining` first. All are asked at once. */
export async function failedChecks({ checks, isDraining }: Readiness): Promise<string[]> {
  const outcomes = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => ((await passes(check)) ? [] : [name])),
  );
  return [...(isDraining() ? ['draining'] : []), ...outcomes.flat()];
}

async function passes(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, patienceMs, false);
  });
  const answer = check().then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** GET /readyz: 200, or a 503 problem that names what is not there. */
export function readyHandler(readiness: Readiness): RequestHandler {
  return async (_req, res) => {
    const failed = await failedChecks(readiness);
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
