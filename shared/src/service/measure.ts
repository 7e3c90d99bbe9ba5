import type { Logger } from '../core/logger.js';
import type { Sample } from '../core/metrics.js';
import { failedChecks, type Readiness } from '../http/readiness.js';
import { queuesOf, type ServiceName } from '../queue/catalog.js';
import type { CommonContext } from './context.js';

/** /metrics needs no key: however often it is asked, the stores are looked at this often at most. */
const freshForMs = 2_000;
/** Prometheus gives up after ten seconds; what is late is left out, and says so by its absence. */
const patienceMs = 4_000;

/**
 * Brings the gauges of one service up to date: its checks, its queue, and what the service counts in its tables
 * (`count`). A part that fails or is late is left out and logged; `octopipe_ready` says why.
 */
export function createMeasure<C extends CommonContext>(
  service: ServiceName,
  ctx: C,
  readiness: Readiness,
  count: (ctx: C) => Promise<Sample[]>,
): () => Promise<void> {
  let fresh: Promise<void> | undefined;
  return () => {
    fresh ??= measure().finally(() => {
      setTimeout(() => {
        fresh = undefined;
      }, freshForMs).unref();
    });
    return fresh;
  };

  async function measure(): Promise<void> {
    const parts = await Promise.all([
      checkSamples(readiness),
      orNothing(ctx.logger, 'queue', queueSamples(service, ctx)),
      orNothing(ctx.logger, 'tables', count(ctx)),
    ]);
    ctx.metrics.show(parts.flat());
  }
}

async function checkSamples(readiness: Readiness): Promise<Sample[]> {
  const failed = await failedChecks(readiness);
  return ['draining', ...Object.keys(readiness.checks)].map((check) => ({
    name: 'octopipe_ready',
    labels: { check },
    value: failed.includes(check) ? 0 : 1,
  }));
}

async function queueSamples(service: ServiceName, ctx: CommonContext): Promise<Sample[]> {
  const looks = await Promise.all(queuesOf(service).map((queue) => ctx.queue.look(queue)));
  const oldestWaitingMs = Math.max(...looks.map((look) => look.oldestWaitingMs));
  return [
    { name: 'octopipe_backlog_age_seconds', labels: {}, value: oldestWaitingMs / 1000 },
    ...(['waiting', 'active', 'delayed'] as const).map(
      (state): Sample => ({
        name: 'octopipe_hints',
        labels: { state },
        value: looks.reduce((sum, look) => sum + look[state], 0),
      }),
    ),
  ];
}

async function orNothing(logger: Logger, part: string, samples: Promise<Sample[]>): Promise<Sample[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the metrics are late')), patienceMs);
  });
  try {
    return await Promise.race([samples, late]);
  } catch (error) {
    logger.warn({ err: error, part }, 'metrics left out');
    return [];
  } finally {
    clearTimeout(timer);
  }
}
