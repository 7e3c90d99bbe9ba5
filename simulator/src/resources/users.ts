import { currencies } from '../account/currencies.js';
import type { SimRecord } from '../account/entities.js';
import { sqlTime } from '../account/sim-clock.js';
import { ok } from '../api/answers.js';
import type { Call } from '../api/call.js';
import type { JsonObject } from '../json.js';

export const userHandlers = {
  getUsers: (call: Call) => ok([...call.account.table('users').values()].map((user) => render(user, call))),
  getCurrentUser(call: Call) {
    const { account } = call;
    return ok({
      ...render(account.caller(), call),
      company_id: account.companyId,
      company_name: account.company,
      company_domain: account.company,
      company_country: 'US',
      company_industry: 'Home services',
      language: { language_code: 'en', country_code: 'US' },
    });
  },
  getCurrencies: (_call: Call) => ok(currencies),
};

function render(user: SimRecord, { account }: Call): JsonObject {
  const { add_time, update_time, deleted_at, ...sent } = user;
  return {
    ...sent,
    created: sqlTime(add_time),
    modified: sqlTime(update_time),
    last_login: sqlTime(String(user.last_login)),
    is_you: user.id === account.caller().id,
  };
}
