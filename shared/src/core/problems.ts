/**
 * Every code that the API answers with, as one catalogue: what it means and what the caller should do. A code that is
 * not here does not compile (see Problem in errors.ts); docs/errors.md and the docs page are printed from this table.
 */
export const problems = {
  // The caller and the request
  unauthorized: {
    status: [401],
    says: 'No valid API key came with the request: none, a mistyped, unknown, expired or revoked one.',
    act: 'Send the key as "Authorization: Bearer o2p_live_…"; ask an operator for a new one when it has expired.',
  },
  forbidden: {
    status: [403],
    says: 'The key is valid, but its role may not do this.',
    act: 'Use a key of one of the roles that the answer names.',
  },
  foreign_form: {
    status: [403],
    says: 'A console form was sent from another site.',
    act: 'Open the console itself and send the form from there.',
  },
  tenant_required: {
    status: [422],
    says: 'The key is not bound to a tenant and the request names none.',
    act: 'Add ?tenant=<slug>.',
  },
  tenant_not_found: {
    status: [404],
    says: 'There is no such tenant, or this key may not see it: both answer alike.',
    act: 'Check the slug and the key.',
  },
  invalid_request: {
    status: [422],
    says: 'The request is not of the documented form; `errors` names each bad field by JSON pointer.',
    act: 'Correct the fields and send it again.',
  },
  malformed_json: { status: [400], says: 'The body is not JSON.', act: 'Send valid JSON in UTF-8.' },
  malformed_path: {
    status: [400],
    says: 'The path holds a broken percent escape.',
    act: 'Encode the path.',
  },
  unreadable_body: {
    status: [400, 415],
    says: 'The body cannot be read: another alphabet, a broken compression.',
    act: 'Send JSON in UTF-8, uncompressed or gzip.',
  },
  body_too_large: {
    status: [413],
    says: 'The body is larger than this route or this installation accepts.',
    act: 'Send less; for a package split it, or have MAX_UPLOAD_BYTES raised.',
  },
  body_too_slow: {
    status: [408],
    says: 'The body came too slowly: an upload stood still, or a JSON body was not there in its time. Nothing was done.',
    act: 'Send it again. An upload may take as long as it needs while it moves.',
  },
  no_such_route: {
    status: [404],
    says: 'There is no such path, or not with this method.',
    act: 'See /docs for all routes.',
  },

  // Webhooks
  webhook_url_refused: {
    status: [422],
    says: 'The URL is not one that messages may be sent to; `errors` says why.',
    act: 'Give an https URL on port 443 or 8443 whose host is on the public internet.',
  },
  too_many_webhooks: {
    status: [409],
    says: 'The tenant has as many webhooks as it may have.',
    act: 'Delete one that is not used any more.',
  },
  webhook_not_found: {
    status: [404],
    says: 'There is no such webhook, or it belongs to another tenant: both answer alike.',
    act: 'Check the id with GET /v1/webhooks.',
  },
  delivery_not_found: {
    status: [404],
    says: 'This webhook has no such delivery.',
    act: 'Check the id with GET /v1/webhooks/{id}/deliveries.',
  },

  // Repeats and limits
  request_in_flight: {
    status: [409],
    says: 'A request with this Idempotency-Key is being carried out, by us or by a process that has just died.',
    act: 'Send the same request again after Retry-After seconds.',
  },
  idempotency_key_reused: {
    status: [422],
    says: 'The Idempotency-Key was used for another request on this route.',
    act: 'Take a new key for a new request.',
  },
  if_match_required: {
    status: [428],
    says: 'The call edits something and does not say what the caller read.',
    act: 'Read it and send its ETag as If-Match.',
  },
  edited_meanwhile: {
    status: [412],
    says: 'Somebody changed it after the caller had read it; nothing was changed.',
    act: 'Read it again, decide on what it says now, and send the new ETag.',
  },
  too_many_requests: {
    status: [429],
    says: 'The key has sent as many requests as it may in this minute.',
    act: 'Wait Retry-After seconds; the RateLimit field tells what is left.',
  },
  too_many_streams: {
    status: [429],
    says: 'As many event streams are open as the key or the process may have.',
    act: 'Close one that nobody looks at; read the run itself, or register a webhook.',
  },

  // Keys
  key_not_found: {
    status: [404],
    says: 'There is no such API key, or it is expired or revoked and cannot be rotated.',
    act: 'Take an id of GET /v1/keys; make a new key in place of a dead one.',
  },
  last_operator_key: {
    status: [409],
    says: 'Without this key nobody could make another.',
    act: 'Make a second operator key that does not expire, then revoke this one.',
  },

  // Purge
  tenant_being_purged: {
    status: [409],
    says: 'The tenant of this name is being purged.',
    act: 'Wait until GET /v1/purges says done; then the name is free.',
  },
  runs_not_at_rest: {
    status: [409],
    says: 'A run of the tenant still moves: it may write to the account at this moment.',
    act: 'Let the named run end, or pause or cancel it, and ask again.',
  },
  purge_not_found: {
    status: [404],
    says: 'There is no such purge.',
    act: 'Take an id of GET /v1/purges.',
  },
  purge_not_done: {
    status: [409],
    says: 'The receipt of a purge is printed when everything is gone.',
    act: 'Wait until GET /v1/purges/{id} says done.',
  },

  // Migrations and exports
  ordered_otherwise: {
    status: [409],
    says: 'A migration of this reference stands with other settings, and was not ordered with these; nothing was changed.',
    act: 'Take another reference for another migration; change this one with PATCH /v1/migrations/{migration_id} and its ETag.',
  },
  migration_not_found: {
    status: [404],
    says: 'There is no such migration for this tenant.',
    act: 'Check the id and the tenant.',
  },
  export_not_found: {
    status: [404],
    says: 'There is no such export for this tenant or of this migration.',
    act: 'Check both ids and the tenant.',
  },
  not_a_zip: {
    status: [415],
    says: 'An export package comes as one ZIP file.',
    act: 'Send it with Content-Type: application/zip.',
  },
  upload_incomplete: {
    status: [400],
    says: 'The upload ended before its end; nothing was kept.',
    act: 'Send the package again.',
  },

  // Mappings
  mapping_not_found: {
    status: [404],
    says: 'There is no such mapping version for this tenant or in this migration.',
    act: 'Check the id and the tenant.',
  },
  export_not_assessed: {
    status: [409],
    says: 'A mapping is proposed from an assessed export, and this one is not there yet.',
    act: 'Wait until GET …/exports/{id} says assessed.',
  },
  settings_missing: {
    status: [422],
    says: 'The data does not tell the country, currency or date format, and the migration does not either.',
    act: 'Set what `errors` names in the settings of the migration and propose again.',
  },
  mapping_unsound: {
    status: [422],
    says: 'The mapping contradicts itself.',
    act: 'Correct what the answer lists and send it again.',
  },
  mapping_changed: {
    status: [412],
    says: 'The version is not what the caller read: somebody edited it in between.',
    act: 'Read the mapping again and decide on what it says now.',
  },
  mapping_superseded: {
    status: [409],
    says: 'A newer version was confirmed after this one.',
    act: 'Confirm the newer one, or propose this content again.',
  },

  // Connections and runs
  not_a_pipedrive_host: {
    status: [422],
    says: 'The address is not one of a Pipedrive account.',
    act: 'Give it as https://<company>.pipedrive.com.',
  },
  token_refused: {
    status: [422],
    says: 'Pipedrive does not accept the API token, or refuses its user.',
    act: 'Copy the token of an admin user again.',
  },
  token_not_admin: {
    status: [422],
    says: 'The API token belongs to a user who is not an admin. What such a user cannot see looks as if it were not there.',
    act: 'Copy the token of an admin user, or make the user one.',
  },
  account_busy: {
    status: [503],
    says: "The account's API budget is spent or its rate limit reached.",
    act: 'Try again later; Retry-After says when at the earliest.',
  },
  blocked_by_pipedrive: {
    status: [503],
    says: 'Pipedrive blocks the account for the moment.',
    act: 'Wait 15 minutes.',
  },
  account_unreachable: {
    status: [502],
    says: 'The address does not answer as a Pipedrive account.',
    act: 'Check the address and the network.',
  },
  company_taken: {
    status: [409],
    says: 'Records of another tenant were loaded into this Pipedrive company already.',
    act: 'Use that tenant, or another company.',
  },
  purged_records_stand: {
    status: [409],
    says: 'Records that a purged tenant loaded stand in this Pipedrive company, and nobody knows any more which they are.',
    act: 'If they are those of the same customer, have an operator connect the company with take_over_records: a load then looks for each before it writes it.',
  },
  connection_not_found: {
    status: [404],
    says: 'There is no such connection for this tenant.',
    act: 'Check the id and the tenant.',
  },
  connection_busy: {
    status: [409],
    says: 'Another run is not finished on this account.',
    act: 'Let it end, or cancel it first.',
  },
  run_of_another_plan: {
    status: [409],
    says: 'The unfinished run of this mapping is not held to the plan of this plan_hash: to none, or to another.',
    act: 'Let it end or cancel it, then start a run with the plan_hash; or join it without one.',
  },
  connection_in_doubt: {
    status: [409],
    says: 'The database was restored since, or records of a purged tenant were taken over: the account may hold records that are not known here.',
    act: 'Load the same mapping first: it finds them and writes none twice.',
  },
  not_a_load: {
    status: [409],
    says: 'Only a run that loaded records can be taken back or verified.',
    act: 'Name the production run.',
  },
  load_not_ended: {
    status: [409],
    says: 'The run still writes.',
    act: 'Let it end, or cancel it; then ask again.',
  },
  later_load_exists: {
    status: [409],
    says: 'A later run of this migration stands on what this one wrote.',
    act: 'Take the later run back: that takes back both.',
  },
  nothing_to_roll_back: {
    status: [409],
    says: 'No record of this migration stands in the account any more.',
    act: 'Nothing: it was taken back before, or nothing was written.',
  },
  mapping_not_confirmed: {
    status: [409],
    says: 'Nothing is written on a mapping that nobody confirmed.',
    act: 'POST /v1/mappings/{id}/confirm first.',
  },
  rehearsal_missing: {
    status: [409],
    says: 'Nothing is written before a dry run of this mapping into this account has ended.',
    act: 'POST /v1/runs with kind dry_run, look at its plan, then start the run; or an operator waives the rehearsal.',
  },
  run_not_found: {
    status: [404],
    says: 'There is no such run for this tenant.',
    act: 'Check the id and the tenant.',
  },
  not_possible_now: {
    status: [409],
    says: 'What was asked for does not go with the state that the thing is in.',
    act: 'Read it again; the answer names its state.',
  },
  nothing_failed: {
    status: [409],
    says: 'No failed record of the run is of the kind that was asked for.',
    act: 'Count first: send preview true, without a filter.',
  },
  answer_not_possible: {
    status: [409],
    says: 'There is no such open question, or the record chosen is not one of its candidates or was given to another.',
    act: 'Read the open questions again.',
  },
  run_stopped: {
    status: [409],
    says: 'The run cannot go on without a person; `reason` is the code of what stopped it.',
    act: 'Do what the answer says, then resume the run.',
  },

  // Reports
  report_not_ready: {
    status: [409],
    says: 'A report is written a few seconds after its run has ended.',
    act: 'Wait until GET /v1/runs/{id} says documents_ready.',
  },
  document_not_found: {
    status: [404],
    says: 'The run has no document of this name.',
    act: 'Take a name of the list of documents.',
  },

  // Our side
  try_later: {
    status: [503],
    says: 'The service is busy with something that has to end first; `reason` names it.',
    act: 'Try again after Retry-After seconds.',
  },
  database_unavailable: {
    status: [503],
    says: 'The database cannot be reached.',
    act: 'Try again after Retry-After seconds; nothing is lost.',
  },
  service_away: {
    status: [502, 503],
    says: 'The service behind the gateway is starting again.',
    act: 'Try again after Retry-After seconds, with the same Idempotency-Key.',
  },
  not_ready: {
    status: [503],
    says: 'An answer of /readyz and /readyz/traffic: what `failed` names is not there, or the service is being stopped.',
    act: 'Nothing: it is asked again.',
  },
  internal_error: {
    status: [500],
    says: 'A mistake on our side.',
    act: 'Quote the requestId to support.',
  },
} as const satisfies Record<string, ProblemKind>;

export interface ProblemKind {
  status: ReadonlyArray<number>;
  /** One sentence: what is wrong. */
  says: string;
  /** One sentence: what the caller does. */
  act: string;
}

export type ProblemCode = keyof typeof problems;
/** The statuses that a code may come with. */
export type StatusOf<C extends ProblemCode> = (typeof problems)[C]['status'][number];
