import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Tests read our packages from source, so that a test run never depends on a stale build.
// Tests that start real processes (crash, e2e) use the build, which `npm test` makes first; what the compiler wrote since
// is packed again before they begin.
const fromSource = [
  'shared',
  'simulator',
  'generator',
  'cli',
  'services/ingest',
  'services/transform',
  'services/loader',
  'services/reporter',
].map((folder) => ({
  find: new RegExp(`^@octopipe/${folder.split('/').at(-1)}/(.*)$`),
  replacement: `${fileURLToPath(new URL(`./${folder}/src/`, import.meta.url))}$1.ts`,
}));

/** Minutes each, one test after the other. Begun last, one of them would be waited for alone. */
const longest = [
  'write/lost-answers',
  'write/crash-redis-lane',
  'write/crash-postgres-lane',
  'chaos/chaos',
  'provision/activity-types',
  'provision/account-answers',
  'run/stopped-run',
  'rollback/rollback-storm',
  'write/found-later',
  'e2e/kills',
  'e2e/storm',
  'e2e/many-migrations',
  'e2e/clear-sentences',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.includes(`/${name}.`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  resolve: { alias: fromSource },
  test: {
    // Most of these tests wait for leases and deadlines rather than compute: on two cores, three at once overlap well.
    maxWorkers: 3,
    // With a process and all modules anew for each file, most files spend more on that than on their tests. What they share
    // then is the state of modules, as requests and jobs of one process do.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Not a promise of speed: a machine under load must not fail a test.
          testTimeout: 60_000,
          include: ['{shared,services/*,simulator,generator,cli}/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.{integration,contract}.test.ts', '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          globalSetup: ['scripts/bundle-setup.mjs', 'shared/src/testing/global-setup.ts'],
          include: [
            '{shared,services/*,simulator,generator,cli,bench}/src/**/*.{integration,contract}.test.ts',
          ],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          globalSetup: ['scripts/bundle-setup.mjs'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          // After the others: each of these starts a whole stack, and two of those fill two cores.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
