import type { MappingContent } from '@octopipe/shared/domain/mapping/content';
import type { Workbench } from './workbench.js';

/**
 * What a person at a database would write instead of our mapper: customers, bookings, appointments and services of an
 * assessed export as Pipedrive records, each kind in one statement, with the same target keys, payloads as JSON, a
 * SHA-256 of each, the links to their sources, an outcome for every row and the load batches. It knows this package: one
 * zone, one currency, ISO dates, Australian phone numbers, clean cells.
 *
 * Left out of it, and done by ours: every other spelling of a date, an amount, a phone number, a list; limits of length;
 * findings; the rows' other children (invoices, payments, quotes, own fields in rows); the proofs at the end; pages that
 * survive a death; row-level security and foreign keys. The report says which share of its payloads equals ours.
 */
export interface SetBasedMapping {
  /** Makes the tables and views anew; not measured. */
  prepare(): Promise<void>;
  statements: ReadonlyArray<string>;
}

/** The objects it maps: the export it is compared on has these and no other. */
export const mappedObjects = ['customer', 'fieldworker', 'service', 'booking', 'appointment'] as const;

export async function setBasedMapping(
  bench: Workbench,
  exportId: string,
  content: MappingContent,
  exportedAt: string,
): Promise<SetBasedMapping> {
  const columns = await columnsOf(bench, exportId);
  const has = (entity: string, name: string) =>
    content.schema.fields.some((field) => field.entity === entity && field.name === name);
  const scope = `'${bench.tenantId}'::uuid, '${exportId}'::uuid`;
  const { currency, pipeline, timeZone } = content.settings;
  const extras = (object: string) =>
    [...(columns.get(object)?.extra ?? [])].map(([label, cell]): Field => [label, text(cell), cell]);

  const personFields: Field[] = [
    ['OctopusPro ID', text('key'), 'key'],
    ['Address', 'addressed', `addressed->>'value'`],
    ['Email opt out', option(yesNo('email_opt_out')), yesNo('email_opt_out')],
    ['SMS opt out', option(yesNo('sms_opt_out')), yesNo('sms_opt_out')],
    ['Title', text('customer_title'), 'customer_title'],
    ['Customer source', text('source'), 'source'],
    ['Branch', text('branch'), 'branch'],
    ['Trading name', text('trading_name'), 'trading_name'],
    ['Invoice due days', 'to_jsonb(invoice_due_days::numeric)', 'invoice_due_days'],
    ['Billing cycle', text('billing_cycle'), 'billing_cycle'],
    ['Customer rating', 'to_jsonb(rating::numeric)', 'rating'],
    ...extras('customer'),
  ];
  const dealFields: Field[] = [
    ['OctopusPro ID', text('key'), 'key'],
    ['Booking status', option('status_name'), 'status_name'],
    ['Booking created', text('plain.utc(created)'), 'plain.utc(created)'],
    ['Services', text('service_lines'), 'service_lines'],
    ['Fieldworkers', text('worker_names'), 'worker_names'],
    ['Job address', 'addressed', `addressed->>'value'`],
    ['Properties', text('properties'), 'properties'],
    ['Booking number', text('booking_number'), 'booking_number'],
    ['Source', text('source'), 'source'],
    ['Description', text('description'), 'description'],
    ['Internal notes', text('internal_notes'), 'internal_notes'],
    ['Customer notes', text('customer_notes'), 'customer_notes'],
    ['Feedback', text('feedback'), 'feedback'],
    ['Rating', 'to_jsonb(rating::numeric)', 'rating'],
    ['Job title', text('title'), 'title'],
    ['Time window', text('time_window'), 'time_window'],
    ['Location type', text('location_type'), 'location_type'],
    ['Latitude', text('latitude'), 'latitude'],
    ['Longitude', text('longitude'), 'longitude'],
    ...['subtotal', 'extra_charges', 'discount', 'tax', 'deposit'].map(
      (cell): Field => [
        (cell.charAt(0).toUpperCase() + cell.slice(1)).replaceAll('_', ' '),
        `case when ${cell} is not null then jsonb_build_object('value', plain.amount(${cell}), 'currency', '${currency}') end`,
        `'${currency} ' || ${cell}`,
      ],
    ),
    ['Series', text('series_id'), 'series_id'],
    ['Recurrence', text('recurrence'), 'recurrence'],
    ['Sales rep', text('sales_rep'), 'sales_rep'],
    ['Branch', text('branch'), 'branch'],
    ['Trading name', text('trading_name'), 'trading_name'],
    ['Created by', text('created_by'), 'created_by'],
    ...extras('booking'),
  ];
  const statusMap = literal(
    JSON.stringify(
      Object.entries(content.bookingStatuses).map(([status, target]) => ({ name: status, ...target })),
    ),
  );

  const insertRecords = (entity: string, object: string, from: string) => `
    insert into plain.mapped_record (tenant_id, set_id, target_key, entity, source_object, sort_key, payload, payload_hash)
    select ${scope}, key, '${entity}', '${object}', sort_key, payload, encode(sha256(convert_to(payload::text, 'UTF8')), 'hex')
    from (${from}) as made`;

  return {
    async prepare() {
      await bench.query('drop schema if exists plain cascade');
      await bench.query('create schema plain');
      for (const table of ['mapped_record', 'source_outcome', 'source_link', 'load_batch'])
        await bench.query(`create table plain.${table} (like transform.${table} including all)`);
      await bench.query(
        'create table plain.customer_record (customer_id text primary key, person text, organization text)',
      );
      for (const sql of functionsIn(timeZone)) await bench.query(sql);
      for (const [object, { fields }] of columns) await bench.query(viewOf(exportId, object, fields));
    },
    statements: [
      // Who is a company, and whose: the same name and a shared domain, phone number or address.
      `insert into plain.customer_record
        with company as (
          select customer_id, regexp_replace(plain.name_key(business_name), '( (pty|ltd|limited|inc|llc|co|company))+$', '') as name,
            array_remove(array[
              '@' || split_part(lower(email), '@', 2), plain.phone(mobile), plain.phone(phone),
              '#' || plain.name_key(concat_ws(' ', street_number, street_address, suburb, state, postcode))], null) as signals
          from plain.customer where business_name is not null
        ), shared as (
          select customer_id, min(customer_id::bigint) over (partition by name, signal) as lowest
          from company, unnest(signals) as signal
        ), grouped as (
          select c.customer_id, coalesce(min(s.lowest)::text, c.customer_id) as lowest
          from company c left join shared s using (customer_id) group by c.customer_id
        )
        select customer_id, 'customer:' || customer_id, 'customer:' || lowest || '#org'
        from plain.customer left join grouped using (customer_id)`,
      'analyze plain.customer_record',
      insertRecords(
        'organization',
        'customer',
        `select organization as key, lpad(row_number::text, 9, '0') || 'org' as sort_key,
          jsonb_strip_nulls(jsonb_build_object(
            'name', business_name, 'address', ${addressIn('c')}, 'add_time', plain.utc(date_joined),
            'custom_fields', jsonb_build_object('OctopusPro ID', organization))) as payload
        from plain.customer c join plain.customer_record using (customer_id)
        where organization = person || '#org'`,
      ),
      insertRecords(
        'person',
        'customer',
        `select key, sort_key, jsonb_strip_nulls(jsonb_build_object(
            'name', coalesce(full_name, nullif(concat_ws(' ', first_name, last_name), ''), lower(email)),
            'emails', (select jsonb_agg(jsonb_build_object('value', value, 'label', home, 'primary', nth = 1) order by nth)
              from (select value, row_number() over (order by min(place)) as nth
                from unnest(array[lower(email), lower(email2), lower(email3)]) with ordinality as e(value, place)
                where value is not null group by value) as emails),
            'phones', (select jsonb_agg(jsonb_build_object('value', value, 'label', label, 'primary', nth = 1) order by nth)
              from (select value, (array_agg(label order by place))[1] as label, row_number() over (order by min(place)) as nth
                from (values (1, plain.phone(mobile), 'mobile'), (2, plain.phone(phone), home), (3, plain.phone(mobile2), 'mobile'),
                  (4, plain.phone(phone2), home), (5, plain.phone(mobile3), 'mobile'), (6, plain.phone(phone3), home)) as p(place, value, label)
                where value is not null group by value) as phones),
            'org_id', case when organization is not null then jsonb_build_object('$ref', organization) end,
            'add_time', plain.utc(date_joined),
            'label_ids', plain.labels(labels),
            'custom_fields', ${customFields('person', personFields, has)})) as payload
        from (
          select c.*, person as key, organization, lpad(row_number::text, 9, '0') as sort_key, ${addressIn('c')} as addressed,
            case when organization is null then 'home' else 'work' end as home
          from plain.customer c join plain.customer_record using (customer_id)
        ) as person`,
      ),
      insertRecords(
        'product',
        'service',
        `select 'service:' || service_id as key, lpad(row_number::text, 9, '0') as sort_key,
          jsonb_strip_nulls(jsonb_build_object(
            'name', service_name, 'code', service_id, 'unit', unit_label, 'tax', tax_rate::numeric,
            'prices', case when price is not null then jsonb_build_array(
              jsonb_build_object('price', plain.amount(price), 'currency', '${currency}')) end,
            'description', concat_ws(E'\\n\\n', brief, description, nullif(concat_ws(E'\\n', 'Category: ' || category,
              'Pricing: by ' || pricing_model, 'Minimum price: ' || minimum_price, 'Deposit: ' || deposit,
              'Tax inclusive: ' || tax_inclusive), '')),
            'is_linkable', case when active = 'false' then false end,
            'custom_fields', jsonb_strip_nulls(jsonb_build_object('OctopusPro ID', 'service:' || service_id,
              'Service duration (minutes)', duration::numeric)))) as payload
        from plain.service`,
      ),
      insertRecords(
        'deal',
        'booking',
        `select key, sort_key, jsonb_strip_nulls(jsonb_build_object(
            'title', coalesce(nullif(service_names, ''), title, 'Booking') || ' · ' || booking_number,
            'value', plain.amount(total), 'currency', '${currency}', 'add_time', plain.utc(created),
            'status', deal_status, 'stage_id', jsonb_build_object('$stage', jsonb_build_object('pipeline', ${literal(pipeline)}, 'stage', stage)),
            'won_time', case when deal_status = 'won' then coalesce(plain.utc(actual_end), last_actual, last_visit, plain.utc("end"), plain.utc(modified)) end,
            'lost_time', case when deal_status = 'lost' then coalesce(plain.utc(modified), plain.utc("end")) end,
            'lost_reason', case when deal_status = 'lost' then coalesce(cancel_reason, fail_reason, status_name) end,
            'expected_close_date', case when deal_status = 'open' then plain.day(start) end,
            'person_id', jsonb_build_object('$ref', person),
            'org_id', case when organization is not null then jsonb_build_object('$ref', organization) end,
            'owner_id', owner, 'label_ids', plain.labels(labels),
            'custom_fields', ${customFields('deal', dealFields, has)})) as payload
        from (
          select b.*, b.status as status_name, 'booking:' || booking_id as key, lpad(b.row_number::text, 9, '0') as sort_key,
            ${addressIn('b')} as addressed, person, organization, coalesce(known.status, 'open') as deal_status,
            coalesce(known.stage, 'Needs review') as stage, visits.last_actual, visits.last_visit,
            (select string_agg(name, ', ' order by place) from plain.list(services) with ordinality as s(name, place)) as service_names,
            (select string_agg(name, E'\\n' order by place) from plain.list(services) with ordinality as s(name, place)) as service_lines,
            (select string_agg(id, ', ' order by place) from plain.list(customer_property_ids) with ordinality as p(id, place)) as properties,
            workers.names as worker_names, workers.owner
          from plain.booking b
          join plain.customer_record using (customer_id)
          left join jsonb_to_recordset(${statusMap}::jsonb) as known(name text, status text, stage text)
            on known.name = regexp_replace(lower(b.status), '[ _-]+', ' ', 'g')
          left join (
            select booking_id, max(plain.utc(actual_end)) as last_actual, max(coalesce(plain.utc(actual_end), plain.utc("end"), plain.utc(start))) as last_visit
            from plain.appointment group by booking_id
          ) as visits using (booking_id)
          left join (
            select booking_id, string_agg(name, ', ' order by rank) as names,
              jsonb_build_object('$owner', jsonb_agg('fieldworker:' || id order by rank) filter (where response is distinct from 'declined')) as owner
            from (
              select booking_id, id, min(rank) as rank, max(response) filter (where response = 'declined') as response, min(display_name) as name
              from (
                select booking_id, id, a.row_number::bigint * 100 + place + case when lower(response) = 'accepted' then 0 else 2000000000000 end as rank, lower(response) as response
                from plain.appointment a, plain.list(fieldworker_ids) with ordinality as w(id, place)
                left join lateral (select value as response from plain.answers(a.responses) with ordinality as r(value, place2) where place2 = w.place) as r on true
                union all
                select booking_id, id, 1000000000000 + place, null from plain.booking, plain.list(fieldworker_ids) with ordinality as w(id, place)
              ) as named
              join plain.fieldworker f on f.fieldworker_id = named.id
              group by booking_id, id
            ) as ranked group by booking_id
          ) as workers using (booking_id)
        ) as booking`,
      ),
      insertRecords(
        'activity',
        'appointment',
        `select key, sort_key, jsonb_strip_nulls(jsonb_build_object(
            'subject', coalesce(title, 'Appointment') || ' · ' || booking_number,
            'type', jsonb_build_object('$activityType', 'Appointment'),
            'due_date', case when is_timed then left(starts, 10) else first_day end,
            'due_time', case when is_timed then substr(starts, 12, 5) end,
            'duration', case when is_timed and ends > starts then to_char(ends::timestamptz - starts::timestamptz, 'HH24:MI') end,
            'done', lower(coalesce(status, booking_status)) in ('finished','completed','complete','done','cancelled','canceled','failed','no show')
              or coalesce(ends, starts) < ${literal(exportedAt)},
            'deal_id', jsonb_build_object('$ref', 'booking:' || booking_id),
            'owner_id', owner,
            'participants', jsonb_build_array(jsonb_build_object('primary', true, 'person_id', jsonb_build_object('$ref', person))),
            'org_id', case when organization is not null then jsonb_build_object('$ref', organization) end,
            'location', addressed,
            'note', plain.html(concat_ws(E'\\n',
                'Time: ' || case when is_timed or not is_whole_day then plain.local(starts) || coalesce(' to ' || plain.local(ends), '') || ' ${timeZone}'
                    else first_day || coalesce(' to ' || last_day, '') end
                  || coalesce(' (' || nullif(concat_ws(', ', case when is_whole_day then 'all day' end, case when lower(window_text) <> 'all day' then window_text end), '') || ')', ''),
                'Workers: ' || worker_names, 'Status: ' || status,
                'Actual start: ' || plain.local(plain.utc(actual_start)), 'Actual end: ' || plain.local(plain.utc(actual_end))))
              || coalesce('<br><br>' || plain.html(notes), '')
              || '<br><br>OctopusPro ' || key || ' · ' || booking_number)) as payload
        from (
          select a.*, 'appointment:' || appointment_id as key, lpad(a.row_number::text, 9, '0') as sort_key,
            b.title, b.booking_number, b.status as booking_status, person, organization, ${addressIn('b')} as addressed,
            coalesce(a.time_window, b.time_window) as window_text,
            plain.utc(a.start) as starts, plain.utc(a."end") as ends, plain.day(a.start) as first_day, plain.day(a."end") as last_day,
            length(a.start) > 10 and coalesce(a.all_day, '') <> 'true' as is_timed, coalesce(a.all_day, '') = 'true' as is_whole_day,
            workers.names as worker_names, workers.owner
          from plain.appointment a
          join plain.booking b using (booking_id)
          join plain.customer_record using (customer_id)
          left join lateral (
            select string_agg(f.display_name || coalesce(' (' || nullif(lower(response), '') || ')', ''), ', ' order by rank, place) as names,
              jsonb_build_object('$owner', jsonb_agg('fieldworker:' || id order by rank, place) filter (where lower(response) is distinct from 'declined')) as owner
            from (
              select id, place, response, case when lower(response) in ('accepted', 'confirmed') then 0 when lower(response) = 'declined' then 2 else 1 end as rank
              from plain.list(a.fieldworker_ids) with ordinality as w(id, place)
              left join lateral (select value as response from plain.answers(a.responses) with ordinality as r(value, place2) where place2 = w.place) as r on true
            ) as assigned join plain.fieldworker f on f.fieldworker_id = id
          ) as workers on true
        ) as visit`,
      ),
      `insert into plain.source_link (tenant_id, set_id, object, source_id, slot, target_key, role)
        select ${scope}, 'customer', customer_id, '', person, 'primary' from plain.customer_record
        union all
        select ${scope}, 'customer', customer_id, 'org', organization, case when organization = person || '#org' then 'primary' else 'merged' end
        from plain.customer_record where organization is not null
        union all
        select ${scope}, source_object, split_part(target_key, ':', 2), '', target_key, 'primary'
        from plain.mapped_record where source_object <> 'customer'`,
      `insert into plain.source_outcome (tenant_id, set_id, object, row_number, source_id, outcome, reason)
        select ${scope}, object, row_number, source_id, case when object = 'fieldworker' then 'merged' else 'mapped' end, ''
        from ingest.staged_row r where export_id = '${exportId}'`,
      `insert into plain.load_batch (tenant_id, set_id, entity, seq, target_keys)
        select ${scope}, entity, (position - 1) / 100 + 1, array_agg(target_key order by position)
        from (select entity, target_key, row_number() over (partition by entity order by sort_key collate "C", target_key collate "C") as position
          from plain.mapped_record) as ordered
        group by entity, (position - 1) / 100`,
    ],
  };
}

