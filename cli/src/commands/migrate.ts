import type { MigrationSettings } from '../api/client.js';
import { CliError, type Ending } from '../exit-codes.js';
import { parseDestination } from '../migrate/destination.js';
import { inspectPackage } from '../migrate/inspect-package.js';
import { migratePackage } from '../migrate/migrate-package.js';
import { nameTenant, referenceOf } from '../migrate/name-tenant.js';
import { readToken } from '../migrate/read-token.js';
import { prepareOutFolder } from '../stack/state-folder.js';
import { type CommonOptions, type Surroundings, withStack } from './session.js';

export interface MigrateOptions extends CommonOptions {
  to: string;
  token?: string;
  out?: string;
  plan?: string;
  seats?: number;
  timezone?: string;
  currency?: string;
  country?: string;
  dateFormat?: string;
  inquiries?: string;
  dealLines?: string;
  quoteDeals?: string;
  invoiceDeals?: string;
  recurringSeries?: string;
  match?: string;
  conflictPolicy?: string;
  dryRun?: boolean;
  planHash?: string;
  yes?: boolean;
}

/** A real package into a real account. All that can be wrong with the input is said before anything is started. */
export async function runMigrate(
  path: string,
  options: MigrateOptions,
  around: Surroundings,
): Promise<Ending> {
  const source = await inspectPackage(path);
  const url = parseDestination(options.to);
  const token = readToken(options.token, around.env);
  const settings = readSettings(options);
  const out = options.out === undefined ? undefined : prepareOutFolder(options.out);
  const tenant = await nameTenant(source);
  return withStack({ ...options, withSimulator: false }, around, ({ state, signal, api }) =>
    migratePackage(
      {
        source,
        tenant,
        reference: referenceOf(new URL(url).host, tenant.slug),
        destination: { url, token, plan: options.plan, seats: options.seats },
        settings,
        dryRun: options.dryRun === true,
        planHash: readPlanHash(options),
        waivedBy: options.yes ? 'cli --yes' : undefined,
        out,
        defaultOut: state.outDir,
        unattended: options.exit,
        logsDir: state.logsDir,
        onRun: () => {},
      },
      { api: api(tenant.slug), terminal: around.terminal, signal },
    ),
  );
}

function readPlanHash({ planHash, dryRun }: MigrateOptions): string | undefined {
  if (planHash === undefined) return undefined;
  if (dryRun) throw new CliError('usage', '--plan-hash is for the run that follows a --dry-run, not for it.');
  if (!/^[0-9a-f]{64}$/.test(planHash))
    throw new CliError(
      'usage',
      '--plan-hash is the hash that a --dry-run printed: 64 characters of 0-9 and a-f.',
    );
  return planHash;
}

/** Only what was said: what is left out comes from the export's manifest. */
function readSettings(options: MigrateOptions): MigrationSettings {
  const { timezone, currency, country, dateFormat, conflictPolicy } = options;
  if (timezone !== undefined && !isTimeZone(timezone))
    throw new CliError('usage', `--timezone ${timezone} is not known; name it like Australia/Sydney.`);
  if (currency !== undefined && !/^[a-z]{3}$/i.test(currency))
    throw new CliError('usage', `--currency ${currency} is not a currency; name it like AUD.`);
  if (country !== undefined && !/^[a-z]{2}$/i.test(country))
    throw new CliError('usage', `--country ${country} is not a country code; name it like AU.`);
  return {
    ...(country === undefined ? {} : { country: country.toUpperCase() }),
    ...(currency === undefined ? {} : { currency: currency.toUpperCase() }),
    ...(timezone === undefined ? {} : { time_zone: timezone }),
    ...(dateFormat === undefined ? {} : { date_format: dateFormat }),
    ...wayOf('inquiries', '--inquiries', options.inquiries, ['leads', 'deals']),
    ...wayOf('deal_lines', '--deal-lines', options.dealLines, ['text', 'products']),
    ...wayOf('quote_deals', '--quote-deals', options.quoteDeals, ['own', 'merged']),
    ...wayOf('invoice_deals', '--invoice-deals', options.invoiceDeals, ['enrich', 'own']),
    ...wayOf('recurring_series', '--recurring-series', options.recurringSeries, ['booking', 'series']),
    ...(options.match === undefined ? {} : { match: readMatch(options.match) }),
    ...(conflictPolicy === undefined ? {} : { conflict_policy: conflictPolicy }),
  };
}

/** One of two ways, where one was said. */
function wayOf(setting: string, option: string, said: string | undefined, ways: [string, string]) {
  if (said === undefined) return {};
  if (ways.includes(said)) return { [setting]: said };
  throw new CliError('usage', `${option} ${said} is not known; say ${ways.join(' or ')}.`);
}

const matchable = ['organizations', 'persons', 'products'];

function readMatch(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !matchable.includes(name));
  if (unknown === undefined) return names;
  throw new CliError('usage', `--match ${text}: "${unknown}" is not one of ${matchable.join(', ')}.`);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
