/**
 * Every data-quality code: severity, the sentence a customer can act on, and what we do with the row.
 * `block` findings reject their row; `warn` and `info` let it pass. Ids D.. are those of the source data sheet.
 * Facts of a finding carry counts and column names, never the customer's value.
 */
export interface FindingRule {
  severity: 'block' | 'warn' | 'info';
  defect: string;
  says: string;
}

export const findingRules = {
  missing_key: {
    severity: 'block',
    defect: 'D40',
    says: 'The row has no id, so it cannot be told apart or linked. Give it its id and export again.',
  },
  ragged_row: {
    severity: 'block',
    defect: 'D32',
    says: 'The row has more or fewer cells than the header. It was set aside, not guessed at; fix the quoting or the delimiter.',
  },
  repeated_header: {
    severity: 'info',
    defect: 'D32',
    says: 'The header stands in the file again, as when parts were joined. It was left out: it is no record.',
  },
  duplicate_id_equal: {
    severity: 'info',
    defect: 'D21',
    says: 'The same row stands in the export more than once. The copies were left out.',
  },
  duplicate_id_conflict: {
    severity: 'block',
    defect: 'D21',
    says: 'Two different rows carry the same id. Both were set aside until someone says which is right.',
  },
  orphan_reference: {
    severity: 'block',
    defect: 'D12',
    says: 'The row refers to a record that is not in the export. Export the missing record too, or correct the reference.',
  },
  number_not_unique: {
    severity: 'warn',
    defect: 'D23',
    says: 'The row names a record by a number that several records carry, so it was linked to none of them. Give the row the id.',
  },
  merge_leads_nowhere: {
    severity: 'warn',
    defect: 'D12',
    says: 'The customer was merged into one that is not in the export or cannot be used, or round in a circle. It stays a customer of its own, with all that refers to it; export the other one too, or correct the column.',
  },
  unparseable_date: {
    severity: 'warn',
    defect: 'D09',
    says: "The date cannot be read or does not exist. It was left out; a visit then takes its booking's time.",
  },
  unparseable_number: {
    severity: 'warn',
    defect: 'D20',
    says: 'The number or amount cannot be read. The field was left empty.',
  },
  unparseable_amount: {
    severity: 'block',
    defect: 'D20',
    says: 'The amount of a payment or refund cannot be read, so the record was set aside. Correct the amount.',
  },
  lines_stay_text: {
    severity: 'info',
    defect: 'D16',
    says: 'The lines do not come to the value of the deal, and nothing that is stated beside them explains the difference. They stay text on the deal.',
  },
  invoice_total_mismatch: {
    severity: 'warn',
    defect: 'D16',
    says: 'The invoice total differs from its lines. The total was kept as it is; check the invoice.',
  },
  invalid_email: {
    severity: 'warn',
    defect: 'D06',
    says: 'The e-mail address is not valid. It was left out.',
  },
  invalid_phone: {
    severity: 'warn',
    defect: 'D07',
    says: 'The phone number cannot be read. It was kept as text.',
  },
  unknown_status: {
    severity: 'warn',
    defect: 'D24',
    says: 'The status is not in the status list. The record goes to the default stage; map the status.',
  },
  unknown_option: {
    severity: 'warn',
    defect: 'D28',
    says: 'The value is not among the options of its field. It was added as an option.',
  },
  value_too_long: {
    severity: 'warn',
    defect: 'D36',
    says: 'The text is longer than the target field takes. It was shortened; the loss is listed.',
  },
  too_many_labels: {
    severity: 'warn',
    defect: 'D36',
    says: 'The record has more labels than Pipedrive takes (100). The rest was left out.',
  },
  unreadable_characters: {
    severity: 'warn',
    defect: 'D33',
    says: 'Characters in the row cannot be read: bytes that are not of the encoding of the rest of the file. Each became the sign \uFFFD; correct the text, or export the file again as UTF-8.',
  },
  read_as_windows_1252: {
    severity: 'info',
    defect: 'D33',
    says: 'The file is not UTF-8; it was read as Windows-1252. If letters with accents look wrong, export it again as UTF-8.',
  },
  secret_dropped: {
    severity: 'info',
    defect: 'D44',
    says: 'A column with passwords, bank or tax data was dropped before it reached our database.',
  },
  owner_not_found: {
    severity: 'warn',
    defect: 'D25',
    says: 'The worker has no user with the same e-mail in Pipedrive. The record goes to the default owner.',
  },
  missing_name: {
    severity: 'warn',
    defect: 'D04',
    says: 'The record has no name. A placeholder from its contact data was used.',
  },
  unlisted_file: {
    severity: 'warn',
    defect: 'D41',
    says: 'A file is in the package but in no list. It was left out.',
  },
  unread_file: {
    severity: 'block',
    defect: 'D38',
    says: 'The file holds data in a format that is not read, so nothing of it is migrated. Tables are read as CSV, TSV or TXT: save each sheet as CSV in UTF-8 under the name of its object, unpack archives, and upload the package again; or take the file out if it is not needed.',
  },
  missing_file: {
    severity: 'block',
    defect: 'D41',
    says: 'A listed attachment is not in the package. Add the file and export again.',
  },
  file_mismatch: {
    severity: 'warn',
    defect: 'D41',
    says: 'The size or hash of a file differs from the list. The file was taken as it is.',
  },
  row_count_mismatch: {
    severity: 'warn',
    defect: 'D39',
    says: 'A file has another number of rows than the manifest says. Ask for the export again.',
  },
  missing_column: {
    severity: 'block',
    defect: 'D40',
    says: 'A required column is missing. Export the object again with it.',
  },
  unknown_column: {
    severity: 'info',
    defect: 'D40',
    says: 'The column is not known and has no target yet; map it or leave it out.',
  },
} as const satisfies Record<string, FindingRule>;

export type FindingCode = keyof typeof findingRules;

/** One finding, as stored in core.finding. Rows are 1-based data rows of the file. */
export interface Finding {
  code: FindingCode;
  object: string;
  sourceId?: string;
  file?: string;
  rowNumber?: number;
  column?: string;
  facts?: Record<string, string | number>;
}
