import { isDatabaseAway } from '@octopipe/shared/core/database-away';
import { Problem } from '@octopipe/shared/core/errors';
import { inTransaction } from '@octopipe/shared/db/index';
import { defaultBodyTimes, readInTime } from '@octopipe/shared/http/body-time';
import { onceLeft, openEventStream } from '@octopipe/shared/http/event-stream';
import { findRun } from '@octopipe/shared/run/read-run';
import { tenantOfCall } from '@octopipe/shared/tenancy/tenant';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';
import { contentSecurityPolicy, livePolicy } from '../html/page.js';
import { getReadyDocument } from '../reporter/ready-documents.js';
import { sendDocument } from '../reporter/send-document.js';
import { liveScript } from './live-script.js';
import { messagePage } from './message-page.js';
import { versionOf } from './page-feed.js';
import { readRunPage, readRunsPage } from './read-run-page.js';
import { isLive, runPage } from './run-page.js';
import { runsPage } from './runs-page.js';
import { closeSession, findSession, openSession, type Session } from './session.js';
import { signInPage } from './sign-in-page.js';

const runsShown = 100;
/** Pages of ours without a customer's markup in them. */
const ownPages = new Set(['reconciliation.html', 'verification.html', 'zero-write-certificate.html']);
const RunId = z.uuid();
/**
 * Without `allow-same-origin` the page is of no site, and a browser keeps the session (SameSite=Strict) from its links: each
 * would lead to the sign-in page. Scripts stay off, so being of our site gives it nothing else. Its links save files.
 */
const documentPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-same-origin allow-downloads";

/**
 * The console: server-rendered HTML, for a browser that is signed in by cookie instead of a bearer key. One script, which
 * keeps the page of a run up to date; every page is whole without it.
 */
export function addConsole(app: Express, ctx: ReporterContext, closing: AbortSignal): void {
  // The bare host, where no gateway answers it.
  app.get('/', (_req, res) => res.redirect(302, '/console'));
  const router = express.Router();
  router.use(withSecurityHeaders);
  const form = express.urlencoded({ extended: false, limit: '4kb' });

  router.get('/', (_req, res) => res.redirect(303, '/console/runs'));
  router.get('/sign-in', (req, res) => {
    send(res, 200, signInPage({ tenant: '', next: ownPath(req.query.next) }));
  });
  router.post('/sign-in', refuseForeignForms, async (req, res) => {
    await readInTime(form, req, res, defaultBodyTimes);
    await signIn(ctx, req, res);
  });
  router.post('/sign-out', refuseForeignForms, (req, res) => {
    closeSession(req, res);
    res.redirect(303, '/console/sign-in');
  });
  router.get(
    '/runs',
    signedIn(ctx, async ({ tenant }, _req, res) => {
      send(res, 200, runsPage(await readRunsPage(ctx, tenant, runsShown)));
    }),
  );
  router.get(
    '/runs/:runId',
    signedIn(ctx, async ({ tenant }, req, res) => {
      const facts = await readRunPage(ctx, tenant, runIdOf(req));
      if (!facts) throw new Problem(404, 'run_not_found', 'There is no such run here.');
      const now = new Date();
      const version = isLive(facts) && req.query.refresh !== 'off' ? versionOf(facts, now) : undefined;
      if (version !== undefined) res.setHeader('content-security-policy', livePolicy);
      send(res, 200, runPage(facts, now, version));
    }),
  );
  router.get('/runs/:runId/events', async (req, res) => {
    const session = await findSession(ctx, req);
    // A stream cannot be sent to the sign-in page: the script loads its own page again, and that is.
    if (!session) throw new Problem(401, 'unauthorized', 'Sign in again.');
    await followPage(ctx, session, req, res, closing);
  });
  router.get('/live.js', (_req, res) => {
    res.type('text/javascript').send(liveScript);
  });
  router.get(
    '/runs/:runId/documents/:name',
    signedIn(ctx, async ({ tenant }, req, res) => {
      const document = await getReadyDocument(ctx, tenant.id, runIdOf(req), String(req.params.name));
      // Only our own page is shown in place; what holds customers' data is saved, never interpreted by the browser.
      const inline = ownPages.has(document.name);
      // An older build may have printed it with another style, so this policy cannot name the style by its hash.
      res.setHeader('content-security-policy', documentPolicy);
      await sendDocument(ctx, tenant.id, document, req, res, inline ? 'inline' : 'attachment');
    }),
  );
  router.use((_req, res) => {
    send(res, 404, messagePage('Not found', 'There is no such page in the console.'));
  });
  router.use(errorPage(ctx));
  app.use('/console', router);
}