/** Name of a custom field, its value as JSON, and as text for when the schema has no field for it. */
type Field = readonly [name: string, json: string, text: string];

function customFields(
  entity: string,
  fields: ReadonlyArray<Field>,
  has: (entity: string, name: string) => boolean,
): string {
  const own = fields.filter(([name]) => has(entity, name));
  const packed = fields.filter(([name]) => !has(entity, name));
  const more =
    packed.length === 0
      ? 'null::text'
      : `nullif(concat_ws(E'\\n', ${packed.map(([name, , words]) => `${literal(`${name}: `)} || ${words}`).join(', ')}), '')`;
  return `jsonb_build_object(${[...own.map(([name, json]) => `${literal(name)}, ${json}`), `'More details', ${more}`].join(', ')})`;
}

function text(expression: string): string {
  return `to_jsonb(${expression})`;
}

function option(expression: string): string {
  return `case when ${expression} is not null then jsonb_build_object('$option', ${expression}) end`;
}

function yesNo(cell: string): string {
  return `case ${cell} when 'true' then 'Yes' when 'false' then 'No' end`;
}

function addressIn(row: string): string {
  const cells = ['unit', 'street_number', 'street_address', 'suburb', 'state', 'postcode', 'country'];
  return `plain.address(${cells.map((cell) => `${row}.${cell}`).join(', ')})`;
}

