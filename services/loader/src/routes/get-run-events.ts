import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { onceLeft, openEventStream } from '@octopipe/shared/http/event-stream';
import { defineRoute, streamed } from '@octopipe/shared/http/route';
import { findRun } from '@octopipe/shared/run/read-run';
import { roles } from '@octopipe/shared/tenancy/api-key';
import type { Request } from 'express';
import type { LoaderContext } from '../context.js';
import { RunPath } from './shapes.js';

export const getRunEvents = defineRoute({
  method: 'get',
  path: '/v1/runs/:runId/events',
  access: { roles, scope: 'tenant', ids: { runId: 'run' } },
  summary:
    'Progress as server-sent events: each event of the run once, in order, after Last-Event-ID (or from the first); `run` tells how it stands, `end` that there will be no more.',
  params: RunPath,
  answers: { 200: streamed('text/event-stream') },
  problems: ['run_not_found', 'too_many_streams'],
  async handle(ctx: LoaderContext, { caller, tenant, params, req, closing }, res) {
    const after = lastEventIdOf(req);
    const run = await inTransaction(ctx.db, { role: 'loader', tenantId: tenant.id }, (tx) =>
      findRun(tx, tenant.id, params.runId),
    );
    if (!run) throw new Problem(404, 'run_not_found', 'There is no such run for this tenant.');
    let stream: ReturnType<typeof openEventStream> | undefined;
    // Its first look is later than this: when there is no room, the answer is still a problem.
    const leave = ctx.feed.follow({
      run: { tenant, migrationId: run.migrationId, runId: run.id },
      holder: caller.familyId,
      after,
      shown: '',
      take: (frames) => stream?.send(frames),
      end: () => stream?.end(),
    });
    onceLeft(res, leave);
    stream = openEventStream(res, closing);
    return undefined;
  },
});

function lastEventIdOf(req: Request): string {
  const id = req.get('last-event-id') ?? '0';
  if (/^\d{1,18}$/.test(id)) return id;
  throw new Problem(422, 'invalid_request', 'The Last-Event-ID is not one that this stream has given.', [
    { pointer: '/header/Last-Event-ID', message: 'the id of an event of this run' },
  ]);
}
