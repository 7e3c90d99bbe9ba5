import type { Mapping } from '../api/answers.js';
import { count, renderTable, wrap } from '../terminal/table.js';

/** What a person confirms, short enough to read; mapping.json has every column. */
export function mappingText({ content }: Mapping, columns: number): string[] {
  const carried = content.objects.filter(({ supported }) => supported);
  const listed = content.objects.filter(({ supported, inventory }) => !supported && inventory !== undefined);
  const others = content.objects.filter(({ supported, inventory }) => !supported && inventory === undefined);
  const fields = groupBy(content.schema.fields, ({ entity }) => entity);
  const labels = groupBy(content.schema.labels, ({ entity }) => entity);
  const statuses = groupBy(
    Object.entries(content.bookingStatuses),
    ([, target]) => `${target.status}, ${target.stage}`,
  );
  return [
    'The proposed mapping:',
    ...renderTable(
      [
        { title: 'object', align: 'left' },
        { title: 'rows', align: 'right' },
        { title: 'columns mapped', align: 'right' },
      ],
      carried.map(({ object, rows, columns: all }) => [
        object,
        rows,
        `${all.filter(({ target }) => target !== null).length} of ${all.length}`,
      ]),
    ),
    ...section(
      'Written down in inventories instead',
      listed.map(({ object, rows }) => `${object} ${count(rows)}`),
      columns,
    ),
    ...section(
      'Not in scope (counted, not loaded)',
      others.map(({ object, rows }) => `${object} ${count(rows)}`),
      columns,
    ),
    ...[...fields].flatMap(([entity, list]) =>
      section(
        `Custom fields to make on ${entity} (${list.length})`,
        list.map(({ name }) => name),
        columns,
      ),
    ),
    ...content.schema.pipelines.flatMap(({ name, stages }) => section(`Pipeline ${name}`, stages, columns)),
    ...section(
      'Activity types to make',
      content.schema.activityTypes.map(({ name }) => name),
      columns,
    ),
    ...[...labels].flatMap(([entity, list]) =>
      section(
        `Labels of ${entity}s (${list.length})`,
        list.map(({ name }) => name),
        columns,
      ),
    ),
    ...[...statuses].flatMap(([target, list]) =>
      section(
        `Booking statuses → ${target}`,
        list.map(([status]) => status),
        columns,
      ),
    ),
    ...duplicatesText(content.duplicates ?? [], columns),
    ...(content.lossy.length === 0 ? [] : ['  What cannot be carried over in full:']),
    ...content.lossy.flatMap(({ object, says }) => hang(`- ${object}: ${says}`, columns)),
  ];
}

/** Groups of customers that look alike and that nobody has merged. */
export function keptApart({ content }: Mapping): number {
  return (content.duplicates ?? []).filter(({ mergeInto }) => mergeInto === null).length;
}

function duplicatesText(groups: NonNullable<Mapping['content']['duplicates']>, columns: number): string[] {
  if (groups.length === 0) return [];
  const apart = groups.filter(({ mergeInto }) => mergeInto === null);
  const sure = apart.filter(({ grade }) => grade === 'sure').length;
  const merged = groups.length - apart.length;
  const says = [
    ...(apart.length === 0
      ? []
      : [
          `${counted(apart.length)} that may be one and the same, ${count(sure)} of them surely: kept apart, unless the mapping says "mergeInto" (see "duplicates" in mapping.json)`,
        ]),
    ...(merged === 0 ? [] : [`${counted(merged)} merged into one, as the mapping says`]),
  ];
  return section('Customers', says, columns);
}

function counted(groups: number): string {
  return groups === 1 ? '1 group' : `${count(groups)} groups`;
}

function section(title: string, items: readonly string[], columns: number): string[] {
  return items.length === 0 ? [] : wrap(`${title}: ${items.join(', ')}`, columns, '  ');
}

function hang(text: string, columns: number): string[] {
  return wrap(text, columns - 2, '    ');
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
