/** What is known of one record of ours when a rollback comes to it. */
export interface RecordFacts {
  /** Its entity is among those to be rolled back. */
  selected: boolean;
  /** Who made it: `ours`, by a create that the account confirmed under this id; `theirs`, with a before-image; or not known. */
  maker: 'ours' | 'theirs' | 'unknown';
  /** Whether the account lists it at all; one that is already deleted is not listed. */
  listed: boolean;
  /**
   * What it says now: what it said after our last write (`untouched`), or something else (`edited`). Of theirs: whether
   * any field still says what we wrote (`untouched`) or none does (`restored`). `unread`: it was never read back after
   * our last write, so nobody can tell.
   */
  content: 'untouched' | 'restored' | 'edited' | 'unread';
  /**
   * Whether something that stays in the account holds it: a record of the customer's own or one of ours that is kept hangs
   * on it, or the whole stays of which it is a part.
   */
  holder: 'none' | 'others' | 'kept' | 'whole';
}

export type KeepReason =
  | 'not_selected'
  | 'unknown_maker'
  | 'never_read_back'
  | 'edited'
  | 'others_hang_on_it'
  | 'kept_hangs_on_it'
  | 'part_of_kept';

export type Decision =
  /** Nothing to do: it is gone. */
  | { action: 'gone' }
  /** Nothing to do: it says what it said before us. */
  | { action: 'restored' }
  | { action: 'restore' }
  | { action: 'delete' }
  | { action: 'keep'; reason: KeepReason };

/**
 * The whole of what a rollback may do to a record; the first row that fits decides. Read downwards it says: what cannot be
 * told to be untouched stays, what was the customer's own is put back and never deleted, and of what we made nothing
 * goes on which something else hangs. `delete` stands last and needs every other answer to be the harmless one.
 */
const table: ReadonlyArray<[when: Partial<RecordFacts>, decision: Decision]> = [
  [{ selected: false }, { action: 'keep', reason: 'not_selected' }],
  [{ listed: false }, { action: 'gone' }],
  [{ maker: 'unknown' }, { action: 'keep', reason: 'unknown_maker' }],
  [{ content: 'unread' }, { action: 'keep', reason: 'never_read_back' }],
  [{ content: 'edited' }, { action: 'keep', reason: 'edited' }],
  [{ maker: 'theirs', content: 'restored' }, { action: 'restored' }],
  [{ maker: 'theirs', content: 'untouched' }, { action: 'restore' }],
  [{ holder: 'others' }, { action: 'keep', reason: 'others_hang_on_it' }],
  [{ holder: 'kept' }, { action: 'keep', reason: 'kept_hangs_on_it' }],
  [{ holder: 'whole' }, { action: 'keep', reason: 'part_of_kept' }],
  [{ maker: 'ours', content: 'untouched', holder: 'none' }, { action: 'delete' }],
];

export function decide(facts: RecordFacts): Decision {
  const row = table.find(([when]) =>
    (Object.keys(when) as Array<keyof RecordFacts>).every((name) => when[name] === facts[name]),
  );
  // Ours and `restored` is a contradiction: what we made has no before. Like everything that is not understood, it stays.
  return row?.[1] ?? { action: 'keep', reason: 'unknown_maker' };
}

/** Whether the record still stands in the account when the rollback has done this. What hangs on it, or on what it hangs, follows. */
export function stays(decision: Decision): boolean {
  return decision.action === 'keep' || decision.action === 'restore' || decision.action === 'restored';
}
