import { defineConfig } from 'vitest/config';
import main from './vitest.config.js';

// What `npm run mutation` runs against each mutant: the tests of the mutated files alone, not the search over all orders.
export default defineConfig({
  ...(main.resolve ? { resolve: main.resolve } : {}),
  test: {
    include: [
      'services/loader/src/{write,run,rollback}/*.test.ts',
      'services/reporter/src/reporter/reconcile.test.ts',
    ],
    exclude: ['**/*.integration.test.ts', '**/intent-model.test.ts', '**/node_modules/**'],
  },
});
