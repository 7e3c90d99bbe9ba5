import { type Correction, corrections } from './corrections.js';
import type { OperationFacts, PropertyFact } from './fact-types.js';
import { publishedFacts } from './facts.generated.js';
import { type OperationName, operationNames } from './operations.js';

export type { Correction } from './corrections.js';
export { corrections } from './corrections.js';
export type { FactType, ItemFact, OperationFacts, PropertyFact, QueryFact } from './fact-types.js';
export { type OperationName, operationNames } from './operations.js';

/** What the published description says about an operation, with our corrections laid over it. */
export function factsOf(operation: OperationName): OperationFacts {
  return corrected[operation];
}

/** The rows of corrections.ts that concern an operation; `refused` and `undecided` ones are not part of its facts. */
export function correctionsOf(operation: OperationName): readonly Correction[] {
  return corrections.filter((row) => row.operations.includes(operation));
}

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(publishedFacts, name);
}

const corrected = Object.fromEntries(
  operationNames.map((operation) => [operation, correct(publishedFacts[operation])]),
) as Record<OperationName, OperationFacts>;

function correct(published: OperationFacts): OperationFacts {
  const body = correctionsOf(published.operation).reduce(applyToBody, published.body);
  return { ...published, body };
}

function applyToBody(body: readonly PropertyFact[], row: Correction): readonly PropertyFact[] {
  switch (row.kind) {
    case 'refused':
      return body.filter((property) => property.name !== row.property);
    case 'narrowed':
      return body.map((property) => (property.name === row.property ? { ...property, ...row.to } : property));
    case 'added':
      return [...body, { ...row.fact, name: row.property }];
    case 'undecided':
      return body;
  }
}
