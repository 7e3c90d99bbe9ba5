import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { type OperationName, operations } from '@octopipe/shared/pipedrive/facts/operations';
import { tokenPhases } from '@octopipe/shared/pipedrive/planned-calls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareTokens, type TokenCounts } from './compare-tokens.js';
import { type ReasonFacts, splitByPhase, type TokensByPhase } from './token-reasons.js';

const nothing: TokensByPhase = { provision: {}, load: {}, verify: {} };
const ended: ReasonFacts = { ended: true, matched: {}, searched: [] };

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
      searched: fc.subarray(['person', 'organization', 'product']),
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
      { matched: { person: 15 }, searched: ['person'] },
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
      {},
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
      {},
      [['sending', 'provision', 'asked_by_answers', 30]],
    ],
  ])('%s', (_what, counts, facts, expected) => {
    expect(reasons(counts, { ...ended, ...facts })).toEqual(expected);
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
    expect(splitByPhase({ createDeal: 570 }, { createDeal: 5 })).toEqual({
      ...nothing,
      load: { createDeal: 570 },
    });
  });

  it('loses nothing', () => {
    const names = Object.keys(operations);
    const all = Object.fromEntries(names.map((name, i) => [name, 100 + i]));
    const split = splitByPhase(all, { getDeals: 10 });
    for (const name of names)
      expect(tokenPhases.reduce((sum, phase) => sum + (split[phase][name] ?? 0), 0)).toBe(all[name]);
  });
});
