import { endedStatuses, type RunStatus } from '@octopipe/shared/domain/run/states';
import type { Difference, DifferenceCount } from '@octopipe/shared/run/read-run';

/** What the two equations are made of. Rows are the staged files' own counts, so that they do not depend on the outcomes. */
export interface ReconcileFacts {
  status: RunStatus;
  reason: string | null;
  stagedRows: ReadonlyArray<{ object: string; rows: number }>;
  /** Files of the package whose rows nobody could count, because their format is not read. */
  unreadFiles: ReadonlyArray<{ file: string; rows: number | null }>;
  outcomes: ReadonlyArray<{
    object: string;
    outcome: 'mapped' | 'merged' | 'excluded' | 'rejected';
    reason: string;
    rows: number;
  }>;
  entities: ReadonlyArray<{ entity: string } & TargetCounts>;
  /** Writes of which nobody knows whether they happened. */
  unknownOutcomes: number;
  verification: ReadonlyArray<{ entity: string; records: number; fields: number; differences: number }>;
  /** What the reading back found, by kind. */
  differences: ReadonlyArray<DifferenceCount>;
  /** Names of the sums of money that are not the same on both sides. */
  unequalSums: ReadonlyArray<string>;
}

export interface SourceCounts {
  rows: number;
  mapped: number;
  merged: number;
  excluded: Record<string, number>;
  rejected: Record<string, number>;
}

export interface TargetCounts {
  planned: number;
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  waiting: number;
}

/** `open`: not accounted for, somebody must act. `exception`: accounted for and listed, somebody should look. */
export interface Point {
  code: string;
  weight: 'open' | 'exception';
  says: string;
  todo: string;
}

/** What is open stands before what is only to be looked at. */
const weights: ReadonlyArray<Point['weight']> = ['open', 'exception'];

export type Verdict = 'accounted' | 'accounted_with_exceptions' | 'not_accounted';

export interface Reconciliation {
  source: Record<string, SourceCounts>;
  target: Record<string, TargetCounts>;
  balanced: boolean;
  verified: { records: number; fields: number; differences: number };
  unknownOutcomes: number;
  verdict: Verdict;
  points: Point[];
}

/**
 * The two equations of every report and what follows from them (blueprint 2.2):
 * per source object `rows = mapped + merged + excluded(rule) + rejected(code)`, per target entity
 * `planned = created + updated + unchanged + failed + waiting`. `balanced` needs both everywhere, nothing waiting,
 * no unknown outcome and no file that is in no equation because it could not be read. The verdict is stricter: it also asks whether the run ended well and all was read back.
 */
export function reconcile(facts: ReconcileFacts): Reconciliation {
  const source = sourceCounts(facts);
  const target = targetCounts(facts);
  const verified = verifiedTotals(facts);
  const points = [
    ...runPoints(facts),
    ...filePoints(facts.unreadFiles),
    ...rowPoints(source),
    ...recordPoints(target),
    ...unknownPoints(facts.unknownOutcomes),
    ...verificationPoints(facts, target),
    ...moneyPoints(facts.unequalSums),
  ].sort((a, b) => weights.indexOf(a.weight) - weights.indexOf(b.weight));
  return {
    source,
    target,
    balanced:
      Object.values(source).every((counts) => counts.rows === explainedRows(counts)) &&
      Object.values(target).every(
        (counts) => counts.planned === explainedRecords(counts) && counts.waiting === 0,
      ) &&
      facts.unknownOutcomes === 0 &&
      facts.unreadFiles.length === 0,
    verified,
    unknownOutcomes: facts.unknownOutcomes,
    verdict: verdictOf(points),
    points,
  };
}

export function explainedRows(counts: SourceCounts): number {
  return counts.mapped + counts.merged + total(counts.excluded) + total(counts.rejected);
}

export function explainedRecords(counts: TargetCounts): number {
  return counts.created + counts.updated + counts.unchanged + counts.failed + counts.waiting;
}

export function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, value) => sum + value, 0);
}

function verdictOf(points: ReadonlyArray<Point>): Verdict {
  if (points.some((point) => point.weight === 'open')) return 'not_accounted';
  return points.length > 0 ? 'accounted_with_exceptions' : 'accounted';
}

