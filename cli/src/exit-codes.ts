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

/**
 * Problem and reason codes that are not "unexpected". The same words come from the API's problems (docs/api.md) and
 * from a run's `reason_code`; a code that is not here ends as the caller's default.
 */
const endingOfCode: Record<string, Ending> = {
  token_refused: 'refused',
  account_unreachable: 'refused',
  blocked_by_pipedrive: 'refused',
  read_refused: 'refused',
  account_busy: 'refused',
  custom_field_cap: 'refused',
  deal_cap: 'refused',
  plan_changed: 'refused',
  provision_refused: 'refused',
  no_activity_type: 'refused',
  probe_refused: 'refused',
  not_a_pipedrive_host: 'usage',
  rehearsal_missing: 'confirmation',
  settings_missing: 'usage',
  invalid_request: 'usage',
  body_too_large: 'usage',
  connection_busy: 'notBalanced',
  run_not_found: 'usage',
  not_a_load: 'usage',
  later_load_exists: 'usage',
  nothing_to_roll_back: 'usage',
  load_not_ended: 'notBalanced',
};

export function endingOf(code: string | null | undefined, otherwise: Ending): Ending {
  return code && Object.hasOwn(endingOfCode, code) ? (endingOfCode[code] ?? otherwise) : otherwise;
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
