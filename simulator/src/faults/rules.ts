import { isOperationName } from '@octopipe/shared/pipedrive/facts/index';
import { z } from 'zod';
import { seededRandom } from '../account/random.js';

export const faultKinds = [
  'delay',
  '429',
  '429-retry-after',
  '5xx-before',
  'reset-before',
  'reset-after',
  'timeout-after',
  '5xx-after',
  'truncated-after',
  'late-commit',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export const FaultRule = z.strictObject({
  operation: z.string().refine((name) => name === '*' || isOperationName(name), 'unknown operation'),
  kind: z.enum(faultKinds),
  /** Of the matching requests that were not skipped. */
  probability: z.number().min(0).max(1).default(1),
  /** How many requests it hits at most. */
  times: z.int().min(1).optional(),
  /** How many matching requests it lets pass first. */
  skip: z.int().min(0).default(0),
  delay_ms: z.int().min(0).optional(),
  retry_after_s: z.int().min(0).optional(),
});
export type FaultRule = z.infer<typeof FaultRule>;

export const FaultPlan = z.strictObject({ seed: z.int().default(1), rules: z.array(FaultRule) });
export type FaultPlan = z.infer<typeof FaultPlan>;

interface ActiveRule extends FaultRule {
  seen: number;
  hits: number;
}

export interface ChosenFaults {
  readonly delayMs: number;
  /** At most one fault other than delays befalls a request. */
  readonly fault: FaultRule | undefined;
}

/** Chooses per request; the same plan, seed and order of requests give the same faults. */
export class Faults {
  #rules: ActiveRule[] = [];
  #random = seededRandom(1);

  set(plan: FaultPlan): void {
    this.#rules = plan.rules.map((rule) => ({ ...rule, seen: 0, hits: 0 }));
    this.#random = seededRandom(plan.seed);
  }

  choose(operation: string): ChosenFaults {
    let delayMs = 0;
    let fault: FaultRule | undefined;
    for (const rule of this.#rules) {
      if (rule.operation !== '*' && rule.operation !== operation) continue;
      // A request that an earlier rule has taken is not seen by the later ones.
      if (fault && rule.kind !== 'delay') continue;
      if (!this.#strikes(rule)) continue;
      if (rule.kind === 'delay') delayMs += rule.delay_ms ?? 100;
      else fault = rule;
    }
    return { delayMs, fault };
  }

  dump(): readonly (FaultRule & { seen: number; hits: number })[] {
    return this.#rules;
  }

  #strikes(rule: ActiveRule): boolean {
    rule.seen += 1;
    if (rule.seen <= rule.skip || rule.hits >= (rule.times ?? Infinity)) return false;
    if (this.#random() >= rule.probability) return false;
    rule.hits += 1;
    return true;
  }
}
