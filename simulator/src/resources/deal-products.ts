import { factsOf, type OperationName } from '@octopipe/shared/pipedrive/facts/index';
import type { Account } from '../account/account.js';
import type { SimRecord } from '../account/entities.js';
import { ifSeen } from '../account/visibility.js';
import {
  type Answer,
  badRequest,
  forbiddenPlainly,
  gone,
  invalid,
  notFound,
  ok,
  Refusal,
} from '../api/answers.js';
import { type Call, type Handler, jsonOf } from '../api/call.js';
import { type Draft, isArray, type Json, type JsonObject, listOf, objectOf } from '../json.js';
import { LINES_PER_REQUEST, RECURRING_LINES_PER_DEAL } from '../limits/plans.js';
import { checkV2Body } from '../validate/body.js';
import { commit, markDeleted } from './commit.js';
import { lineSum, settleValue } from './deal-value.js';
import { cursorPage } from './pages.js';
import { assertExists, assertNotArchived } from './references.js';

export const dealProductHandlers: Partial<Record<OperationName, Handler>> = {
  getDealProducts: (call: Call) => listLines(call, call.account.linesOf(findDeal(call).id)),
  getProductsOfDeals(call: Call): Answer {
    const deals = new Set((call.query.deal_ids as readonly string[]).map(Number));
    // Deals that do not exist are just absent.
    const lines = [...deals].flatMap((id) =>
      ifSeen(call.account, 'deals', call.account.live('deals', id)) ? call.account.linesOf(id) : [],
    );
    return listLines(call, lines);
  },
  createDealProduct(call: Call): Answer {
    const deal = findOpenDeal(call);
    const draft = settledLine(call.account, deal, checkV2Body(call.operation, jsonOf(call)), undefined);
    const [line] = storeLines(call, deal, [draft]);
    return ok(line ?? null, undefined, factsOf(call.operation).successStatus);
  },
  createDealProducts(call: Call): Answer {
    const deal = findOpenDeal(call);
    return ok(storeLines(call, deal, draftsOf(call, deal)), undefined, factsOf(call.operation).successStatus);
  },
  updateDealProduct(call: Call): Answer {
    const { account } = call;
    const deal = findOpenDeal(call);
    const line = findLine(call, deal);
    if (line.is_deleted) throw notFound();
    const draft = settledLine(account, deal, checkV2Body(call.operation, jsonOf(call)), line);
    Object.assign(line, draft, { update_time: account.now() });
    settleDeal(account, deal, line);
    commit(call, 'update', 'dealProducts', line);
    return ok(render(account, line));
  },
  deleteDealProduct(call: Call): Answer {
    const deal = findOpenDeal(call);
    const line = findLine(call, deal);
    if (line.is_deleted) throw gone();
    deleteLines(call, deal, [line]);
    return ok({ id: line.id });
  },
  deleteDealProducts(call: Call): Answer {
    const deal = findOpenDeal(call);
    const lines = call.account.linesOf(deal.id);
    const { ids } = call.query;
    // Asked for none is not the same as not asked: the latter means all.
    if (isArray(ids) && ids.length === 0) throw invalid('ids', 'Expected a list of ids');
    const chosen = isArray(ids) ? lines.filter(({ id }) => ids.includes(String(id))) : lines;
    const deleted = chosen.slice(0, LINES_PER_REQUEST);
    deleteLines(call, deal, deleted);
    return ok(
      { ids: deleted.map(({ id }) => id) },
      { more_items_in_collection: chosen.length > deleted.length },
    );
  },
};

export const blankLine: Draft = {
  product_id: null,
  product_variation_id: null,
  item_price: 0,
  quantity: 1,
  tax: 0,
  // The user's setting in the real service; it has no call.
  tax_method: 'exclusive',
  discount: 0,
  discount_type: 'percentage',
  comments: '',
  is_enabled: true,
  billing_frequency: 'one-time',
  billing_frequency_cycles: null,
  billing_start_date: null,
};

/**
 * Open question #20. `atomic`: one bad line refuses all. `partial`: the good ones are stored and answered, and only a
 * request without a single good line is refused.
 */
function draftsOf(call: Call, deal: SimRecord): Draft[] {
  const { account, operation } = call;
  const { data } = objectOf(jsonOf(call));
  const atomic = account.switches.bulk_lines === 'atomic';
  // How many there are is never a matter of one line.
  const { length } = listOf(data);
  if (atomic || length === 0 || length > LINES_PER_REQUEST) checkV2Body(operation, jsonOf(call));
  const drafts: Draft[] = [];
  let refused: Refusal | undefined;
  for (const given of listOf(data)) {
    try {
      drafts.push(settledLine(account, deal, checkV2Body('createDealProduct', given), undefined, drafts));
    } catch (error) {
      if (atomic || !(error instanceof Refusal)) throw error;
      refused ??= error;
    }
  }
  if (refused && drafts.length === 0) throw refused;
  return drafts;
}

