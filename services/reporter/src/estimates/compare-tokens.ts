import type { OperationName } from '@octopipe/shared/pipedrive/facts/index';
import { tokenPhases } from '@octopipe/shared/pipedrive/planned-calls';
import {
  type Reason,
  type ReasonFacts,
  reasonsOf,
  type TokenReason,
  type TokenStep,
  type TokensByPhase,
  tokenReasons,
} from './token-reasons.js';

/** The same tokens counted four times, each time knowing more; null: not known yet. */
export interface TokenCounts {
  /** From the rows of the export alone. */
  reckoned: TokensByPhase;
  /** From its mapped records and the mapping, for an account that has nothing of ours. */
  estimated: TokensByPhase | null;
  /** By the run, once it has seen the account. */
  planned: TokensByPhase | null;
  spent: TokensByPhase;
}

type Column = keyof TokenCounts;

const steps: ReadonlyArray<{ step: TokenStep; from: Column; to: Column }> = [
  { step: 'mapping', from: 'reckoned', to: 'estimated' },
  { step: 'account', from: 'estimated', to: 'planned' },
  { step: 'sending', from: 'planned', to: 'spent' },
];

/** Phase by phase: each count, and for each step from one to the next the reasons, whose tokens add up to it. */
export function compareTokens(counts: TokenCounts, facts: ReasonFacts) {
  const phases = tokenPhases.map((phase) => {
    const of = (column: Column) => counts[column]?.[phase];
    const operations = [
      ...new Set(
        steps.flatMap(({ from, to }) => [from, to]).flatMap((column) => Object.keys(of(column) ?? {})),
      ),
    ].sort();
    const differences = steps.flatMap(({ step, from, to }) => {
      const [before, after] = [of(from), of(to)];
      if (!before || !after) return [];
      const reasons = operations.flatMap((operation) =>
        reasonsOf(
          {
            ...{ step, phase, operation: operation as OperationName },
            ...{ before: before[operation] ?? 0, after: after[operation] ?? 0 },
          },
          facts,
        ),
      );
      return [{ step, tokens: total(after) - total(before), reasons: together(reasons) }];
    });
    return {
      phase,
      ...totalsOf(of),
      differences,
      by_operation: operations.map((operation) => ({
        operation,
        ...totalsOf((column) => {
          const tokens = of(column);
          return tokens && { [operation]: tokens[operation] ?? 0 };
        }),
      })),
    };
  });
  return {
    ...totalsOf((column) => {
      const tokens = counts[column];
      return tokens && Object.fromEntries(tokenPhases.map((phase) => [phase, total(tokens[phase])]));
    }),
    phases,
  };
}

function totalsOf(of: (column: Column) => Record<string, number> | null | undefined) {
  const count = (column: Column) => {
    const tokens = of(column);
    return tokens ? total(tokens) : null;
  };
  return {
    reckoned: count('reckoned'),
    estimated: count('estimated'),
    planned: count('planned'),
    spent: count('spent') ?? 0,
  };
}

function total(tokens: Readonly<Record<string, number>>): number {
  return Object.values(tokens).reduce((sum, one) => sum + one, 0);
}

/** One entry for each reason. What cancels out between operations is no difference of the phase. */
function together(reasons: ReadonlyArray<Reason>) {
  const sums = new Map<TokenReason, number>();
  for (const { code, tokens } of reasons) sums.set(code, (sums.get(code) ?? 0) + tokens);
  return [...sums]
    .filter(([, tokens]) => tokens !== 0)
    .map(([code, tokens]) => ({ code, tokens, says: tokenReasons[code] }));
}
