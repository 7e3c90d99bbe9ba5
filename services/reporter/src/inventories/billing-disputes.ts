import type { Tx } from '@octopipe/shared/db/index';
import type { MappingSettings } from '@octopipe/shared/domain/mapping/content';
import { type MoneyRows, partsOnInvoice, sharesOf, wholePayment } from '@octopipe/shared/domain/objects/paid';
import {
  childRows,
  listStagedObjects,
  pageRows,
  rowsById,
  type SourceRow,
} from '@octopipe/shared/staging/read-staged';
import { sql } from 'kysely';
import {
  type Dispute,
  type DisputeFigures,
  figuresOf,
  findBillingDisputes,
  type InvoiceMoney,
} from '../reporter/find-billing-disputes.js';

/** An invoice, or a payment without one, of which at least one rule says that its figures cannot all be right. */
export interface BillingCase {
  /** `invoice:5745`, or `payment:4474` for a payment without an invoice. */
  key: string;
  number: string;
  customerId: string;
  status: string;
  file: string | null;
  fileRow: number | null;
  figures: DisputeFigures;
  disputes: Dispute[];
  /** Payments of the invoice that were set aside, by id. */
  setAside: string[];
}

/** What the queries need; the scan keeps one page in memory, whatever the size of the export. */
export interface BillingSource {
  tx: Tx;
  tenantId: string;
  exportId: string;
  settings: MappingSettings;
}

const pageSize = 200;

/** Invoices in the order of their rows, then payments that belong to no invoice. */
export async function* billingCases(source: BillingSource): AsyncGenerator<BillingCase> {
  const objects = new Set(
    (await listStagedObjects(source.tx, source.tenantId, source.exportId)).map(({ object }) => object),
  );
  const known = { items: objects.has('invoice_item'), payments: objects.has('payment') };
  const places = await placesOf(source);
  for await (const page of pagesOf(source, 'invoice'))
    for (const money of await moneyOfInvoices(source, page, known)) yield* caseOf(source, money, places);
  for await (const page of pagesOf(source, 'payment'))
    for (const money of await moneyWithoutInvoice(source, page, known)) yield* caseOf(source, money, places);
}

function caseOf(source: BillingSource, money: InvoiceMoney, places: Places): BillingCase[] {
  const disputes = findBillingDisputes(money, source.settings);
  const row = money.invoice ?? money.payments[0]?.row;
  if (disputes.length === 0 || !row) return [];
  return [
    {
      key: `${row.object}:${row.sourceId}`,
      number: row.fields.invoice_number ?? row.sourceId,
      customerId: row.fields.customer_id ?? '',
      status: row.fields.status ?? '',
      ...places(row.object, row.rowNumber),
      figures: figuresOf(money, source.settings.currency),
      disputes,
      setAside: money.setAside,
    },
  ];
}

async function* pagesOf(
  { tx, tenantId, exportId }: BillingSource,
  object: string,
): AsyncGenerator<SourceRow[]> {
  for (let afterRow = 0; ; ) {
    const page = await pageRows(tx, tenantId, exportId, object, { afterRow, limit: pageSize });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    afterRow = last.rowNumber;
  }
}

async function moneyOfInvoices(
  source: BillingSource,
  invoices: SourceRow[],
  known: InvoiceMoney['known'],
): Promise<InvoiceMoney[]> {
  const children = (object: string, parent: string, ids: string[]) =>
    childRows(source.tx, source.tenantId, source.exportId, object, parent, ids);
  const ids = invoices.map((invoice) => invoice.sourceId);
  const items = await children('invoice_item', 'invoice', ids);
  const direct = await children('payment', 'invoice', ids);
  const allocated = await children('payment_allocation', 'invoice', ids);
  const allocatedIds = [...allocated.values()].flat().flatMap((row) => row.fields.payment_id ?? []);
  const payments = await rowsById(source.tx, source.tenantId, source.exportId, 'payment', [
    ...new Set(allocatedIds),
  ]);
  for (const row of [...direct.values()].flat()) payments.set(row.sourceId, row);
  const paymentIds = [...payments.keys()];
  const allocations = await children('payment_allocation', 'payment', paymentIds);
  const refunds = await children('refund', 'payment', paymentIds);
  const setAside = await setAsidePayments(source, ids);
  const rows = moneyRows(payments, {
    'payment<invoice': direct,
    'payment_allocation<invoice': allocated,
    'payment_allocation<payment': allocations,
    'refund<payment': refunds,
  });
  return invoices.map((invoice) => ({
    invoice,
    items: items.get(invoice.sourceId) ?? [],
    payments: partsOnInvoice(invoice.sourceId, rows, source.settings.currency),
    setAside: setAside.get(invoice.sourceId) ?? [],
    known,
  }));
}

