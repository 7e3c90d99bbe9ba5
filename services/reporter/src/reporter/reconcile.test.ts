import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReconcileFacts, reconcile } from './reconcile.js';

const clean: ReconcileFacts = {
  status: 'done',
  reason: null,
  stagedRows: [
    { object: 'customer', rows: 7 },
    { object: 'booking', rows: 3 },
    { object: 'automation', rows: 0 },
  ],
  unreadFiles: [],
  outcomes: [
    { object: 'customer', outcome: 'mapped', reason: '', rows: 4 },
    { object: 'customer', outcome: 'merged', reason: '', rows: 2 },
    { object: 'customer', outcome: 'excluded', reason: 'deleted', rows: 1 },
    { object: 'booking', outcome: 'mapped', reason: '', rows: 3 },
  ],
  entities: [
    { entity: 'person', planned: 4, created: 2, updated: 1, unchanged: 1, failed: 0, waiting: 0 },
    { entity: 'deal', planned: 3, created: 3, updated: 0, unchanged: 0, failed: 0, waiting: 0 },
  ],
  unknownOutcomes: 0,
  verification: [
    { entity: 'person', records: 4, fields: 40, differences: 0 },
    { entity: 'deal', records: 3, fields: 33, differences: 0 },
  ],
  differences: [],
  unequalSums: [],
};

test('a clean run balances and leaves nothing to do', () => {
  expect(reconcile(clean)).toEqual({
    source: {
      automation: { rows: 0, mapped: 0, merged: 0, excluded: {}, rejected: {} },
      booking: { rows: 3, mapped: 3, merged: 0, excluded: {}, rejected: {} },
      customer: { rows: 7, mapped: 4, merged: 2, excluded: { deleted: 1 }, rejected: {} },
    },
    target: {
      deal: { planned: 3, created: 3, updated: 0, unchanged: 0, failed: 0, waiting: 0 },
      person: { planned: 4, created: 2, updated: 1, unchanged: 1, failed: 0, waiting: 0 },
    },
    balanced: true,
    verified: { records: 7, fields: 73, differences: 0 },
    unknownOutcomes: 0,
    verdict: 'accounted',
    points: [],
  });
});

describe('the verdict is stricter than the equations', () => {
  const cases: Array<[string, Partial<ReconcileFacts>, boolean, string, string[]]> = [
    [
      'a rejected row is explained, and shown',
      {
        outcomes: clean.outcomes.map((row) =>
          row.outcome === 'excluded' ? { ...row, outcome: 'rejected', reason: 'missing_key' } : row,
        ),
      },
      true,
      'accounted_with_exceptions',
      ['rows_rejected'],
    ],
    [
      'a file that is not read is in no equation',
      { unreadFiles: [{ file: 'bookings.xlsx', rows: 24_000 }] },
      false,
      'not_accounted',
      ['files_not_read'],
    ],
    [
      'a failed record is explained, and shown',
      {
        entities: clean.entities.map((row) =>
          row.entity === 'deal' ? { ...row, created: 2, failed: 1 } : row,
        ),
      },
      true,
      'accounted_with_exceptions',
      ['records_failed'],
    ],
    [
      'differences are exceptions',
      { differences: [{ entity: 'deal', kind: 'changed_by_person', differences: 1 }] },
      true,
      'accounted_with_exceptions',
      ['fields_differ'],
    ],
    [
      'copies are exceptions',
      { differences: [{ entity: 'deal', kind: 'extra', differences: 1 }] },
      true,
      'accounted_with_exceptions',
      ['copies_found'],
    ],
    [
      'a record that is gone is not accounted for, though every write was',
      {
        verification: clean.verification.map((row) =>
          row.entity === 'deal' ? { ...row, records: 2, differences: 1 } : row,
        ),
        differences: [{ entity: 'deal', kind: 'missing', differences: 1 }],
      },
      true,
      'not_accounted',
      ['records_missing'],
    ],
    [
      'a record that is gone stays one beside more that were read than this run wrote',
      { differences: [{ entity: 'deal', kind: 'missing', differences: 1 }] },
      true,
      'not_accounted',
      ['records_missing'],
    ],
    [
      'sums of money that differ are exceptions',
      { unequalSums: ['payments'] },
      true,
      'accounted_with_exceptions',
      ['sums_differ'],
    ],
    [
      'records nobody read back are not accounted for',
      { verification: clean.verification.slice(1) },
      true,
      'not_accounted',
      ['records_not_verified'],
    ],
    [
      'a failed run is not accounted for, even when its numbers are',
      { status: 'failed', reason: 'The account was closed.' },
      true,
      'not_accounted',
      ['run_stopped'],
    ],
    ['an unknown outcome', { unknownOutcomes: 1 }, false, 'not_accounted', ['outcomes_unknown']],
    [
      'rows without any outcome',
      { outcomes: [], entities: [] },
      false,
      'not_accounted',
      ['rows_not_explained', 'rows_not_explained'],
    ],
  ];
  test.each(cases)('%s', (_name, change, balanced, verdict, codes) => {
    const result = reconcile({ ...clean, ...change });
    expect({
      balanced: result.balanced,
      verdict: result.verdict,
      codes: result.points.map((point) => point.code),
    }).toEqual({ balanced, verdict, codes });
  });
});

