import { expect, test } from 'vitest';
import { createMetrics, gauges, histograms } from './metrics.js';

test('shows what is, and no more what was; a gauge nobody measured is absent, not 0', async () => {
  const metrics = createMetrics('loader');
  const shown = async () =>
    (await metrics.text())
      .split('\n')
      .filter((line) => /^octopipe_\w+(\{.*\})? /.test(line))
      .sort();
  expect(await shown()).toEqual([]);
  metrics.show([
    { name: 'octopipe_backlog_age_seconds', labels: {}, value: 1.5 },
    { name: 'octopipe_run_progress', labels: { run: 'r1', phase: 'deals' }, value: 0.25 },
    { name: 'octopipe_run_progress', labels: { run: 'r2', phase: 'deals' }, value: 1 },
  ]);
  expect(await shown()).toEqual([
    'octopipe_backlog_age_seconds{service="loader"} 1.5',
    'octopipe_run_progress{run="r1",phase="deals",service="loader"} 0.25',
    'octopipe_run_progress{run="r2",phase="deals",service="loader"} 1',
  ]);
  metrics.show([{ name: 'octopipe_run_progress', labels: { run: 'r2', phase: 'deals' }, value: 1 }]);
  expect(await shown()).toEqual(['octopipe_run_progress{run="r2",phase="deals",service="loader"} 1']);
});

test('two services of one process do not see each other', async () => {
  const [one, other] = [createMetrics('ingest'), createMetrics('reporter')];
  one.show([{ name: 'octopipe_backlog_age_seconds', labels: {}, value: 1 }]);
  expect(await one.text()).toContain('octopipe_backlog_age_seconds{service="ingest"} 1');
  expect(await other.text()).not.toMatch(/^octopipe_backlog_age_seconds/m);
});

test('names say their unit, labels are words of ours or bounded ids, and each has its sentence', () => {
  const bounded = ['run', 'company'];
  const words = [
    'check',
    'state',
    'status',
    'entity',
    'phase',
    'reason',
    'method',
    'route',
    'job',
    'outcome',
  ];
  for (const [name, { help, labels }] of Object.entries({ ...gauges, ...histograms })) {
    expect(name).toMatch(/^octopipe_[a-z_]+$/);
    expect(help.length, name).toBeGreaterThan(8);
    for (const label of labels) expect([...bounded, ...words, 'operation']).toContain(label);
  }
  for (const name of Object.keys(histograms)) expect(name).toMatch(/_seconds$/);
});
