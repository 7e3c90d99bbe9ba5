import { randomBytes } from 'node:crypto';
import { seal, unseal } from '@octopipe/shared/tenancy/secrets';
import { Webhook } from 'standardwebhooks';

/** How long the former secret signs beside the new one after a rotation, so that a receiver can change over. */
export const overlapMs = 24 * 60 * 60_000;

/** `whsec_` and 32 random bytes in base64, as the Standard Webhooks specification writes secrets. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function sealSecret(dataKey: Buffer, webhookId: string, secret: string): Buffer {
  return seal(dataKey, Buffer.from(secret), `webhook|${webhookId}`);
}

export function openSecret(dataKey: Buffer, webhookId: string, sealed: Buffer): string {
  return unseal(dataKey, sealed, `webhook|${webhookId}`).toString('utf8');
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