/** What was read, as the rule of what pays an invoice asks for it. */
function moneyRows(
  payments: ReadonlyMap<string, SourceRow>,
  children: Readonly<Record<string, ReadonlyMap<string, SourceRow[]>>>,
): MoneyRows {
  return {
    children: (child, parent, id) => children[`${child}<${parent}`]?.get(id) ?? [],
    row: (_object, id) => payments.get(id ?? ''),
  };
}

async function moneyWithoutInvoice(
  source: BillingSource,
  payments: SourceRow[],
  known: InvoiceMoney['known'],
): Promise<InvoiceMoney[]> {
  const loose = payments.filter(({ fields }) => fields.invoice_id === undefined);
  const ids = loose.map((row) => row.sourceId);
  const { tx, tenantId, exportId } = source;
  const allocations = await childRows(tx, tenantId, exportId, 'payment_allocation', 'payment', ids);
  const refunds = await childRows(tx, tenantId, exportId, 'refund', 'payment', ids);
  const rows = moneyRows(new Map(), {
    'payment_allocation<payment': allocations,
    'refund<payment': refunds,
  });
  return loose
    .filter((row) => sharesOf(row, rows).length === 0)
    .map((row) => ({ invoice: null, items: [], payments: [wholePayment(row, rows)], setAside: [], known }));
}

async function setAsidePayments(
  { tx, tenantId, exportId }: BillingSource,
  invoiceIds: string[],
): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ invoiceId: string; payments: string[] }>`
    select f.parent_id as invoice_id, array_agg(distinct coalesce(r.source_id, '') order by coalesce(r.source_id, '')) as payments
    from ingest.staged_ref f
    join ingest.staged_row r on r.export_id = f.export_id and r.object = f.object and r.row_number = f.row_number
    join ingest.row_verdict v on v.export_id = f.export_id and v.object = f.object and v.row_number = f.row_number
    where f.tenant_id = ${tenantId} and f.export_id = ${exportId} and f.object = 'payment'
      and f.parent_object = 'invoice' and f.parent_id = any(${invoiceIds})
      and r.tenant_id = ${tenantId} and r.export_id = ${exportId} and v.verdict = 'rejected'
    group by f.parent_id`.execute(tx);
  return new Map(rows.map((row) => [row.invoiceId, row.payments]));
}

type Places = (object: string, rowNumber: number) => { file: string | null; fileRow: number | null };

/** Row numbers run over all files of an object; people look for a row in one file. */
async function placesOf({ tx, tenantId, exportId }: BillingSource): Promise<Places> {
  const files = await tx
    .selectFrom('ingest.exportFile')
    .select(['object', 'path', 'firstRow'])
    .where('tenantId', '=', tenantId)
    .where('exportId', '=', exportId)
    .where('kind', '=', 'table')
    .where('object', 'in', ['invoice', 'payment'])
    .where('firstRow', 'is not', null)
    .orderBy('firstRow', 'desc')
    .execute();
  return (object, rowNumber) => {
    const file = files.find((one) => one.object === object && (one.firstRow ?? 0) <= rowNumber);
    return file
      ? { file: file.path, fileRow: rowNumber - (file.firstRow ?? 1) + 1 }
      : { file: null, fileRow: null };
  };
}
