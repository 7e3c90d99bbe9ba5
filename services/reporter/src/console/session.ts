import { inSystemTransaction } from '@octopipe/shared/db/index';
import { findLiveKey } from '@octopipe/shared/tenancy/api-key';
import { seal, unsealWithRing } from '@octopipe/shared/tenancy/secrets';
import type { Tenant } from '@octopipe/shared/tenancy/tenant';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { ReporterContext } from '../context.js';

/**
 * A signed-in browser: a cookie sealed with the master key (AES-256-GCM), so that nobody can read or make one and
 * nothing is stored on our side. HttpOnly, SameSite=Strict, only for /console, eight hours.
 */
export interface Session {
  keyId: string;
  tenant: Tenant;
}

const cookieName = 'octopipe_console';
const context = 'console-session';
const lifetimeMs = 8 * 60 * 60 * 1_000;

const Sealed = z.object({ keyId: z.uuid(), tenantId: z.uuid(), exp: z.number() });

export function openSession(
  ctx: ReporterContext,
  req: Request,
  res: Response,
  who: { keyId: string; tenantId: string },
): void {
  const content = JSON.stringify({ ...who, exp: Date.now() + lifetimeMs } satisfies z.infer<typeof Sealed>);
  const value = seal(ctx.masterKey.key, Buffer.from(content), context).toString('base64url');
  setCookie(req, res, value, lifetimeMs);
}

export function closeSession(req: Request, res: Response): void {
  setCookie(req, res, '', 0);
}

/** The session of a request, or undefined. The key is looked up each time: a revoked or expired key is signed out at once. */
export async function findSession(ctx: ReporterContext, req: Request): Promise<Session | undefined> {
  const sealed = readCookie(ctx, req);
  if (!sealed || sealed.exp < Date.now()) return undefined;
  return inSystemTransaction(ctx.db, async (tx) => {
    const key = await findLiveKey(tx, sealed.keyId);
    if (!key) return undefined;
    if (key.tenantId !== null && key.tenantId !== sealed.tenantId) return undefined;
    const tenant = await tx
      .selectFrom('core.tenant')
      .select(['id', 'slug', 'name'])
      .where('id', '=', sealed.tenantId)
      .where('purgeId', 'is', null)
      .executeTakeFirst();
    return tenant && { keyId: key.id, tenant };
  });
}

function setCookie(req: Request, res: Response, value: string, maxAgeMs: number): void {
  // On plain http (a laptop, a test) a Secure cookie would never come back. The gateway says when it spoke https.
  const secure = req.secure || req.get('x-forwarded-proto') === 'https';
  res.cookie(cookieName, value, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/console',
    secure,
    maxAge: maxAgeMs,
  });
}

function readCookie(ctx: ReporterContext, req: Request): z.infer<typeof Sealed> | undefined {
  const value = (req.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1);
  if (!value) return undefined;
  try {
    const content = unsealWithRing(ctx.masterKey, Buffer.from(value, 'base64url'), context).toString('utf8');
    return Sealed.parse(JSON.parse(content));
  } catch {
    // Cut off, forged, or sealed with a master key that is gone: the same as no cookie, the visitor signs in again.
    return undefined;
  }
}
