import { parseList } from '../convert/list.js';
import { objectOfWord } from '../convert/object-word.js';
import { statusColor } from '../objects/inquiry.js';
import { quoteLabels } from '../objects/quote.js';
import type { DestinationSchema, LabelColor, LabelEntity, MappingSettings } from './content.js';
import type { SourceRow } from './define-object.js';
import { labelKey, labelName } from './labels.js';

/** What a proposal of labels rests on. */
export interface LabelFacts {
  /** Rows of label. */
  definitions: ReadonlyArray<SourceRow>;
  /** Names in the column Labels, by object. */
  found: ReadonlyMap<string, ReadonlyArray<string>>;
  /** Status texts of inquiries. */
  inquiryStatuses: ReadonlyArray<string>;
}

/**
 * The labels of each kind of record: those that are defined for its objects, those that occur on them, and what we say
 * by a label ourselves. Each once, whatever its case; the spelling of the definition wins.
 */
export function proposeLabels(
  facts: LabelFacts,
  staged: ReadonlyArray<string>,
  settings: MappingSettings,
  hasCompanies: boolean,
): NonNullable<DestinationSchema['labels']> {
  const labels = new Map<string, NonNullable<DestinationSchema['labels']>[number]>();
  const defined = new Map(
    facts.definitions.map(({ fields }) => [
      labelKey(fields.name ?? ''),
      { name: labelName(fields.name ?? ''), color: colorOf(fields.colour) },
    ]),
  );
  const add = (entity: LabelEntity, text: string, color?: LabelColor) => {
    const known = defined.get(labelKey(text));
    const name = known?.name ?? labelName(text);
    const key = `${entity}\n${labelKey(name)}`;
    if (name === '' || labels.has(key)) return;
    // Only labels of leads are made with a colour.
    const colored = entity === 'lead' ? { color: known?.color ?? color ?? ('gray' as const) } : {};
    labels.set(key, { entity, name, ...colored });
  };
  const isStaged = (object: string) => staged.includes(object);
  for (const { fields } of facts.definitions) {
    const objects = parseList(fields.applies_to).flatMap((word) => objectOfWord(word) ?? []);
    for (const object of objects.filter(isStaged))
      for (const entity of entitiesOf(object, settings, hasCompanies)) add(entity, fields.name ?? '');
  }
  for (const [object, names] of facts.found)
    for (const entity of entitiesOf(object, settings, hasCompanies))
      for (const name of names) add(entity, name);
  if (isStaged('quote')) for (const name of quoteLabels) add('deal', name);
  if (isStaged('inquiry') && settings.inquiries !== 'deals')
    for (const status of facts.inquiryStatuses) add('lead', status, statusColor(status));
  return [...labels.values()];
}

/** Where the labels of an object end up. Those of an inquiry that became a deal are labels of the deal. */
function entitiesOf(object: string, settings: MappingSettings, hasCompanies: boolean): LabelEntity[] {
  switch (object) {
    case 'customer':
      return hasCompanies ? ['person', 'organization'] : ['person'];
    case 'booking':
    case 'quote':
    case 'invoice':
      return ['deal'];
    case 'inquiry':
      return settings.inquiries === 'deals' ? ['deal'] : ['lead', 'deal'];
    default:
      return [];
  }
}

/**
 * Of the published colours of lead labels the six that have always been taken ("only a subset" of them is usable), by
 * hue. What has too little colour to tell is gray.
 */
const hues: ReadonlyArray<readonly [LabelColor, number]> = [
  ['red', 0],
  ['yellow', 48],
  ['green', 130],
  ['blue', 212],
  ['purple', 275],
];

/** The colour of ours that is nearest to the eye; undefined for a text that is no `#rrggbb`. */
export function colorOf(text: string | undefined): LabelColor | undefined {
  const match = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text?.trim() ?? '');
  if (!match) return undefined;
  const [red = 0, green = 0, blue = 0] = match.slice(1).map((part) => Number.parseInt(part, 16));
  const most = Math.max(red, green, blue);
  const span = most - Math.min(red, green, blue);
  if (span <= most / 5) return 'gray';
  const sector =
    most === red
      ? (green - blue) / span
      : most === green
        ? 2 + (blue - red) / span
        : 4 + (red - green) / span;
  const hue = (sector * 60 + 360) % 360;
  const distance = (of: number) => Math.min(Math.abs(hue - of), 360 - Math.abs(hue - of));
  return [...hues].sort(([, a], [, b]) => distance(a) - distance(b))[0]?.[0];
}
