import { matchedEntities } from '@octopipe/shared/domain/mapping/content';
import { findDefinition } from '@octopipe/shared/domain/objects/registry';
import { type Entity, entities } from '@octopipe/shared/domain/run/states';
import { canonicalObjects } from '@octopipe/shared/octopuspro/canonical-fields';
import { tokenCost } from '@octopipe/shared/pipedrive/costs';
import { entityCalls } from '@octopipe/shared/pipedrive/entity-calls';
import { describe, expect, it } from 'vitest';
import { type EstimateInput, estimateOf } from './estimate.js';
import { inventoryOnly, partOfOthers, seldom, yields } from './yields.js';

/** Rows of profile S in the source data sheet, section 3. */
const small: EstimateInput['rows'] = {
  booking: 5_000,
  customer: 1_800,
  customer_property: 1_000,
  inquiry: 2_500,
  quote: 1_750,
  appointment: 7_500,
  invoice: 4_250,
  payment: 4_500,
  refund: 110,
  form_response: 28_000,
  note: 8_000,
  complaint: 150,
  attachment: 9_000,
  communication: 25_000,
  service: 18,
  product: 40,
};

const ask = (changes: Partial<EstimateInput> = {}) =>
  estimateOf({
    plan: 'ultimate',
    seats: 5,
    rows: small,
    reserveShare: 0.2,
    inquiries: 'leads',
    dealLines: 'text',
    customFields: 24,
    statuses: 9,
    matching: [],
    additionalDeltas: 0,
    standingDeals: 0,
    ...changes,
  });

