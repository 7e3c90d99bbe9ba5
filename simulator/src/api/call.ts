import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { Account } from '../account/account.js';
import type { Json } from '../json.js';
import type { Query } from '../validate/query.js';
import type { Answer } from './answers.js';
import type { ReceivedBody } from './receive.js';

/** One request, past its path, token and rate limits. */
export interface Call {
  readonly account: Account;
  readonly operation: OperationName;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly received: ReceivedBody;
  readonly requestId: string;
  /** http://127.0.0.1:port, for links in answers. */
  readonly origin: string;
}

/**
 * Runs to its end without waiting for anything: what it stores is stored, together with its ledger line, in one go.
 * That is what makes "committed, then the answer was lost" a precise statement.
 */
export type Handler = (call: Call) => Answer;

export function jsonOf(call: Call): Json {
  return call.received.kind === 'json' ? call.received.value : {};
}
