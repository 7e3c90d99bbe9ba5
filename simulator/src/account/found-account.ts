import type { Json } from '../json.js';
import { Account, type AccountOptions } from './account.js';
import { builtInFields, builtInOptions } from './built-in-fields.js';
import { DEFAULT_CURRENCY } from './currencies.js';
import { insertStages } from './default-stages.js';
import type { FieldEntity } from './entities.js';
import { newField } from './new-field.js';
import type { SimClock } from './sim-clock.js';

/** A fresh account as it is on its first day: users, one pipeline, default activity types and the built-in fields. */
export function foundAccount(options: AccountOptions, clock: SimClock): Account {
  const account = new Account(options, clock);
  for (let seat = 0; seat < options.seats; seat += 1) insertUser(account, { name: seatName(seat) });
  const pipeline = account.insert('pipelines', {
    name: 'Pipeline',
    order_nr: 1,
    is_deal_probability_enabled: true,
  });
  insertStages(account, pipeline.id);
  for (const [index, [key, name]] of activityTypes.entries()) {
    account.insert('activityTypes', {
      name,
      key_string: key,
      icon_key: key,
      color: null,
      order_nr: index + 1,
      active_flag: true,
      is_custom_flag: false,
    });
  }
  for (const [entity, fields] of Object.entries(builtInFields) as [
    FieldEntity | 'activityFields',
    (typeof builtInFields)[FieldEntity],
  ][]) {
    for (const [code, name, type] of fields) {
      const labels = builtInOptions[`${entity}.${code}`];
      const options = labels?.map((label) => ({ id: account.nextId('options'), label })) ?? null;
      account.insert(entity, newField({ code, name, type, options, custom: false }));
    }
  }
  for (const [name, color] of leadLabels) account.insert('leadLabels', { name, color });
  return account;
}

const leadLabels = [
  ['Hot', 'red'],
  ['Warm', 'yellow'],
  ['Cold', 'blue'],
] as const;

/** The first user is the token's owner and an admin; e-mails are on a domain nobody can own. */
export function insertUser(account: Account, given: { readonly [property: string]: Json | undefined }) {
  const isFirst = account.table('users').size === 0;
  const name = String(given.name ?? 'New User');
  const local = name.toLowerCase().replace(/[^a-z0-9]+/g, '.');
  return account.insert('users', {
    email: `${local}@${account.company}.example`,
    default_currency: DEFAULT_CURRENCY,
    locale: 'en_US',
    lang: 1,
    phone: null,
    activated: true,
    last_login: account.now(),
    has_created_company: isFirst,
    access: ['sales', 'global', 'account_settings'].map((app) => ({ app, admin: isFirst })),
    active_flag: true,
    timezone_name: 'Europe/London',
    timezone_offset: '+00:00',
    role_id: 1,
    icon_url: null,
    is_admin: isFirst ? 1 : 0,
    ...given,
    name,
  });
}

const activityTypes = [
  ['call', 'Call'],
  ['meeting', 'Meeting'],
  ['task', 'Task'],
  ['deadline', 'Deadline'],
  ['email', 'Email'],
  ['lunch', 'Lunch'],
] as const;

const firstNames = ['Ada', 'Bruno', 'Chiara', 'Dmitri', 'Esther', 'Farid', 'Greta', 'Hugo', 'Imani', 'Jonas'];
const lastNames = ['Admin', 'Barlow', 'Castell', 'Dunmore', 'Ekström', 'Farrow', 'Gallant', 'Hollis'];

function seatName(seat: number): string {
  const first = firstNames[seat % firstNames.length];
  const last = seat === 0 ? lastNames[0] : lastNames[1 + (seat % (lastNames.length - 1))];
  const round = Math.floor(seat / (firstNames.length * (lastNames.length - 1)));
  return round === 0 ? `${first} ${last}` : `${first} ${last} ${round + 1}`;
}
