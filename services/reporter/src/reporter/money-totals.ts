import type { Tx } from '@octopipe/shared/db/index';
import { addMoney, compareMoney, isNegative, parseMoney } from '@octopipe/shared/domain/convert/money';
import { type Run, streamRows } from '@octopipe/shared/run/read-run';
import { pageRows } from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';

/** Sums of deal values by currency and status: as planned, and as read back from the account. Amounts are exact decimals. */
export interface DealTotal {
  currency: string;
  status: string;
  plannedDeals: number;
  planned: string;
  readDeals: number;
  read: string;
  equal: boolean;
}

/** Sums of payments or refunds: as the export's files state them, and as the activities in the account state them. */
export interface PaymentTotal {
  object: 'payment' | 'refund';
  rows: number;
  stated: string;
  activities: number;
  read: string;
  /** Activities whose note states no amount that can be read; they make `equal` false. */
  unreadable: number;
  equal: boolean;
}

/** A deal without a currency has the account's own, which is the mapping's; one without a status is open; one without a value is worth nothing. */
export async function dealTotals(tx: Tx, tenantId: string, run: Run, currency: string): Promise<DealTotal[]> {
  const { rows } = await sql<DealTotal>`
    with planned as (
      select coalesce(nullif(payload->>'currency', ''), ${currency}) as currency,
        coalesce(payload->>'status', 'open') as status, count(*)::int as deals,
        coalesce(sum(${amountIn('payload')}), 0) as amount
      from transform.mapped_record
      where tenant_id = ${tenantId} and set_id = ${run.setId}::uuid and entity = 'deal'
      group by 1, 2
    ), there as (
      select coalesce(nullif(after_image->>'currency', ''), ${currency}) as currency,
        coalesce(after_image->>'status', 'open') as status, count(*)::int as deals,
        coalesce(sum(${amountIn('after_image')}), 0) as amount
      from loader.target_record target
      join transform.mapped_record record
        on record.set_id = ${run.setId}::uuid and record.target_key = target.target_key and record.entity = 'deal'
      where target.tenant_id = ${tenantId} and target.connection_id = ${run.connectionId}
        and jsonb_typeof(target.after_image) = 'object' and ${isThere(run)}
      group by 1, 2
    )
    select currency, status, coalesce(planned.deals, 0) as planned_deals,
      trim_scale(coalesce(planned.amount, 0))::text as planned, coalesce(there.deals, 0) as read_deals,
      trim_scale(coalesce(there.amount, 0))::text as read,
      coalesce(planned.deals, 0) = coalesce(there.deals, 0)
        and coalesce(planned.amount, 0) = coalesce(there.amount, 0) as equal
    from planned full join there using (currency, status)
    order by currency collate "C", status collate "C"`.execute(tx);
  return rows;
}

/**
 * The independent source of the first sum is the staged file: the raw text of the amount cell of each row that was
 * mapped, not the mapped payload, which would only repeat what the mapper made of it. The second sum is read from
 * the notes of the activities as Pipedrive gave them back (payments have no amount field there), not from what we
 * sent. Both are read by the same converter; its own tests answer for it. Signs are left out on both sides:
 * exports state refunds as 50.00 or -50.00, notes as a refund of 50.00.
 */
export async function paymentTotals(
  tx: Tx,
  tenantId: string,
  run: Run,
  currency: string,
): Promise<PaymentTotal[]> {
  const totals: PaymentTotal[] = [];
  for (const object of ['payment', 'refund'] as const) {
    const stated = await statedTotal(tx, tenantId, run, object, currency);
    const read = await activityTotal(tx, tenantId, run, object, currency);
    if (stated.rows === 0 && read.activities === 0) continue;
    totals.push({
      object,
      ...stated,
      ...read,
      equal: read.unreadable === 0 && compareMoney(stated.stated, read.read) === 0,
    });
  }
  return totals;
}

/**
 * The amount that a payment's note states (`Amount: AUD 12.50`, domain/objects/transaction-activity.ts), as a plain
 * decimal string without its sign. The first one counts: free text stands behind the block. An after-image has lost
 * its line breaks, so the amount ends where its digits end.
 */
export function amountInNote(note: string, currency: string): string | undefined {
  const text = note.replace(/<[^>]*>/g, ' ').replace(/&nbsp;|\s+/g, ' ');
  return withoutSign(parseMoney(/\bAmount: ([A-Z]{3} -?[\d.,]*\d)/.exec(text)?.[1], currency));
}

async function statedTotal(tx: Tx, tenantId: string, run: Run, object: string, currency: string) {
  const total = { rows: 0, stated: '0' };
  for (let afterRow = 0; ; ) {
    const page = await pageRows(tx, tenantId, run.exportId, object, { afterRow, limit: 500 });
    const mapped = await mappedAmong(
      tx,
      tenantId,
      run,
      object,
      page.map((row) => row.rowNumber),
    );
    for (const row of page) {
      if (!mapped.has(row.rowNumber)) continue;
      total.rows += 1;
      total.stated = addMoney([total.stated, withoutSign(parseMoney(row.fields.amount, currency)) ?? '0']);
    }
    const last = page.at(-1);
    if (!last || page.length < 500) return total;
    afterRow = last.rowNumber;
  }
}

async function mappedAmong(
  tx: Tx,
  tenantId: string,
  run: Run,
  object: string,
  rowNumbers: number[],
): Promise<Set<number>> {
  if (rowNumbers.length === 0 || run.setId === null) return new Set();
  const rows = await tx
    .selectFrom('transform.sourceOutcome')
    .select('rowNumber')
    .where('tenantId', '=', tenantId)
    .where('setId', '=', run.setId)
    .where('object', '=', object)
    .where('outcome', '=', 'mapped')
    .where('rowNumber', 'in', rowNumbers)
    .execute();
  return new Set(rows.map((row) => row.rowNumber));
}

async function activityTotal(tx: Tx, tenantId: string, run: Run, object: string, currency: string) {
  const total = { activities: 0, read: '0', unreadable: 0 };
  const notes = streamRows<{ note: string | null }>(
    tx,
    sql`select target.after_image->>'note' as note
      from transform.mapped_record record
      join loader.target_record target
        on target.connection_id = ${run.connectionId} and target.target_key = record.target_key
      where record.tenant_id = ${tenantId} and record.set_id = ${run.setId}::uuid
        and record.entity = 'activity' and record.source_object = ${object} and ${isThere(run)}`,
  );
  for await (const { note } of notes) {
    const amount = amountInNote(note ?? '', currency);
    total.activities += 1;
    if (amount === undefined) total.unreadable += 1;
    else total.read = addMoney([total.read, amount]);
  }
  return total;
}

/** The after-image of a record outlives it: what the run found missing was not read back. */
function isThere(run: Run) {
  return sql`not exists (select from loader.difference gone where gone.run_id = ${run.id}::uuid
    and gone.target_key = target.target_key and gone.kind = 'missing')`;
}

function withoutSign(amount: string | undefined): string | undefined {
  return amount !== undefined && isNegative(amount) ? amount.slice(1) : amount;
}

/** `value` of a deal as a number of any size; text that is no number counts as nothing instead of stopping the report. */
function amountIn(column: 'payload' | 'after_image') {
  const value = sql`${sql.ref(column)}->>'value'`;
  return sql`case when ${value} ~ '^-?[0-9]+([.][0-9]+)?$' then (${value})::numeric end`;
}
