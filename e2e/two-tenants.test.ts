import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAccount, readCreates } from './account.js';
import { canary, type PlantedSecrets, plantCanaries, plantSecrets, watchQueue } from './canaries.js';
import { hasTools, noTools, runDocumentedJourney } from './documented-journey.js';
import {
  type Caller,
  type Journey,
  made,
  migrateOverHttp,
  reaches,
  rowCounts,
  type Served,
  serve,
  zipOf,
} from './journey.js';
import { type Simulator, samplePackage, startSimulator, temporaryFolder } from './programs.js';

/** What befalls the second account; its run is to end as the other one, and to say what it cost. */
const faults = [
  { operation: 'createDealField', kind: '429', times: 1 },
  { operation: 'createNote', kind: '429', times: 7 },
  { operation: 'getActivities', kind: '5xx-before', times: 1 },
];

/** Two companies at once over HTTP only, from the estimate to the verified run, each into an account of its own. */
describe('two tenants at once, over HTTP only', () => {
  const folder = temporaryFolder();
  const tenants = ['harbour-home', 'lakeside-cleaning'] as const;
  let served: Served;
  let portal: Caller;
  const sims: Simulator[] = [];
  const admins = new Map<string, Caller>();
  let journeys: Journey[];
  /** The answer for a package that is none and holds a secret. */
  let broken: unknown;
  const secret = 'canary-0000';
  let zip: Buffer;
  let planted: string[];
  let secrets: PlantedSecrets[];
  let jobs: string[];

  beforeAll(async () => {
    served = await serve(path.join(folder.path, 'state'));
    portal = await served.newKey('portal');
    const planting = path.join(folder.path, 'planted');
    mkdirSync(planting);
    planted = plantCanaries(planting);
    zip = await zipOf(planting);
    for (const seed of [1, 2]) sims.push(await startSimulator({ seed }));
    await sims[1]?.control('faults', { rules: faults });
    const planters: Array<Promise<PlantedSecrets>> = [];
    const adminOf = async (tenant: string) => {
      const admin = await served.newKey('tenant_admin', tenant);
      admins.set(tenant, admin);
      // Beside the migration, so that its jobs, its log and its receiver's messages are there to tell.
      const ground = { rounds: 8, from: 1 + 1_000 * planters.length };
      planters.push(plantSecrets(served, admin, sims[0] as Simulator, ground));
      return admin;
    };
    const queue = watchQueue(served.databaseUrl);
    journeys = await Promise.all(
      tenants.map((tenant, i) =>
        migrateOverHttp(portal, adminOf, { tenant, zip, sim: sims[i] as Simulator }),
      ),
    );
    secrets = await Promise.all(planters);
    broken = await sendBrokenPackage();
    jobs = await queue.stop();
  });
  afterAll(async () => {
    await served?.stop();
    for (const sim of sims) await sim.stop();
    folder.remove();
  });

  it('answers an estimate from counts alone, before there is a tenant', async () => {
    const rows = rowCounts(samplePackage, { customer: 'customers.csv', booking: 'bookings.csv' });
    const estimate = await made<{ tokens: { total: number }; price: { total: string } }>(
      portal('POST', '/v1/estimates', { rows, plan: 'ultimate', seats: 5 }),
    );
    expect(estimate.tokens.total).toBeGreaterThan(0);
    expect(estimate.price.total).toMatch(/^\d+\.\d\d$/);
  });

  it('balances both, reads both back without a difference, and creates each key once in its own account', async () => {
    for (const [i, { summary }] of journeys.entries()) {
      expect(summary).toMatchObject({ status: 'done', balanced: true, verified: { differences: 0 } });
      const { byKey } = await readCreates(sims[i]?.url ?? '');
      expect([...byKey].filter(([, times]) => times !== 1)).toEqual([]);
      expect(byKey.size).toBe(summary.verified.records);
    }
    const [first, second] = await Promise.all(
      sims.map(async (sim) => (await readAccount(sim.url)).canonical()),
    );
    expect(second).toEqual(first);
  });

  it('an estimate of the staged export says what the run then spent', async () => {
    const [journey] = journeys as [Journey];
    const estimate = await made<{ tokens: { total: number } }>(
      portal('POST', `/v1/estimates/export?tenant=${journey.tenant}`, {
        export_id: journey.exportId,
        plan: 'ultimate',
        seats: 5,
      }),
    );
    const { spent, planned } = journey.summary.tokens;
    const compared = await compareTokens(journey.tenant, journey.runId);
    const why = reasonsOf(compared);
    console.log(
      `reckoned ${compared.reckoned}, estimated ${estimate.tokens.total}, planned ${planned}, spent ${spent}`,
    );
    console.log(`the reasons: ${JSON.stringify(why)}`);
    expect(compared).toMatchObject({ estimated: estimate.tokens.total, planned, spent });
    expect(Math.abs(spent / planned - 1)).toBeLessThanOrEqual(0.02);
    // The account has types of its own that say the same as ours; nothing else differs from the estimate.
    const ofAccount = why.filter(({ step }) => step === 'account');
    expect(ofAccount.map(({ phase, code }) => [phase, code])).toEqual([['provision', 'stands_in_account']]);
    expect(ofAccount[0]?.tokens).toBe(planned - estimate.tokens.total);
    expect(why.filter(({ code }) => code === 'unexplained')).toEqual([]);
  });

  it('what was refused and sent again, or read again, is why the other run spent more than it had planned', async () => {
    const [, { tenant, runId }] = journeys as [Journey, Journey];
    const why = reasonsOf(await compareTokens(tenant, runId)).filter(({ step }) => step === 'sending');
    console.log(`the reasons of the other: ${JSON.stringify(why)}`);
    expect(why.filter(({ code }) => code === 'unexplained')).toEqual([]);
    const tokensOf = (phase: string, code: string) =>
      why.find((reason) => reason.phase === phase && reason.code === code)?.tokens ?? 0;
    // Seven notes; a list page of activities; at least the lists of fields, since provisioning started afresh.
    expect(tokensOf('load', 'sent_again')).toBeGreaterThanOrEqual(7 * 10);
    expect(tokensOf('verify', 'read_again')).toBeGreaterThanOrEqual(10);
    expect(tokensOf('provision', 'read_again')).toBeGreaterThanOrEqual(4 * 10);
  });

  it('a company sees nothing of the other; foreign and absent answer alike', async () => {
    const [own, other] = journeys as [Journey, Journey];
    const admin = admins.get(own.tenant) as Caller;
    const nobody = '00000000-0000-4000-8000-000000000000';
    for (const [route, foreign] of [
      ['/v1/migrations/', other.migrationId],
      ['/v1/runs/', other.runId],
      ['/v1/connections/', other.connectionId],
      ['/v1/reports/', other.runId],
    ] as const) {
      const answers = [await admin('GET', route + foreign), await admin('GET', route + nobody)];
      expect(answers.map(({ status }) => status)).toEqual([404, 404]);
      expect(answers[0]?.body.code).toBe(answers[1]?.body.code);
    }
    const list = await made<{ items: Array<{ id: string }> }>(admin('GET', '/v1/migrations'));
    expect(list.items.map(({ id }) => id)).toEqual([own.migrationId]);
    expect((await admin('GET', `/v1/migrations?tenant=${other.tenant}`)).status).not.toBe(200);
  });

  it('the operator and the portal see how each stands; the portal may not write into an account', async () => {
    for (const { tenant, runId, migrationId, connectionId } of journeys) {
      for (const who of [served.operator, portal])
        expect((await who('GET', `/v1/runs/${runId}?tenant=${tenant}`)).body).toMatchObject({
          status: 'done',
        });
      const refused = await portal('POST', `/v1/runs?tenant=${tenant}`, {
        migration_id: migrationId,
        connection_id: connectionId,
        mapping_version_id: migrationId,
      });
      expect(refused.status).toBe(403);
    }
  });

  it('tells nothing of a customer and no secret in logs, jobs, metrics and errors', async () => {
    const [{ tenant, migrationId, exportId }] = journeys as [Journey];
    const admin = admins.get(tenant) as Caller;
    const settings = { country: secret, currency: secret, time_zone: secret };
    const naming = { tenant: 'someone-else', reference: 'order', name: secret };
    const errors = [
      await portal('POST', '/v1/migrations', { ...naming, settings }),
      await admin('POST', '/v1/mappings', {
        migration_id: migrationId,
        export_id: exportId,
        content: naming,
      }),
      await admin('POST', '/v1/webhooks', { url: `http://127.0.0.1/${secret}` }),
    ];
    expect(errors.map(({ status }) => Math.floor(status / 100))).toEqual(errors.map(() => 4));
    const logs = path.join(folder.path, 'state/logs');
    const surfaces: Record<string, string[]> = {
      logs: readdirSync(logs).map((name) => readFileSync(path.join(logs, name), 'utf8')),
      jobs,
      metrics: await Promise.all(
        served.serviceUrls.map(async (url) => (await fetch(new URL('/metrics', url))).text()),
      ),
      errors: [
        ...[...errors.map(({ body }) => body), broken].map((body) => JSON.stringify(body)),
        ...secrets.flatMap(({ problems }) => problems),
      ],
    };
    // Those in use too, as they are: every key, the account's token, what signs messages, what opens the database.
    const inUse = [
      ...served.secrets,
      ...sims.map(({ token }) => token),
      ...secrets.flatMap((one) => one.secrets),
    ];
    for (const [surface, texts] of Object.entries(surfaces)) {
      expect(texts.length, surface).toBeGreaterThan(0);
      const told = texts.flatMap((text) => [
        ...(text.match(canary) ?? []),
        ...inUse.filter((one) => text.includes(one)),
      ]);
      expect({ surface, told }).toEqual({ surface, told: [] });
    }
    // They did go through: each account holds them.
    const carried = new Set((await accountText(sims[0] as Simulator)).match(canary) ?? []);
    const arrived = planted.filter((mark) => carried.has(mark));
    const marks = secrets.flatMap((one) => one.marks);
    console.log(
      `canaries: ${marks.length} secrets planted and ${inUse.length} in use; ${planted.length} personal values planted, ${arrived.length} carried into the account, 0 in ${surfaces.logs?.length} logs, ` +
        `${jobs.length} rows of the queue, ${surfaces.metrics?.length} metrics pages, ${surfaces.errors?.length} error bodies`,
    );
    expect(new Set(marks).size).toBeGreaterThan(200);
    expect(inUse.length).toBeGreaterThan(8);
    // The receivers whose address holds a secret were really tried.
    const tried = await made<{ items: Array<{ attempts: number }> }>(deliveriesOf(admin));
    expect(tried.items.some(({ attempts }) => attempts > 0)).toBe(true);
    expect(planted.length).toBeGreaterThan(200);
    expect(arrived.length).toBeGreaterThan(200);
  });

  it('a second run has nothing to write', async () => {
    const [{ tenant, runId }] = journeys as [Journey];
    const admin = admins.get(tenant) as Caller;
    const run = await made<{ migration_id: string; connection_id: string }>(
      admin('GET', `/v1/runs/${runId}`),
    );
    const writesBefore = (await readCreates(sims[0]?.url ?? '')).byKey.size;
    const again = await migrateOverHttp(portal, async () => admin, {
      tenant,
      zip,
      sim: sims[0] as Simulator,
    });
    expect(again.runId).not.toBe(runId);
    expect(again.migrationId).toBe(run.migration_id);
    expect(again.summary).toMatchObject({ balanced: true, verified: { differences: 0 } });
    expect((await readCreates(sims[0]?.url ?? '')).byKey.size).toBe(writesBefore);
    const compared = await compareTokens(tenant, again.runId);
    const why = reasonsOf(compared);
    console.log(`the second run: ${JSON.stringify(why)}`);
    expect(compared.phases.find(({ phase }) => phase === 'load')).toMatchObject({ planned: 0, spent: 0 });
    const load = why.filter(({ phase, step }) => phase === 'load' && step === 'account');
    expect(load.map(({ code }) => code)).toEqual(['loaded_before']);
    expect(why.filter(({ code }) => code === 'unexplained')).toEqual([]);
  });

  it.skipIf(!hasTools)(
    `the journey of docs/api.md leads to the end, taken literally${hasTools ? '' : ` (${noTools})`}`,
    async () => {
      const sim = await startSimulator({ seed: 3 });
      sims.push(sim);
      const desk = path.join(folder.path, 'desk');
      mkdirSync(desk);
      const send = async (zipped: Buffer) => {
        writeFileSync(path.join(desk, 'export.zip'), zipped);
        const env = { URL: served.url, OPERATOR_KEY: served.operatorKey };
        return runDocumentedJourney(desk, { ...env, ACCOUNT_URL: sim.url, ACCOUNT_TOKEN: sim.token });
      };
      // What cannot be taken in ends it, and is said.
      expect(await send(Buffer.from('PK, but no package'))).toMatchObject({
        code: 1,
        complained: expect.stringContaining('the package was not taken in: failed'),
      });
      const few = path.join(folder.path, 'few');
      mkdirSync(few);
      const customers = readFileSync(path.join(samplePackage, 'customers.csv'), 'utf8').split('\n');
      writeFileSync(path.join(few, 'customers.csv'), customers.slice(0, 4).join('\n'));
      const { code, said, complained } = await send(await zipOf(few));
      expect([code, complained]).toEqual([0, '']);
      expect(JSON.parse(said.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
        ...{ status: 'done', balanced: true },
        verified: { differences: 0 },
      });
      expect((await readCreates(sim.url)).byKey.size).toBeGreaterThan(2);
    },
  );

  /** It fails as a job, so the queue is still being watched. */
  async function sendBrokenPackage(): Promise<unknown> {
    const [{ tenant, migrationId }] = journeys as [Journey];
    const admin = admins.get(tenant) as Caller;
    const sent = await made<{ id: string }>(
      admin('POST', `/v1/migrations/${migrationId}/exports`, Buffer.from(`PK ${secret}`)),
    );
    return reaches(
      () => admin<{ state: string }>('GET', `/v1/migrations/${migrationId}/exports/${sent.id}`),
      ({ state }) => state === 'failed',
    );
  }

  async function deliveriesOf(admin: Caller) {
    const { items } = await made<{ items: Array<{ id: string }> }>(admin('GET', '/v1/webhooks'));
    return admin<{ items: Array<{ attempts: number }> }>(
      'GET',
      `/v1/webhooks/${items[0]?.id}/deliveries?limit=500`,
    );
  }

  function compareTokens(tenant: string, runId: string): Promise<Comparison> {
    return made<Comparison>(portal('GET', `/v1/reports/${runId}/tokens?tenant=${tenant}`));
  }
});

interface Comparison {
  reckoned: number;
  estimated: number;
  planned: number;
  spent: number;
  phases: Array<{
    phase: string;
    planned: number;
    spent: number;
    differences: Array<{
      step: string;
      tokens: number;
      reasons: Array<{ code: string; tokens: number }>;
    }>;
  }>;
}

/** Every reason, after seeing that those of a step come to its difference. */
function reasonsOf({ phases }: Comparison) {
  return phases.flatMap(({ phase, differences }) =>
    differences.flatMap(({ step, tokens, reasons }) => {
      expect(reasons.reduce((sum, reason) => sum + reason.tokens, 0)).toBe(tokens);
      return reasons.map(({ code, tokens: because }) => ({ step, phase, code, tokens: because }));
    }),
  );
}

async function accountText(sim: Simulator): Promise<string> {
  return (await fetch(`${sim.url}/__sim/state`)).text();
}