function sourceCounts(facts: ReconcileFacts): Record<string, SourceCounts> {
  const objects = sorted([
    ...facts.stagedRows.map((row) => row.object),
    ...facts.outcomes.map((outcome) => outcome.object),
  ]);
  return Object.fromEntries(
    objects.map((object) => {
      const outcomes = facts.outcomes.filter((outcome) => outcome.object === object);
      const of = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted);
      const sum = (wanted: string) => of(wanted).reduce((rows, outcome) => rows + outcome.rows, 0);
      return [
        object,
        {
          rows: facts.stagedRows
            .filter((row) => row.object === object)
            .reduce((rows, row) => rows + row.rows, 0),
          mapped: sum('mapped'),
          merged: sum('merged'),
          excluded: byReason(of('excluded')),
          rejected: byReason(of('rejected')),
        },
      ];
    }),
  );
}

function byReason(outcomes: ReadonlyArray<{ reason: string; rows: number }>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { reason, rows } of outcomes) counts.set(reason, (counts.get(reason) ?? 0) + rows);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function targetCounts(facts: ReconcileFacts): Record<string, TargetCounts> {
  return Object.fromEntries(
    sorted(facts.entities.map(({ entity }) => entity)).map((name) => {
      const sum = (term: keyof TargetCounts) =>
        facts.entities
          .filter(({ entity }) => entity === name)
          .reduce((records, counts) => records + counts[term], 0);
      return [
        name,
        {
          planned: sum('planned'),
          created: sum('created'),
          updated: sum('updated'),
          unchanged: sum('unchanged'),
          failed: sum('failed'),
          waiting: sum('waiting'),
        },
      ];
    }),
  );
}

function verifiedTotals(facts: ReconcileFacts): Reconciliation['verified'] {
  const sum = (term: 'records' | 'fields' | 'differences') =>
    facts.verification.reduce((all, row) => all + row[term], 0);
  return { records: sum('records'), fields: sum('fields'), differences: sum('differences') };
}

function sorted(names: ReadonlyArray<string>): string[] {
  return [...new Set(names)].sort();
}

function runPoints(facts: ReconcileFacts): Point[] {
  if (facts.status === 'done') return [];
  const ended = endedStatuses.includes(facts.status);
  return [
    {
      code: ended ? 'run_stopped' : 'run_not_ended',
      weight: 'open',
      says: ended
        ? `The run stopped before its end${facts.reason ? `: ${facts.reason}` : '.'}`
        : 'The run has not ended yet.',
      todo: 'Remove the cause and start the run again. What has been written is known and will not be written twice.',
    },
  ];
}

/** A package may hold thousands of files; the findings list all. */
const namedFiles = 5;

