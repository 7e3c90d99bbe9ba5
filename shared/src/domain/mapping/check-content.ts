import type { MappingContent } from './content.js';
import { mergesOf } from './duplicate-customers.js';
import { labelKey } from './labels.js';
import { markerFieldName } from './record.js';

/** What the zod shape cannot see: parts of a mapping that contradict each other. One sentence each; empty when it is sound. */
export function problemsOf(content: MappingContent): string[] {
  const { settings, schema, bookingStatuses } = content;
  const pipeline = schema.pipelines.find((candidate) => candidate.name === settings.pipeline);
  const names = schema.fields.map((field) => `${field.entity}: ${field.name}`);
  const labels = (schema.labels ?? []).map((label) => `${label.entity}: ${labelKey(label.name)}`);
  const repeatedLabels = labels.filter((name, index) => labels.indexOf(name) !== index);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...(pipeline
      ? []
      : [`settings.pipeline names "${settings.pipeline}", which is not in schema.pipelines.`]),
    ...Object.entries(bookingStatuses)
      .filter(([, target]) => pipeline && !pipeline.stages.includes(target.stage))
      .map(
        ([status, target]) =>
          `The status "${status}" leads to the stage "${target.stage}", which the pipeline does not have.`,
      ),
    ...['Needs review', 'Done']
      .filter((stage) => pipeline && !pipeline.stages.includes(stage))
      .map((stage) => `The pipeline needs the stage "${stage}": records without a mapped status go there.`),
    ...(pipeline &&
    !pipeline.stages.includes('Quoting') &&
    content.objects.some((object) => object.object === 'quote' && object.supported)
      ? ['The pipeline needs the stage "Quoting": quotes go there.']
      : []),
    ...(pipeline &&
    settings.inquiries === 'deals' &&
    !pipeline.stages.includes('Inquiry') &&
    content.objects.some((object) => object.object === 'inquiry' && object.supported)
      ? ['The pipeline needs the stage "Inquiry": inquiries go there.']
      : []),
    ...(pipeline &&
    settings.invoiceDeals === 'own' &&
    !pipeline.stages.includes('Invoiced') &&
    content.objects.some((object) => object.object === 'invoice' && object.supported)
      ? ['The pipeline needs the stage "Invoiced": open invoices go there.']
      : []),
    ...repeatedLabels.map((name) => `The label ${name} is in the schema twice.`),
    ...repeated.map((name) => `The field ${name} is in the schema twice.`),
    ...(['organization', 'person', 'product', 'deal'] as const)
      .filter((entity) => schema.fields.some((field) => field.entity === entity))
      .filter(
        (entity) => !schema.fields.some((field) => field.entity === entity && field.name === markerFieldName),
      )
      .map(
        (entity) =>
          `The field "${markerFieldName}" of ${entity} cannot be left out: records are found again by it.`,
      ),
    ...(settings.dealLines === 'products' && !schema.fields.some((field) => field.entity === 'product')
      ? [
          `The field "${markerFieldName}" of product is needed: lines without a service stand on a product of ours.`,
        ]
      : []),
    ...schema.fields
      .filter((field) => (field.type === 'enum' || field.type === 'set') && field.options.length === 0)
      .map((field) => `The field ${field.entity}: ${field.name} is a choice without options.`),
    ...problemsOfMerges(content),
  ];
}

/** A customer goes into one other, which stays: two answers to where it went would be two records or none. */
function problemsOfMerges({ duplicates = [] }: MappingContent): string[] {
  const merges = mergesOf({ duplicates });
  const into = new Map<string, Set<string>>();
  for (const { from, into: survivor } of merges)
    into.set(from, new Set([...(into.get(from) ?? []), survivor]));
  const survivors = new Set(merges.map((merge) => merge.into));
  return [
    ...duplicates
      .filter(({ mergeInto, customers }) => mergeInto !== null && !customers.includes(mergeInto))
      .map(
        ({ mergeInto, customers }) =>
          `Customers ${customers.join(', ')} are to be merged into ${mergeInto}, which is not one of them.`,
      ),
    ...[...into]
      .filter(([, targets]) => targets.size > 1)
      .map(([from, targets]) => `Customer ${from} is merged into ${[...targets].join(' and ')}.`),
    ...[...into.keys()]
      .filter((from) => survivors.has(from))
      .map(
        (from) =>
          `Customer ${from} is merged into ${[...(into.get(from) ?? [])].join(' and ')}, and others into it: put all of them in one group.`,
      ),
  ];
}