/** Short ones in SQL, which Postgres inlines where it can. */
function functionsIn(timeZone: string): string[] {
  const define = (head: string, returns: string, body: string) =>
    `create function plain.${head} returns ${returns} language sql stable as $body$ ${body} $body$`;
  return [
    define('amount(cell text)', 'text', 'select trim_scale(cell::numeric)::text'),
    define(
      'utc(cell text)',
      'text',
      `select case when cell is not null then to_char((case when length(cell) = 10 then cell::timestamp at time zone '${timeZone}' else cell::timestamptz end) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end`,
    ),
    define(
      'day(cell text)',
      'text',
      `select case when length(cell) = 10 then cell else to_char(cell::timestamptz at time zone '${timeZone}', 'YYYY-MM-DD') end`,
    ),
    define(
      'local(instant text)',
      'text',
      `select to_char(instant::timestamptz at time zone '${timeZone}', 'YYYY-MM-DD HH24:MI')`,
    ),
    define('name_key(name text)', 'text', `select trim(regexp_replace(lower(name), '[^a-z0-9]+', ' ', 'g'))`),
    define(
      'phone(cell text)',
      'text',
      `select case when cell like '+%' then '+' || regexp_replace(cell, '[^0-9]', '', 'g') when cell is not null then '+61' || substr(regexp_replace(cell, '[^0-9]', '', 'g'), 2) end`,
    ),
    define(
      'list(cell text)',
      'setof text',
      `select value from jsonb_array_elements_text(case when cell like '[%' then cell::jsonb else '[]' end) with ordinality as v(value, place) group by value order by min(place)`,
    ),
    define(
      'answers(cell text)',
      'setof text',
      `select jsonb_array_elements_text(case when cell like '[%' then cell::jsonb else '[]' end)`,
    ),
    define(
      'labels(cell text)',
      'jsonb',
      `select case when cell is not null then jsonb_build_object('$labels', case when cell like '[%' then cell::jsonb else to_jsonb(regexp_split_to_array(cell, '\\s*[;|,]\\s*')) end) end`,
    ),
    define(
      'html(words text)',
      'text',
      `select replace(replace(replace(replace(words, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), E'\\n', '<br>')`,
    ),
    define(
      'address(unit text, number text, street text, suburb text, state text, postcode text, country text)',
      'jsonb',
      `select case when coalesce(unit, number, street, suburb, state, postcode, country) is not null then jsonb_strip_nulls(jsonb_build_object(
        'value', concat_ws(', ', unit, nullif(concat_ws(' ', number, street), ''), nullif(concat_ws(' ', suburb, state, postcode), ''), country),
        'subpremise', unit, 'street_number', number, 'route', street, 'locality', suburb, 'admin_area_level_1', state,
        'postal_code', postcode, 'country', country)) end`,
    ),
  ];
}

