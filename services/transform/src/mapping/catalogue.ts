import type { Tx } from '@octopipe/shared/db/index';
import { parseBool } from '@octopipe/shared/domain/convert/bool';
import { objectOfWord } from '@octopipe/shared/domain/convert/object-word';
import { cleanLabel } from '@octopipe/shared/domain/mapping/convert-field';
import type {
  Catalogue,
  CustomFieldDefinition,
  SourceRow,
} from '@octopipe/shared/domain/mapping/define-object';
import { targetKeyOf } from '@octopipe/shared/domain/mapping/record';
import { listWorkers } from '@octopipe/shared/mapped/list-workers';
import { allRows } from './all-rows.js';

/** The small tables of an export: workers, services, questions, field definitions. Hundreds of rows, read once per job. */
export async function loadCatalogue(tx: Tx, tenantId: string, exportId: string): Promise<Catalogue> {
  const workers = await listWorkers(tx, tenantId, exportId);
  const services = new Map<string, string>();
  const sellable = new Map<string, { taxRate: string | undefined }>();
  for (const object of ['service', 'product']) {
    for await (const { sourceId, fields } of allRows(tx, tenantId, exportId, object)) {
      if (object === 'service' && fields.service_name !== undefined)
        services.set(sourceId, fields.service_name);
      if (sourceId !== '' && parseBool(fields.active) !== false)
        sellable.set(targetKeyOf(object, sourceId), { taxRate: fields.tax_rate });
    }
  }
  return {
    workers: new Map(workers.map(({ sourceKey, name, email }) => [sourceKey, { name, email }])),
    services,
    sellable,
    faqs: await loadFaqs(tx, tenantId, exportId),
    customFields: await loadCustomFields(tx, tenantId, exportId),
  };
}

async function loadFaqs(tx: Tx, tenantId: string, exportId: string): Promise<SourceRow[]> {
  const faqs: SourceRow[] = [];
  for await (const row of allRows(tx, tenantId, exportId, 'faq')) faqs.push(row);
  return faqs;
}

async function loadCustomFields(
  tx: Tx,
  tenantId: string,
  exportId: string,
): Promise<Map<string, CustomFieldDefinition>> {
  const options = new Map<string, string[]>();
  for await (const { fields } of allRows(tx, tenantId, exportId, 'custom_field_option')) {
    if (fields.field_id === undefined || fields.label === undefined) continue;
    const labels = options.get(fields.field_id) ?? [];
    options.set(fields.field_id, labels);
    labels.push(cleanLabel(fields.label));
  }
  const definitions = new Map<string, CustomFieldDefinition>();
  for await (const { sourceId, fields } of allRows(tx, tenantId, exportId, 'custom_field')) {
    definitions.set(sourceId, {
      id: sourceId,
      label: fields.label ?? sourceId,
      appliesTo: objectOfWord(fields.applies_to) ?? fields.applies_to?.toLowerCase() ?? '',
      type: fields.type ?? 'Text box',
      options: options.get(sourceId) ?? [],
    });
  }
  return definitions;
}
