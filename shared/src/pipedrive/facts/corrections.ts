import type { PropertyFact } from './fact-types.js';
import type { OperationName } from './operations.js';

/**
 * Where experience contradicts, narrows or extends the published description. The generated table stays as published;
 * these rows are laid over it by factsOf(). Tags in `source` are those of the project's Pipedrive facts sheet:
 * D = developer documentation, C = its changelog, K = knowledge base, U = user report, SDK = official npm client.
 */
export type Correction = {
  readonly operations: readonly OperationName[];
  /** Name of the property of the body. */
  readonly property: string;
  readonly reason: string;
  readonly source: string;
} & (
  | {
      /** Published as writable, but sending it fails. */
      readonly kind: 'refused';
      readonly status: 400 | 403;
      readonly code?: string;
      readonly message: string;
    }
  | {
      /** Published too loosely: the live service checks more than the description says. */
      readonly kind: 'narrowed';
      readonly to: Partial<PropertyFact>;
    }
  | {
      /** Not published for this call, and nobody knows whether it is honoured, dropped or refused: probe per account. */
      readonly kind: 'undecided';
      readonly published: false;
    }
  | {
      /** Newer than the description we derive from. */
      readonly kind: 'added';
      readonly property: string;
      readonly fact: Omit<PropertyFact, 'name'>;
    }
);

const personExtras = ['postal_address', 'notes', 'im', 'birthday', 'job_title'] as const;
const billing = ['one-time', 'annually', 'semi-annually', 'quarterly', 'monthly', 'weekly'] as const;

