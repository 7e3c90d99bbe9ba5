import type { Run } from '../api/answers.js';
import { count, renderTable, wrap } from '../terminal/table.js';

/** What a dry run found: the writes by operation, the forecast, and how to have exactly this carried out. */
export function planText(run: Run & { plan: NonNullable<Run['plan']> }, columns: number): string[] {
  const { plan, tokens } = run;
  const calls = Object.entries(plan.by_operation);
  const writes = calls.reduce((sum, [, number]) => sum + number, 0);
  return [
    `Plan of ${count(writes)} calls that write; nothing was written.`,
    ...renderTable(
      [
        { title: 'operation', align: 'left' },
        { title: 'calls', align: 'right' },
      ],
      calls,
    ),
    '',
    forecast(tokens),
    ...(plan.not_yet_known.length === 0
      ? []
      : wrap(
          `Of these entities each record that is found in the account is updated instead of created: ${plan.not_yet_known.join(', ')}.`,
          columns,
          '',
        )),
    ...ownersText(run.owners, columns),
    '',
    `Plan hash ${plan.hash}`,
    ...wrap(
      'To have exactly this written, run the same command without --dry-run and with --plan-hash and this hash: it refuses when the mapping, the export or the account has changed.',
      columns,
      '',
    ),
  ];
}

const whyUnmatched: Record<string, string> = {
  no_user: 'no user has their e-mail',
  no_email: 'no e-mail in the export',
  shared_email: 'another worker has the same e-mail',
};

/** Whom records would go to, while inviting people still changes it. */
function ownersText(owners: Run['owners'], columns: number): string[] {
  if (!owners || owners.unmatched === 0) return [];
  const { matched, unmatched, records, workers } = owners;
  return [
    '',
    ...wrap(
      `${count(unmatched)} of ${count(matched + unmatched)} workers match no user of the account by e-mail: ${count(records)} records would go to the user with whose token it was connected first. Make the users in Pipedrive before the run that writes; no later run moves the records.`,
      columns,
      '',
    ),
    ...renderTable(
      [
        { title: 'worker', align: 'left' },
        { title: 'why', align: 'left' },
        { title: 'records', align: 'right' },
      ],
      workers.map(({ source_key, name, why, records: theirs }) => [
        // The export's words: what would move a terminal's cursor is left out.
        `${name} (${source_key})`.replaceAll(/\p{Cc}/gu, ''),
        whyUnmatched[why] ?? why,
        theirs,
      ]),
    ),
    ...(unmatched > workers.length ? [`And ${count(unmatched - workers.length)} more.`] : []),
  ];
}

function forecast({ planned, daily_share: share }: Run['tokens']): string {
  if (typeof planned !== 'number') return 'Forecast: not known.';
  const days = share ? Math.max(1, Math.ceil(planned / share)) : undefined;
  const daily =
    days === undefined ? '' : `: ${days} ${days === 1 ? 'day' : 'days'} at ${count(share ?? 0)} a day`;
  return `Forecast: ${count(planned)} tokens, with provisioning and reading everything back${daily}.`;
}
