// npm run mutation: what decides over the customer's records is changed in one place at a time; a test has to notice.
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // The intent machine, the equations and their gate, the table of the rollback.
  mutate: [
    'services/loader/src/write/{intent-states,fate-of,plan-writes,trial}.ts',
    'services/loader/src/run/gate.ts',
    'services/loader/src/rollback/decide.ts',
    'services/reporter/src/reporter/reconcile.ts',
  ],
  ignorePatterns: ['**/dist', '**/*.tsbuildinfo', 'samples', 'k8s', '.octopipe'],
  // TypeScript 7 has no API for Stryker to rewrite its configuration with; vitest needs none.
  tsconfigFile: 'none',
  tempDirName: '.stryker',
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'reports/mutation.json' },
  concurrency: 1,
  checkers: [],
  thresholds: { high: 90, low: 80, break: 80 },
};
