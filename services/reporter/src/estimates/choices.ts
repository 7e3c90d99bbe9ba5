import {
  entitiesToMatch,
  type MappingSettings,
  type MatchedEntity,
  matchedEntities,
} from '@octopipe/shared/domain/mapping/content';
import { orderedMatches } from '@octopipe/shared/domain/mapping/propose';
import type { EstimateInput } from './estimate.js';

/** What a tenant chooses and an estimate follows. */
export type Choices = Pick<EstimateInput, 'inquiries' | 'dealLines' | 'matching'>;

/** The same as an estimate is asked with them; absent: left to what stands. */
export interface AskedChoices {
  inquiries?: Choices['inquiries'] | undefined;
  deal_lines?: Choices['dealLines'] | undefined;
  matching?: boolean | undefined;
}

const defaults: Choices = { inquiries: 'leads', dealLines: 'text', matching: [] };

/** Whose word a choice is, the stronger first. */
const sources = {
  asked: 'as asked',
  mapping: 'as the confirmed mapping says',
  migration: 'as the migration has ordered',
  nobody: 'as nothing else was said',
} as const;
type Source = keyof typeof sources;

/** As the mapper and the loader read a mapping: what it does not say is the default. */
export function choicesOfMapping(settings: MappingSettings): Choices {
  return {
    inquiries: settings.inquiries ?? defaults.inquiries,
    dealLines: settings.dealLines ?? defaults.dealLines,
    matching: entitiesToMatch(settings),
  };
}

/** Without anything but the question. */
export function choicesAsked(asked: AskedChoices): Choices {
  return {
    inquiries: asked.inquiries ?? defaults.inquiries,
    dealLines: asked.deal_lines ?? defaults.dealLines,
    matching: matchesAsked(asked.matching, []) ?? defaults.matching,
  };
}

/**
 * Each choice from the strongest that has a word on it: the question, the confirmed mapping, the migration's settings
 * (of which a mapping would be proposed), the default. `says`: a sentence for each, with whose word it is.
 */
export function chooseTerms(
  asked: AskedChoices,
  mapping: MappingSettings | undefined,
  ordered: Readonly<Record<string, unknown>>,
): { choices: Choices; says: string[] } {
  const ofMapping = mapping && choicesOfMapping(mapping);
  const ofMigration = choicesOrdered(ordered);
  const take = <K extends keyof Choices>(name: K, wanted: Choices[K] | undefined) => {
    const words: Array<[Source, Choices[K] | undefined]> = [
      ['asked', wanted],
      ['mapping', ofMapping?.[name]],
      ['migration', ofMigration[name]],
    ];
    for (const [source, value] of words) if (value !== undefined) return { value, source };
    return { value: defaults[name], source: 'nobody' as const };
  };
  const inquiries = take('inquiries', asked.inquiries);
  const dealLines = take('dealLines', asked.deal_lines);
  const standing = take('matching', undefined).value;
  const matching = take('matching', matchesAsked(asked.matching, standing));
  return {
    choices: { inquiries: inquiries.value, dealLines: dealLines.value, matching: matching.value },
    says: [
      `inquiries: ${inquiries.value}, ${sources[inquiries.source]}.`,
      `deal_lines: ${dealLines.value}, ${sources[dealLines.source]}.`,
      `matching: ${matching.value.length === 0 ? 'none' : matching.value.map((entity) => `${entity}s`).join(', ')}, ${sources[matching.source]}.`,
    ],
  };
}

/** As a mapping is proposed of them (propose.ts). */
function choicesOrdered({
  inquiries,
  deal_lines,
  match,
}: Readonly<Record<string, unknown>>): Partial<Choices> {
  return {
    ...(inquiries === 'leads' || inquiries === 'deals' ? { inquiries } : {}),
    ...(deal_lines === 'text' || deal_lines === 'products' ? { dealLines: deal_lines } : {}),
    ...(match === undefined ? {} : { matching: orderedMatches({ match }) }),
  };
}

/** Asked for without saying of what: of those that stand in the order, else of all. */
function matchesAsked(
  asked: boolean | undefined,
  standing: ReadonlyArray<MatchedEntity>,
): ReadonlyArray<MatchedEntity> | undefined {
  if (asked === undefined) return undefined;
  if (!asked) return [];
  return standing.length > 0 ? standing : matchedEntities;
}
