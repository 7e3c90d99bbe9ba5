import { sleep } from '@octopipe/shared/core/clock';
import { Problem } from '@octopipe/shared/core/errors';
import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import {
  type ApiOutcome,
  createHttp,
  type LimitHeaders,
  type PipedriveHttp,
} from '@octopipe/shared/pipedrive/http';
import { dailyTokens, type PlanName, planOfBurst, plans } from '@octopipe/shared/pipedrive/plans';
import { z } from 'zod';
import { nextReset } from '../budget/grant.js';
import { blocked, blockSeconds } from './blocked-account.js';
import { seesEverything, UserRights } from './sees-everything.js';

export interface ProbedAccount {
  companyId: string;
  companyDomain: string;
  userId: number;
  /** The users that may own records. */
  activeUserIds: number[];
  plan: PlanName;
  seats: number;
  planSource: string;
  dailyLimit: number;
  burstLimit: number;
  clockSkewMs: number;
}

const CurrentUser = UserRights.extend({
  id: z.number(),
  company_id: z.number(),
  company_domain: z.string().nullish(),
});
const UserRow = z.object({
  id: z.number(),
  active_flag: z.boolean().nullish(),
  is_deleted: z.boolean().nullish(),
});

/**
 * The first look at an account, 22 tokens and no write: who we are, which plan the headers show, how many seats are
 * taken. What the caller says of plan and seats wins; what neither says is the smallest plan with one seat. A user who
 * does not see everything is refused.
 */
export async function probeAccount(target: {
  baseUrl: string;
  apiToken: string;
  timeoutMs: number;
  plan?: PlanName;
  seats?: number;
}): Promise<ProbedAccount> {
  const http = createHttp(target);
  try {
    const me = await ask(http, 'getCurrentUser');
    const user = CurrentUser.parse(dataOf(me, target.baseUrl));
    if (!seesEverything(user)) {
      throw new Problem(
        422,
        'token_not_admin',
        'The API token belongs to a user who is not an admin: what they cannot see would be taken for missing, and written twice. Use the token of an admin (deals admin in the user settings).',
        [{ pointer: '/api_token', message: 'of a user who is not an admin' }],
      );
    }
    const limits: LimitHeaders = 'limits' in me ? me.limits : {};
    const users = z.array(UserRow).parse(dataOf(await ask(http, 'getUsers'), target.baseUrl));
    const activeUserIds = users
      .filter((row) => row.active_flag !== false && row.is_deleted !== true)
      .map((row) => row.id);
    const activeUsers = activeUserIds.length;
    const shownPlan = limits.burstLimit === undefined ? undefined : planOfBurst(limits.burstLimit);
    const plan = target.plan ?? shownPlan ?? 'lite';
    const seats = target.seats ?? (activeUsers > 0 ? activeUsers : 1);
    return {
      companyId: String(user.company_id),
      companyDomain: user.company_domain ?? '',
      userId: user.id,
      activeUserIds,
      plan,
      seats,
      planSource: `plan from ${target.plan ? 'caller' : shownPlan ? 'rate limit header' : 'default'}, seats from ${target.seats ? 'caller' : activeUsers > 0 ? 'active users' : 'default'}`,
      dailyLimit: limits.dailyLimit ?? dailyTokens(plan, seats),
      burstLimit: limits.burstLimit ?? plans[plan].burstPer2s,
      clockSkewMs: skewOf(limits),
    };
  } finally {
    http.close();
  }
}

/** A person waits for this answer: a hiccup is tried again twice, a definite no is not. */
async function ask(http: PipedriveHttp, operation: OperationName): Promise<ApiOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await http.send({ operation });
    const passing = outcome.kind === 'unknown' || (outcome.kind === 'throttled' && !outcome.daily);
    if (!passing || attempt === 3) return outcome;
    await sleep(
      outcome.kind === 'throttled' ? Math.min(outcome.retryAfterMs ?? 2_000, 5_000) : 300 * attempt,
    );
  }
}

/** Within two seconds the Date header says nothing: it has whole seconds, and the answer took its time. */
function skewOf(limits: LimitHeaders): number {
  const skewMs = limits.serverTime ? limits.serverTime.getTime() - Date.now() : 0;
  return Math.abs(skewMs) > 2_000 ? skewMs : 0;
}

/** To the reset when the day is spent; else what Pipedrive says, or a minute, as three looks have been refused. */
function busySeconds({ daily, retryAfterMs, limits }: Extract<ApiOutcome, { kind: 'throttled' }>): number {
  const serverNow = limits.serverTime ?? new Date();
  const waitMs = daily ? nextReset(serverNow).getTime() - serverNow.getTime() : (retryAfterMs ?? 60_000);
  return Math.max(1, waitMs / 1000);
}

function dataOf(outcome: ApiOutcome, baseUrl: string): unknown {
  switch (outcome.kind) {
    case 'ok':
      return outcome.data;
    case 'unauthorized':
      throw new Problem(
        422,
        'token_refused',
        'Pipedrive does not accept this API token; copy it again from Settings > Personal preferences > API of an admin user.',
        [{ pointer: '/api_token', message: 'refused by Pipedrive' }],
      );
    case 'refused':
      throw new Problem(
        422,
        'token_refused',
        `Pipedrive refuses this user (${outcome.code}); use the API token of an admin user.`,
        [{ pointer: '/api_token', message: 'refused by Pipedrive' }],
      );
    case 'throttled':
      throw new Problem(
        503,
        'account_busy',
        "The account's API budget is spent or its rate limit is reached right now; try again later.",
        [],
        { headers: { 'retry-after': String(Math.ceil(busySeconds(outcome))) } },
      );
    case 'blocked':
      throw blocked(blockSeconds);
    default:
      throw new Problem(
        502,
        'account_unreachable',
        `${baseUrl} does not answer as a Pipedrive account (${outcome.reason}); check the address and the network.`,
      );
  }
}
