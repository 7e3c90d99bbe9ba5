import { setTimeout as sleep } from 'node:timers/promises';
import { phases } from '@octopipe/shared/domain/run/states';
import { sendAll } from './bare-loop.js';
import { median, rounded, timed } from './medians.js';
import { startProgram, startSimulator } from './programs.js';
import { type RecordedCall, startRecorder } from './recorder.js';
import { type Spent, spentBy } from './spent.js';
import type { Workbench } from './workbench.js';

export interface LoadFigures {
  records: number;
  requests: number;
  concurrency: number;
  queue: 'redis' | 'postgres';
  ours_ms: number;
  baseline_ms: number;
  /** Baseline by ours: 1 is as fast as a loop that keeps no books. */
  ratio: number;
  records_per_s: number;
  baseline_per_s: number;
  /** What one record costs (docs/scaling.md): processor time of the loader and of Postgres, and write-ahead log. */
  per_record?: { loader_ms: number; postgres_ms: number; wal_kb: number };
  phases: Array<{ phase: string; records: number; requests: number; records_per_s: number; ratio: number }>;
}

interface Phase {
  phase: string;
  records: number;
  from: number;
  to: number;
}

interface Loaded {
  phases: Phase[];
  /** From the first record's phase on. */
  spent: Spent | undefined;
}

interface Recording {
  /** Everything that prepares the account: fields, options, stages, types, labels, the probe. */
  provisioning: RecordedCall[];
  phases: Map<string, RecordedCall[]>;
}

/** As many as the loader has in flight by its defaults, which are set here so that both sides say the same. */
const recordsInFlight = 4;
const batchesInFlight = 2;
const concurrency = recordsInFlight * batchesInFlight;

/**
 * (c) The loader as a process of its own, from the first record's phase to the end of the last one's (without
 * provisioning and verifying), against a loop that sends the very same requests, phase by phase, as many at a time, to
 * the same simulator process started anew. What the loader sends is recorded once, in a run that is not measured.
 */
export async function measureLoad(
  bench: Workbench,
  mappingVersionId: string,
  rounds: number,
): Promise<LoadFigures> {
  const recording = await record(bench, mappingVersionId);
  const seen: Array<{ ours: Phase[]; spent: Spent | undefined; theirs: Map<string, number> }> = [];
  for (let round = 0; round < rounds; round += 1) {
    const ours = async () => loadOnce(bench, mappingVersionId, async (account) => account);
    if (round % 2 === 0) {
      const { phases: done, spent } = await ours();
      seen.push({ ours: done, spent, theirs: await repeat(recording) });
    } else {
      const theirs = await repeat(recording);
      const { phases: done, spent } = await ours();
      seen.push({ ours: done, spent, theirs });
    }
  }
  const names = [...recording.phases.keys()];
  const first = seen[0]?.ours ?? [];
  const records = first.reduce((sum, phase) => sum + phase.records, 0);
  const requestsOf = (phase: string) => recording.phases.get(phase)?.length ?? 0;
  const requests = names.reduce((sum, name) => sum + requestsOf(name), 0);
  const oursMs = (round: (typeof seen)[number]) => spanOf(round.ours);
  const theirsMs = (round: (typeof seen)[number]) =>
    [...round.theirs.values()].reduce((sum, ms) => sum + ms, 0);
  const ours = median(seen.map(oursMs));
  const theirs = median(seen.map(theirsMs));
  return {
    records,
    requests,
    concurrency,
    queue: process.env.REDIS_URL ? 'redis' : 'postgres',
    ours_ms: rounded(ours),
    baseline_ms: rounded(theirs),
    ratio: rounded(median(seen.map((round) => theirsMs(round) / oursMs(round))), 2),
    records_per_s: rounded((records / ours) * 1_000),
    baseline_per_s: rounded((records / theirs) * 1_000),
    ...perRecord(
      seen.flatMap(({ spent }) => (spent ? [spent] : [])),
      records,
    ),
    phases: first
      .filter(({ records: planned }) => planned > 0)
      .map(({ phase, records: planned }) => {
        const msOf = (round: (typeof seen)[number]) => {
          const own = round.ours.find((one) => one.phase === phase);
          return own ? own.to - own.from : Number.NaN;
        };
        return {
          phase,
          records: planned,
          requests: requestsOf(phase),
          records_per_s: rounded((planned / median(seen.map(msOf))) * 1_000),
          ratio: rounded(median(seen.map((round) => (round.theirs.get(phase) ?? 0) / msOf(round))), 2),
        };
      }),
  };
}

function perRecord(spent: ReadonlyArray<Spent>, records: number): Pick<LoadFigures, 'per_record'> {
  if (spent.length === 0) return {};
  const each = (of: (one: Spent) => number) => rounded(median(spent.map(of)) / records, 2);
  return {
    per_record: {
      loader_ms: each(({ loaderMs }) => loaderMs),
      postgres_ms: each(({ postgresMs }) => postgresMs),
      wal_kb: each(({ walBytes }) => walBytes / 1_000),
    },
  };
}

/** From the begin of the first record's phase to the end of the last: what lies between two phases counts. */
function spanOf(all: ReadonlyArray<Phase>): number {
  return Math.max(...all.map(({ to }) => to)) - Math.min(...all.map(({ from }) => from));
}

