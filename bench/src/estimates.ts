import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { openDatabase } from '@octopipe/shared/db/index';
import { migrateToLatestOrThrow } from '@octopipe/shared/db/migrate';
import { startEmbeddedPostgres } from '@octopipe/shared/embedded/postgres';
import { createApiKey } from '@octopipe/shared/tenancy/api-key';
import { percentile, rounded } from './medians.js';
import { type Arrivals, arrive } from './open-loop.js';
import { type Program, startProgram } from './programs.js';
import { temporaryFolder } from './temporary-folder.js';

export interface EstimateFigures {
  /** What was asked for, and what came of it: calls a second that were sent, and that were answered 200. */
  rate: number;
  seconds: number;
  sent_per_s: number;
  answered_per_s: number;
  requests: number;
  /** Calls that were not answered 200, by status. */
  errors: { [status: string]: number };
  /** From the moment each call was due to the end of its answer. */
  latency_ms: Spread;
  /** By how much the sender was late itself: contained in the latency. */
  late_ms: Spread;
  /** Processor time of the service for each call: the same on a machine that others keep busy, almost. */
  cpu_ms_per_call: number;
  cores: number;
  /** Of the last minute, before and after: the sender, the service and Postgres are in the second one. */
  load_before: number;
  load_after: number;
  node: string;
}

interface Spread {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Connections are opened, code is compiled: a service that has run for a while has that behind it. */
const warmUpSeconds = 2;

/** `POST /v1/estimates` of a reporter of its own, on a Postgres of its own, as the sales portal asks it. */
export async function measureEstimates(rate: number, seconds: number): Promise<EstimateFigures> {
  const reporter = await startReporter();
  const agent = new http.Agent({ keepAlive: true });
  const ask = (index: number) => estimate(reporter, agent, index);
  try {
    await arrive(rate, warmUpSeconds, ask);
    const [before] = loadavg();
    const cpuBefore = await cpuSeconds(reporter);
    const arrivals = await arrive(rate, seconds, ask);
    const cpu = (await cpuSeconds(reporter)) - cpuBefore;
    return {
      rate,
      seconds,
      ...figuresOf(arrivals),
      cpu_ms_per_call: rounded((cpu * 1_000) / arrivals.calls.length, 2),
      cores: cpus().length,
      load_before: rounded(before ?? 0, 1),
      load_after: rounded(loadavg()[0] ?? 0, 1),
      node: process.versions.node,
    };
  } finally {
    agent.destroy();
    await reporter.stop();
  }
}

function figuresOf({ calls, sentMs, answeredMs }: Arrivals) {
  const failed = calls.filter(({ status }) => status !== 200);
  const errors: EstimateFigures['errors'] = {};
  for (const { status } of failed) errors[status] = (errors[status] ?? 0) + 1;
  return {
    // The first call is sent at once: between n calls lie n - 1 intervals.
    sent_per_s: rounded(((calls.length - 1) * 1_000) / sentMs, 1),
    answered_per_s: rounded(((calls.length - failed.length) * 1_000) / answeredMs, 1),
    requests: calls.length,
    errors,
    latency_ms: spread(calls.map(({ latencyMs }) => latencyMs)),
    late_ms: spread(calls.map(({ lateMs }) => lateMs)),
  };
}

function spread(figures: ReadonlyArray<number>): Spread {
  const at = (ofHundred: number) => rounded(percentile(figures, ofHundred), 1);
  return { p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}

interface Reporter {
  program: Program;
  key: string;
  stop(): Promise<void>;
}

/** The built service in its own process with its own settings; only the key's limit is above what a portal gets. */
async function startReporter(): Promise<Reporter> {
  const temporary = await temporaryFolder();
  const closers: Array<() => unknown> = [temporary.remove];
  const stop = async () => {
    for (const close of closers.reverse()) await close();
  };
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: path.join(temporary.path, 'postgres') });
    closers.push(postgres.stop);
    await migrateToLatestOrThrow(postgres.url);
    const key = await portalKey(postgres.url);
    const program = await startProgram('services/reporter/dist/bundle/main.js', [], {
      DATABASE_URL: postgres.url,
      OCTOPIPE_MASTER_KEY: randomBytes(32).toString('base64'),
      OCTOPIPE_FILES_DIR: path.join(temporary.path, 'files'),
      LOG_LEVEL: 'warn',
    });
    closers.push(program.stop);
    return { program, key, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function portalKey(databaseUrl: string): Promise<string> {
  const { db, destroy } = openDatabase(databaseUrl, {
    max: 1,
    onError: () => {},
    applicationName: 'bench',
  });
  try {
    return await createApiKey(db, { role: 'portal', label: 'bench', requestsPerMinute: 1_000_000 });
  } finally {
    await destroy();
  }
}

/** What the service's process has used since its start, by its own metrics. */
async function cpuSeconds({ program }: Reporter): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', program.url))).text();
  const seconds = /^process_cpu_seconds_total(?:\{.*\})? ([\d.e+-]+)/m.exec(metrics)?.[1];
  if (seconds === undefined) throw new Error('the metrics of the reporter do not say its processor time');
  return Number(seconds);
}

/** Companies of all sizes: no two calls in a row ask the same. Answers the status, once the answer is read to its end. */
function estimate({ program, key }: Reporter, agent: http.Agent, index: number): Promise<number> {
  const bookings = 500 + (index % 1_000) * 50;
  const body = Buffer.from(
    JSON.stringify({
      rows: {
        customer: Math.round(bookings * 0.36),
        booking: bookings,
        appointment: Math.round(bookings * 1.5),
        invoice: Math.round(bookings * 0.85),
        payment: Math.round(bookings * 0.9),
        note: Math.round(bookings * 1.6),
        custom_field: 24,
      },
      plan: 'growth',
      seats: 5,
    }),
  );
  return new Promise((resolve, reject) => {
    const request = http.request(
      new URL('/v1/estimates', program.url),
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'content-length': body.length,
        },
      },
      (answer) => {
        answer.on('error', reject);
        answer.on('end', () => resolve(answer.statusCode ?? 0));
        answer.resume();
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
