import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { AccountOptions } from '../account/account.js';
import { Switches } from '../account/switches.js';
import { FaultPlan } from '../faults/rules.js';
import { planNames } from '../limits/plans.js';
import type { Simulation } from '../simulation.js';
import { CallerChange, giveToken } from './caller.js';
import { dumpState } from './dump-state.js';
import { Edits, editRecords } from './edit.js';
import { SeedPlan, seedRecords } from './seed.js';

const switchChanges = z.record(z.string(), z.unknown());

export const AccountChoice = z.strictObject({
  seed: z.int().optional(),
  plan: z.enum(planNames).optional(),
  seats: z.int().min(1).optional(),
  company: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  switches: switchChanges.optional(),
  keepUsers: z.boolean().optional(),
  requests_per_2s: z.int().min(1).optional(),
});

const ClockMove = z.union([
  z.strictObject({ advance_ms: z.number() }),
  z.strictObject({ set: z.iso.datetime({ offset: true }) }),
]);

const PlanChange = z.strictObject({
  plan: z.enum(planNames).optional(),
  seats: z.int().min(1).optional(),
  /** null: back to the plan's own. */
  requests_per_2s: z.int().min(1).nullable().optional(),
});

/** The part that the real service does not have. No token: it listens on loopback only. */
export function controlRouter(sim: Simulation): Router {
  const router = express.Router();
  router.use(express.json({ limit: '200mb' }));

  const post = <Body>(path: string, schema: z.ZodType<Body>, act: (body: Body) => object) =>
    router.post(path, (request: Request, response: Response) => {
      const parsed = schema.safeParse(request.body ?? {});
      if (!parsed.success) return void response.status(400).json({ error: z.prettifyError(parsed.error) });
      response.json(act(parsed.data));
    });

  post('/reset', AccountChoice, (choice) => {
    sim.reset(accountOptions(sim.startedWith, choice), choice.keepUsers === true);
    return { account: describe(sim) };
  });
  post('/switches', switchChanges, (changes) => {
    sim.account.switches = Switches.parse({ ...sim.account.switches, ...changes });
    return { switches: sim.account.switches };
  });
  post('/clock', ClockMove, (move) => {
    if ('set' in move) sim.clock.set(Date.parse(move.set));
    else sim.clock.advance(move.advance_ms);
    return { now: new Date(sim.clock.nowMs()).toISOString() };
  });
  post('/plan', PlanChange, ({ plan, seats, requests_per_2s }) => {
    sim.account.plan = plan ?? sim.account.plan;
    sim.account.seats = seats ?? sim.account.seats;
    if (requests_per_2s !== undefined) sim.account.requestsPer2s = requests_per_2s ?? undefined;
    return { account: describe(sim) };
  });
  post('/caller', CallerChange, (change) => ({ user: giveToken(sim.account, change) }));
  post('/faults', FaultPlan, (plan) => {
    sim.faults.set(plan);
    return { rules: sim.faults.dump() };
  });
  // Tokens that the customer's other integrations take from the same budget.
  post('/spend', z.strictObject({ tokens: z.int().min(0) }), ({ tokens }) => {
    sim.limits.spend(tokens);
    return { tokens: tokenFigures(sim) };
  });
  post('/seed', SeedPlan, (plan) => ({ ids: seedRecords(sim.account, plan) }));
  post('/edit', Edits, ({ changes }) => ({ edited: editRecords(sim.account, changes) }));

  router.get('/state', (request, response) => {
    const wanted = typeof request.query.entities === 'string' ? request.query.entities.split(',') : undefined;
    response.json(dumpState(sim.account, wanted));
  });
  router.get('/ledger', (request, response) => {
    response.type('application/x-ndjson').send(sim.account.ledger.text(Number(request.query.after ?? 0)));
  });
  router.get('/requests', (_request, response) => {
    response.json({ ...sim.counts.dump(), tokens: tokenFigures(sim), faults: sim.faults.dump() });
  });
  router.get('/health', (_request, response) => {
    response.json({ ok: true, now: new Date(sim.clock.nowMs()).toISOString(), account: describe(sim) });
  });
  router.use((_request, response) => {
    response.status(404).json({ error: 'no such control call' });
  });
  // Express knows an error handler by its four parameters.
  router.use((error: unknown, _request: Request, response: Response, _next: express.NextFunction) => {
    response
      .status(400)
      .json({ error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) });
  });
  return router;
}

export function accountOptions(base: AccountOptions, choice: z.infer<typeof AccountChoice>): AccountOptions {
  return {
    seed: choice.seed ?? base.seed,
    plan: choice.plan ?? base.plan,
    seats: choice.seats ?? base.seats,
    company: choice.company ?? base.company,
    switches: Switches.parse(choice.switches ?? {}),
    requestsPer2s: choice.requests_per_2s ?? base.requestsPer2s,
  };
}

function tokenFigures({ account, limits }: Simulation) {
  const { today, total } = limits.spent();
  return { today, total, daily_limit: limits.dailyLimit(account), remaining: limits.remaining(account) };
}

function describe({ account }: Simulation) {
  const { company, companyId, plan, seats, seed, switches } = account;
  return { company, company_id: companyId, plan, seats, seed, switches };
}
