import { createHash } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type CanonicalObject,
  canonicalObject,
  type ObjectName,
} from '@octopipe/shared/octopuspro/canonical-fields';
import yazl from 'yazl';
import { Planter } from './defects/plant.js';
import { defectRules, packageDefects, ratesOf } from './defects/table.js';
import { perBooking, type SizeName } from './distributions.js';
import { Measure } from './measure.js';
import type { Row } from './tables/cells.js';
import * as definitions from './tables/definitions.js';
import * as people from './tables/people.js';
import * as talk from './tables/talk.js';
import * as work from './tables/work.js';
import { Totals } from './totals.js';
import { makeBooking } from './world/booking.js';
import { dayMinutes, dayText, exportedAt, instantText, timeZone, today } from './world/calendar.js';
import { billingOf } from './world/invoice.js';
import { createWorld, rankOfCustomer, slotsOfRank, type World } from './world/world.js';
import { csvLine, TextFile, type WrittenFile } from './write/csv-file.js';
import { drawing } from './write/drawings.js';

export interface GenerateOptions {
  size: SizeName;
  seed: number;
  defects: string;
  out: string;
  files: boolean;
  maxFiles: number;
  zip: boolean;
}

export interface Generated {
  rows: number;
  bytes: number;
  attachments: number;
  planted: number;
  defectIds: string[];
  zip: string | undefined;
}

/** Parents before children: what follows from a rejected row is known when its children are written. */
const tables: ReadonlyArray<readonly [ObjectName, (world: World) => Iterable<Row>]> = [
  ['customer', people.customerRows],
  ['customer_address', people.addressRows],
  ['customer_property', people.propertyRows],
  ['fieldworker', definitions.workerRows],
  ['user', definitions.userRows],
  ['service', definitions.serviceRows],
  ['product', definitions.productRows],
  ['custom_field', definitions.customFieldRows],
  ['custom_field_option', definitions.optionRows],
  ['booking_status', definitions.statusRows],
  ['label', definitions.labelRows],
  ['form', definitions.formRows],
  ['form_field', definitions.formFieldRows],
  ['inquiry', work.inquiryRows],
  ['quote', work.quoteRows],
  ['quote_item', work.quoteItemRows],
  ['booking', work.bookingRows],
  ['booking_service', work.bookingServiceRows],
  ['appointment', work.appointmentRows],
  ['invoice', work.invoiceRows],
  ['invoice_item', work.invoiceItemRows],
  ['payment', work.paymentRows],
  ['payment_allocation', work.allocationRows],
  ['refund', work.refundRows],
  ['custom_field_value', work.customValueRows],
  ['form_response', work.formResponseRows],
  ['complaint', talk.complaintRows],
  ['note', talk.noteRows],
  ['communication', talk.communicationRows],
  ['status_history', work.historyRows],
  ['automation', definitions.automationRows],
  ['faq', definitions.faqRows],
  ['message_template', definitions.templateRows],
  ['portal_setting', definitions.portalRows],
  ['pay_rate', definitions.payRows],
];

/** Writes `<out>/package`, the answer key and the control totals. Throws when the package is not as it should be. */
export async function generate(options: GenerateOptions): Promise<Generated> {
  const world = createWorld(options.seed, options.size);
  const rateOf = ratesOf(options.defects);
  const folder = path.join(options.out, 'package');
  makeEmpty(options.out, folder);
  const key = new TextFile(options.out, 'defects.ndjson');
  const planter = new Planter(world, rateOf, (line) => {
    key.rows += 1;
    key.write(`${JSON.stringify(line)}\n`);
  });
  const measure = new Measure();
  const totals = new Totals();
  const wholeFile = packageDefects.filter(
    (rule) => rateOf(rule) > 0 && (options.files || rule.finding !== 'unlisted_file'),
  );
  const written: WrittenFile[] = [];
  const emit = (object: ObjectName, rows: Iterable<Row>) =>
    written.push(
      writeTable(
        world,
        folder,
        canonicalObject(object),
        rows,
        planter,
        measure,
        totals,
        wholeFile.map((rule) => rule.column),
      ),
    );
  for (const [object, rows] of tables) emit(object, rows(world));
  const planned = Math.round(world.bookings * perBooking.attachments);
  const attachments = options.files ? Math.min(planned, options.maxFiles) : 0;
  emit('attachment', attachmentRows(world, folder, planned, attachments, measure));
  measureWorld(world, measure);

  const areas = new TextFile(folder, 'service_areas.json');
  areas.write(definitions.serviceAreas(world));
  areas.rows = Math.min(5, world.size.fieldworkers);
  written.push(areas.close());
  for (const rule of wholeFile) {
    if (rule.finding === 'unlisted_file') writeFileSync(path.join(folder, rule.file), drawing('photo', 999));
    key.rows += 1;
    key.write(
      `${JSON.stringify({ file: rule.file, row: 0, column: rule.column, defect: rule.id, source_id: '', expected_finding: rule.finding, severity: rule.severity, note: rule.does })}\n`,
    );
    planter.planted.set(rule.id, (planter.planted.get(rule.id) ?? 0) + 1);
  }
  key.close();
  writeFileSync(
    path.join(folder, 'manifest.json'),
    manifestOf(
      world,
      written,
      wholeFile.map((rule) => rule.id),
    ),
  );
  writeFileSync(path.join(options.out, 'control-totals.json'), totals.text(written));
  const offences = measure.offences(world, attachments);
  if (offences.length > 0)
    throw new Error(
      `the package is off its distributions (size ${options.size}, seed ${options.seed}); tune distributions.ts or the generator:\n  ${offences.join('\n  ')}`,
    );
  const zip = options.zip ? await zipPackage(options.out, folder) : undefined;
  return {
    rows: written.reduce((sum, file) => sum + file.rows, 0),
    bytes: written.reduce((sum, file) => sum + file.bytes, 0),
    attachments,
    planted: key.rows,
    defectIds: [...planter.planted.keys()].sort(),
    zip,
  };
}