describe('an estimate', () => {
  it('knows what becomes of every object of an export', () => {
    const known = [...Object.keys(yields), ...partOfOthers, ...inventoryOnly].sort();
    expect(known).toEqual(canonicalObjects.map(({ object }) => object).sort());
  });

  it('has a yield for every record that the mapping makes of an object, but for what it names as seldom', () => {
    const without = canonicalObjects.flatMap(({ object }) => {
      const known = [...(yields[object] ?? []).map(({ entity }) => entity), ...(seldom[object] ?? [])];
      const isKnown = (entity: Entity) =>
        // Inquiries are leads, or deals instead.
        known.includes(entity) || (object === 'inquiry' && entity === 'deal' && known.includes('lead'));
      const made = findDefinition(object)?.produces ?? [];
      return made.filter(({ entity }) => !isKnown(entity)).map(({ entity }) => `${object} → ${entity}`);
    });
    expect(without).toEqual([]);
  });

  it('adds up: phases to the total, requests times price to the tokens', () => {
    const { tokens, records } = ask();
    const { provision, load, verify } = tokens.phases;
    expect(tokens.total).toBe(provision.tokens + load.tokens + verify.tokens);
    expect(tokens.requests).toBe(provision.requests + load.requests + verify.requests);
    const byHand =
      tokenCost('createDeal') * ((records.deal ?? 0) + (records.person ?? 0) + (records.organization ?? 0)) +
      tokenCost('createActivity') * ((records.activity ?? 0) + (records.product ?? 0)) +
      tokenCost('createNote') * ((records.note ?? 0) + (records.file ?? 0) + (records.lead ?? 0));
    expect(load.tokens).toBe(byHand);
    expect(Object.values(tokens.by_entity).reduce((all, part) => all + part.tokens, 0)).toBe(
      load.tokens + verify.tokens,
    );
  });

  it('uses the records of a mapped export and nothing else', () => {
    const planned = { person: 61, deal: 114, activity: 360 };
    const { records, assumptions, tokens } = ask({ planned });
    expect(records).toEqual(planned);
    expect(tokens.phases.load).toEqual({ requests: 535, tokens: 535 * 5 });
    expect(tokens.phases.verify).toEqual({ requests: 3, tokens: 30 });
    expect(assumptions.filter((text) => text.includes('per row'))).toEqual([]);
  });

  it('says the days of a plan and what would shorten them', () => {
    const { time, tokens } = ask({ plan: 'lite', seats: 1 });
    expect(time.tokens_per_day).toBe(24_000);
    expect(time.days).toBe(Math.ceil(tokens.total / 24_000));
    expect(time.options[0]).toMatchObject({ kind: 'wait', days: time.days });
    expect(time.options.map(({ kind }) => kind)).toEqual(['wait', 'top_up', 'upgrade', 'upgrade', 'upgrade']);
    const upgrades = time.options.filter(({ kind }) => kind === 'upgrade').map(({ days }) => days);
    expect(upgrades).toEqual([...upgrades].sort((a, b) => b - a));
    expect(ask().time.options.map(({ kind }) => kind)).toEqual(['wait']);
  });

  it('does not say less days than the requests take, whatever is paid for', () => {
    const { time, tokens } = ask({ plan: 'lite', seats: 1, rows: { booking: 1_500_000 } });
    const days = Math.ceil(time.shortest_seconds / 86_400);
    expect(days).toBeGreaterThan(1);
    expect(time.options.find(({ kind }) => kind === 'top_up')).toEqual({
      ...{ kind: 'top_up', plan: 'lite', days },
      top_up_tokens: tokens.total - days * time.tokens_per_day,
    });
    // Seats bring tokens, not requests.
    expect(ask({ plan: 'lite', seats: 10_000, rows: { booking: 1_500_000 } }).time).toMatchObject({
      days,
      shortest_seconds: time.shortest_seconds,
    });
  });

  it('says every number that is neither asked for nor a rule of the mapping', () => {
    const said = ask({ dealLines: 'products', rows: { ...small, quote_item: 5_250 } }).assumptions.join('\n');
    for (const part of [
      'A delta is taken to change 10 % of the records once more.',
      "No mapping yet: 25 fields of ours beside the export's own, a pipeline of 8 stages, 12 activity types, labels of persons, organizations and deals and 8 of leads.",
      'quote_item: 0.65 line per row (quotes whose lines come to their total).',
      'line: a call for each;',
      'file, activity of quote',
    ])
      expect(said).toContain(part);
    for (const [object, of] of Object.entries(yields))
      for (const { entity, perRow } of of)
        if (perRow !== 1 && object in small) expect(said).toContain(`${object}: ${perRow} ${entity} per row`);
  });

  it('warns of caps before anything is written', () => {
    expect(ask({ plan: 'lite', seats: 1 }).warnings.map(({ code }) => code)).toEqual([
      'deal_cap',
      'custom_field_cap',
    ]);
    expect(ask().warnings).toEqual([]);
    expect(ask({ standingDeals: 99_000 }).warnings.map(({ code }) => code)).toEqual(['deal_cap']);
  });

  it.each<[string, Partial<EstimateInput>, string | undefined]>([
    ['to the last place', { planned: { deal: 2_000, lead: 400 }, standingDeals: 100 }, undefined],
    [
      'with one too many',
      { planned: { deal: 2_000, lead: 401 }, standingDeals: 100 },
      '2,501 leads and deals, 100 of them in the account already; lite with 1 seat(s) holds 2,500 that are not archived: 1 too many. It takes plan growth (5,000) or 2 seats (5,000), or archiving 1 of those in the account or exporting fewer years. A run that finds no room is refused before its first write.',
    ],
    [
      'with more than any account holds',
      { planned: { deal: 300_001 } },
      '300,001 leads and deals; lite with 1 seat(s) holds 2,500 that are not archived: 297,501 too many. No plan of Pipedrive holds more than 300,000; what helps is exporting fewer years. A run that finds no room is refused before its first write.',
    ],
  ])('counts leads and deals against the plan %s', (_what, change, says) => {
    const { warnings } = ask({ plan: 'lite', seats: 1, ...change });
    expect(warnings.find(({ code }) => code === 'deal_cap')?.says).toBe(says);
  });

  it('counts inquiries where the tenant wants them', () => {
    const [leads, deals] = [ask(), ask({ inquiries: 'deals' })];
    expect([leads.records.lead, deals.records.lead]).toEqual([1_000, undefined]);
    expect((deals.records.deal ?? 0) - (leads.records.deal ?? 0)).toBe(1_000);
    expect(deals.tokens.total).toBeLessThan(leads.tokens.total);
  });

  it('counts lines only for a tenant who wants them as products', () => {
    const rows = { booking: 10, booking_service: 14 };
    expect(ask({ rows }).records.line).toBeUndefined();
    // 14 × 1.3; bookings without lines have none more.
    expect(ask({ rows, dealLines: 'products' }).records.line).toBe(18);
    expect(ask({ rows: { booking: 10 }, dealLines: 'products' }).records.line).toBeUndefined();
    expect(ask({ rows: { quote: 1_750, quote_item: 5_250 }, dealLines: 'products' }).records.line).toBe(
      3_413,
    );
    expect(ask({ rows: { invoice_item: 100 }, dealLines: 'products' }).records.line).toBe(2);
  });

  it('names the losses in the words of the mapping, and what is an inventory only', () => {
    const found = ask({ rows: { booking: 3, automation: 2, faq: 1 } }).compatibility;
    const booking = found.find(({ object }) => object === 'booking');
    expect(booking).toMatchObject({ kind: 'lossy', becomes: expect.arrayContaining(['deal', 'activity']) });
    expect(booking?.losses.length).toBeGreaterThan(1);
    expect(found.find(({ object }) => object === 'automation')).toMatchObject({
      kind: 'inventory_only',
      becomes: [],
    });
  });

  it('grades by four parts that are shown with their weights', () => {
    const { complexity } = ask();
    const parts = Object.values(complexity.contributions);
    expect(parts.reduce((all, { weight }) => all + weight, 0)).toBeCloseTo(1);
    expect(parts.reduce((all, { value, weight }) => all + value * weight, 0)).toBeCloseTo(
      complexity.score,
      2,
    );
    const tiny = ask({ rows: { customer: 20, booking: 30 }, customFields: 0, statuses: 4 });
    const huge = ask({
      plan: 'lite',
      seats: 1,
      rows: { ...small, booking: 107_000, communication: 1_900_000 },
      customFields: 140,
      statuses: 30,
    });
    expect([tiny.complexity.grade, huge.complexity.grade]).toEqual(['A', 'D']);
  });

  it('prices by the rule book and never by the record; above two millions a person does', () => {
    const [one, tenfold] = [ask({ rows: { booking: 100 } }), ask({ rows: { booking: 1_000 } })];
    expect(one.price).toEqual(tenfold.price);
    expect(one.price.lines.reduce((all, { amount }) => all + Number(amount), 0).toFixed(2)).toBe(
      one.price.total,
    );
    expect(ask({ rows: { communication: 6_000_000 } }).price).toMatchObject({
      total: null,
      scoped_individually: true,
    });
    expect(ask({ matching: ['person'] }).price.lines.some(({ says }) => says.startsWith('Matching'))).toBe(
      true,
    );
  });

  it('reckons a page of each list that is searched for matches, and says how that grows', () => {
    const planned = { person: 250, organization: 3 };
    const [without, matching] = [ask({ planned }), ask({ planned, matching: ['organization', 'person'] })];
    const { provision, load, verify } = matching.tokens.phases;
    expect(provision.tokens - without.tokens.phases.provision.tokens).toBe(2 * tokenCost('getPersons'));
    expect({ load, verify }).toEqual({
      load: without.tokens.phases.load,
      verify: without.tokens.phases.verify,
    });
    expect(matching.tokens.total - without.tokens.total).toBe(20);
    expect(matching.assumptions).toContain(
      'Matching of organizations, persons is reckoned for an account that has none: a list page of each, 10 tokens. Every further 500 that stand there take a page more, and as much again when ours are read back; every batch of 100 with a match in it takes a page, 40 tokens at most. A record that is matched is updated for the price of creating it.',
    );
    expect(without.assumptions.some((text) => text.startsWith('Matching'))).toBe(false);
    for (const entity of matchedEntities)
      expect(tokenCost(entityCalls[entity].update)).toBe(tokenCost(entityCalls[entity].create));
  });

  it('tells what a parallel run costs under either way of billing', () => {
    const fee = { model: 'booking_fee', bookings_per_month: 600, value_per_month: '90000.00' } as const;
    expect(ask({ billing: fee }).billing?.says).toContain('about 20 a day');
    expect(ask({ billing: { ...fee, model: 'commission' } }).billing?.says).toContain('90000.00');
    expect(ask().billing).toBeNull();
  });

  it('is the same for the same question', () => {
    expect(ask()).toEqual(ask());
    expect(Object.keys(ask().records).every((entity) => entities.includes(entity as never))).toBe(true);
  });
});

