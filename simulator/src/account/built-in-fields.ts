import type { FieldEntity } from './entities.js';

/** [code, name, type]; `label_ids` and `category` get options, see below. */
type BuiltIn = readonly [code: string, name: string, type: string];

const record: readonly BuiltIn[] = [
  ['id', 'ID', 'int'],
  ['owner_id', 'Owner', 'user'],
  ['add_time', 'Created', 'date'],
  ['update_time', 'Update time', 'date'],
  ['visible_to', 'Visible to', 'visible_to'],
];
const labels: BuiltIn = ['label_ids', 'Label', 'set'];

/** A working selection of the fields an account has before anybody adds one. */
export const builtInFields: Readonly<Record<FieldEntity | 'activityFields', readonly BuiltIn[]>> = {
  dealFields: [
    ...record,
    labels,
    ['title', 'Title', 'varchar'],
    ['value', 'Value', 'monetary'],
    ['currency', 'Currency', 'varchar'],
    ['status', 'Status', 'status'],
    ['stage_id', 'Stage', 'stage'],
    ['pipeline_id', 'Pipeline', 'int'],
    ['person_id', 'Contact person', 'people'],
    ['org_id', 'Organization', 'org'],
    ['probability', 'Probability', 'int'],
    ['expected_close_date', 'Expected close date', 'date'],
    ['won_time', 'Won time', 'date'],
    ['lost_time', 'Lost time', 'date'],
    ['lost_reason', 'Lost reason', 'varchar_options'],
    ['close_time', 'Deal closed on', 'date'],
    ['channel', 'Source channel', 'enum'],
    ['channel_id', 'Source channel ID', 'varchar'],
  ],
  personFields: [
    ...record,
    labels,
    ['name', 'Name', 'varchar'],
    ['first_name', 'First name', 'varchar'],
    ['last_name', 'Last name', 'varchar'],
    ['emails', 'Email', 'varchar'],
    ['phones', 'Phone', 'phone'],
    ['org_id', 'Organization', 'org'],
  ],
  organizationFields: [
    ...record,
    labels,
    ['name', 'Name', 'varchar'],
    ['address', 'Address', 'address'],
    ['website', 'Website', 'varchar'],
    ['linkedin', 'LinkedIn profile', 'varchar'],
    ['industry', 'Industry', 'enum'],
    ['annual_revenue', 'Annual revenue', 'double'],
    ['employee_count', 'Number of employees', 'double'],
  ],
  productFields: [
    ...record,
    ['name', 'Name', 'varchar'],
    ['code', 'Product code', 'varchar'],
    ['description', 'Description', 'text'],
    ['unit', 'Unit', 'varchar'],
    ['tax', 'Tax', 'double'],
    ['category', 'Category', 'enum'],
    ['prices', 'Unit prices', 'price_list'],
    ['is_linkable', 'Linkable', 'boolean'],
    ['billing_frequency', 'Billing frequency', 'billing_frequency'],
  ],
  activityFields: [
    ['id', 'ID', 'int'],
    ['subject', 'Subject', 'varchar'],
    ['type', 'Type', 'enum'],
    ['owner_id', 'Assigned to user', 'user'],
    ['deal_id', 'Deal', 'deal'],
    ['person_id', 'Contact person', 'people'],
    ['org_id', 'Organization', 'org'],
    ['due_date', 'Due date', 'date'],
    ['due_time', 'Due time', 'time'],
    ['duration', 'Duration', 'time'],
    ['done', 'Done', 'boolean'],
    ['location', 'Location', 'address'],
    ['note', 'Note', 'text'],
    ['priority', 'Priority', 'enum'],
  ],
};

const contactLabels = ['Customer', 'Hot lead', 'Warm lead', 'Cold lead'];

/** Options an account starts with: labels for persons and organizations, none for deals. */
export const builtInOptions: Readonly<Record<string, readonly string[]>> = {
  'personFields.label_ids': contactLabels,
  'organizationFields.label_ids': contactLabels,
  'dealFields.label_ids': [],
  'productFields.category': [],
  'organizationFields.industry': ['Construction', 'Education', 'Health', 'Home services', 'Retail', 'Other'],
  'dealFields.channel': [],
  'activityFields.priority': ['Low', 'Medium', 'High'],
};