/** The whole line as it will be stored; `others` are lines of the same request that are not stored yet. */
function settledLine(
  account: Account,
  deal: SimRecord,
  given: JsonObject,
  before: SimRecord | undefined,
  others: readonly Draft[] = [],
): Draft {
  const siblings = [...account.linesOf(deal.id), ...others].filter((line) => line !== before);
  const inherited = siblings.at(-1)?.tax_method ?? blankLine.tax_method ?? null;
  const draft: Draft = { ...(before ?? { ...blankLine, tax_method: inherited, deal_id: deal.id }) };
  for (const [name, value] of Object.entries(given)) draft[name] = value ?? blankLine[name] ?? null;
  assertProduct(account, given);
  settleBilling(account, draft, siblings);
  return draft;
}

function assertProduct(account: Account, given: JsonObject): void {
  assertExists(account, 'products', 'product_id', given.product_id);
  if (account.live('products', given.product_id)?.is_linkable === false) {
    throw badRequest('The product cannot be added to deals.');
  }
  // Variations are not among the operations we serve, so no id of one can be right.
  if (given.product_variation_id) {
    throw badRequest("'product_variation_id' refers to a record that was not found.");
  }
}

const YEARS_AROUND = 10;

function settleBilling(account: Account, draft: Draft, siblings: readonly Draft[]): void {
  const cycles = draft.billing_frequency_cycles ?? null;
  const start = draft.billing_start_date ?? null;
  const recurs = isRecurring(draft);
  if ((recurs || cycles !== null || start !== null) && !account.limits().recurringProducts) {
    throw forbiddenPlainly('Recurring products are not included in your plan.');
  }
  if (!recurs && cycles !== null) {
    throw badRequest("'billing_frequency_cycles' must be null for one-time products.");
  }
  if (draft.billing_frequency === 'weekly' && cycles === null) {
    throw badRequest("'billing_frequency_cycles' is required for weekly products.");
  }
  if (recurs && siblings.filter(isRecurring).length >= RECURRING_LINES_PER_DEAL) {
    throw badRequest(`A deal can have at most ${RECURRING_LINES_PER_DEAL} recurring products.`);
  }
  const today = account.now().slice(0, 10);
  if (
    start !== null &&
    (String(start) < yearsFrom(today, -YEARS_AROUND) || String(start) > yearsFrom(today, YEARS_AROUND))
  ) {
    throw badRequest(`'billing_start_date' must be within ${YEARS_AROUND} years.`);
  }
}

function isRecurring(line: Draft): boolean {
  return line.billing_frequency !== 'one-time';
}

function yearsFrom(day: string, years: number): string {
  return `${Number(day.slice(0, 4)) + years}${day.slice(4)}`;
}

/** One ledger line per stored line, all with the id of the one request. */
function storeLines(call: Call, deal: SimRecord, drafts: readonly Draft[]): JsonObject[] {
  const { account } = call;
  const stored = drafts.map((draft) =>
    account.insert('dealProducts', { ...draft, order_nr: nextOrderNr(account, deal.id) }),
  );
  const last = stored.at(-1);
  if (last) settleDeal(account, deal, last);
  for (const line of stored) commit(call, 'create', 'dealProducts', line);
  return stored.map((line) => render(account, line));
}

function deleteLines(call: Call, deal: SimRecord, lines: readonly SimRecord[]): void {
  for (const line of lines) {
    markDeleted(call, line);
    commit(call, 'delete', 'dealProducts', line);
  }
  settleDeal(call.account, deal, undefined);
}

/** The tax method is one for the whole deal: that of the line written last. Then the deal's value follows. */
function settleDeal(account: Account, deal: SimRecord, written: SimRecord | undefined): void {
  if (written) for (const line of account.linesOf(deal.id)) line.tax_method = written.tax_method;
  settleValue(account, deal);
  deal.update_time = account.now();
}

const ORDER_STEP = 10;

function nextOrderNr(account: Account, dealId: number): number {
  return ORDER_STEP + Number(account.linesOf(dealId).at(-1)?.order_nr ?? 0);
}

function findDeal({ account, params }: Call): SimRecord {
  const deal = ifSeen(account, 'deals', account.live('deals', Number(params.id)));
  if (!deal) throw notFound();
  return deal;
}

function findOpenDeal(call: Call): SimRecord {
  const deal = findDeal(call);
  assertNotArchived(call.account, { deal_id: deal.id });
  return deal;
}

function findLine({ account, params }: Call, deal: SimRecord): SimRecord {
  const line = account.find('dealProducts', Number(params.product_attachment_id));
  if (line?.deal_id !== deal.id) throw notFound();
  return line;
}

function listLines({ account, query }: Call, lines: readonly SimRecord[]): Answer {
  const { page, additional } = cursorPage(lines, query);
  return ok(
    page.map((line) => render(account, line)),
    additional,
  );
}

function render(account: Account, line: SimRecord): JsonObject {
  const { is_deleted, deleted_at, ...sent } = line;
  const currency: Json = account.find('deals', line.deal_id)?.currency ?? null;
  return {
    ...sent,
    name: account.find('products', line.product_id)?.name ?? null,
    currency,
    sum: lineSum(line, currency),
  };
}
