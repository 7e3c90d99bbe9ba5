import type { MatchedEntity } from '@octopipe/shared/domain/mapping/content';
import type { TargetKey } from '@octopipe/shared/domain/mapping/record';
import { kindOf, type SignalKind, type Signals, signalKinds, signalsOf } from './signals.js';

/** A record of the account that may be one of ours, and in what they agree. */
export interface Candidate {
  id: string;
  by: SignalKind[];
}

export type MatchReason = 'one_candidate' | 'several_candidates' | 'shared_candidate' | 'names_differ';

/** One of ours with what was found for it. Sure only with `one_candidate`; everything else is a question to a person. */
export interface Match {
  targetKey: TargetKey;
  reason: MatchReason;
  candidates: Candidate[];
}

/**
 * Finds for records of ours those of the account they may be. Ours are held in memory (signals and words of the name,
 * some 300 bytes each), theirs pass by a page at a time: an account may be far larger than an export.
 */
export class MatchFinder {
  readonly #ours = new Map<TargetKey, { nameWords: string[]; candidates: Map<string, Found> }>();
  readonly #bySignal = new Map<string, TargetKey[]>();

  constructor(
    readonly entity: MatchedEntity,
    readonly country: string,
  ) {}

  addOurs(targetKey: TargetKey, payload: Readonly<Record<string, unknown>>): void {
    const { keys, nameWords } = signalsOf(this.entity, payload, this.country);
    this.#ours.set(targetKey, { nameWords, candidates: new Map() });
    for (const key of new Set(keys)) this.#bySignal.set(key, [...(this.#bySignal.get(key) ?? []), targetKey]);
  }

  /** A record of the account that is not ours. A page may show it twice when the list moves meanwhile. */
  lookAtTheirs(id: string, record: Readonly<Record<string, unknown>>): void {
    const theirs = signalsOf(this.entity, record, this.country);
    for (const key of theirs.keys) {
      for (const targetKey of this.#bySignal.get(key) ?? []) {
        const ours = this.#ours.get(targetKey);
        const found = ours?.candidates.get(id) ?? { by: new Set(), sharesName: shareWord(ours, theirs) };
        found.by.add(kindOf(key));
        ours?.candidates.set(id, found);
      }
    }
  }

  /** Every record of ours with at least one candidate, in the order in which ours were added. */
  matches(): Match[] {
    const best = [...this.#ours].flatMap(([targetKey, { candidates }]) => {
      const found = strongest(candidates);
      return found.length > 0 ? [{ targetKey, found }] : [];
    });
    const claims = new Map<string, number>();
    for (const { found } of best) for (const [id] of found) claims.set(id, (claims.get(id) ?? 0) + 1);
    return best.map(({ targetKey, found }) => ({
      targetKey,
      reason: reasonOf(found, claims),
      candidates: found
        .map(([id, { by }]) => ({ id, by: signalKinds.filter((kind) => by.has(kind)) }))
        .sort((a, b) => Number(a.id) - Number(b.id)),
    }));
  }
}

interface Found {
  by: Set<SignalKind>;
  sharesName: boolean;
}

/** Those that agree in the strongest signal that anybody agrees in. */
function strongest(candidates: ReadonlyMap<string, Found>): Array<[string, Found]> {
  for (const kind of signalKinds) {
    const found = [...candidates].filter(([, { by }]) => by.has(kind));
    if (found.length > 0) return found;
  }
  return [];
}

function reasonOf(found: Array<[string, Found]>, claims: ReadonlyMap<string, number>): MatchReason {
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) return 'several_candidates';
  if ((claims.get(only[0]) ?? 0) > 1) return 'shared_candidate';
  // One address for a whole office, or a code that means something else there.
  return only[1].sharesName ? 'one_candidate' : 'names_differ';
}

function shareWord(a: Pick<Signals, 'nameWords'> | undefined, b: Pick<Signals, 'nameWords'>): boolean {
  return a?.nameWords.some((word) => b.nameWords.includes(word)) ?? false;
}
