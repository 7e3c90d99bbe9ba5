import { parseList } from '../convert/list.js';
import { cutText, oneLine } from '../convert/text.js';
import type { DestinationSchema, LabelEntity } from './content.js';
import type { RowContext, SourceRow } from './define-object.js';

/** Pipedrive takes so many labels on a record (pipedrive-api.md 4.2). */
export const mostLabels = 100;

/** A label as it will be called: one line, as long as an option may be. */
export function labelName(text: string): string {
  return cutText(oneLine(text), 255).text;
}

/** What makes two labels the same one. */
export function labelKey(text: string): string {
  return labelName(text).normalize('NFKC').toLowerCase();
}

/** The names in a row's column Labels. `known` ones stay whole where they hold a delimiter. */
export function labelsIn(row: SourceRow, known: ReadonlyArray<string>): string[] {
  return parseList(row.fields.labels, known)
    .map(labelName)
    .filter((name) => name !== '');
}

/** The labels of a row under a confirmed mapping. */
export function labelsOf(row: SourceRow, entity: LabelEntity, ctx: RowContext): string[] {
  return row.fields.labels === undefined
    ? []
    : labelsIn(row, [...namesOf(ctx.content.schema, entity).values()]);
}

type Labels = NonNullable<DestinationSchema['labels']>;
/** The same for every row; a schema never changes. */
const namesByEntity = new WeakMap<Labels, Map<LabelEntity, Map<string, string>>>();

/** By key, the names of the labels that the mapping makes for an entity. */
export function namesOf({ labels }: DestinationSchema, entity: LabelEntity): ReadonlyMap<string, string> {
  if (!labels) return new Map();
  const known = namesByEntity.get(labels) ?? new Map<LabelEntity, Map<string, string>>();
  namesByEntity.set(labels, known);
  const names =
    known.get(entity) ??
    new Map(labels.filter((label) => label.entity === entity).map(({ name }) => [labelKey(name), name]));
  known.set(entity, names);
  return names;
}