/** Ids of the defects that a run with these options can plant. */
export function plantableIds(options: Pick<GenerateOptions, 'defects'>): string[] {
  const rateOf = ratesOf(options.defects);
  return [
    ...new Set([...defectRules, ...packageDefects].filter((rule) => rateOf(rule) > 0).map((rule) => rule.id)),
  ].sort();
}

function writeTable(
  world: World,
  folder: string,
  definition: CanonicalObject,
  rows: Iterable<Row>,
  planter: Planter,
  measure: Measure,
  totals: Totals,
  secrets: ReadonlyArray<string>,
): WrittenFile {
  const { object } = definition;
  const planted = secrets.filter(
    (secret) =>
      (secret === 'password' && object === 'customer') ||
      (secret === 'Account number' && object === 'fieldworker'),
  );
  const headers = [
    ...definition.fields
      .filter((field) => field.type !== 'secret' || planted.includes(field.header))
      .map((field) => field.header),
    ...definitions
      .columnFields(world, object)
      .filter(() => object === 'booking' || object === 'customer')
      .map(definitions.columnOf),
  ];
  const file = new TextFile(folder, `${definition.file}.csv`);
  file.write(csvLine(headers));
  const write = (row: Row) => {
    file.rows += 1;
    for (const secret of planted) row[secret] = `planted-${file.rows}`;
    file.write(csvLine(headers.map((header) => row[header] ?? '')));
    totals.add(definition, row);
    return file.rows;
  };
  const plant = planter.open(definition);
  let made = 0;
  for (const row of rows) {
    made += 1;
    if (object === 'customer') {
      measure.add('customer type', row['Customer type'] ?? '');
      measure.add('contact', row.email === '' ? 'email' : row.mobile === '' ? 'mobile' : 'nothing');
      measure.add('address', row['Street address'] ? 'yes' : 'no');
    }
    if (object === 'quote') measure.add('quote status', row.Status ?? '');
    if (object === 'payment') measure.add('method', row.Method ?? '');
    plant(row, write);
  }
  measure.rows.set(definition.file, made);
  return file.close();
}

function* attachmentRows(
  world: World,
  folder: string,
  planned: number,
  count: number,
  measure: Measure,
): Generator<Row> {
  for (let n = 0; n < count; n++) {
    const { kind, row } = talk.attachmentPlan(world, planned, n);
    const bytes = drawing(kind, n);
    const file = path.join(folder, row.Path ?? '');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    measure.add('attachment', kind);
    yield {
      ...row,
      'Size bytes': String(bytes.length),
      'SHA-256': createHash('sha256').update(bytes).digest('hex'),
    };
  }
}

function measureWorld(world: World, measure: Measure): void {
  for (let index = 0; index < world.bookings; index++) {
    const booking = makeBooking(world, index);
    measure.booking(booking, billingOf(world, booking).invoices);
  }
  for (let customer = 0; customer < world.customers; customer++)
    measure.add('bookings of a customer', slotsOfRank(world, rankOfCustomer(world, customer)).class);
}

function manifestOf(
  world: World,
  written: ReadonlyArray<WrittenFile>,
  defects: ReadonlyArray<string>,
): string {
  const exported = instantText(exportedAt);
  const manifest = {
    format: 'octopuspro-export',
    version: 1,
    tenant: {
      name: 'Octopus Works',
      account_id: `gen-${world.sizeName.toLowerCase()}-${world.seed}`,
      country: 'AU',
      currency: 'AUD',
      time_zone: timeZone,
      date_format: 'DD/MM/YYYY',
      time_format: 'h:mm A',
      fieldworker_label: ['Technician', 'Technicians'],
      billing_model: 'booking_fee',
    },
    exported_at: exported,
    range: { from: dayText(today - world.size.years * 365), to: dayText(today + 180) },
    include_deleted: true,
    files: written.map((file) => ({
      name: file.name,
      object: file.name.replace(/\.\w+$/, ''),
      format: file.name.endsWith('.json') ? 'json' : 'csv',
      rows: file.rows + (defects.includes('D39') && file.name === 'communications.csv' ? 7 : 0),
      bytes: file.bytes,
      sha256: file.sha256,
      exported_at:
        defects.includes('D46') && file.name === 'customers.csv'
          ? instantText(exportedAt - 2 * dayMinutes)
          : exported,
    })),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Only what an earlier run left is taken away; anything else in the folder is somebody's. */
function makeEmpty(out: string, folder: string): void {
  const ours = /^(package|defects\.ndjson|control-totals\.json|octopuspro-export-.*\.zip)$/;
  const strange = existsSync(out) ? readdirSync(out).filter((name) => !ours.test(name)) : [];
  if (strange.length > 0)
    throw new Error(`--out ${out} holds ${strange[0]}, which is not ours; give an empty folder`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'attachments'), { recursive: true });
}

async function zipPackage(out: string, folder: string): Promise<string> {
  const name = path.join(out, `octopuspro-export-octopus-works-${dayText(today).replaceAll('-', '')}.zip`);
  const zip = new yazl.ZipFile();
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
    if (statSync(path.join(folder, entry)).isFile())
      zip.addFile(path.join(folder, entry), entry.split(path.sep).join('/'), {
        mtime: new Date('2025-11-17T07:00:00Z'),
        mode: 0o100644,
      });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(name));
  return name;
}
