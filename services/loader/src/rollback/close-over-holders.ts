import { type Decision, decide, type RecordFacts, stays } from './decide.js';

/** A record of ours as the look at the account found it; what hangs on it is not known yet. */
export interface FoundRecord {
  targetKey: string;
  facts: Omit<RecordFacts, 'holder'>;
  /** The target keys of the records of ours that it will still hang on when the rollback is done, if it stays. */
  hangsOn: ReadonlyArray<string>;
  /** The target key of the record that it is a part of. */
  partOf: string | undefined;
}

export interface DecidedRecord {
  decision: Decision;
  holder: RecordFacts['holder'];
}

/**
 * Decides all records together: whatever stays holds what it hangs on and its own parts, and those in turn what they hang
 * on. `heldByOthers` are the keys on which something hangs that is not ours at all.
 */
export function closeOverHolders(
  records: ReadonlyArray<FoundRecord>,
  heldByOthers: ReadonlySet<string>,
): Map<string, DecidedRecord> {
  const byKey = new Map(records.map((record) => [record.targetKey, record]));
  const parts = new Map<string, FoundRecord[]>();
  for (const record of records)
    if (record.partOf !== undefined) parts.set(record.partOf, [...(parts.get(record.partOf) ?? []), record]);
  const decided = new Map<string, DecidedRecord>();
  const settle = (record: FoundRecord, holder: RecordFacts['holder']): boolean => {
    const decision = decide({ ...record.facts, holder });
    decided.set(record.targetKey, { decision, holder });
    return stays(decision);
  };
  const staying = records.filter((record) =>
    settle(record, heldByOthers.has(record.targetKey) ? 'others' : 'none'),
  );
  const hold = (held: FoundRecord | undefined, holder: 'kept' | 'whole') => {
    const known = held && decided.get(held.targetKey);
    if (!held || known?.holder !== 'none') return;
    const stayedAnyway = stays(known.decision);
    if (settle(held, holder) && !stayedAnyway) staying.push(held);
  };
  for (let record = staying.pop(); record; record = staying.pop()) {
    for (const key of record.hangsOn) hold(byKey.get(key), 'kept');
    for (const part of parts.get(record.targetKey) ?? []) hold(part, 'whole');
  }
  return decided;
}
