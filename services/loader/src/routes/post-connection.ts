import { Problem } from '@octopipe/shared/core/errors';
import { inSystemTransaction, inTransaction } from '@octopipe/shared/db/index';
import { defineRoute } from '@octopipe/shared/http/route';
import { parseBaseUrl } from '@octopipe/shared/pipedrive/base-url';
import { planNames } from '@octopipe/shared/pipedrive/plans';
import { seal } from '@octopipe/shared/tenancy/secrets';
import { sql } from 'kysely';
import { z } from 'zod';
import { openBudget } from '../budget/company-budget.js';
import { assertCompanyIsFree } from '../connect/assert-company-is-free.js';
import { assertNotBlocked, noteBlock } from '../connect/blocked-account.js';
import { companyKeyOf } from '../connect/company-key.js';
import { presentConnection } from '../connect/present-connection.js';
import { type ProbedAccount, probeAccount } from '../connect/probe-account.js';
import type { LoaderContext } from '../context.js';
import { tokenContext } from '../destination/open-account.js';
import { Connection } from './shapes.js';

const Body = z
  .object({
    base_url: z.string().min(4).max(200),
    api_token: z.string().min(1).max(768),
    plan: z.enum(planNames).optional(),
    seats: z.number().int().min(1).max(10_000).optional(),
    take_over_records: z.boolean().default(false).meta({
      description:
        'Operators only: the records that a purged tenant left in this company are those of this tenant, so a load looks for each of its records before it makes it. Says nothing where none were left.',
    }),
  })
  .meta({
    examples: [
      { base_url: 'https://harbour.pipedrive.com', api_token: '0123456789abcdef' },
      {
        base_url: 'https://harbour.pipedrive.com',
        api_token: '0123456789abcdef',
        take_over_records: true,
      },
    ],
  });

/** Connects a Pipedrive account, or renews the token of one that is connected: the company decides which. */
export const postConnection = defineRoute({
  method: 'post',
  path: '/v1/connections',
  access: { roles: ['operator', 'tenant_admin'], scope: 'tenant', ids: {} },
  summary: 'Connect a Pipedrive account by API token; looks at the account first, writes nothing there.',
  body: Body,
  answers: { 201: Connection, 200: Connection },
  problems: [
    'not_a_pipedrive_host',
    'token_refused',
    'token_not_admin',
    'account_unreachable',
    'account_busy',
    'blocked_by_pipedrive',
    'company_taken',
    'purged_records_stand',
  ],
  async handle(ctx: LoaderContext, { caller, tenant, body, log }) {
    if (body.take_over_records && caller.role !== 'operator')
      throw new Problem(
        403,
        'forbidden',
        'Only an operator may take over the records of a purged tenant: they have to be those of the same customer.',
      );
    const url = parseBaseUrl(body.base_url, ctx.settings.testHosts);
    const scope = { role: 'loader', tenantId: tenant.id } as const;
    await inTransaction(ctx.db, scope, (tx) => assertNotBlocked(tx, url.origin));
    const probed = await probeAccount({
      baseUrl: url.origin,
      apiToken: body.api_token,
      timeoutMs: ctx.settings.requestTimeoutMs,
      ...(body.plan ? { plan: body.plan } : {}),
      ...(body.seats ? { seats: body.seats } : {}),
    }).catch(async (error: unknown) => {
      if (error instanceof Problem && error.code === 'blocked_by_pipedrive')
        await inTransaction(ctx.db, scope, (tx) => noteBlock(tx, url.origin));
      throw error;
    });
    const companyKey = companyKeyOf(url, probed.companyId);
    const takesOver = await inSystemTransaction(ctx.db, (tx) =>
      assertCompanyIsFree(tx, tenant.id, companyKey, body.take_over_records),
    );
    const sealedToken = seal(
      await ctx.dataKey(tenant.id),
      Buffer.from(body.api_token),
      tokenContext(tenant.id, companyKey),
    );
    const { row, isNew } = await inTransaction(
      ctx.db,
      { role: 'loader', tenantId: tenant.id },
      async (tx) => {
        await openBudget(tx, companyKey, { ...probed, reserveShare: ctx.settings.reserveShare });
        const known = await tx
          .selectFrom('loader.connection')
          .select(['id', 'probe'])
          .where('companyKey', '=', companyKey)
          .forUpdate()
          .executeTakeFirst();
        // As after a restore (docs/decisions/0034): the account holds records of ours that no row knows.
        const takenOver = {
          tookOverAt: sql<Date>`now()`,
          tookOverBy: caller.keyId,
          doubtedAt: sql<Date>`now()`,
          doubtSettledAt: null,
        };
        const values = {
          baseUrl: url.origin,
          companyDomain: probed.companyDomain,
          sealedToken,
          state: 'ready',
          plan: probed.plan,
          seats: probed.seats,
          planSource: probed.planSource,
          probe: JSON.stringify({
            ...(known?.probe as object | undefined),
            defaultUserId: defaultOwner(known?.probe, probed),
          }),
        };
        const row = known
          ? await tx
              .updateTable('loader.connection')
              .set({ ...values, ...(takesOver ? takenOver : {}) })
              .where('id', '=', known.id)
              .returningAll()
              .executeTakeFirstOrThrow()
          : await tx
              .insertInto('loader.connection')
              .values({
                ...values,
                tenantId: tenant.id,
                companyKey,
                // It may have been connected before, in a time that a restore took away.
                doubtedAt: sql<Date | null>`(select max(at) from loader.restore)`,
                ...(takesOver ? takenOver : {}),
              })
              .returningAll()
              .executeTakeFirstOrThrow();
        return { row, isNew: !known };
      },
    );
    if (takesOver)
      log.info(
        { connectionId: row.id, keyId: caller.keyId },
        'the records of a purged tenant are taken over',
      );
    return { status: isNew ? 201 : 200, body: presentConnection(row) };
  },
});

/**
 * Who gets the records of workers that are no users: the user with whose token the account was connected first, whosever
 * is in use now. A new token would else split the records of one migration between two people. Who may own nothing any
 * more is replaced.
 */
function defaultOwner(known: unknown, { userId, activeUserIds }: ProbedAccount): number {
  const { defaultUserId } = (known ?? {}) as { defaultUserId?: number };
  return defaultUserId !== undefined && activeUserIds.includes(defaultUserId) ? defaultUserId : userId;
}
