import type { Grade } from './complexity.js';

/** Above this a migration is scoped by a person. */
export const largestPricedRecords = 2_000_000;

/**
 * What a migration costs, by version: a quote names the version it was made with and stays what it was. Never by the
 * record: the price follows the work that people have, not the rows that a machine copies. Amounts are whole units of
 * the currency.
 */
const books = {
  '2026-11': {
    currency: 'USD',
    base: { A: 900, B: 1_800, C: 3_900, D: 7_500 } satisfies Record<Grade, number>,
    /** Rebuilding inventories is the customer's or a partner's work; going through them together is ours. */
    perInventory: 150,
    matching: 400,
    additionalDelta: 250,
  },
} as const;

export const currentBook = '2026-11';

export interface Priced {
  rule_book: string;
  currency: string;
  total: string | null;
  lines: Array<{ says: string; amount: string }>;
  scoped_individually: boolean;
}

export function priceOf(
  grade: Grade,
  facts: { records: number; inventories: number; matching: boolean; additionalDeltas: number },
  version: keyof typeof books = currentBook,
): Priced {
  const book = books[version];
  if (facts.records > largestPricedRecords)
    return {
      rule_book: version,
      currency: book.currency,
      total: null,
      lines: [],
      scoped_individually: true,
    };
  const lines = [
    { says: `Migration of grade ${grade}, one delta included`, amount: book.base[grade] },
    {
      says: `${facts.inventories} inventories gone through together`,
      amount: facts.inventories * book.perInventory,
    },
    { says: 'Matching with records that stand in the account', amount: facts.matching ? book.matching : 0 },
    {
      says: `${facts.additionalDeltas} further deltas`,
      amount: facts.additionalDeltas * book.additionalDelta,
    },
  ].filter(({ amount }) => amount > 0);
  return {
    rule_book: version,
    currency: book.currency,
    total: decimal(lines.reduce((total, { amount }) => total + amount, 0)),
    lines: lines.map(({ says, amount }) => ({ says, amount: decimal(amount) })),
    scoped_individually: false,
  };
}

const decimal = (units: number) => `${units}.00`;
