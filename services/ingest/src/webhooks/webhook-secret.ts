import { randomBytes } from 'node:crypto';
import { seal, unseal } from '@octopipe/shared/tenancy/secrets';
import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';

/** How long the former secrets sign beside the new one after a rotation, so that a receiver can change over. */
export const overlapMs = 24 * 60 * 60_000;

/**
 * Rotated again within that time, as when the answer with the secret was lost, nobody here knows which of the former ones
 * the receiver has: so many of the latest go on signing. A loop in somebody's program must not make headers without end.
 */
const mostFormer = 5;

/** The column, while it counts. */
export const formerSecrets = sql<Buffer | null>`case when former_until > now() then former_secret end`;

/** `whsec_` and 32 random bytes in base64, as the Standard Webhooks specification writes secrets. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function sealSecret(dataKey: Buffer, webhookId: string, secret: string): Buffer {
  return seal(dataKey, Buffer.from(secret), `webhook|${webhookId}`);
}

interface SealedSecrets {
  sealedSecret: Buffer;
  /** Sealed together, with spaces between: no secret holds one. */
  formerSecrets: Buffer | null;
}

/** The secrets that sign, the latest first. */
export function openSecrets(dataKey: Buffer, webhookId: string, sealed: SealedSecrets): string[] {
  return [sealed.sealedSecret, ...(sealed.formerSecrets ? [sealed.formerSecrets] : [])].flatMap((one) =>
    unseal(dataKey, one, `webhook|${webhookId}`).toString('utf8').split(' '),
  );
}

/** What signs now, as the former secrets of one that comes. */
export function sealAsFormer(dataKey: Buffer, webhookId: string, sealed: SealedSecrets): Buffer {
  const secrets = openSecrets(dataKey, webhookId, sealed).slice(0, mostFormer);
  return sealSecret(dataKey, webhookId, secrets.join(' '));
}

/** The three headers of Standard Webhooks; one signature for each secret, a receiver needs to know one of them. */
export function signedHeaders(
  secrets: ReadonlyArray<string>,
  message: { id: string; body: string; at: Date },
): Record<string, string> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(message.at.getTime() / 1_000)),
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret).sign(message.id, message.at, message.body))
      .join(' '),
  };
}