test('all that can be wrong: what is open first, each with its figures and what to do', () => {
  const { points, source, target } = reconcile({
    ...clean,
    status: 'failed',
    reason: 'The account was closed.',
    stagedRows: [...clean.stagedRows, { object: 'quote', rows: 9 }],
    outcomes: [
      ...clean.outcomes,
      { object: 'quote', outcome: 'rejected', reason: 'unparseable_date', rows: 2 },
      { object: 'quote', outcome: 'rejected', reason: 'missing_key', rows: 1 },
      { object: 'quote', outcome: 'rejected', reason: 'unparseable_date', rows: 1 },
    ],
    entities: [
      ...clean.entities,
      { entity: 'note', planned: 8, created: 1, updated: 1, unchanged: 1, failed: 2, waiting: 2 },
    ],
    unknownOutcomes: 5,
    verification: [
      ...clean.verification.map((row) => ({ ...row, differences: 2 })),
      { entity: 'note', records: 1, fields: 8, differences: 2 },
    ],
    differences: [
      { entity: 'deal', kind: 'truncated', differences: 1 },
      { entity: 'deal', kind: 'changed_by_us', differences: 1 },
      { entity: 'person', kind: 'changed_by_person', differences: 1 },
      { entity: 'person', kind: 'extra', differences: 1 },
      { entity: 'note', kind: 'missing', differences: 1 },
      { entity: 'note', kind: 'extra', differences: 1 },
    ],
    unequalSums: ['deal value', 'payments'],
  });
  expect(Object.keys(source)).toEqual(['automation', 'booking', 'customer', 'quote']);
  expect(Object.keys(target)).toEqual(['deal', 'note', 'person']);
  // The documents print the reasons in this order.
  expect(Object.entries(source.quote?.rejected ?? {})).toEqual([
    ['missing_key', 1],
    ['unparseable_date', 3],
  ]);
  expect(points.map(({ weight, code, says, todo }) => [weight, code, says, todo])).toEqual([
    [
      'open',
      'run_stopped',
      'The run stopped before its end: The account was closed.',
      'Remove the cause and start the run again. What has been written is known and will not be written twice.',
    ],
    [
      'open',
      'rows_not_explained',
      'Rows of "quote" in the export: 9. Rows with an outcome: 4.',
      'Do not sign off. Send this report to support: a row was lost or counted twice.',
    ],
    [
      'open',
      'records_not_explained',
      'Pipedrive records "note" planned: 8. Explained: 7.',
      'Do not sign off. Send this report to support: a record was lost or counted twice.',
    ],
    [
      'open',
      'records_waiting',
      'Pipedrive records "note" not written yet: 2 of 8.',
      'Start the run again; it goes on where it stopped.',
    ],
    [
      'open',
      'outcomes_unknown',
      'Writes of which it is not known yet whether Pipedrive carried them out: 5.',
      'Start the run again: it looks each one up in Pipedrive before it writes anything.',
    ],
    [
      'open',
      'records_missing',
      'Pipedrive records "note" that were written and are no longer there: 1 of 3.',
      'See "Differences" for their keys. Somebody or an automation deleted them: restore them in Pipedrive, which keeps most kinds for 30 days after that. A load does not write them a second time.',
    ],
    [
      'open',
      'records_not_verified',
      'Pipedrive records "note" that should be there: 3. Read back and compared: 1.',
      'Start the run again; it reads everything back at its end.',
    ],
    [
      'exception',
      'rows_rejected',
      'Rows set aside because of their data: quote 4 of 9.',
      'See "Rows that were set aside". Correct them in OctopusPro and export again, or accept that they stay behind.',
    ],
    [
      'exception',
      'records_failed',
      'Records that Pipedrive refused: note 2 of 8.',
      'See "Records that could not be written" for the reason of each.',
    ],
    [
      'exception',
      'fields_differ',
      'Fields that Pipedrive gives back differently from how they were written: 3.',
      'See "Differences" for each record and field. Somebody may have edited them meanwhile, or an automation did.',
    ],
    [
      'exception',
      'copies_found',
      'Records in Pipedrive that carry our mark and that we did not write: 2.',
      'See "Differences" for their ids. Somebody duplicated a record of ours: delete the copy, or keep it.',
    ],
    [
      'exception',
      'sums_differ',
      'Sums of money that are not the same in Pipedrive: deal value, payments.',
      'See "Sums of money". Records that were refused or edited since are the usual reason.',
    ],
  ]);
});

test('several objects and entities are told in one sentence; a run without a reason says that it stopped', () => {
  const { points } = reconcile({
    ...clean,
    status: 'cancelled',
    outcomes: clean.outcomes.map((row) => ({ ...row, outcome: 'rejected', reason: 'missing_key' })),
    entities: clean.entities.map((row) => ({ ...row, created: 1, failed: row.created - 1 })),
    verification: [
      // More were read than stand there: records of an earlier run count, too.
      { entity: 'person', records: 9, fields: 40, differences: 0 },
      { entity: 'deal', records: 1, fields: 33, differences: 0 },
    ],
  });
  expect(points.map(({ says }) => says)).toEqual([
    'The run stopped before its end.',
    'Rows set aside because of their data: booking 3 of 3, customer 7 of 7.',
    'Records that Pipedrive refused: deal 2 of 3, person 1 of 4.',
  ]);
});