/** Tells the page of a run when to fetch itself anew: what it shows came with it, or with the last event. */
async function followPage(
  ctx: ReporterContext,
  { tenant, keyId }: Session,
  req: Request,
  res: Response,
  closing: AbortSignal,
): Promise<void> {
  const runId = runIdOf(req);
  const run = await inTransaction(ctx.db, { role: 'reporter', tenantId: tenant.id }, (tx) =>
    findRun(tx, tenant.id, runId),
  );
  if (!run) throw new Problem(404, 'run_not_found', 'There is no such run here.');
  let stream: ReturnType<typeof openEventStream> | undefined;
  // Its first look is later than this: when there is no room, the answer is still a page.
  const leave = ctx.pages.follow({
    run: { tenant, runId },
    holder: keyId,
    seen: req.get('last-event-id') ?? textOf(req.query.seen),
    take: (frames) => stream?.send(frames),
    end: () => stream?.end(),
  });
  onceLeft(res, leave);
  stream = openEventStream(res, closing);
}

async function signIn(ctx: ReporterContext, req: Request, res: Response): Promise<void> {
  const key = textOf(req.body?.key);
  const slug = textOf(req.body?.tenant);
  const next = ownPath(req.body?.next);
  try {
    // The one way to check a key reads it from the header; a form can only send it in its body.
    req.headers.authorization = `Bearer ${key}`;
    const caller = await ctx.authenticate(req);
    const tenant = await tenantOfCall(ctx.db, caller, slug === '' ? undefined : slug);
    openSession(ctx, req, res, { keyId: caller.keyId, tenantId: tenant.id });
    res.redirect(303, next);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // One sentence for a wrong key and a wrong company, so that nothing can be guessed.
    const problem =
      error.code === 'tenant_required'
        ? 'Name the company: this key is not bound to one.'
        : 'This key and this company do not go together. Check both.';
    send(res, error.status, signInPage({ tenant: slug, next, problem }));
  }
}

function signedIn(
  ctx: ReporterContext,
  handle: (session: Session, req: Request, res: Response) => Promise<void>,
) {
  return async (req: Request, res: Response): Promise<void> => {
    const session = await findSession(ctx, req);
    if (session) return handle(session, req, res);
    res.redirect(303, `/console/sign-in?next=${encodeURIComponent(ownPath(req.originalUrl))}`);
  };
}

function withSecurityHeaders(_req: Request, res: Response, next: () => void): void {
  res.setHeader('content-security-policy', contentSecurityPolicy);
  res.setHeader('referrer-policy', 'no-referrer');
  res.setHeader('x-frame-options', 'DENY');
  res.setHeader('cross-origin-opener-policy', 'same-origin');
  res.setHeader('cross-origin-resource-policy', 'same-origin');
  res.setHeader('cache-control', 'no-store');
  next();
}

/** A form on a foreign page must not sign a visitor in (as somebody else) or out. Browsers say where a request comes from. */
function refuseForeignForms(req: Request, _res: Response, next: () => void): void {
  const from = req.get('sec-fetch-site');
  if (from !== undefined && from !== 'same-origin' && from !== 'none')
    throw new Problem(403, 'foreign_form', 'This form was sent from another site. Open the console itself.');
  next();
}

function errorPage(ctx: ReporterContext): ErrorRequestHandler {
  return (error, _req, res, next) => {
    if (res.headersSent) return next(error);
    if (error instanceof Problem && error.status < 500)
      return send(
        res,
        error.status,
        messagePage(error.status === 404 ? 'Not found' : 'Not possible now', error.message),
      );
    ctx.logger.error({ requestId: res.locals.requestId, err: error }, 'console page failed');
    if (isDatabaseAway(error))
      return send(
        res,
        503,
        messagePage('Not available', 'The database cannot be reached. Try again shortly.'),
      );
    send(
      res,
      500,
      messagePage('Something went wrong', `It is on our side. Quote ${res.locals.requestId} to support.`),
    );
  };
}

function send(res: Response, status: number, page: string): void {
  res.status(status).type('html').send(page);
}

function runIdOf(req: Request): string {
  const parsed = RunId.safeParse(req.params.runId);
  if (!parsed.success) throw new Problem(404, 'run_not_found', 'There is no such run here.');
  return parsed.data;
}

/** Only a path of the console: `//elsewhere` and `https:` would send the visitor away after signing in. */
function ownPath(wanted: unknown): string {
  return typeof wanted === 'string' && /^\/console\/runs[\w/.?=-]*$/.test(wanted) ? wanted : '/console/runs';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
