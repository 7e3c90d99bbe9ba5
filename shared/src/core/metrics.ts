import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Every metric of ours, with what it says. The only file that knows the Prometheus client: it is deprecated in favour of
 * one that needs Node 22, and two of them in one process would be two registries of which one is never read.
 *
 * Labels hold words of ours and ids, never a name or a value of a customer. Those that are ids are bounded: `run` are
 * live runs (one per connection), `company` the companies of the last two days; services/loader/src/count.ts cuts both.
 */
export const gauges = {
  octopipe_ready: {
    help: '1 when the check of /readyz passes, 0 when it does not',
    labels: ['check'],
  },
  octopipe_backlog_age_seconds: {
    help: 'How long the oldest hint has waited for a worker of this service; 0 when none waits',
    labels: [],
  },
  octopipe_hints: {
    help: 'Hints in the queues of this service',
    labels: ['state'],
  },
  octopipe_unmoved_seconds: {
    help: 'How long the work of this service that may go on has not moved, by the tables; 0 when there is none',
    labels: [],
  },
  octopipe_exports: { help: 'Exports by state', labels: ['state'] },
  octopipe_mapped_sets: { help: 'Mapped sets by state', labels: ['state'] },
  octopipe_reports_missing: { help: 'Runs that ended and have no reports yet', labels: [] },
  octopipe_runs: {
    help: 'Runs by status; by the code with which they stopped, where they did',
    labels: ['status', 'reason'],
  },
  octopipe_runs_failed: { help: 'Runs that failed within the last day, by code', labels: ['reason'] },
  octopipe_batches: { help: 'Batches of runs that have not ended, by state', labels: ['entity', 'state'] },
  octopipe_run_progress: {
    help: 'Share of the batches of a phase that are done, of runs that have not ended',
    labels: ['run', 'phase'],
  },
  octopipe_intents_unknown: {
    help: 'Calls to Pipedrive of which nobody knows yet whether they were carried out',
    labels: [],
  },
  octopipe_intents_unknown_age_seconds: {
    help: 'How long the oldest of them that a running run looks for is past its deadline and not found',
    labels: [],
  },
  octopipe_tokens_used: { help: "Tokens of the day a company's runs have taken", labels: ['company'] },
  octopipe_tokens_left: { help: 'Tokens of the day a company may still spend with us', labels: ['company'] },
  octopipe_company_closed_seconds: {
    help: 'How long nothing is sent to a company: after a 429 (slowed) or until the reset (day_spent)',
    labels: ['company', 'reason'],
  },
} as const satisfies Record<string, { help: string; labels: ReadonlyArray<string> }>;

export const histograms = {
  octopipe_http_request_seconds: {
    help: 'Requests to this service; route is the pattern, never the path; status aborted: the caller left before the answer',
    labels: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.15, 0.3, 0.6, 1, 3, 10],
  },
  octopipe_job_seconds: {
    help: 'Jobs: done, handed back (again later), dropped (the tenant is gone), stopped (a person is needed), failed (a bug or a store that is away)',
    labels: ['job', 'outcome'],
    buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300],
  },
  octopipe_pipedrive_request_seconds: {
    help: 'Requests to Pipedrive; outcome throttled is a 429, unknown an answer that was lost',
    labels: ['operation', 'outcome'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
  },
} as const satisfies Record<string, { help: string; labels: ReadonlyArray<string>; buckets: number[] }>;

export type GaugeName = keyof typeof gauges;
export type HistogramName = keyof typeof histograms;
type Labels<T extends { labels: ReadonlyArray<string> }> = Record<T['labels'][number], string>;

/** One value of a gauge as it is now. */
export type Sample = {
  [N in GaugeName]: { name: N; labels: Labels<(typeof gauges)[N]>; value: number };
}[GaugeName];

export interface Metrics {
  observe<N extends HistogramName>(name: N, labels: Labels<(typeof histograms)[N]>, seconds: number): void;
  /** What is now, whole: what is not among the samples is not shown any more. */
  show(samples: ReadonlyArray<Sample>): void;
  /** The Prometheus text of everything, with Node's own metrics. */
  text(): Promise<string>;
}

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE;

/** The metrics of one service of this process; nothing is shared between two of them. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const shown = new Map(
    Object.entries(gauges).map(([name, { help, labels }]) => [
      name,
      new Gauge({ name, help, labelNames: labels, registers }),
    ]),
  );
  for (const gauge of shown.values()) forget(gauge);
  const observed = new Map(
    Object.entries(histograms).map(([name, { help, labels, buckets }]) => [
      name,
      new Histogram({ name, help, labelNames: labels, buckets, registers }),
    ]),
  );
  return {
    observe(name, labels, seconds) {
      observed.get(name)?.observe(labels, seconds);
    },
    show(samples) {
      for (const gauge of shown.values()) forget(gauge);
      for (const { name, labels, value } of samples) shown.get(name)?.set(labels, value);
    },
    text: () => registry.metrics(),
  };
}

/** The client gives a gauge without labels the value 0 whenever it knows none: that would say "nothing waits". */
function forget(gauge: Gauge): void {
  gauge.reset();
  gauge.remove({});
}
