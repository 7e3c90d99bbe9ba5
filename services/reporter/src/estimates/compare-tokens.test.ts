import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { type OperationName, operations } from '@octopipe/shared/pipedrive/facts/operations';
import { callPurposes, type TokenPhase, tokenPhases } from '@octopipe/shared/pipedrive/planned-calls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareTokens, type TokenCounts } from './compare-tokens.js';
import { type ReasonFacts, splitByPhase, type TokensByPhase } from './token-reasons.js';

const nothing: TokensByPhase = { provision: {}, load: {}, verify: {} };
const ended: ReasonFacts = { ended: true, matched: {}, noted: {}, records: {}, pages: {}, made: {} };

/** The reasons of all phases, by step. */
function reasons(counts: Partial<TokenCounts>, facts: ReasonFacts = ended) {
  const { phases } = compareTokens(
    { reckoned: nothing, estimated: nothing, planned: nothing, spent: nothing, ...counts },
    facts,
  );
  return phases.flatMap(({ phase, differences }) =>
    differences.flatMap((difference) =>
      difference.reasons.map(({ code, tokens }) => [difference.step, phase, code, tokens]),
    ),
  );
}

describe('estimate, plan and spent tokens', () => {
  it('differ by reasons that add up, whatever the figures', () => {
    const names = Object.keys(operations) as OperationName[];
    const calls = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 0, max: 900 }), { maxKeys: 12 });
    const tokens = calls.map((some) =>
      Object.fromEntries(
        Object.entries(some).map(([name, n]) => [name, n * tokenCost(name as OperationName)]),
      ),
    );
    const byPhase = fc.record({ provision: tokens, load: tokens, verify: tokens });
    const facts = fc.record({
      ended: fc.boolean(),
      matched: fc.dictionary(fc.constantFrom('person', 'organization', 'product'), fc.nat(100)),
      noted: fc.dictionary(
        fc.constantFrom(...names),
        fc.dictionary(fc.constantFrom(...callPurposes), fc.nat(100)),
      ),
      records: fc.dictionary(
        fc.constantFrom('person', 'line', 'deal'),
        fc.record({ unwritten: fc.nat(99), unchanged: fc.nat(99), found: fc.nat(9), adopted: fc.nat(9) }),
      ),
      pages: fc.dictionary(fc.constantFrom('person', 'line', 'deal'), fc.option(fc.nat(20))),
      made: fc.option(fc.dictionary(fc.constantFrom(...names), fc.nat(20)), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.record({
          reckoned: byPhase,
          estimated: fc.option(byPhase),
          planned: fc.option(byPhase),
          spent: byPhase,
        }),
        facts,
        (counts, known) => {
          const { phases, ...all } = compareTokens(counts, known);
          for (const phase of phases) {
            for (const { tokens: difference, reasons: why } of phase.differences)
              expect(why.reduce((sum, reason) => sum + reason.tokens, 0)).toBe(difference);
            if (counts.estimated && counts.planned)
              expect(phase.differences.reduce((sum, step) => sum + step.tokens, phase.reckoned ?? 0)).toBe(
                phase.spent,
              );
          }
          for (const column of ['reckoned', 'estimated', 'planned', 'spent'] as const)
            expect(all[column]).toBe(
              counts[column] ? phases.reduce((sum, phase) => sum + (phase[column] ?? 0), 0) : null,
            );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are the same without a reason', () => {
    const some = { provision: { getUsers: 20 }, load: { createDeal: 50 }, verify: { getDeals: 10 } };
    expect(reasons({ reckoned: some, estimated: some, planned: some, spent: some })).toEqual([]);
  });

  it.each<[string, Partial<TokenCounts>, Partial<ReasonFacts>, unknown[]]>([
    [
      'types that stand in the account are not made',
      {
        estimated: { ...nothing, provision: { createActivityType: 120 } },
        planned: { ...nothing, provision: { createActivityType: 100 } },
        spent: { ...nothing, provision: { createActivityType: 100 } },
      },
      {},
      [
        ['mapping', 'provision', 'schema_of_mapping', 120],
        ['account', 'provision', 'stands_in_account', -20],
      ],
    ],
    [
      'a second run makes nothing, and patches what has changed',
      {
        reckoned: { ...nothing, load: { createPerson: 500 } },
        estimated: { ...nothing, load: { createPerson: 500 } },
        planned: { ...nothing, load: { updatePerson: 15 } },
        spent: { ...nothing, load: { updatePerson: 15 } },
      },
      {},
      [
        ['account', 'load', 'loaded_before', -500],
        ['account', 'load', 'changed_since_load', 15],
      ],
    ],
    [
      'what is matched is patched instead of made; what failed is not made either',
      {
        planned: { ...nothing, load: { createPerson: 500 } },
        spent: { ...nothing, load: { createPerson: 400, updatePerson: 60 }, verify: { getPersons: 20 } },
      },
      {
        matched: { person: 15 },
        noted: { getPersons: { searched_for_matches: 2 } },
        records: { person: { unwritten: 5, unchanged: 0, found: 0, adopted: 0 } },
      },
      [
        ['account', 'load', 'loaded_before', 500],
        ['sending', 'load', 'matched_in_account', -75 + 60],
        ['sending', 'load', 'not_written', -25],
        ['sending', 'verify', 'searched_for_matches', 20],
      ],
    ],
    [
      'calls that were refused for their rate are sent again',
      {
        planned: { ...nothing, load: { createNote: 100 } },
        spent: { ...nothing, load: { createNote: 130 } },
      },
      { noted: { createNote: { sent_again: 3 } } },
      [
        ['account', 'load', 'loaded_before', 100],
        ['sending', 'load', 'sent_again', 30],
      ],
    ],
    [
      'a run that has not ended has not spent all of its plan',
      { planned: { ...nothing, load: { createNote: 100 } }, spent: { ...nothing, load: { createNote: 30 } } },
      { ended: false },
      [
        ['account', 'load', 'loaded_before', 100],
        ['sending', 'load', 'not_yet_spent', -70],
      ],
    ],
    [
      'labels that are refused as options take another way',
      { spent: { ...nothing, provision: { getDealFieldsV1: 20, updateDealFieldV1: 10 } } },
      {
        noted: { getDealFieldsV1: { asked_by_answers: 1 }, updateDealFieldV1: { asked_by_answers: 1 } },
      },
      [['sending', 'provision', 'asked_by_answers', 30]],
    ],
  ])('%s', (_what, counts, facts, expected) => {
    expect(reasons(counts, { ...ended, ...facts })).toEqual(expected);
  });
});

/** The reasons of one operation's step from planned to spent. */
function sending(
  phase: TokenPhase,
  operation: OperationName,
  [planned, spent]: [number, number],
  facts: Partial<ReasonFacts> = {},
) {
  const counts = {
    planned: { ...nothing, [phase]: { [operation]: planned } },
    spent: { ...nothing, [phase]: { [operation]: spent } },
  };
  return reasons(counts, { ...ended, ...facts })
    .filter(([step]) => step === 'sending')
    .map(([, , code, tokens]) => [code, tokens]);
}

const none = { unwritten: 0, unchanged: 0, found: 0, adopted: 0 };

describe('what no fact of the run accounts for is unexplained', () => {
  it.each<[string, TokenPhase, OperationName, [number, number], Partial<ReasonFacts>, unknown[]]>([
    ['all records created twice', 'load', 'createPerson', [5_000, 10_000], {}, [['unexplained', 5_000]]],
    [
      'more sent than was refused',
      'load',
      'createPerson',
      [5_000, 10_000],
      { noted: { createPerson: { sent_again: 30 } } },
      [
        ['sent_again', 150],
        ['unexplained', 4_850],
      ],
    ],
    [
      'lists read twice, although another operation was repeated',
      'verify',
      'getPersons',
      [10, 20],
      { pages: { person: 1 }, noted: { getPersons: { read_back: 2 }, getDeals: { read_again: 9 } } },
      [['unexplained', 10]],
    ],
    [
      'patches that nobody planned, more than were matched',
      'load',
      'updatePerson',
      [0, 50],
      { matched: { person: 4 }, records: { person: { ...none, adopted: 1 } } },
      [
        ['matched_in_account', 20],
        ['asked_by_answers', 5],
        ['unexplained', 25],
      ],
    ],
    [
      'fewer sent than failed or stood there',
      'load',
      'createNote',
      [500, 100],
      { records: { note: { ...none, unwritten: 10, found: 20 } } },
      [
        ['not_written', -300],
        ['unexplained', -100],
      ],
    ],
    [
      'fewer pages read than the verification saw',
      'verify',
      'getNotes',
      [100, 40],
      { pages: { note: 4 } },
      [
        ['not_read', -20],
        ['unexplained', -40],
      ],
    ],
    [
      'fewer fields made than the run says it made',
      'provision',
      'createPersonField',
      [100, 40],
      { made: { createPersonField: 15 } },
      [
        ['known_before', -25],
        ['unexplained', -35],
      ],
    ],
    ['a second probe', 'provision', 'createDeal', [5, 10], {}, [['unexplained', 5]]],
  ])('%s', (_what, phase, operation, tokens, facts, expected) => {
    expect(sending(phase, operation, tokens, facts)).toEqual(expected);
  });

  it.each<[string, TokenPhase, OperationName, [number, number], Partial<ReasonFacts>, unknown[]]>([
    [
      'records of others between ours',
      'verify',
      'getPersons',
      [10, 50],
      { pages: { person: 4 }, noted: { getPersons: { read_back: 4, read_again: 1 } } },
      [
        ['others_in_lists', 30],
        ['read_again', 10],
      ],
    ],
    [
      'records of others, while they are still read',
      'verify',
      'getPersons',
      [10, 30],
      { ended: false, noted: { getPersons: { read_back: 3 } } },
      [['others_in_lists', 20]],
    ],
    [
      'lines that went one by one after all',
      'load',
      'createDealProducts',
      [50, 25],
      { noted: { createDealProduct: { sent_again: 8 } } },
      [['sent_again', -25]],
    ],
    ['a probe of an earlier run', 'provision', 'createDeal', [5, 0], {}, [['known_before', -5]]],
    ['a dry run', 'provision', 'createPersonField', [25, 0], { made: undefined }, [['not_reached', -25]]],
    ['what nobody read back', 'verify', 'getDeals', [20, 0], {}, [['not_read', -20]]],
  ])('but %s is a cause', (_what, phase, operation, tokens, facts, expected) => {
    expect(sending(phase, operation, tokens, facts)).toEqual(expected);
  });
});

describe('tokens by operation are split into phases', () => {
  it('the probe and the count of standing deals are provisioning, the rest is what the operation is for', () => {
    expect(
      splitByPhase(
        {
          createDeal: 575,
          deleteDeal: 3,
          getDeals: 20,
          getLeads: 40,
          getUsers: 20,
          createDealField: 5,
          uploadFile: 660,
          downloadFile: 40,
          getDealFieldsV1: 20,
        },
        { getDeals: 10, getLeads: 20, createDeal: 5 },
        1,
      ),
    ).toEqual({
      provision: {
        createDeal: 5,
        deleteDeal: 3,
        getDeals: 10,
        getLeads: 20,
        getUsers: 20,
        createDealField: 5,
        getDealFieldsV1: 20,
      },
      load: { createDeal: 570, uploadFile: 660 },
      verify: { getDeals: 10, getLeads: 20, downloadFile: 40 },
    });
  });

  it('an account that was probed before is not probed again: all deals are records', () => {
    expect(splitByPhase({ createDeal: 570 }, { createDeal: 5 }, 0)).toEqual({
      ...nothing,
      load: { createDeal: 570 },
    });
  });

  it('loses nothing', () => {
    const names = Object.keys(operations);
    const all = Object.fromEntries(names.map((name, i) => [name, 100 + i]));
    const split = splitByPhase(all, { getDeals: 10 }, 2);
    for (const name of names)
      expect(tokenPhases.reduce((sum, phase) => sum + (split[phase][name] ?? 0), 0)).toBe(all[name]);
  });
});