test('a run that has not ended is open', () => {
  expect(reconcile({ ...clean, status: 'running' }).points).toMatchObject([
    { weight: 'open', code: 'run_not_ended', says: 'The run has not ended yet.' },
  ]);
});

const name = fc.string({ minLength: 1, maxLength: 8 });
const some = fc.nat({ max: 50_000 });
const reasons = fc.array(fc.record({ reason: name, rows: some }), { maxLength: 3 });

const sourceObject = fc
  .record({ object: name, mapped: some, merged: some, excluded: reasons, rejected: reasons })
  .map(({ object, mapped, merged, excluded, rejected }) => {
    const outcomes: ReconcileFacts['outcomes'] = [
      { object, outcome: 'mapped' as const, reason: '', rows: mapped },
      { object, outcome: 'merged' as const, reason: '', rows: merged },
      ...excluded.map((row) => ({ object, outcome: 'excluded' as const, ...row })),
      ...rejected.map((row) => ({ object, outcome: 'rejected' as const, ...row })),
    ];
    return { object, outcomes, rows: outcomes.reduce((sum, row) => sum + row.rows, 0) };
  });

const targetEntity = fc
  .record({ entity: name, created: some, updated: some, unchanged: some, failed: some })
  .map((counts) => ({
    ...counts,
    waiting: 0,
    planned: counts.created + counts.updated + counts.unchanged + counts.failed,
  }));

const consistent = fc
  .record({
    objects: fc.uniqueArray(sourceObject, { selector: ({ object }) => object, minLength: 1, maxLength: 6 }),
    entities: fc.uniqueArray(targetEntity, { selector: ({ entity }) => entity, minLength: 1, maxLength: 6 }),
  })
  .map(
    ({ objects, entities }): ReconcileFacts => ({
      status: 'done',
      reason: null,
      stagedRows: objects.map(({ object, rows }) => ({ object, rows })),
      unreadFiles: [],
      outcomes: objects.flatMap(({ outcomes }) => outcomes),
      entities,
      unknownOutcomes: 0,
      verification: [],
      differences: [],
      unequalSums: [],
    }),
  );

test('whatever is consistent balances', () => {
  fc.assert(fc.property(consistent, (facts) => reconcile(facts).balanced));
});

test('one planted inconsistency always turns balanced false', () => {
  const shift = fc.integer({ min: -1_000, max: 1_000 }).filter((by) => by !== 0);
  const terms = ['planned', 'created', 'updated', 'unchanged', 'failed', 'waiting'] as const;
  const plant = fc.oneof(
    fc.record({ where: fc.constant('rows' as const), at: fc.nat(), by: shift }),
    fc.record({ where: fc.constant('outcome' as const), at: fc.nat(), by: shift }),
    fc.record({ where: fc.constantFrom(...terms), at: fc.nat(), by: shift }),
    fc.record({ where: fc.constant('unknown' as const), at: fc.nat(), by: fc.integer({ min: 1 }) }),
    fc.record({ where: fc.constant('foreign' as const), at: fc.nat(), by: fc.integer({ min: 1 }) }),
    fc.record({ where: fc.constant('held back' as const), at: fc.nat(), by: fc.integer({ min: 1 }) }),
  );
  fc.assert(
    fc.property(consistent, plant, (facts, { where, at, by }) => {
      const changed = structuredClone(facts) as {
        -readonly [K in keyof ReconcileFacts]: ReconcileFacts[K] extends ReadonlyArray<infer T>
          ? T[]
          : ReconcileFacts[K];
      };
      const pick = <T>(list: T[]): T => list[at % list.length] as T;
      if (where === 'rows') pick(changed.stagedRows).rows += by;
      else if (where === 'outcome') pick(changed.outcomes).rows += by;
      else if (where === 'unknown') changed.unknownOutcomes = by;
      else if (where === 'foreign')
        changed.outcomes.push({ object: 'not in the export', outcome: 'mapped', reason: '', rows: by });
      else if (where === 'held back') {
        // The equation still holds; it is the waiting record itself that must not pass.
        pick(changed.entities).planned += by;
        pick(changed.entities).waiting += by;
      } else pick(changed.entities)[where] += by;
      return !reconcile(changed).balanced;
    }),
    { numRuns: 1_000 },
  );
});

test('files that are not read are named, the first of them, with their rows where they are known', () => {
  const files = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((file) => ({ file, rows: null }));
  const unread = [{ file: 'bookings.xlsx', rows: 24_000 }, ...files];
  expect(reconcile({ ...clean, unreadFiles: unread }).points[0]?.says).toBe(
    'Files of the package in a format that is not read, of which nothing was migrated: bookings.xlsx (rows: 24000), a, b, c, d and 3 more.',
  );
});
