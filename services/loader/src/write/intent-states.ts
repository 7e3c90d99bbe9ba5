export type IntentState = 'planned' | 'sent' | 'ambiguous' | 'confirmed' | 'rejected';

export interface IntentMove {
  from: ReadonlyArray<IntentState>;
  to: IntentState;
}

/**
 * Every way an intent may go; whoever updates one takes `from` and `to` from here, and repeats attempt and state in the
 * `where`, so that of two who come to one intent only one moves it. intent-model.test.ts tries all orders of two workers,
 * deaths, late answers and walks against this table.
 */
export const intentMoves = {
  /** A new one is inserted as `sent`; one that is already sent, or of which nobody knows, is not taken again. */
  send: { from: ['planned'], to: 'sent' },
  /** A late yes of the latest attempt counts whatever was thought meanwhile: `planned` is not sent again yet. */
  confirm: { from: ['sent', 'ambiguous', 'planned'], to: 'confirmed' },
  refuse: { from: ['sent'], to: 'rejected' },
  /** A definite no before anything was written. */
  handBack: { from: ['sent'], to: 'planned' },
  lose: { from: ['sent'], to: 'ambiguous' },
  /** Its worker has said nothing until the deadline. */
  giveUp: { from: ['sent'], to: 'ambiguous' },
  /** By the walk. */
  find: { from: ['ambiguous'], to: 'confirmed' },
  lookAgain: { from: ['ambiguous'], to: 'ambiguous' },
  release: { from: ['ambiguous'], to: 'planned' },
  /** No readable answer, again and again (unanswered.ts): not sent any more until a person says so. */
  leave: { from: ['planned'], to: 'planned' },
  /** A delete of a rollback that was ended, or that a person believed in: the record was seen to stand (look-at-undone.ts). */
  drop: { from: ['planned'], to: 'rejected' },
  /** The tables are of an earlier time than the account (note-doubt.ts). A new one is inserted as `ambiguous`. */
  doubt: { from: ['planned', 'sent', 'ambiguous'], to: 'ambiguous' },
} as const satisfies Record<string, IntentMove>;

/** Two looks that find nothing, apart in time, before a record may be sent again. */
export const looksNeeded = 2;

/** What a walk that did not find the marker means. An update or a delete is repeatable: it goes straight back. */
export function afterLook(intent: { operation: string; probes: number }): 'lookAgain' | 'release' {
  return intent.operation !== 'create' || intent.probes + 1 >= looksNeeded ? 'release' : 'lookAgain';
}

/** States in which nobody knows whether the record was written. */
export const unknownStates: ReadonlyArray<IntentState> = ['sent', 'ambiguous'];

export function isUnknown(state: IntentState): boolean {
  return unknownStates.includes(state);
}
