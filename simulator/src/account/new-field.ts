import type { Draft, Json } from '../json.js';

export interface NewField {
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly options: Json;
  readonly custom: boolean;
}

export function newField({ code, name, type, options, custom }: NewField): Draft {
  return {
    field_code: code,
    field_name: name,
    field_type: type,
    description: null,
    options,
    subfields: (subfieldsOf[type] ?? []).length > 0 ? subfields(code, name, subfieldsOf[type] ?? []) : null,
    is_custom_field: custom,
    is_optional_response_field: false,
    ui_visibility: { add_visible_flag: false, details_visible_flag: true },
    important_fields: { enabled: false, stage_ids: [] },
    required_fields: { enabled: false, stage_ids: [], statuses: {} },
  };
}

type Subfield = readonly [code: string, type: string];

const subfieldsOf: Readonly<Record<string, readonly Subfield[]>> = {
  monetary: [
    ['value', 'double'],
    ['currency', 'varchar'],
  ],
  daterange: [
    ['value', 'date'],
    ['until', 'date'],
  ],
  time: [
    ['value', 'time'],
    ['timezone_name', 'varchar'],
  ],
  timerange: [
    ['value', 'time'],
    ['until', 'time'],
    ['timezone_name', 'varchar'],
  ],
  address: [
    ['value', 'varchar'],
    ['country', 'varchar'],
    ['locality', 'varchar'],
    ['route', 'varchar'],
    ['street_number', 'varchar'],
    ['postal_code', 'varchar'],
    ['formatted_address', 'varchar'],
  ],
};

function subfields(_code: string, name: string, parts: readonly Subfield[]): Json {
  return parts.map(([field_code, field_type]) => ({
    field_code,
    field_name: `${field_code} of ${name}`,
    field_type,
  }));
}