interface Columns {
  /** Field of ours → position among the cells. */
  fields: Map<string, number>;
  /** Label of a field of the tenant's own → column of the view. */
  extra: Map<string, string>;
}

async function columnsOf(bench: Workbench, exportId: string): Promise<Map<string, Columns>> {
  const files = await bench.query<{
    object: string;
    columns: Array<{ header: string; field: string | null }>;
  }>(`select object, columns from ingest.export_file where export_id = $1 and kind = 'table'`, [exportId]);
  return new Map(
    files.map(({ object, columns }) => {
      const fields = new Map<string, number>();
      const extra = new Map<string, string>();
      columns.forEach(({ header, field }, index) => {
        if (field !== null) fields.set(field, index + 1);
        const label = /^cf:[^:]+:(.+)$/.exec(header)?.[1];
        if (field !== null || label === undefined) return;
        extra.set(label, `own_${index + 1}`);
        fields.set(`own_${index + 1}`, index + 1);
      });
      return [object, { fields, extra }];
    }),
  );
}

/** The rows of an object that have no verdict, a column for each field. */
function viewOf(exportId: string, object: string, fields: ReadonlyMap<string, number>): string {
  const cells = [...fields].map(([field, position]) => `nullif(btrim(cells[${position}]), '') as "${field}"`);
  return `create view plain.${object} as select row_number, ${cells.join(', ')} from ingest.staged_row r
    where export_id = '${exportId}' and object = '${object}' and not exists (
      select from ingest.row_verdict v where v.export_id = r.export_id and v.object = r.object and v.row_number = r.row_number)`;
}

function literal(words: string): string {
  return `'${words.replaceAll("'", "''")}'`;
}
