/** The second equation of one phase, as read from rows: `planned = written + failed + waiting`. */
export interface PhaseFacts {
  planned: number;
  written: number;
  failed: number;
  /** Of these, how many only because their parent failed. */
  orphaned: number;
  /** Intents of the entity without a known outcome, of any run of this account. */
  unknown: number;
  /** Of these, how many may be looked at now. */
  due: number;
}

export type Gate =
  | { open: true; waived: boolean }
  | { open: false; needsPerson: false }
  | { open: false; needsPerson: true; code: string; reason: string };

/** What a named person let pass: everything, what follows from failures of an earlier phase, or nothing. */
export type Waived = 'everything' | 'consequences' | 'nothing';

/** A waiver given with the run counts for all phases; one given on resuming only for the phase that was looked at. */
export function waivedFor(
  waivers: ReadonlyArray<{ gate: string; phase?: string | null }>,
  phase: string,
): Waived {
  const given = waivers.filter((waiver) => waiver.gate === 'phase_gates');
  if (given.some((waiver) => (waiver.phase ?? phase) === phase)) return 'everything';
  return given.length > 0 ? 'consequences' : 'nothing';
}

/**
 * A phase gate opens when every planned record has its outcome, none is unknown, and no record failed unless that
 * was waived by name: children of failed parents would fail too, so a person decides first.
 */
export function gateOf(facts: PhaseFacts, waived: Waived, done = 'written'): Gate {
  const waiting = facts.planned - facts.written - facts.failed;
  if (waiting > 0 || facts.unknown > 0) return { open: false, needsPerson: false };
  if (facts.failed === 0) return { open: true, waived: false };
  if (waived === 'everything' || (waived === 'consequences' && facts.failed === facts.orphaned))
    return { open: true, waived: true };
  return {
    open: false,
    needsPerson: true,
    code: 'records_failed',
    reason: `${facts.failed} of ${facts.planned} records could not be ${done}; look at their reasons, then resume the run to go on without them or cancel it.`,
  };
}