async function record(bench: Workbench, mappingVersionId: string): Promise<Recording> {
  let calls: RecordedCall[] = [];
  const { phases: seen } = await loadOnce(bench, mappingVersionId, async (account, closers) => {
    const recorder = await startRecorder(account);
    closers.push(recorder.close);
    calls = recorder.calls;
    return recorder.url;
  });
  const writes = calls.filter(({ method }) => method !== 'GET');
  const begin = Math.min(...seen.map(({ from }) => from));
  const recording: Recording = {
    provisioning: writes.filter(({ at }) => at < begin),
    phases: new Map(
      seen.map(({ phase, from, to }) => [phase, writes.filter(({ at }) => at >= from && at <= to)]),
    ),
  };
  const told = [...recording.phases.values()].reduce((sum, found) => sum + found.length, 0);
  if (recording.provisioning.length + told !== writes.length)
    throw new Error('some recorded requests belong to no phase, or to two');
  return recording;
}

/** One run of a loader process into an empty account, to the end of its last record's phase. */
async function loadOnce(
  bench: Workbench,
  mappingVersionId: string,
  addressOf: (account: string, closers: Array<() => Promise<void>>) => Promise<string>,
): Promise<Loaded> {
  const closers: Array<() => Promise<void>> = [];
  try {
    const simulator = await startSimulator();
    closers.push(simulator.stop);
    const address = await addressOf(simulator.url, closers);
    const loader = await startProgram('services/loader/dist/bundle/main.js', [], {
      ...bench.env,
      RECORDS_IN_FLIGHT: String(recordsInFlight),
      BATCHES_IN_FLIGHT: String(batchesInFlight),
      ...(process.env.REDIS_URL ? { REDIS_URL: process.env.REDIS_URL } : {}),
    });
    closers.push(loader.stop);
    const post = async <T>(path: string, body: object): Promise<T> => {
      const answer = await fetch(`${loader.url}${path}?tenant=${bench.slug}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const said = (await answer.json()) as T & { detail?: string };
      if (!answer.ok) throw new Error(`POST ${path} was answered ${answer.status}: ${said.detail}`);
      return said;
    };
    const connection = await post<{ id: string }>('/v1/connections', {
      base_url: address,
      api_token: simulator.token,
    });
    const run = await post<{ id: string }>('/v1/runs', {
      migration_id: bench.migrationId,
      mapping_version_id: mappingVersionId,
      connection_id: connection.id,
      waivers: ['rehearsal', 'phase_gates'].map((gate) => ({ gate, actor: 'bench' })),
    });
    await untilLoading(bench, run.id);
    const before = await spentBy(loader.pid, bench);
    await untilVerifying(bench, run.id);
    const after = await spentBy(loader.pid, bench);
    const seen = await phasesOf(bench, run.id);
    await bench.query(`update loader.run set status = 'cancelled', finished_at = now() where id = $1`, [
      run.id,
    ]);
    return {
      phases: seen,
      spent: before &&
        after && {
          loaderMs: after.loaderMs - before.loaderMs,
          postgresMs: after.postgresMs - before.postgresMs,
          walBytes: after.walBytes - before.walBytes,
        },
    };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** The phases before write the account's fields and stages, not records. */
async function untilLoading(bench: Workbench, runId: string): Promise<void> {
  const loading = phases.filter(({ entity }) => entity !== null).map(({ name }) => name);
  for (;;) {
    const [run] = await bench.query<{ status: string; phase: string | null }>(
      'select status, phase from loader.run where id = $1',
      [runId],
    );
    // Whoever waits for what comes after says what is wrong.
    if (run?.status !== 'queued' && run?.status !== 'running') return;
    if (loading.some((name) => name === run.phase)) return;
    await sleep(20);
  }
}

/** Asked of the table, not of the API: a page that is counted for us would be part of the measurement. */
async function untilVerifying(bench: Workbench, runId: string): Promise<void> {
  for (;;) {
    const [run] = await bench.query<{ status: string; phase: string | null; reason: string | null }>(
      'select status, phase, reason from loader.run where id = $1',
      [runId],
    );
    if (run?.phase === 'verify' || run?.status === 'done') return;
    if (run?.status !== 'queued' && run?.status !== 'running')
      throw new Error(`the run is ${run?.status ?? 'gone'} in ${run?.phase}: ${run?.reason}`);
    await sleep(200);
  }
}

async function phasesOf(bench: Workbench, runId: string): Promise<Phase[]> {
  const rows = await bench.query<{ phase: string; planned: number; failed: number; from: Date; to: Date }>(
    `select phase, planned, started_at as from, finished_at as to,
      (select count(*)::int from loader.record_outcome o where o.run_id = p.run_id and o.entity = p.entity and o.outcome = 'failed') as failed
    from loader.run_phase p where run_id = $1 and entity is not null order by position`,
    [runId],
  );
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  if (failed > 0) throw new Error(`${failed} records failed while the load was measured`);
  return rows
    .filter(({ phase }) => phases.some(({ name }) => name === phase))
    .map((row) => ({
      phase: row.phase,
      records: row.planned,
      from: row.from.getTime(),
      to: row.to.getTime(),
    }));
}

/** The recorded requests into another empty account; the milliseconds of each phase. */
async function repeat(recording: Recording): Promise<Map<string, number>> {
  const simulator = await startSimulator();
  try {
    await sendAll(simulator.url, recording.provisioning, 1);
    const took = new Map<string, number>();
    for (const [phase, calls] of recording.phases)
      took.set(phase, await timed(() => sendAll(simulator.url, calls, concurrency)));
    return took;
  } finally {
    await simulator.stop();
  }
}
