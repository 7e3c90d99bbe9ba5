import type { StagedColumn } from '../staging/read-staged.js';
import { type CanonicalField, type CanonicalObject, canonicalObjects } from './canonical-fields.js';

/** How a file's header row was understood. Every column is in exactly one place. */
export interface HeaderMatch {
  /** Per cell of the file: the column it becomes, or the reason it is dropped at the door. */
  columns: Array<{ header: string; field: string | null; secret: boolean }>;
  /** Required columns (`R`) that no header stands for. */
  missing: string[];
}

/**
 * Matches the header row of an object's file: exact name, alias, then with the object's own name added or taken
 * away (`booking_status` in bookings is `status`). One source column to one field: the first and closest wins, the
 * others stay under their own header. `cf:<id>:<label>` and unknown columns have no field.
 * @NOTE similarity proposals (6.3 step 3) are not made here: they need a person.
 */
export function matchHeaders(definition: CanonicalObject, headers: ReadonlyArray<string>): HeaderMatch {
  const unique = uniqueHeaders(headers);
  const claimed = new Map<number, CanonicalField>();
  const taken = new Set<string>();
  for (const names of [ownName, otherNames, inContext]) {
    for (const [index, header] of unique.entries()) {
      if (claimed.has(index) || isCustomField(header)) continue;
      const wanted = normaliseHeader(header);
      const field = definition.fields.find(
        (candidate) => !taken.has(candidate.field) && names(candidate, definition).includes(wanted),
      );
      if (!field) continue;
      claimed.set(index, field);
      // A table may hold several columns of one secret; each of them has to go.
      if (field.type !== 'secret') taken.add(field.field);
    }
  }
  const columns = unique.map((header, index) => {
    const field = claimed.get(index);
    return {
      header,
      field: field && field.type !== 'secret' ? field.field : null,
      secret: field?.type === 'secret' || looksSecret(header),
    };
  });
  const found = new Set(columns.map((column) => column.field));
  return {
    columns,
    missing: definition.fields
      .filter((field) => field.required === 'R' && !found.has(field.field))
      .filter((field) => !(field.field === definition.key && found.has(definition.display)))
      .map((field) => field.header),
  };
}

/** The columns that are stored, in cell order. */
export function storedColumns(match: HeaderMatch): StagedColumn[] {
  return match.columns.filter((column) => !column.secret).map(({ header, field }) => ({ header, field }));
}

/**
 * Lower-case words joined by `_`: without BOM, `*` and the tenant's own words for our nouns. Text in brackets stays:
 * it may be all that tells two columns apart.
 */
export function normaliseHeader(header: string): string {
  const words = header
    .normalize('NFKC')
    .replace(/\uFEFF/g, '')
    .replace(/\(s\)/gi, 's')
    .replace(/\*/g, '')
    .replace(/#/g, ' number ')
    .replace(/([a-z0-9])([A-Z])(?=[a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => synonyms.get(singular(word)) ?? singular(word));
  return words.join('_');
}

/** The object a file is of, by its name: documented, alias, and with a part number, date, or `export` around it. */
export function objectOfFileName(path: string): CanonicalObject | undefined {
  const base = path.split('/').at(-1)?.replace(endings, '') ?? '';
  const name = normaliseHeader(
    base
      .replace(/\s*\(\d+\)$/, '')
      .replace(/[-_ ]?\d{4}-?\d{2}-?\d{2}$/, '')
      .replace(/[-_ ](?:part)?[-_ ]?\d+$/i, ''),
  ).replace(/^export_|_(export|report)$/g, '');
  // The documented names of all objects come before anybody's aliases.
  return (
    canonicalObjects.find((definition) => documentedNames(definition).includes(name)) ??
    canonicalObjects.find((definition) => definition.aliases.map(normaliseHeader).includes(name))
  );
}

/** Of files that hold data, read or not: what follows the name says nothing about the object. */
const endings =
  /(?:\.(?:csv|tsv|txt|json|jsonl|ndjson|geojson|xml|xlsx|xlsm|xlsb|xls|ods|parquet|gz|bz2|zip))+$/i;

const documentedNames = (definition: CanonicalObject) =>
  [definition.file, definition.object].map(normaliseHeader);

const ownName = (field: CanonicalField) => [normaliseHeader(field.header)];
const otherNames = (field: CanonicalField) => field.aliases.map(normaliseHeader);
const inContext = (field: CanonicalField, definition: CanonicalObject) => {
  const context = normaliseHeader(definition.object);
  return [...ownName(field), ...otherNames(field)].flatMap((name) => [
    `${context}_${name}`,
    ...(name.startsWith(`${context}_`) ? [name.slice(context.length + 1)] : []),
  ]);
};

function isCustomField(header: string): boolean {
  return /^\s*cf:/i.test(header);
}

/**
 * Columns that no table of ours names but that hold credentials or card data by their name. Dropping a harmless
 * column is counted and visible; keeping a card number is neither.
 */
function looksSecret(header: string): boolean {
  const name = `_${normaliseHeader(header)}_`;
  return secretWords.test(name) && !/_last_?4_|_last_four_/.test(name);
}
const secretWords =
  /_(password|passwd|passcode|pwd|api_key|access_token|card_number|cardnumber|cvv|cvc|cvv2|card_expiry|iban|bsb|bank_account|routing_number|sort_code|tax_file_number|tfn|ssn|social_security_number)_|^_(pan|credit_card|debit_card|tax_id|bank_name)_$/;

/** An empty header gets its position, a repeated one its turn, so that each column has a name of its own. */
export function uniqueHeaders(headers: ReadonlyArray<string>): string[] {
  const seen = new Map<string, number>();
  return headers.map((raw, index) => {
    const header = raw.replace(/\uFEFF/g, '').trim() || `column ${index + 1}`;
    const times = (seen.get(header) ?? 0) + 1;
    seen.set(header, times);
    return times === 1 ? header : `${header} (${times})`;
  });
}

function singular(word: string): string {
  if (word.length <= 3 || irregular.has(word)) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(ss|us|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  if (word.endsWith('s') && !word.endsWith('ss') && !word.endsWith('us')) return word.slice(0, -1);
  return word;
}
const irregular = new Set(['address', 'status', 'sms', 'gps', 'business', 'series', 'does']);

/** The words of 6.3 step 2, after singular: what another tenant calls our nouns. */
const synonyms = new Map<string, string>([
  ['estimate', 'quote'],
  ['job', 'booking'],
  ['visit', 'appointment'],
  ['client', 'customer'],
  ['issue', 'complaint'],
  ['attribute', 'custom_field'],
  ['technician', 'fieldworker'],
  ['tech', 'fieldworker'],
  ['staff', 'fieldworker'],
  ['worker', 'fieldworker'],
  ['employee', 'fieldworker'],
  ['contractor', 'fieldworker'],
  ['enquiry', 'inquiry'],
  ['postcode', 'postal_code'],
  ['zip', 'postal_code'],
  ['qty', 'quantity'],
  ['amt', 'amount'],
  ['no', 'number'],
  ['num', 'number'],
  ['cheque', 'check'],
]);
