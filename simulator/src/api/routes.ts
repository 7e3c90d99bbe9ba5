import { factsOf, type OperationName, operationNames } from '@octopipe/shared/pipedrive/facts/index';

export interface Match {
  readonly operation: OperationName;
  readonly params: Readonly<Record<string, string>>;
}

interface Route {
  readonly operation: OperationName;
  readonly method: string;
  readonly pattern: RegExp;
}

/** Literal paths first: an id that is no number (of a lead) would take /leads/archived for one. */
const literalFirst = operationNames.toSorted(
  (a, b) => factsOf(a).pathParams.length - factsOf(b).pathParams.length,
);

const routes: readonly Route[] = literalFirst.map((operation) => {
  const { method, path, pathParams } = factsOf(operation);
  const types = new Map(pathParams.map(({ name, type }) => [name, type]));
  // Ids are digits, which keeps /deals/archived apart from /deals/{id}.
  const pattern = path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    types.get(name) === 'integer' ? `(?<${name}>\\d+)` : `(?<${name}>[^/]+)`,
  );
  return { operation, method, pattern: new RegExp(`^${pattern}$`) };
});

/** v1 answers under /v1 too; a bare /v2 is not served. */
export function matchRoute(method: string, path: string): Match | undefined {
  const full = path.startsWith('/v1/') ? `/api${path}` : path;
  for (const route of routes) {
    if (route.method !== method) continue;
    const found = route.pattern.exec(full);
    if (found) return { operation: route.operation, params: decoded(found.groups ?? {}) };
  }
  return undefined;
}

function decoded(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
}
