import { currencyCodes, DEFAULT_CURRENCY } from '../account/currencies.js';
import { badRequest, forbiddenPlainly } from '../api/answers.js';
import { type Json, listOf, objectOf } from '../json.js';
import { assertOwner, assertVisibility } from './references.js';
import { crudHandlers, type V2Resource } from './v2-crud.js';

const MOST_CYCLES = 208;

export const products: V2Resource = {
  entity: 'products',
  fieldEntity: 'productFields',
  blank: (account) => ({
    name: '',
    code: null,
    description: null,
    unit: null,
    tax: 0,
    category: null,
    owner_id: account.caller().id,
    is_linkable: true,
    visible_to: account.limits().companyVisibility,
    prices: null,
    billing_frequency: 'one-time',
    billing_frequency_cycles: null,
    custom_fields: {},
  }),
  settle({ account }, draft, given) {
    assertOwner(account, given.owner_id);
    assertVisibility(account, given.visible_to);
    if (given.category !== undefined && given.category !== null) {
      const field = [...account.all('productFields')].find(({ field_code }) => field_code === 'category');
      const known = listOf(field?.options).some((option) => objectOf(option).id === given.category);
      if (!known) throw badRequest(`Category ${String(given.category)} does not exist.`);
    }
    const recurring = given.billing_frequency !== undefined && given.billing_frequency !== 'one-time';
    if (recurring && !account.limits().recurringProducts) {
      throw forbiddenPlainly('Recurring products are not included in your plan.');
    }
    if (Number(given.billing_frequency_cycles ?? 0) > MOST_CYCLES) {
      throw badRequest(`'billing_frequency_cycles' must not exceed ${MOST_CYCLES}.`);
    }
    // PATCH replaces the whole array.
    if (given.prices !== undefined || draft.prices === null) draft.prices = pricesOf(given.prices ?? null);
  },
};

export const productHandlers = crudHandlers(products, {
  create: 'createProduct',
  get: 'getProduct',
  list: 'getProducts',
  update: 'updateProduct',
  delete: 'deleteProduct',
});

/** One price per currency; none given means 0 in the user's currency. */
function pricesOf(given: Json): Json {
  const entries = listOf(given).map(objectOf);
  if (entries.length === 0) return [priceOf({ currency: DEFAULT_CURRENCY, price: 0 })];
  const seen = new Set<Json>();
  for (const { currency } of entries) {
    if (typeof currency !== 'string' || !currencyCodes.has(currency))
      throw badRequest('Unknown currency in prices.');
    if (seen.has(currency)) throw badRequest('Only one price per currency is allowed.');
    seen.add(currency);
  }
  return entries.map(priceOf);
}

function priceOf(price: ReturnType<typeof objectOf>): Json {
  return {
    currency: price.currency ?? DEFAULT_CURRENCY,
    price: price.price ?? 0,
    cost: price.cost ?? 0,
    direct_cost: price.direct_cost ?? null,
    notes: price.notes ?? '',
  };
}