function filePoints(files: ReconcileFacts['unreadFiles']): Point[] {
  if (files.length === 0) return [];
  const named = files
    .slice(0, namedFiles)
    .map(({ file, rows }) => (rows === null ? file : `${file} (rows: ${rows})`));
  const more = files.length - named.length;
  return [
    {
      code: 'files_not_read',
      weight: 'open',
      says: `Files of the package in a format that is not read, of which nothing was migrated: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
      todo: 'Save their tables as CSV under the names of the export and upload the package again, or take out what is not needed.',
    },
  ];
}

function rowPoints(source: Record<string, SourceCounts>): Point[] {
  const points: Point[] = [];
  const setAside: string[] = [];
  for (const [object, counts] of Object.entries(source)) {
    const explained = explainedRows(counts);
    const rejected = total(counts.rejected);
    if (counts.rows !== explained)
      points.push({
        code: 'rows_not_explained',
        weight: 'open',
        says: `Rows of "${object}" in the export: ${counts.rows}. Rows with an outcome: ${explained}.`,
        todo: 'Do not sign off. Send this report to support: a row was lost or counted twice.',
      });
    if (rejected > 0) setAside.push(`${object} ${rejected} of ${counts.rows}`);
  }
  if (setAside.length > 0)
    points.push({
      code: 'rows_rejected',
      weight: 'exception',
      says: `Rows set aside because of their data: ${setAside.join(', ')}.`,
      todo: 'See "Rows that were set aside". Correct them in OctopusPro and export again, or accept that they stay behind.',
    });
  return points;
}

function recordPoints(target: Record<string, TargetCounts>): Point[] {
  const points: Point[] = [];
  const refused: string[] = [];
  for (const [entity, counts] of Object.entries(target)) {
    const explained = explainedRecords(counts);
    if (counts.planned !== explained)
      points.push({
        code: 'records_not_explained',
        weight: 'open',
        says: `Pipedrive records "${entity}" planned: ${counts.planned}. Explained: ${explained}.`,
        todo: 'Do not sign off. Send this report to support: a record was lost or counted twice.',
      });
    if (counts.waiting > 0)
      points.push({
        code: 'records_waiting',
        weight: 'open',
        says: `Pipedrive records "${entity}" not written yet: ${counts.waiting} of ${counts.planned}.`,
        todo: 'Start the run again; it goes on where it stopped.',
      });
    if (counts.failed > 0) refused.push(`${entity} ${counts.failed} of ${counts.planned}`);
  }
  if (refused.length > 0)
    points.push({
      code: 'records_failed',
      weight: 'exception',
      says: `Records that Pipedrive refused: ${refused.join(', ')}.`,
      todo: 'See "Records that could not be written" for the reason of each.',
    });
  return points;
}

function unknownPoints(unknown: number): Point[] {
  if (unknown === 0) return [];
  return [
    {
      code: 'outcomes_unknown',
      weight: 'open',
      says: `Writes of which it is not known yet whether Pipedrive carried them out: ${unknown}.`,
      todo: 'Start the run again: it looks each one up in Pipedrive before it writes anything.',
    },
  ];
}

function verificationPoints(facts: ReconcileFacts, target: Record<string, TargetCounts>): Point[] {
  const points: Point[] = [];
  for (const [entity, counts] of Object.entries(target)) {
    const there = counts.created + counts.updated + counts.unchanged;
    const read = facts.verification
      .filter((row) => row.entity === entity)
      .reduce((records, row) => records + row.records, 0);
    const gone = differencesOf(facts, ['missing'], entity);
    if (gone > 0)
      points.push({
        code: 'records_missing',
        weight: 'open',
        says: `Pipedrive records "${entity}" that were written and are no longer there: ${gone} of ${there}.`,
        todo: 'See "Differences" for their keys. Somebody or an automation deleted them: restore them in Pipedrive, which keeps most kinds for 30 days after that. A load does not write them a second time.',
      });
    if (read + gone < there)
      points.push({
        code: 'records_not_verified',
        weight: 'open',
        says: `Pipedrive records "${entity}" that should be there: ${there}. Read back and compared: ${read}.`,
        todo: 'Start the run again; it reads everything back at its end.',
      });
  }
  const fields = differencesOf(facts, fieldKinds);
  if (fields > 0)
    points.push({
      code: 'fields_differ',
      weight: 'exception',
      says: `Fields that Pipedrive gives back differently from how they were written: ${fields}.`,
      todo: 'See "Differences" for each record and field. Somebody may have edited them meanwhile, or an automation did.',
    });
  const copies = differencesOf(facts, ['extra']);
  if (copies > 0)
    points.push({
      code: 'copies_found',
      weight: 'exception',
      says: `Records in Pipedrive that carry our mark and that we did not write: ${copies}.`,
      todo: 'See "Differences" for their ids. Somebody duplicated a record of ours: delete the copy, or keep it.',
    });
  return points;
}

const fieldKinds: ReadonlyArray<Difference['kind']> = [
  'changed',
  'changed_by_us',
  'changed_by_person',
  'truncated',
];

function differencesOf(
  facts: ReconcileFacts,
  kinds: ReadonlyArray<Difference['kind']>,
  entity?: string,
): number {
  return facts.differences
    .filter((row) => kinds.includes(row.kind) && (entity === undefined || row.entity === entity))
    .reduce((sum, row) => sum + row.differences, 0);
}

function moneyPoints(unequalSums: ReadonlyArray<string>): Point[] {
  if (unequalSums.length === 0) return [];
  return [
    {
      code: 'sums_differ',
      weight: 'exception',
      says: `Sums of money that are not the same in Pipedrive: ${unequalSums.join(', ')}.`,
      todo: 'See "Sums of money". Records that were refused or edited since are the usual reason.',
    },
  ];
}
