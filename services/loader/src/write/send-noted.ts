import { RunStopped } from '@octopipe/shared/core/errors';
import type { ApiRequest } from '@octopipe/shared/pipedrive/http';
import type { Account, WriteOutcome } from '../destination/account.js';

/**
 * Makes one call whose intent is committed as `sent`, unless `sendBefore` (epoch ms, taken before the intent was noted) has
 * passed: frozen since then, somebody may have looked for it in vain already, and another worker may have sent it.
 * `noteRefusal` is told of a definite no at the account's door (401, a block), which is thrown on.
 */
export async function sendNoted(
  account: Account,
  request: ApiRequest,
  sendBefore: number,
  noteRefusal: (outcome: WriteOutcome) => Promise<void>,
): Promise<WriteOutcome> {
  if (Date.now() > sendBefore) return { kind: 'not_written', reason: 'too_late_to_send' };
  return account.write(request).catch(async (error: unknown) => {
    if (error instanceof RunStopped) await noteRefusal({ kind: 'not_written', reason: error.code });
    throw error;
  });
}

/** Waits for all of them, then throws the first failure: none may be in flight while the batch is handed back. */
export async function everyOne(work: ReadonlyArray<Promise<void>>): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}