describe('an estimate of a mapped export', () => {
  const schema: NonNullable<EstimateInput['schema']> = {
    fields: (['person', 'deal', 'deal', 'product'] as const).map((entity, i) => ({
      ...{ entity, name: `Field ${i}`, type: 'varchar', options: [], rank: 'must' },
    })),
    pipelines: [{ name: 'OctopusPro', stages: ['New', 'Scheduled', 'Done'] }],
    activityTypes: [{ name: 'Payment', iconKey: 'loop' }],
    labels: [
      { entity: 'deal', name: 'Urgent' },
      { entity: 'deal', name: 'Quote' },
      { entity: 'lead', name: 'Hot' },
    ],
  };

  it('prices the schema that the mapping wants, the probe and the count of standing deals', () => {
    const { tokens } = ask({ planned: { person: 3, deal: 1 }, schema });
    const lists = 4 * 10 + 2 * 5 + 2 * 20 + 10;
    const made = 4 * 5 + 5 + 3 * 5 + 10 + 5 + 10;
    expect(tokens.phases.provision.tokens).toBe(lists + made + (5 + 3) + (10 + 20));
    // Without deals or leads nothing is asked about them.
    expect(ask({ planned: { person: 3 }, schema }).tokens.phases.provision.tokens).toBe(lists + made);
    expect(ask({ planned: { deal: 1 }, schema, standingDeals: 1_100 }).tokens.phases.provision.tokens).toBe(
      lists + made + (5 + 3) + (30 + 20),
    );
  });

  it('knows which deals have lines enough for a call of several', () => {
    const { tokens } = ask({ planned: { line: 111 }, linesByDeal: [5, 6, 100], schema });
    expect(tokens.phases.load).toEqual({ requests: 7, tokens: 5 * 5 + 2 * 25 });
    expect(ask({ planned: { line: 111 }, schema }).tokens.phases.load.tokens).toBe(111 * 5);
  });

  it('counts the fields of the mapping against the plan', () => {
    const few = ask({ plan: 'lite', seats: 1, planned: {}, schema, customFields: 500 });
    expect(few.warnings).toEqual([]);
    expect(few.assumptions).toContain('Fields, stages, types and labels are those of the confirmed mapping.');
  });
});
