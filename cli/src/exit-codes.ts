import type { ProblemCode } from '@octopipe/shared/core/problems';

/** How the command ends. `--help` prints this table; scripts and CI rely on the numbers. */
export const exitCodes = {
  ok: { code: 0, says: 'everything balanced and verified (or: ended by you after that)' },
  unexpected: { code: 1, says: 'something unexpected; the log files say more' },
  usage: { code: 2, says: 'wrong usage or input: a missing file, an empty folder, a port that is taken' },
  confirmation: {
    code: 3,
    says: 'nothing was changed: the mapping or the preview of a rollback has to be confirmed, or the run rehearsed, first',
  },
  notBalanced: {
    code: 4,
    says: 'the run ended or waits, but not everything is balanced and verified',
  },
  refused: {
    code: 5,
    says: 'the Pipedrive account refused (token, plan too small, unreachable), or is not as planned',
  },
  interrupted: { code: 130, says: 'interrupted before the end; a rerun continues' },
} as const satisfies Record<string, { code: number; says: string }>;
export type Ending = keyof typeof exitCodes;

/** The API's problems (docs/api.md), every one. `unexpected` is what a command that is right does not meet. */
const endingOfProblem: Record<ProblemCode, Ending> = {
  // What the account says no to, or is not there to say.
  token_refused: 'refused',
  account_unreachable: 'refused',
  blocked_by_pipedrive: 'refused',
  account_busy: 'refused',
  company_taken: 'refused',
  purged_records_stand: 'refused',
  token_not_admin: 'refused',
  // What has to be said first.
  rehearsal_missing: 'confirmation',
  mapping_not_confirmed: 'confirmation',
  // What the command can say otherwise.
  not_a_pipedrive_host: 'usage',
  settings_missing: 'usage',
  invalid_request: 'usage',
  body_too_large: 'usage',
  not_a_zip: 'usage',
  run_not_found: 'usage',
  not_a_load: 'usage',
  later_load_exists: 'usage',
  nothing_to_roll_back: 'usage',
  nothing_failed: 'usage',
  // Another run has to end first.
  connection_busy: 'notBalanced',
  connection_in_doubt: 'notBalanced',
  load_not_ended: 'notBalanced',
  run_of_another_plan: 'notBalanced',
  run_stopped: 'notBalanced',
  // Mistakes of ours, or of whoever changed things meanwhile.
  unauthorized: 'unexpected',
  forbidden: 'unexpected',
  foreign_form: 'unexpected',
  tenant_required: 'unexpected',
  tenant_not_found: 'unexpected',
  malformed_json: 'unexpected',
  malformed_path: 'unexpected',
  unreadable_body: 'unexpected',
  body_too_slow: 'unexpected',
  no_such_route: 'unexpected',
  webhook_url_refused: 'unexpected',
  too_many_webhooks: 'unexpected',
  webhook_not_found: 'unexpected',
  delivery_not_found: 'unexpected',
  request_in_flight: 'unexpected',
  idempotency_key_reused: 'unexpected',
  if_match_required: 'unexpected',
  edited_meanwhile: 'unexpected',
  too_many_requests: 'unexpected',
  too_many_streams: 'unexpected',
  key_not_found: 'unexpected',
  last_operator_key: 'unexpected',
  tenant_being_purged: 'unexpected',
  runs_not_at_rest: 'unexpected',
  purge_not_found: 'unexpected',
  purge_not_done: 'unexpected',
  ordered_otherwise: 'unexpected',
  migration_not_found: 'unexpected',
  export_not_found: 'unexpected',
  upload_incomplete: 'unexpected',
  mapping_not_found: 'unexpected',
  export_not_assessed: 'unexpected',
  mapping_unsound: 'unexpected',
  mapping_changed: 'unexpected',
  mapping_superseded: 'unexpected',
  connection_not_found: 'unexpected',
  not_possible_now: 'unexpected',
  answer_not_possible: 'unexpected',
  report_not_ready: 'unexpected',
  document_not_found: 'unexpected',
  try_later: 'unexpected',
  database_unavailable: 'unexpected',
  service_away: 'unexpected',
  not_ready: 'unexpected',
  internal_error: 'unexpected',
};

/**
 * The `reason_code` of a run that waits for a person or has ended, every one; those that are problems, too, are above. What
 * a person has to decide and what went wrong in the run leave it unbalanced; the rest is the account's.
 */
const endingOfReason: Record<string, Ending> = {
  read_refused: 'refused',
  account_not_open: 'refused',
  plan_limit_reached: 'refused',
  custom_field_cap: 'refused',
  deal_cap: 'refused',
  plan_changed: 'refused',
  provision_refused: 'refused',
  no_activity_type: 'refused',
  label_field_missing: 'refused',
  probe_refused: 'refused',
  rollback_preview: 'confirmation',
  matches_open: 'notBalanced',
  records_failed: 'notBalanced',
  batch_keeps_dying: 'notBalanced',
  mapping_failed: 'notBalanced',
  day_spent: 'notBalanced',
  database_restored: 'notBalanced',
};

/** A code of a newer build than ours ends as the caller's default. */
export function endingOf(code: string | null | undefined, otherwise: Ending): Ending {
  if (!code) return otherwise;
  const known: Record<string, Ending> = { ...endingOfReason, ...endingOfProblem };
  return Object.hasOwn(known, code) ? (known[code] ?? otherwise) : otherwise;
}

/** A foreseen end: one sentence on what was found and what to do, and the exit code it leads to. */
export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    readonly ending: Ending,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
