import { expect, test } from 'vitest';
import { tokenCost } from './costs.js';
import { publishedFacts } from './facts/facts.generated.js';
import { operationNames } from './facts/operations.js';

test('every operation costs what Pipedrive published for it', () => {
  const ours = Object.fromEntries(operationNames.map((name) => [name, tokenCost(name)]));
  const published = Object.fromEntries(operationNames.map((name) => [name, publishedFacts[name].tokens]));
  expect(ours).toEqual(published);
});