export const corrections: readonly Correction[] = [
  {
    kind: 'refused',
    operations: ['createActivity', 'updateActivity'],
    property: 'person_id',
    status: 400,
    code: 'ERR_BAD_REQUEST',
    message: "'person_id' is a read-only field. Add a primary participant to set 'person_id' instead.",
    reason: 'the primary participant sets it',
    source: 'U: n8n #31684, #31789',
  },
  ...personExtras.map(
    (property): Correction => ({
      kind: 'refused',
      operations: ['createPerson', 'updatePerson'],
      property,
      status: 403,
      message: `Contact sync is not enabled: '${property}' cannot be set.`,
      reason:
        'exists only while contact sync is on; the wording of the message is ours, only the 403 is documented',
      source: 'D: persons, Sep 2026',
    }),
  ),
  {
    kind: 'undecided',
    operations: ['createDeal'],
    property: 'add_time',
    published: false,
    reason: 'left the v2 models in June 2025 together with the PATCH ones; some connectors still send it',
    source: 'SDK 28.0.1; U: activepieces, pipedrive-go; probe list #1',
  },
  {
    kind: 'narrowed',
    operations: ['createPerson'],
    property: 'name',
    to: { required: true, minLength: 1 },
    reason: 'not marked required, yet a person without a name is of no use: send it always',
    source: 'C 2025-02-20 (names non-empty); assumption for the missing name',
  },
  {
    kind: 'narrowed',
    operations: ['createDeal', 'updateDeal', 'createLead', 'updateLead'],
    property: 'title',
    to: { minLength: 1 },
    reason: 'must not be empty',
    source: 'C 2025-02-20',
  },
  ...(
    [
      ['createOrganization', 'updateOrganization'],
      ['createProduct', 'updateProduct'],
      ['createPipeline', 'updatePipeline'],
      ['createStage', 'updateStage'],
      ['updatePerson'],
      ['createActivityType', 'updateActivityType'],
      ['createLeadLabel', 'updateLeadLabel'],
    ] as const
  ).map(
    (operations): Correction => ({
      kind: 'narrowed',
      operations,
      property: 'name',
      to: { minLength: 1 },
      reason: 'must not be empty',
      source: 'C 2025-02-20',
    }),
  ),
  {
    kind: 'narrowed',
    operations: ['createDeal', 'updateDeal'],
    property: 'status',
    to: { enum: ['open', 'won', 'lost'] },
    reason: 'the three words are named in prose only',
    source: 'published description of the deal list',
  },
  {
    kind: 'narrowed',
    operations: ['createDeal', 'updateDeal'],
    property: 'probability',
    to: { minimum: 0, maximum: 100 },
    reason: 'range is checked',
    source: 'C 2025-02-20',
  },
  {
    kind: 'narrowed',
    operations: ['createStage', 'updateStage'],
    property: 'deal_probability',
    to: { minimum: 0, maximum: 100 },
    reason: 'a percentage',
    source: 'D: stages',
  },
  ...(['due_time', 'duration'] as const).map(
    (property): Correction => ({
      kind: 'narrowed',
      operations: ['createActivity', 'updateActivity'],
      property,
      to: { format: 'hours-minutes' },
      reason: 'HH:MM in UTC; answers carry HH:MM:SS',
      source: 'D: activities',
    }),
  ),
  {
    kind: 'narrowed',
    operations: ['createActivity', 'updateActivity'],
    property: 'due_date',
    to: { format: 'date' },
    reason: 'YYYY-MM-DD',
    source: 'D: activities',
  },
  {
    kind: 'narrowed',
    operations: ['createActivity', 'updateActivity'],
    property: 'note',
    to: { maxLength: 100_000 },
    reason: '100 KB; announced for v1, assumed for v2',
    source: 'C 2025-09-21; probe list #19',
  },
  {
    kind: 'added',
    operations: ['createActivity', 'updateActivity'],
    property: 'outcome',
    fact: { type: 'integer', required: false, nullable: true },
    reason: 'newer than the description we hold',
    source: 'SDK 33.7.0; C 2026-09-08',
  },
  {
    kind: 'narrowed',
    operations: ['createNote', 'updateNote'],
    property: 'content',
    to: { minLength: 1, maxLength: 100_000 },
    reason: 'about 100,000 characters',
    source: 'D: notes',
  },
  {
    kind: 'narrowed',
    operations: ['createOrganization', 'createPerson'],
    property: 'add_time',
    to: { format: 'date-time' },
    reason: 'RFC 3339 in UTC; whether the v1 form works on v2 is unknown, so we never send it',
    source: 'D: migration guide',
  },
  {
    kind: 'narrowed',
    operations: ['createNote', 'updateNote'],
    property: 'add_time',
    to: { format: 'sql-time' },
    reason: 'YYYY-MM-DD HH:MM:SS in UTC',
    source: 'D: notes',
  },
  {
    kind: 'narrowed',
    operations: ['createProduct', 'updateProduct'],
    property: 'prices',
    to: {
      items: {
        type: 'object',
        properties: [
          { name: 'currency', type: 'string', required: false },
          { name: 'price', type: 'number', required: false },
          { name: 'cost', type: 'number', required: false },
          { name: 'direct_cost', type: 'number', required: false, nullable: true },
          { name: 'notes', type: 'string', required: false },
        ],
      },
    },
    reason: 'the description leaves the element open',
    source: 'D: products',
  },
  {
    kind: 'narrowed',
    operations: ['createProduct', 'updateProduct'],
    property: 'billing_frequency',
    to: { enum: billing },
    reason: 'Growth plan and above; ≤ 208 cycles',
    source: 'D: products',
  },
  {
    kind: 'narrowed',
    operations: ['createDealProduct', 'updateDealProduct'],
    property: 'billing_frequency_cycles',
    to: { minimum: 1, maximum: 208 },
    reason: 'the range is named in prose only',
    source: 'published description of the deal product calls',
  },
  {
    kind: 'narrowed',
    operations: ['createDealProducts'],
    property: 'data',
    to: { minItems: 1 },
    reason: 'a request without a line cannot mean anything; that it is refused is an assumption',
    source: 'probe list #20',
  },
];
