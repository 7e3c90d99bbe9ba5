import { describe, expect, test } from 'vitest';
import { Summary } from '../api/answers.js';
import { resultText } from './result-text.js';
import { judge } from './verdict.js';

const clean = Summary.parse({
  status: 'done',
  source: {
    booking: {
      rows: 1_210,
      mapped: 1_204,
      merged: 0,
      excluded: { deleted: 4 },
      rejected: { orphan_reference: 2 },
    },
    customer: { rows: 1_500, mapped: 1_480, merged: 20, excluded: {}, rejected: {} },
  },
  target: {
    deal: { planned: 1_204, created: 1_204, updated: 0, unchanged: 0, failed: 0, waiting: 0 },
    person: { planned: 1_480, created: 1_400, updated: 70, unchanged: 10, failed: 0, waiting: 0 },
  },
  balanced: true,
  verified: { records: 2_684, fields: 31_400, differences: 0 },
  findings: { invalid_email: 12, orphan_reference: 2 },
  tokens: { planned: 14_000, spent: 13_420, floor: 13_400, by_operation: {} },
  waivers: [
    { gate: 'mapping_confirmation', actor: 'cli --yes' },
    { gate: 'rehearsal', actor: 'cli --yes' },
  ],
  duration_ms: 74_000,
});

test('the whole result, at a hundred columns', () => {
  const lines = resultText(
    {
      runId: 'b7c1',
      summary: clean,
      verdict: judge(clean),
      documents: [{ name: 'summary.json', path: '/out/summary.json', bytes: 2_048 }],
    },
    100,
  );
  expect(lines.every((line) => line.length <= 100)).toBe(true);
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "Reconciliation of run b7c1 (done, 74 s)

    Source: rows = mapped + merged + excluded + rejected
      object     rows  mapped  merged  excluded  rejected
      booking   1,210   1,204       0         4         2  ok
      customer  1,500   1,480      20         0         0  ok
      total     2,710   2,684      20         4         2  ok
      excluded, deleted: booking 4
      rejected, orphan reference: booking 2

    Pipedrive: planned = created + updated + unchanged + failed + waiting
      entity  planned  created  updated  unchanged  failed  waiting
      deal      1,204    1,204        0          0       0        0  ok
      person    1,480    1,400       70         10       0        0  ok
      total     2,684    2,604       70         10       0        0  ok

    Read back: 2,684 records, 31,400 fields, 0 differences.
    Tokens: 13,420 spent of 14,000 planned; the floor is 13,400.
    Waived by cli --yes: mapping confirmation, rehearsal (recorded with the run).

    Findings:
      rows  severity  finding
         2  block     orphan_reference
                The row refers to a record that is not in the export. Export the missing record too, or
                correct the reference.
        12  warn      invalid_email
                The e-mail address is not valid. It was left out.

    Documents:
      /out/summary.json  (2.0 kB)

    Everything is balanced and verified."
  `);
});

test('a second run that had nothing to do says so', () => {
  const idle = {
    ...clean,
    target: { deal: { planned: 5, created: 0, updated: 0, unchanged: 5, failed: 0, waiting: 0 } },
    verified: { records: 5, fields: 50, differences: 0 },
  };
  const lines = resultText({ runId: 'b7c1', summary: idle, verdict: judge(idle), documents: [] }, 100);
  expect(lines).toContain('  Nothing had to be written: everything was there already.');
});

describe('the verdict is the strictest reading', () => {
  const person = { planned: 1_480, created: 1_400, updated: 70, unchanged: 10, failed: 0, waiting: 0 };
  const cases: Array<[string, Partial<Summary>, string[]]> = [
    ['a clean run', {}, []],
    ['a failed run', { status: 'failed' }, ['The run is failed, not done.']],
    [
      'a lost row',
      { source: { customer: { rows: 9, mapped: 8, merged: 0, excluded: {}, rejected: {} } } },
      ['customer: 9 rows, but 8 are explained.'],
    ],
    [
      'a record without an outcome',
      { target: { ...clean.target, person: { ...person, created: 1_399 } } },
      ['person: 1,480 planned, but 1,479 are explained.'],
    ],
    [
      'a record that waits',
      { target: { ...clean.target, person: { ...person, created: 1_399, waiting: 1 } } },
      ['1 records are not written yet.'],
    ],
    [
      'a refused record',
      { target: { ...clean.target, person: { ...person, created: 1_399, failed: 1 } } },
      ['1 records were refused by Pipedrive.'],
    ],
    [
      'a record nobody read back',
      { verified: { records: 2_683, fields: 31_400, differences: 0 } },
      ['2,684 records should be there, but 2,683 were read back.'],
    ],
    [
      'a field that differs',
      { verified: { records: 2_684, fields: 31_400, differences: 3 } },
      ['3 differences from what was written.'],
    ],
    ['the report says no', { balanced: false }, ['The report says that it is not balanced.']],
  ];
  test.each(cases)('%s', (_name, change, reasons) => {
    expect(judge({ ...clean, ...change })).toEqual({
      ending: reasons.length === 0 ? 'ok' : 'notBalanced',
      reasons,
    });
  });
});
