import { runKinds, runStatuses } from '@octopipe/shared/domain/run/states';
import { DealRoom, PlannedOwners } from '@octopipe/shared/run/read-run';
import { z } from 'zod';

export const RunPath = z.object({ runId: z.uuid() });
export const ConnectionPath = z.object({ connectionId: z.uuid() });

export const Connection = z
  .object({
    id: z.uuid(),
    base_url: z.string(),
    company_domain: z.string(),
    company_key: z.string().meta({ description: 'Names the company behind all its connections.' }),
    plan: z.string(),
    seats: z.number(),
    plan_source: z
      .string()
      .meta({ description: 'How plan and seats are known: given, from headers, assumed.' }),
    state: z.string().meta({ description: 'ready or broken' }),
    probe: z.unknown(),
    doubt: z
      .object({
        since: z.iso.datetime(),
        settled_at: z.iso.datetime().nullable().meta({
          description:
            'When the first load after it was done; until then nothing can be rolled back. Later loads go on looking for what they do not know.',
        }),
      })
      .nullable()
      .meta({
        description:
          'Set after the database was restored from a backup, or when the records of a purged tenant were taken over: the account may hold records of ours that are not known here, so a load looks for each before it makes it.',
      }),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Connection' });

const counts = {
  planned: z.number(),
  created: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  failed: z.number(),
  waiting: z.number(),
  deleted: z.number().optional().meta({ description: 'Of a rollback, as are the next three.' }),
  restored: z.number().optional(),
  gone: z.number().optional().meta({ description: 'Deleted by somebody else before.' }),
  kept: z.number().optional(),
};

/** What a rollback would do or did. */
const Rollback = z.object({
  entities: z.record(
    z.string(),
    z.object({
      delete: z.number(),
      restore: z.number(),
      restored: z.number().meta({ description: 'Says already what it said before us.' }),
      gone: z.number(),
      keep: z.record(z.string(), z.number()).meta({ description: 'By reason.' }),
    }),
  ),
  schema_items: z
    .number()
    .meta({ description: 'Fields, options, stages and types of ours, to go when unused.' }),
  days: z.number().nullable().meta({ description: "At our share of the account's daily tokens." }),
  confirmed_by: z.string().nullable().meta({ description: 'Null: a preview, nothing was changed.' }),
});

export const Run = z
  .looseObject({
    id: z.uuid(),
    migration_id: z.uuid(),
    connection_id: z.uuid(),
    mapping_version_id: z.uuid(),
    kind: z.enum(runKinds),
    of_run_id: z.uuid().nullable().meta({
      description: 'Of a rollback or verify run: the load that it takes back or looks at.',
    }),
    status: z.enum(runStatuses),
    phase: z.string().nullable(),
    reason_code: z.string().nullable(),
    reason: z.string().nullable().meta({ description: 'Why it waits or failed, and what to do.' }),
    resume_at: z.iso.datetime().nullable(),
    phases: z.array(
      z.object({
        phase: z.string(),
        entity: z.string().nullable(),
        state: z.string().meta({ description: 'pending, running or done', examples: ['done'] }),
        ...counts,
      }),
    ),
    tokens: z.looseObject({
      planned: z.number().nullable(),
      floor: z.number().nullable().meta({ description: 'The fewest tokens this run can cost.' }),
      spent: z.number(),
      by_operation: z.record(z.string(), z.number()),
      spent_today: z.number().nullable(),
      daily_share: z.number().nullable().meta({ description: "What we may take of the day's tokens." }),
      daily_limit: z.number().nullable(),
    }),
    rollback: Rollback.nullable().meta({ description: 'Once a rollback has looked at the account.' }),
    plan: z
      .object({
        hash: z.string().meta({ description: 'The same wherever the same would be written.' }),
        by_operation: z
          .record(z.string(), z.number())
          .meta({ description: 'Calls that write, by operation.' }),
        not_yet_known: z.array(z.string()).meta({
          description: 'Entities that are looked for in the account first: each match is an update instead.',
        }),
      })
      .nullable()
      .meta({ description: 'Of a dry run, and of a run that was started with a plan_hash.' }),
    deal_room: DealRoom.nullable().meta({
      description:
        'Leads and deals against what the plan holds, counted before the first write, also by a dry run. `over`: how many find no room; with any the run waits as `deal_cap`. `left_out`: the closed deals, oldest first, without which the rest would fit.',
    }),
    owners: PlannedOwners.nullable().meta({
      description:
        'Whom records go to, looked at before the first write, also by a dry run. `workers`: those of the export who match no user by e-mail, and why: `no_user` has it, `no_email` of their own, `shared_email` with another worker. `records`: those that go, for want of a user, to the one with whose token the account was connected first.',
    }),
    shared_activity_types: z.array(z.object({ kind: z.string(), type: z.string() })).meta({
      description:
        'Kinds of activity that have no type of their own, because the account takes no more: the type they have, by its name there. Their subjects begin with the kind.',
    }),
    waivers: z.array(z.unknown()),
    verified: z.object({ records: z.number(), fields: z.number(), differences: z.number() }),
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
    documents_ready: z.boolean(),
  })
  .meta({ id: 'Run' });

/** A run among others: no counts, so that a long list costs little. */
export const RunInList = z
  .object({
    id: z.uuid(),
    migration_id: z.uuid(),
    tenant: z.string().meta({ description: 'The slug: what `?tenant=` takes.' }),
    kind: z.enum(runKinds),
    status: z.enum(runStatuses),
    phase: z.string().nullable(),
    reason_code: z.string().nullable(),
    reason: z.string().nullable().meta({ description: 'Why it waits or failed, and what to do.' }),
    since: z.iso.datetime().meta({ description: 'Since when it has this status.' }),
    resume_at: z.iso.datetime().nullable().meta({ description: 'When it goes on by itself.' }),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'RunInList' });

export const Question = z
  .object({
    target_key: z.string(),
    entity: z.string(),
    name: z.string().nullable().meta({ description: 'Of our record, as it is to be written.' }),
    state: z.string().meta({ description: 'proposed or decided', examples: ['decided'] }),
    reason: z.string().meta({
      description: 'one_candidate, several_candidates, shared_candidate or names_differ',
      examples: ['one_candidate'],
    }),
    candidates: z.array(
      z.object({
        target_id: z.string(),
        agrees_in: z.array(z.string()).meta({ description: 'email, phone_and_name, name, code' }),
        url: z.string(),
      }),
    ),
    decision: z.string().nullable().meta({ description: 'match or create' }),
    target_id: z.string().nullable(),
    decided_by: z.string().nullable().meta({ description: '`rule`, or who answered.' }),
  })
  .meta({ id: 'Question' });

export const Owner = z
  .object({
    source_key: z.string(),
    state: z.string().meta({
      description:
        'matched, or default: their records go to the user with whose token the account was connected first',
      examples: ['matched'],
    }),
    target_user_id: z.number().nullable(),
    decided_by: z.string(),
  })
  .meta({ id: 'Owner' });

export const CrosswalkRow = z
  .object({
    source_type: z.string(),
    source_id: z.string(),
    slot: z.string(),
    role: z.string().meta({ description: 'primary, contributes or merged' }),
    target_key: z.string(),
    target_type: z.string(),
    target_id: z.string(),
    payload_hash: z.string(),
    origin: z
      .enum(['created', 'matched'])
      .meta({ description: 'matched: it stood in the account before us.' }),
  })
  .meta({ id: 'CrosswalkRow' });
