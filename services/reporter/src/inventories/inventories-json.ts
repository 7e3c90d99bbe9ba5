import { Readable } from 'node:stream';
import type { ReportFacts } from '../reporter/gather-facts.js';
import type { AutomationInventory } from './automations.js';
import type { BillingCase } from './billing-disputes.js';
import { disputeWords } from './billing-disputes-html.js';
import type { CustomFieldInventory } from './custom-fields.js';
import type { FaqInventory } from './faqs.js';
import type { FormInventory } from './forms.js';
import type { ManualReview } from './manual-review.js';
import type { OutOfScope } from './out-of-scope.js';
import type { PortalInventory } from './portal.js';

/** What the inventories say, except the billing cases, which grow with the data and are streamed. */
export interface Inventories {
  automations: AutomationInventory;
  faqs: FaqInventory;
  forms: FormInventory;
  customFields: CustomFieldInventory;
  portal: PortalInventory;
  manualReview: ManualReview;
  outOfScope: OutOfScope;
}

/** The same as the pages, for programs. */
export function inventoriesJson(
  facts: ReportFacts,
  inventories: Inventories,
  cases: AsyncIterable<BillingCase>,
): Readable {
  return Readable.from(pieces(facts, inventories, cases));
}

async function* pieces(
  facts: ReportFacts,
  inventories: Inventories,
  cases: AsyncIterable<BillingCase>,
): AsyncGenerator<string> {
  const head = {
    migration: facts.migration,
    runId: facts.run.id,
    currency: facts.mapping.content.settings.currency,
    ...inventories,
  };
  // The closing brace is left off: the cases follow inside the same object.
  yield JSON.stringify(snake(head), null, 2).slice(0, -2);
  yield ',\n  "billing_disputes": [';
  let separator = '\n    ';
  for await (const one of cases) {
    const disputes = one.disputes.map((dispute) => ({ ...dispute, ...disputeWords[dispute.rule] }));
    yield separator + JSON.stringify(snake({ ...one, disputes }));
    separator = ',\n    ';
  }
  yield separator === '\n    ' ? ']\n}\n' : '\n  ]\n}\n';
}

type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [name: string]: Json };

/** Members in snake_case, as everywhere in our JSON. Names of members are ours throughout: no value becomes one. */
function snake(value: unknown): Json {
  if (Array.isArray(value)) return value.map(snake);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        snake(member),
      ]),
    );
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
